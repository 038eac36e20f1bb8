package fixed_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/compile/nettest"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"pgregory.net/rapid"
)

// dense writes a convolution out as a dense layer, straight from the definition: the
// weight from the input at (x, y) to the neuron at (ox, oy) is that at (kx, ky) of the
// kernel where x = ox·stride − padding + kx·dilation, and y in the same way.
func dense(l fixed.Layer) fixed.Layer {
	k := l.Kernel
	if k == nil {
		return l
	}
	weight, delay := make([]int16, l.In.Size()*l.Out.Size()), make([]uint8, l.In.Size()*l.Out.Size())
	number := func(s snn.Shape, x, y, c int) int { return c*s.W*s.H + y*s.W + x }
	perIn, perOut := l.In.C/k.Groups, l.Out.C/k.Groups
	at := 0
	for oc := range l.Out.C {
		for j := range perIn {
			ic := oc/perOut*perIn + j
			for ky := range k.Size[1] {
				for kx := range k.Size[0] {
					for oy := range l.Out.H {
						for ox := range l.Out.W {
							x, y := ox*k.Stride[0]-k.Padding[0]+kx*k.Dilation[0], oy*k.Stride[1]-k.Padding[1]+ky*k.Dilation[1]
							if x < 0 || x >= l.In.W || y < 0 || y >= l.In.H {
								continue
							}
							to := number(l.Out, ox, oy, oc)*l.In.Size() + number(l.In, x, y, ic)
							weight[to] = l.Weight[at]
							if l.SynDelay != nil {
								delay[to] = l.SynDelay[at]
							}
						}
					}
					at++
				}
			}
		}
	}
	l.Kernel, l.Weight = nil, weight
	if l.SynDelay != nil {
		l.SynDelay = delay
	}
	return l
}

// TestConvolutionIsDense: a convolution gives the spikes, u and v of the dense layer
// that it stands for, and is the same after writing and reading.
func TestConvolutionIsDense(t *testing.T) {
	nets, layers, spikes := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		n := nettest.Network(t, nettest.Config{MaxVTh: 1000, MaxDelay: 62, MaxSynDelay: 20, Reset: true})
		if err := n.Validate(); err != nil {
			t.Fatal(err)
		}
		flat := *n
		flat.Layers = nil
		for _, l := range n.Layers {
			if l.Kernel != nil {
				layers++
			}
			flat.Layers = append(flat.Layers, dense(l))
		}
		if err := flat.Validate(); err != nil {
			t.Fatal(err)
		}
		in := nettest.Raster(t, n.Input.Size(), 20)
		got, err := n.Run(in, 20, true)
		if err != nil {
			t.Fatal(err)
		}
		want, err := flat.Run(in, 20, true)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		for _, r := range got {
			spikes += r.Spikes.Count()
		}
		read, err := fixed.FromFile(n.File())
		if err != nil {
			t.Fatal(err)
		}
		read.Provenance = n.Provenance
		if diff := cmp.Diff(n, read); diff != "" {
			t.Fatal(diff)
		}
		nets++
	})
	if t.Logf("%d networks, %d convolutions, %d spikes", nets, layers, spikes); layers == 0 || spikes == 0 {
		t.Error("nothing was compared")
	}
}

// TestSynapses: Into and From name the same synapses, in the order they promise, and
// Synapses counts them.
func TestSynapses(t *testing.T) {
	seen := 0
	rapid.Check(t, func(t *rapid.T) {
		n := nettest.Network(t, nettest.Config{MaxVTh: 1000, MaxDelay: 62})
		type synapse struct{ i, o, at int }
		for k := range n.Layers {
			l := &n.Layers[k]
			var into, from []synapse
			for o := range l.Out.Size() {
				last := -1
				for i, at := range l.Into(o) {
					if i <= last {
						t.Fatalf("input %d after %d", i, last)
					}
					last = i
					into = append(into, synapse{i, o, at})
				}
			}
			for i := range l.In.Size() {
				last := -1
				for o, at := range l.From(i) {
					if o <= last {
						t.Fatalf("neuron %d after %d", o, last)
					}
					last = o
					from = append(from, synapse{i, o, at})
				}
			}
			slices.SortStableFunc(from, func(a, b synapse) int { return a.o - b.o })
			if diff := cmp.Diff(into, from, cmp.AllowUnexported(synapse{})); diff != "" {
				t.Fatal(diff)
			}
			if l.Synapses() != len(into) {
				t.Fatalf("%d synapses, Synapses says %d", len(into), l.Synapses())
			}
			seen += len(into)
			// Both stop when the loop does.
			for range l.Into(0) {
				break
			}
			for range l.From(0) {
				break
			}
		}
	})
	if seen == 0 {
		t.Error("there was no synapse")
	}
}

func TestKernelRefused(t *testing.T) {
	good := func() *fixed.Layer {
		return &fixed.Layer{Name: "1", In: snn.Shape{W: 6, H: 5, C: 4}, Out: snn.Shape{W: 3, H: 3, C: 6}, Kernel: fixed.Square(3, 2, 1, 1, 2),
			Weight: make([]int16, 6*2*9), WeightBits: 8, Neuron: fixed.CUBA{RefDelay: 1}}
	}
	check := func(l *fixed.Layer) error {
		n := fixed.Network{Input: snn.Shape{W: 6, H: 5, C: 4}, Convention: fixed.Axonal, Layers: []fixed.Layer{*l}}
		return n.Validate()
	}
	if err := check(good()); err != nil {
		t.Fatal(err)
	}
	// A kernel no wider than the padding: the windows at both ends see nothing else, as torch has them too.
	wide := good()
	wide.Kernel, wide.Out, wide.Weight = fixed.Square(1, 1, 1, 1, 2), snn.Shape{W: 8, H: 7, C: 6}, make([]int16, 6*2)
	if err := check(wide); err != nil {
		t.Error(err)
	}
	if want := wide.Kernel.Output(wide.In); want.W != wide.Out.W || want.H != wide.Out.H || wide.Synapses() != wide.In.Size()*3 {
		t.Errorf("%v outputs with %d synapses", want, wide.Synapses())
	}
	wide.Out.W++
	if check(wide) == nil {
		t.Error("a window beyond the padding is taken")
	}
	for name, spoil := range map[string]func(l *fixed.Layer){
		"groups 0":          func(l *fixed.Layer) { l.Kernel.Groups = 0 },
		"groups of 3":       func(l *fixed.Layer) { l.Kernel.Groups = 3 },
		"size 0":            func(l *fixed.Layer) { l.Kernel.Size[0] = 0 },
		"stride 0":          func(l *fixed.Layer) { l.Kernel.Stride[1] = 0 },
		"dilation 0":        func(l *fixed.Layer) { l.Kernel.Dilation[0] = 0 },
		"negative padding":  func(l *fixed.Layer) { l.Kernel.Padding[0] = -1 },
		"huge":              func(l *fixed.Layer) { l.Kernel.Dilation[0] = 1 << 40 },
		"too many outputs":  func(l *fixed.Layer) { l.Out.W = 5 },
		"one output beyond": func(l *fixed.Layer) { l.Kernel.Stride[0], l.Kernel.Padding[0], l.Out.W = 1, 0, 7 },
		"too few weights":   func(l *fixed.Layer) { l.Weight = l.Weight[1:] },
		"delays of neurons": func(l *fixed.Layer) { l.SynDelay = make([]uint8, 54) },
		"odd weight":        func(l *fixed.Layer) { l.Weight[7] = 1 },
	} {
		l := good()
		if spoil(l); check(l) == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
