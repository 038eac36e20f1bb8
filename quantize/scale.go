package quantize

import (
	"cmp"
	"math"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
)

// scale is how a layer's real weights become integers: they are divided by ratio·2^exp and
// rounded to what the bits hold. The neuron's threshold and bias are divided by ratio as well, so
// that apart from rounding it does the same. Exponents that would floor sums, always downward, are
// not used.
type scale struct {
	bits      snn.WeightBits
	mode      fixed.SignMode
	ratio     float64 // real weight of an integer weight of 1 with exponent 0
	exp       []int   // one, or one a row of the weights
	threshold int32   // of the neurons
}

const (
	searched = 1 << 14 // weights of a layer that the search looks at
	octave   = 16      // thresholds that it tries up to twice the source's, and so on
	// maxThreshold leaves v room for sixteen thresholds in both directions.
	maxThreshold = 1 << 13
)

// limits bound the scales that are tried.
type limits struct {
	sum, most, bias, iDecay float64 // most: the largest weight
	threshold               int32   // the largest
}

func (l *Layer) limits() limits {
	m := limits{iDecay: l.IDecay, threshold: maxThreshold}
	if l.SRM != nil {
		// The states saturate, so that the sums alone must fit: as of a u that is not shifted and does not last.
		m.iDecay = fixed.DecayOne << fixed.ActShift
	}
	for r := range l.rows() {
		x := 0.0
		for _, w := range l.row(r) {
			x += math.Abs(w)
			m.most = max(m.most, math.Abs(w))
		}
		m.sum = max(m.sum, x)
	}
	for _, b := range l.Bias {
		m.bias = max(m.bias, math.Abs(b))
	}
	return m
}

// allow reports whether a scale is one to try: with it neither can u wrap, nor is the threshold
// too large for v, nor a bias for its mantissa.
func (m limits) allow(s scale) bool {
	u := 2 * m.sum / s.ratio * (1 << fixed.ActShift) * fixed.DecayOne / max(1, m.iDecay) // 2: rounding may add
	return s.ratio > 0 && s.ratio < math.Inf(1) && s.threshold <= m.threshold && u < fixed.UMax && mantissa(m.bias/s.ratio, fixed.MaxBiasExp) <= fixed.MaxBias
}

// scales returns the scales to try for a layer, with exponents still to be chosen. The first has the
// source's threshold where that is an integer and not too small beside the weights, and is there even if it is not allowed.
func (l *Layer) scales(bits snn.WeightBits) (all []scale) {
	first, limits := l.unit(), l.limits()
	if !l.spikes() { // any will do, on all scales it is the same
		first = cmp.Or(limits.most, limits.bias, 1)
	}
	factor := 1.0
	if l.SRM != nil {
		factor = unitSRM / first
	} else if first > snn.MaxVTh || first != math.Trunc(first) {
		_, e := math.Frexp(first)
		factor = math.Ldexp(1, 8-e) // from 128 on
	}
	for lo, hi, _ := bits.Levels(); first*factor >= 2 && limits.most*factor > float64(max(hi, -lo)<<snn.MaxExp); {
		factor /= 2 // to where the largest weight is not clipped
	}
	for k := 0; ; k++ {
		th := math.RoundToEven(first * factor)
		s := scale{bits: bits, ratio: first / th, threshold: int32(th)}
		if k > 0 && !limits.allow(s) {
			return all
		}
		if !l.spikes() {
			s.threshold = l.threshold()
		}
		all = append(all, s)
		factor *= 1 + 1.0/octave
	}
}

// spikes reports whether a threshold decides when the layer's neurons spike: one of 0 and none are
// the same on all scales.
func (l *Layer) spikes() bool { return l.Threshold > 0 && !math.IsInf(l.Threshold, 1) }

// threshold returns the threshold on the layer's own scale.
func (l *Layer) threshold() int32 {
	if math.IsInf(l.Threshold, 1) {
		return fixed.MaxVTh
	}
	return int32(l.Threshold)
}

