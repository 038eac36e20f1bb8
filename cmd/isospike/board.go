package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets"
	"github.com/isospike/isospike/targets/fpga"
	"github.com/isospike/isospike/targets/fpga/link"
	"github.com/isospike/isospike/targets/fpga/rtl"
	"github.com/spf13/cobra"
)

// boardFlags name the serial port of a board.
type boardFlags struct {
	port string
	baud int
}

func (f *boardFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&f.port, "port", "", "serial port of the board: /dev/ttyUSB1, COM3, or what isospike board emulate prints")
	c.Flags().IntVar(&f.baud, "baud", 0, "speed of the serial line, bits a second (default: the highest at which no frame is damaged, from 115200 up)")
}

// named adds the board to a list of executors where there is a port for it and it is not named.
func (f *boardFlags) named(items []string) []string {
	if f.port == "" || slices.ContainsFunc(items, func(item string) bool { return kindOf(item) == "board" }) {
		return items
	}
	return append(slices.Clone(items), "board")
}

// line returns how to speak on the port of a board whose bitstream has the rate own.
func (f *boardFlags) line(a *app, own int) link.Options {
	return link.Options{Baud: f.baud, Own: own, Note: func(s string) { a.note("%s", s) }}
}

// boardRun is what a board did over a set of samples, next to the simulator.
type boardRun struct {
	pair    pair
	tally   tally
	stats   link.Stats
	seconds float64      // streaming the samples
	synops  int64        // synaptic operations that the board counted
	work    []boardCount // what it counted beside, and what the simulator did
	core    *coreTime    // nil where there is no clock
	first   []fixed.Record
}

// A coreTime is how long a board's core takes for a sample, on average: the clocks of its ticks,
// without the line, and what they are at the clock of its bitstream.
type coreTime struct {
	Clocks float64 `json:"clocks_a_sample"`
	Hz     int     `json:"hz"` // 0: not known
	Micros float64 `json:"us_a_sample"`
}

// coreTimeOf divides the clocks that a board counted among the samples of a program.
func coreTimeOf(clocks uint64, samples int, target string) *coreTime {
	if clocks == 0 || samples == 0 {
		return nil
	}
	t := &coreTime{Clocks: float64(clocks) / float64(samples)}
	if b, err := lookupBoard(target); err == nil && b.CoreHz > 0 {
		t.Hz, t.Micros = b.CoreHz, t.Clocks*1e6/float64(b.CoreHz)
	}
	return t
}

func (t *coreTime) String() string {
	s := fmt.Sprintf("the core takes %.0f clocks a sample", t.Clocks)
	if t.Hz > 0 {
		s += fmt.Sprintf(", %.0f µs at %g MHz", t.Micros, float64(t.Hz)/1e6)
	}
	return s
}

// A boardCount is how much a board did of something over all samples, and how much
// the simulator did of it, if it counts it.
type boardCount struct {
	Name      string `json:"name"`
	Board     int64  `json:"board"`
	Simulator *int64 `json:"simulator,omitempty"`
}

func boardCounts(before, after link.Counters, sims []sim.Count, ticks int64) []boardCount {
	var synapses, spikes int64
	for _, c := range sims {
		synapses += c.Synapses
		spikes += c.Spikes
	}
	w := []boardCount{
		{"ticks", int64(after.Ticks - before.Ticks), &ticks},
		{"synaptic operations", int64(after.Synapses - before.Synapses), &synapses},
		{"spikes", int64(after.Spikes - before.Spikes), &spikes},
	}
	if clocks := int64(after.Cycles - before.Cycles); clocks > 0 {
		w = append(w, boardCount{"clocks", clocks, nil})
	}
	return w
}

// otherBoard adds to the error of a program that a board has no room for which board it is.
func otherBoard(err error, target string, info link.Info) error {
	var d *diag.Error
	if !errors.As(err, &d) || d.Kind != diag.Limit {
		return err
	}
	all, err := boards()
	if err != nil {
		return err
	}
	for _, b := range all {
		if is := b.Info(); is.Cores == info.Cores && is.Axons == info.Axons && slices.Equal(is.Regions, info.Regions) {
			return d.WithFix("the program was compiled for %s and this board is %s: compile with --target %s", target, b.Name(), b.Name())
		}
	}
	return d.WithFix("the program was compiled for %s and this board is none of those known: compile for it", target)
}

