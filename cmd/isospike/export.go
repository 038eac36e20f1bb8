package main

import (
	"fmt"
	"io"

	"github.com/isospike/isospike/internal/atomicfile"
	"github.com/isospike/isospike/interop"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/spf13/cobra"
)

func newExport(a *app) *cobra.Command {
	exp := &cobra.Command{Use: "export", Short: "Write networks for other tools"}
	exp.AddCommand(newExportLava(a), newExportNIR(a))
	return group(exp)
}

func newExportLava(a *app) *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "lava FIXED -o FILE.net",
		Short: "Write a lava-dl network (.net)",
		Long: `lava writes a fixed network as a .net file, from which Lava's netx.hdf5.Network computes the
same spikes. What netx would drop or ignore (delays of convolutions, synaptic delays, refractory
delays, biases that are no multiples of 64), and neurons other than CUBA, is refused with the
layer and the reason, never lost.
What can be said in another way without loss is: a pool becomes a convolution with as many
groups as channels, and exponents go into the weights.`,
		Example: "  isospike export lava fixed.safetensors -o network.net",
		Args:    exactly("FIXED"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.export(args[0], out, func(n *fixed.Network) ([]byte, []string, error) {
				l, notes, err := interop.ToLava(n)
				if err != nil {
					return nil, nil, err
				}
				return l.Bytes(), notes, nil
			})
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", ".net file to write")
	_ = c.MarkFlagRequired("output")
	return c
}

func newExportNIR(a *app) *cobra.Command {
	var out string
	var dt float64
	c := &cobra.Command{
		Use:   "nir FIXED -o FILE.nir",
		Short: "Write a NIR graph",
		Long: `nir writes a fixed network as a graph of the Neuromorphic Intermediate Representation: Linear,
Affine or Conv2d, then CubaLIF, LIF or IF, and Delay nodes for axonal delays. Its parameters are such that
forward Euler steps of --dt seconds, which snnTorch, Norse and lava-dl take, are the network's
ticks, but for the rounding of integers. Weights stay integers, in units of the threshold.

NIR has no room for refractory and synaptic delays; networks with them, with graded spikes or
neurons other than CUBA are refused.
The network itself lies in the file beside the graph, where nir does not look: import nir
gives it back bit for bit.`,
		Example: "  isospike export nir fixed.safetensors -o network.nir",
		Args:    exactly("FIXED"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.export(args[0], out, func(n *fixed.Network) ([]byte, []string, error) {
				g, notes, err := interop.ToNIR(n, dt)
				if err != nil {
					return nil, nil, err
				}
				b, err := g.Bytes()
				return b, notes, err
			})
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "NIR file to write")
	c.Flags().Float64Var(&dt, "dt", defaultTick, "seconds of a tick")
	_ = c.MarkFlagRequired("output")
	return c
}

// defaultTick is the tick of NIR graphs in seconds, as snnTorch has it; files do not say.
const defaultTick = 1e-4

// export writes the fixed network at path to the file out, as make makes it, with its notes.
func (a *app) export(path, out string, make func(*fixed.Network) ([]byte, []string, error)) error {
	n, err := fixed.Read(path)
	if err != nil {
		return err
	}
	b, notes, err := make(n)
	if err != nil {
		return diag.InFile(err, path)
	}
	for _, note := range notes {
		a.note("%s: %s", path, note)
	}
	if err := atomicfile.Write(out, 0o666, func(w io.Writer) error { _, err := w.Write(b); return err }); err != nil {
		return err
	}
	return a.result(map[string]any{"file": out, "layers": len(n.Layers), "notes": notes}, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %d layers, %d bytes\n", out, len(n.Layers), len(b))
	})
}
