package interop

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

func dense(weights []float64, threshold float64) FloatLayer {
	return FloatLayer{Name: "fc", In: snn.Flat(len(weights)), Out: snn.Flat(1), Weight: weights, IDecay: 1, VDecay: 0.1, Threshold: threshold}
}

// TestIntegers: what can stay stays, what cannot is scaled to the range and its error told.
func TestIntegers(t *testing.T) {
	for name, c := range map[string]struct {
		l                FloatLayer
		weight           []int16
		exp, vth, iDecay int
		exact, wraps     bool
	}{
		"mixed":           {dense([]float64{2, -256, 254}, 80), []int16{2, -256, 254}, 0, 80, 4096, true, false},
		"odd":             {dense([]float64{1, 255}, 80), []int16{1, 255}, 0, 80, 4096, true, false},
		"exponent":        {dense([]float64{-512, 8, 4}, 80), []int16{-256, 4, 2}, 1, 80, 4096, true, false},
		"near":            {dense([]float64{2.000001, -4}, 79.99999), []int16{2, -4}, 0, 80, 4096, true, false},
		"a bit too large": {dense([]float64{1, 512}, 80), []int16{0, 254}, 4, 635, 4096, false, false},
		"threshold":       {dense([]float64{2, -4}, 1<<17+1), []int16{0, 0}, 0, 8192, 4096, false, false},
		"never spikes":    {dense([]float64{0.5, -1}, math.Inf(1)), []int16{128, -254}, 0, fixed.MaxVTh, 4096, false, false},
		"weight 0":        {dense([]float64{0, 0}, 0.5), []int16{0, 0}, 0, 254, 4096, false, false},
		"threshold 0":     {dense([]float64{0.5, 1}, 0), []int16{128, 254}, 0, 0, 4096, false, false},
	} {
		n, report, err := Integers(c.l.In, []FloatLayer{c.l})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		l, r := n.Layers[0], report[0]
		if !equal(l.Weight, c.weight) || l.WeightExp != c.exp || int(l.Neuron.VTh) != c.vth || int(l.Neuron.IDecay) != c.iDecay || r.Exact != c.exact || r.Wraps != c.wraps {
			t.Errorf("%s: %+v, %+v", name, l, r)
		}
		if r.Exact != (r.MaxError < 1e-5) && name != "weight 0" {
			t.Errorf("%s: exact with an error of %v", name, r.MaxError)
		}
	}
	// A current that never decays can wrap whatever the scale; it is said and not refused.
	calm := dense([]float64{150, -0.5}, 1)
	calm.IDecay = 0
	n, report, err := Integers(calm.In, []FloatLayer{calm})
	if err != nil || !report[0].Wraps || n.Layers[0].Neuron.VTh < 1 {
		t.Error(err, report, n)
	}
	// Where it can be kept from wrapping it is, at the cost of resolution.
	slow := dense([]float64{0.7, -0.6, 0.5, 0.4}, 1)
	slow.IDecay = 2.0 / 4096
	if _, report, err = Integers(slow.In, []FloatLayer{slow}); err != nil || report[0].Wraps {
		t.Error(err, report)
	}
	// Biases get the exponent that they need, or are refused.
	biased := dense([]float64{2, -4}, 80)
	biased.Bias = []float64{-64 * 4096 / 64}
	if n, report, err = Integers(biased.In, []FloatLayer{biased}); err != nil || !report[0].Exact || n.Layers[0].BiasExp != 6 || n.Layers[0].BiasMant[0] != -4096 {
		t.Error(err, report, n)
	}
	biased.Bias[0] = 1e6
	var d *diag.Error
	huge := dense([]float64{5e6, -3}, 1e-3)
	if _, _, err := Integers(huge.In, []FloatLayer{huge}); !errors.As(err, &d) || d.Layer != "fc" || !strings.Contains(d.Msg, "too large for a threshold of 0.001") {
		t.Error(err)
	}
	if _, _, err := Integers(biased.In, []FloatLayer{biased}); !errors.As(err, &d) || d.Code != "float-range" {
		t.Error(err)
	}
}

func equal(a, b []int16) bool {
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}
