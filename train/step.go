package train

import (
	"context"
	"slices"
	"time"

	"github.com/isospike/isospike/snn/spike"
)

// Step trains on the given samples of src as one batch. It is for those who time it:
// Fit does the rest, shuffling, augmentation and epochs. The first step calibrates.
func (t *Trainer) Step(ctx context.Context, src Source, indices []int) error {
	if _, err := t.check(src); err != nil {
		return err
	}
	if t.Model.Progress.Units == nil {
		if err := t.begin(ctx, src, nil); err != nil {
			return err
		}
	}
	batch := make([]sample, len(indices))
	for i, index := range indices {
		batch[i].index = index
	}
	return t.step(ctx, src, batch)
}

// The stages of a step. StageOther is all that is not one of the others: fetching
// the samples, the loss, listing arrivals, gradients of delays, quantizing the weights anew.
const (
	StageForward = iota
	StageNeurons // the error, through the neurons to their inputs
	StageBelow   // from there to the layer below
	StageWeights // gradients of the weights
	StageOptimiser
	StageOther
	Stages
)

// StageNames are what reports call the stages.
var StageNames = [Stages]string{"forward", "error through neurons", "error to layer below", "weight gradients", "optimiser", "other"}

// Profile trains on one batch, as Step does, and then returns the seconds that each
// stage of it takes on a single thread. The model is not changed by that.
func (t *Trainer) Profile(ctx context.Context, src Source, indices []int) (spent [Stages]float64, err error) {
	if err := t.Step(ctx, src, indices); err != nil {
		return spent, err
	}
	timed := func(stage int, f func()) {
		start := time.Now()
		f()
		spent[stage] += time.Since(start).Seconds()
	}
	w, slots := t.workers[0], t.slots[:len(indices)]
	for i, index := range indices {
		s := &slots[i]
		var in *spike.Raster
		timed(StageOther, func() { in, err = t.sample(src, sample{index: index}, s) })
		if err != nil {
			return spent, err
		}
		timed(StageForward, func() { t.forward(w, s, in, true, t.dropout(index)) })
		timed(StageOther, func() { err = t.backward(w, s) })
		if err != nil {
			return spent, err
		}
		// The parts of backward once more, on what it left: they take as long with any errors.
		for k := len(t.views) - 1; k >= 0; k-- {
			v, tr := &t.views[k], &s.layers[k]
			if !v.taught() {
				break
			}
			timed(StageNeurons, func() { v.adjoint(tr, t.ticks, t.Model.Experiment.Training, &w.adjoint) })
			if v.conv != nil {
				timed(StageWeights, func() { v.conv.gradient(s.weights[k], tr.err, &tr.arr, t.ticks) })
			}
			if v.learns {
				err := resize(w.grad, t.ticks*v.in)
				w.arrive = resize(w.arrive, t.ticks*v.in)
				timed(StageBelow, func() { v.below(tr.err, t.views[k-1].delay, tr.drop, t.ticks, w.arrive, err, &w.conv) })
				w.grad = err
			}
		}
	}
	spent[StageOther] = max(0, spent[StageOther]-spent[StageNeurons]-spent[StageWeights]-spent[StageBelow])
	p := newStep(t.Model.Experiment.Optimiser, t.Model.Progress.Step)
	for k := range t.views {
		v, value := &t.views[k], t.Model.Params[k].Weight
		scratch := Slot{slices.Clone(value.Value), slices.Clone(value.M), slices.Clone(value.V)}
		for lo := 0; lo < v.rows; lo += rowBlock {
			g := w.room((min(lo+rowBlock, v.rows) - lo) * v.cols)
			timed(StageWeights, func() { t.weightGradient(slots, k, lo, g); bound(g) })
			timed(StageOptimiser, func() { p.apply(&scratch, lo*v.cols, g, 1e-3) })
		}
	}
	timed(StageOther, t.Refresh)
	return spent, nil
}

// Work counts what one sample makes the engine do, in the operations that bound it.
type Work struct {
	Adds    float64 // weights added to summed inputs; as many again for the gradient
	MulAdds float64 // of the errors to the layers below
	Updates float64 // neurons times ticks
	Weights float64 // parameters that one optimiser step passes over, per batch
}

// CountWork counts the work per sample of an evaluation that saw ev, with inputs
// spikes in all samples together.
func (t *Trainer) CountWork(ev *Evaluation, inputs int) Work {
	var w Work
	spikes := float64(inputs)
	for k := range t.views {
		v := &t.views[k]
		l, fan := v.layer, float64(v.out)
		pairs := float64(v.in) * float64(v.out) // of neurons that are connected
		switch {
		case v.conv != nil:
			adds := 0.0
			for _, s := range v.conv.strips {
				for _, x := range s {
					adds += float64(x.Len)
				}
			}
			fan = adds / float64(l.In.W*l.In.H)
			pairs = fan * float64(v.in)
		case v.pool != nil:
			fan, pairs = 1, 0
		}
		w.Adds += spikes * fan / float64(ev.Samples)
		if v.learns {
			w.MulAdds += pairs * float64(t.ticks)
		}
		w.Updates += float64(v.out * t.ticks)
		w.Weights += float64(v.rows * v.cols)
		spikes = float64(ev.Spikes[k])
	}
	return w
}
