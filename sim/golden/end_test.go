package golden_test

import (
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/compile/nettest"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/sim/golden"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets"
)

// TestEnds: what keeps the last registers alone tells of every kind of network what records with the registers of every tick tell.
func TestEnds(t *testing.T) {
	spikes, registers, programs := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		ticks := rapid.IntRange(0, 60).Draw(t, "ticks")
		net := nettest.Network(t, nettest.Config{MaxVTh: 40, MaxDelay: snn.MaxDelay, Reset: true, SRM: rapid.Bool().Draw(t, "srm"), Kinds: rapid.Bool().Draw(t, "kinds")})
		in := nettest.Input(t, net, ticks)
		recs, err := net.Run(in, ticks, true)
		if err != nil {
			t.Fatal(err)
		}
		want := golden.New(in, recs)
		same := func(name string, got *golden.Run) {
			d, err := want.Compare(got)
			if err != nil || d != (golden.Difference{}) {
				t.Fatalf("%s: %+v, %v", name, d, err)
			}
			for _, l := range got.Layers {
				registers += len(l.U) + len(l.V)
			}
			spikes += got.Spikes()
		}
		got, err := golden.OfNetwork(context.Background(), net, in)
		if err != nil {
			t.Fatal(err)
		}
		same("network", got)
		target, err := targets.Lookup("loihi2")
		if err != nil {
			t.Fatal(err)
		}
		p, err := compile.Compile(net, target)
		if e := (*diag.Error)(nil); errors.As(err, &e) && e.Kind == diag.Limit {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		programs++
		m, err := sim.New(p)
		if err != nil {
			t.Fatal(err)
		}
		res, err := m.Run(context.Background(), in, ticks, sim.Options{})
		if err != nil {
			t.Fatal(err)
		}
		same("program", golden.OfProgram(p, in, res.Layers, m.State))
	})
	if t.Logf("compared %d spikes and %d registers; %d programs", spikes, registers, programs); spikes == 0 || registers == 0 || programs == 0 {
		t.Error("too little was compared")
	}
}

// TestOfNetworkStops: an input of another size is refused, and a context that is over ends the run.
func TestOfNetworkStops(t *testing.T) {
	net := &fixed.Network{Input: snn.Flat(2), Convention: fixed.Axonal, Layers: []fixed.Layer{{
		Name: "1", In: snn.Flat(2), Out: snn.Flat(1), Weight: []int16{40, 60}, WeightBits: 8, Neuron: fixed.CUBA{IDecay: 4096, VTh: 80, RefDelay: 1}}}}
	var e *diag.Error
	if _, err := golden.OfNetwork(t.Context(), net, spike.NewRaster(3)); !errors.As(err, &e) || e.Kind != diag.Input {
		t.Errorf("another size: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	in := spike.NewRaster(2)
	in.Append(0)
	if _, err := golden.OfNetwork(ctx, net, in); !errors.As(err, &e) || e.Kind != diag.Interrupted {
		t.Errorf("a context that is over: %v", err)
	}
}
