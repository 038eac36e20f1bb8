package train

import (
	"context"
	"slices"

	"github.com/isospike/isospike/snn/diag"
)

// Fit holds what a training run reports to. All fields may be left zero.
type Fit struct {
	Val Source // validation samples, run after every epoch
	// OnBatch is called after every batch with the samples seen and to see in this epoch.
	OnBatch func(done, of int, running Metrics)
	// OnEpoch is called after every epoch, once the model is in the state from
	// which training would continue. best says that no epoch validated (or,
	// without validation, trained) better.
	OnEpoch func(e EpochMetrics, best bool) error
	// OnFinding is called before the first step and after every epoch for what is wrong
	// although training can go on: layers that hardly spike, or nearly always (see
	// Health), an output that stays silent, classes of which no sample is right.
	OnFinding func(*diag.Error)
}

// Fit trains until the experiment's number of epochs is reached or early stopping
// ends it. When ctx is cancelled it stops between two batches with an Interrupted
// error; the model can then be saved and training continued, bit for bit.
func (t *Trainer) Fit(ctx context.Context, src Source, f Fit) error {
	for _, s := range []Source{src, f.Val} {
		if s == nil {
			continue
		}
		if _, err := t.check(s); err != nil {
			return err
		}
	}
	p, e := &t.Model.Progress, t.Model.Experiment
	if p.Units == nil {
		if err := t.begin(ctx, src, f.OnFinding); err != nil {
			if ctx.Err() != nil {
				return interrupted(ctx)
			}
			return err
		}
	}
	for p.Epoch < e.Training.Epochs && !t.stale() {
		order := random(e.Seed, drawShuffle, p.Epoch, 0).Perm(src.Len())
		batches := slices.Collect(slices.Chunk(order, e.Training.Batch))
		t.batches = len(batches)
		var classes tally
		for p.Batch < len(batches) {
			if ctx.Err() != nil {
				return interrupted(ctx)
			}
			if err := t.step(ctx, src, t.shifted(batches[p.Batch])); err != nil {
				if ctx.Err() != nil {
					return interrupted(ctx)
				}
				return err
			}
			for i := range batches[p.Batch-1] {
				classes.add(&t.slots[i])
			}
			if f.OnBatch != nil {
				f.OnBatch(p.Running.Samples, src.Len(), p.Running)
			}
		}
		if err := t.endEpoch(ctx, f, classes); err != nil {
			return err
		}
	}
	return nil
}

// Calibrate scales a fresh model as Fit does before its first step.
func (t *Trainer) Calibrate(ctx context.Context, src Source) error {
	if _, err := t.check(src); err != nil {
		return err
	}
	err := t.begin(ctx, src, nil)
	if err != nil && ctx.Err() != nil {
		return interrupted(ctx)
	}
	return err
}

// begin calibrates a fresh model and reports what is wrong with it then. On an error,
// a cancelled context included, the model is as fresh as it was.
func (t *Trainer) begin(ctx context.Context, src Source, report func(*diag.Error)) error {
	m := t.Model
	var fresh [][2][]float32
	for k := range m.Params {
		fresh = append(fresh, [2][]float32{slices.Clone(m.Params[k].Weight.Value), slices.Clone(m.Params[k].Gain.Value)})
	}
	err := t.calibrate(ctx, src)
	if err != nil {
		m.Progress.Units, m.Progress.Scales = nil, nil
		for k, f := range fresh {
			m.Params[k].Weight.Value, m.Params[k].Gain.Value = f[0], f[1]
		}
		t.Refresh()
	}
	if err != nil || report == nil {
		return err
	}
	order := random(m.Experiment.Seed, drawShuffle, 0, 0).Perm(src.Len())
	slots := make([]slot, min(t.calibrationSamples(), len(order)))
	err = t.each(ctx, len(slots), func(w *worker, i int) error {
		in, err := t.sample(src, sample{index: order[i]}, &slots[i])
		if err == nil {
			t.forward(w, &slots[i], in, false, nil)
		}
		return err
	})
	if err != nil {
		return nil // a stop ends the first step as well; what cannot be read was read before
	}
	var sum Metrics
	for i := range slots {
		sum.add(&slots[i])
	}
	for _, e := range Health(m.Net, t.rates(sum)) {
		report(e)
	}
	return nil
}

// rates returns the spikes a neuron and tick of each layer.
func (t *Trainer) rates(m Metrics) (rates []float64) {
	for k, l := range t.Model.Net.Layers {
		rates = append(rates, float64(m.Spikes[k])/float64(l.Out.Size()*t.ticks*m.Samples))
	}
	return rates
}

func interrupted(ctx context.Context) error {
	return diag.Stopped("training", context.Cause(ctx))
}

// shifted draws each sample's augmentation, which depends on the seed, the epoch
// and the sample alone.
func (t *Trainer) shifted(batch []int) []sample {
	e := t.Model.Experiment
	out := make([]sample, len(batch))
	for i, index := range batch {
		out[i].index = index
		if s := e.Training.Shift; s > 0 {
			r := random(e.Seed, drawAugment, t.Model.Progress.Epoch, index)
			out[i].dx, out[i].dy = r.IntN(2*s+1)-s, r.IntN(2*s+1)-s
		}
	}
	return out
}

// endEpoch validates, records the epoch and moves progress to the next.
func (t *Trainer) endEpoch(ctx context.Context, f Fit, classes tally) error {
	p := &t.Model.Progress
	m := EpochMetrics{Epoch: p.Epoch + 1, Loss: p.Running.Loss / float64(p.Running.Samples), Accuracy: p.Running.Accuracy(), ValLoss: -1, ValAcc: -1}
	m.Rates = t.rates(p.Running)
	score := m.Accuracy
	if p.Running.Judged == 0 { // patterns: the nearer the better
		score = -m.Loss
	}
	if f.Val != nil {
		ev, err := t.Evaluate(ctx, f.Val, nil)
		if err != nil {
			if ctx.Err() != nil {
				return interrupted(ctx)
			}
			return err
		}
		m.ValLoss, m.ValAcc = ev.Loss/float64(ev.Samples), ev.Accuracy()
		if score = m.ValAcc; ev.Judged == 0 {
			score = -m.ValLoss
		}
	}
	best := len(p.History) == 0 || score > p.Best
	if best {
		p.Best, p.BestAt = score, m.Epoch
	}
	p.Epoch, p.Batch, p.Running = p.Epoch+1, 0, Metrics{}
	p.History = append(p.History, m)
	if f.OnFinding != nil {
		for _, e := range findings(t.Model.Net, p.History, classes) {
			f.OnFinding(e)
		}
	}
	if f.OnEpoch != nil {
		return f.OnEpoch(m, best)
	}
	return nil
}

// stale reports whether early stopping is due.
func (t *Trainer) stale() bool {
	n, p := t.Model.Experiment.Training.EarlyStop, t.Model.Progress
	return n > 0 && len(p.History) > 0 && p.Epoch-p.BestAt >= n
}
