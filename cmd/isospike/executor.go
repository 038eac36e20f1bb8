package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/train"
)

// runner runs one sample and returns the records of its layers.
type runner func(ctx context.Context, in *spike.Raster) ([]fixed.Record, error)

// executor is one of the things that must agree: training's forward pass, the
// fixed reference, the simulator on a program.
type executor struct {
	name     string
	input    snn.Shape
	encoding string
	readout  snn.Window
	program  *compile.Program // of the simulator
	graded   bool             // the first layer takes graded spikes
	// start returns a runner for one goroutine; states asks for u and v, which
	// training does not record.
	start func(states bool) runner
	// neuron tells the dynamics of a neuron, layers counted from 0; nil where the executor has none in integers.
	neuron func(layer, n int) fixed.Neuron
	slow   bool // the simulator's fast paths are off
	// reuses says that a runner's records are overwritten by its next run.
	reuses bool
}

// load reads an artifact of any kind as an executor.
func load(path string) (*executor, error) {
	file, err := artifact.Read(path)
	if err != nil {
		return nil, err
	}
	e, err := execute(file)
	return e, diag.InFile(err, path)
}

func execute(file *safetensors.File) (*executor, error) {
	switch kind := artifact.Kind(file); kind {
	case artifact.Model:
		m, err := train.FromFile(file)
		if err != nil {
			return nil, err
		}
		return trainExecutor(m)
	case artifact.Fixed:
		n, err := fixed.FromFile(file)
		if err != nil {
			return nil, err
		}
		return fixedExecutor(n), nil
	case artifact.Program:
		p, err := compile.Decode(file)
		if err != nil {
			return nil, err
		}
		return simExecutor(p)
	default:
		return nil, diag.Inputf("artifact-kind", "", "a %q cannot be run", kind).WithFix("give a model, a fixed network or a program")
	}
}

func trainExecutor(m *train.Model) (*executor, error) {
	ticks, err := ticksOf(m.Experiment.Encoding)
	if err != nil {
		return nil, err
	}
	e := &executor{name: "train", input: m.Net.Input, encoding: m.Experiment.Encoding, readout: m.Experiment.Loss.Window}
	if m.Experiment.Training.Arithmetic != "integer" {
		e.name = "train (float)"
	}
	e.reuses = true
	t := train.NewTrainer(m, ticks, 1)
	e.start = func(bool) runner {
		r := t.Runner()
		return func(_ context.Context, in *spike.Raster) ([]fixed.Record, error) {
			if in.Ticks() != ticks {
				return nil, diag.Inputf("ticks", "", "the input has %d ticks, the model was made for %d", in.Ticks(), ticks).
					WithFix("run the fixed network that `isospike quantize` makes of it, for any number of ticks")
			}
			var recs []fixed.Record
			for _, s := range r.Run(in) {
				recs = append(recs, fixed.Record{Spikes: s})
			}
			return recs, nil
		}
	}
	return e, nil
}

func fixedExecutor(n *fixed.Network) *executor {
	return &executor{name: "fixed", input: n.Input, encoding: n.Encoding, readout: n.Readout, graded: n.Layers[0].Graded,
		neuron: func(layer, _ int) fixed.Neuron { return n.Layers[layer].Neuron },
		start: func(states bool) runner {
			return func(_ context.Context, in *spike.Raster) ([]fixed.Record, error) {
				return n.Run(in, in.Ticks(), states)
			}
		}}
}

func simExecutor(p *compile.Program) (*executor, error) {
	m, err := sim.New(p)
	if err != nil {
		return nil, err
	}
	e := &executor{name: "sim:" + p.Target, input: p.Input, encoding: p.Encoding, readout: p.Readout, program: p, graded: p.TakesGraded(),
		neuron: func(layer, n int) fixed.Neuron {
			h := p.Layers[layer].Home[n]
			c := &p.Cores[h.Core]
			return c.Profiles[c.Profile[h.Neuron]].Neuron
		}}
	e.start = func(states bool) runner {
		m := m.Clone()
		return func(ctx context.Context, in *spike.Raster) ([]fixed.Record, error) {
			res, err := m.Run(ctx, in, in.Ticks(), sim.Options{States: states, Slow: e.slow})
			if err != nil {
				return nil, err
			}
			return res.Layers, nil
		}
	}
	return e, nil
}

