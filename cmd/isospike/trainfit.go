package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/train"
)

// fit trains m, keeping a checkpoint, and writes the model to out ("" writes nothing).
// val may be nil.
func (a *app) fit(ctx context.Context, m *train.Model, src dataset.Encoded, val *dataset.Encoded, out string) error {
	return a.fitLogged(ctx, m, src, val, out, nil)
}

// fitLogged is fit with a log, which may be nil.
func (a *app) fitLogged(ctx context.Context, m *train.Model, src dataset.Encoded, val *dataset.Encoded, out string, log *trainLog) error {
	t := train.NewTrainer(m, src.Encoding.Ticks, a.threads)
	epochs := m.Experiment.Training.Epochs
	judged := m.Experiment.Loss.Kind != "spike_train" // there is an accuracy
	show := newCurve(a, epochs, judged)
	var p *progress
	begin := func() {
		p = a.progress(fmt.Sprintf("epoch %d/%d", m.Progress.Epoch+1, epochs), "samples", src.Len())
	}
	start := time.Now()
	epochStart, seen := start, m.Progress.Running.Samples // samples of this epoch that an earlier run saw
	first := m.Progress.Epoch
	told := map[string]bool{}
	show.draw(m.Progress.History)
	begin()
	f := train.Fit{
		OnFinding: func(e *diag.Error) {
			if key := e.Code + e.Layer; !told[key] {
				told[key] = true
				p.end()
				show.clear()
				a.note("warning: %v", e)
				a.note("  help: %s", e.Fix)
				show.draw(m.Progress.History)
				begin()
			}
		},
		OnBatch: func(done, of int, r train.Metrics) {
			text := fmt.Sprintf("loss %.3f", r.Loss/float64(r.Samples))
			if judged {
				text += fmt.Sprintf(" accuracy %.1f %%", 100*r.Accuracy())
			}
			p.set(done, text)
		},
		OnEpoch: func(e train.EpochMetrics, best bool) error {
			p.end()
			show.clear()
			now := time.Now()
			spent := now.Sub(epochStart)
			rate := float64(src.Len()-seen) / spent.Seconds()
			epochStart, seen = now, 0
			line := fmt.Sprintf("epoch %3d/%d  loss %8.4f", e.Epoch, epochs, e.Loss)
			if judged {
				line += fmt.Sprintf("  accuracy %6.2f %%", 100*e.Accuracy)
			}
			if val != nil && judged {
				line += fmt.Sprintf("  validation %6.2f %%", 100*e.ValAcc)
			} else if val != nil {
				line += fmt.Sprintf("  validation %8.4f", e.ValLoss)
			}
			mark := ""
			if val != nil && best {
				mark = "  best"
			}
			left := now.Sub(start) / time.Duration(e.Epoch-first) * time.Duration(epochs-e.Epoch)
			a.note("%s  %5.0f samples/s  %s left%s", line, rate, left.Round(time.Second), mark)
			if e.Epoch < epochs {
				show.draw(m.Progress.History)
				begin()
			}
			if err := a.save(m, out, best || val == nil); err != nil {
				return err
			}
			return log.add(logLine{EpochMetrics: e, LearningRate: t.LearningRate(), Seconds: spent.Seconds(), SamplesPerSecond: rate})
		},
	}
	if val != nil {
		f.Val = *val
	}
	err := t.Fit(ctx, src, f)
	p.end()
	show.clear()
	show.print(m.Progress.History)
	var d *diag.Error
	if errors.As(err, &d) && d.Kind == diag.Interrupted && out != "" {
		if err := m.Write(checkpoint(out)); err != nil {
			return err
		}
		return d.WithFix("go on with the same command and --resume; %s is saved", checkpoint(out))
	}
	return err
}

// save writes the checkpoint and, where it is the one to keep, the model.
func (a *app) save(m *train.Model, out string, keep bool) error {
	if out == "" {
		return nil
	}
	if keep {
		if err := m.Write(out); err != nil {
			return err
		}
	}
	return m.Write(checkpoint(out))
}