// compareStates adds the states in which a board ended a sample to the pair.
func (p *pair) compareStates(id string, states [][]fixed.State, reference *sim.Machine) {
	for c := range states {
		for n, got := range states[c] {
			p.EndStates++
			want := reference.State(c, n)
			if got == want {
				continue
			}
			p.Mismatches++
			if p.First == "" {
				p.core = true
				p.First = fmt.Sprintf("sample %s: after the last tick core %d neuron %d has u %d, v %d, resting %d; should be u %d, v %d, resting %d",
					id, c, n, got.U, got.V, got.Ref, want.U, want.V, want.Ref)
			}
		}
	}
}

// printCounts prints a line for each count.
func printCounts(w io.Writer, counts []boardCount) {
	for _, c := range counts {
		switch {
		case c.Simulator == nil:
			fmt.Fprintf(w, "%-20s %14d\n", c.Name, c.Board)
		case *c.Simulator == c.Board:
			fmt.Fprintf(w, "%-20s %14d  as the simulator\n", c.Name, c.Board)
		default:
			fmt.Fprintf(w, "%-20s %14d  the simulator counts %d\n", c.Name, c.Board, *c.Simulator)
		}
	}
}

// open opens the port that the flags name, or else the only one that can be the board's.
func (f *boardFlags) open(a *app, b *fpga.Board) (link.Port, error) {
	if f.baud < 0 {
		return nil, diag.Usagef("usage", "--baud is %d: a rate is a number of bits a second", f.baud).WithFix("leave it out, and the rate is found")
	}
	name := f.port
	if name == "" {
		ports, err := link.Ports()
		if err != nil {
			return nil, err
		}
		if name, err = link.Choose(ports, b.USB, b.Interface); err != nil {
			return nil, err
		}
		a.note("%s is on %s", b.Title, name)
	}
	if done := link.Latency(name); done != "" {
		a.note("%s: %s", name, done)
	}
	baud := f.baud
	if baud == 0 {
		baud = link.FirstBaud
	}
	return link.Open(name, baud)
}

// ownBaud returns the rate of a target's bitstream, 0 if it is not known.
func ownBaud(target string) int {
	if b, err := lookupBoard(target); err == nil {
		return b.Baud
	}
	return 0
}

// openFor is open for the board that a program was compiled for.
func (f *boardFlags) openFor(a *app, e *executor) (link.Port, error) {
	if f.port != "" {
		return f.open(a, nil)
	}
	b, err := lookupBoard(e.program.Target)
	if err != nil {
		return nil, diag.Usagef("usage", "--port is missing, and %q is no built-in board by which to find it", e.program.Target).
			WithFix("give the board's serial port, or start `isospike board emulate`")
	}
	return f.open(a, b)
}

