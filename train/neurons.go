package train

import (
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/train/kernel"
)

// population advances one layer's neurons. It hides whether the arithmetic is
// the hardware's or float, and what the neurons are.
type population interface {
	// reset brings all neurons to rest, with the parameters that the view now has.
	reset()
	// scaleInput multiplies the summed input by scale/256; 0 leaves it. Dropout asks for it.
	scaleInput(scale int32)
	// record has step write the states after each tick into u and v, matrices of
	// ticks×out in training units, v after its reset; nil ends it.
	record(u, v []float32)
	// step takes the inputs that arrive, gives the surrogate in rho unless that is
	// nil, and appends the neurons that spike to fired, ascending.
	step(inputs []int32, rho []float32, fired []int32) []int32
}

func newPopulation(v *view, n snn.Neuron, s snn.Surrogate) population {
	switch {
	case n.Kind == snn.SRM:
		return newSRMPopulation(v, n, s)
	case v.codes == nil:
		return newFloatPopulation(v, n, s)
	}
	table, shift := integerRho(s, n)
	return &integerPopulation{view: v, acc: make([]int32, v.out), cuba: kernel.CUBA{
		U: make([]int32, v.out), V: make([]int32, v.out), Rho: table, RhoShift: shift}}
}

// recorder keeps the rows that step has yet to fill.
type recorder struct{ u, v []float32 }

func (r *recorder) record(u, v []float32) { r.u, r.v = u, v }

// rows returns the next n values of each, or nil.
func (r *recorder) rows(n int) (u, v []float32) {
	if r.u == nil {
		return nil, nil
	}
	u, v = r.u[:n], r.v[:n]
	r.u, r.v = r.u[n:], r.v[n:]
	if len(r.u) == 0 {
		r.u, r.v = nil, nil
	}
	return u, v
}

type integerPopulation struct {
	recorder
	view  *view
	acc   []int32
	cuba  kernel.CUBA
	scale int32
}

func (p *integerPopulation) scaleInput(scale int32) { p.scale = scale }

func (p *integerPopulation) reset() {
	c := &p.cuba
	c.Par = Cuba(p.view.neuron)
	if c.ExtraShift = p.view.shift; c.Par.RefDelay > 1 && c.Ref == nil {
		c.Ref = make([]int32, p.view.out)
	}
	clear(c.U)
	clear(c.V)
	clear(c.Ref)
}

func (p *integerPopulation) step(inputs []int32, rho []float32, fired []int32) []int32 {
	p.view.deliverI8(p.acc, inputs)
	if p.scale != 0 {
		for o, a := range p.acc {
			p.acc[o] = int32(int64(a) * int64(p.scale) >> 8)
		}
	}
	for o, e := range p.view.exp {
		p.acc[o] <<= e
	}
	fired = p.cuba.Step(p.acc, rho, fired)
	if u, v := p.rows(p.view.out); u != nil {
		for o := range u {
			u[o], v[o] = float32(p.cuba.U[o])/unitV, float32(p.cuba.V[o])/unitV
		}
	}
	return fired
}

// floatPopulation is the same neuron without rounding, wrapping or saturation,
// in training units (weights of 1.0, threshold VTh/64).
type floatPopulation struct {
	recorder
	view         *view
	acc, u, v    []float32
	ref          []int32
	keepU, keepV float32
	theta        float32
	refDelay     int32
	rho          floatRho
	scale        int32
}

func newFloatPopulation(v *view, n snn.Neuron, s snn.Surrogate) *floatPopulation {
	return &floatPopulation{
		view: v, acc: make([]float32, v.out), u: make([]float32, v.out), v: make([]float32, v.out), ref: make([]int32, v.out),
		theta: float32(n.VTh) / WeightOne, refDelay: int32(n.RefDelay),
		rho: newFloatRho(s, float64(max(1, n.VTh))/WeightOne),
	}
}

// keep returns the shares of u and v that remain after a tick.
func keep(n snn.Neuron) (u, v float32) {
	return float32(fixed.DecayOne-n.IDecay) / fixed.DecayOne, float32(fixed.DecayOne-n.VDecay) / fixed.DecayOne
}

func (p *floatPopulation) scaleInput(scale int32) { p.scale = scale }

func (p *floatPopulation) reset() {
	p.keepU, p.keepV = keep(p.view.neuron)
	clear(p.u)
	clear(p.v)
	clear(p.ref)
}

func (p *floatPopulation) step(inputs []int32, rho []float32, fired []int32) []int32 {
	p.view.deliverF32(p.acc, inputs)
	scaleSums(p.acc, p.scale)
	for o, a := range p.acc {
		p.acc[o] = 0
		p.u[o] = float32(p.u[o]*p.keepU) + a
		if p.ref[o] > 0 {
			p.ref[o]--
			p.v[o] = 0
			if rho != nil {
				rho[o] = 0
			}
			continue
		}
		v := float32(p.v[o]*p.keepV) + p.u[o]
		distance := v - p.theta
		if distance > 0 {
			fired = append(fired, int32(o))
			p.ref[o] = p.refDelay - 1
			v = 0
		} else {
			distance = -distance
		}
		p.v[o] = v
		if rho != nil {
			rho[o] = p.rho.at(distance)
		}
	}
	if u, v := p.rows(p.view.out); u != nil {
		copy(u, p.u)
		copy(v, p.v)
	}
	return fired
}

// scaleSums is scaleInput for sums in float.
func scaleSums(acc []float32, scale int32) {
	if scale == 0 {
		return
	}
	for o := range acc {
		acc[o] = float32(acc[o] * (float32(scale) / 256))
	}
}
