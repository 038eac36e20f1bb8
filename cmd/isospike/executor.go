package main

import (
	"context"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/sim/golden"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/train"
)

// runner runs one sample and returns the records of its layers.
type runner func(ctx context.Context, in *spike.Raster) ([]fixed.Record, error)

// ender runs one sample and returns what a recording holds of it.
type ender func(ctx context.Context, in *spike.Raster) (*golden.Run, error)

// executor is one of the things that must agree: training's forward pass, the
// fixed reference, the simulator on a program.
type executor struct {
	name     string
	input    snn.Shape
	encoding string
	readout  snn.Window
	layers   []string // their names
	sizes    []int    // their neurons
	// convention says how the columns of rasters map to ticks.
	convention fixed.Convention
	recorded   bool             // has done one input, and does no other
	program    *compile.Program // of the simulator
	graded     bool             // the first layer takes graded spikes
	// start returns a runner for one goroutine; states asks for u and v, which
	// training does not record.
	start func(states bool) runner
	// neuron tells the dynamics of a neuron, layers counted from 0; nil where the executor has none in integers.
	neuron func(layer, n int) fixed.Neuron
	// side returns the executor for a run in lockstep on one input.
	side func(ctx context.Context, in *spike.Raster) (sim.Side, error)
	// end returns, for one goroutine, what runs a sample and keeps of the registers those after the last tick alone, where it has any.
	end   func() ender
	alone bool // only one runner may run at a time
	// reuses says that a runner's records are overwritten by its next run.
	reuses bool
}

// load reads an artifact of any kind as an executor.
func (a *app) load(path string) (*executor, error) {
	file, err := artifact.Read(path)
	if err != nil {
		return nil, err
	}
	e, err := a.execute(file)
	return e, diag.InFile(err, path)
}

func (a *app) execute(file *safetensors.File) (*executor, error) {
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
		return a.simExecutor(p)
	default:
		return nil, diag.Inputf("artifact-kind", "", "a %q cannot be run", kind).WithFix("give a model, a fixed network or a program")
	}
}

func trainExecutor(m *train.Model) (*executor, error) {
	ticks, err := ticksOf(m.Experiment.Encoding)
	if err != nil {
		return nil, err
	}
	e := &executor{name: "train", input: m.Net.Input, encoding: m.Experiment.Encoding, readout: m.Experiment.Loss.Window, convention: fixed.Axonal}
	for _, l := range m.Net.Layers {
		e.layers, e.sizes = append(e.layers, l.Name), append(e.sizes, l.Out.Size())
	}
	if m.Experiment.Training.Arithmetic != "integer" {
		e.name = "train (float)"
	}
	e.reuses = true
	t := train.NewTrainer(m, ticks, 1)
	e.start = func(bool) runner {
		r := t.Runner()
		return func(_ context.Context, in *spike.Raster) ([]fixed.Record, error) {
			if in.Ticks() > ticks {
				return nil, diag.Inputf("ticks", "", "the input has %d ticks, the model was made for %d", in.Ticks(), ticks).
					WithFix("run the fixed network that `isospike quantize` makes of it, for any number of ticks")
			}
			var recs []fixed.Record
			for _, s := range r.Run(stretch(in, ticks)) { // the silence at the end changes nothing before it
				recs = append(recs, fixed.Record{Spikes: stretch(s, in.Ticks())})
			}
			return recs, nil
		}
	}
	e.end = func() ender {
		r := e.start(false)
		return func(ctx context.Context, in *spike.Raster) (*golden.Run, error) {
			recs, err := r(ctx, in)
			if err != nil {
				return nil, err
			}
			return golden.New(in, recs), nil
		}
	}
	e.side = func(ctx context.Context, in *spike.Raster) (sim.Side, error) {
		recs, err := e.start(false)(ctx, in)
		return sim.RecordSide(recs, in.Ticks(), 0), err
	}
	return e, nil
}

func fixedExecutor(n *fixed.Network) *executor {
	e := &executor{name: "fixed", input: n.Input, encoding: n.Encoding, readout: n.Readout, graded: n.Layers[0].Graded, convention: n.Convention,
		neuron: func(layer, _ int) fixed.Neuron { return n.Layers[layer].Neuron },
		start: func(states bool) runner {
			return func(ctx context.Context, in *spike.Raster) ([]fixed.Record, error) {
				return n.RunContext(ctx, in, in.Ticks(), states)
			}
		},
		end: func() ender {
			return func(ctx context.Context, in *spike.Raster) (*golden.Run, error) { return golden.OfNetwork(ctx, n, in) }
		},
		side: func(context.Context, *spike.Raster) (sim.Side, error) { return sim.NetworkSide(n), nil }}
	for k := range n.Layers {
		e.layers, e.sizes = append(e.layers, n.Layers[k].Name), append(e.sizes, n.Layers[k].Out.Size())
	}
	return e
}

func (a *app) simExecutor(p *compile.Program) (*executor, error) {
	m, err := sim.New(p)
	if err != nil {
		return nil, err
	}
	e := &executor{name: "sim:" + p.Target, input: p.Input, encoding: p.Encoding, readout: p.Readout, program: p, graded: p.TakesGraded(), convention: p.Convention,
		neuron: func(layer, n int) fixed.Neuron {
			h := p.Layers[layer].Home[n]
			c := &p.Cores[h.Core]
			return c.Profiles[c.Profile[h.Neuron]].Neuron
		}}
	e.start = func(states bool) runner {
		m := m.Clone()
		return func(ctx context.Context, in *spike.Raster) ([]fixed.Record, error) {
			res, err := m.Run(ctx, in, in.Ticks(), sim.Options{States: states, Slow: a.slow})
			if err != nil {
				return nil, err
			}
			return res.Layers, nil
		}
	}
	e.end = func() ender {
		m := m.Clone()
		return func(ctx context.Context, in *spike.Raster) (*golden.Run, error) {
			res, err := m.Run(ctx, in, in.Ticks(), sim.Options{Slow: a.slow})
			if err != nil {
				return nil, err
			}
			return golden.OfProgram(p, in, res.Layers, m.State), nil
		}
	}
	e.side = func(context.Context, *spike.Raster) (sim.Side, error) { return m.Clone().Side(a.slow), nil }
	for k := range p.Layers {
		e.layers, e.sizes = append(e.layers, p.Layers[k].Name), append(e.sizes, len(p.Layers[k].Home))
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
		if r.Spikes != nil {
			t.Spikes += r.Spikes.Count()
		}
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
