package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

func newEval(a *app) *cobra.Command {
	var data dataFlags
	var encoding string
	c := &cobra.Command{
		Use:   "eval ARTIFACT --data DIR",
		Short: "Measure the accuracy of a model, fixed network or program",
		Long: `eval runs every recording: a model through training's forward pass, a fixed network
through the layer-level reference, a program through the simulator on its tables. The
class is the output neuron with the most spikes, the lowest number on a tie.`,
		Example: "  isospike eval program.safetensors --data test.tar.gz --json",
		Args:    exactly("ARTIFACT"),
		RunE: func(c *cobra.Command, args []string) error {
			e, err := load(args[0])
			if err != nil {
				return err
			}
			src, err := data.open(a, e.encodingOr(encoding))
			if err != nil {
				return err
			}
			if err := e.takes(src); err != nil {
				return err
			}
			tallies, _, err := a.chain(c.Context(), src, []*executor{e}, false)
			if err != nil {
				return err
			}
			t := tallies[0]
			if t.labelled == 0 {
				return a.result(map[string]any{"samples": t.Samples, "spikes": t.Spikes}, func(w io.Writer) { printTally(w, e.name, t) })
			}
			return a.result(t, func(w io.Writer) { printTally(w, e.name, t) })
		},
	}
	data.register(c, "recordings")
	encodingFlag(c, &encoding)
	return c
}

func encodingFlag(c *cobra.Command, encoding *string) {
	c.Flags().StringVar(encoding, "encoding", "", "how events become ticks, where the network does not record it: \"tick=1000us ticks=300 downsample=1\"")
}

func printTally(w io.Writer, name string, t tally) {
	each := float64(t.Spikes) / float64(t.Samples)
	if t.labelled == 0 {
		fmt.Fprintf(w, "%s: %d samples without a class, %.0f spikes a sample\n", name, t.Samples, each)
		return
	}
	fmt.Fprintf(w, "%s: accuracy %.2f %% (%d of %d), %.0f spikes a sample\n", name, 100*t.Accuracy, t.correct, t.labelled, each)
	fmt.Fprintf(w, "label \\ predicted\n     ")
	for c := range t.Confusion {
		fmt.Fprintf(w, "%5d", c)
	}
	for l, row := range t.Confusion {
		fmt.Fprintf(w, "\n%5d", l)
		for _, n := range row {
			fmt.Fprintf(w, "%5d", n)
		}
	}
	fmt.Fprintln(w)
}
