package train

import (
	"math"
	"testing"

	"github.com/isospike/isospike/snn"
)

// TestSurrogateTables holds every table to the formulas of snn.Surrogate, at all
// distances, and to 0 at the end.
func TestSurrogateTables(t *testing.T) {
	compared := 0
	for kind, c := range map[string]struct {
		bound, end, beyond float64 // allowed error, as a share of ρ (triangle: of the peak); where the table ends, in tau·θ; what it cuts off, in peaks
		formula            func(x float64) float64
	}{
		"exponential":  {1.0 / 64, 15.9, 1.3e-7, func(x float64) float64 { return math.Exp(-x) }},
		"fast_sigmoid": {1.0 / 32, 127, 6.2e-5, func(x float64) float64 { return 1 / ((1 + x) * (1 + x)) }},
		"triangle":     {1.0 / 1024, 0.999, 1e-3, func(x float64) float64 { return max(0, 1-x) }},
	} {
		for _, tau := range []float64{0.1, 0.25, 1, 3} {
			for _, scale := range []float64{1, 0.25} {
				s := snn.Surrogate{Kind: kind, Tau: tau, Scale: scale}
				check := func(what string, theta, unit float64, at func(x float64) float32) {
					peak := scale / (tau * theta)
					if got := float64(at(0)); math.Abs(got-peak) > 1e-6*peak {
						t.Errorf("%s %s: peak %v, want %v", kind, what, got, peak)
					}
					last := float32(math.Inf(1))
					for x := 0.0; x < 1.2*c.end; x += 0.0037 * max(1, c.end/16) {
						if unit != 0 { // distances are whole units
							x = math.Ceil(x/unit) * unit
						}
						got, want := at(x), peak*c.formula(x)
						bound := c.bound * want
						if x > c.end {
							bound = c.beyond * peak
						} else if kind == "triangle" {
							bound = c.bound * peak
						}
						if math.Abs(float64(got)-want) > bound || got > last {
							t.Fatalf("%s %s, tau %v, θ %v: ρ(%v) is %v after %v, want %v", kind, what, tau, theta, x, got, last, want)
						}
						last = got
						compared++
					}
					if last != 0 {
						t.Errorf("%s %s: %v at the end", kind, what, last)
					}
				}
				for _, vth := range []int{30, 80, 256, 1000, 1 << 17} {
					n := snn.Neuron{VTh: vth}
					theta := float64(vth) / WeightOne
					table, shift := integerRho(s, n)
					if len(table) > 1<<14 {
						t.Errorf("%s: %d entries", kind, len(table))
					}
					check("integer", theta, 1/(tau*theta*unitV), func(x float64) float32 {
						if k := int(math.Round(x*tau*theta*unitV)) >> shift; k < len(table) {
							return table[k]
						}
						return 0
					})
				}
				for _, theta := range []float64{1e-3, 0.05, 1, 4, 10, 1e6} {
					r := newFloatRho(s, theta)
					check("float", theta, 0, func(x float64) float32 { return r.at(float32(x * tau * theta)) })
				}
			}
		}
	}
	t.Logf("compared %d values", compared)
}
