package kernel

import "github.com/isospike/isospike/snn/fixed"

// CUBA is a population of integer neurons in the form that training runs: see
// fixed.CUBA.Step for the definition. Neurons that train have no bias.
type CUBA struct {
	Par      fixed.CUBA
	U, V     []int32
	Ref      []int32   // ticks of rest left; nil while RefDelay is 1
	Rho      []float32 // surrogate by |v − θ| >> RhoShift; 0 beyond its end
	RhoShift uint

	// ExtraShift is e where a weight code is worth 2·2^e units of weight.
	ExtraShift uint
}

// Step advances all neurons by one tick. acc holds the summed weight codes, each
// 2·2^ExtraShift units of weight, and is cleared. rho gets the surrogate derivative at each
// neuron, unless it is nil. The neurons that spike are appended to fired, ascending.
//
// The states must be what Step left there, or zero, and the decays in 0..4096.
func (p *CUBA) Step(acc []int32, rho []float32, fired []int32) []int32 {
	return p.step(acc, rho, fired)
}

// stepGo is Step for the neurons from lo on.
func (p *CUBA) stepGo(lo int, acc []int32, rho []float32, fired []int32) []int32 {
	ku, kv, th := p.factors()
	us, vs, table, up := p.U[:len(acc)], p.V[:len(acc)], p.Rho, p.up()
	if rho != nil {
		rho = rho[:len(acc)]
	}
	for o := lo; o < len(acc); o++ {
		// Same as fixed.Wrap: modulo 2^24 into (−2^23, 2^23].
		u := int32(tz(int64(us[o])*int64(ku))) + acc[o]<<up
		u = (u-1)<<8>>8 + 1
		// The 24 low bits of u−1, sign-extended, are in [−2^23, 2^23).
		us[o], acc[o] = u, 0
		if p.Ref != nil && p.Ref[o] > 0 {
			p.Ref[o]--
			vs[o] = 0
			if rho != nil {
				rho[o] = 0
			}
			continue
		}
		v := int32(tz(int64(vs[o])*int64(kv))) + u
		v = max(-fixed.VMax, min(fixed.VMax, v))
		dist := v - th
		if dist > 0 {
			fired = append(fired, int32(o))
			v = 0
			if p.Ref != nil {
				p.Ref[o] = p.Par.RefDelay - 1
			}
		} else {
			dist = -dist
		}
		vs[o] = v
		if rho != nil {
			r := float32(0)
			if k := int(uint32(dist) >> p.RhoShift); k < len(table) {
				r = table[k]
			}
			rho[o] = r
		}
	}
	return fired
}

// up is the shift that takes acc to units of u; all above 31 are the same.
func (p *CUBA) up() uint { return fixed.ActShift + 1 + min(p.ExtraShift, 32) }

// factors returns what of u and v remains after a tick, in 1/4096, and the
// threshold in units of v.
func (p *CUBA) factors() (ku, kv, th int32) {
	return fixed.DecayOne - p.Par.IDecay, fixed.DecayOne - p.Par.VDecay, int32(min(int64(p.Par.VTh)<<fixed.ActShift, 1<<30))
}

func tz(x int64) int64 {
	// Adding 4095 to a negative x before the arithmetic shift rounds toward zero.
	return (x + x>>63&(fixed.DecayOne-1)) >> fixed.DecayShift
}

// Adjoint filters an error backward in time through the neurons' two decays, in
// place: e[t] becomes ∂L/∂a[t], given e[t] = ∂L/∂s[t] and the surrogate rho[t].
// Both are tick-major; gv is scratch of one row, its length the number of neurons;
// keepU and keepV are the factors 1 − decay. Where spiked is not nil, a spike cuts
// the path through v: the reset made the voltage after it independent of the one
// before.
func Adjoint(e, rho, gv []float32, keepU, keepV float32, spiked func(t int) []int32) {
	n := len(gv)
	clear(gv)
	gu := gv // nothing comes after the last tick: any row of zeros
	for t := len(e)/max(1, n) - 1; t >= 0; t-- {
		if spiked != nil {
			for _, o := range spiked(t) {
				gv[o] = 0
			}
		}
		row := e[t*n:][:n]
		adjointRow(row, rho[t*n:][:n], gu, gv, keepU, keepV)
		gu = row
	}
}

// adjointRowGo takes one tick of Adjoint: gu is the row after e, gv carries ∂L/∂v.
func adjointRowGo(e, r, gu, gv []float32, keepU, keepV float32) {
	r, gu, gv = r[:len(e)], gu[:len(e)], gv[:len(e)]
	for o := range e {
		v := float32(r[o]*e[o]) + float32(keepV*gv[o])
		e[o], gv[o] = v+float32(keepU*gu[o]), v
	}
}
