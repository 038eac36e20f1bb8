package interop

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/quantize"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"pgregory.net/rapid"
)

// apply returns what a linear map gives, bias included.
func (s *synapses) apply(x []float64) []float64 {
	l := s.layer()
	y := make([]float64, s.out.Size())
	for o := range y {
		for i, at := range l.Into(o) {
			y[o] += s.weight[at] * x[i]
		}
		if s.bias != nil {
			y[o] += s.bias[o/(s.out.Size()/s.rows())]
		}
	}
	return y
}

// TestFolding: two maps folded into one give what they give one after the other, whatever
// their strides, paddings, dilations and groups, unless they are refused for their borders.
func TestFolding(t *testing.T) {
	folded, refused, flat := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		between := func(lo, hi int, what string) int { return rapid.IntRange(lo, hi).Draw(t, what) }
		reals := func(n int) []float64 { return rapid.SliceOfN(rapid.Float64Range(0.5, 2), n, n).Draw(t, "weights") } // all of a sign: nothing cancels
		window := func(in snn.Shape, groups, channels int) (fixed.Kernel, []float64, snn.Shape) {
			k := fixed.Kernel{Groups: groups}
			for a, n := range [2]int{in.W, in.H} {
				k.Stride[a], k.Padding[a], k.Dilation[a] = between(1, 2, "stride"), between(0, 2, "padding"), between(1, 2, "dilation")
				k.Size[a] = between(1, min(3, (n+2*k.Padding[a]-1)/k.Dilation[a]+1), "size")
			}
			out := k.Output(in)
			out.C = channels
			return k, reals(channels * in.C / groups * k.Size[0] * k.Size[1]), out
		}
		in := snn.Shape{W: between(1, 7, "w"), H: between(1, 7, "h"), C: between(1, 2, "groups") * 2}
		mixFirst := rapid.Bool().Draw(t, "mixes first")
		groups := in.C
		channels := in.C
		if mixFirst {
			groups, channels = between(1, 2, "of groups"), 2*between(1, 2, "channels")
		}
		k, w, middle := window(in, groups, channels)
		first := &synapses{in: in, out: middle, kernel: &k, weight: w, mixes: mixFirst}
		if mixFirst && rapid.Bool().Draw(t, "biased") {
			first.bias = reals(channels)
		}
		x := reals(in.Size())
		near := func(got, want []float64) bool {
			return slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) < 1e-9*max(1, math.Abs(b)) })
		}
		if !mixFirst && rapid.Bool().Draw(t, "dense") {
			n := between(1, 3, "neurons")
			w, bias := reals(n*middle.Size()), reals(n)
			second := &synapses{in: snn.Flat(middle.Size()), out: snn.Flat(n), weight: w, bias: bias}
			both, err := first.dense(w, n, bias)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := both.apply(x), second.apply(first.apply(x)); !near(got, want) {
				t.Fatal(got, want)
			}
			flat++
			return
		}
		groups, channels = middle.C, middle.C
		if !mixFirst {
			groups, channels = between(1, 2, "of groups"), 2*between(1, 2, "channels")
		}
		k2, w2, out := window(middle, groups, channels)
		second := &synapses{in: middle, out: out, kernel: &k2, weight: w2}
		if !mixFirst && rapid.Bool().Draw(t, "second biased") {
			second.bias = reals(channels)
		}
		want := second.apply(first.apply(x))
		both, err := first.conv(k2, w2, out, second.bias, !mixFirst)
		if err == nil {
			if got := both.apply(x); !near(got, want) || both.out != out {
				t.Fatal(got, want)
			}
			folded++
			return
		}
		refused++
	})
	t.Logf("compared %d convolutions, %d matrices; %d refused", folded, flat, refused)
	if folded == 0 || flat == 0 {
		t.Error("nothing was compared")
	}
}

