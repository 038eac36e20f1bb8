package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/quantize"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/train"
	"github.com/spf13/cobra"
)

// The demo's targets: a chip, and the board that the last step streams to.
var demoTargets = []string{"loihi1", "icebreaker"}

type demoFlags struct {
	dir     string
	seed    uint64
	samples int
	epochs  int
	board   int
	verilog bool
}

// command is what makes the same demo again, but for where it is written.
func (f *demoFlags) command() string {
	c := fmt.Sprintf("isospike demo --samples %d --epochs %d --board-samples %d --seed %d", f.samples, f.epochs, f.board, f.seed)
	if f.verilog {
		c += " --rtl"
	}
	return c
}

// demo carries the artifacts of one demo from step to step.
type demo struct {
	*app
	demoFlags
	exp      *snn.Experiment
	train    dataset.Encoded
	test     dataset.Encoded
	model    *train.Model
	fixed    *fixed.Network
	report   *quantize.Report
	programs []*compile.Program
	execs    []*executor
	tallies  []tally // float, then the chain
	pairs    []pair
	on       *device // the board
	board    *boardRun
	hashes   map[string]string // artifact file → SHA-256
	seconds  float64
}

func newDemo(a *app) *cobra.Command {
	var f demoFlags
	c := &cobra.Command{
		Use:   "demo",
		Short: "Walk the whole road on built-in data: train, quantize, compile, verify, run on a board",
		Long: `demo draws event-camera digits, trains 9x9x2-128d-10 on half of them, quantizes it,
compiles it for a Loihi-1-style chip and for the iCEBreaker board, verifies on the other
half that every stage gives the same spikes, and streams it to an emulated board over
the real serial protocol. The artifacts, report.html and road.svg stay in a directory.

Nothing but Go is needed. With --rtl the board is its Verilog, simulated clock by clock,
which needs Verilator. The exit status is 1 when any spike differs.`,
		Example: `  isospike demo
  isospike demo --rtl
  isospike demo --json --seed 3`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.demo(c.Context(), f) },
	}
	c.Flags().StringVarP(&f.dir, "output", "o", "isospike-demo", "directory for the artifacts and the report")
	_ = c.MarkFlagDirname("output")
	c.Flags().Uint64Var(&f.seed, "seed", 1, "seed of all randomness")
	c.Flags().IntVar(&f.samples, "samples", 2000, "recordings to draw; half of them train, half test")
	c.Flags().IntVar(&f.epochs, "epochs", 12, "passes over the training half")
	c.Flags().IntVar(&f.board, "board-samples", 200, "test recordings to stream to the board")
	c.Flags().BoolVar(&f.verilog, "rtl", false, "simulate the board's Verilog (needs Verilator and g++)")
	return c
}

func (a *app) demo(ctx context.Context, f demoFlags) error {
	if f.samples < 40 || f.samples > 100_000 || f.epochs < 1 || f.board < 1 {
		return diag.Usagef("usage", "the demo takes 40 to 100000 samples, and at least one epoch and one sample on the board")
	}
	if err := os.MkdirAll(f.dir, 0o777); err != nil {
		return diag.Inputf("write", f.dir, "cannot make the directory: %v", err)
	}
	d := &demo{app: a, demoFlags: f, hashes: map[string]string{}}
	board, err := lookupBoard("icebreaker")
	if err != nil {
		return err
	}
	if d.on, err = a.simulated(ctx, board, f.verilog); err != nil {
		return err
	}
	d.on.name = "board"
	start := time.Now()
	for _, step := range []struct {
		title string
		run   func(context.Context) error
	}{
		{"1/6 data", d.makeData},
		{"2/6 train", d.trainModel},
		{"3/6 quantize and compile", d.lower},
		{"4/6 verify", d.verify},
		{"5/6 board", d.stream},
	} {
		a.note("── %s", step.title)
		if err := step.run(ctx); err != nil {
			return err
		}
	}
	d.seconds = time.Since(start).Seconds()
	a.note("── 6/6 report")
	page := filepath.Join(f.dir, "report.html")
	if err := d.writeReport(page); err != nil {
		return err
	}
	if err := d.writeRoad(ctx, filepath.Join(f.dir, "road.svg")); err != nil {
		return err
	}
	if err := a.result(d.summary(), func(w io.Writer) { d.print(w, page) }); err != nil {
		return err
	}
	return mismatch(d.pairs)
}

