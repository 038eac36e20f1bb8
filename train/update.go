package train

import "context"

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
		for lo := 0; lo < t.views[k].rows; lo += rowBlock {
			blocks = append(blocks, block{k, lo, min(lo+rowBlock, t.views[k].rows)})
		}
	}
	// The step is not cancelled half way: parameters belong together. Nothing in it can fail.
	_ = t.each(context.Background(), len(blocks), func(w *worker, i int) error {
		b := blocks[i]
		v := &t.views[b.layer]
		w.grad = resize(w.grad, (b.hi-b.lo)*v.cols)
		t.weightGradient(slots, b.layer, b.lo, w.grad)
		p.apply(&m.Params[b.layer].Weight, b.lo*v.cols, w.grad, o.Rate*decay*float64(m.Progress.Units[b.layer]))
		return nil
	})
	for k := range t.views {
		if t.views[k].delay == nil || m.Experiment.Training.Delays != "learned" || k == len(t.views)-1 {
			continue
		}
		g := make([]float32, len(m.Params[k].Delay.Value))
		for j := range slots {
			for i, x := range slots[j].delays[k] {
				g[i] += x
			}
		}
		mean(g, len(slots))
		p.apply(&m.Params[k].Delay, 0, g, o.DelayLR*decay)
		clampDelays(m.Params[k].Delay.Value, m.Experiment.Training.MinDelay, m.Experiment.Training.MaxDelay)
	}
}
