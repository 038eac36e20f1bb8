// Package reduce makes an input that shows a fault as small as it can: fewer ticks first, then fewer spikes.
//
// It is delta debugging: a smaller input is taken when it still shows the fault, whatever else it does. The order in which smaller
// ones are tried is fixed, so the same input and fault give the same result.
package reduce

import (
	"context"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// Shows runs an input and returns how many of its ticks it takes to show the fault, 0 when it does not.
type Shows func(in *spike.Raster) (ticks int, err error)

// Result is what is left of an input.
type Result struct {
	Input *spike.Raster
	Runs  int // inputs that were tried
	// Least is false where the runs were used up before every smaller input was tried: without its first tick, and without any
	// one of its spikes.
	Least bool
}

// Reduce returns a part of in that shows the fault, after at most most runs. It is an Input error when in itself does not.
func Reduce(ctx context.Context, in *spike.Raster, most int, shows Shows) (*Result, error) {
	r := &reducer{ctx: ctx, shows: shows, most: most}
	taken, err := r.try(in)
	if err == nil && !taken {
		err = diag.Inputf("shows-nothing", "", "the input does not show the fault")
	}
	for before := -1; err == nil && before != r.size(); {
		before = r.size()
		if err = r.start(); err == nil {
			err = r.spikes()
		}
	}
	if err != nil {
		return nil, err
	}
	return &Result{Input: r.in, Runs: r.runs, Least: r.runs < r.most}, nil
}

type reducer struct {
	ctx        context.Context
	shows      Shows
	in         *spike.Raster // the smallest so far
	runs, most int
}

func (r *reducer) size() int { return r.in.Ticks() + r.in.Count() }

// try takes an input, without the ticks after the fault, if it shows one.
func (r *reducer) try(in *spike.Raster) (taken bool, err error) {
	if r.ctx.Err() != nil {
		return false, diag.Stopped("the search", r.ctx.Err())
	}
	if r.runs == r.most {
		return false, nil
	}
	r.runs++
	ticks, err := r.shows(in)
	if err != nil || ticks == 0 {
		return false, err
	}
	r.in = part(in, 0, ticks, nil)
	return true, nil
}

// start leaves out ticks at the start: halves of what is there, then quarters, down to single ones.
func (r *reducer) start() error {
	for step := r.in.Ticks() / 2; step > 0; {
		taken := false
		if step < r.in.Ticks() {
			var err error
			if taken, err = r.try(part(r.in, step, r.in.Ticks(), nil)); err != nil {
				return err
			}
		}
		if !taken {
			step /= 2
		}
	}
	return nil
}

// spikes leaves out spikes: halves of them, then quarters, down to single ones.
func (r *reducer) spikes() error {
	for size := max(1, r.in.Count()/2); size > 0; size /= 2 {
		for from := 0; from < r.in.Count(); {
			to := min(from+size, r.in.Count())
			taken, err := r.try(part(r.in, 0, r.in.Ticks(), func(i int) bool { return i < from || i >= to }))
			if err != nil {
				return err
			}
			if !taken {
				from = to
			}
		}
	}
	return nil
}

// part returns columns from to to−1 of a raster, and of its spikes, by their number in all of it, those that are kept.
func part(in *spike.Raster, from, to int, keep func(i int) bool) *spike.Raster {
	out := spike.NewRaster(in.Neurons)
	for t := from; t < to; t++ {
		var neurons, messages []int32
		for s, n := range in.At(t) {
			if keep != nil && !keep(int(in.Start[t])+s) {
				continue
			}
			neurons = append(neurons, n)
			if in.Message != nil {
				messages = append(messages, in.Messages(t)[s])
			}
		}
		if in.Message == nil {
			out.Append(neurons...)
		} else {
			out.AppendGraded(neurons, messages)
		}
	}
	return out
}
