package main

import (
	"context"
	"fmt"
	"io"

	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
	"github.com/spf13/cobra"
)

func newEval(a *app) *cobra.Command {
	var data dataFlags
	var encoding string
	var metrics bool
	var model, target string
	c := &cobra.Command{
		Use:   "eval ARTIFACT --data DIR",
		Short: "Measure the accuracy of a model, fixed network or program",
		Long: `eval runs every recording: a model through training's forward pass, a fixed network
through the layer-level reference, a program through the simulator on its tables. The
class is the output neuron with the most spikes, the lowest number on a tie.

--neurobench gives the metrics of the NeuroBench harness of a program, with --json under
its exact keys: Footprint in bytes (tables, state and delay rings), ConnectionSparsity,
ClassificationAccuracy, ActivationSparsity, SynapticOperations and MembraneUpdates.

` + estimateHelp,
		Example: `  isospike eval program.safetensors --data test.tar.gz --json
  isospike eval program.safetensors --data test.tar.gz --neurobench --json > neurobench.json
  isospike eval program.safetensors --data test.tar.gz --estimate davies2018`,
		Args: exactly("ARTIFACT"),
		RunE: func(c *cobra.Command, args []string) error {
			e, err := a.load(args[0])
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
			if src.Len() > 0 {
				if steps, err := src.Steps(0); err != nil {
					return err
				} else if steps != nil {
					a.note("warning: the data has a class for every tick; counted here is the most frequent one of each sample, which is not training's accuracy")
				}
			}
			if metrics && model != "" {
				return diag.Usagef("usage", "--neurobench and --estimate are two results").WithFix("run eval twice")
			}
			if model != "" {
				return a.estimate(c.Context(), e, src, model, target)
			}
			if metrics {
				return a.neurobench(c.Context(), e, src)
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
	c.Flags().BoolVar(&metrics, "neurobench", false, "give NeuroBench's metrics of a program")
	estimateFlag(c, &model, &target)
	return c
}

// neurobench runs every sample on the simulator with its states.
func (a *app) neurobench(ctx context.Context, e *executor, src dataset.Encoded) error {
	if e.program == nil {
		return diag.Inputf("artifact-kind", "", "NeuroBench's metrics are counted on a program, this is %s", e.name).WithFix("compile it, for any target that holds it")
	}
	m := sim.NewMetrics(e.program)
	ticks := src.Encoding.Ticks
	err := simulate(ctx, a, e, src, func(run *sim.Machine, in *spike.Raster) (*sim.Result, error) {
		return run.Run(ctx, in, ticks, sim.Options{States: true, Slow: a.slow})
	}, func(i int, r *sim.Result) { m.Add(r, ticks, src.Label(i)) })
	if err != nil {
		return err
	}
	n := m.NeuroBench()
	return a.result(n, func(w io.Writer) {
		fmt.Fprintf(w, "Footprint               %d bytes\nConnectionSparsity      %.4f\nClassificationAccuracy  %.4f\nActivationSparsity      %.4f\n",
			n.Footprint, n.ConnectionSparsity, n.ClassificationAccuracy, n.ActivationSparsity)
		fmt.Fprintf(w, "SynapticOperations      %.0f ACs, %.0f MACs a sample; dense %.0f\nMembraneUpdates         %.0f a sample\n",
			n.SynapticOperations.ACs, n.SynapticOperations.MACs, n.SynapticOperations.Dense, n.MembraneUpdates)
	})
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
