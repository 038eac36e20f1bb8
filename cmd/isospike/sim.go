package main

import (
	"context"
	"fmt"
	"io"

	"github.com/isospike/isospike/internal/npy"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets/loihi"
	"github.com/spf13/cobra"
)

type simFlags struct {
	data     dataFlags
	sample   string
	input    string
	array    string
	encoding string
	out      string
	ticks    int
	model    string
	probe    probeFlags
	state    checkpointFlags
}

// maxTicks bounds the ticks of a run, and maxCounts the outputs whose counts are printed as text.
const maxTicks, maxCounts = 1 << 20, 40

func newSim(a *app) *cobra.Command {
	var f simFlags
	c := &cobra.Command{
		Use:   "sim ARTIFACT (--data DIR --sample ID | --input FILE.npz) -o FILE.npz",
		Short: "Run one sample and record every spike, current and voltage",
		Long: `sim runs one sample through a program (the simulator on its tables), a fixed network
(the layer-level reference) or a model, and writes an .npz for Python: for layer k,
counted from 0, the spikes sK (uint8; what graded ones carry, int32), and of each neuron
the registers uK and vK (int32), which are current and voltage of cuba neurons, each
neurons × ticks; a model records spikes alone. The input is in it as s_in.

The input is a recording of a data set, or an array of 0 and 1, inputs × ticks, in an
.npz file; of integers, where the first layer takes graded spikes.

--probe chooses neurons, and --vcd, --fst, --csv and --plot write what they did; --raster draws the
spikes of layers. A model records spikes alone, so its probes have neither u nor v.

--checkpoint writes the state of the simulator, and --restore goes on from it with the same
program, with what is left of the same input or with --ticks; bit for bit as if there had been
no stop. What is printed and recorded is of the ticks that are run, but for the operations of
the cores, which are counted from tick 0.

` + estimateHelp,
		Example: `  isospike sim program.safetensors --data test.tar.gz --sample 60001 -o trace.npz
  isospike sim program.safetensors --data test.tar.gz --probe 1:5,2:0-9 --vcd trace.vcd --plot trace.svg
  isospike sim program.safetensors --input spikes.npz --checkpoint state --at 100
  isospike sim program.safetensors --input spikes.npz --restore state -o rest.npz
  isospike sim fixed.safetensors --input spikes.npz --array s_in -o trace.npz
  python3 -c 'import numpy as np; print(np.load("trace.npz")["s0"].sum())'`,
		Args: exactly("ARTIFACT"),
		RunE: func(c *cobra.Command, args []string) error { return a.sim(c.Context(), args[0], &f) },
	}
	fl := c.Flags()
	f.data.add(c, "recordings")
	fl.StringVar(&f.sample, "sample", "", "id of the recording (default: the first)")
	fl.StringVar(&f.input, "input", "", inputHelp+", of which --sample chooses one")
	fl.StringVar(&f.array, "array", defaultArray, "name of the array in --input")
	fl.IntVar(&f.ticks, "ticks", 0, "ticks to run (0: those of the input)")
	fl.StringVarP(&f.out, "output", "o", "", ".npz file to write (optional)")
	encodingFlag(c, &f.encoding)
	estimateFlag(c, &f.model)
	f.probe.add(c)
	f.state.add(c)
	return c
}

