package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/quantize"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/train"
	"github.com/spf13/cobra"
)

// workload is one training benchmark.
type workload struct {
	name, net string
	ticks     int
	batch     int
	density   float64 // of the random input
	rate      float64 // at which hidden layers are set to spike
	samples   int
	loss      string
	forward   bool // evaluate alone
	epoch     bool // report seconds an epoch of the samples, not samples a second
}

var workloads = []workload{
	{name: "dense-step", net: "34x34x2-512-512-10", ticks: 300, batch: 32, density: 0.05, rate: 0.2, samples: 32, loss: "rate"},
	{name: "dense-forward", net: "34x34x2-512-512-10", ticks: 300, batch: 32, density: 0.05, rate: 0.2, samples: 32, loss: "rate", forward: true},
	{name: "conv-step", net: "34x34x2-12c5-2a-64c5-2a-10o", ticks: 300, batch: 8, density: 0.05, rate: 0.2, samples: 8, loss: "rate"},
	{name: "conv-forward", net: "34x34x2-12c5-2a-64c5-2a-10o", ticks: 300, batch: 8, density: 0.05, rate: 0.2, samples: 8, loss: "rate", forward: true},
	{name: "nmnist-epoch", net: "34x34x2-512d-512d-10", ticks: 300, batch: 32, rate: 0.03, samples: 1000, loss: "rate", epoch: true},
	{name: "oxford-epoch", net: "200x1-256-200", ticks: 1900, batch: 1, density: 1889.0 / (200 * 1900), rate: 0.03, samples: 1, loss: "spike_train", epoch: true},
}

type benchTrainFlags struct {
	only, data string
	seconds    float64
	scale      bool
}

func newBenchTrain(a *app) *cobra.Command {
	var f benchTrainFlags
	c := &cobra.Command{
		Use:   "train",
		Short: "Measure training: samples a second, against what the machine allows",
		Long: `train measures six workloads:

  dense-step, dense-forward   34x34x2-512-512-10, batch 32
  conv-step, conv-forward     34x34x2-12c5-2a-64c5-2a-10o, batch 8
  nmnist-epoch                seconds for 1000 recordings, 34x34x2-512d-512d-10, batch 32
  oxford-epoch                seconds for the one sample of 200x1-256-200, 1900 ticks

The first four run 300 ticks with 5 % of the inputs spiking a tick and hidden layers set
to 20 %. The limit is a roofline: the additions, products and state updates of this very
network and its spikes, at the rates that short probes reach on this machine in the
same run. A second table shows where the time of one thread goes by stage.`,
		Example: "  isospike bench train\n  isospike bench train --only conv-step --seconds 10 --json\n  isospike bench train --scale > scaling.md",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.benchTrain(c.Context(), &f) },
	}
	c.Flags().StringVar(&f.only, "only", "", "run this workload alone")
	c.Flags().StringVar(&f.data, "data", "", "N-MNIST recordings for nmnist-epoch (default: synthetic ones like them)")
	c.Flags().Float64Var(&f.seconds, "seconds", 3, "time for each workload")
	c.Flags().BoolVar(&f.scale, "scale", false, "measure instead how the dense step scales with threads, batch, ticks, density and width, as Markdown")
	return c
}

