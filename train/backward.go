package train

import (
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/train/kernel"
)

// below computes err[t, i], the error at the spikes of the layer below, from the
// error δ at the summed input of layer v:
//
//	arrive[τ, j] = Σ_o W[j,o]·δ_o(τ)          error of a spike of input j that arrives at τ
//	err[t, i] = arrive[t + 1 + d_i, j(i)]     and what arrives after the last tick has none
//
// i counts the neurons of the layer below in their order, d are their delays.
func (v *view) below(delta []float32, delay []uint8, drop []bool, ticks int, arrive, err []float32, s *convScratch) {
	if v.layer.Kind == snn.Dense && delay == nil && drop == nil && v.order == nil {
		clear(err)
		kernel.MulAdd(err, delta[v.out:], v.back, ticks-1, v.out, v.in)
		return
	}
	v.arriving(delta, ticks, arrive, s)
	for t := range ticks {
		row := err[t*v.in:][:v.in]
		if delay == nil && v.order == nil && t+1 < ticks {
			copy(row, arrive[(t+1)*v.in:])
			continue
		}
		for i := range row {
			w, j := t+1, i
			if delay != nil {
				w += int(delay[i])
			}
			if v.order != nil {
				j = int(v.order[i])
			}
			if row[i] = 0; w < ticks {
				row[i] = arrive[w*v.in+j]
			}
		}
	}
	for i, off := range drop {
		if off {
			for t := range ticks {
				err[t*v.in+i] = 0
			}
		}
	}
}

// arriving fills arrive, ticks×in in the order of the layer's inputs.
func (v *view) arriving(delta []float32, ticks int, arrive []float32, s *convScratch) {
	switch {
	case v.conv != nil:
		v.conv.below(arrive, delta, v.back, ticks, s)
	case v.pool != nil:
		weight := v.pool.weight * v.scale
		for t := range ticks {
			row, from := arrive[t*v.in:][:v.in], delta[t*v.out:][:v.out]
			for j, o := range v.pool.to {
				row[j] = weight * from[o]
			}
		}
	default:
		clear(arrive)
		kernel.MulAdd(arrive, delta, v.back, ticks, v.out, v.in)
	}
}

// delayGradient adds one sample's ∂L/∂d of the layer below to grad, by delay
// parameter (see view.delayOf): for every spike of neuron i that arrives at τ, what
// the error would change if it came a tick later, arrive[τ+1, i] − arrive[τ, i].
// This is SLAYER's backward difference of the delayed response, correlated with
// the error; it belongs to the time between τ and τ+1. centred takes half the
// distance from τ−1 to τ+1 instead.
func (v *view) delayGradient(tr *trace, below *view, arrive []float32, ticks int, centred bool, grad []float32) {
	param := make([]int32, v.in) // of each input
	for i := range param {
		j, p := i, int32(i)
		if v.order != nil {
			j = int(v.order[i])
		}
		if below.delayOf != nil {
			p = below.delayOf[i]
		}
		param[j] = p
	}
	at := func(t, j int) float32 {
		if t < 0 || t >= ticks {
			return 0
		}
		return arrive[t*v.in+j]
	}
	for t := range ticks {
		for _, j := range tr.arr.at(t) {
			if centred {
				grad[param[j]] += float32(0.5 * (at(t+1, int(j)) - at(t-1, int(j))))
			} else {
				grad[param[j]] += at(t+1, int(j)) - at(t, int(j))
			}
		}
	}
}

// byNeuron lists, for every input of a layer, the ticks at which its spikes arrive:
// tick[start[i]:start[i+1]], ascending.
type byNeuron struct{ start, tick []int32 }

func (b *byNeuron) fill(a *arrivals, n int) {
	b.start = resize(b.start, n+2)
	clear(b.start)
	for _, i := range a.index {
		b.start[i+2]++
	}
	for i := range n {
		b.start[i+2] += b.start[i+1]
	}
	b.tick = resize(b.tick, len(a.index))
	for t := range len(a.start) - 1 {
		for _, i := range a.at(t) {
			b.tick[b.start[i+1]] = int32(t)
			b.start[i+1]++
		}
	}
	b.start = b.start[:n+1]
}

func (b *byNeuron) of(i int) []int32 { return b.tick[b.start[i]:b.start[i+1]] }
