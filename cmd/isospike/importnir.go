package main

import (
	"math"
	"path/filepath"

	"github.com/isospike/isospike/interop"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/spf13/cobra"
)

func newImportNIR(a *app) *cobra.Command {
	var out, encoding, convention string
	var dt float64
	c := &cobra.Command{
		Use:   "nir FILE.nir -o FILE",
		Short: "Read a NIR graph",
		Long: `nir reads a graph of the Neuromorphic Intermediate Representation. One that isospike exported
comes back bit for bit. One of another program is in real numbers and in seconds: it gets ticks of
--dt seconds by forward Euler steps, as snnTorch, Norse and lava-dl take them, and integers of
8 bits a weight with a scale for each layer. What that cost is told layer by layer.

The graph must be a chain of Input, Linear, Affine, Conv2d, SumPool2d, AvgPool2d, Flatten, Scale,
LIF, CubaLIF, IF, LI, CubaLI, I, Threshold, Delay and Output. Nodes without neurons are folded into the
weights beside them. Everything else is refused with the name of the node.`,
		Example: `  isospike import nir network.nir -o fixed.safetensors
  isospike import nir snntorch.nir --dt 1e-4 -o fixed.safetensors`,
		Args: exactly("FILE.nir"),
		RunE: func(c *cobra.Command, args []string) error {
			path := args[0]
			g, err := interop.ReadNIR(path)
			if err != nil {
				return err
			}
			n, err := g.Fixed()
			if err != nil {
				return diag.InFile(err, path)
			}
			var rounding []interop.Rounding
			from := "" // of a network that comes back, the provenance stays
			if n == nil {
				from = filepath.Base(path)
				if !c.Flags().Changed("dt") {
					a.note("%s: a NIR graph does not say how long a tick is; taken are %v s, --dt changes it", path, dt)
				}
				if n, rounding, err = a.integers(g, path, dt); err != nil {
					return diag.InFile(err, path)
				}
				n.Encoding = encoding
			}
			if c.Flags().Changed("encoding") {
				n.Encoding = encoding
			}
			if c.Flags().Changed("convention") {
				if n.Convention, err = fixed.ParseConvention(convention); err != nil {
					return diag.Usagef("usage", "%v", err)
				}
			}
			return a.writeImport(n, from, out, rounding)
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "fixed network to write")
	c.Flags().Float64Var(&dt, "dt", defaultTick, "seconds of a tick, of a graph of another program")
	c.Flags().StringVar(&convention, "convention", "axonal", "when input acts: axonal (column t at tick t+1), immediate or slayer")
	encodingFlag(c, &encoding)
	_ = c.MarkFlagRequired("output")
	return c
}

// integers makes a fixed network of another program's graph and tells what that cost.
func (a *app) integers(g *interop.NIR, path string, dt float64) (*fixed.Network, []interop.Rounding, error) {
	in, layers, notes, err := g.Floats(dt)
	if err != nil {
		return nil, nil, err
	}
	for _, note := range notes {
		a.note("%s: %s", path, note)
	}
	n, rounding, err := interop.Integers(in, layers)
	if err != nil {
		return nil, nil, err
	}
	a.note("%s: rounded to integers; errors are in the graph's own units", path)
	a.note("%-16s %10s %4s %6s %12s %12s %12s %12s %18s %18s %10s", "layer", "weights", "exp", "v_th", "max error", "rms error", "rms weight", "bias error", "i_decay", "v_decay", "delay err")
	for k, r := range rounding {
		p := n.Layers[k].Neuron
		a.note("%-16s %10d %4d %6d %12.4g %12.4g %12.4g %12.4g %10.4f → %5d %10.4f → %5d %10.3g", r.Name, r.Weights, r.Exp, r.VTh, r.MaxError, r.RMSError, r.RMSWeight, r.BiasError, r.IDecay, p.IDecay, r.VDecay, p.VDecay, r.DelayError)
	}
	for k, r := range rounding {
		p := n.Layers[k].Neuron
		switch {
		case r.Exact:
			a.note("%s: layer %s: weights and biases were integers already, and stay", path, r.Name)
		case r.RMSError > 0.05*r.RMSWeight:
			a.note("%s: layer %s: WARNING: the weights are off by %.1f %% of their size", path, r.Name, 100*r.RMSError/r.RMSWeight)
		}
		a.noteDecay(path, r.Name, "current", r.IDecay, p.IDecay)
		a.noteDecay(path, r.Name, "voltage", r.VDecay, p.VDecay)
		if r.Wraps {
			a.note("%s: layer %s: WARNING: its current can leave 24 bits, and then wraps", path, r.Name)
		}
	}
	return n, rounding, nil
}

// noteDecay warns of a decay that rounding changes much. What is forgotten in 2^24 ticks is
// forgotten in no run.
func (a *app) noteDecay(path, layer, of string, exact float64, rounded int32) {
	if exact > 1.0/4096 && math.Abs(float64(rounded)-exact) > 0.05*exact {
		a.note("%s: layer %s: WARNING: the decay of its %s is %.3f/4096 a tick and becomes %d/4096; a longer tick (--dt) holds it better", path, layer, of, exact, rounded)
	}
}