func (a *app) benchTrain(ctx context.Context, f *benchTrainFlags) error {
	if !(f.seconds >= 0 && f.seconds <= 3600) {
		return diag.Usagef("usage", "--seconds is %v, allowed are 0 to 3600", f.seconds)
	}
	budget := time.Duration(f.seconds * float64(time.Second))
	if f.scale {
		return a.benchScale(ctx, budget)
	}
	var rows []benchRow
	rates := probe()
	for _, w := range workloads {
		if f.only != "" && f.only != w.name {
			continue
		}
		a.note("%s: %s", w.name, w.net)
		r, err := a.benchWorkload(ctx, w, f.data, a.threads, budget, rates)
		if err != nil {
			return err
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		return diag.Usagef("usage", "there is no workload %q", f.only).WithFix("see `isospike bench train --help`")
	}
	return a.benchResult(rows)
}

func (a *app) benchWorkload(ctx context.Context, w workload, data string, threads int, budget time.Duration, rates machineRates) (benchRow, error) {
	e := snn.DefaultExperiment()
	e.Net, e.Training.Batch, e.Training.InitRate, e.Loss.Kind = w.net, w.batch, w.rate, w.loss
	m, err := train.NewModel(e)
	if err != nil {
		return benchRow{}, err
	}
	forgetPeak()
	src, note, err := w.source(m.Net, data)
	if err != nil {
		return benchRow{}, err
	}
	t := train.NewTrainer(m, w.ticks, threads)
	var batches [][]int
	for i := range src.Len() {
		if i%w.batch == 0 {
			batches = append(batches, nil)
		}
		batches[len(batches)-1] = append(batches[len(batches)-1], i)
	}
	if err := t.Step(ctx, src, batches[0]); err != nil { // calibrates
		return benchRow{}, err
	}
	ev, err := t.Evaluate(ctx, src, nil)
	if err != nil {
		return benchRow{}, err
	}
	inputs := 0
	for i := range src.Len() {
		r, err := src.Raster(i, 0, 0)
		if err != nil {
			return benchRow{}, err
		}
		inputs += r.Count()
	}
	seconds, err := repeat(budget, func() error {
		if w.forward {
			_, err := t.Evaluate(ctx, src, nil)
			return err
		}
		for _, b := range batches {
			if err := t.Step(ctx, src, b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return benchRow{}, err
	}
	n := float64(src.Len())
	row := benchRow{Name: w.name, Runs: len(seconds), Threads: t.Threads, Note: note, Unit: "samples/s", Peak: peakMemory()}
	least := rates.least(t.CountWork(ev, inputs), w.batch, w.forward)
	limit, longest := 0.0, 0
	for i, s := range least {
		if limit += s; s > least[longest] {
			longest = i
		}
	}
	row.LimitBy = train.StageNames[longest]
	limit = limit * n / float64(min(t.Threads, runtime.GOMAXPROCS(0))) // seconds for all samples
	if !w.forward {
		spent, err := t.Profile(ctx, src, batches[0])
		if err != nil {
			return benchRow{}, err
		}
		for i, s := range spent {
			row.Stages = append(row.Stages, benchStage{train.StageNames[i], 1e3 * s / float64(len(batches[0])), 1e3 * least[i]})
		}
	}
	fast, median, slow := seconds[0], seconds[len(seconds)/2], seconds[len(seconds)-1]
	row.OfLimit = limit / median
	if w.epoch {
		per := float64(w.samples) / n // a real set may have fewer recordings than 1000
		row.Unit, row.Value, row.Least, row.Most, row.Limit = "s", median*per, fast*per, slow*per, limit*per
	} else {
		row.Value, row.Least, row.Most, row.Limit = n/median, n/slow, n/fast, n/limit
	}
	return row, nil
}

// source returns the samples of a workload, in memory.
func (w workload) source(net *snn.Network, data string) (train.Source, string, error) {
	if w.name != "nmnist-epoch" {
		s := noise{classes: net.Output().Size()}
		for i := range w.samples {
			s.in = append(s.in, randomSpikes(uint64(i), net.Input.Size(), w.ticks, w.density))
		}
		if w.loss == "spike_train" { // as many spikes as the Oxford target has
			s.classes = 0
			s.wanted = randomSpikes(1<<32, net.Output().Size(), w.ticks, 10361.0/(200*1900))
		}
		return s, "", nil
	}
	var set dataset.Set = dataset.NewSynth(w.samples, 1)
	note := "synthetic recordings with the statistics of N-MNIST"
	if data != "" {
		var err error
		if set, err = dataset.Open(data, ""); err != nil {
			return nil, "", err
		}
		note = fmt.Sprintf("%s, %d recordings, scaled to %d", set.Name(), set.Len(), w.samples)
	}
	set, err := dataset.Cache(set, 0)
	return dataset.Encoded{Set: set, Encoding: dataset.Encoding{Tick: 1000, Ticks: w.ticks, Downsample: 1}}, note, err
}

// calibrated returns the network of a workload as it is before training, scaled to its rates, in integers.
func calibrated(ctx context.Context, w workload, data string, threads int) (*fixed.Network, train.Source, string, error) {
	e := snn.DefaultExperiment()
	e.Net, e.Training.Batch, e.Training.InitRate, e.Loss.Kind = w.net, w.batch, w.rate, w.loss
	m, err := train.NewModel(e)
	if err != nil {
		return nil, nil, "", err
	}
	src, note, err := w.source(m.Net, data)
	if err != nil {
		return nil, nil, "", err
	}
	if err := train.NewTrainer(m, w.ticks, threads).Step(ctx, src, first(min(w.batch, src.Len()))); err != nil {
		return nil, nil, "", err
	}
	n, _, err := quantize.Quantize(m, quantize.Options{})
	return n, src, note, err
}

// noise is random input.
type noise struct {
	in      []*spike.Raster
	classes int
	wanted  *spike.Raster
}

func (n noise) Len() int                                    { return len(n.in) }
func (n noise) Classes() int                                { return n.classes }
func (n noise) Label(i int) int                             { return i % n.classes }
func (n noise) Raster(i, dx, dy int) (*spike.Raster, error) { return n.in[i], nil }
func (n noise) Pattern(int) (*spike.Raster, error)          { return n.wanted, nil }

func randomSpikes(seed uint64, neurons, ticks int, density float64) *spike.Raster {
	r := rand.New(rand.NewPCG(seed, 1))
	s := spike.NewRaster(neurons)
	for range ticks {
		var fired []int32
		for n := range neurons {
			if r.Float64() < density {
				fired = append(fired, int32(n))
			}
		}
		s.Append(fired...)
	}
	return s
}
