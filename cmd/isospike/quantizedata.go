package main

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/quantize"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// before runs samples on the executor of what is to be quantized, in order.
func (a *app) before(ctx context.Context, what string, e *executor, src dataset.Encoded, index []int, use func(quantize.Sample) (func(), error)) error {
	p := a.progress(what, "samples", len(index))
	defer p.end()
	idle := sync.Pool{New: func() any { return e.start(false) }}
	return ordered(ctx, a.threads, len(index), func(i int) (func(), error) {
		in, err := src.Raster(index[i], 0, 0)
		if err != nil {
			return nil, err
		}
		run := idle.Get().(runner)
		defer idle.Put(run)
		recs, err := run(ctx, in)
		if err != nil {
			return nil, err
		}
		s := quantize.Sample{In: in, Label: src.Label(index[i])}
		for _, r := range recs {
			s.Before = append(s.Before, r.Spikes)
		}
		return use(s)
	}, func(i int, done func()) error {
		done()
		p.set(i+1, "")
		return nil
	})
}

// calibration returns up to n samples, spread evenly over src, with what the executor makes of them.
func (a *app) calibration(ctx context.Context, e *executor, src dataset.Encoded, n int) (all []quantize.Sample, err error) {
	n = min(n, src.Len())
	index := make([]int, n)
	for i := range index {
		index[i] = i * src.Len() / n
	}
	err = a.before(ctx, "calibrate", e, src, index, func(s quantize.Sample) (func(), error) {
		for k, r := range s.Before { // the executor's next run overwrites them
			s.Before[k] = &spike.Raster{Neurons: r.Neurons, Start: slices.Clone(r.Start), Index: slices.Clone(r.Index)}
		}
		return func() { all = append(all, s) }, nil
	})
	return all, err
}

// spiking returns an error where no layer, or not the output, of which bits by layer are chosen, spikes on any
// sample: nothing can shift then, and the fewest bits would be as good as any.
func spiking(samples []quantize.Sample, output bool) error {
	for _, s := range samples {
		layers := s.Before
		if output {
			layers = layers[len(layers)-1:]
		}
		if slices.ContainsFunc(layers, func(r *spike.Raster) bool { return r.Count() > 0 }) {
			return nil
		}
	}
	what := "network"
	if output {
		what = "output of the network"
	}
	return (&diag.Error{Kind: diag.Mismatch, Code: "nothing-compared", Msg: fmt.Sprintf("the %s does not spike on any of %d samples: that shows nothing", what, len(samples))}).
		WithFix("give recordings that make the network spike, or more of them (--calibration)")
}

// effect runs samples on the executor of what was quantized, and on the fixed network.
func (a *app) effect(ctx context.Context, e *executor, n *fixed.Network, src dataset.Encoded, samples int) (*quantize.Effect, error) {
	if samples == 0 || samples > src.Len() {
		samples = src.Len()
	}
	all := quantize.NewEffect(n)
	err := a.before(ctx, "compare", e, src, first(samples), func(s quantize.Sample) (func(), error) {
		x, err := quantize.Measure(n, s)
		return func() { all.Add(x) }, err
	})
	return all, err
}
