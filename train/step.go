package train

import "context"

// Step trains on the given samples of src as one batch. It is for those who time it:
// Fit does the rest, shuffling, augmentation and epochs. The first step calibrates.
func (t *Trainer) Step(ctx context.Context, src Source, indices []int) error {
	if _, err := t.check(src); err != nil {
		return err
	}
	if t.Model.Progress.Units == nil {
		if err := t.calibrate(ctx, src); err != nil {
			return err
		}
	}
	batch := make([]sample, len(indices))
	for i, index := range indices {
		batch[i].index = index
	}
	return t.step(ctx, src, batch)
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
