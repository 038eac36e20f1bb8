package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/sim/golden"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
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
	verify     []string  // as candidate has it
}

type failure struct {
	Sample string `json:"sample"`
	What   string `json:"what"`
	number int    // of the sample
}

type goldenFlags struct {
	targets, against []string
	junit, resume    string
	board            boardFlags
}

func newGoldenCheck(a *app) *cobra.Command {
	var f goldenFlags
	c := &cobra.Command{
		Use:   "check FOLDER [ARTIFACT...]",
		Short: "Hold this version, a target or other artifacts to a recording",
		Long: `check runs the recorded inputs on the recorded network, by the reference or, of a program,
by the simulator; with --target on a program that it compiles for that target; with --against on
a board, emulated, in Verilog or real, as verify has it; and on every artifact that is named. All spikes and the
final u and v of every neuron must be as recorded; a model has spikes alone.

For a continuous-integration server: --junit writes a JUnit report with a test case for each
sample, --json the same as one object; the exit status is 1 where anything differs. A check that
fails by itself, or is killed, leaves a report with an error. With --resume, samples that passed
before, on the same binary, folder and artifact, are not run again.`,
		Example: `  isospike golden check golden
  isospike golden check golden --target loihi1 --target icebreaker --junit report.xml
  isospike golden check golden --against emulator:icebreaker,rtl:icebreaker
  isospike golden check golden retrained.safetensors --resume state.json`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) < 1 {
				return diag.Usagef("usage", "check takes a folder").WithFix("see `isospike golden check --help`")
			}
			if fi, err := os.Stat(f.junit); f.junit != "" && (err != nil || fi.Mode().IsRegular()) { // what is written to a pipe stays
				if err := writeJUnit(f.junit, nil, nil, errUnended); err != nil {
					return err
				}
			}
			folder, checks, err := a.goldenChecks(c.Context(), args[0], args[1:], &f)
			ended := err
			if err == nil {
				if err = goldenMismatch(checks); !differ(checks) {
					ended = err
				}
				if printed := a.result(map[string]any{"golden": checks, "identical": err == nil}, func(w io.Writer) { printChecks(w, checks, err == nil) }); printed != nil {
					return printed
				}
			}
			if f.junit != "" {
				err = errors.Join(err, writeJUnit(f.junit, folder, checks, ended))
			}
			return err
		},
	}
	c.Flags().StringArrayVar(&f.targets, "target", nil, "also compile the network for this target and simulate it; may be repeated")
	c.Flags().StringSliceVar(&f.against, "against", nil, "also these executors of the network: sim, slow, emulator, rtl, board; of a fixed network each with :TARGET")
	f.board.register(c)
	c.Flags().StringVar(&f.junit, "junit", "", "write a JUnit report to this file")
	c.Flags().StringVar(&f.resume, "resume", "", "keep in this file which samples passed, and do not run those again")
	return c
}

// goldenChecks holds the executors that flags and paths of artifacts name to the folder at dir. After an error it returns
// what was checked until then.
func (a *app) goldenChecks(ctx context.Context, dir string, paths []string, f *goldenFlags) (folder *golden.Folder, done []check, err error) {
	if folder, err = golden.Open(dir); err != nil {
		return nil, nil, err
	}
	list, err := a.goldenExecutors(ctx, folder, dir, f.targets, paths)
	if err != nil {
		return nil, nil, err
	}
	network := filepath.Join(dir, golden.NetworkName)
	rivals, err := a.against(ctx, f.board.named(f.against), list[0].executor, network, &f.board)
	if err != nil {
		return nil, nil, err
	}
	passed, err := openPassed(f.resume, folder.SHA256)
	if err != nil {
		return nil, nil, err
	}
	for i := range rivals {
		r := &rivals[i]
		if r.in != nil {
			return nil, nil, diag.Usagef("usage", "%s is a recording itself", r.name).WithFix("hold an artifact to both")
		}
		list = append(list, candidate{executor: r.executor, on: r, verify: []string{network, "--against", r.item, "--input", dir}})
	}
	for i := range list {
		c, err := a.goldenCandidate(ctx, folder, &list[i], passed)
		done = append(done, c)
		if err != nil {
			return folder, done, err
		}
	}
	return folder, done, nil
}

// candidate is an executor that a recording is held against.
type candidate struct {
	*executor
	on     *contestant // of --against; nil for others
	label  string      // in tables, where it is not the executor's name
	key    string      // for resuming, where it is not that of the program
	verify []string    // words after "isospike verify" that compare it with the recorded network; nil for that itself
}

// goldenCandidate holds one executor to all samples of a folder.
func (a *app) goldenCandidate(ctx context.Context, f *golden.Folder, x *candidate, passed *passed) (c check, err error) {
	e := x.executor
	c = check{Executor: cmp.Or(x.label, e.name), key: x.key, verify: x.verify}
	if c.key == "" {
		if c.key, err = programHash(e.program); err != nil {
			return c, err
		}
	}
	if x.on != nil && x.on.on != nil {
		var end func() error
		if e, end, err = a.streamed(ctx, x.on); err != nil {
			return c, err
		}
		defer func() {
			if ended := end(); err == nil {
				err = ended
			}
		}()
		c.Executor = e.name + ":" + e.program.Target
		c.key += " " + e.name
	} else if a.slow || x.on != nil && kindOf(x.on.item) == "slow" {
		c.key += " slow"
	}
	err = a.goldenCheck(ctx, f, e, &c, passed)
	return c, err
}

