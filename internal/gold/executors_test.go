package gold

import (
	"bytes"
	"errors"
	"testing"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets"
)

// programs compiles a network for every target that can hold it, and takes each
// program through its artifact. Loihi 2 must be among them.
func programs(t *testing.T, n *fixed.Network) map[string]*sim.Machine {
	t.Helper()
	if err := n.Validate(); err != nil {
		t.Fatal(err)
	}
	machines := map[string]*sim.Machine{}
	for _, name := range []string{"loihi1", "icebreaker", "loihi2"} {
		target, err := targets.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := compile.Compile(n, target)
		var d *diag.Error
		if name != "loihi2" && errors.As(err, &d) && d.Kind == diag.Limit {
			t.Logf("%s: %v", name, err)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := safetensors.Write(&b, compile.Encode(p)); err != nil {
			t.Fatal(err)
		}
		f, err := safetensors.Read(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		if p, err = compile.Decode(f); err != nil {
			t.Fatal(err)
		}
		if machines["sim:"+name], err = sim.New(p); err != nil {
			t.Fatal(err)
		}
	}
	return machines
}

// executors runs a network on the reference and on the simulator for every target
// that holds it, recording u and v.
func executors(t *testing.T, n *fixed.Network, in *spike.Raster, ticks int) map[string][]fixed.Record {
	t.Helper()
	recs, err := n.Run(in, ticks, true)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]fixed.Record{"fixed": recs}
	for name, m := range programs(t, n) {
		res, err := m.Run(t.Context(), in, ticks, sim.Options{States: true})
		if err != nil {
			t.Fatal(err)
		}
		all[name] = res.Layers
	}
	return all
}
