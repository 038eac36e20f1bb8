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
}

// Step advances all neurons by one tick. acc holds the summed weight codes, two
// units of weight each, and is cleared. rho gets the surrogate derivative at each
// neuron. The neurons that spike are appended to fired, ascending.
func (p *CUBA) Step(acc []int32, rho []float32, fired []int32) []int32 {
	ku, kv := int64(fixed.DecayOne-p.Par.IDecay), int64(fixed.DecayOne-p.Par.VDecay)
	th := int32(min(int64(p.Par.VTh)<<fixed.ActShift, 1<<30))
	us, vs := p.U[:len(acc)], p.V[:len(acc)]
	rho = rho[:len(acc)]
	table := p.Rho
	for o, a := range acc {
		acc[o] = 0
		// Same as fixed.Wrap: modulo 2^24 into (−2^23, 2^23].
		u := int32(tz(int64(us[o])*ku)) + a<<(fixed.ActShift+1)
		u = (u-1)<<8>>8 + 1
		// The 24 low bits of u−1, sign-extended, are in [−2^23, 2^23).
		us[o] = u
		if p.Ref != nil && p.Ref[o] > 0 {
			p.Ref[o]--
			vs[o] = 0
			rho[o] = 0
			continue
		}
		v := int32(tz(int64(vs[o])*kv)) + u
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
		r := float32(0)
		if k := int(uint32(dist) >> p.RhoShift); k < len(table) {
			r = table[k]
		}
		rho[o] = r
	}
	return fired
}

func tz(x int64) int64 {
	// Adding 4095 to a negative x before the arithmetic shift rounds toward zero.
	return (x + x>>63&(fixed.DecayOne-1)) >> fixed.DecayShift
}

// Adjoint filters an error backward in time through the neurons' two decays, in
// place: e[t] becomes ∂L/∂a[t], given e[t] = ∂L/∂s[t] and the surrogate rho[t].
// All are ticks×n, tick-major; keepU and keepV are the factors 1 − decay. Where
// spiked is not nil, a spike cuts the path through v: the reset made the voltage
// after it independent of the one before.
func Adjoint(e, rho []float32, n int, keepU, keepV float32, spiked func(t int) []int32) {
	gu, gv := make([]float32, n), make([]float32, n)
	for t := len(e)/n - 1; t >= 0; t-- {
		row, r := e[t*n:][:n], rho[t*n:][:n]
		if spiked != nil {
			for _, o := range spiked(t) {
				gv[o] = 0
			}
		}
		for o := range row {
			v := float32(r[o]*row[o]) + float32(keepV*gv[o])
			u := v + float32(keepU*gu[o])
			gv[o], gu[o], row[o] = v, u, u
		}
	}
}
