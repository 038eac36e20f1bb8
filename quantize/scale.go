package quantize

import (
	"math"

	"github.com/isospike/isospike/snn/fixed"
)

// scale is how a layer's real weights, in units of 1/64 of one, become integers: they are
// multiplied by threshold/trained, divided by 2^exp and rounded to what the bits hold.
// The neuron's numbers are all multiplied alike, so that apart from rounding it does
// the same. A negative exponent is not used: it floors every sum, always downward.
type scale struct {
	exp                int
	trained, threshold int32
}

const (
	searched = 1 << 14 // weights of a layer that the search looks at
	octave   = 16      // thresholds that it tries up to twice the trained one, and so on
	// maxThreshold leaves v room for sixteen thresholds in both directions.
	maxThreshold = 1 << 13
)

// search returns the scale with the least mean square error of the weights of a layer,
// given as rows, one a neuron or kernel. Thresholds for which u could wrap are
// left out, but for the trained one.
func search(rows [][]float64, bits int, n fixed.CUBA) scale {
	trained := max(1, n.VTh)
	all, total := 0.0, 0
	for _, r := range rows {
		sum := 0.0
		for _, w := range r {
			sum += math.Abs(w)
		}
		all, total = max(all, sum), total+len(r)
	}
	every := (total + searched - 1) / searched
	var some []float64
	i := 0
	for _, r := range rows {
		for _, w := range r {
			if i%every == 0 {
				some = append(some, w)
			}
			i++
		}
	}
	best, least := scale{0, trained, trained}, math.Inf(1)
	for exp := 0; exp <= 7; exp++ {
		factor := 1.0
		for k := 0; ; k++ {
			th := int32(math.RoundToEven(float64(trained) * factor))
			u := 2 * all * float64(th) / float64(trained) * 64 * fixed.DecayOne / float64(max(1, n.IDecay)) // 2: rounding may add
			if k > 0 && (th > maxThreshold || u >= fixed.UMax) {
				break
			}
			s := scale{exp, trained, th}
			sum := 0.0
			for _, w := range some {
				_, e := s.round(w, bits)
				sum += float64(e * e)
			}
			if sum < least {
				best, least = s, sum
			}
			factor *= 1 + 1.0/octave
		}
	}
	return best
}

// unit is an integer weight of 1 in the units of the real weights.
func (s scale) unit() float64 {
	return math.Ldexp(float64(s.trained)/float64(s.threshold), s.exp)
}

// round returns the integer for a weight, and the error in the weight's own units.
func (s scale) round(w float64, bits int) (int16, float64) {
	step := float64(int(2) << (8 - bits))
	x := max(-256, min(256-step, math.RoundToEven(w/s.unit()/step)*step))
	return int16(x), float64(x*s.unit()) - w
}

// clips reports whether a weight lies beyond what the bits hold.
func (s scale) clips(w float64, bits int) bool {
	step := float64(int(2) << (8 - bits))
	return w/s.unit() < -256-step/2 || w/s.unit() > 256-step/2
}