// tally counts what an executor did over a set of samples. Accuracy and confusion are
// of those that have a class.
type tally struct {
	Accuracy  float64 `json:"accuracy"`
	Samples   int     `json:"samples"`
	Confusion [][]int `json:"confusion"`
	Spikes    int     `json:"spikes"`
	labelled  int
	correct   int
}

// add counts one sample; label is −1 where it has no class.
func (t *tally) add(recs []fixed.Record, readout snn.Window, label int) {
	t.Samples++
	for _, r := range recs {
		t.Spikes += r.Spikes.Count()
	}
	if label < 0 {
		return
	}
	out := recs[len(recs)-1].Spikes
	from, to := readout.Bounds(out.Ticks())
	class := spike.Classify(out.Counts(from, to, nil))
	for n := max(out.Neurons, label+1); len(t.Confusion) < n; {
		t.Confusion = append(t.Confusion, nil)
	}
	for i := range t.Confusion {
		for len(t.Confusion[i]) < len(t.Confusion) {
			t.Confusion[i] = append(t.Confusion[i], 0)
		}
	}
	t.Confusion[label][class]++
	t.labelled++
	if class == label {
		t.correct++
	}
	t.Accuracy = float64(t.correct) / float64(t.labelled)
}

// pair is the outcome of comparing two executors.
type pair struct {
	A          string `json:"a"`
	B          string `json:"b"`
	Samples    int    `json:"samples"`
	Spikes     int    `json:"spikes"`     // of A, compared
	Mismatches int    `json:"mismatches"` // spikes that only one of them has, and samples whose states part
	States     bool   `json:"states"`     // u and v of every neuron at every tick were compared too
	// Neurons whose state after the last tick of a sample was compared: a board tells no others.
	EndStates int    `json:"end_states,omitempty"`
	First     string `json:"first,omitempty"`
}

// compare adds a sample to the pair. The program, where there is one, tells more
// about a divergence.
func (p *pair) compare(id string, prog *compile.Program, in *spike.Raster, a, b []fixed.Record) error {
	p.Samples++
	diff := 0
	if len(a) != len(b) {
		return diag.Inputf("records-differ", "", "%s has %d layers and %s %d", p.A, len(a), p.B, len(b))
	}
	p.States = a[0].U != nil && b[0].U != nil
	for k := range a {
		if a[k].Spikes.Neurons != b[k].Spikes.Neurons || a[k].Spikes.Ticks() != b[k].Spikes.Ticks() {
			return diag.Inputf("records-differ", "", "layer %d has %d neurons over %d ticks in %s, %d over %d in %s", k+1,
				a[k].Spikes.Neurons, a[k].Spikes.Ticks(), p.A, b[k].Spikes.Neurons, b[k].Spikes.Ticks(), p.B)
		}
		p.Spikes += a[k].Spikes.Count()
		diff += a[k].Spikes.Diff(b[k].Spikes)
	}
	first := ""
	if prog != nil {
		d, _, err := sim.FirstDivergence(prog, in, a, b)
		if err != nil {
			return err
		}
		if d != nil {
			first = d.String()
			diff = max(diff, 1)
		}
	} else if diff > 0 {
		first = p.firstSpike(a, b)
	}
	if diff > 0 && p.First == "" {
		p.First = fmt.Sprintf("sample %s: %s", id, first)
	}
	p.Mismatches += diff
	return nil
}

// firstSpike names the first spike that only one of two runs has, or that carries something
// else in the other.
func (p *pair) firstSpike(a, b []fixed.Record) string {
	for t := range a[0].Spikes.Ticks() {
		for k := range a {
			x, y := a[k].Spikes.At(t), b[k].Spikes.At(t)
			m, n := a[k].Spikes.Messages(t), b[k].Spikes.Messages(t)
			for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
				if m != nil && n != nil {
					if m[0] != n[0] {
						return fmt.Sprintf("tick %d, layer %d, neuron %d sends %d in %s, %d in %s", t, k+1, x[0], m[0], p.A, n[0], p.B)
					}
					m, n = m[1:], n[1:]
				}
				x, y = x[1:], y[1:]
			}
			name, other := p.A, p.B
			if len(x) == 0 || len(y) > 0 && y[0] < x[0] {
				x, name, other = y, p.B, p.A
			}
			if len(x) > 0 {
				return fmt.Sprintf("tick %d, layer %d, neuron %d spikes in %s, not in %s", t, k+1, x[0], name, other)
			}
		}
	}
	return ""
}

// samples gives the inputs of a comparison; dataset.Encoded is one.
type samples interface {
	Len() int
	Label(i int) int
	ID(i int) string
	Raster(i, dx, dy int) (*spike.Raster, error)
}

