package interop

import (
	"bytes"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/isospike/isospike/internal/hdf5"
	"github.com/isospike/isospike/internal/tool"
	"github.com/isospike/isospike/quantize"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// simulate runs layers in float from ticks×neurons, each layer late ticks after its input.
func simulate(layers []quantize.Layer, in [][]float64, late int) [][]float64 {
	for k := range layers {
		l := &layers[k]
		geometry := (&synapses{in: l.In, out: l.Out, kernel: l.Kernel}).layer()
		u, v := make([]float64, l.Out.Size()), make([]float64, l.Out.Size())
		out := make([][]float64, len(in))
		for t := range out {
			out[t] = make([]float64, l.Out.Size())
		}
		for t := range in {
			for o := range u {
				x := 0.0
				for i, at := range geometry.Into(o) {
					if t >= late {
						x += l.Weight[at] * in[t-late][i]
					}
				}
				u[o] = (1-l.IDecay/4096)*u[o] + x
				v[o] = (1-l.VDecay/4096)*v[o] + u[o]
				if l.Bias != nil {
					v[o] += l.Bias[o]
				}
				if v[o] > l.Threshold {
					delay := 0
					if l.Delay != nil {
						delay = int(l.Delay[o])
					}
					if v[o] = 0; t+delay < len(out) {
						out[t+delay][o] = 1
					}
				}
			}
		}
		in = out
	}
	return in
}

// values are the layers that the integers of n stand for.
func values(n *fixed.Network) (layers []quantize.Layer) {
	for k := range n.Layers {
		l := &n.Layers[k]
		p := l.Neuron.(fixed.CUBA)
		f := quantize.Layer{In: l.In, Out: l.Out, Kernel: l.Kernel, IDecay: float64(p.IDecay), VDecay: float64(p.VDecay), Threshold: float64(p.VTh)}
		for _, w := range l.Weight {
			f.Weight = append(f.Weight, math.Ldexp(float64(w), l.WeightExp))
		}
		for o := range l.Out.Size() {
			f.Bias, f.Delay = append(f.Bias, float64(l.Bias(o))/64), append(f.Delay, float64(l.AxonDelay(o)))
		}
		layers = append(layers, f)
	}
	return layers
}

// TestForeignNIR: graphs that a Python script wrote as nir.write does mean what its simulation, node by
// node, says: the layers that they are folded into give the same spikes. And the integers
// that these become compute what their own values say.
func TestForeignNIR(t *testing.T) {
	t.Run("stored", func(t *testing.T) { foreignGraphs(t, "testdata/nir") })
	t.Run("new", func(t *testing.T) {
		dir := t.TempDir()
		if out, err := exec.Command(tool.Python(t, "h5py"), "testdata/makenir.py", dir, "8").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		foreignGraphs(t, dir)
	})
}

func foreignGraphs(t *testing.T, dir string) {
	compared, spikes := 0, 0
	for _, name := range []string{"cuba", "delays", "scnn", "same", "scale"} {
		b, err := os.ReadFile(filepath.Join(dir, name+".nir"))
		if err != nil {
			t.Fatal(err)
		}
		root, err := hdf5.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		g, err := readNIR(root)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := g.Fixed(); n != nil || err != nil {
			t.Fatal("a foreign graph has a network of ours", err)
		}
		source, notes, err := g.Source(1e-3)
		if err != nil || len(notes) > 0 {
			t.Fatal(name, err, notes)
		}
		read := func(key string) (v [][]float64) {
			d, err := root.Dataset("test/" + key)
			if err != nil {
				t.Fatal(err)
			}
			all, err := d.Floats()
			if err != nil {
				t.Fatal(err)
			}
			return slices.Collect(slices.Chunk(all, d.Shape[1]))
		}
		in, want := read("in"), read("out")
		got := simulate(source.Layers, in, 0)
		for tick := range want {
			for o, w := range want[tick] {
				if got[tick][o] != w {
					t.Errorf("%s: tick %d: neuron %d gives %v, want %v", name, tick, o, got[tick][o], w)
				}
				compared++
				spikes += int(w)
			}
		}
		n, report, err := source.Quantize(quantize.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for k, r := range report.Layers {
			if r.RMSError > 0.01*r.RMSWeight || source.Layers[k].Grid != nil && r.MaxError > 0 {
				t.Errorf("%s: %+v", name, r)
			}
		}
		raster := spike.NewRaster(n.Input.Size())
		for _, x := range in {
			var at []int32
			for i, s := range x {
				if s != 0 {
					at = append(at, int32(i))
				}
			}
			raster.Append(at...)
		}
		recs, err := n.Run(raster, len(in), false)
		if err != nil {
			t.Fatal(err)
		}
		if n.Layers[len(n.Layers)-1].Delay != nil {
			t.Fatal("the last layer is compared before its delays")
		}
		// Each of our layers takes a tick; what a bias does begins before. States round, which few spikes notice.
		off, fired := 0, 0
		for tick, x := range simulate(values(n), in, 1) {
			for o, w := range x {
				if slices.Contains(recs[len(recs)-1].Spikes.At(tick), int32(o)) != (w != 0) {
					off++
				}
				compared++
				fired += int(w)
			}
		}
		if off*25 > fired {
			t.Errorf("%s: %d of %d spikes of the integers are not where their values say", name, off, fired)
		}
		spikes += fired
	}
	t.Logf("compared %d values, %d spikes", compared, spikes)
	if compared == 0 || spikes == 0 {
		t.Error("nothing was compared")
	}
}

// TestNIRForPython: h5py reads what is exported with the keys, types and shapes that nir.read
// asks for, and h5dump shows it.
func TestNIRForPython(t *testing.T) {
	n := tiny()
	g, _, err := ToNIR(n, 1e-3)
	if err != nil {
		t.Fatal(err)
	}
	b, err := g.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tiny.nir")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"node/edges object (4, 2) input 1_linear 1_linear 1_neuron 1_neuron 1_delay 1_delay output",
		"node/nodes/1_delay/delay float32 (2,) 0.0 0.003",
		"node/nodes/1_delay/type object () Delay",
		"node/nodes/1_linear/type object () Linear",
		"node/nodes/1_linear/weight float32 (2, 2) 64.0 -2.0 4.0 100.0",
		"node/nodes/1_neuron/r float32 (2,) 32.0 32.0",
		"node/nodes/1_neuron/tau_mem float32 (2,) 0.032 0.032",
		"node/nodes/1_neuron/tau_syn float32 (2,) 0.004 0.004",
		"node/nodes/1_neuron/type object () CubaLIF",
		"node/nodes/1_neuron/v_leak float32 (2,) 0.0 0.0",
		"node/nodes/1_neuron/v_reset float32 (2,) 0.0 0.0",
		"node/nodes/1_neuron/v_threshold float32 (2,) 80.0 80.0",
		"node/nodes/1_neuron/w_in float32 (2,) 4.0 4.0",
		"node/nodes/input/shape int64 (1,) 2",
		"node/nodes/input/type object () Input",
		"node/nodes/output/shape int64 (1,) 2",
		"node/nodes/output/type object () Output",
		"node/type object () NIRGraph",
		"version object () 1.0",
	}
	out, err := exec.Command(tool.Python(t, "h5py"), "../internal/hdf5/testdata/list.py", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(strings.TrimSpace(string(out)), "\n")
	compared := 0
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("no line %q", w)
		}
		compared++
	}
	for _, line := range got {
		if !strings.HasPrefix(line, "isospike/") && !slices.Contains(want, line) {
			t.Errorf("a line more: %q", line)
		}
	}
	if out, err := exec.Command(tool.Path(t, "h5dump"), "-d", "/node/nodes/1_linear/weight", path).CombinedOutput(); err != nil || !strings.Contains(string(out), "(1,0): 4, 100") {
		t.Errorf("%v: %s", err, out)
	}
	t.Logf("compared %d datasets", compared)
}

