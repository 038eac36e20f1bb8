package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/train"
	"github.com/spf13/cobra"
)

type trainFlags struct {
	data, val   dataFlags
	config, out string
	resume      bool
	printConfig bool
	set         *snn.Experiment // values of the flags; only those given count
	tick, ticks int
	downsample  int
	float       bool
}

func newTrain(a *app) *cobra.Command {
	f := trainFlags{set: snn.DefaultExperiment()}
	c := &cobra.Command{
		Use:   "train --data DIR --net NOTATION -o FILE",
		Short: "Train a network with SLAYER",
		Long: `train runs SLAYER on event recordings. The forward pass computes in the integers of
the hardware, so that the trained network is the deployed one.

The network is written as in the paper: 34x34x2-512d-512d-10 is an input of 34×34
pixels with two polarities, two dense layers of 512 neurons with learned axonal
delays, and 10 outputs. Every other setting has a default; --print-config shows all
as TOML, --config reads such a file, flags come on top.

After every epoch, and when interrupted, FILE.checkpoint holds all that is needed to
go on with --resume, bit for bit. FILE is the epoch with the best accuracy on --val;
without --val it is the last one.`,
		Example: `  isospike train --data train_0001-0800.tar.gz --net 34x34x2-512d-512d-10 -o model.safetensors
  isospike train --data train.tar.gz --val val.tar.gz --config experiment.toml -o model.safetensors
  isospike train --data train.tar.gz -o model.safetensors --resume --epochs 60
  isospike train --net 9x9x2-128d-10 --downsample 4 --print-config > experiment.toml`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.train(c, &f) },
	}
	fl := c.Flags()
	fl.StringVar(&f.data.path, "data", "", "training recordings: a directory or archive (.tar.gz, .tar, .zip) of N-MNIST .bin or .bs2 files")
	fl.StringVar(&f.data.labels, "labels", "", "list of `id<TAB>class` lines for --data (default: class folders, or the .txt beside the archive)")
	fl.StringVar(&f.val.path, "val", "", "validation recordings, run after every epoch")
	fl.StringVar(&f.val.labels, "val-labels", "", "list of `id<TAB>class` lines for --val")
	fl.StringVarP(&f.out, "output", "o", "", "model to write")
	fl.StringVar(&f.config, "config", "", "TOML experiment to read")
	fl.BoolVar(&f.printConfig, "print-config", false, "print the experiment as TOML and stop")
	fl.BoolVar(&f.resume, "resume", false, "go on from FILE.checkpoint; only --epochs may differ")
	e := f.set
	fl.StringVar(&e.Net, "net", "", "the network in the paper's notation")
	fl.IntVar(&e.Training.Epochs, "epochs", e.Training.Epochs, "passes over the training recordings")
	fl.IntVar(&e.Training.Batch, "batch", e.Training.Batch, "recordings a step")
	fl.IntVar(&e.Training.Shift, "shift", e.Training.Shift, "augmentation: move every recording by up to this many pixels")
	fl.IntVar(&e.Training.EarlyStop, "early-stop", e.Training.EarlyStop, "stop after this many epochs without a better accuracy (0: never)")
	fl.Float64Var(&e.Optimiser.Rate, "rate", e.Optimiser.Rate, "learning rate of the weights")
	fl.Float64Var(&e.Optimiser.DelayLR, "delay-rate", e.Optimiser.DelayLR, "learning rate of the delays, in ticks")
	fl.StringVar(&e.Optimiser.Kind, "optimiser", e.Optimiser.Kind, "nadam or adam")
	fl.Uint64Var(&e.Seed, "seed", e.Seed, "seed of all randomness")
	fl.BoolVar(&f.float, "float", false, "train in float arithmetic, not in the integers of the hardware")
	fl.IntVar(&f.tick, "tick", 1000, "length of a tick in µs")
	fl.IntVar(&f.ticks, "ticks", 300, "ticks of a sample")
	fl.IntVar(&f.downsample, "downsample", 1, "merge this many by this many pixels")
	return c
}

