package train

import (
	"context"
	"math"

	"github.com/isospike/isospike/snn/fixed"
)

// rowBlock is the number of weight rows that one task of update handles.
const rowBlock = 128

// block is a part of a layer's matrix of weights: the rows from lo up to hi.
type block struct{ layer, lo, hi int }

// update sums the batch's gradient, row by row in the order of the samples, and
// takes the optimiser's step.
func (t *Trainer) update(slots []slot) {
	m := t.Model
	e := m.Experiment
	p, factor := newStep(e.Optimiser, m.Progress.Step), t.factor(m.Progress.Epoch, m.Progress.Batch)
	small := t.smallGradients(slots)
	var blocks []block
	for k := range t.views {
		for lo := 0; lo < t.views[k].rows; lo += rowBlock {
			blocks = append(blocks, block{k, lo, min(lo+rowBlock, t.views[k].rows)})
		}
	}
	scale := 1.0
	whole := e.Optimiser.Clip > 0 || e.Training.WeightNorm
	if whole {
		t.wholeGradient(slots, blocks)
		small = append(small, t.gainGradients()...)
	}
	for _, s := range small {
		bound(s.g)
	}
	if whole {
		scale = t.clip(small)
	}
	// The step is not cancelled half way: parameters belong together. Nothing in it can fail.
	_ = t.each(context.Background(), len(blocks), func(w *worker, i int) error {
		b := blocks[i]
		v := &t.views[b.layer]
		g := w.room((b.hi - b.lo) * v.cols)
		if whole {
			g = t.grads[b.layer][b.lo*v.cols : b.hi*v.cols]
			multiply(g, scale)
		} else {
			t.weightGradient(slots, b.layer, b.lo, g)
			bound(g)
		}
		p.apply(&m.Params[b.layer].Weight, b.lo*v.cols, g, e.Optimiser.Rate*factor*float64(m.Progress.Units[b.layer]))
		return nil
	})
	for _, s := range small {
		multiply(s.g, scale)
		rate := e.Optimiser.Rate
		params := &m.Params[s.layer]
		switch s.slot {
		case &params.Delay:
			rate = e.Optimiser.DelayLR
		case &params.Decay:
			rate = e.Optimiser.DecayLR
		case &params.Gain: // a gain moves a neuron as all its weights do together
			rate *= float64(m.Progress.Units[s.layer]) * math.Sqrt(float64(len(params.Weight.Value)/len(params.Gain.Value)))
		}
		p.apply(s.slot, 0, s.g, rate*factor)
		clampDelays(params.Delay.Value, e.Training.MinDelay, e.Training.MaxDelay)
		for i, d := range params.Decay.Value {
			params.Decay.Value[i] = max(1, min(fixed.DecayOne, d))
		}
	}
}

func (w *worker) room(n int) []float32 {
	w.grad = resize(w.grad, n)
	return w.grad
}

// gradient is that of one of a layer's small parameter tensors.
type gradient struct {
	layer int
	slot  *Slot
	g     []float32
}

// smallGradients returns the mean gradients over the batch of the delays and decays
// that are learned.
func (t *Trainer) smallGradients(slots []slot) (all []gradient) {
	for k := range t.views {
		p := &t.Model.Params[k]
		if len(p.Delay.Value) > 0 && t.Model.Experiment.Training.Delays == "learned" && k < len(t.views)-1 {
			g := make([]float32, len(p.Delay.Value))
			for j := range slots {
				for i, x := range slots[j].delays[k] {
					g[i] += x
				}
			}
			mean(g, len(slots))
			all = append(all, gradient{k, &p.Delay, g})
		}
		if len(p.Decay.Value) > 0 {
			g := make([]float32, 2)
			for j := range slots {
				for i, x := range slots[j].layers[k].decay {
					g[i] += x
				}
			}
			mean(g, len(slots))
			all = append(all, gradient{k, &p.Decay, g})
		}
	}
	return all
}

// wholeGradient keeps the gradient of all weights in t.grads.
func (t *Trainer) wholeGradient(slots []slot, blocks []block) {
	t.grads = resize(t.grads, len(t.views))
	for k := range t.views {
		t.grads[k] = resize(t.grads[k], t.views[k].rows*t.views[k].cols)
	}
	_ = t.each(context.Background(), len(blocks), func(_ *worker, i int) error {
		b := blocks[i]
		cols := t.views[b.layer].cols
		g := t.grads[b.layer][b.lo*cols : b.hi*cols]
		t.weightGradient(slots, b.layer, b.lo, g)
		bound(g)
		return nil
	})
}

// gainGradients turns the gradients of weights w = g·v/‖v‖ into those of their
// directions v, in place, and returns those of the gains g (Salimans and Kingma 2016):
//
//	∂L/∂g = ∂L/∂w·v/‖v‖,  ∂L/∂v = g/‖v‖·(∂L/∂w − ∂L/∂g·v/‖v‖)
func (t *Trainer) gainGradients() (all []gradient) {
	for k := range t.views {
		v, p := &t.views[k], &t.Model.Params[k]
		if len(p.Gain.Value) == 0 {
			continue
		}
		length := norms(p.Weight.Value, v.rows, v.cols, v.channel, len(p.Gain.Value))
		dot := make([]float64, len(length))
		for r := range v.rows {
			c := v.channel(r)
			for j, g := range t.grads[k][r*v.cols:][:v.cols] {
				dot[c+j] += float64(g) * float64(p.Weight.Value[r*v.cols+j])
			}
		}
		g := make([]float32, len(length))
		for c := range g {
			g[c] = float32(dot[c] / float64(length[c]))
		}
		for r := range v.rows {
			c := v.channel(r)
			for j := range v.cols {
				x := &t.grads[k][r*v.cols+j]
				*x = p.Gain.Value[c+j] / length[c+j] * (*x - float32(g[c+j]/length[c+j]*p.Weight.Value[r*v.cols+j]))
			}
		}
		bound(t.grads[k])
		all = append(all, gradient{k, &p.Gain, g})
	}
	return all
}

// clip returns the factor that shortens the gradient of all parameters to the
// length that is allowed.
func (t *Trainer) clip(small []gradient) float64 {
	most := t.Model.Experiment.Optimiser.Clip
	if most == 0 {
		return 1
	}
	sum := 0.0
	add := func(g []float32) {
		for _, x := range g {
			sum += float64(x) * float64(x)
		}
	}
	for _, g := range t.grads {
		add(g)
	}
	for _, s := range small {
		add(s.g)
	}
	if sum <= float64(most*most) {
		return 1
	}
	return most / math.Sqrt(sum)
}

// maxGradient is the largest gradient: its square has to fit the second moment.
const maxGradient = 1e18

// bound keeps a gradient within ±maxGradient, so that parameters and moments stay
// numbers: errors that are numbers can still have a sum that is none.
func bound(g []float32) {
	for i, x := range g {
		if !(x > -maxGradient && x < maxGradient) {
			if g[i] = max(-maxGradient, min(maxGradient, x)); x != x {
				g[i] = 0
			}
		}
	}
}

func multiply(g []float32, by float64) {
	if by == 1 {
		return
	}
	for i := range g {
		g[i] *= float32(by)
	}
}