// foreign returns a graph of an input of two neurons, the nodes given, and an output of out.
func foreign(in, out NIRArray, nodes ...*NIRNode) *NIR {
	e := nirExport{g: &NIR{Nodes: map[string]*NIRNode{}}, last: "in"}
	e.g.Nodes["in"] = &NIRNode{Type: "Input", Arrays: map[string]NIRArray{"shape": in}}
	for i, n := range nodes {
		e.add(string(rune('a'+i)), n)
	}
	e.add("out", &NIRNode{Type: "Output", Arrays: map[string]NIRArray{"shape": out}})
	return e.g
}

func reals(v ...float64) NIRArray { return NIRArray{Shape: []int{len(v)}, Data: v} }

func shaped(a NIRArray, shape ...int) NIRArray { return NIRArray{Shape: shape, Data: a.Data} }

func params(kind string, keys ...any) *NIRNode {
	n := &NIRNode{Type: kind, Text: map[string]string{}, Arrays: map[string]NIRArray{}}
	for i := 0; i < len(keys); i += 2 {
		switch v := keys[i+1].(type) {
		case float64:
			n.Arrays[keys[i].(string)] = NIRArray{Shape: []int{}, Data: []float64{v}}
		case string:
			n.Text[keys[i].(string)] = v
		case NIRArray:
			n.Arrays[keys[i].(string)] = v
		}
	}
	return n
}

func lif(more ...any) *NIRNode {
	return params("LIF", append([]any{"tau", 0.01, "r", 10.0, "v_leak", 0.0, "v_threshold", 1.0}, more...)...)
}

