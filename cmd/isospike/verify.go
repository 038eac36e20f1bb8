package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/isospike/isospike/snn/diag"
	"github.com/spf13/cobra"
)

type verifyFlags struct {
	data         dataFlags
	encoding     string
	input, array string
	against      []string
	board        boardFlags
	lockstep     bool
	bisect       string
}

func newVerify(a *app) *cobra.Command {
	var f verifyFlags
	c := &cobra.Command{
		Use:   "verify ARTIFACT... [--against EXECUTOR,...] --data DIR",
		Short: "Show that stages agree to the last spike, or where they part",
		Long: `verify runs every recording on each artifact in turn and compares each with the next:
a model by training's forward pass, a fixed network by the layer-level reference, a
program by the simulator on its tables. Spikes are always compared; u and v of every
neuron at every tick too, where both sides have them. --against adds more that run what
the last artifact is, in any combination:

  sim        the simulator on a program
  slow       the simulator's reference path alone
  emulator   an emulated board, over the serial protocol
  rtl        the board's Verilog in simulation, over the same (needs Verilator and g++)
  board      the board at --port, or the one that is found
  lava:FILE  what Lava recorded

sim:TARGET, slow:TARGET, emulator:TARGET, rtl:TARGET and board:TARGET compile a fixed network for it.

` + lavaHelp + `

When they differ, it names the first tick, layer, core and neuron, both values, and
the spikes that had reached the neuron, and exits with 1. To find out why, with two executors:
--lockstep runs them tick by tick and stops where they part, with the neuron's state in both
before and after, its last inputs, and its synapses where the two have other ones; --json has
all of them. --bisect makes the first recording that shows a difference as short as it can,
first in ticks, then in spikes, and writes it as an input for --input.`,
		Example: `  isospike verify model.safetensors fixed.safetensors program.safetensors --data test.tar.gz
  isospike verify board.safetensors --against rtl,emulator --data test.tar.gz
  isospike verify fixed.safetensors --against sim:loihi1,rtl:icebreaker,lava:trace.npz
  isospike verify fixed.safetensors program.safetensors --data test.tar.gz --bisect short.npz
  isospike verify fixed.safetensors program.safetensors --input short.npz --lockstep`,
		RunE: func(c *cobra.Command, args []string) error { return a.verify(c.Context(), args, &f) },
	}
	f.data.add(c, "recordings")
	encodingFlag(c, &f.encoding)
	fl := c.Flags()
	fl.StringVar(&f.input, "input", "", inputHelp+"; of its own or beside recordings")
	fl.StringVar(&f.array, "array", defaultArray, "name of the array in --input")
	fl.StringSliceVar(&f.against, "against", nil, "further executors, for the last artifact: sim, slow, emulator, rtl, board, lava:FILE")
	fl.BoolVar(&f.lockstep, "lockstep", false, "run two executors tick by tick, and show all of the neuron where they part")
	fl.StringVar(&f.bisect, "bisect", "", "write to this .npz the shortest input found in which two executors differ")
	f.board.register(c)
	return c
}

