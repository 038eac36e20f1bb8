package main

import (
	"fmt"
	"io"

	"github.com/isospike/isospike/snn/diag"
	"github.com/spf13/cobra"
)

func newVerify(a *app) *cobra.Command {
	var data dataFlags
	var encoding string
	var board boardFlags
	var slow bool
	c := &cobra.Command{
		Use:   "verify ARTIFACT ARTIFACT... --data DIR",
		Short: "Show that stages agree to the last spike, or where they part",
		Long: `verify runs every recording on each artifact in turn and compares each with the next:
a model by training's forward pass, a fixed network by the layer-level reference, a
program by the simulator on its tables, and with --port the board. Spikes are always
compared; u and v of every neuron at every tick too, where both sides have them.

When they differ, it names the first tick, layer, core and neuron, both values, and
the spikes that had reached the neuron, and exits with 1.`,
		Example: `  isospike verify model.safetensors fixed.safetensors program.safetensors --data test.tar.gz
  isospike verify fixed.safetensors board.safetensors --port /dev/ttyUSB1 --data test.tar.gz`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) < 2 && board.port == "" {
				return diag.Usagef("usage", "verify takes two artifacts or more, or a program and --port").WithFix("see `isospike verify --help`")
			}
			var execs []*executor
			for _, path := range args {
				e, err := load(path)
				if err != nil {
					return err
				}
				e.slow = slow
				execs = append(execs, e)
			}
			last := execs[len(execs)-1]
			if board.port != "" && last.program == nil {
				return diag.Usagef("usage", "the board runs a program; %s is none", args[len(args)-1]).WithFix("give a program as the last artifact")
			}
			src, err := data.open(a, execs[0].encodingOr(encoding))
			if err != nil {
				return err
			}
			for _, e := range execs {
				if err := e.takes(src); err != nil {
					return err
				}
			}
			tallies, pairs, err := a.chain(c.Context(), src, execs, true)
			if err != nil {
				return err
			}
			if board.port != "" {
				b, err := a.onBoard(c.Context(), board.openFor(a, last), last, src)
				if err != nil {
					return err
				}
				pairs = append(pairs, b.pair)
				tallies = append(tallies, b.tally)
			}
			err = a.result(map[string]any{"verify": pairs, "identical": mismatch(pairs) == nil}, func(w io.Writer) {
				printPairs(w, pairs)
				if mismatch(pairs) == nil {
					fmt.Fprintf(w, "identical; accuracy %.2f %%\n", 100*tallies[0].Accuracy)
				}
			})
			if err != nil {
				return err
			}
			return mismatch(pairs)
		},
	}
	data.register(c, "recordings")
	encodingFlag(c, &encoding)
	slowFlag(c, &slow)
	board.register(c)
	return c
}