// chain runs every sample on all executors and compares each with the next.
// Samples run in parallel; the outcome does not depend on it.
func (a *app) chain(ctx context.Context, src samples, execs []*executor, states bool) ([]tally, []pair, error) {
	tallies, pairs := make([]tally, len(execs)), make([]pair, max(0, len(execs)-1))
	for i := range pairs {
		pairs[i].A, pairs[i].B = execs[i].name, execs[i+1].name
	}
	p := a.progress("verify", "samples", src.Len())
	defer p.end()
	type outcome struct {
		in   *spike.Raster
		recs [][]fixed.Record
	}
	idle := sync.Pool{New: func() any {
		var rs []runner
		for _, e := range execs {
			rs = append(rs, e.start(states))
		}
		return &rs
	}}
	err := ordered(ctx, a.threads, src.Len(), func(i int) (o outcome, err error) {
		if o.in, err = src.Raster(i, 0, 0); err != nil {
			return o, err
		}
		rs := idle.Get().(*[]runner)
		defer idle.Put(rs)
		for k, r := range *rs {
			recs, err := r(ctx, o.in)
			if err != nil {
				return o, err
			}
			if execs[k].reuses {
				recs = keep(recs)
			}
			o.recs = append(o.recs, recs)
		}
		return o, nil
	}, func(i int, o outcome) error {
		for k := range execs {
			tallies[k].add(o.recs[k], execs[k].readout, src.Label(i))
		}
		for k := range pairs {
			if err := pairs[k].compare(src.ID(i), execs[k+1].program, o.in, o.recs[k], o.recs[k+1]); err != nil {
				return err
			}
		}
		p.set(i+1, "")
		return nil
	})
	return tallies, pairs, err
}

func keep(recs []fixed.Record) []fixed.Record {
	out := make([]fixed.Record, len(recs))
	for k, r := range recs {
		s := *r.Spikes
		s.Start, s.Index = append([]int32(nil), s.Start...), append([]int32(nil), s.Index...)
		out[k] = fixed.Record{Spikes: &s}
	}
	return out
}

// mismatch is the error of a comparison that found differences, nil for none.
func mismatch(pairs []pair) error {
	for _, p := range pairs {
		if p.Mismatches > 0 {
			return (&diag.Error{Kind: diag.Mismatch, Code: "mismatch",
				Msg: fmt.Sprintf("%s and %s differ in %d places; first in %s", p.A, p.B, p.Mismatches, p.First)}).
				WithFix("`isospike inspect --tables` shows the tables of the core that is named")
		}
		if p.Samples == 0 || p.Spikes == 0 {
			return (&diag.Error{Kind: diag.Mismatch, Code: "nothing-compared",
				Msg: fmt.Sprintf("%s and %s were compared on %d samples with %d spikes: that shows nothing", p.A, p.B, p.Samples, p.Spikes)}).
				WithFix("give recordings that make the network spike")
		}
	}
	return nil
}

func printPairs(w io.Writer, pairs []pair) {
	fmt.Fprintf(w, "%-14s %-14s %8s %12s %11s  %s\n", "a", "b", "samples", "spikes", "mismatches", "compared")
	for _, p := range pairs {
		what := "spikes"
		if p.States {
			what = "spikes, u, v"
		}
		if p.EndStates > 0 {
			what = fmt.Sprintf("spikes; u, v of %d neurons at the end", p.EndStates)
		}
		fmt.Fprintf(w, "%-14s %-14s %8d %12d %11d  %s\n", p.A, p.B, p.Samples, p.Spikes, p.Mismatches, what)
	}
}

// ticksOf returns the ticks of a sample that an encoding makes.
func ticksOf(encoding string) (int, error) {
	e, err := dataset.ParseEncoding(encoding)
	return e.Ticks, err
}

// encodingOr returns how events become ticks: what the artifact records, else
// what the user gave.
func (e *executor) encodingOr(given string) string {
	if e.encoding != "" {
		return e.encoding
	}
	return given
}

// takes checks that data fits the executor's input.
func (e *executor) takes(src dataset.Encoded) error {
	if got := src.Encoding.Shape(src.Shape()); got.Size() != e.input.Size() {
		return diag.Inputf("input-shape", "", "%s gives inputs of %v (%s), the network takes %v", src.Name(), got, src.Encoding, e.input).
			WithFix("give the encoding that the network was made for")
	}
	return nil
}