// unit returns what an integer weight of 1 stands for where the threshold is 1.
func (l *Layer) unit() float64 {
	if l.SRM != nil {
		return l.Threshold * toResponses(*l.SRM).peak
	}
	return l.Threshold
}

// search returns the scale to begin with for a layer: the one with the least mean square error, as far as its neurons have room for it.
func (l *Layer) search(bits snn.WeightBits, o Options) scale {
	s := l.least(bits, o.PerChannel)
	if l.SRM != nil {
		s = s.within(l.most(o), l.unit())
	}
	return s
}

// least returns the scale with the least mean square error of the weights of a layer, with an
// exponent for each row where that is asked for.
func (l *Layer) least(bits snn.WeightBits, each bool) scale {
	every := (len(l.Weight) + searched - 1) / searched
	cols := len(l.Weight) / l.rows()
	rows := make([][]float64, 1, l.rows()) // some of the weights, by row or all together
	for at := 0; at < len(l.Weight); at += every {
		if each && at/cols > len(rows)-1 {
			rows = append(rows, nil)
		}
		rows[len(rows)-1] = append(rows[len(rows)-1], l.Weight[at])
	}
	var best scale
	least, all := math.Inf(1), l.scales(bits)
	if !each { // the exponent before the threshold, so that the least exponent wins where errors are equal
		for exp := bits.MinExp(); exp <= snn.MaxExp; exp++ {
			for _, s := range all {
				if e := s.square(rows[0], exp, least); e < least {
					best, least = s, e
					best.exp = []int{exp}
				}
			}
		}
		return best
	}
	for _, s := range all {
		sum := 0.0
		for _, row := range rows {
			_, e := s.exponent(row)
			sum += e
		}
		if sum < least {
			best, least = s, sum
		}
	}
	for r := range l.rows() {
		e, _ := best.exponent(l.row(r))
		best.exp = append(best.exp, e)
	}
	return best
}

// exponent returns the exponent with the least square error for some weights, and the error.
func (s *scale) exponent(row []float64) (best int, least float64) {
	least = math.Inf(1)
	for exp := s.bits.MinExp(); exp <= snn.MaxExp; exp++ {
		if e := s.square(row, exp, least); e < least {
			best, least = exp, e
		}
	}
	return best, least
}

// square returns the square error of some weights, or something not below limit.
func (s *scale) square(row []float64, exp int, limit float64) (sum float64) {
	for _, w := range row {
		_, e := s.round(w, exp)
		if sum += float64(e * e); sum >= limit {
			break
		}
	}
	return sum
}

// levels returns the weights that there are, from lo to hi in steps.
func (s *scale) levels() (lo, hi, step int) {
	lo, hi, step = s.bits.Levels()
	switch s.mode {
	case fixed.Excitatory: // of one sign, one bit finer
		lo, hi, step = 0, 256-step/2, step/2
	case fixed.Inhibitory:
		lo, hi, step = step/2-256, 0, step/2
	}
	return lo, hi, step
}

// unit is an integer weight of 1 in the units of the real weights.
func (s *scale) unit(exp int) float64 { return math.Ldexp(s.ratio, exp) }

// round returns the integer for a weight, and the error in the weight's own units.
func (s *scale) round(w float64, exp int) (int16, float64) {
	lo, hi, step := s.levels()
	unit := s.unit(exp)
	x := max(float64(lo), min(float64(hi), math.RoundToEven(w/unit/float64(step))*float64(step)))
	return int16(x), float64(x*unit) - w
}

// clips reports whether a weight lies beyond what the bits hold.
func (s *scale) clips(w float64, exp int) bool {
	lo, hi, step := s.levels()
	half := float64(step) / 2
	return w/s.unit(exp) < float64(lo)-half || w/s.unit(exp) > float64(hi)+half
}

// row returns the exponent of a row of the weights.
func (s *scale) row(r int) int { return s.exp[r%len(s.exp)] }

// mantissa returns what of a bias, in integer weights, its mantissa has to hold: it enters v as
// 64 weights do, shifted by the exponent.
func mantissa(bias float64, exp int) float64 {
	return math.RoundToEven(math.Ldexp(bias*(1<<fixed.ActShift), -exp))
}
