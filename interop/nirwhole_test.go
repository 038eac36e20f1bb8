package interop

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/isospike/isospike/quantize"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// TestWholeNumbers: what the hardware holds as it is stays, in the format that holds it, and nothing else does.
func TestWholeNumbers(t *testing.T) {
	inf := math.Inf(1)
	for name, c := range map[string]struct {
		weights   []float64 // of two neurons
		threshold float64
		bias      []float64
		want      *quantize.Grid
	}{
		"mixed":                   {[]float64{2, -256, 254, 4}, 80, nil, &quantize.Grid{Bits: 8, Exp: []int{0}}},
		"odd, of one sign":        {[]float64{1, 255, 3, 0}, 80, nil, &quantize.Grid{Bits: 8, Exp: []int{0}, Mode: fixed.Excitatory}},
		"odd, inhibitory":         {[]float64{-1, -255, -3, 0}, 80, nil, &quantize.Grid{Bits: 8, Exp: []int{0}, Mode: fixed.Inhibitory}},
		"odd and small":           {[]float64{1, -128, 127, 4}, 80, nil, &quantize.Grid{Bits: 8, Exp: []int{-1}}},
		"odd":                     {[]float64{1, -129, 127, 4}, 80, nil, &quantize.Grid{Bits: 9, Exp: []int{0}}},
		"exponent":                {[]float64{-512, 8, 4, 4}, 80, nil, &quantize.Grid{Bits: 8, Exp: []int{1}}},
		"exponents":               {[]float64{-4096, 64, 2, 4}, 80, nil, &quantize.Grid{Bits: 8, Exp: []int{4, 0}}},
		"exponents and 9 bits":    {[]float64{-4096, 64, 1, -129}, 80, nil, nil},
		"of float32":              {[]float64{2.000001, -4, 0, 6}, 79.99999, nil, &quantize.Grid{Bits: 8, Exp: []int{0}}},
		"not of float32":          {[]float64{2.00001, -4, 0, 6}, 80, nil, nil},
		"of small units":          {[]float64{2e-7, -4e-7, 0, 6e-7}, 8e-7, nil, nil},
		"a small weight":          {[]float64{2, -4, 1e-9, 6}, 80, nil, nil},
		"a small threshold":       {[]float64{2, -4, 0, 6}, 1e-9, nil, nil},
		"a small bias":            {[]float64{2, -4, 0, 6}, 80, []float64{1e-12, 0}, nil},
		"no weight":               {[]float64{0, 0, 0, 0}, 80, nil, &quantize.Grid{Bits: 8, Exp: []int{0}, Mode: fixed.Excitatory}},
		"too large":               {[]float64{-65536, 64, 2, 4}, 80, nil, nil},
		"too many digits":         {[]float64{-4096, 2, 2, 4}, 80, nil, nil},
		"no whole threshold":      {[]float64{2, -4, 0, 6}, 80.5, nil, nil},
		"largest threshold":       {[]float64{2, -4, 0, 6}, fixed.MaxVTh, nil, &quantize.Grid{Bits: 8, Exp: []int{0}}},
		"too large a threshold":   {[]float64{2, -4, 0, 6}, fixed.MaxVTh + 1, nil, nil},
		"never spikes":            {[]float64{2, -4, 0, 6}, inf, nil, &quantize.Grid{Bits: 8, Exp: []int{0}}},
		"biases":                  {[]float64{2, -4, 0, 6}, 80, []float64{-4096, 63.0 / 32}, nil},
		"biases with an exponent": {[]float64{2, -4, 0, 6}, 80, []float64{-4096, 64}, &quantize.Grid{Bits: 8, Exp: []int{0}}},
		"least bias":              {[]float64{2, -4, 0, 6}, 80, []float64{-64, 1.0 / 64}, &quantize.Grid{Bits: 8, Exp: []int{0}}},
		"too large a bias":        {[]float64{2, -4, 0, 6}, 80, []float64{8192, 0}, nil},
		"a bias between":          {[]float64{2, -4, 0, 6}, 80, []float64{0, 1.0 / 128}, nil},
	} {
		l := quantize.Layer{Name: "fc", In: snn.Flat(2), Out: snn.Flat(2), Weight: c.weights, Bias: c.bias, IDecay: 4096, VDecay: 100, Threshold: c.threshold, RefDelay: 1}
		weights, biases := slices.Clone(c.weights), slices.Clone(c.bias)
		if wholeNumbers(&l); (l.Grid == nil) != (c.want == nil) {
			t.Errorf("%s: %+v", name, l.Grid)
			continue
		} else if c.want == nil {
			if !slices.Equal(l.Weight, weights) || !slices.Equal(l.Bias, biases) {
				t.Errorf("%s: numbers that are not whole were changed", name)
			}
			continue
		}
		if g := l.Grid; g.Bits != c.want.Bits || g.Mode != c.want.Mode || !slices.Equal(g.Exp, c.want.Exp) {
			t.Errorf("%s: %+v, want %+v", name, g, c.want)
		}
		s := quantize.Source{Input: l.In, Layers: []quantize.Layer{l}}
		n, r, err := s.Quantize(quantize.Options{})
		if err != nil || !r.Lossless || r.Layers[0].MaxError != 0 || r.Layers[0].BiasError != 0 || r.Layers[0].BiasesClipped != 0 || r.Layers[0].Clipped != 0 {
			t.Errorf("%s: %v, %+v", name, err, r)
			continue
		}
		f := &n.Layers[0]
		for i, w := range f.Weight {
			if math.Ldexp(float64(w), f.Exp(i/2)) != math.Round(weights[i]) {
				t.Errorf("%s: weight %d is %d·2^%d, was %v", name, i, w, f.Exp(i/2), weights[i])
			}
		}
		for o, b := range biases {
			if f.Bias(o) != int64(64*b) {
				t.Errorf("%s: bias %v became %d", name, b, f.Bias(o))
			}
		}
		if th := f.Neuron.(fixed.CUBA).VTh; float64(th) != min(fixed.MaxVTh, math.Round(c.threshold)) {
			t.Errorf("%s: threshold %d", name, th)
		}
	}
}

// TestNIRExportRefuses: what NIR has no words for is refused with the layer and the reason.
func TestNIRExportRefuses(t *testing.T) {
	shape := snn.Shape{W: 2, H: 1, C: 1}
	for want, spoil := range map[string]func(l *fixed.Layer){
		"its neurons are srm":       func(l *fixed.Layer) { l.Neuron = fixed.SRM{VTh: 1} },
		"its neurons are sigma":     func(l *fixed.Layer) { l.Neuron = fixed.Sigma{} },
		"it takes graded spikes":    func(l *fixed.Layer) { l.Graded = true },
		"it has synaptic delays":    func(l *fixed.Layer) { l.SynDelay = []uint8{1, 2, 3, 4} },
		"its refractory delay is 2": func(l *fixed.Layer) { l.Neuron = fixed.CUBA{VTh: 1, RefDelay: 2} },
		"channel 0 have different weight exponents": func(l *fixed.Layer) {
			l.In, l.Out, l.Kernel, l.Weight, l.NeuronExp = shape, shape, fixed.Square(1, 1, 0, 1, 1), []int16{2}, []int8{0, 1}
		},
	} {
		n := tiny()
		n.Layers[0].Delay = nil
		spoil(&n.Layers[0])
		var d *diag.Error
		if _, _, err := ToNIR(n, 1e-3); !errors.As(err, &d) || d.Code != "nir-export" || d.Layer != "1" || !strings.Contains(d.Msg, want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
