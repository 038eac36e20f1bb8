package train

import (
	"sync"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/train/kernel"
)

// weightGradient fills g with ∂L/∂W of the rows of a layer's matrix of weights from
// lo on, as many as g holds: the mean over the samples of a batch of the error at
// every arrival of the presynaptic neuron's spikes.
func (t *Trainer) weightGradient(slots []slot, layer, lo int, g []float32) {
	v := &t.views[layer]
	clear(g)
	for j := range slots { // outside, so that a sample's errors stay in the cache for all rows
		tr, from := &slots[j].layers[layer], &slots[j].from[layer]
		if v.layer.Kind == snn.Dense && v.dense(from, lo, g, tr.err) {
			continue
		}
		for i := range len(g) / v.cols {
			row := g[i*v.cols:][:v.cols]
			if v.layer.Kind == snn.Dense {
				kernel.AddRowsF32(row, tr.err, from.of(lo+i))
				continue
			}
			for o, x := range slots[j].weights[layer][v.row(lo+i)*v.cols:][:v.cols] {
				row[o] += x
			}
		}
	}
	mean(g, len(slots))
}

// denseAbove is the share of inputs and ticks with an arrival above which a product
// with a matrix of 0 and 1 is faster than adding a row for each arrival
// (BenchmarkDensity of train/kernel: 0.43 with AVX-512).
const denseAbove = 0.45

// arrivalMatrices keeps what dense fills.
var arrivalMatrices sync.Pool

// dense adds a sample's part of the gradient in rows lo on as a product, where the
// arrivals are dense enough for it to be faster; the bits are those of the sum over
// arrivals, for both add in the order of ticks and a product with 0 changes nothing.
func (v *view) dense(from *byNeuron, lo int, g, err []float32) bool {
	rows, ticks := len(g)/v.cols, len(err)/v.cols
	first, last := int(from.start[lo]), int(from.start[lo+rows])
	if float64(last-first) <= denseAbove*float64(rows*ticks) {
		return false
	}
	a, _ := arrivalMatrices.Get().(*[]float32)
	if a == nil {
		a = new([]float32)
	}
	*a = resize(*a, rows*ticks)
	clear(*a)
	for i := range rows {
		for _, t := range from.of(lo + i) {
			(*a)[i*ticks+int(t)]++
		}
	}
	kernel.MulAdd(g, *a, err, rows, ticks, v.cols)
	arrivalMatrices.Put(a)
	return true
}

func mean(g []float32, samples int) {
	scale := 1 / float32(samples)
	for i := range g {
		g[i] *= scale
	}
}
