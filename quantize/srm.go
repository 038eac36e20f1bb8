package quantize

import (
	"math"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
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
}

// toResponses rounds the decays and takes, of the gains, the exponents that let the integers
// be as large as the response or up to twice that: the rest goes to threshold and kick,
// such that both responses are right at their peaks.
func toResponses(r snn.Response) responses {
	x := responses{SRM: fixed.SRM{SDecay: decayOf(r.TauS), RDecay: decayOf(r.TauR)}}
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
func decayOf(tau float64) int32 {
	return int32(max(1, math.RoundToEven(fixed.DecayOne*(1-train.Exp(-1/tau)))))
}

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

// within returns the scale with a threshold of at most limit, and with the same weights where
// its exponent allows for it.
func (s scale) within(limit int32) scale {
	for s.exp > 0 && s.threshold > limit {
		s.exp, s.threshold = s.exp-1, s.threshold/2
	}
	s.threshold = min(s.threshold, limit)
	return s
}

// srm fills in layer k, of SRM neurons, with weights of fl.WeightBits bits, as SRM neurons or as "cuba".
// It returns the threshold.
func (r *Report) srm(m *train.Model, k int, as string, fl *fixed.Layer, lr *LayerReport) int32 {
	l := m.Net.Layers[k]
	response := l.Neuron.SRM
	x := toResponses(response)
	rows := [][]float64{make([]float64, fl.Weights())} // of a pool
	for i := range rows[0] {
		rows[0][i] = train.PoolGain * response.Theta * train.WeightOne
	}
	if l.Kind != snn.Pool {
		rows = realWeights(m, k)
	}
	unit := unitSRM / (response.Theta * x.peak) / train.WeightOne // takes 1/64 to where unitSRM is the threshold
	for _, row := range rows {
		for i := range row {
			row[i] *= unit
		}
	}
	// The states saturate, so that the sums alone must fit: to the search, a u that is not shifted and does not last.
	s := search(rows, fl.WeightBits, fixed.CUBA{IDecay: fixed.DecayOne << fixed.ActShift, VTh: unitSRM}).within(x.limit())
	threshold := s.threshold
	fl.Neuron = x.neuron(threshold)
	if as == snn.CUBA {
		f, ok := r.fits[response]
		if !ok {
			f = fitCUBA(response)
			r.fits[response] = f
		}
		s = s.within(int32(max(1, maxThreshold/f.threshold)))
		n := f.neuron(s.threshold)
		fl.Neuron, threshold = n, n.VTh
		r.Conversions = append(r.Conversions, Conversion{Name: l.Name, Neuron: n.String(), Distance: f.distance})
	}
	fl.WeightExp = s.exp
	r.weights(fl, lr, rows, s)
	lr.MaxError, lr.RMSError, lr.RMSWeight = lr.MaxError/unit, lr.RMSError/unit, lr.RMSWeight/unit
	return threshold
}

// srmKernel returns the kernel of a convolution or pool, nil for a dense layer.
func srmKernel(l snn.Layer) *fixed.Kernel {
	switch l.Kind {
	case snn.Conv:
		return fixed.Square(l.Kernel, l.Stride, l.Padding, l.Dilation, l.Groups)
	case snn.Pool:
		return fixed.Square(l.Kernel, l.Stride, l.Padding, l.Dilation, l.In.C)
	}
	return nil
}