// goldenExecutors are the recorded network, its programs for targets, and other artifacts.
func (a *app) goldenExecutors(ctx context.Context, f *golden.Folder, dir string, names, paths []string) (list []candidate, err error) {
	file, err := f.Network()
	if err != nil {
		return nil, err
	}
	e, err := a.execute(file)
	if err != nil {
		return nil, err
	}
	list = append(list, candidate{executor: e, key: artifact.Hash(file)})
	network := filepath.Join(dir, golden.NetworkName)
	for _, name := range names {
		if artifact.Kind(file) != artifact.Fixed {
			return nil, diag.Usagef("usage", "the recorded network is a %s, which is compiled already", artifact.Kind(file)).WithFix("leave out --target")
		}
		n, err := fixed.FromFile(file)
		if err != nil {
			return nil, err
		}
		p, err := compileFor(ctx, n, name, artifact.Hash(file))
		if err != nil {
			return nil, err
		}
		if e, err = a.simExecutor(p); err != nil {
			return nil, err
		}
		list = append(list, candidate{executor: e, verify: []string{network, "--against", "sim:" + name, "--input", dir}})
	}
	for _, path := range paths {
		file, err := artifact.Read(path)
		if err != nil {
			return nil, err
		}
		if e, err = a.execute(file); err != nil {
			return nil, diag.InFile(err, path)
		}
		list = append(list, candidate{executor: e, label: path + " (" + e.name + ")", key: artifact.Hash(file), verify: []string{network, path, "--input", dir}})
	}
	return list, nil
}

// programHash is the SHA-256 of a program as a file.
func programHash(p *compile.Program) (string, error) {
	h := sha256.New()
	if err := safetensors.Write(h, compile.Encode(p)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
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
	idle := sync.Pool{New: func() any { return e.end() }}
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
		r := idle.Get().(ender)
		defer idle.Put(r)
		got, err := r(ctx, want.Input)
		if err != nil {
			return o, err
		}
		if o.diff, err = want.Compare(got); err != nil {
			return o, diag.Inputf("records-differ", "", "%s: %v", c.Executor, err)
		}
		for _, l := range got.Layers {
			o.registers += len(l.U) + len(l.V)
		}
		o.what, err = tellDifference(c.Executor, e, want, got, o.diff)
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
			c.Failures = append(c.Failures, failure{s.ID, o.what, i})
			if c.First == "" {
				c.First = "sample " + s.ID + ": " + o.what
			}
			return nil
		}
		return passed.add(c.key, i)
	})
	return errors.Join(err, passed.write()) // what passed before an error or an interrupt has passed
}

// tellDifference says where the run of an executor of this name parts from the recording, "" where it does not.
func tellDifference(name string, e *executor, want, got *golden.Run, d golden.Difference) (string, error) {
	switch r := d.First; {
	case d.Spikes > 0:
	case d.Registers > 0:
		return fmt.Sprintf("layer %s, neuron %d ends with %s = %d, should be %d", e.layers[r.Layer], r.Neuron, r.Name, r.Got, r.Want), nil
	default:
		return "", nil
	}
	at, err := divergence(e, e, want.Input, want.Records(), got.Records())
	if err != nil || at == nil {
		return "", err
	}
	named := *e
	named.name = name
	return tell(at, &executor{name: "the recording"}, &named), nil
}

// goldenMismatch is the error of a check that found differences, or nothing to compare.
func goldenMismatch(checks []check) error {
	for _, c := range checks {
		if c.Mismatches > 0 {
			e := &diag.Error{Kind: diag.Mismatch, Code: "mismatch", Msg: fmt.Sprintf("%s differs from the recording in %d places; first in %s", c.Executor, c.Mismatches, c.First)}
			if c.verify != nil {
				e.Fix = fmt.Sprintf("`isospike verify %s --bisect short.npz` looks for a short input that shows it, and says how to look at it", commandLine(c.verify))
			}
			return e
		}
		if c.Samples == 0 || c.Spikes == 0 {
			return (&diag.Error{Kind: diag.Mismatch, Code: "nothing-compared", Msg: fmt.Sprintf("%s was held to %d samples with %d spikes: that shows nothing", c.Executor, c.Samples, c.Spikes)}).
				WithFix("record recordings that make the network spike")
		}
	}
	return nil
}

// differ reports whether anything is not as recorded.
func differ(checks []check) bool {
	return slices.ContainsFunc(checks, func(c check) bool { return c.Mismatches > 0 })
}

func printChecks(w io.Writer, checks []check, identical bool) {
	width := len("executor")
	for _, c := range checks {
		width = max(width, len(c.Executor))
	}
	fmt.Fprintf(w, "%-*s %8s %8s %12s %10s %11s\n", width, "executor", "samples", "resumed", "spikes", "registers", "mismatches")
	for _, c := range checks {
		fmt.Fprintf(w, "%-*s %8d %8d %12d %10d %11d\n", width, c.Executor, c.Samples, c.Resumed, c.Spikes, c.Registers, c.Mismatches)
	}
	if identical {
		fmt.Fprintln(w, "identical: every spike, and the final registers that are counted")
	}
}
