package fixed

import (
	"fmt"

	"github.com/isospike/isospike/snn"
)

// Widths of the hardware registers.
const (
	StateBits  = 24
	UMax       = 1 << (StateBits - 1) // largest u; −UMax itself wraps to +UMax
	VMax       = 1<<(StateBits-1) - 1 // v saturates at ±VMax
	DecayShift = 12                   // decays are in 1/4096
	DecayOne   = 1 << DecayShift      // a decay that forgets everything
	ActShift   = 6                    // weights enter u, and thresholds v, times 64
	MaxBias    = 1<<12 - 1            // 13 bits signed
	MaxBiasExp = 7                    // 3 bits
	MaxVTh     = 1 << 17              // as a mantissa; 1<<17 itself never spikes
)

// Tz divides by 4096, rounding toward zero.
func Tz(x int64) int64 {
	if x < 0 {
		return -(-x >> DecayShift)
	}
	return x >> DecayShift
}

// Wrap takes x modulo 2^24 into (−2^23, 2^23], Lava's range: +2^23 stays and
// −2^23 becomes +2^23. (nengo-loihi does the opposite at these two points.)
func Wrap(x int64) int32 {
	const m = 1 << StateBits
	x &= m - 1
	if x > UMax {
		x -= m
	}
	return int32(x)
}

// Accumulate takes a sum of weights into the accumulator's 24 bits, two's complement: modulo
// 2^24 into [−2^23, 2^23). Only messages other than 1 can bring a sum that far: see
// docs/numerics.md.
func Accumulate(sum int64) int64 {
	const spare = 64 - StateBits
	return sum << spare >> spare
}

// Saturate clips x to ±(2^23 − 1).
func Saturate(x int64) int32 {
	return int32(max(-VMax, min(VMax, x)))
}

// Shift returns x·2^e; a negative exponent floors.
func Shift(x int64, e int) int64 {
	if e < 0 {
		return x >> -e
	}
	return x << e
}

// CUBA holds the parameters of current-based leaky integrate-and-fire neurons.
type CUBA struct {
	IDecay   int32 // decay of u in 1/4096 per tick, 0..4096
	VDecay   int32 // decay of v in 1/4096 per tick, 0..4096
	VTh      int32 // threshold mantissa; a spike needs v > VTh<<6
	RefDelay int32 // 1 is the plain reset; r keeps v at 0 for r−1 ticks after a spike
}

// Kind returns "cuba".
func (CUBA) Kind() string { return snn.CUBA }

func (p CUBA) String() string {
	return fmt.Sprintf("i_decay %d, v_decay %d, v_th %d, ref_delay %d", p.IDecay, p.VDecay, p.VTh, p.RefDelay)
}

// Check returns what is wrong with the parameters.
func (p CUBA) Check() error {
	return snn.Neuron{IDecay: int(p.IDecay), VDecay: int(p.VDecay), VTh: int(p.VTh), RefDelay: int(p.RefDelay)}.Validate("")
}

// Advance is Step; a spike is the message 1.
func (p CUBA) Advance(s *State, in Drive) int32 {
	if p.Step(s, in.Sum, in.Bias) {
		return 1
	}
	return 0
}

// Step advances s by one tick with summed synaptic input a (the exponent already
// applied) and bias, and reports whether the neuron spikes.
func (p CUBA) Step(s *State, a int64, bias int64) bool {
	s.U = Wrap(Tz(int64(s.U)*int64(DecayOne-p.IDecay)) + a<<ActShift)
	if s.Ref > 0 {
		s.Ref--
		s.V = 0
		return false
	}
	s.V = Saturate(Tz(int64(s.V)*int64(DecayOne-p.VDecay)) + int64(s.U) + bias)
	if int64(s.V) <= int64(p.VTh)<<ActShift {
		return false
	}
	s.V = 0
	s.Ref = p.RefDelay - 1
	return true
}
