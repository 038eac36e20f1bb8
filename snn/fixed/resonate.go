package fixed

import "fmt"

// The kinds of resonate-and-fire neurons.
const (
	kindRF   = "rf"
	kindRFIZ = "rf-iz"
)

// RF holds the parameters of resonate-and-fire neurons (Lava's RF, SLAYER's RF_PHASE),
// whose state is a complex number that turns and decays. They spike when it crosses the
// positive real axis from below, VTh<<6 or more from the origin, and do not reset.
//
// Registers of 24 bits that saturate: U the real part, V the imaginary one.
type RF struct {
	Sin, Cos int32 // of the turn in a tick, times what is left of the state, in 1/4096: ±4096
	VTh      int32 // threshold mantissa
}

// Kind returns "rf".
func (RF) Kind() string { return kindRF }

func (p RF) String() string { return fmt.Sprintf("sin %d, cos %d, v_th %d", p.Sin, p.Cos, p.VTh) }

// Check returns what is wrong with the parameters.
func (p RF) Check() error {
	return within(parameter{"sin", p.Sin, -DecayOne, DecayOne}, parameter{"cos", p.Cos, -DecayOne, DecayOne}, parameter{"v_th", p.VTh, 0, MaxVTh})
}

// turn advances the state without spikes.
func (p RF) turn(s *State, in Drive) {
	re, im := int64(s.U), int64(s.V)
	sin, cos := int64(p.Sin), int64(p.Cos)
	s.U = Saturate(Tz(cos*re) - Tz(sin*im) + in.Sum<<ActShift)
	s.V = Saturate(Tz(sin*re) + Tz(cos*im) + in.Imag<<ActShift)
}

// Advance turns the state; a spike is the message 1.
func (p RF) Advance(s *State, in Drive) int32 {
	before := s.V
	p.turn(s, in)
	if s.U >= p.VTh<<ActShift && s.V >= 0 && before < 0 {
		return 1
	}
	return 0
}

// RFIZ holds the parameters of Izhikevich's resonate-and-fire neurons (Lava's RF_IZ,
// SLAYER's RF_IZHIKEVICH): those of RF that spike when the imaginary part reaches VTh<<6,
// and are then reset to 0 and VTh<<6 − 1.
type RFIZ RF

// Kind returns "rf-iz".
func (RFIZ) Kind() string { return kindRFIZ }

func (p RFIZ) String() string { return RF(p).String() }

// Check returns what is wrong with the parameters.
func (p RFIZ) Check() error { return RF(p).Check() }

// Advance turns the state; a spike is the message 1.
func (p RFIZ) Advance(s *State, in Drive) int32 {
	RF(p).turn(s, in)
	if th := p.VTh << ActShift; s.V >= th {
		s.U, s.V = 0, th-1
		return 1
	}
	return 0
}
