package train

import (
	"github.com/isospike/isospike/snn/spike"
)

// arrivals are the spikes that reach a layer, by tick of arrival: the inputs
// index[start[t]:start[t+1]] at tick t, in the order they were sent and by the
// numbers that the layer's synapses give them.
type arrivals struct{ start, index []int32 }

// fill delays the spikes of r by 1 plus each neuron's delay. What would arrive
// after the last tick has no effect and is left out, like the neurons that drop
// silences. order is view.order.
func (a *arrivals) fill(r *spike.Raster, delay []uint8, order []int32, drop []bool, ticks int) {
	ticks0 := min(ticks, r.Ticks())
	if delay == nil && drop == nil {
		a.shift(r, order, ticks0, ticks)
		return
	}
	a.start = resize(a.start, ticks+2)
	clear(a.start)
	at := func(t int, n int32) int {
		if drop != nil && drop[n] {
			return ticks
		}
		if delay != nil {
			return t + 1 + int(delay[n])
		}
		return t + 1
	}
	total := 0
	for t := range ticks0 {
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
	for t := range ticks0 {
		for _, n := range r.At(t) {
			w := at(t, n)
			if w >= ticks {
				continue
			}
			if order != nil {
				n = order[n]
			}
			a.index[a.start[w+1]] = n
			a.start[w+1]++
		}
	}
	a.start = a.start[:ticks+1]
}

// shift is fill where every spike arrives a tick later.
func (a *arrivals) shift(r *spike.Raster, order []int32, sent, ticks int) {
	a.start = resize(a.start, ticks+1)
	a.start[0] = 0
	for t := range ticks {
		a.start[t+1] = r.Start[min(t, sent)] - r.Start[0]
	}
	a.index = resize(a.index, int(a.start[ticks]))
	copy(a.index, r.Index[r.Start[0]:])
	if order != nil {
		for i, n := range a.index {
			a.index[i] = order[n]
		}
	}
}

func (a *arrivals) at(t int) []int32 { return a.index[a.start[t]:a.start[t+1]] }

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// trace is what the passes of one sample leave of a layer. Matrices are ticks×out,
// in the order of the layer's neurons; rho, and err of conv and pool layers, are
// memory of the worker, which its next sample takes over.
type trace struct {
	arr    arrivals
	spikes *spike.Raster
	rho    []float32 // the surrogate derivative; nil when only evaluating
	u, v   []float32 // the states, where decays are learned; see population.record
	// err is filled by the backward pass with the error at the layer's spikes, which
	// the adjoint of its neurons turns into δ, the error at its summed input.
	err   []float32
	decay [2]float32 // gradient of the decays of u and v, where they are learned
	drop  []bool     // inputs that dropout silences, by the numbers of the layer below; nil is none
}

// forward runs one sample through a layer. The neurons' surrogate derivative goes
// to tr.rho, unless that is nil.
func forward(p population, v *view, in *spike.Raster, delay []uint8, ticks int, tr *trace) {
	tr.arr.fill(in, delay, v.order, tr.drop, ticks)
	if tr.spikes == nil {
		tr.spikes = spike.NewRaster(v.out)
	}
	tr.spikes.Reset(v.out)
	p.scaleInput(v.dropScale(tr.drop))
	p.record(tr.u, tr.v)
	p.reset()
	var fired []int32
	for t := range ticks {
		var rho []float32
		if tr.rho != nil {
			rho = tr.rho[t*v.out:][:v.out]
		}
		fired = p.step(tr.arr.at(t), rho, fired[:0])
		tr.spikes.Append(fired...)
	}
}

// dropScale returns by what the summed input is multiplied while dropout is at
// work, in 1/256; 0 is not at all.
func (v *view) dropScale(drop []bool) int32 {
	if drop == nil {
		return 0
	}
	return int32((25600 + (100-v.layer.Drop)/2) / (100 - v.layer.Drop))
}
