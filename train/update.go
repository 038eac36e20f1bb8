package train

import (
	"context"

	"github.com/isospike/isospike/train/kernel"
)

// rowBlock is the number of weight rows that one task of update handles.
const rowBlock = 128

// update sums the batch's gradient, row by row in the order of the samples, and
// takes the optimiser's step.
func (t *Trainer) update(slots []slot) {
	m := t.Model
	o := m.Experiment.Optimiser
	p := newStep(o, m.Progress.Step)
	decay := 1.0
	for range m.Progress.Epoch {
		decay *= o.Decay
	}
	type block struct{ layer, lo, hi int }
	var blocks []block
	for k := range t.views {
		for lo := 0; lo < t.views[k].in; lo += rowBlock {
			blocks = append(blocks, block{k, lo, min(lo+rowBlock, t.views[k].in)})
		}
	}
	// The step is not cancelled half way: parameters belong together. Nothing in it can fail.
	_ = t.each(context.Background(), len(blocks), func(w *worker, i int) error {
		b := blocks[i]
		v := &t.views[b.layer]
		w.grad = resize(w.grad, (b.hi-b.lo)*v.out)
		weightGradient(slots, b.layer, b.lo, w.grad)
		p.apply(&m.Params[b.layer].Weight, b.lo*v.out, w.grad, o.Rate*decay*float64(m.Progress.Units[b.layer]))
		return nil
	})
	for k := range t.views {
		if t.views[k].delay == nil || m.Experiment.Training.Delays != "learned" || k == len(t.views)-1 {
			continue
		}
		g := make([]float32, t.views[k].out)
		for j := range slots {
			for i, x := range slots[j].delays[k] {
				g[i] += x
			}
		}
		mean(g, len(slots))
		p.apply(&m.Params[k].Delay, 0, g, o.DelayLR*decay)
		clampDelays(m.Params[k].Delay.Value, m.Experiment.Training.MaxDelay)
	}
}

// weightGradient fills g with ∂L/∂W of the weight rows of a layer from lo on, as
// many as g holds: the mean over the samples of a batch of the error at every
// arrival of the presynaptic neuron's spikes.
func weightGradient(slots []slot, layer, lo int, g []float32) {
	out := slots[0].layers[layer].spikes.Neurons
	clear(g)
	for j := range slots { // outside, so that a sample's errors stay in the cache for all rows
		tr, from := &slots[j].layers[layer], &slots[j].from[layer]
		for i := range len(g) / out {
			kernel.AddRowsF32(g[i*out:][:out], tr.err, from.of(lo+i))
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
