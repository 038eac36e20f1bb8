package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
)

type benchSimFlags struct {
	only, data string
	seconds    float64
	scale      bool
}

// simWorkload is one benchmark of the simulator: a program, inputs, and what is counted.
type simWorkload struct {
	name, unit string
	program    func(ctx context.Context, a *app, f *benchSimFlags) (*compile.Program, []*spike.Raster, string, error)
	// amount is what a run of all inputs comes to, in units.
	amount func(inputs []*spike.Raster, synapses int64) float64
	// limits measures the rates that the machine allows, by limitBy; nil is none.
	limits  func(threads int) []float64
	limitBy string
}

var simWorkloads = []simWorkload{
	{name: "nmnist-samples", unit: "samples/s", program: nmnistProgram,
		amount: func(in []*spike.Raster, _ int64) float64 { return float64(len(in)) }},
	{name: "dense-synops", unit: "synops/s", program: denseProgram,
		amount: func(_ []*spike.Raster, synapses int64) float64 { return float64(synapses) }},
	{name: "bandwidth-fraction", unit: "bytes/s", program: wideProgram,
		amount: func(_ []*spike.Raster, synapses int64) float64 { return float64(synapses) }, // a synapse is a byte of weight at least
		limits: readBandwidth, limitBy: "memory"},
	{name: "million-neuron-ticks", unit: "ticks/s", program: millionProgram,
		amount: func(in []*spike.Raster, _ int64) float64 { return float64(in[0].Ticks()) }},
}

func newBenchSim(a *app) *cobra.Command {
	var f benchSimFlags
	c := &cobra.Command{
		Use:   "sim",
		Short: "Measure the simulator: recordings, synaptic operations and ticks a second",
		Long: `sim measures the simulator on compiled programs:

  nmnist-samples        N-MNIST recordings a second, 34x34x2-512-512-10 on loihi1, 300 ticks,
                        hidden layers calibrated to spike at 3 %; samples on threads
  dense-synops          synaptic operations a second, 512-512-512-512 on loihi1 with 20 % of
                        the inputs spiking a tick; samples on threads
  bandwidth-fraction    bytes of weights a second where they do not fit the caches: 4096-16384 in
                        rows of 512, one sample, 10 % of the inputs; its limit is the
                        memory's bandwidth for reading in order, measured before and after
  million-neuron-ticks  ticks a second of a million neurons that spike at 26 % and hold 100
                        million synapses; one sample

Memory is that of program and simulator over that of the program alone. The note also says what part
of their time the threads had: on a machine that others use, figures are to be divided by it.`,
		Example: "  isospike bench sim --data train.tar.gz\n  isospike bench sim --only dense-synops --seconds 10 --json",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.benchSim(c.Context(), &f) },
	}
	c.Flags().StringVar(&f.only, "only", "", "run this workload alone")
	c.Flags().StringVar(&f.data, "data", "", "N-MNIST recordings for nmnist-samples (default: synthetic ones like them)")
	c.Flags().Float64Var(&f.seconds, "seconds", 3, "time for each workload, of three runs at least")
	c.Flags().BoolVar(&f.scale, "scale", false, "measure instead, at best, how two dense layers scale with width, rate, delays and threads, as Markdown")
	return c
}

func (a *app) benchSim(ctx context.Context, f *benchSimFlags) error {
	if !(f.seconds >= 0 && f.seconds <= 3600) {
		return diag.Usagef("usage", "--seconds is %v, allowed are 0 to 3600", f.seconds)
	}
	if f.scale {
		return a.benchSimScale(ctx, time.Duration(f.seconds*float64(time.Second)))
	}
	var rows []benchRow
	for _, w := range simWorkloads {
		if f.only != "" && f.only != w.name {
			continue
		}
		a.note("%s", w.name)
		row, err := a.benchSimulator(ctx, &w, f)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return diag.Usagef("usage", "there is no workload %q", f.only).WithFix("see `isospike bench sim --help`")
	}
	return a.benchResult(rows)
}

func (a *app) benchSimulator(ctx context.Context, w *simWorkload, f *benchSimFlags) (benchRow, error) {
	threads := a.threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	var limits []float64
	if w.limits != nil {
		limits = w.limits(threads)
		debug.FreeOSMemory() // what was read
	}
	forgetPeak()
	before := heap()
	p, inputs, note, err := w.program(ctx, a, f)
	if err != nil {
		return benchRow{}, err
	}
	own := heap() - before // of program and inputs
	m, err := sim.New(p)
	if err != nil {
		return benchRow{}, err
	}
	machine := heap() - before - own
	for _, in := range inputs {
		own -= int64(4 * (cap(in.Index) + cap(in.Start)))
	}
	memory := float64(own+machine) / float64(own)
	opts := sim.Options{Slow: a.slow}
	if len(inputs) == 1 {
		opts.Threads = threads
	}
	machines := make([]*sim.Machine, min(threads, len(inputs)))
	for i := range machines {
		machines[i] = m
		if i > 0 {
			machines[i] = m.Clone()
		}
	}
	var synapses, spikes int64
	began, cpu := time.Now(), cpuTime()
	seconds, err := repeat(time.Duration(f.seconds*float64(time.Second)), func() error {
		synapses, spikes = 0, 0
		var sum sync.Mutex
		g, ctx := errgroup.WithContext(ctx)
		for i, m := range machines {
			g.Go(func() error {
				for k := i; k < len(inputs); k += len(machines) {
					r, err := m.Run(ctx, inputs[k], inputs[k].Ticks(), opts)
					if err != nil {
						return err
					}
					sum.Lock()
					for _, c := range r.Cores {
						synapses, spikes = synapses+c.Synapses, spikes+c.Spikes
					}
					sum.Unlock()
				}
				return nil
			})
		}
		return g.Wait()
	})
	if err != nil {
		return benchRow{}, err
	}
	share := (cpuTime() - cpu) / time.Since(began).Seconds() / float64(threads)
	amount := w.amount(inputs, synapses)
	fast, median, slow := seconds[0], seconds[len(seconds)/2], seconds[len(seconds)-1]
	row := benchRow{Name: w.name, Value: amount / median, Unit: w.unit, Least: amount / slow, Most: amount / fast, Runs: len(seconds), Threads: threads, Peak: peakMemory()}
	row.Note = fmt.Sprintf("%s; %d cores, %d synapses stored, memory %.2f × the program's; a run: %d inputs, %.3g spikes, %.3g synaptic operations; the threads had %.0f %% of their time",
		note, len(p.Cores), p.Manifest.Stored, memory, len(inputs), float64(spikes), float64(synapses), 100*share)
	if w.limits != nil { // a median as well, half of it from before: a shared machine is not the same for long
		limits = append(limits, w.limits(threads)...)
		slices.Sort(limits)
		row.Limit, row.LimitBy = limits[len(limits)/2], w.limitBy
		row.OfLimit = row.Value / row.Limit
	}
	return row, nil
}