// onBoard loads the executor's program into a device, runs every sample on it and compares it with the simulator.
func (a *app) onBoard(ctx context.Context, on *device, e *executor, src samples) (r *boardRun, err error) {
	var load *progress
	conn, end, err := on.dial(ctx, func(done, total int) {
		if load == nil {
			load = a.progress("load", "bytes", total)
		}
		load.set(done, "")
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if ended := end(); err == nil {
			err = ended
		}
	}()
	stream, err := fpga.NewStream(ctx, conn, e.program)
	if load != nil {
		load.end()
	}
	if err != nil {
		return nil, otherBoard(err, e.program.Target, conn.Info())
	}
	before, err := conn.Counters(ctx)
	if err != nil {
		return nil, err
	}
	reference, err := sim.New(e.program)
	if err != nil {
		return nil, err
	}
	counts, ticks := make([]sim.Count, 0, src.Len()), int64(0)
	r = &boardRun{pair: pair{A: e.name, B: on.name}}
	p := a.progress("run", "samples", src.Len())
	defer p.end()
	start := time.Now()
	// Samples go out in groups: enough to keep the line busy, few enough to hold.
	const group = 32
	var waiting *spike.Raster // read, but of other ticks than the group before it
	for lo := 0; lo < src.Len(); {
		var in []*spike.Raster
		for i := lo; i < min(lo+group, src.Len()); i++ {
			s := waiting
			if waiting = nil; s == nil {
				if s, err = src.Raster(i, 0, 0); err != nil {
					return nil, err
				}
			}
			if len(in) > 0 && s.Ticks() != in[0].Ticks() {
				waiting = s
				break
			}
			in = append(in, s)
		}
		err := stream.RunAll(ctx, in, in[0].Ticks(), func(k int, recs []fixed.Record) error {
			want, err := reference.Run(ctx, in[k], in[k].Ticks(), sim.Options{Slow: a.slow})
			if err != nil {
				return err
			}
			counts, ticks = append(counts, want.Cores...), ticks+int64(in[k].Ticks())
			r.tally.add(recs, e.readout, src.Label(lo+k))
			if lo+k == 0 {
				r.first = recs
			}
			p.set(lo+k+1, fmt.Sprintf("%.2f ms a sample", 1000*time.Since(start).Seconds()/float64(lo+k+1)))
			return r.pair.compare(src.ID(lo+k), e, e, in[k], want.Layers, recs)
		})
		if err != nil {
			return nil, err
		}
		// The next sample begins with a reset, so the states to be had are those of the last one.
		states, err := stream.States(ctx)
		if err != nil {
			return nil, err
		}
		r.pair.compareStates(src.ID(lo+len(in)-1), states, reference)
		lo += len(in)
	}
	r.seconds = time.Since(start).Seconds()
	after, err := conn.Counters(ctx)
	if err != nil {
		return nil, err
	}
	r.synops, r.stats = int64(after.Synapses-before.Synapses), conn.Stats()
	r.work = boardCounts(before, after, counts, ticks)
	r.core = coreTimeOf(after.Cycles-before.Cycles, r.tally.Samples, e.program.Target)
	return r, nil
}

func newRun(a *app) *cobra.Command {
	var data dataFlags
	var encoding string
	var board boardFlags
	c := &cobra.Command{
		Use:   "run PROGRAM --data DIR",
		Short: "Run recordings on a board and compare every spike",
		Long: `run streams a program's tables to the board on a serial port, which is found by its USB
ids when none is named (what is already there is not sent again), then the recordings,
reads every spike of every neuron back, and compares each with the simulator, and u and v of
every neuron after every 32nd sample and the last. The exit status is 1 when any differs.

The line starts at 115200 baud and goes up to the highest rate at which no frame is damaged. When frames
are damaged later it goes down. --baud sets a rate and keeps it.`,
		Example: `  isospike run board.safetensors --port /dev/ttyUSB1 --data test.tar.gz
  isospike board emulate --link /tmp/board &  isospike run board.safetensors --port /tmp/board --data test.tar.gz`,
		Args: exactly("PROGRAM"),
		RunE: func(c *cobra.Command, args []string) error {
			e, err := a.load(args[0])
			if err != nil {
				return err
			}
			if e.program == nil {
				return diag.Inputf("artifact-kind", args[0], "a board runs programs; this is none").WithFix("make one with `isospike compile --target icebreaker`")
			}
			src, err := data.open(a, e.encodingOr(encoding))
			if err != nil {
				return err
			}
			if err := e.takes(src); err != nil {
				return err
			}
			r, err := a.onBoard(c.Context(), board.board(a, e), e, src)
			if err != nil {
				return err
			}
			pairs := []pair{r.pair}
			err = a.result(map[string]any{
				"accuracy": r.tally.Accuracy, "samples": r.tally.Samples, "confusion": r.tally.Confusion, "spikes": r.tally.Spikes,
				"synaptic_operations": r.synops, "counters": r.work, "core": r.core, "seconds": r.seconds, "verify": pairs, "link": r.stats,
			}, func(w io.Writer) {
				printTally(w, "board", r.tally)
				fmt.Fprintf(w, "%.1f samples/s, %.2f ms a sample, %d bytes out, %d in, %d damaged frames\n", float64(r.tally.Samples)/r.seconds,
					1000*r.seconds/float64(r.tally.Samples), r.stats.BytesOut, r.stats.BytesIn, r.stats.BadIn+r.stats.BadOut)
				printCounts(w, r.work)
				if r.core != nil {
					fmt.Fprintln(w, r.core)
				}
				printPairs(w, pairs)
			})
			if err != nil {
				return err
			}
			return mismatch(pairs)
		},
	}
	data.register(c, "recordings")
	encodingFlag(c, &encoding)
	board.register(c)
	return c
}

// emulator returns a board in software.
func (a *app) emulator(b *fpga.Board) link.Machine {
	if a.slow {
		return fpga.NewReferenceEmulator(b)
	}
	return fpga.NewEmulator(b)
}

// lookupBoard returns the board target of a name.
func lookupBoard(name string) (*fpga.Board, error) {
	t, err := targets.Lookup(name)
	if err != nil {
		return nil, err
	}
	b, ok := t.(*fpga.Board)
	if !ok {
		return nil, diag.Inputf("not-a-board", "", "%s is a chip, not a board with a serial port", name).WithFix("use icebreaker")
	}
	return b, nil
}

// simulation builds the board's Verilog and returns what serves it on a line.
func (a *app) simulation(ctx context.Context, b *fpga.Board) (func(context.Context, link.Port) error, error) {
	const divider = 4 // clocks a bit: the fewest are the fastest
	design, err := b.Design(divider)
	if err != nil {
		return nil, err
	}
	program, err := rtl.Verilate(ctx, design, func(dir string) {
		a.note("building a simulation of %s with Verilator, once: it takes a minute and is kept in %s", b.Title, dir)
	})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, line link.Port) error { return rtl.Serve(ctx, program, divider, line) }, nil
}

