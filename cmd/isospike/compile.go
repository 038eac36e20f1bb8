package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/targets"
	"github.com/spf13/cobra"
)

func newCompile(a *app) *cobra.Command {
	var out, target string
	c := &cobra.Command{
		Use:   "compile FIXED --target TARGET -o FILE",
		Short: "Lay a fixed network out on the cores of a chip or board",
		Long: `compile writes a Program: per core the neuron, axon and synapse tables, and how much
of every resource they use. A network that does not fit is refused with the layer,
core, resource and amount, and what to change.

Targets: ` + strings.Join(targets.List(), ", ") + `, or the path of a TOML file that inherits from one.
The tables are Loihi-style: named after Loihi's, not packed as its vendor packs them.`,
		Example: `  isospike compile fixed.safetensors --target loihi1 -o program.safetensors
  isospike compile fixed.safetensors --target icebreaker -o board.safetensors`,
		Args: exactly("FIXED"),
		RunE: func(c *cobra.Command, args []string) error {
			file, err := artifact.Read(args[0])
			if err != nil {
				return err
			}
			n, err := fixed.FromFile(file)
			if err != nil {
				return diag.InFile(err, args[0])
			}
			p, err := compileFor(n, target, artifact.Hash(file))
			if err != nil {
				return err
			}
			if err := safetensors.WriteFile(out, compile.Encode(p)); err != nil {
				return err
			}
			return a.result(useOf(p), func(w io.Writer) { printUse(w, p) })
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "program to write")
	c.Flags().StringVar(&target, "target", "", "chip or board: "+strings.Join(targets.List(), ", ")+", or a .toml file")
	_ = c.MarkFlagRequired("output")
	_ = c.MarkFlagRequired("target")
	_ = c.RegisterFlagCompletionFunc("target", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return targets.List(), cobra.ShellCompDirectiveDefault
	})
	return c
}

// compileFor compiles n, whose artifact has the hash parent.
func compileFor(n *fixed.Network, target, parent string) (*compile.Program, error) {
	t, err := targets.Lookup(target)
	if err != nil {
		return nil, err
	}
	p, err := compile.Compile(n, t)
	if err != nil {
		return nil, err
	}
	p.Source = parent
	p.Provenance = map[string]string{"command": "isospike compile", "parent": parent}
	return p, nil
}

// use is what --json says of a program.
type use struct {
	Target     string        `json:"target"`
	Cores      int           `json:"cores"`
	Synapses   int           `json:"synapses"`             // connections
	Stored     int           `json:"stored"`               // synapses in the tables; a shared row's count once
	Unverified bool          `json:"unverified,omitempty"` // the target's limits
	Resources  []resourceUse `json:"resources"`
}

type resourceUse struct {
	Resource string `json:"resource"`
	Core     int    `json:"core"` // the fullest; −1 for the whole target
	Used     int64  `json:"used"`
	Limit    int64  `json:"limit"` // 0 is none
}

func useOf(p *compile.Program) use {
	u := use{Target: p.Target, Cores: len(p.Cores), Synapses: p.Manifest.Synapses, Stored: p.Manifest.Stored, Unverified: p.Manifest.Unverified}
	for _, r := range p.Manifest.Use {
		u.Resources = append(u.Resources, resourceUse{r.Resource, r.Core, r.Used, r.Limit})
	}
	return u
}

func printUse(w io.Writer, p *compile.Program) {
	fmt.Fprintf(w, "%s: %d cores, %d connections, %d synapses stored; %d connections of weight 0 left out\n", p.Target, len(p.Cores), p.Manifest.Synapses, p.Manifest.Stored, p.Manifest.ZeroWeight)
	if p.Manifest.Unverified {
		fmt.Fprintln(w, compile.Unverified)
	}
	fmt.Fprintf(w, "  %-28s %10s %10s %6s\n", "resource (fullest core)", "used", "limit", "")
	for _, u := range p.Manifest.Use {
		limit, share := "none", ""
		if u.Limit > 0 {
			limit, share = fmt.Sprint(u.Limit), fmt.Sprintf("%.1f %%", 100*float64(u.Used)/float64(u.Limit))
		}
		name := u.Resource
		if u.Core >= 0 {
			name = fmt.Sprintf("%s (%d)", name, u.Core)
		}
		fmt.Fprintf(w, "  %-28s %10d %10s %8s\n", name, u.Used, limit, share)
	}
}