// experiment is base, or the --config file instead, with the flags on top.
func (f *trainFlags) experiment(c *cobra.Command, base snn.Experiment) (*snn.Experiment, error) {
	e := &base
	if f.config != "" {
		var err error
		if e, err = snn.ReadExperiment(f.config); err != nil {
			return nil, err
		}
	}
	enc, err := dataset.ParseEncoding(e.Encoding)
	if err != nil {
		return nil, diag.InFile(err, f.config)
	}
	if f.config == "" && !f.resume && f.data.path != "" {
		if enc, err = dataset.DefaultEncoding(f.data.path); err != nil {
			return nil, err
		}
	}
	for name, set := range map[string]func(){
		"net":        func() { e.Net = f.set.Net },
		"epochs":     func() { e.Training.Epochs = f.set.Training.Epochs },
		"batch":      func() { e.Training.Batch = f.set.Training.Batch },
		"shift":      func() { e.Training.Shift = f.set.Training.Shift },
		"early-stop": func() { e.Training.EarlyStop = f.set.Training.EarlyStop },
		"rate":       func() { e.Optimiser.Rate = f.set.Optimiser.Rate },
		"delay-rate": func() { e.Optimiser.DelayLR = f.set.Optimiser.DelayLR },
		"optimiser":  func() { e.Optimiser.Kind = f.set.Optimiser.Kind },
		"seed":       func() { e.Seed = f.set.Seed },
		"tick":       func() { enc.Tick = f.tick },
		"ticks":      func() { enc.Ticks = f.ticks },
		"downsample": func() { enc.Downsample = f.downsample },
		"float": func() {
			e.Training.Arithmetic = "integer"
			if f.float {
				e.Training.Arithmetic = "float"
			}
		},
	} {
		if c.Flags().Changed(name) {
			set()
		}
	}
	if err := enc.Check(); err != nil {
		return nil, err
	}
	e.Encoding = enc.String()
	if e.Net == "" {
		return nil, diag.Usagef("usage", "no network").WithFix("give --net, such as --net 34x34x2-512d-512d-10")
	}
	return e, nil
}

func (a *app) train(c *cobra.Command, f *trainFlags) error {
	if f.printConfig {
		e, err := f.experiment(c, *snn.DefaultExperiment())
		if err != nil {
			return err
		}
		fmt.Fprint(a.stdout, e.TOML())
		return nil
	}
	for _, v := range [][2]string{{"--data", f.data.path}, {"--output", f.out}} {
		if v[1] == "" {
			return diag.Usagef("usage", "%s is missing", v[0]).WithFix("see `isospike train --help`")
		}
	}
	m, err := f.model(c)
	if err != nil {
		return err
	}
	if m.Experiment.Training.Epochs < 1 {
		return diag.Usagef("usage", "0 epochs train nothing").WithFix("give --epochs 1 or more")
	}
	src, err := f.data.open(a, m.Experiment.Encoding)
	if err != nil {
		return err
	}
	var val train.Source
	if f.val.path != "" {
		v, err := f.val.open(a, m.Experiment.Encoding)
		if err != nil {
			return err
		}
		val = v
	}
	if err := fits(m, src); err != nil {
		return err
	}
	m.Provenance["command"] = "isospike train"
	m.Provenance["data"] = src.Name()
	start := time.Now()
	if err := a.fit(c.Context(), m, src, val, f.out); err != nil {
		return err
	}
	last := m.Progress.History[len(m.Progress.History)-1]
	return a.result(map[string]any{
		"seconds": time.Since(start).Seconds(), "epochs": m.Progress.Epoch, "best_epoch": m.Progress.BestAt,
		"loss": last.Loss, "accuracy": last.Accuracy, "val_accuracy": last.ValAcc, "best_accuracy": m.Progress.Best, "model": f.out,
	}, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %s, %d epochs in %s, accuracy %.2f %% in training, best %.2f %% in epoch %d\n", f.out, m.Net, m.Progress.Epoch,
			seconds(time.Since(start)), 100*last.Accuracy, 100*m.Progress.Best, m.Progress.BestAt)
	})
}

