package train

import (
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

func mean(g []float32, samples int) {
	scale := 1 / float32(samples)
	for i := range g {
		g[i] *= scale
	}
}
