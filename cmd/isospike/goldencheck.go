package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"sync"

	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/sim/golden"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/targets"
	"github.com/spf13/cobra"
)

// check is what became of a folder's samples on one executor.
type check struct {
	Executor   string    `json:"executor"`
	Samples    int       `json:"samples"` // compared, those of an earlier run included
	Resumed    int       `json:"resumed"` // of them: passed in an earlier run
	Spikes     int       `json:"spikes"`
	Registers  int       `json:"registers"`  // final u and v that were compared in this run
	Mismatches int       `json:"mismatches"` // spikes that only one has, and final registers that differ
	First      string    `json:"first,omitempty"`
	Failures   []failure `json:"failures,omitempty"`
	key        string    // of what was run, for resuming
}

type failure struct {
	Sample string `json:"sample"`
	What   string `json:"what"`
}

func newGoldenCheck(a *app) *cobra.Command {
	var names, against []string
	var junit, resume string
	var board boardFlags
	c := &cobra.Command{
		Use:   "check FOLDER [ARTIFACT...]",
		Short: "Hold this version, a target or other artifacts to a recording",
		Long: `check runs the recorded inputs on the recorded network, by the reference or, of a program,
by the simulator; with --target on a program that it compiles for that target; with --against on
a board, emulated, in Verilog or real, as verify has it; and on every artifact that is named. All spikes and the
final u and v of every neuron must be as recorded; a model has spikes alone.

For a continuous-integration server: --junit writes a JUnit report with a test case for each
sample, --json the same as one object; the exit status is 1 where anything differs. With
--resume, samples that passed before, on the same binary, folder and artifact, are not run again.`,
		Example: `  isospike golden check golden
  isospike golden check golden --target loihi1 --target icebreaker --junit report.xml
  isospike golden check golden --against emulator:icebreaker,rtl:icebreaker
  isospike golden check golden retrained.safetensors --resume state.json`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) < 1 {
				return diag.Usagef("usage", "check takes a folder").WithFix("see `isospike golden check --help`")
			}
			f, err := golden.Open(args[0])
			if err != nil {
				return err
			}
			execs, checks, err := a.goldenExecutors(f, names, args[1:])
			if err != nil {
				return err
			}
			rivals, err := a.against(c.Context(), against, execs[0], filepath.Join(args[0], golden.NetworkName), &board)
			if err != nil {
				return err
			}
			passed, err := openPassed(resume, f.SHA256)
			if err != nil {
				return err
			}
			for i := range execs {
				if err := a.goldenCheck(c.Context(), f, execs[i], &checks[i], passed); err != nil {
					return err
				}
			}
			for i := range rivals {
				if err := a.goldenRival(c.Context(), f, &rivals[i], checks[0].key, &checks, passed); err != nil {
					return err
				}
			}
			if junit != "" {
				if err := writeJUnit(junit, f, checks); err != nil {
					return err
				}
			}
			failed := goldenMismatch(checks)
			err = a.result(map[string]any{"golden": checks, "identical": failed == nil}, func(w io.Writer) { printChecks(w, checks, failed == nil) })
			if err != nil {
				return err
			}
			return failed
		},
	}
	c.Flags().StringArrayVar(&names, "target", nil, "also compile the network for this target and simulate it; may be repeated")
	c.Flags().StringSliceVar(&against, "against", nil, "also these executors of the network: sim, slow, emulator, rtl, board, each with :TARGET")
	board.register(c)
	c.Flags().StringVar(&junit, "junit", "", "write a JUnit report to this file")
	c.Flags().StringVar(&resume, "resume", "", "keep in this file which samples passed, and do not run those again")
	return c
}

// goldenRival holds an executor of --against to all samples of a folder; key is that of the recorded network.
func (a *app) goldenRival(ctx context.Context, f *golden.Folder, r *contestant, key string, checks *[]check, passed *passed) (err error) {
	e := r.executor
	if r.in != nil {
		return diag.Usagef("usage", "%s is a recording itself", r.name).WithFix("hold an artifact to both")
	}
	if r.on != nil {
		var end func() error
		if e, end, err = a.streamed(ctx, r); err != nil {
			return err
		}
		defer func() {
			if ended := end(); err == nil {
				err = ended
			}
		}()
	}
	c := check{Executor: e.name, key: key + " " + e.name + " " + e.program.Target}
	err = a.goldenCheck(ctx, f, e, &c, passed)
	*checks = append(*checks, c)
	return err
}