// TestNIRRefuses: what is not expressed exactly is refused with the name of the node.
func TestNIRRefuses(t *testing.T) {
	linear := func() *NIRNode { return params("Linear", "weight", shaped(reals(1, 2, 3, 4), 2, 2)) }
	conv := func(more ...any) *NIRNode {
		return params("Conv2d", append([]any{"weight", shaped(reals(1, 2, 3, 4), 1, 1, 2, 2), "stride", 1.0, "padding", 0.0, "dilation", 1.0, "groups", 1.0}, more...)...)
	}
	cuba := func(more ...any) *NIRNode {
		return params("CubaLIF", append([]any{"tau_syn", 0.01, "tau_mem", 0.01, "r", 10.0, "v_leak", 0.0, "v_threshold", 1.0}, more...)...)
	}
	pool := func(kind string, size, stride, padding float64) *NIRNode {
		return params(kind, "kernel_size", size, "stride", stride, "padding", padding)
	}
	two, image := wholes(2), wholes(1, 4, 4)
	for want, g := range map[string]*NIR{
		`node "b": it follows other weights`:               foreign(two, two, linear(), linear(), lif()),
		`node "out": what comes out is not spikes`:         foreign(two, two, linear()),
		`node "out": shape is [3]`:                         foreign(two, wholes(3), linear(), lif()),
		`node "b": v_reset is 0.5`:                         foreign(two, two, linear(), lif("v_reset", 0.5)),
		`node "b": tau differs between neurons`:            foreign(two, two, linear(), lif("tau", reals(0.01, 0.02))),
		`node "b": tau is 0.0001 s, shorter than a tick`:   foreign(two, two, linear(), lif("tau", 0.0001)),
		`node "b": tau is -1 s`:                            foreign(two, two, linear(), lif("tau", -1.0)),
		`node "b": tau has shape [3]`:                      foreign(two, two, linear(), lif("tau", reals(1, 1, 1))),
		`node "b": v_threshold is 1 and -1`:                foreign(two, two, linear(), lif("v_threshold", reals(1, -1))),
		`node "b": v_threshold is 0 and 1`:                 foreign(two, two, linear(), lif("v_threshold", reals(0, 1))),
		`node "b": r differs between the neurons of`:       foreign(image, wholes(1, 3, 3), conv(), lif("r", shaped(reals(1, 2, 3), 1, 1, 3))),
		`node "a": it takes rows and columns`:              foreign(two, two, conv(), lif()),
		`node "a": it takes a list of neurons`:             foreign(wholes(2, 1, 1), two, linear(), lif()),
		`node "a": its weights have shape [2 2], and 3`:    foreign(wholes(3), two, linear(), lif()),
		`node "a": weights of shape [1 1 2 2] in 2 groups`: foreign(image, image, conv("groups", 2.0), lif()),
		`node "a": padding is "reflect"`:                   foreign(image, image, without(conv("padding", "reflect"), "padding"), lif()),
		`node "a": padding is "same" with a stride`:        foreign(image, image, without(conv("padding", "same", "stride", 2.0), "padding"), lif()),
		`node "a": stride is [0.5]`:                        foreign(image, image, conv("stride", 0.5), lif()),
		`node "a": dilation has 3 values`:                  foreign(image, image, conv("dilation", reals(1, 1, 1)), lif()),
		`node "a": input_shape is [4 5]`:                   foreign(image, image, conv("input_shape", wholes(4, 5)), lif()),
		`leaves 0×0×1 neurons`:                             foreign(image, image, conv("dilation", 4.0), lif()),
		`node "a": it has 3 biases for 2`:                  foreign(two, two, params("Affine", "weight", shaped(reals(1, 2, 3, 4), 2, 2), "bias", reals(1, 2, 3)), lif()),
		`node "b": a bias enters its current, which never`: foreign(two, two, params("Affine", "weight", shaped(reals(1, 2, 3, 4), 2, 2), "bias", reals(1, 2)), cuba("tau_syn", math.Inf(1), "w_in", 1.0)),
		`node "b": its padding lies where`:                 foreign(image, wholes(1, 3, 3), pool("SumPool2d", 3, 1, 0), conv("padding", 1.0), lif()),
		`node "a": with padding, an average`:               foreign(image, image, pool("AvgPool2d", 2, 2, 1), lif()),
		`node "b": a bias before it reaches the neurons`:   foreign(image, image, conv("bias", reals(1), "weight", shaped(reals(2), 1, 1, 1, 1)), pool("SumPool2d", 2, 2, 1), lif()),
		`node "a": it does not follow neurons`:             foreign(two, two, params("Delay", "delay", 0.001), linear(), lif()),
		`node "b": it does not follow neurons`:             foreign(two, two, linear(), params("Delay", "delay", 0.001), lif()),
		`node "c": neuron 1 has a delay of 63 ticks`:       foreign(two, two, linear(), lif(), params("Delay", "delay", reals(0, 0.063))),
		`node "c": neuron 0 has a delay of -1 ticks`:       foreign(two, two, linear(), lif(), params("Delay", "delay", -0.001)),
		`node "c": it comes after neurons that give no`:    foreign(two, two, linear(), params("LI", "tau", 0.01, "r", 1.0, "v_leak", 0.0), linear(), lif()),
		`node "a": scale differs between the neurons of`:   foreign(wholes(1, 2, 1), two, params("Scale", "scale", shaped(reals(1, 2), 1, 2, 1)), lif()),
		`node "in": shape is [2 2]`:                        foreign(wholes(2, 2), two, linear(), lif()),
		`node "in": shape is [0]`:                          foreign(wholes(0), two, linear(), lif()),
		`the graph has no neurons`:                         foreign(two, two),
		`node "x": it is not on the way`:                   spoiled(func(g *NIR) { g.Nodes["x"] = linear() }),
		`node "x": an edge names it`:                       spoiled(func(g *NIR) { g.Edges[1][1] = "x" }),
		`node "b": both "a" and "x" feed it, as in a rec`:  spoiled(func(g *NIR) { g.Nodes["x"] = linear(); g.Edges = append(g.Edges, [2]string{"x", "b"}) }),
		`node "in": it feeds both "a" and "b"`:             spoiled(func(g *NIR) { g.Edges = append(g.Edges, [2]string{"in", "b"}) }),
		`node "b": nothing comes after it`:                 spoiled(func(g *NIR) { g.Edges = g.Edges[:2]; delete(g.Nodes, "out") }),
		`node "in2": it is a second input`:                 spoiled(func(g *NIR) { g.Nodes["in2"] = g.Nodes["in"] }),
		`node "in": something feeds the input`:             spoiled(func(g *NIR) { g.Edges = append(g.Edges, [2]string{"out", "in"}) }),
		`the graph has no Input`:                           spoiled(func(g *NIR) { g.Nodes["in"].Type = "Output" }),
		`with its parameters, weight 0 before it is +Inf`:  foreign(two, two, linear(), lif("r", math.Inf(1))),
		`the bias of neuron 0 is +Inf`:                     foreign(two, two, linear(), lif("v_leak", math.Inf(1))),
	} {
		_, _, err := g.Source(1e-3)
		var d *diag.Error
		if !errors.As(err, &d) || !strings.Contains(d.Msg, want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func without(n *NIRNode, key string) *NIRNode {
	delete(n.Arrays, key)
	return n
}

func spoiled(spoil func(*NIR)) *NIR {
	g := foreign(wholes(2), wholes(2), params("Linear", "weight", shaped(reals(1, 2, 3, 4), 2, 2)), lif())
	spoil(g)
	return g
}

// TestNIRNotes: what is accepted but not the same is said, and what it becomes is right.
func TestNIRNotes(t *testing.T) {
	affine := params("Affine", "weight", shaped(reals(1, 2), 1, 2), "bias", 3.0)
	cuba := params("CubaLIF", "tau_syn", 0.004, "tau_mem", 0.01, "r", 10.0, "v_leak", 0.5, "v_threshold", 2.0)
	source, notes, err := foreign(wholes(2), wholes(1), affine, cuba).Source(1e-3)
	// The current settles at 3 times r/tau_mem·dt = 3; the leak adds 0.5·dt/tau_mem.
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0], "charges its current in 4 ticks") || math.Abs(source.Layers[0].Bias[0]-3.05) > 1e-12 {
		t.Error(err, notes, source)
	}
	li := params("CubaLI", "tau_syn", 0.004, "tau_mem", 0.01, "r", 10.0, "v_leak", 0.0, "w_in", 4.0)
	source, notes, err = foreign(wholes(2), wholes(1), params("Linear", "weight", shaped(reals(1, 2), 1, 2)), li).Source(1e-3)
	if err != nil || len(notes) != 1 || !math.IsInf(source.Layers[0].Threshold, 1) || math.Abs(source.Layers[0].Weight[1]-2) > 1e-12 {
		t.Error(err, notes, source)
	}
	// Neurons without weights before them, one behind the other.
	source, notes, err = foreign(wholes(2), wholes(2), lif("r", reals(10, 20)), params("I", "r", 3.0)).Source(1e-3)
	if layers := source.Layers; err != nil || len(notes) != 1 || len(layers) != 2 || source.Input != snn.Flat(2) || math.Abs(layers[0].Weight[1]-2) > 1e-12 || layers[1].Weight[0] != 3 || layers[1].VDecay != 0 {
		t.Error(err, notes, layers)
	}
}
