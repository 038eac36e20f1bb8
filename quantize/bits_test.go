package quantize

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/train"
)

func noise(seed uint64, n, ticks int, rate float64) *spike.Raster {
	r := rand.New(rand.NewPCG(seed, 2))
	in := spike.NewRaster(n)
	for range ticks {
		var at []int32
		for i := range int32(n) {
			if r.Float64() < rate {
				at = append(at, i)
			}
		}
		in.Append(at...)
	}
	return in
}

// effect runs a few samples before and after.
func effect(t *testing.T, m *train.Model, n *fixed.Network) *Effect {
	t.Helper()
	const ticks = 80
	run, all := train.NewTrainer(m, ticks, 1).Runner(), NewEffect(n)
	for i := range 3 {
		in := noise(uint64(i), n.Input.Size(), ticks, 0.1)
		e, err := Measure(n, Sample{in, run.Run(in), i})
		if err != nil {
			t.Fatal(err)
		}
		all.Add(e)
	}
	return all
}

// What 8 bits hold exactly, they hold after the search for a scale as well: integers
// that were trained stay what they are, and nothing changes.
func TestSearchFindsWhatFits(t *testing.T) {
	m := model(t, "integer", 30)
	n, r, err := Quantize(m, Options{Bits: []snn.WeightBits{8}})
	if err != nil {
		t.Fatal(err)
	}
	e := effect(t, m, n)
	for k, l := range e.Layers {
		if r.Layers[k].MaxError != 0 || r.Layers[k].Clipped != 0 || l.Differ != 0 || l.Own != 0 || l.Before != l.After || l.Before == 0 {
			t.Errorf("%+v, %+v", r.Layers[k], l)
		}
	}
	if e.Samples != 3 || e.Labelled != 3 || e.Before != e.After || e.Blame() != -1 || r.Lossless {
		t.Errorf("%+v", e)
	}
}

// The search does not pay for a small error with a u that wraps: what decays slowly
// keeps a low threshold.
func TestSearchLeavesRoomForU(t *testing.T) {
	l := Layer{In: snn.Flat(25), Out: snn.Flat(1), Threshold: 256}
	sum := 0.0
	for i := range 25 {
		l.Weight = append(l.Weight, 20.3+1.7*float64(i))
		sum += l.Weight[i]
	}
	bound := func(s scale) float64 { return 2 * sum / s.ratio * 64 * 4096 / l.IDecay }
	for _, each := range []bool{false, true} {
		l.IDecay = 2048
		if s := l.search(8, Options{PerChannel: each}); bound(s) >= fixed.UMax || s.threshold <= 4*256 {
			t.Errorf("with room for u the threshold is %d", s.threshold)
		}
		l.IDecay = 128 // u reaches 2²³ at 2.0 times the trained threshold
		if s := l.search(8, Options{PerChannel: each}); bound(s) >= fixed.UMax {
			t.Errorf("u can reach %v with the threshold %d", bound(s), s.threshold)
		}
		l.IDecay = 1 // it can wrap at the trained one already, which stays
		if s := l.search(8, Options{PerChannel: each}); s.threshold != 256 {
			t.Errorf("the threshold is %d", s.threshold)
		}
	}
}

// Fewer bits cost more error, never more than half a step of the best power of two,
// and every layer may have its own.
func TestBits(t *testing.T) {
	e := snn.DefaultExperiment()
	e.Net, e.Training.Arithmetic, e.Training.InitGain = "8x8x2-6c3-2a-20-7", "float", 8
	m, err := train.NewModel(e)
	if err != nil {
		t.Fatal(err)
	}
	last := make([]float64, 4)
	for bits := snn.WeightBits(9); bits >= 1; bits-- {
		n, r, err := Quantize(m, Options{Bits: []snn.WeightBits{bits}})
		if err != nil {
			t.Fatal(err)
		}
		for k, l := range r.Layers {
			if n.Layers[k].Kernel != nil && m.Net.Layers[k].Kind == snn.Pool {
				continue
			}
			largest := 0.0
			for _, w := range realWeights(m, k) {
				largest = max(largest, math.Abs(w))
			}
			// Uniform weights: at the scale that just holds all of them the error is the step over √12.
			if step := largest / (float64(int(1)<<(bits-1)) - 1); l.RMSError > (1+1.0/octave)*step/math.Sqrt(12) && bits > 1 {
				t.Errorf("%d bits, layer %s: error %v with steps of %v", bits, l.Name, l.RMSError, step)
			}
			if l.RMSError <= last[k] || l.Bits != int(bits) || n.Layers[k].WeightBits != int(bits) || l.VTh != int(n.Layers[k].Neuron.(fixed.CUBA).VTh) {
				t.Errorf("%d bits, layer %+v, error with more bits %v", bits, l, last[k])
			}
			last[k] = l.RMSError
			if u := r.Ranges[k]; !u.WrapFree {
				t.Errorf("%d bits: the search lets u wrap: %+v", bits, u)
			}
		}
	}
	n, _, err := Quantize(m, Options{Bits: []snn.WeightBits{8, 3, 5}})
	if err != nil || n.Layers[0].WeightBits != 8 || n.Layers[2].WeightBits != 3 || n.Layers[3].WeightBits != 5 {
		t.Errorf("bits by layer: %v", err)
	}
	if e := effect(t, m, n); e.Blame() != 2 {
		t.Errorf("three bits are in layer 3, to blame is %d: %+v", e.Blame()+1, e.Layers)
	}
	for _, bad := range [][]snn.WeightBits{{0}, {10}, {8, 8}, {8, 8, 8, 8}, {8, -2, 8}} {
		var d *diag.Error
		if _, _, err := Quantize(m, Options{Bits: bad}); !errors.As(err, &d) || d.Kind != diag.Usage {
			t.Errorf("bits %v: %v", bad, err)
		}
	}
}
