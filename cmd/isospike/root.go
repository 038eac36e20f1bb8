package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
	"strings"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/targets"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// app is what all subcommands share. Standard output carries results alone;
// progress and messages go to standard error.
type app struct {
	stdout, stderr io.Writer
	json           bool
	quiet          bool
	threads        int
	slow           bool // the simulator's fast paths are off
}

// maxThreads bounds --threads: each has memory of its own.
const maxThreads = 1024

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "isospike",
		Short: "Take spiking networks trained with SLAYER to hardware, spike for spike",
		Long: `isospike trains spiking networks with SLAYER, quantizes them to integers,
compiles them to the tables of Loihi-style chips and of an FPGA board, and
verifies that every stage gives the very spikes that training saw.

  events ─► train ─► quantize ─► compile ─► verify ─► run
            model    fixed net   program    (sim = board)

Exit status: 0 done, 1 results differ, 2 wrong usage, 3 unusable input, 4 a limit
is exceeded, 5 a tool is missing, 6 the board or its link failed, 7 interrupted.`,
		Example: `  isospike demo
  isospike train --data train.tar.gz --net 34x34x2-512d-512d-10 -o model.safetensors
  isospike quantize model.safetensors -o fixed.safetensors
  isospike compile fixed.safetensors --target loihi1 -o program.safetensors
  isospike verify model.safetensors fixed.safetensors program.safetensors --data test.tar.gz`,
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	f := root.PersistentFlags()
	f.BoolVar(&a.json, "json", false, "print the result as one JSON value")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "no progress and no messages")
	f.IntVar(&a.threads, "threads", 0, "number of threads (0: one a processor); never changes a result")
	f.BoolVar(&a.slow, "slow", false, "simulate on the reference path, which is written to be read; never changes a result")
	root.PersistentPreRunE = func(c *cobra.Command, args []string) error {
		if a.threads < 0 || a.threads > maxThreads {
			return diag.Usagef("usage", "--threads is %d, allowed are 0 to %d", a.threads, maxThreads)
		}
		return checkOutputs(c, args)
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return diag.Usagef("usage", "%v", err).WithFix("see `%s --help`", c.CommandPath())
	})
	root.AddCommand(newDemo(a), newTrain(a), newQuantize(a), newCompile(a), newSim(a), newEval(a), newVerify(a),
		newRun(a), newBoard(a), newFPGA(a), newFlash(a), newGolden(a), newInspect(a), newImport(a), newExport(a), newData(a), newBench(a))
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "completion":
			group(c)
		case "help":
			c.Run, c.RunE = nil, help
		}
	}
	completeNames(root)
	return group(root)
}

// group makes a command that has subcommands show its help when none is named, and
// refuse one that there is not: cobra by itself would help and exit with 0.
func group(c *cobra.Command) *cobra.Command {
	c.SuggestionsMinimumDistance = 2
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		d := diag.Usagef("usage", "%s has no command %q", c.CommandPath(), args[0])
		if near := c.SuggestionsFor(args[0]); len(near) > 0 {
			return d.WithFix("did you mean %s?", strings.Join(near, " or "))
		}
		return d.WithFix("see `%s --help`", c.CommandPath())
	}
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	return c
}

// help shows the help of the command that args name, and refuses one that there is not.
func help(c *cobra.Command, args []string) error {
	named, rest, err := c.Root().Find(args)
	if err != nil {
		return err
	}
	if len(rest) > 0 && named.HasSubCommands() {
		return named.Args(named, rest)
	}
	named.InitDefaultHelpFlag()
	return named.Help()
}

// completeNames completes targets and boards by their names, in c and all below it; files
// come after them.
func completeNames(c *cobra.Command) {
	if c.Flags().Lookup("target") != nil {
		_ = c.RegisterFlagCompletionFunc("target", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return targets.List(), cobra.ShellCompDirectiveDefault
		})
	}
	if c.Flags().Lookup("board") != nil {
		_ = c.RegisterFlagCompletionFunc("board", func(*cobra.Command, []string, string) (names []string, _ cobra.ShellCompDirective) {
			all, _ := boards()
			for _, b := range all {
				names = append(names, b.Name())
			}
			return names, cobra.ShellCompDirectiveDefault
		})
	}
	for _, sub := range c.Commands() {
		completeNames(sub)
	}
}

// version is the module version or the commit that the binary was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v += " " + s.Value
		}
	}
	return strings.TrimSpace(v)
}

// exactly returns an argument check with the names of the arguments in its error.
func exactly(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != len(names) {
			return diag.Usagef("usage", "%s takes %s, got %d arguments", c.CommandPath(), strings.Join(names, " "), len(args)).
				WithFix("see `%s --help`", c.CommandPath())
		}
		return nil
	}
}

// fail prints err, which the command at a path returned, and returns the exit status for it.
func (a *app) fail(err error, command string) int {
	if err == nil {
		return 0
	}
	var d *diag.Error
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &d):
	case errors.Is(err, context.Canceled):
		d = &diag.Error{Kind: diag.Interrupted, Code: "interrupted", Msg: "the work was stopped"}
		err = d
	case errors.As(err, &path), errors.As(err, &link):
		d = diag.Inputf("file", "", "%v", err)
	default:
		// The rest comes from cobra: unknown flags and the like.
		d = diag.Usagef("usage", "%v", err).WithFix("see `%s --help`", command)
	}
	if a.json {
		full := *d
		full.Msg = d.Error()
		_ = json.NewEncoder(a.stderr).Encode(map[string]any{"error": full})
		return int(d.Kind)
	}
	fmt.Fprintf(a.stderr, "isospike: %v\n", err)
	if d.Fix != "" {
		fmt.Fprintf(a.stderr, "  help: %s\n", d.Fix)
	}
	fmt.Fprintf(a.stderr, "  code: %s\n", d.Code)
	return int(d.Kind)
}

// note prints a message for people, unless they asked for quiet.
func (a *app) note(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.stderr, format+"\n", args...)
	}
}

// heldBack keeps the first error of a writer, which those who print text do not look at.
type heldBack struct {
	w   io.Writer
	err error
}

func (h *heldBack) Write(b []byte) (int, error) {
	n, err := h.w.Write(b)
	if h.err == nil {
		h.err = err
	}
	return n, err
}

// result prints v as JSON with --json, and text otherwise. The error is that of standard output: a result that nobody got is none.
func (a *app) result(v any, text func(w io.Writer)) error {
	if !a.json {
		w := heldBack{w: a.stdout}
		text(&w)
		return w.err
	}
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// terminal reports whether messages go to a person at a terminal.
func (a *app) terminal() bool {
	f, ok := a.stderr.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