// TestFoldingAtBorders: a dilated kernel in the padding that has no place within the input sees
// nothing, and is no reason to refuse.
func TestFoldingAtBorders(t *testing.T) {
	first := &synapses{in: snn.Shape{W: 3, H: 1, C: 1}, out: snn.Shape{W: 1, H: 1, C: 1}, weight: []float64{1, 2},
		kernel: &fixed.Kernel{Size: [2]int{2, 1}, Stride: [2]int{3, 1}, Dilation: [2]int{2, 1}, Groups: 1}}
	k := fixed.Kernel{Size: [2]int{3, 1}, Stride: [2]int{1, 1}, Padding: [2]int{1, 0}, Dilation: [2]int{1, 1}, Groups: 1}
	both, err := first.conv(k, []float64{10, 20, 30}, first.out, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	if got := both.apply([]float64{1, 1, 1}); got[0] != 60 {
		t.Error(got)
	}
}

// TestBroadcast: parameters of fewer values are repeated as NumPy does.
func TestBroadcast(t *testing.T) {
	r := nirReader{shape: snn.Shape{W: 4, H: 3, C: 2}, spatial: true}
	compared := 0
	for _, shape := range [][]int{{}, {1}, {4}, {3, 1}, {3, 4}, {1, 3, 1}, {2, 1, 1}, {2, 1, 4}, {2, 3, 1}, {1, 3, 4}, {2, 3, 4}, {24}} {
		size := 1
		for _, d := range shape {
			size *= d
		}
		a := NIRArray{Shape: shape}
		for i := range size {
			a.Data = append(a.Data, float64(i+1))
		}
		v, err := r.values("x", &NIRNode{Arrays: map[string]NIRArray{"p": a}}, "p")
		if err != nil {
			t.Error(err)
			continue
		}
		full := append(slices.Repeat([]int{1}, 3-min(3, len(shape))), shape...)
		if len(shape) == 1 && shape[0] == 24 {
			full = []int{2, 3, 4}
		}
		for o := range 24 {
			at := 0
			for i, x := range [3]int{o / 12, o / 4 % 3, o % 4} {
				at = at*full[i] + min(x, full[i]-1)
			}
			if v.at(o) != float64(at+1) {
				t.Errorf("%v: neuron %d has %v, want %d", shape, o, v.at(o), at+1)
			}
			compared++
		}
	}
	for _, shape := range [][]int{{2}, {3}, {4, 1}, {3, 1, 1}, {1, 1, 3, 4}, {0}} {
		size := 1
		for _, d := range shape {
			size *= d
		}
		if _, err := r.values("x", &NIRNode{Arrays: map[string]NIRArray{"p": {Shape: shape, Data: make([]float64, size)}}}, "p"); err == nil {
			t.Errorf("%v was accepted", shape)
		}
	}
	t.Logf("compared %d values", compared)
}

// TestNIRBiasOfNeurons: biases that differ within a channel stand in v_leak, which every neuron has.
func TestNIRBiasOfNeurons(t *testing.T) {
	shape := snn.Shape{W: 2, H: 1, C: 2}
	for _, decay := range []int32{0, 128, 4096} {
		n := &fixed.Network{Input: shape, Convention: fixed.Axonal, Layers: []fixed.Layer{{Name: "1", In: shape, Out: shape, Kernel: fixed.Square(1, 1, 0, 1, 2), Weight: []int16{64, 32},
			WeightBits: 8, Mode: fixed.Excitatory, Neuron: fixed.CUBA{IDecay: 4096, VDecay: decay, VTh: 80, RefDelay: 1}, BiasMant: []int16{100, -7, 0, 4095}, BiasExp: 3}}}
		g, _, err := ToNIR(n, 1e-3)
		if err != nil {
			t.Fatal(err)
		}
		back := throughNIR(t, g)
		back.Stored = nil
		source, notes, err := back.Source(1e-3)
		if err != nil || len(notes) > 0 {
			t.Fatal(err, notes)
		}
		got, report, err := source.Quantize(quantize.Options{})
		if err != nil || !report.Lossless {
			t.Fatal(err, report)
		}
		var have, want []string
		for o := range shape.Size() {
			have, want = append(have, fmt.Sprint(got.Layers[0].Bias(o))), append(want, fmt.Sprint(n.Layers[0].Bias(o)))
		}
		if d := cmp.Diff(want, have); d != "" || got.Layers[0].Neuron != n.Layers[0].Neuron {
			t.Errorf("decay %d: %s %+v", decay, d, got.Layers[0].Neuron)
		}
	}
}
