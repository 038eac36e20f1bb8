package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets/loihi"
	"github.com/spf13/cobra"
)

// estimateHelp is the part of a command's help on --estimate.
const estimateHelp = `--estimate MODEL gives an estimate of what a program would take in energy and time on a
Loihi, from the events that the simulator counts, by core and by layer. It is no measurement.
Models: davies2018, the figures for one operation each that Loihi's paper has from
simulations; sanafe, those that SANA-FE fitted to measurements. Neither counts static power,
the embedded processors, input and output, or what the links between chips take.`

func estimateFlag(c *cobra.Command, model, target *string) {
	programTargetFlag(c, target)
	c.Flags().StringVar(model, "estimate", "", "estimate energy and time by a model: "+strings.Join(loihi.Models(), " or "))
}

// meter returns a meter of a model for the program that e runs; target is as programTarget takes it.
func (e *executor) meter(name, target string) (*loihi.Meter, error) {
	m, err := loihi.ModelOf(name)
	if err != nil {
		return nil, err
	}
	if e.program == nil {
		return nil, diag.Inputf("artifact-kind", "", "estimates count the events of a program, this is %s", e.name).WithFix("compile it, for loihi1")
	}
	t, err := programTarget(e.program, target)
	if err != nil {
		return nil, err
	}
	chip, ok := t.(*loihi.Chip)
	if !ok {
		return nil, diag.Inputf("estimate-target", "", "the models are of Loihi, the program is for %s", t.Name()).WithFix("compile the network for loihi1")
	}
	return loihi.NewMeter(e.program, chip, m), nil
}

// estimate runs every sample on the simulator and sums up what happens.
func (a *app) estimate(ctx context.Context, e *executor, src dataset.Encoded, model, target string) error {
	all, err := e.meter(model, target)
	if err != nil {
		return err
	}
	err = simulate(ctx, a, e, src, func(m *sim.Machine, in *spike.Raster) (*loihi.Meter, error) {
		one := all.Clone()
		_, err := m.Run(ctx, in, src.Encoding.Ticks, sim.Options{Observer: one, Slow: a.slow})
		return one, err
	}, func(_ int, one *loihi.Meter) { all.Add(one) })
	if err != nil {
		return err
	}
	est := all.Estimate(int64(src.Len()))
	return a.result(est, func(w io.Writer) { printEstimate(w, est) })
}

// simulate runs every sample on a simulator of e's program, several at a time, and hands over what
// came of each in order.
func simulate[T any](ctx context.Context, a *app, e *executor, src dataset.Encoded, run func(*sim.Machine, *spike.Raster) (T, error), add func(i int, r T)) error {
	machine, err := sim.New(e.program)
	if err != nil {
		return err
	}
	p := a.progress("run", "samples", src.Len())
	defer p.end()
	idle := sync.Pool{New: func() any { return machine.Clone() }}
	return ordered(ctx, a.threads, src.Len(), func(i int) (r T, err error) {
		in, err := src.Raster(i, 0, 0)
		if err != nil {
			return r, err
		}
		m := idle.Get().(*sim.Machine)
		defer idle.Put(m)
		return run(m, in)
	}, func(i int, r T) error {
		add(i, r)
		p.set(i+1, "")
		return nil
	})
}

// printEstimate writes an estimate for people.
func printEstimate(w io.Writer, e *loihi.Estimate) {
	fmt.Fprintf(w, "estimate by %s (%s)\n", e.Model, e.Source)
	fmt.Fprintf(w, "%.4g µJ and %.4g ms a sample, over %d samples; without static power, input and output\n", e.Energy/1e6, e.Time/1e6, e.Samples)
	fmt.Fprintf(w, "%-8s %12s %14s %14s %12s %14s %12s %12s\n", "layer", "energy nJ", "updates", "active", "spikes", "synapses", "messages", "hops")
	n := float64(max(e.Samples, 1))
	row := func(p loihi.Part) {
		x := &p.Events
		fmt.Fprintf(w, "%-8s %12.4g %14.0f %14.0f %12.0f %14.0f %12.0f %12.0f\n", p.Name, p.Energy/1e3, float64(x.Updates)/n, float64(x.Active)/n, float64(x.Spikes)/n,
			float64(x.Dense+x.Sparse+x.Shared)/n, float64(x.Messages)/n, float64(x.EastWest+x.NorthSouth)/n)
	}
	for _, l := range e.Layers {
		row(l)
	}
	row(loihi.Part{Name: "all", Energy: e.Energy, Events: e.Events})
	most := 0
	for c := range e.Cores {
		if e.Cores[c].Slowest > e.Cores[most].Slowest {
			most = c
		}
	}
	fmt.Fprintf(w, "the barrier takes %.4g ns a tick; %d of %d ticks waited for core %s\n", e.Barrier, e.Cores[most].Slowest, e.Ticks, e.Cores[most].Name)
}
