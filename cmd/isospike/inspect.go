package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/targets"
	"github.com/isospike/isospike/targets/loihi"
	"github.com/isospike/isospike/train"
	"github.com/spf13/cobra"
)

func newInspect(a *app) *cobra.Command {
	var tables, registers bool
	c := &cobra.Command{
		Use:   "inspect ARTIFACT",
		Short: "Show any artifact as text",
		Long: `inspect says what a model, fixed network or program is and where it comes from. A
program's tables follow with --tables, core by core; those of a program for a Loihi-style chip
with --registers, under the names of the chip's registers, with --json as JSON. They are
Loihi-style, and no image to load. The tables' binary form is the artifact itself.`,
		Example: `  isospike inspect program.safetensors --tables | less
  isospike inspect program.safetensors --registers --json | jq .registers.cores[0].synapseFmt`,
		Args: exactly("ARTIFACT"),
		RunE: func(c *cobra.Command, args []string) error {
			file, err := artifact.Read(args[0])
			if err != nil {
				return err
			}
			kind := artifact.Kind(file)
			head := map[string]any{"kind": kind, "sha256": artifact.Hash(file), "meta": file.Meta}
			text := func(io.Writer) error { return nil }
			switch kind {
			case artifact.Model:
				m, err := train.FromFile(file)
				if err != nil {
					return diag.InFile(err, args[0])
				}
				head["network"], head["epochs"] = m.Net.String(), m.Progress.Epoch
				text = func(w io.Writer) error { return inspectModel(w, m) }
			case artifact.Fixed:
				n, err := fixed.FromFile(file)
				if err != nil {
					return diag.InFile(err, args[0])
				}
				head["layers"] = len(n.Layers)
				text = func(w io.Writer) error { return inspectFixed(w, n) }
			case artifact.Program:
				p, err := compile.Decode(file)
				if err != nil {
					return diag.InFile(err, args[0])
				}
				head["use"] = useOf(p)
				text = func(w io.Writer) error { return compile.Text(w, p, tables) }
				if registers {
					r, err := registersOf(p)
					if err != nil {
						return diag.InFile(err, args[0])
					}
					head["registers"], text = r, r.Text
				}
			}
			if (registers || tables) && kind != artifact.Program {
				return diag.Usagef("usage", "--tables and --registers are for programs, and %s is none: its kind is %s", args[0], kind)
			}
			if tables && a.json {
				return diag.Usagef("usage", "--tables is text").WithFix("leave out --json: the artifact itself holds the tables as tensors")
			}
			var werr error
			err = a.result(head, func(w io.Writer) {
				fmt.Fprintf(w, "%s: %s, sha256 %s\n", args[0], kind, artifact.Hash(file))
				werr = text(w)
			})
			if err != nil {
				return err
			}
			return werr
		},
	}
	c.Flags().BoolVar(&registers, "registers", false, "a program's tables under the names of Loihi's registers")
	c.Flags().BoolVar(&tables, "tables", false, "also a program's tables")
	return c
}

// registersOf returns the tables of a program for a Loihi-style chip.
func registersOf(p *compile.Program) (*loihi.Registers, error) {
	t, err := targets.Lookup(p.Target)
	if err != nil {
		return nil, err
	}
	chip, ok := t.(*loihi.Chip)
	if !ok {
		return nil, diag.Inputf("registers-target", "", "a program for %s has no registers of Loihi", p.Target)
	}
	if err := compile.Verify(p, t); err != nil {
		return nil, err
	}
	return chip.Registers(p)
}

func provenance(w io.Writer, p map[string]string) {
	for _, k := range []string{"command", "data", "parent"} {
		if p[k] != "" {
			fmt.Fprintf(w, "%s: %s\n", k, p[k])
		}
	}
}

func inspectModel(w io.Writer, m *train.Model) error {
	provenance(w, m.Provenance)
	fmt.Fprintf(w, "epochs %d, steps %d, best accuracy %.2f %% in epoch %d\n", m.Progress.Epoch, m.Progress.Step, 100*m.Progress.Best, m.Progress.BestAt)
	fmt.Fprintf(w, "%-6s %-10s %-10s %10s %8s\n", "layer", "in", "out", "weights", "delays")
	for k, l := range m.Net.Layers {
		fmt.Fprintf(w, "%-6s %-10v %-10v %10d %8d\n", l.Name, l.In, l.Out, len(m.Params[k].Weight.Value), len(m.Params[k].Delay.Value))
	}
	_, err := fmt.Fprintf(w, "\n%s", m.Experiment.TOML())
	return err
}

func inspectFixed(w io.Writer, n *fixed.Network) error {
	provenance(w, n.Provenance)
	fmt.Fprintf(w, "input %v, convention %v\n", n.Input, n.Convention)
	if n.Encoding != "" {
		fmt.Fprintf(w, "encoding %s\n", n.Encoding)
	}
	if n.Reset.Interval > 0 {
		fmt.Fprintf(w, "reset every %d ticks, offset %d\n", n.Reset.Interval, n.Reset.Offset)
	}
	_, err := fmt.Fprintf(w, "%-6s %-10s %-10s %-12s %5s %4s %6s %10s  %s\n", "layer", "in", "out", "signs", "bits", "exp", "biases", "max delay", "neurons")
	for k := range n.Layers {
		l := &n.Layers[k]
		longest := 0
		for o := range l.Out.Size() {
			longest = max(longest, l.AxonDelay(o))
		}
		synapses := ""
		if l.Graded {
			synapses += "; takes graded spikes"
		}
		if l.WeightImag != nil {
			synapses += "; complex weights"
		}
		_, err = fmt.Fprintf(w, "%-6s %-10v %-10v %-12v %5d %4s %6d %10d  %s: %v%s\n", l.Name, l.In, l.Out, l.Mode, l.WeightBits, exponents(l),
			len(l.BiasMant), longest, l.Neuron.Kind(), l.Neuron, synapses)
	}
	return err
}

// exponents tells the weight exponents of a layer, the smallest and the largest where they differ.
func exponents(l *fixed.Layer) string {
	if l.NeuronExp == nil {
		return fmt.Sprint(l.WeightExp)
	}
	return fmt.Sprintf("%d..%d", slices.Min(l.NeuronExp), slices.Max(l.NeuronExp))
}
