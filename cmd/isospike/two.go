package main

import (
	"context"
	"slices"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/sim/golden"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets/fpga"
)

// two does what verify does with two executors only: lockstep, or the search for a short input.
func (a *app) two(ctx context.Context, f *verifyFlags, args []string, execs []*executor, rivals []contestant, src joined) (err error) {
	var both []contestant
	for _, e := range execs {
		both = append(both, contestant{executor: e})
	}
	if both = append(both, rivals...); len(both) != 2 {
		return diag.Usagef("usage", "--lockstep and --bisect take two executors, there are %d", len(both)).WithFix("leave out artifacts, or some of --against")
	}
	if in := both[1].in; in != nil {
		if src != nil || f.bisect != "" {
			return diag.Usagef("usage", "what Lava recorded is of one input, and cannot be run on another").WithFix("use --lockstep without --data and --input")
		}
		src = joined{one{both[1].name, in}}
	}
	x, y := both[0].executor, both[1].executor
	if both[1].on != nil {
		var end func() error
		if y, end, err = a.streamed(ctx, &both[1]); err != nil {
			return err
		}
		defer func() {
			if ended := end(); err == nil {
				err = ended
			}
		}()
	}
	if !slices.Equal(x.sizes, y.sizes) {
		return diag.Inputf("records-differ", "", "%s has layers of %v neurons, %s of %v", x.name, x.sizes, y.name, y.sizes)
	}
	if f.bisect != "" {
		return a.bisect(ctx, f, args, x, y, src)
	}
	return a.lockstep(ctx, x, y, src)
}

// streamed opens a device and returns what runs on it as an executor.
func (a *app) streamed(ctx context.Context, c *contestant) (*executor, func() error, error) {
	conn, end, err := c.on.dial(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	stream, err := fpga.NewStream(ctx, conn, c.program)
	if err != nil {
		_ = end() // the first error tells more
		return nil, nil, err
	}
	e := *c.executor
	e.name, e.alone = c.on.name, true
	e.start = func(bool) runner {
		return func(ctx context.Context, in *spike.Raster) ([]fixed.Record, error) {
			return stream.Run(ctx, in, in.Ticks())
		}
	}
	e.side = func(ctx context.Context, in *spike.Raster) (sim.Side, error) {
		recs, err := stream.Run(ctx, in, in.Ticks())
		return &deviceSide{Side: sim.RecordSide(recs, in.Ticks(), c.program.Convention.SpikeLag), stream: stream, program: c.program}, err
	}
	e.end = func() ender {
		return func(ctx context.Context, in *spike.Raster) (*golden.Run, error) {
			recs, err := stream.Run(ctx, in, in.Ticks())
			if err != nil {
				return nil, err
			}
			states, err := stream.States(ctx)
			if err != nil {
				return nil, err
			}
			return golden.OfProgram(c.program, in, recs, func(core, neuron int) fixed.State { return states[core][neuron] }), nil
		}
	}
	return &e, end, nil
}

// deviceSide is a device in lockstep. The protocol tells the states at the end of a run alone, so each tick is the last of a run from the
// start. Spikes are those of a whole run.
type deviceSide struct {
	sim.Side
	stream  *fpga.Stream
	program *compile.Program
	states  [][]fixed.State
}

func (s *deviceSide) Step(ctx context.Context, in *spike.Raster, t int) error {
	if _, err := s.stream.Run(ctx, in, t+1); err != nil {
		return err
	}
	var err error
	if s.states, err = s.stream.States(ctx); err != nil {
		return err
	}
	return s.Side.Step(ctx, in, t)
}

func (s *deviceSide) State(k, n int) (fixed.State, sim.Known) {
	h := s.program.Layers[k].Home[n]
	c := &s.program.Cores[h.Core]
	return s.states[h.Core][h.Neuron], sim.KnownOf(c.Profiles[c.Profile[h.Neuron]].Neuron)
}

func (s *deviceSide) Cell(k, n int) *sim.Cell { return sim.ProgramCell(s.program, k, n) }
