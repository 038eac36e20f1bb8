package main

import (
	"context"
	"io"
	"os"

	"github.com/isospike/isospike/internal/atomicfile"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/spf13/cobra"
)

// checkpointFlags name states of the simulator in the middle of a run.
type checkpointFlags struct {
	restore, write string
	at             int
}

func (f *checkpointFlags) add(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&f.restore, "restore", "", "go on from the state in this file, which --checkpoint wrote")
	fl.StringVar(&f.write, "checkpoint", "", "write the simulator's state to this file, after the last tick or before tick --at")
	fl.IntVar(&f.at, "at", 0, "tick before which --checkpoint takes the state, counted from the run's first start")
}

// check returns what is wrong with the flags for an executor.
func (f *checkpointFlags) check(path string, e *executor) error {
	switch {
	case f.at != 0 && f.write == "":
		return diag.Usagef("usage", "--at says when --checkpoint takes the state, and there is no --checkpoint")
	case e.program == nil && (f.write != "" || f.restore != ""):
		return diag.Usagef("usage", "--checkpoint and --restore are of the simulator, and %s is no program", path).WithFix("compile it")
	}
	return nil
}

// open brings a machine into the state that the flags name, if they do. What is left of the input is returned.
func (f *checkpointFlags) open(m *sim.Machine, in *spike.Raster) (*spike.Raster, error) {
	if f.restore == "" {
		return in, nil
	}
	// Every number takes a byte or more here and at most ten there; those of spikes are fewer than those of neurons.
	most := int64(16 * len(m.Snapshot()))
	r, err := os.Open(f.restore)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, most)) // of what is longer, the hash does not match
	if err != nil {
		return nil, err
	}
	if err := m.Restore(b); err != nil {
		return nil, diag.InFile(err, f.restore)
	}
	rest := spike.NewRaster(in.Neurons)
	for t := m.Tick(); t < in.Ticks(); t++ {
		rest.AppendFrom(in, t)
	}
	return rest, nil
}

// run runs the machine, from the state that it is in, on all columns of in, and writes the state where the flags say.
func (f *checkpointFlags) run(ctx context.Context, m *sim.Machine, in *spike.Raster, opts sim.Options) (recs []fixed.Record, cores []sim.Count, err error) {
	start, ticks, first := m.Tick(), in.Ticks(), in.Ticks()
	if ticks == 0 {
		return nil, nil, diag.Usagef("usage", "the state is that before tick %d, and the input ends there or earlier", start).WithFix("say with --ticks how many to run")
	}
	if f.at != 0 {
		if first = f.at - start; first < 1 || first > ticks {
			return nil, nil, diag.Usagef("usage", "--at is %d, and the run is of ticks %d to %d", f.at, start, start+ticks-1).WithFix("give %d to %d", start+1, start+ticks)
		}
	}
	opts.Continue = true
	res, err := m.Run(ctx, in, first, opts)
	if err != nil {
		return nil, nil, err
	}
	if f.write != "" {
		state := m.Snapshot()
		err := atomicfile.Write(f.write, 0o666, func(w io.Writer) error {
			_, err := w.Write(state)
			return err
		})
		if err != nil {
			return nil, nil, diag.InFile(err, f.write)
		}
	}
	recs = res.Layers
	if first < ticks {
		rest := spike.NewRaster(in.Neurons)
		for t := first; t < ticks; t++ {
			rest.AppendFrom(in, t)
		}
		if res, err = m.Run(ctx, rest, ticks-first, opts); err != nil {
			return nil, nil, err
		}
		for k := range recs {
			recs[k] = join(recs[k], res.Layers[k])
		}
	}
	return recs, res.Cores, nil
}

// join returns the record of two runs of a layer of which the second went on where the first ended.
func join(a, b fixed.Record) fixed.Record {
	n, m := a.Spikes.Ticks(), b.Spikes.Ticks()
	for t := range m {
		a.Spikes.AppendFrom(b.Spikes, t)
	}
	for _, r := range []struct{ to, from *[]int32 }{{&a.U, &b.U}, {&a.V, &b.V}} {
		if *r.to == nil {
			continue
		}
		var all []int32
		for o := range a.Spikes.Neurons {
			all = append(append(all, (*r.to)[o*n:(o+1)*n]...), (*r.from)[o*m:(o+1)*m]...)
		}
		*r.to = all
	}
	return a
}