func (d *demo) makeData(ctx context.Context) error {
	e := snn.DefaultExperiment()
	e.Net, e.Seed, e.Training.Epochs = "9x9x2-128d-10", d.seed, d.epochs
	enc := dataset.Encoding{Tick: 1000, Ticks: 300, Downsample: 4}
	e.Encoding = enc.String()
	d.exp = e
	set, err := dataset.Cache(until(ctx, "drawing the recordings", dataset.NewSynth(d.samples, d.seed)), d.threads)
	if err != nil {
		return err
	}
	half, rest, err := dataset.Split(set, 0.5, d.seed)
	if err != nil {
		return err
	}
	d.train, d.test = dataset.Encoded{Set: half, Encoding: enc}, dataset.Encoded{Set: rest, Encoding: enc}
	d.note("%d + %d recordings of synthetic digits, 34×34 pixels, two polarities, 300 ms, downsampled 4×", half.Len(), rest.Len())
	return nil
}

func (d *demo) trainModel(ctx context.Context) error {
	m, err := train.NewModel(d.exp)
	if err != nil {
		return err
	}
	d.model = m
	m.Provenance["command"], m.Provenance["data"] = "isospike demo", d.train.Name()
	err = d.fit(ctx, m, d.train, nil, filepath.Join(d.dir, "model.safetensors"))
	if stopped := (*diag.Error)(nil); errors.As(err, &stopped) && stopped.Kind == diag.Interrupted {
		return stopped.WithFix("the demo begins anew each time")
	} else if err != nil {
		return err
	}
	return d.hash("model.safetensors")
}

// hash notes the SHA-256 of an artifact in the demo's directory.
func (d *demo) hash(name string) error {
	f, err := artifact.Read(filepath.Join(d.dir, name))
	if err != nil {
		return err
	}
	d.hashes[name] = artifact.Hash(f)
	return nil
}

func (d *demo) lower(ctx context.Context) error {
	var err error
	if d.fixed, d.report, err = quantize.Quantize(d.model, quantize.Options{}); err != nil {
		return err
	}
	d.fixed.Provenance["command"], d.fixed.Provenance["parent"] = "isospike demo", d.hashes["model.safetensors"]
	if err := d.fixed.Write(filepath.Join(d.dir, "fixed.safetensors")); err != nil {
		return err
	}
	if err := d.hash("fixed.safetensors"); err != nil {
		return err
	}
	out := d.stderr
	if d.quiet {
		out = io.Discard
	}
	printQuantize(out, d.report)
	for _, name := range demoTargets {
		p, err := compileFor(ctx, d.fixed, name, d.hashes["fixed.safetensors"])
		if err != nil {
			return err
		}
		file := name + ".safetensors"
		if err := p.Write(filepath.Join(d.dir, file)); err != nil {
			return err
		}
		if err := d.hash(file); err != nil {
			return err
		}
		printUse(out, p)
		d.programs = append(d.programs, p)
	}
	return nil
}

// verify runs the test half on training's forward pass, the fixed reference and
// the simulator on each program, all read back from their files.
func (d *demo) verify(ctx context.Context) error {
	for _, name := range append([]string{"model", "fixed"}, demoTargets...) {
		e, err := d.load(filepath.Join(d.dir, name+".safetensors"))
		if err != nil {
			return err
		}
		d.execs = append(d.execs, e)
	}
	tallies, pairs, err := d.chain(ctx, d.test, d.execs, true)
	if err != nil {
		return err
	}
	float, err := d.inFloat(ctx)
	if err != nil {
		return err
	}
	d.tallies, d.pairs = append([]tally{float}, tallies...), pairs
	return nil
}

// inFloat measures the accuracy of the weights before rounding, in float arithmetic.
func (d *demo) inFloat(ctx context.Context) (tally, error) {
	exp := *d.exp
	exp.Training.Arithmetic = "float"
	m := *d.model
	m.Experiment = &exp
	e, err := trainExecutor(&m)
	if err != nil {
		return tally{}, err
	}
	tallies, _, err := d.chain(ctx, d.test, []*executor{e}, false)
	if err != nil {
		return tally{}, err
	}
	return tallies[0], nil
}