// model makes the model to train, or reads the checkpoint to go on from.
func (f *trainFlags) model(c *cobra.Command) (*train.Model, error) {
	if !f.resume {
		e, err := f.experiment(c, *snn.DefaultExperiment())
		if err != nil {
			return nil, err
		}
		return train.NewModel(e)
	}
	m, err := readModel(checkpoint(f.out))
	if errors.Is(err, os.ErrNotExist) {
		return nil, diag.Inputf("no-checkpoint", checkpoint(f.out), "there is nothing to resume").WithFix("run without --resume first")
	}
	if err != nil {
		return nil, err
	}
	e, err := f.experiment(c, *m.Experiment)
	if err != nil {
		return nil, err
	}
	m.Experiment.Training.Epochs = e.Training.Epochs
	// What else the command asks for must be what the checkpoint does.
	has, asked := strings.Split(m.Experiment.TOML(), "\n"), strings.Split(e.TOML(), "\n")
	for i := range min(len(has), len(asked)) {
		if has[i] != asked[i] {
			return nil, diag.Usagef("resume", "the checkpoint has %s, the command asks for %s", has[i], asked[i]).
				WithFix("leave out what differs, or train anew without --resume")
		}
	}
	return m, m.Experiment.Validate()
}

func checkpoint(out string) string { return out + ".checkpoint" }

func readModel(path string) (*train.Model, error) {
	file, err := artifact.Read(path)
	if err != nil {
		return nil, err
	}
	m, err := train.FromFile(file)
	return m, diag.InFile(err, path)
}

// fits checks the data's shape against the network's input, by name, before any
// sample is run.
func fits(m *train.Model, src dataset.Encoded) error {
	if got := src.Encoding.Shape(src.Shape()); got != m.Net.Input {
		return diag.Inputf("input-shape", "", "%s gives inputs of %v (%s), the network takes %v", src.Name(), got, src.Encoding, m.Net.Input).
			WithFix("begin the network with %v, or change --downsample", got)
	}
	return nil
}

// fit trains m, keeping a checkpoint, and writes the model to out ("" writes nothing).
func (a *app) fit(ctx context.Context, m *train.Model, src dataset.Encoded, val train.Source, out string) error {
	t := train.NewTrainer(m, src.Encoding.Ticks, a.threads)
	epochs := m.Experiment.Training.Epochs
	var p *progress
	begin := func() {
		p = a.progress(fmt.Sprintf("epoch %d/%d", m.Progress.Epoch+1, epochs), "samples", src.Len())
	}
	begin()
	start := time.Now()
	first := m.Progress.Epoch
	told := map[string]bool{}
	f := train.Fit{
		Val: val,
		OnFinding: func(e *diag.Error) {
			if key := e.Code + e.Layer; !told[key] {
				told[key] = true
				a.note("warning: %v", e)
				a.note("  help: %s", e.Fix)
			}
		},
		OnBatch: func(done, of int, r train.Metrics) {
			p.set(done, fmt.Sprintf("loss %.3f accuracy %.1f %%", r.Loss/float64(r.Samples), 100*r.Accuracy()))
		},
		OnEpoch: func(e train.EpochMetrics, best bool) error {
			p.end()
			spent := time.Since(start)
			n := e.Epoch - first
			line := fmt.Sprintf("epoch %3d/%d  loss %8.4f  accuracy %6.2f %%", e.Epoch, epochs, e.Loss, 100*e.Accuracy)
			if val != nil {
				line += fmt.Sprintf("  validation %6.2f %%", 100*e.ValAcc)
			}
			a.note("%s  %5.0f samples/s  %s left", line, float64(n*src.Len())/spent.Seconds(),
				(spent / time.Duration(n) * time.Duration(epochs-e.Epoch)).Round(time.Second))
			begin()
			if out == "" {
				return nil
			}
			if best || val == nil {
				if err := safetensors.WriteFile(out, m.File()); err != nil {
					return err
				}
			}
			return safetensors.WriteFile(checkpoint(out), m.File())
		},
	}
	err := t.Fit(ctx, src, f)
	p.end()
	var d *diag.Error
	if errors.As(err, &d) && d.Kind == diag.Interrupted && out != "" {
		if err := safetensors.WriteFile(checkpoint(out), m.File()); err != nil {
			return err
		}
		return d.WithFix("go on with the same command and --resume; %s is saved", checkpoint(out))
	}
	return err
}
