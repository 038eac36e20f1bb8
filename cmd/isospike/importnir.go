package main

import (
	"math"
	"path/filepath"
	"strings"

	"github.com/isospike/isospike/interop"
	"github.com/isospike/isospike/quantize"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/spf13/cobra"
)

func newImportNIR(a *app) *cobra.Command {
	var out, encoding, convention string
	var dt float64
	var weights weightFlags
	c := &cobra.Command{
		Use:   "nir FILE.nir -o FILE",
		Short: "Read a NIR graph",
		Long: `nir reads a graph of the Neuromorphic Intermediate Representation. One that isospike exported
comes back bit for bit. One of another program is in real numbers and in seconds: it gets ticks of
--dt seconds by forward Euler steps, as snnTorch, Norse and lava-dl take them, and integers as
isospike quantize makes them: 8 bits a weight unless --bits says otherwise, with a scale for each layer.
What that cost is told layer by layer. Layers that are integers of the hardware already stay.

The graph must be a chain of Input, Linear, Affine, Conv2d, SumPool2d, AvgPool2d, Flatten, Scale,
LIF, CubaLIF, IF, LI, CubaLI, I, Threshold, Delay and Output. Nodes without neurons are folded into the
weights beside them. Everything else is refused with the name of the node.`,
		Example: `  isospike import nir network.nir -o fixed.safetensors
  isospike import nir snntorch.nir --dt 1e-4 -o fixed.safetensors`,
		Args: exactly("FILE.nir"),
		RunE: func(c *cobra.Command, args []string) error {
			path := args[0]
			o, err := weights.options()
			if err != nil {
				return err
			}
			g, err := interop.ReadNIR(path)
			if err != nil {
				return err
			}
			n, err := g.Fixed()
			if err != nil {
				return diag.InFile(err, path)
			}
			var r *quantize.Report
			from := "" // of a network that comes back, the provenance stays
			if n != nil && (o.Bits != nil || o.PerChannel) {
				return diag.Usagef("usage", "%s holds a network of isospike in integers, which --bits and --per do not change", path).WithFix("leave them out")
			}
			if n == nil {
				from = filepath.Base(path)
				if !c.Flags().Changed("dt") {
					a.note("%s: a NIR graph does not say how long a tick is; taken are %v s, --dt changes it", path, dt)
				}
				if n, r, err = a.integers(g, path, dt, o); err != nil {
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
			return a.writeImport(n, from, out, r)
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "fixed network to write")
	c.Flags().Float64Var(&dt, "dt", defaultTick, "seconds of a tick, of a graph of another program")
	weights.register(c.Flags(), "what the graph's integers need")
	c.Flags().StringVar(&convention, "convention", "axonal", "when input acts: axonal (column t at tick t+1), immediate or slayer")
	encodingFlag(c, &encoding)
	_ = c.MarkFlagRequired("output")
	return c
}

// integers makes a fixed network of another program's graph and tells what that cost.
func (a *app) integers(g *interop.NIR, path string, dt float64, o quantize.Options) (*fixed.Network, *quantize.Report, error) {
	s, notes, err := g.Source(dt)
	if err != nil {
		return nil, nil, err
	}
	for _, note := range notes {
		a.note("%s: %s", path, note)
	}
	n, r, err := s.Quantize(o)
	if err != nil {
		return nil, nil, err
	}
	if r.Lossless {
		a.note("%s: lossless: the graph's weights are integers of the hardware", path)
	} else {
		a.note("%s: rounded to integers; errors are in the graph's own units", path)
	}
	var table strings.Builder
	printLayers(&table, r, "%10.4g")
	a.note("%s", strings.TrimSuffix(table.String(), "\n"))
	for k, l := range r.Layers {
		if l.RMSError > 0.05*l.RMSWeight {
			a.note("%s: layer %s: WARNING: the weights are off by %.1f %% of their size", path, l.Name, 100*l.RMSError/l.RMSWeight)
		}
		if most := l.BiasError; most > 0.01*s.Layers[k].Threshold {
			a.note("%s: layer %s: WARNING: a bias is off by %.4g at a threshold of %.4g", path, l.Name, most, s.Layers[k].Threshold)
		}
		p := n.Layers[k].Neuron.(fixed.CUBA)
		a.noteDecay(path, l.Name, "current", s.Layers[k].IDecay, p.IDecay)
		a.noteDecay(path, l.Name, "voltage", s.Layers[k].VDecay, p.VDecay)
	}
	return n, r, nil
}

// noteDecay warns of a decay that rounding changes much. What is forgotten in 2^24 ticks is
// forgotten in no run.
func (a *app) noteDecay(path, layer, of string, exact float64, rounded int32) {
	if exact > 1.0/4096 && math.Abs(float64(rounded)-exact) > 0.05*exact {
		a.note("%s: layer %s: WARNING: the decay of its %s is %.3f/4096 a tick and becomes %d/4096; a longer tick (--dt) holds it better", path, layer, of, exact, rounded)
	}
}
