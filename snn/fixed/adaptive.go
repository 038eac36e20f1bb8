package fixed

import "fmt"

const kindALIF = "alif"

// ALIF holds the parameters of adaptive leaky integrate-and-fire neurons: SLAYER's ALIF,
// whose spikes raise the threshold and start a refractory response, both of which decay,
// and leave v as it is. No recording pins this kind: it is SLAYER's source read, in the
// registers of CUBA.
//
// Registers of 24 bits: U the current, which wraps, V the voltage, W the refractory response
// and X what the threshold is above VTh<<6, which saturate.
type ALIF struct {
	IDecay   int32 // decay of u in 1/4096 per tick, 0..4096
	VDecay   int32 // decay of v in 1/4096 per tick, 0..4096
	ThDecay  int32 // decay of the threshold toward its rest in 1/4096 per tick, 0..4096
	RefDecay int32 // decay of the refractory response in 1/4096 per tick, 0..4096
	VTh      int32 // mantissa of the threshold at rest
	VThStep  int32 // mantissa of what a spike adds to the threshold
}

// Kind returns "alif".
func (ALIF) Kind() string { return kindALIF }

func (p ALIF) String() string {
	return fmt.Sprintf("i_decay %d, v_decay %d, th_decay %d, ref_decay %d, v_th %d, v_th_step %d",
		p.IDecay, p.VDecay, p.ThDecay, p.RefDecay, p.VTh, p.VThStep)
}

// Check returns what is wrong with the parameters.
func (p ALIF) Check() error {
	return within(parameter{"i_decay", p.IDecay, 0, DecayOne}, parameter{"v_decay", p.VDecay, 0, DecayOne},
		parameter{"th_decay", p.ThDecay, 0, DecayOne}, parameter{"ref_decay", p.RefDecay, 0, DecayOne},
		parameter{"v_th", p.VTh, 0, MaxVTh}, parameter{"v_th_step", p.VThStep, 0, MaxVTh})
}

// Advance advances s by one tick; a spike is the message 1.
func (p ALIF) Advance(s *State, in Drive) int32 {
	s.U = Wrap(decayed(s.U, p.IDecay) + in.Sum<<ActShift)
	s.V = Saturate(decayed(s.V, p.VDecay) + int64(s.U) + in.Bias)
	s.W, s.X = int32(decayed(s.W, p.RefDecay)), int32(decayed(s.X, p.ThDecay))
	threshold := int64(p.VTh)<<ActShift + int64(s.X)
	if int64(s.V) < threshold+int64(s.W) {
		return 0
	}
	s.W = Saturate(int64(s.W) + 2*threshold)
	s.X = Saturate(int64(s.X) + int64(p.VThStep)<<ActShift)
	return 1
}
