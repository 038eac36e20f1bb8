package quantize

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"pgregory.net/rapid"
)

// The front is what trying all choices gives, for every budget.
func TestFrontIsExact(t *testing.T) {
	budgets := 0
	rapid.Check(t, func(rt *rapid.T) {
		layers := make([]Sensitivity, rapid.IntRange(1, 4).Draw(rt, "layers"))
		all := []Choice{{}}
		for k := range layers {
			l := Sensitivity{Weights: rapid.IntRange(1, 40).Draw(rt, "weights"), Bits: []snn.WeightBits{8, 4, 3, 2, snn.Ternary}}
			l.Shift = rapid.SliceOfN(rapid.Int64Range(0, 20), len(l.Bits), len(l.Bits)).Draw(rt, "shift")
			layers[k] = l
			var next []Choice
			for _, c := range all {
				for i, b := range l.Bits {
					next = append(next, Choice{append(slices.Clone(c.Bits), b), c.Bytes + float64(l.Weights*b.Stored())/8, c.Shift + l.Shift[i]})
				}
			}
			all = next
		}
		m := Mix{Layers: layers, Front: front(layers)}
		for i := 1; i < len(m.Front); i++ {
			if a, b := m.Front[i-1], m.Front[i]; a.Bytes >= b.Bytes || a.Shift <= b.Shift {
				rt.Fatalf("%+v is no better than %+v", a, b)
			}
		}
		for _, at := range all { // its memory is a budget at which something may change
			for _, budget := range []float64{at.Bytes, at.Bytes - 0.125} {
				least, fits := int64(math.MaxInt64), false
				for _, c := range all {
					if c.Bytes <= budget {
						least, fits = min(least, c.Shift), true
					}
				}
				got, err := m.Within(budget)
				if fits != (err == nil) || fits && (got.Shift != least || got.Bytes > budget || !slices.ContainsFunc(all, func(c Choice) bool { return reflect.DeepEqual(c, got) })) {
					rt.Fatalf("within %v: %+v, %v; the least shift is %d", budget, got, err, least)
				}
				budgets++
			}
		}
		var d *diag.Error
		if _, err := m.Within(0); !errors.As(err, &d) || d.Kind != diag.Limit || d.Used != int64(m.Front[0].Bytes) {
			rt.Fatal(err)
		}
	})
	t.Logf("compared %d budgets", budgets)
	if budgets == 0 {
		t.Error("nothing was compared")
	}
}

// What a layer's bits do to the output is what the network does in which that layer alone has them.
func TestMix(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	s := &Source{Input: snn.Flat(20), Layers: []Layer{
		{Name: "1", In: snn.Flat(20), Out: snn.Flat(12), Weight: make([]float64, 240), Threshold: 3, IDecay: 2048, VDecay: 300, RefDelay: 1},
		{Name: "2", In: snn.Flat(12), Out: snn.Flat(9), Weight: make([]float64, 108), Threshold: 3, IDecay: 2048, VDecay: 300, RefDelay: 1, Pool: true},
		{Name: "3", In: snn.Flat(9), Out: snn.Flat(5), Weight: make([]float64, 45), Threshold: 3, IDecay: 2048, VDecay: 300, RefDelay: 1}}}
	for _, l := range s.Layers {
		for i := range l.Weight {
			l.Weight[i] = 0.2 + r.NormFloat64()
		}
	}
	var o Options
	for i := range uint64(4) {
		in := noise(i, 20, 60, 0.1)
		o.Samples = append(o.Samples, Sample{in, s.Run(in), -1})
	}
	m, err := s.Mix(o)
	if err != nil {
		t.Fatal(err)
	}
	o.Threads = 3
	if again, err := s.Mix(o); err != nil || !reflect.DeepEqual(m, again) {
		t.Errorf("other threads, another mix: %v", err)
	}
	if len(m.Layers) != 2 || m.Layers[0].Name != "1" || m.Layers[1].Name != "3" {
		t.Fatalf("%+v", m.Layers)
	}
	compared := 0
	for k, l := range m.Layers {
		for i, b := range l.Bits {
			bits := []snn.WeightBits{8, 8}
			bits[k] = b
			n, _, err := s.Quantize(Options{Bits: bits})
			if err != nil {
				t.Fatal(err)
			}
			want := int64(0)
			for _, x := range o.Samples {
				e, err := Measure(n, x)
				if err != nil {
					t.Fatal(err)
				}
				want += e.Layers[2].Shift
			}
			if l.Shift[i] != want {
				t.Errorf("layer %s with %v bits: %d, want %d", l.Name, b, l.Shift[i], want)
			}
			compared++
		}
	}
	t.Logf("compared %d shifts", compared)
	if least := m.Front[0]; least.Bytes != (240+45)*2/8.0 || m.Layers[0].Shift[0] >= m.Layers[0].Shift[7] {
		t.Errorf("%+v", m)
	}
}