// emulation returns what serves a board on a line, in software or as its Verilog, and how it does.
func (a *app) emulation(ctx context.Context, b *fpga.Board, verilog bool) (serve func(context.Context, link.Port) error, how string, err error) {
	if verilog {
		serve, err = a.simulation(ctx, b)
		return serve, "in Verilog", err
	}
	return func(ctx context.Context, line link.Port) error { return link.Serve(ctx, line, a.emulator(b)) }, "emulated", nil
}

func newBoard(a *app) *cobra.Command {
	board := &cobra.Command{Use: "board", Short: "Emulate and test boards"}
	var name, symlink string
	var verilog bool
	emulate := &cobra.Command{
		Use:   "emulate",
		Short: "Serve an emulated board on a pseudo-terminal",
		Long: `emulate is a board in software: it speaks the serial protocol on a pseudo-terminal, keeps
the memories that the FPGA has, and runs the simulator on what was loaded into them. It
prints the port's path and serves until interrupted.

With --rtl the board is its Verilog, simulated clock by clock, with the serial line at
its pins. The simulation is built with Verilator at the first use.`,
		Example: "  isospike board emulate --board icebreaker --link /tmp/board\n  isospike board emulate --rtl --link /tmp/board",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			b, err := lookupBoard(name)
			if err != nil {
				return err
			}
			serve, how, err := a.emulation(c.Context(), b, verilog)
			if err != nil {
				return err
			}
			line, path, err := link.OpenPTY()
			if err != nil {
				return err
			}
			stop := context.AfterFunc(c.Context(), func() { line.Close() })
			defer stop()
			if symlink != "" {
				if err := os.Symlink(path, symlink); err != nil {
					return diag.Inputf("write", symlink, "cannot make the link to %s: %v", path, err).WithFix("remove what is there, or give another --link")
				}
				defer os.Remove(symlink)
				path = symlink
			}
			if err := a.result(map[string]any{"port": path, "board": b.Name()}, func(w io.Writer) { fmt.Fprintln(w, path) }); err != nil {
				return err
			}
			a.note("%s %s on %s; interrupt to stop", b.Title, how, path)
			err = serve(c.Context(), line)
			if c.Context().Err() != nil {
				return nil // stopping it is how it ends
			}
			return err
		},
	}
	emulate.Flags().StringVar(&name, "board", "icebreaker", "board to emulate")
	emulate.Flags().BoolVar(&verilog, "rtl", false, "simulate the board's Verilog (needs Verilator and g++)")
	emulate.Flags().StringVar(&symlink, "link", "", "make this symbolic link to the port")
	board.AddCommand(emulate, newBoardTest(a))
	return group(board)
}