// goldenExecutors are the recorded network, its programs for targets, and other artifacts.
func (a *app) goldenExecutors(f *golden.Folder, names, paths []string) (execs []*executor, checks []check, err error) {
	file, err := f.Network()
	if err != nil {
		return nil, nil, err
	}
	add := func(e *executor, name, key string) {
		execs = append(execs, e)
		if a.slow {
			key += " slow"
		}
		checks = append(checks, check{Executor: name, key: key})
	}
	e, err := a.execute(file)
	if err != nil {
		return nil, nil, err
	}
	add(e, e.name, artifact.Hash(file))
	for _, name := range names {
		if artifact.Kind(file) != artifact.Fixed {
			return nil, nil, diag.Usagef("usage", "the recorded network is a %s, which is compiled already", artifact.Kind(file)).WithFix("leave out --target")
		}
		n, err := fixed.FromFile(file)
		if err != nil {
			return nil, nil, err
		}
		p, err := compileFor(n, name, artifact.Hash(file))
		if err != nil {
			return nil, nil, err
		}
		if e, err = a.simExecutor(p); err != nil {
			return nil, nil, err
		}
		t, err := targets.Lookup(name)
		if err != nil {
			return nil, nil, err
		}
		add(e, e.name, fmt.Sprintf("%s %+v", artifact.Hash(file), t))
	}
	for _, path := range paths {
		file, err := artifact.Read(path)
		if err != nil {
			return nil, nil, err
		}
		if e, err = a.execute(file); err != nil {
			return nil, nil, diag.InFile(err, path)
		}
		add(e, path+" ("+e.name+")", artifact.Hash(file))
	}
	return execs, checks, nil
}

// goldenCheck holds an executor to all samples of a folder.
func (a *app) goldenCheck(ctx context.Context, f *golden.Folder, e *executor, c *check, passed *passed) error {
	p := a.progress("check "+c.Executor, "samples", len(f.Samples))
	defer p.end()
	type outcome struct {
		skip      bool
		registers int
		diff      golden.Difference
		what      string
	}
	idle := sync.Pool{New: func() any { return e.start(true) }}
	threads := a.threads
	if e.alone {
		threads = 1
	}
	err := ordered(ctx, threads, len(f.Samples), func(i int) (o outcome, err error) {
		if passed.has(c.key, i) {
			return outcome{skip: true}, nil
		}
		want, err := f.Run(i)
		if err != nil {
			return o, err
		}
		if want.Input.Neurons != e.input.Size() {
			return o, diag.Inputf("input-shape", "", "the recorded inputs have %d neurons, %s takes %d", want.Input.Neurons, c.Executor, e.input.Size())
		}
		r := idle.Get().(runner)
		defer idle.Put(r)
		recs, err := r(ctx, want.Input)
		if err != nil {
			return o, err
		}
		got := golden.New(want.Input, recs)
		if e.final != nil {
			u, v, err := e.final(ctx)
			if err != nil {
				return o, err
			}
			for k := range got.Layers {
				got.Layers[k].U, got.Layers[k].V = u[k], v[k]
			}
		}
		if o.diff, err = want.Compare(got); err != nil {
			return o, diag.Inputf("records-differ", "", "%s: %v", c.Executor, err)
		}
		for _, l := range got.Layers {
			o.registers += len(l.U) + len(l.V)
		}
		o.what, err = tellDifference(e, want, recs, o.diff)
		return o, err
	}, func(i int, o outcome) error {
		s := f.Samples[i]
		c.Samples++
		c.Spikes += s.Spikes
		p.set(i+1, "")
		if o.skip {
			c.Resumed++
			return nil
		}
		c.Registers += o.registers
		if n := o.diff.Spikes + o.diff.Registers; n > 0 {
			c.Mismatches += n
			c.Failures = append(c.Failures, failure{s.ID, o.what})
			if c.First == "" {
				c.First = "sample " + s.ID + ": " + o.what
			}
			return nil
		}
		return passed.add(c.key, i)
	})
	if err != nil {
		return err
	}
	return passed.write()
}

// tellDifference says where a run parts from the recording, "" where it does not.
func tellDifference(e *executor, want *golden.Run, recs []fixed.Record, d golden.Difference) (string, error) {
	if d.Spikes == 0 {
		return d.First, nil
	}
	var was []fixed.Record
	for _, l := range want.Layers {
		was = append(was, fixed.Record{Spikes: l.Spikes})
	}
	at, err := divergence(e, e, want.Input, was, recs)
	if err != nil || at == nil {
		return "", err
	}
	return tell(at, &executor{name: "the recording"}, e), nil
}

// goldenMismatch is the error of a check that found differences, or nothing to compare.
func goldenMismatch(checks []check) error {
	for _, c := range checks {
		if c.Mismatches > 0 {
			return &diag.Error{Kind: diag.Mismatch, Code: "mismatch", Msg: fmt.Sprintf("%s differs from the recording in %d places; first in %s", c.Executor, c.Mismatches, c.First)}
		}
		if c.Samples == 0 || c.Spikes == 0 {
			return (&diag.Error{Kind: diag.Mismatch, Code: "nothing-compared", Msg: fmt.Sprintf("%s was held to %d samples with %d spikes: that shows nothing", c.Executor, c.Samples, c.Spikes)}).
				WithFix("record recordings that make the network spike")
		}
	}
	return nil
}

func printChecks(w io.Writer, checks []check, identical bool) {
	fmt.Fprintf(w, "%-24s %8s %8s %12s %10s %11s\n", "executor", "samples", "resumed", "spikes", "registers", "mismatches")
	for _, c := range checks {
		fmt.Fprintf(w, "%-24s %8d %8d %12d %10d %11d\n", c.Executor, c.Samples, c.Resumed, c.Spikes, c.Registers, c.Mismatches)
	}
	if identical {
		fmt.Fprintln(w, "identical: every spike, and the final registers that are counted")
	}
}
