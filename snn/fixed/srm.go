package fixed

import (
	"fmt"
	"math"

	"github.com/isospike/isospike/snn"
)

// The ranges of an SRM neuron's parameters.
const (
	MaxShift = 15        // of a response's gain, 4 bits
	MaxKick  = 1<<17 - 1 // 17 bits, like a threshold
)

// SRM holds the parameters of the SLAYER paper's neuron. Its potential is the sum of the
// response ε to every weighted spike that arrives and of the response ν to every spike of
// its own, and it does not reset. Each response is what two decays in a row make of a
// pulse: with equal decays t/τ·exp(1 − t/τ), but for a factor. One tick:
//
//	w   = sat(tz(w·(4096 − SDecay)) + (a << 6))
//	u   = sat(tz(u·(4096 − SDecay)) + w/2^SShift)
//	x   = sat(tz(x·(4096 − XDecay)) + ref/2^RShift)
//	v   = sat(u + x + bias)
//	s   = v >= VTh << 6
//	ref = sat(tz(ref·(4096 − RDecay)) − (s ? Kick << 6 : 0))
//
// The shifts round toward zero, as tz does. They are the exponents of the gains; the
// mantissas are in VTh and Kick, because a factor of weights, threshold and kick together
// changes nothing, and so a neuron takes four multiplications, each by a decay. A state
// saturates: of all that a register's end could do that is the least wrong, and it
// has no order to depend on.
//
// Of State, U is u, the response to the input; V is v, the potential that was compared with
// the threshold, kept for records alone; W, X and Ref are w, x and ref.
type SRM struct {
	SDecay int32 // decay of w and u, 0..4096
	SShift int32 // 0..15
	RDecay int32 // decay of ref, 0..4096
	XDecay int32 // decay of x: RDecay for ν as SLAYER's code has it, 4096 for a plain exponential, as the paper prints it
	RShift int32 // 0..15
	Kick   int32 // what a spike takes from ref, as a mantissa, 0..131071
	VTh    int32 // threshold mantissa, 1..131072; 1<<17 never spikes
}

// Kind returns "srm".
func (SRM) Kind() string { return snn.SRM }

func (p SRM) String() string {
	return fmt.Sprintf("s_decay %d, s_shift %d, r_decay %d, x_decay %d, r_shift %d, kick %d, v_th %d", p.SDecay, p.SShift, p.RDecay, p.XDecay, p.RShift, p.Kick, p.VTh)
}

// Check returns what is wrong with the parameters.
func (p SRM) Check() error {
	return within(parameter{"s_decay", p.SDecay, 0, DecayOne}, parameter{"s_shift", p.SShift, 0, MaxShift}, parameter{"r_decay", p.RDecay, 0, DecayOne},
		parameter{"x_decay", p.XDecay, 0, DecayOne}, parameter{"r_shift", p.RShift, 0, MaxShift}, parameter{"kick", p.Kick, 0, MaxKick}, parameter{"v_th", p.VTh, 1, MaxVTh})
}

// Advance implements Neuron; a spike is the message 1.
func (p SRM) Advance(s *State, in Drive) int32 {
	s.W = Saturate(decayed(s.W, p.SDecay) + in.Sum<<ActShift)
	s.U = Saturate(decayed(s.U, p.SDecay) + towardZero(s.W, p.SShift))
	s.X = Saturate(decayed(s.X, p.XDecay) + towardZero(s.Ref, p.RShift))
	s.V = Saturate(int64(s.U) + int64(s.X) + in.Bias)
	spike := s.V >= p.VTh<<ActShift
	ref := decayed(s.Ref, p.RDecay)
	if spike {
		ref -= int64(p.Kick) << ActShift
	}
	if s.Ref = Saturate(ref); spike {
		return 1
	}
	return 0
}

// decayed returns what a tick leaves of a state.
func decayed(x, decay int32) int64 { return Tz(int64(x) * int64(DecayOne-decay)) }

// towardZero returns x/2^shift, rounded toward zero.
func towardZero(x, shift int32) int64 { return int64(x) / (1 << shift) }

// Bound returns the largest |u| that there can be over every input whose weights add up to
// at most sum in a tick, in magnitude and with the exponent applied, math.MaxInt64 where
// there is no end to it, and whether it is proved that no state ever saturates, at
// biases of at most bias in magnitude.
func (p SRM) Bound(sum, bias int64) (u int64, free bool) {
	w := steady(sum<<ActShift, 0, p.SDecay)
	u = steady(w, p.SShift, p.SDecay)
	ref := steady(int64(p.Kick)<<ActShift, 0, p.RDecay)
	x := steady(ref, p.RShift, p.XDecay)
	return u, max(w, u, ref, x) <= VMax && u+x+bias <= VMax
}

// steady bounds a state that takes at most in/2^shift in a tick: from s = in/2^shift·4096/decay
// on, tz(s·(4096 − decay)) + in/2^shift is at most s.
func steady(in int64, shift, decay int32) int64 {
	taken := in >> shift
	switch {
	case taken == 0:
		return 0
	case decay == 0 || in > math.MaxInt64>>DecayShift:
		return math.MaxInt64
	}
	return taken * DecayOne / int64(decay)
}
