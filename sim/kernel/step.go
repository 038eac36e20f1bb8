package kernel

import "github.com/isospike/isospike/snn/fixed"

// Params is what the neurons of a range share, in the form that the update takes it.
type Params struct {
	keepU, keepV int32 // what of u and v remains after a tick, in 1/4096
	th           int32 // a spike needs v above it
	down, up     int32 // shifts of a sum of weights: first down, which floors, then up
	refrain      int32 // ticks of rest after a spike
}

// NewParams returns the parameters of neurons whose sums of weights are shifted by exp, −8 to 7.
func NewParams(n fixed.CUBA, exp int) Params {
	return Params{keepU: fixed.DecayOne - n.IDecay, keepV: fixed.DecayOne - n.VDecay, th: n.VTh << fixed.ActShift,
		down: int32(max(-exp, 0)), up: int32(fixed.ActShift + max(exp, 0)), refrain: n.RefDelay - 1}
}

// Step advances neurons by one tick as fixed.CUBA.Step does: their states u, v and ref, the sums of
// the weights that arrived, which it clears, and what is added to v. bias may be nil, which is none,
// and ref where no neuron of the range rests. It writes the numbers of the neurons that spike to fired, ascending, and
// returns how many there are, and whether all are left with u, v and ref 0. It panics where a slice is shorter than u.
//
// The states must be what Step left there, or zero; sums, shifted, within ±2^23 and biases within ±2^22.
func Step(p *Params, u, v, acc, bias, ref, fired []int32) (spikes int, rest bool) {
	n := len(u)
	v, acc, fired = v[:n], acc[:n], fired[:n]
	if bias != nil {
		bias = bias[:n]
	}
	if ref != nil {
		ref = ref[:n]
	}
	return step(p, u, v, acc, bias, ref, fired)
}

// stepGo is Step for the neurons from lo on, of whose predecessors spikes spiked.
func stepGo(lo, spikes int, p *Params, u, v, acc, bias, ref, fired []int32) (int, bool) {
	moved := int32(0)
	for o := lo; o < len(u); o++ {
		// As fixed.Wrap: modulo 2^24 into (−2^23, 2^23].
		x := int32(fixed.Tz(int64(u[o])*int64(p.keepU))) + acc[o]>>p.down<<p.up
		x = (x-1)<<8>>8 + 1
		u[o], acc[o] = x, 0
		if ref != nil && ref[o] > 0 {
			ref[o]--
			v[o] = 0
			moved |= x | ref[o]
			continue
		}
		y := int32(fixed.Tz(int64(v[o])*int64(p.keepV))) + x
		if bias != nil {
			y += bias[o]
		}
		y = max(-fixed.VMax, min(fixed.VMax, y))
		if y > p.th {
			fired[spikes] = int32(o)
			spikes++
			y = 0
			if ref != nil {
				ref[o] = p.refrain
				moved |= p.refrain
			}
		}
		v[o] = y
		moved |= x | y
	}
	return spikes, moved == 0
}
