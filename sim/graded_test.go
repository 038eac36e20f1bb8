package sim_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// gradedRun runs a delta neuron that takes messages, and behind it an adaptive neuron, which
// takes them too, for 4 ticks.
func gradedRun(t *testing.T) (*compile.Program, *spike.Raster, *sim.Result) {
	t.Helper()
	n := &fixed.Network{Input: snn.Flat(1), Convention: fixed.Immediate, Layers: []fixed.Layer{
		{Name: "1", In: snn.Flat(1), Out: snn.Flat(1), Weight: []int16{2}, WeightBits: 8, Graded: true, Neuron: fixed.Delta{VTh: 10}},
		{Name: "2", In: snn.Flat(1), Out: snn.Flat(1), Weight: []int16{3}, WeightBits: 8, Mode: fixed.Excitatory, Graded: true, Neuron: fixed.ALIF{IDecay: 4096, VDecay: 4096, VTh: 20}},
	}}
	p, err := compile.Compile(n, lookup(t, "loihi2"))
	check(t, err)
	m, err := sim.New(p)
	check(t, err)
	in, err := spike.FromValues(1, 4, []int32{7, 9, 1, 0})
	check(t, err)
	r, err := m.Run(context.Background(), in, 4, sim.Options{States: true})
	check(t, err)
	return p, in, r
}

// TestGradedByHand: activations 14, 18, 2, 0 against a threshold of 10: 14 is sent, then 4
// and 4 − 16 = −12, which is sent with the residue, and then −2.
func TestGradedByHand(t *testing.T) {
	_, _, r := gradedRun(t)
	first, second := r.Layers[0], r.Layers[1]
	if d := cmp.Diff([]any{[]int32{14, -12}, []int32{0, 1, 1, 2, 2}, []int32{14, 18, 2, 0}}, []any{first.Spikes.Message, first.Spikes.Start, first.V}); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]any{[]int32(nil), []int32{0, 0, 1, 1, 1}, []int32{0, 42 * 64, 0, -36 * 64}}, []any{second.Spikes.Message, second.Spikes.Start, second.V}); d != "" {
		t.Error(d)
	}
	if got := r.Cores[0]; got != (sim.Count{Spikes: 3, Synapses: 5, Graded: 5, Updates: 8}) {
		t.Errorf("%+v", got)
	}
}

// TestGradedMetrics: operations of graded spikes multiply; the state of every kind and the ring
// of messages count.
func TestGradedMetrics(t *testing.T) {
	p, _, r := gradedRun(t)
	b := sim.NewMetrics(p)
	b.Add(r, 4, -1)
	n := b.NeuroBench()
	if n.SynapticOperations.MACs != 5 || n.SynapticOperations.ACs != 0 {
		t.Errorf("%+v", n.SynapticOperations)
	}
	// Two synapses of 3, two routes of 7, neurons of 3 + 12 + 3 each, two axons of 12 + 1 + 256, two rows of 7, two profiles of 64.
	if want := int64(6 + 14 + 36 + 2*269 + 14 + 128); n.Footprint != want {
		t.Errorf("footprint %d, want %d", n.Footprint, want)
	}
}

// TestGradedDivergence: another message is a difference as a missing spike is.
func TestGradedDivergence(t *testing.T) {
	p, in, want := gradedRun(t)
	for name, c := range map[string]struct {
		spoil     func(r *spike.Raster)
		want, got int64
	}{
		"message": {func(r *spike.Raster) { r.Message[1] = 5 }, -12, 5},
		"missing": {func(r *spike.Raster) {
			r.Index, r.Message, r.Start = r.Index[:1], r.Message[:1], []int32{0, 1, 1, 1, 1}
		}, -12, 0},
		"as well": {func(r *spike.Raster) {
			r.Index, r.Message, r.Start = []int32{0, 0, 0}, []int32{14, 3, -12}, []int32{0, 1, 2, 3, 3}
		}, 0, 3},
	} {
		_, _, other := gradedRun(t)
		c.spoil(other.Layers[0].Spikes)
		d, n, err := sim.FirstDivergence(p, in, want.Layers, other.Layers)
		check(t, err)
		if d == nil || n == 0 || d.Register != "s" || d.Want != c.want || d.Got != c.got || d.Layer != "1" {
			t.Errorf("%s: %+v", name, d)
			continue
		}
		if !strings.Contains(d.String(), "spike of input neuron 0 in tick 0, delay 0, weight 2, carries 7") {
			t.Errorf("%s: %v", name, d)
		}
	}
}

// TestComplexGroups: a convolution of complex weights in groups, on many small cores, is what
// the definition says.
func TestComplexGroups(t *testing.T) {
	in := snn.Shape{W: 3, H: 2, C: 4}
	l := fixed.Layer{Name: "1", In: in, Out: snn.Shape{W: 2, H: 1, C: 4}, Kernel: fixed.Square(2, 1, 0, 1, 2), WeightBits: 8, Neuron: fixed.RF{Sin: 2103, Cos: 3273, VTh: 3}}
	for i := range l.Weights() {
		l.Weight, l.WeightImag, l.SynDelay = append(l.Weight, int16(2*i-30)), append(l.WeightImag, int16(40-4*i)), append(l.SynDelay, uint8(i%3))
	}
	n := &fixed.Network{Input: in, Convention: fixed.Axonal, Layers: []fixed.Layer{l}}
	p, err := compile.Compile(n, lookup(t, "loihi2"))
	check(t, err)
	m, err := sim.New(p)
	check(t, err)
	raster := noise(in.Size(), 60, 0.2)
	want, err := n.Run(raster, 60, true)
	check(t, err)
	got, err := m.Run(context.Background(), raster, 60, sim.Options{States: true})
	check(t, err)
	d, compared, err := sim.FirstDivergence(p, raster, want, got.Layers)
	check(t, err)
	if t.Logf("compared %d values, %d spikes", compared, want[0].Spikes.Count()); d != nil || compared == 0 || want[0].Spikes.Count() == 0 {
		t.Error(d)
	}
}