// cpuTime returns the seconds that this process has computed, 0 where the system does not tell.
func cpuTime() float64 {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	var user, system float64 // in 1/100 s
	if f := strings.Fields(rest); len(f) > 12 {
		user, _ = strconv.ParseFloat(f[11], 64)
		system, _ = strconv.ParseFloat(f[12], 64)
	}
	return (user + system) / 100
}

// heap returns the bytes that are in use.
func heap() int64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return int64(s.HeapAlloc)
}

// readBandwidth measures several times how many bytes a second the threads read of memory that no cache holds.
func readBandwidth(threads int) (rates []float64) {
	const size = 128 << 20
	areas := make([][]byte, threads)
	for i := range areas {
		areas[i] = slices.Repeat([]byte{1}, size) // written, or its pages would be one page of zeros
	}
	for range 8 {
		start := time.Now()
		var wait sync.WaitGroup
		for _, area := range areas {
			wait.Go(func() {
				if bytes.IndexByte(area, 0) >= 0 {
					panic("a byte changed")
				}
			})
		}
		wait.Wait()
		rates = append(rates, float64(threads*size)/time.Since(start).Seconds())
	}
	return rates
}

// denseProgram is a network whose rows stay in the cache, with as many inputs as keep threads busy.
func denseProgram(ctx context.Context, _ *app, _ *benchSimFlags) (*compile.Program, []*spike.Raster, string, error) {
	p, err := benchProgram(ctx, "loihi1", "", denseStack(512, 512, 512, 512))
	var in []*spike.Raster
	for i := range 8 {
		in = append(in, randomSpikes(uint64(i), 512, 300, 0.2))
	}
	return p, in, "512-512-512-512", err
}

// wideProgram is a layer whose weights do not fit a cache, on cores with rows of 512 synapses.
func wideProgram(ctx context.Context, _ *app, _ *benchSimFlags) (*compile.Program, []*spike.Raster, string, error) {
	const chip = "inherits = \"loihi1\"\n[limits]\nneurons = 512\nsynapse_words = 1048576\nrow_words = 65536\n"
	p, err := benchProgram(ctx, "wide", chip, denseStack(4096, 16384))
	return p, []*spike.Raster{randomSpikes(1, 4096, 20, 0.1)}, "4096-16384 on cores of 512 neurons", err
}

// millionProgram is a million neurons in groups of 100, each fed by all of a group of the layer before,
// with a bias that makes them spike in a quarter of all ticks.
func millionProgram(ctx context.Context, _ *app, _ *benchSimFlags) (*compile.Program, []*spike.Raster, string, error) {
	p, err := benchProgram(ctx, "loihi1", "", groups(100, 10000, 100))
	return p, []*spike.Raster{randomSpikes(1, 10000, 100, 0.02)}, "a million neurons", err
}

// benchProgram compiles for a target that is known, or described by text.
func benchProgram(ctx context.Context, name, text string, n *fixed.Network) (*compile.Program, error) {
	t, err := targets.Lookup(name)
	if text != "" {
		t, err = targets.Parse(name, []byte(text))
	}
	if err != nil {
		return nil, err
	}
	return compileUntil(ctx, n, t, compile.Options{})
}

// nmnistProgram is 34x34x2-512-512-10 with the weights that training begins with, calibrated.
func nmnistProgram(ctx context.Context, a *app, f *benchSimFlags) (*compile.Program, []*spike.Raster, string, error) {
	w := workload{name: "nmnist-epoch", net: "34x34x2-512-512-10", ticks: 300, batch: 32, rate: 0.03, samples: 200, loss: "rate"}
	net, src, note, err := calibrated(ctx, w, f.data, a.threads)
	if err != nil {
		return nil, nil, "", err
	}
	var in []*spike.Raster
	for i := range min(w.samples, src.Len()) {
		r, err := src.Raster(i, 0, 0)
		if err != nil {
			return nil, nil, "", err
		}
		in = append(in, r)
	}
	p, err := benchProgram(ctx, "loihi1", "", net)
	note, _, _ = strings.Cut(note, ", scaled")
	return p, in, note, err
}