func (a *app) sim(ctx context.Context, path string, f *simFlags) error {
	e, err := a.load(path)
	if err != nil {
		return err
	}
	if err := f.probe.check(e.layers, e.sizes); err != nil {
		return err
	}
	if err := f.state.check(path, e); err != nil {
		return err
	}
	if f.ticks < 0 || f.ticks > maxTicks {
		return diag.Usagef("usage", "--ticks is %d, allowed are 0 to %d", f.ticks, maxTicks)
	}
	in, err := f.raster(a, e)
	if err != nil {
		return err
	}
	if in.Neurons != e.input.Size() { // of recordings
		return diag.Inputf("input-shape", "", "the input has %d rows, the network takes %d (%v)", in.Neurons, e.input.Size(), e.input)
	}
	var m *sim.Machine
	start := 0
	if e.program != nil {
		if m, err = sim.New(e.program); err != nil {
			return err
		}
		if in, err = f.state.open(m, in); err != nil {
			return err
		}
		start = m.Tick()
	}
	if f.ticks > 0 {
		in = stretch(in, f.ticks)
	}
	type summary struct {
		From     int             `json:"from,omitempty"` // the first tick
		Ticks    int             `json:"ticks"`
		Spikes   []int           `json:"spikes"`
		Counts   []int           `json:"output_counts"`
		Class    int             `json:"class"`
		Synapses *int64          `json:"synaptic_operations,omitempty"`
		Cores    []sim.Count     `json:"cores,omitempty"`
		Executor string          `json:"executor"`
		Estimate *loihi.Estimate `json:"estimate,omitempty"`
	}
	s := summary{From: start, Ticks: in.Ticks(), Executor: e.name}
	opts := sim.Options{States: f.out != "" || f.probe.list != nil, Slow: a.slow, Threads: a.threads}
	var meter *loihi.Meter
	if f.model != "" {
		if meter, err = e.meter(f.model); err != nil {
			return err
		}
		opts.Observer = meter
	}
	var recs []fixed.Record
	if m != nil {
		if recs, s.Cores, err = f.state.run(ctx, m, in, opts); err != nil {
			return err
		}
		var ops int64
		for _, c := range s.Cores {
			ops += c.Synapses
		}
		s.Synapses = &ops
		if meter != nil {
			s.Estimate = meter.Estimate(1)
		}
	} else if recs, err = e.start(opts.States)(ctx, in); err != nil {
		return err
	}
	for _, r := range recs {
		s.Spikes = append(s.Spikes, r.Spikes.Count())
	}
	out := recs[len(recs)-1].Spikes
	from, to := e.readout.Bounds(start + out.Ticks())
	from = max(from-start, 0)
	s.Counts = out.Counts(from, max(from, to-start), nil)
	s.Class = spike.Classify(s.Counts)
	if f.out != "" {
		if err := writeTrace(f.out, in, recs); err != nil {
			return err
		}
	}
	if err := f.probe.write(e, start, in, recs, s.Class); err != nil {
		return err
	}
	return a.result(s, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %d ticks", e.name, s.Ticks)
		if s.From > 0 {
			fmt.Fprintf(w, " from tick %d", s.From)
		}
		fmt.Fprintf(w, ", spikes by layer %v", s.Spikes)
		if s.Synapses != nil {
			fmt.Fprintf(w, ", %d synaptic operations on %d cores", *s.Synapses, len(s.Cores))
		}
		if n := len(s.Counts); n > maxCounts {
			fmt.Fprintf(w, "\n%d outputs, of which number %d counts the most, %d\n", n, s.Class, s.Counts[s.Class])
		} else {
			fmt.Fprintf(w, "\noutput counts %v: class %d\n", s.Counts, s.Class)
		}
		if s.Estimate != nil {
			printEstimate(w, s.Estimate)
		}
	})
}

// raster returns the input that the flags name.
func (f *simFlags) raster(a *app, e *executor) (*spike.Raster, error) {
	if f.data.path != "" && f.array != defaultArray {
		return nil, diag.Usagef("usage", "--array names an array of --input, which is not there")
	}
	if (f.input == "") == (f.data.path == "") {
		return nil, diag.Usagef("usage", "sim takes either --data or --input").WithFix("see `isospike sim --help`")
	}
	if f.input == "" {
		src, err := f.data.open(a, e.encodingOr(f.encoding))
		if err != nil {
			return nil, err
		}
		return pick(src, f.data.path, f.sample)
	}
	src, err := openInput(f.input, f.array, []*executor{e})
	if err != nil {
		return nil, err
	}
	if _, single := src.(one); single && f.sample != "" {
		return nil, diag.Usagef("usage", "--sample chooses one of several recordings, and %s is one input", f.input).WithFix("leave out --sample; --array names another array of the file")
	}
	return pick(src, f.input, f.sample)
}

// pick returns the sample of an id, the first one for "", of a source at path.
func pick(src samples, path, id string) (*spike.Raster, error) {
	for i := range src.Len() {
		if id == "" || src.ID(i) == id {
			return src.Raster(i, 0, 0)
		}
	}
	if id == "" {
		return nil, diag.Inputf("no-sample", path, "there is no recording in it")
	}
	e := diag.Inputf("no-sample", path, "there is no recording %q", id)
	if n := src.Len(); n > 0 {
		e.Fix = fmt.Sprintf("name one of its %d, such as %s", n, src.ID(0))
	}
	return nil, e
}

// stretch cuts or extends a raster to a number of ticks.
func stretch(in *spike.Raster, ticks int) *spike.Raster {
	if in.Ticks() == ticks {
		return in
	}
	out := spike.NewRaster(in.Neurons)
	for t := range ticks {
		if t < in.Ticks() {
			out.AppendFrom(in, t)
		} else {
			out.Append()
		}
	}
	return out
}

// writeTrace writes the input, s_in, and sK, uK and vK of every layer K, neurons × ticks; sK is uint8, or
// int32 of graded spikes.
func writeTrace(path string, in *spike.Raster, recs []fixed.Record) error {
	arrays := map[string]*npy.Array{"s_in": dense(in)}
	for k, r := range recs {
		arrays[fmt.Sprintf("s%d", k)] = dense(r.Spikes)
		if r.U != nil {
			shape := []int{r.Spikes.Neurons, in.Ticks()}
			arrays[fmt.Sprintf("u%d", k)] = npy.Of(shape, r.U)
			arrays[fmt.Sprintf("v%d", k)] = npy.Of(shape, r.V)
		}
	}
	return npy.WriteNPZ(path, arrays)
}