func (a *app) verify(ctx context.Context, args []string, f *verifyFlags) error {
	f.against = f.board.named(f.against)
	if len(args) < 1 || len(args)+len(f.against) < 2 {
		return diag.Usagef("usage", "verify takes two artifacts or more, or one and --against").WithFix("see `isospike verify --help`")
	}
	if f.lockstep && f.bisect != "" {
		return diag.Usagef("usage", "--lockstep and --bisect are two results").WithFix("use --bisect first, and --lockstep on what it writes")
	}
	var execs []*executor
	for _, path := range args {
		e, err := a.load(path)
		if err != nil {
			return err
		}
		execs = append(execs, e)
	}
	distinguish(execs, args)
	last := execs[len(execs)-1]
	rivals, err := a.against(ctx, f.against, last, args[len(args)-1], &f.board)
	if err != nil {
		return err
	}
	if len(execs)+len(rivals) < 2 {
		return diag.Usagef("usage", "the simulator on %s would be compared with itself", args[0]).WithFix("add the fixed network, or another executor to --against")
	}
	src, err := f.samples(a, execs)
	if err != nil {
		return err
	}
	if f.lockstep || f.bisect != "" {
		return a.two(ctx, f, args, execs, rivals, src)
	}
	tallies, pairs, err := a.contest(ctx, src, execs, rivals)
	if err != nil {
		return err
	}
	failed := mismatch(pairs)
	err = a.result(map[string]any{"verify": pairs, "identical": failed == nil}, func(w io.Writer) {
		printPairs(w, pairs)
		if failed == nil && tallies[0].labelled > 0 {
			fmt.Fprintf(w, "identical; accuracy %.2f %%\n", 100*tallies[0].Accuracy)
		} else if failed == nil {
			fmt.Fprintln(w, "identical")
		}
	})
	if err != nil {
		return err
	}
	return failed
}

// distinguish tells executors of the same name apart by the files that they were read from: by their names, and where these are the same
// by their paths.
func distinguish(execs []*executor, paths []string) {
	named, based := map[string]int{}, map[string]int{}
	for i, e := range execs {
		named[e.name]++
		based[e.name+filepath.Base(paths[i])]++
	}
	for i, e := range execs {
		file := filepath.Base(paths[i])
		if based[e.name+file] > 1 {
			file = paths[i]
		}
		if named[e.name] > 1 {
			e.name = fmt.Sprintf("%s (%s)", e.name, file)
		}
	}
}

// samples are the recordings and inputs that the flags name, but for those of recordings of Lava.
func (f *verifyFlags) samples(a *app, execs []*executor) (joined, error) {
	var all joined
	if f.data.path != "" {
		src, err := f.data.open(a, execs[0].encodingOr(f.encoding))
		if err != nil {
			return nil, err
		}
		for _, e := range execs {
			if err := e.takes(src); err != nil {
				return nil, err
			}
		}
		all = append(all, src)
	}
	if f.input != "" {
		in, err := openInput(f.input, f.array, execs)
		if err != nil {
			return nil, err
		}
		all = append(all, in)
	} else if f.array != defaultArray {
		return nil, diag.Usagef("usage", "--array names an array of --input, which is not there")
	}
	if all == nil && !slices.ContainsFunc(f.against, func(item string) bool { return kindOf(item) == "lava" }) {
		return nil, diag.Usagef("usage", "there is nothing to run").WithFix("give recordings with --data, or an input with --input")
	}
	return all, nil
}

// contest compares the artifacts' executors, each with the next, and the rivals with what they are to do as well as.
func (a *app) contest(ctx context.Context, src joined, artifacts []*executor, rivals []contestant) ([]tally, []pair, error) {
	execs := slices.Clone(artifacts)
	last := len(execs) - 1
	var links [][2]int
	for i := range last {
		links = append(links, [2]int{i, i + 1})
	}
	for _, r := range rivals {
		if r.in == nil && !slices.Contains(execs, r.executor) {
			execs = append(execs, r.executor)
			links = append(links, [2]int{last, len(execs) - 1})
		}
	}
	// What Lava recorded is an input for the others as well.
	all := slices.Clone(src)
	for _, r := range rivals {
		if r.in != nil {
			all = append(all, one{r.name, r.in})
		}
	}
	tallies, pairs, err := a.compare(ctx, all, execs, links, true)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range rivals {
		switch {
		case r.on != nil:
			b, err := a.onBoard(ctx, r.on, r.executor, all)
			if err != nil {
				return nil, nil, err
			}
			pairs = append(pairs, b.pair)
		case r.in != nil:
			_, more, err := a.chain(ctx, one{r.name, r.in}, []*executor{artifacts[last], r.executor}, true)
			if err != nil {
				return nil, nil, err
			}
			pairs = append(pairs, more...)
		}
	}
	return tallies, pairs, nil
}
