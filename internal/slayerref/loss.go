package slayerref

import (
	"math"
	"slices"
)

// SpikeTrain is the distance of van Rossum between the output's spikes and the
// desired ones: E = ½ Σ_t,o (κ∗(s − want))²(t), κ = Alpha(tau, 1), and
// ∂E/∂s(t) = Σ_k κ(k)·(κ∗(s − want))(t+k). It is slayerPytorch's spikeTime with Ts 1.
func SpikeTrain(s, want Signal, tau float64) (value float64, e Signal) {
	kappa := Toeplitz(Alpha(tau, 1, s.Ticks()), s.Ticks())
	for o := range s {
		filtered := kappa.Times(minus(s[o], want[o]))
		for _, v := range filtered {
			value += v * v / 2
		}
		e = append(e, kappa.Transposed(filtered))
	}
	return value, e
}

// Rate is the count error inside an interval of T = to − from ticks:
// E = ½ Σ_o (count_o − target_o)²/T and ∂E/∂s = (count − target)/T inside, 0
// outside. Targets are in spikes, whatever unit they were given in.
func Rate(s Signal, target []float64, from, to int) (value float64, e Signal) {
	length := float64(to - from)
	for o := range s {
		miss := count(s[o], from, to) - target[o]
		value += miss * miss / (2 * length)
		e = append(e, interval(miss/length, from, to, s.Ticks()))
	}
	return value, e
}

// Silence is the error SpikeTrain of the spikes outside the interval against
// silence: E = ½ Σ_t,o (κ∗s')²(t), t over all ticks, where s' is s outside the
// interval and 0 inside. Its derivative is 0 inside.
func Silence(s Signal, from, to int, tau float64) (value float64, e Signal) {
	value, e = SpikeTrain(outside(s, from, to), NewSignal(len(s), s.Ticks()), tau)
	return value, outside(e, from, to)
}

// Count is the sum of Rate and Silence: spikes inside the interval are counted,
// spikes outside are errors.
func Count(s Signal, target []float64, from, to int, tau float64) (value float64, e Signal) {
	value, e = Rate(s, target, from, to)
	v, out := Silence(s, from, to, tau)
	for o := range e {
		for t := range e[o] {
			e[o][t] += out[o][t]
		}
	}
	return value + v, e
}

// NumSpikes is slayerPytorch's numSpikes to the letter, with Ts 1. Its error
//
//	ê = κ∗s' + (count − target)/T·[inside]
//
// is taken to the spikes as if it were SpikeTrain's, e(t) = Σ_k κ(k)·ê(t+k), at
// all ticks: the count is a detached constant there, and so are the spikes it
// subtracts inside the interval. The value is ½ Σ ê², of which e is not the
// derivative.
func NumSpikes(s Signal, target []float64, from, to int, tau float64) (value float64, e Signal) {
	kappa := Toeplitz(Alpha(tau, 1, s.Ticks()), s.Ticks())
	out := outside(s, from, to)
	for o := range s {
		hat := kappa.Times(out[o])
		for t := from; t < to; t++ {
			hat[t] += (count(s[o], from, to) - target[o]) / float64(to-from)
		}
		for _, v := range hat {
			value += v * v / 2
		}
		e = append(e, kappa.Transposed(hat))
	}
	return value, e
}

// NLL is the negative log-likelihood of a label: E = −log p_label with
// p = softmax(scale·count) of the counts inside the interval, and
// ∂E/∂s_o = scale·(p_o − [o = label]) inside, 0 outside.
func NLL(s Signal, label int, scale float64, from, to int) (value float64, e Signal) {
	logit := make([]float64, len(s))
	for o := range s {
		logit[o] = scale * count(s[o], from, to)
	}
	// softmax does not change when the same is taken off all; exp then cannot overflow.
	top, sum := slices.Max(logit), 0.0
	for _, x := range logit {
		sum += math.Exp(x - top)
	}
	value = top + math.Log(sum) - logit[label]
	for o := range s {
		p := math.Exp(logit[o]-top) / sum
		if o == label {
			p--
		}
		e = append(e, interval(scale*p, from, to, s.Ticks()))
	}
	return value, e
}

func count(s []float64, from, to int) float64 {
	c := 0.0
	for t := from; t < to; t++ {
		c += s[t]
	}
	return c
}

// interval returns v inside the interval and 0 outside.
func interval(v float64, from, to, ticks int) []float64 {
	e := make([]float64, ticks)
	for t := from; t < to; t++ {
		e[t] = v
	}
	return e
}

// outside returns s outside the interval and 0 inside.
func outside(s Signal, from, to int) Signal {
	y := NewSignal(len(s), s.Ticks())
	for o := range s {
		for t, v := range s[o] {
			if t < from || t >= to {
				y[o][t] = v
			}
		}
	}
	return y
}

func minus(x, y []float64) []float64 {
	z := make([]float64, len(x))
	for i := range x {
		z[i] = x[i] - y[i]
	}
	return z
}
