package quantize

import (
	"math"
	"slices"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/train"
)

const (
	// unitSRM is the threshold mantissa that the search for the scale of SRM weights begins at.
	unitSRM = 256
	// maxSRM leaves the states room for 32 thresholds: trained SRM neurons are often inhibited by
	// ten and more, which CUBA neurons forget at a spike.
	maxSRM = 1 << 12
)

// responses are the integers of an SRM neuron that do not depend on the scale of its weights,
// and what their gains lack.
type responses struct {
	fixed.SRM
	peak float64 // u after a single spike, in 64 times its weight, over ε, at the peak: 1 to 2
	kick float64 // in thresholds, for which the deepest point of ν is where it should be

	decayError float64 // the largest of the decays, in 1/4096
}

// toResponses rounds the decays and takes, of the gains, the exponents that let the integers
// be as large as the response or up to twice that: the rest goes to threshold and kick,
// such that both responses are right at their peaks.
func toResponses(r snn.Response) responses {
	x := responses{SRM: fixed.SRM{SDecay: decayOf(r.TauS), RDecay: decayOf(r.TauR)}}
	x.decayError = max(math.Abs(float64(x.SDecay)-decayIn(r.TauS)), math.Abs(float64(x.RDecay)-decayIn(r.TauR)))
	shift := func(decay int32, want float64) (s int32, gain float64) {
		for gain = cascadePeak(decay, decay) / want; gain >= 2; gain /= 2 {
			s++
		}
		return s, gain
	}
	x.SShift, x.peak = shift(x.SDecay, alphaPeak(r.TauS))
	if r.Refractory == "slayer" {
		x.XDecay = x.RDecay
		x.RShift, x.kick = shift(x.RDecay, alphaPeak(r.TauR))
		x.kick = r.ScaleRef / x.kick
	} else {
		x.XDecay = fixed.DecayOne
		x.kick = r.ScaleRef * train.Exp(1-1/r.TauR) // in the tick after the spike
	}
	return x
}

// decayOf returns the decay of a time constant in ticks, at least 1.
func decayOf(tau float64) int32 { return int32(max(1, math.RoundToEven(decayIn(tau)))) }

// decayIn returns it before rounding, in 1/4096.
func decayIn(tau float64) float64 { return fixed.DecayOne * (1 - train.Exp(-1/tau)) }

// alphaPeak returns the largest value of t/τ·exp(1 − t/τ) at a tick after 0.
func alphaPeak(tau float64) float64 {
	peak := 0.0
	for _, t := range []float64{max(1, math.Floor(tau)), math.Ceil(tau)} {
		peak = max(peak, t/tau*train.Exp(1-t/tau))
	}
	return peak
}

// cascadePeak returns the largest value of what two decays in a row make of a pulse of 1.
func cascadePeak(first, second int32) float64 {
	a, b, peak := 1.0, 0.0, 0.0
	for {
		if b = float64(b*(1-float64(second)/fixed.DecayOne)) + a; b <= peak {
			return peak
		}
		peak = b
		a *= 1 - float64(first)/fixed.DecayOne
	}
}

// limit returns the largest threshold for which kick and states have room.
func (x responses) limit() int32 {
	return int32(min(maxSRM, fixed.MaxKick/max(x.kick, 1)))
}

// neuron returns the neuron of a threshold.
func (x responses) neuron(threshold int32) fixed.SRM {
	n := x.SRM
	n.VTh, n.Kick = threshold, int32(math.RoundToEven(x.kick*float64(threshold)))
	return n
}

// most returns the largest threshold that SRM neurons, or what stands in for them, have room for.
func (l *Layer) most(o Options) int32 {
	most := toResponses(*l.SRM).limit()
	if o.As != "" {
		most = min(most, int32(max(1, maxThreshold/l.fit.threshold)))
	}
	return most
}

// within returns the scale with a threshold of at most limit, and with the same weights where
// its exponents allow for it. unit is Layer.unit.
func (s scale) within(limit int32, unit float64) scale {
	s.exp = slices.Clone(s.exp)
	for s.threshold > limit && slices.Min(s.exp) > s.bits.MinExp() {
		for i := range s.exp {
			s.exp[i]--
		}
		s.threshold /= 2
	}
	s.threshold = min(s.threshold, limit)
	s.ratio = unit / float64(s.threshold)
	return s
}

// runSRM runs neurons of that many columns on the weights that arrive at each tick, without rounding and without cutting the responses.
func runSRM(r snn.Response, theta float64, sum []float64, size int) *spike.Raster {
	q, qr := train.Exp(-1/r.TauS), train.Exp(-1/r.TauR)
	gain, kick, keepX := train.Exp(1-1/r.TauS)/r.TauS, r.ScaleRef*theta*train.Exp(1-1/r.TauR), 0.0
	if r.Refractory == "slayer" {
		kick, keepX = kick/r.TauR, qr
	}
	out := spike.NewRaster(size)
	w, u, x, ref := make([]float64, size), make([]float64, size), make([]float64, size), make([]float64, size)
	var fired []int32
	for ; len(sum) > 0; sum = sum[size:] {
		fired = fired[:0]
		for o := range size {
			w[o] = float64(w[o]*q) + sum[o]
			u[o] = float64(u[o]*q) + w[o]
			x[o] = float64(x[o]*keepX) + ref[o]
			ref[o] = float64(ref[o] * qr)
			if float64(gain*u[o])+x[o] >= theta {
				fired = append(fired, int32(o))
				ref[o] -= kick
			}
		}
		out.Append(fired...)
	}
	return out
}
