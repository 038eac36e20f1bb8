package main

import (
	"fmt"
	"io"

	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/quantize"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/train"
	"github.com/spf13/cobra"
)

func newQuantize(a *app) *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "quantize MODEL -o FILE",
		Short: "Turn a trained model into integers, and prove their ranges",
		Long: `quantize writes the integer network of a model: 8-bit weights, whole-tick delays.

A model that was trained in integer arithmetic (the default) was trained on these
very integers; the conversion is lossless and says so. For a model trained with
--float it reports what rounding and clipping cost, layer by layer. Both come with a
proof that no accumulator can overflow, or the neuron where one can.`,
		Example: "  isospike quantize model.safetensors -o fixed.safetensors",
		Args:    exactly("MODEL"),
		RunE: func(c *cobra.Command, args []string) error {
			file, err := artifact.Read(args[0])
			if err != nil {
				return err
			}
			m, err := train.FromFile(file)
			if err != nil {
				return diag.InFile(err, args[0])
			}
			n, r, err := quantize.Quantize(m)
			if err != nil {
				return err
			}
			n.Provenance["command"] = "isospike quantize"
			n.Provenance["parent"] = artifact.Hash(file)
			if err := safetensors.WriteFile(out, n.File()); err != nil {
				return err
			}
			return a.result(r, func(w io.Writer) { printQuantize(w, r) })
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "fixed network to write")
	_ = c.MarkFlagRequired("output")
	return c
}

func printQuantize(w io.Writer, r *quantize.Report) {
	if r.Lossless {
		fmt.Fprintln(w, "lossless: the model was trained on these integers")
	} else {
		fmt.Fprintln(w, "the model was trained in float; errors are in integer weight units (1/64)")
	}
	fmt.Fprintf(w, "%-6s %10s %8s %8s %10s %10s %10s %9s\n", "layer", "weights", "zero", "clipped", "max error", "rms error", "rms weight", "max delay")
	for _, l := range r.Layers {
		fmt.Fprintf(w, "%-6s %10d %8d %8d %10.3f %10.3f %10.3f %9d\n", l.Name, l.Weights, l.Zero, l.Clipped, l.MaxError, l.RMSError, l.RMSWeight, l.MaxDelay)
	}
	for _, p := range r.Ranges {
		u := fmt.Sprintf("u may wrap (bound %d), as the hardware does", p.U)
		if p.WrapFree {
			u = fmt.Sprintf("u ≤ %d cannot wrap", p.U)
		}
		fmt.Fprintf(w, "layer %s: accumulator ≤ %d of %d, proved for every input (neuron %d); %s\n", p.Name, p.Accumulator, fixed.UMax-1, p.Neuron, u)
	}
}
