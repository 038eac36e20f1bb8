package interop

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/internal/hdf5"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/quantize"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"pgregory.net/rapid"
)

func throughNIR(t interface{ Fatal(...any) }, g *NIR) *NIR {
	b, err := g.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	back, err := readBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

func artifactBytes(t interface{ Fatal(...any) }, n *fixed.Network) []byte {
	var b bytes.Buffer
	if err := safetensors.Write(&b, n.File()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestNIRRoundTrip: what is exported comes back as the same artifact, byte for byte. And the graph
// alone, read as any program's, gives a network with the same spikes and states, where
// nothing says otherwise.
func TestNIRRoundTrip(t *testing.T) {
	exported, alone, spikes, refused := 0, 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		n := net(t)
		n.Encoding, n.Provenance = "tick=1000us ticks=60 downsample=1", map[string]string{"a/b": "c"}
		dt := rapid.SampledFrom([]float64{1e-4, 1e-3, 0.0123, 1}).Draw(t, "dt")
		g, notes, err := ToNIR(n, dt)
		if err != nil {
			var d *diag.Error
			if !errors.As(err, &d) || d.Code != "nir-export" || d.Layer == "" {
				t.Fatal(err)
			}
			refused++
			return
		}
		exported++
		back := throughNIR(t, g)
		same, err := back.Fixed()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(artifactBytes(t, n), artifactBytes(t, same)) {
			t.Fatalf("other bytes: %s", cmp.Diff(n, same))
		}
		// Without the stored network it is a graph like any other.
		back.Stored = nil
		source, said, err := back.Source(dt)
		if err != nil {
			t.Fatal(err)
		}
		got, report, err := source.Quantize(quantize.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if source.Input != n.Input || len(said) > 0 {
			t.Fatal(source.Input, said)
		}
		for k := range n.Layers {
			if n.Layers[k].WeightExp >= 0 && source.Layers[k].Grid == nil {
				t.Fatalf("layer %d was rounded: %+v", k, report.Layers[k])
			}
			a, b := n.Layers[k].Neuron.(fixed.CUBA), got.Layers[k].Neuron.(fixed.CUBA)
			if a.IDecay != b.IDecay || a.VDecay != b.VDecay {
				t.Fatalf("layer %d has other decays: %+v", k, b)
			}
		}
		if !report.Lossless || slices.ContainsFunc(n.Layers, func(l fixed.Layer) bool { return l.WeightExp < 0 }) {
			return
		}
		alone++
		got.Reset = n.Reset
		const ticks = 60
		raster := noise(t, n.Input.Size(), ticks)
		want, _ := n.Run(raster, ticks, true)
		have, _ := got.Run(raster, ticks, true)
		for k := range want {
			if d := cmp.Diff(want[k].U, have[k].U) + cmp.Diff(want[k].V, have[k].V); d != "" || want[k].Spikes.Diff(have[k].Spikes) != 0 {
				t.Fatalf("layer %d: %s (%v)", k, d, notes)
			}
			spikes += want[k].Spikes.Count()
		}
	})
	t.Logf("compared %d artifacts, %d networks of graphs alone with %d spikes; %d refused", exported, alone, spikes, refused)
	if exported == 0 || alone == 0 || spikes == 0 {
		t.Error("nothing was compared")
	}
}

// tiny is a network of two inputs and two neurons.
func tiny() *fixed.Network {
	return &fixed.Network{Input: snn.Flat(2), Convention: fixed.Axonal, Layers: []fixed.Layer{{Name: "1", In: snn.Flat(2), Out: snn.Flat(2), Weight: []int16{64, -2, 4, 100},
		WeightBits: 8, Neuron: fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: 80, RefDelay: 1}, Delay: []uint8{0, 3}}}}
}

// TestNIRStale: a graph that was changed after export is not passed over.
func TestNIRStale(t *testing.T) {
	for want, change := range map[string]func(*NIR){
		`weight of node "1_linear"`: func(g *NIR) { g.Nodes["1_linear"].Arrays["weight"].Data[1]++ },
		`v_leak of node "1_neuron"`: func(g *NIR) { g.Nodes["1_neuron"].Arrays["v_leak"].Data[0] = 1 },
		`node "1_neuron"`:           func(g *NIR) { g.Nodes["1_neuron"].Type = "LIF" },
		"other nodes or edges":      func(g *NIR) { g.Edges[0][0] = "output" },
		`shape of node "input"`:     func(g *NIR) { g.Nodes["input"].Arrays["shape"] = wholes(2, 1, 1) },
		"a tick of 0 seconds":       func(g *NIR) { g.Dt = 0 },
		`delay of node "1_delay"`:   func(g *NIR) { g.Dt *= 2 },
	} {
		g, _, err := ToNIR(tiny(), 1e-3)
		if err != nil {
			t.Fatal(err)
		}
		g = throughNIR(t, g)
		change(g)
		var d *diag.Error
		if _, err := g.Fixed(); !errors.As(err, &d) || d.Code != "nir-stale" || !strings.Contains(d.Msg, want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestNIRClaims: a dataset that claims a gigabyte, and a stored network that claims millions of
// neurons, cost no memory.
func TestNIRClaims(t *testing.T) {
	g, _, err := ToNIR(tiny(), 1e-3)
	if err != nil {
		t.Fatal(err)
	}
	good, err := g.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	space := []byte("\x02\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00")
	at := bytes.Index(good, space) // rows and columns of the weights
	if at < 0 {
		t.Fatal("no dataspace of 2×2")
	}
	bad := bytes.Clone(good)
	bad[at+3] = 0x40 // 2^30 rows
	huge := tiny()
	huge.Layers[0] = fixed.Layer{Name: "1", In: snn.Flat(2), Out: snn.Shape{W: 1, H: 1 << 12, C: 1 << 11}, Kernel: fixed.Square(1, 1, 1<<11, 1, 1),
		Weight: make([]int16, 2<<11), WeightBits: 8, Neuron: tiny().Layers[0].Neuron}
	for name, read := range map[string]func() error{
		"claim": func() error { _, err := readBytes(bad); return err },
		"stale": func() error {
			g, err := readBytes(good)
			if err != nil {
				t.Fatal(err)
			}
			g.Stored = huge
			_, err = g.Fixed()
			return err
		},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := read()
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; err == nil || used > 1<<20 {
			t.Errorf("%s: %v, with %d bytes", name, err, used)
		}
	}
}

func readBytes(b []byte) (*NIR, error) {
	root, err := hdf5.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	return readNIR(root)
}

func FuzzNIR(f *testing.F) {
	paths, err := filepath.Glob("testdata/nir/*.nir")
	if err != nil || len(paths) == 0 {
		f.Fatal(err)
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	g, _, err := ToNIR(tiny(), 1e-3)
	if err != nil {
		f.Fatal(err)
	}
	b, err := g.Bytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := readBytes(b)
		if err != nil {
			return
		}
		if n, err := g.Fixed(); err == nil && n != nil {
			if err := n.Validate(); err != nil {
				t.Error(err)
			}
		}
		source, _, err := g.Source(1e-3)
		if err != nil {
			return
		}
		n, _, err := source.Quantize(quantize.Options{})
		if err == nil {
			err = n.Validate()
		}
		var d *diag.Error
		if err != nil && !errors.As(err, &d) {
			t.Error(err)
		}
	})
}
