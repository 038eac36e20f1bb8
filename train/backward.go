package train

import (
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/train/kernel"
)

// backward turns tr.err, the error at a layer's spikes, into the error at its
// summed input.
func backward(n snn.Neuron, out int, tr *trace, cutAtReset bool) {
	keepU, keepV := keep(n)
	var spiked func(int) []int32
	if cutAtReset {
		spiked = tr.spikes.At
	}
	kernel.Adjoint(tr.err, tr.rho, make([]float32, out), keepU, keepV, spiked)
}

// below computes the error at the spikes of the layer below from the error δ at
// the layer's summed input: arrive[τ, i] = Σ_o W[i,o]·δ_o(τ) is the error of a
// spike of i that arrives at τ, and err[t, i] = arrive[t + 1 + d_i, i].
func below(v *view, delta []float32, delay []uint8, ticks int, arrive, err []float32) {
	if delay == nil {
		clear(err)
		kernel.MulAdd(err, delta[v.out:], v.back, ticks-1, v.out, v.in)
		return
	}
	clear(arrive)
	kernel.MulAdd(arrive, delta, v.back, ticks, v.out, v.in)
	for t := range ticks {
		row := err[t*v.in:][:v.in]
		for i := range row {
			row[i] = 0
			if w := t + 1 + int(delay[i]); w < ticks {
				row[i] = arrive[w*v.in+i]
			}
		}
	}
}

// delayGradient adds one sample's ∂L/∂d to grad: for every spike of neuron i
// that arrives at τ, what the error would change if it came a tick later,
// arrive[τ+1, i] − arrive[τ, i]. This is SLAYER's backward difference of the
// delayed response, correlated with the error.
func delayGradient(tr *trace, n int, arrive []float32, ticks int, grad []float32) {
	for t := range ticks {
		for _, i := range tr.arr.at(t) {
			later := float32(0)
			if t+1 < ticks {
				later = arrive[(t+1)*n+int(i)]
			}
			grad[i] += later - arrive[t*n+int(i)]
		}
	}
}

// byNeuron lists, for every input neuron, the ticks at which its spikes arrive:
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
