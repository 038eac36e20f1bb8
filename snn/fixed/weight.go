package fixed

import "fmt"

// SignMode says which signs the weights of a layer may take; it decides how many
// of the stored bits carry magnitude. See docs/numerics.md.
type SignMode uint8

// The sign modes of Loihi.
const (
	Mixed      SignMode = iota // −256..254, one bit of precision goes to the sign
	Excitatory                 // 0..255
	Inhibitory                 // −255..0
)

// String returns the mode's name.
func (m SignMode) String() string {
	return [...]string{"mixed", "excitatory", "inhibitory"}[m]
}

// ParseSignMode is the inverse of String.
func ParseSignMode(s string) (SignMode, error) {
	for m := Mixed; m <= Inhibitory; m++ {
		if m.String() == s {
			return m, nil
		}
	}
	return 0, fmt.Errorf("sign mode %q: expected mixed, excitatory or inhibitory", s)
}

// InferMode returns the sign mode Lava infers for a set of weights: excitatory
// when none is negative, else inhibitory when none is positive, else mixed.
func InferMode[T int16 | int32 | int64](w []T) SignMode {
	neg, pos := false, false
	for _, x := range w {
		neg = neg || x < 0
		pos = pos || x > 0
	}
	switch {
	case !neg:
		return Excitatory
	case !pos:
		return Inhibitory
	}
	return Mixed
}

// The range of a weight exponent.
const minExp, maxExp = -8, 7

// MaxWeightBits returns the most bits that a weight can have: 8, and of mixed weights 9, the
// eight of an excitatory and an inhibitory synapse and which of the two it is.
func MaxWeightBits(mode SignMode) int {
	if mode == Mixed {
		return 9
	}
	return 8
}

// Truncate returns the weight that hardware with bits weight bits stores for w:
// clipped to the mode's range, low bits cleared (on the magnitude for
// inhibitory weights, so that it moves toward zero; toward −∞ otherwise).
// Mixed weights of 9 bits are −255..255: each is stored in a synapse of its sign.
func Truncate(w int64, bits int, mode SignMode) int16 {
	if bits == 9 {
		return int16(max(-255, min(255, w)))
	}
	k := 8 - bits
	switch mode {
	case Excitatory:
		w = max(0, min(255, w))
	case Inhibitory:
		w = min(0, max(-255, w))
		return int16(-(-w >> k << k))
	default:
		w = max(-256, min(255, w))
		k++
	}
	return int16(w >> k << k)
}

// Code returns the 8-bit code that the tables store for a legal weight: the
// magnitude of a one-sided layer, half of a mixed weight in two's complement.
func (m SignMode) Code(w int16) uint8 {
	switch m {
	case Excitatory:
		return uint8(w)
	case Inhibitory:
		return uint8(-w)
	}
	return uint8(w >> 1)
}

// Weight is the inverse of Code.
func (m SignMode) Weight(code uint8) int16 {
	switch m {
	case Excitatory:
		return int16(code)
	case Inhibitory:
		return -int16(code)
	}
	return int16(int8(code)) << 1
}
