package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/train"
	"github.com/spf13/cobra"
)

type trainFlags struct {
	data, val   dataFlags
	config, out string
	from        string // fixed network to go on from
	log, report string
	resume      bool
	printConfig bool
	set         *snn.Experiment // values of the flags; only those given count
	tick, ticks int
	downsample  int
	float       bool
	delayBits   int
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
delays, and 10 outputs; 34x34x2-12c5-2a-drop20-64c5-2a-10o convolves, pools and drops
20 %. Every other setting has a default; --print-config shows all as TOML, --config
reads such a file, flags come on top.

After every epoch, and when interrupted, FILE.checkpoint holds all that is needed to
go on with --resume, bit for bit, on the same data. FILE is the epoch with the best
accuracy on --val; without --val it is the last one.

--from takes a fixed network, of few bits say, and trains it on: the forward pass is that
network, with its bits, exponents, thresholds and delays, and what comes out quantizes to
the same again. --bits trains with few bits from the start; the layers' scales are then
searched for on the weights that calibration gives.

--log keeps a line for every epoch: loss, accuracy, learning rate, seconds and the
firing rate of each layer, as CSV or, in a file that ends in .jsonl, as JSON. --report
draws the curves, and the spikes of a sample in every layer after the last epoch.`,
		Example: `  isospike train --data train_0001-0800.tar.gz --net 34x34x2-512d-512d-10 -o model.safetensors
  isospike train --data train.tar.gz --val val.tar.gz --config experiment.toml -o model.safetensors
  isospike train --data train.tar.gz --val 10% --net 34x34x2-256d-10 --log epochs.csv -o model.safetensors
  isospike train --data Oxford --net 200x1-256-200 --neuron srm --loss spike_train --batch 1 -o model.safetensors
  isospike train --data train.tar.gz -o model.safetensors --resume --epochs 60
  isospike train --data train.tar.gz --from fixed-ternary.safetensors --epochs 5 -o tuned.safetensors
  isospike train --net 9x9x2-128d-10 --downsample 4 --print-config > experiment.toml`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.train(c, &f) },
	}
	fl := c.Flags()
	fl.StringVar(&f.data.path, "data", "", "`DATA` to train on: a folder, file or archive, and after a '#' the part of it; see isospike data info --help")
	fl.StringVar(&f.data.labels, "labels", "", "`FILE` of lines id<TAB>class for --data (default: class folders, or the .txt beside the archive)")
	fl.StringVar(&f.val.path, "val", "", "validation data, run after every epoch; 10% takes a tenth of every class off --data instead")
	fl.StringVar(&f.val.labels, "val-labels", "", "`FILE` of lines id<TAB>class for --val")
	fl.StringVarP(&f.out, "output", "o", "", "model to write")
	fl.StringVar(&f.log, "log", "", "file for a line of metrics an epoch: .csv or .jsonl")
	fl.StringVar(&f.report, "report", "", "page to write at the end, of curves and a sample's spikes: .html, or .svg for the spikes alone")
	fl.StringVar(&f.from, "from", "", "fixed network to go on training from")
	fl.StringVar(&f.config, "config", "", "TOML experiment to read")
	fl.BoolVar(&f.printConfig, "print-config", false, "print the experiment as TOML and stop")
	fl.BoolVar(&f.resume, "resume", false, "go on from FILE.checkpoint; only --epochs may differ")
	f.experimentFlags(c)
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
	if f.config == "" && !f.resume && f.from == "" && f.data.path != "" {
		if enc, err = dataset.DefaultEncoding(f.data.path); err != nil {
			return nil, err
		}
	}
	if f.delayBits < 1 || f.delayBits > 6 {
		return nil, diag.Usagef("usage", "delays of %d bits; allowed are 1 to 6", f.delayBits)
	}
	if c.Flags().Changed("delay-bits") && c.Flags().Changed("max-delay") {
		return nil, diag.Usagef("usage", "--delay-bits and --max-delay both say which delay is the longest").WithFix("give one of them")
	}
	f.apply(c, e, &enc)
	if c.Flags().Changed("bits") && e.Training.Arithmetic == "float" {
		return nil, diag.Usagef("usage", "--bits: float arithmetic computes with weights that are not rounded").WithFix("leave it out, and give quantize --bits")
	}
	if err := enc.Check(); err != nil {
		return nil, err
	}
	e.Encoding = enc.String()
	if e.Net == "" && f.from == "" {
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
		_, err = io.WriteString(a.stdout, e.TOML())
		return err
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
	if err := fits(m, src); err != nil {
		return err
	}
	src, val, err := f.validation(a, m, src)
	if err != nil {
		return err
	}
	if m.Progress.Units == nil && f.from == "" {
		if m, err = a.scaled(c.Context(), m, src); err != nil {
			return err
		}
	}
	if err := sameData(m, src, val, f.resume); err != nil {
		return err
	}
	m.Provenance["command"] = "isospike train"
	log, err := openLog(f.log, m)
	if err != nil {
		return err
	}
	start := time.Now()
	if err := a.fitLogged(c.Context(), m, src, val, f.out, log); err != nil {
		return err
	}
	if f.report != "" {
		if err := trainReport(c.Context(), f.report, m, src, val, f.out); err != nil {
			return err
		}
	}
	last := m.Progress.History[len(m.Progress.History)-1]
	result := map[string]any{
		"seconds": time.Since(start).Seconds(), "epochs": m.Progress.Epoch, "best_epoch": m.Progress.BestAt,
		"loss": last.Loss, "accuracy": last.Accuracy, "val_accuracy": last.ValAcc, "best_accuracy": m.Progress.Best, "model": f.out,
	}
	if m.Experiment.Loss.Kind == "spike_train" { // nothing is right or wrong: the best is the least loss
		delete(result, "accuracy")
		delete(result, "val_accuracy")
		delete(result, "best_accuracy")
		result["best_loss"] = -m.Progress.Best
	}
	return a.result(result, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %s, %d epochs in %s, ", f.out, m.Net, m.Progress.Epoch, seconds(time.Since(start)))
		if m.Experiment.Loss.Kind == "spike_train" {
			fmt.Fprintf(w, "loss %.4f in training, best %.4f in epoch %d\n", last.Loss, -m.Progress.Best, m.Progress.BestAt)
			return
		}
		fmt.Fprintf(w, "accuracy %.2f %% in training, best %.2f %% in epoch %d\n", 100*last.Accuracy, 100*m.Progress.Best, m.Progress.BestAt)
	})
}

// model makes the model to train, or reads the checkpoint to go on from.
func (f *trainFlags) model(c *cobra.Command) (*train.Model, error) {
	var m *train.Model
	base := *snn.DefaultExperiment()
	if f.resume {
		var err error
		m, err = train.Read(checkpoint(f.out))
		if errors.Is(err, os.ErrNotExist) {
			return nil, diag.Inputf("no-checkpoint", checkpoint(f.out), "there is nothing to resume").WithFix("run without --resume first")
		}
		if err != nil {
			return nil, err
		}
		base = *m.Experiment
	}
	fresh, e, err := f.fresh(c, base)
	if err != nil || !f.resume {
		return fresh, err
	}
	e.TakeScales(m.Experiment)
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

// fresh returns the experiment that the command asks for and, unless it resumes, its model.
func (f *trainFlags) fresh(c *cobra.Command, base snn.Experiment) (*train.Model, *snn.Experiment, error) {
	if f.from != "" {
		return f.tuned(c, base)
	}
	e, err := f.experiment(c, base)
	if err != nil || f.resume {
		return nil, e, err
	}
	m, err := train.NewModel(e)
	return m, e, err
}

func checkpoint(out string) string { return out + ".checkpoint" }

// fits checks the data's shape against the network's input, by name, before any
// sample is run.
func fits(m *train.Model, src dataset.Encoded) error {
	if got := src.Encoding.Shape(src.Shape()); got != m.Net.Input {
		return diag.Inputf("input-shape", "", "%s gives inputs of %v (%s), the network takes %v", src.Name(), got, src.Encoding, m.Net.Input).
			WithFix("begin the network with %v, or change --downsample", got)
	}
	return nil
}