// stream starts the board and runs test samples on it over its port.
func (d *demo) stream(ctx context.Context) error {
	e, err := d.simExecutor(d.programs[len(d.programs)-1])
	if err != nil {
		return err
	}
	some := dataset.Encoded{Set: dataset.Subset(d.test.Set, first(min(d.demoFlags.board, d.test.Len()))), Encoding: d.test.Encoding}
	if d.board, err = d.onBoard(ctx, d.on, e, some); err != nil {
		return err
	}
	d.pairs = append(d.pairs, d.board.pair)
	d.note("%d samples in %s: %.0f samples/s, %d bytes out, %d bytes in, %d damaged frames", d.board.tally.Samples, seconds(time.Duration(d.board.seconds*1e9)),
		float64(d.board.tally.Samples)/d.board.seconds, d.board.stats.BytesOut, d.board.stats.BytesIn, d.board.stats.BadIn+d.board.stats.BadOut)
	if d.board.core != nil {
		d.note("%v", d.board.core)
	}
	return nil
}

func first(n int) []int {
	index := make([]int, n)
	for i := range index {
		index[i] = i
	}
	return index
}

// summary is what --json prints.
func (d *demo) summary() any {
	var targets []use
	for _, p := range d.programs {
		targets = append(targets, useOf(p))
	}
	return map[string]any{
		"seconds":  d.seconds,
		"accuracy": map[string]float64{"float": d.tallies[0].Accuracy, "train": d.tallies[1].Accuracy, "fixed": d.tallies[2].Accuracy, "board": d.board.tally.Accuracy},
		"verify":   d.pairs,
		"targets":  targets,
		"board":    map[string]any{"samples": d.board.tally.Samples, "seconds": d.board.seconds, "synaptic_operations": d.board.synops, "core": d.board.core, "link": d.board.stats},
		"report":   filepath.Join(d.dir, "report.html"),
	}
}

func (d *demo) print(w io.Writer, page string) {
	total := 0
	for _, p := range d.pairs {
		total += p.Mismatches
	}
	t := d.tallies
	fmt.Fprintf(w, "\n%-26s %10s %10s %10s %10s\n", "9x9x2-128d-10", "float", "train", "fixed", "board")
	fmt.Fprintf(w, "%-26s %9.2f%% %9.2f%% %9.2f%% %9.2f%%\n", "accuracy", 100*t[0].Accuracy, 100*t[1].Accuracy, 100*t[2].Accuracy, 100*d.board.tally.Accuracy)
	fmt.Fprintf(w, "%-26s %10d %10d %10d %10d\n", "samples", t[0].Samples, t[1].Samples, t[2].Samples, d.board.tally.Samples)
	per := func(t tally) float64 { return float64(t.Spikes) / float64(t.Samples) }
	fmt.Fprintf(w, "%-26s %10.1f %10.1f %10.1f %10.1f\n", "spikes a sample", per(t[0]), per(t[1]), per(t[2]), per(d.board.tally))
	fmt.Fprintf(w, "%-26s %10s %10s %10s %10.0f\n", "synaptic ops a sample", "", "", "", float64(d.board.synops)/float64(d.board.tally.Samples))
	fmt.Fprintf(w, "%-26s %10s %10s %10s %10d\n\n", "mismatches", "", "", "", total)
	printPairs(w, d.pairs)
	fmt.Fprintf(w, "\n%s, %s\n", page, seconds(time.Duration(d.seconds*1e9)))
}

// counts returns what every core of a program did on the first test samples.
func (d *demo) counts(ctx context.Context, p *compile.Program) ([]sim.Count, error) {
	m, err := sim.New(p)
	if err != nil {
		return nil, err
	}
	in, err := d.test.Raster(0, 0, 0)
	if err != nil {
		return nil, err
	}
	res, err := m.Run(ctx, in, in.Ticks(), sim.Options{Slow: d.slow})
	if err != nil {
		return nil, err
	}
	return res.Cores, nil
}
