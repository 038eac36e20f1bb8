package train

import (
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/train/kernel"
)

// arrivals are the spikes that reach a layer, by tick of arrival: the neurons
// index[start[t]:start[t+1]] at tick t, in the order they were sent.
type arrivals struct{ start, index []int32 }

// fill delays the spikes of r by 1 plus each neuron's delay. What would arrive
// after the last tick has no effect and is left out.
func (a *arrivals) fill(r *spike.Raster, delay []uint8, ticks int) {
	a.start = resize(a.start, ticks+2)
	clear(a.start)
	at := func(t int, n int32) int {
		if delay != nil {
			return t + 1 + int(delay[n])
		}
		return t + 1
	}
	total := 0
	for t := range min(ticks, r.Ticks()) {
		for _, n := range r.At(t) {
			if w := at(t, n); w < ticks {
				a.start[w+2]++
				total++
			}
		}
	}
	for t := range ticks {
		a.start[t+2] += a.start[t+1]
	}
	a.index = resize(a.index, total)
	for t := range min(ticks, r.Ticks()) {
		for _, n := range r.At(t) {
			if w := at(t, n); w < ticks {
				a.index[a.start[w+1]] = n
				a.start[w+1]++
			}
		}
	}
	a.start = a.start[:ticks+1]
}

func (a *arrivals) at(t int) []int32 { return a.index[a.start[t]:a.start[t+1]] }

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// trace is what the forward pass of one sample leaves of a layer.
type trace struct {
	arr    arrivals
	spikes *spike.Raster
	rho    []float32 // ticks×out, the surrogate derivative; empty when only evaluating
	// err is ticks×out: filled by the backward pass with the error δ at the
	// layer's summed input.
	err []float32
}

// population advances one layer's neurons. It hides whether the arithmetic is
// the hardware's or float.
type population interface {
	reset()
	// step takes the rows that arrive, gives the surrogate in rho, and appends
	// the neurons that spike to fired.
	step(rows []int32, rho []float32, fired []int32) []int32
}

func newPopulation(v *view, n snn.Neuron, s snn.Surrogate) population {
	table, shift := rhoTable(s, n)
	if v.codes == nil {
		return newFloatPopulation(v, n, table, shift)
	}
	p := &integerPopulation{view: v, acc: make([]int32, v.out)}
	p.cuba = kernel.CUBA{Par: Cuba(n), U: make([]int32, v.out), V: make([]int32, v.out), Rho: table, RhoShift: shift}
	if n.RefDelay > 1 {
		p.cuba.Ref = make([]int32, v.out)
	}
	return p
}

type integerPopulation struct {
	view *view
	acc  []int32
	cuba kernel.CUBA
}

func (p *integerPopulation) reset() {
	clear(p.cuba.U)
	clear(p.cuba.V)
	clear(p.cuba.Ref)
}

func (p *integerPopulation) step(rows []int32, rho []float32, fired []int32) []int32 {
	kernel.AddRowsI8(p.acc, p.view.codes, rows)
	return p.cuba.Step(p.acc, rho, fired)
}

// floatPopulation is the same neuron without rounding, wrapping or saturation,
// in training units (weights of 1.0, threshold VTh/64).
type floatPopulation struct {
	view         *view
	acc, u, v    []float32
	ref          []int32
	keepU, keepV float32
	theta        float32
	refDelay     int32
	table        []float32
	scale        float32 // from training units to steps of the table
}

func newFloatPopulation(v *view, n snn.Neuron, table []float32, shift uint) *floatPopulation {
	keepU, keepV := keep(n)
	return &floatPopulation{
		view: v, acc: make([]float32, v.out), u: make([]float32, v.out), v: make([]float32, v.out), ref: make([]int32, v.out),
		keepU: keepU, keepV: keepV, theta: float32(n.VTh) / WeightOne, refDelay: int32(n.RefDelay),
		table: table, scale: float32(WeightOne<<fixed.ActShift) / float32(int64(1)<<shift),
	}
}

// keep returns the shares of u and v that remain after a tick.
func keep(n snn.Neuron) (u, v float32) {
	return float32(fixed.DecayOne-n.IDecay) / fixed.DecayOne, float32(fixed.DecayOne-n.VDecay) / fixed.DecayOne
}

func (p *floatPopulation) reset() {
	clear(p.u)
	clear(p.v)
	clear(p.ref)
}

func (p *floatPopulation) step(rows []int32, rho []float32, fired []int32) []int32 {
	kernel.AddRowsF32(p.acc, p.view.weight, rows)
	for o, a := range p.acc {
		p.acc[o] = 0
		p.u[o] = float32(p.u[o]*p.keepU) + a
		if p.ref[o] > 0 {
			p.ref[o]--
			p.v[o], rho[o] = 0, 0
			continue
		}
		v := float32(p.v[o]*p.keepV) + p.u[o]
		dist := v - p.theta
		if dist > 0 {
			fired = append(fired, int32(o))
			p.ref[o] = p.refDelay - 1
			v = 0
		} else {
			dist = -dist
		}
		p.v[o], rho[o] = v, 0
		if k := dist * p.scale; k < float32(len(p.table)) {
			rho[o] = p.table[int(k)]
		}
	}
	return fired
}

// forward runs one sample through layer k. With keepRho it fills tr.rho, which the
// backward pass needs.
func forward(p population, out int, in *spike.Raster, delay []uint8, ticks int, tr *trace, keepRho bool) {
	tr.arr.fill(in, delay, ticks)
	if tr.spikes == nil {
		tr.spikes = spike.NewRaster(out)
	}
	tr.spikes.Reset(out)
	rows := out
	if keepRho {
		rows = ticks * out
	}
	tr.rho = resize(tr.rho, rows)
	p.reset()
	var fired []int32
	for t := range ticks {
		rho := tr.rho[:out]
		if keepRho {
			rho = tr.rho[t*out:][:out]
		}
		fired = p.step(tr.arr.at(t), rho, fired[:0])
		tr.spikes.Append(fired...)
	}
}
