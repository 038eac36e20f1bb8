package main

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/targets"
	"github.com/spf13/cobra"
)

func newBenchCompile(a *app) *cobra.Command {
	var target, only string
	var seconds float64
	c := &cobra.Command{
		Use:   "compile",
		Short: "Measure the compiler: seconds, memory, cores",
		Long: `compile lays synthetic networks out on a target: stacks of layers of 50×50 pixels and 4
channels, each a 5×5 convolution of the one before with random weights, none of them 0; and a
mix of layers: 5×5 convolutions with delays, a pool, dense layers of which some have delays, nine in
ten of their weights 0, or weights of 9 bits.

  compile-10m, compile-100m   seconds for 100,000 neurons and 9.5 million synapses, and
                              for a million neurons and 95 million
  bytes-per-synapse           peak memory of the larger, all of the process
  cores-over-bound            its cores over what no layout can go below: neurons, sources, delay
                              accumulators and kernels, each over what a core holds of them
  compile-mix                 seconds for the mix, of 6.5 million synapses
  mix-cores-over-bound        its cores over their bound
  traffic-over-sequential     of the smaller: links that a spike of every neuron passes, multicast counted once,
                              over those where neurons and cores lie in the order of their numbers
  traffic-over-edgecut        and over those where neurons are clustered greedily by edge cut (as METIS
                              begins), and cores placed greedily by distance (as NMAP does)
  …-rates                     the same where neurons spike at uneven rates that all three know`,
		Example: "  isospike bench compile\n  isospike bench compile --only compile-10m --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !(seconds >= 0 && seconds <= 3600) {
				return diag.Usagef("usage", "--seconds is %v, allowed are 0 to 3600", seconds)
			}
			t, err := targets.Lookup(target)
			if err != nil {
				return err
			}
			var rows []benchRow
			for _, w := range []struct {
				name   string
				layers int
			}{{"compile-10m", 10}, {"compile-100m", 100}, {"compile-mix", 0}} {
				if only != "" && only != w.name {
					continue
				}
				forgetPeak()
				net := mix()
				if w.layers > 0 {
					net = stack(w.layers)
				}
				var p *compile.Program
				spent, err := repeat(time.Duration(seconds*float64(time.Second)), func() (err error) {
					p = nil // or two of them would be in memory
					p, err = compileUntil(c.Context(), net, t, compile.Options{})
					return err
				})
				if err != nil {
					return err
				}
				peak, bound := peakMemory(), compile.CoreBound(net, t)
				row := benchRow{Name: w.name, Value: spent[len(spent)/2], Unit: "s", Least: spent[0], Most: spent[len(spent)-1], Runs: len(spent), Threads: runtime.GOMAXPROCS(0), Peak: peak,
					Note: fmt.Sprintf("%d synapses, %d cores of %s, at least %d", p.Manifest.Synapses, len(p.Cores), t.Name(), bound)}
				rows = append(rows, row)
				one := func(name, unit string, v float64) benchRow {
					return benchRow{Name: name, Value: v, Unit: unit, Least: v, Most: v, Runs: len(spent), Threads: row.Threads}
				}
				if w.layers == 0 {
					rows = append(rows, one("mix-cores-over-bound", "", float64(len(p.Cores))/float64(bound)))
				}
				if w.layers == 100 {
					rows = append(rows, one("bytes-per-synapse", "B", peak*(1<<20)/float64(p.Manifest.Synapses)), one("cores-over-bound", "", float64(len(p.Cores))/float64(bound)))
				}
				if w.layers == 10 { // the baselines of the larger one take minutes
					more, err := overBaselines(c.Context(), net, t, p, one)
					if err != nil {
						return err
					}
					rows = append(rows, more...)
				}
			}
			if len(rows) == 0 {
				return diag.Usagef("usage", "there is no workload %q", only).WithFix("see `isospike bench compile --help`")
			}
			return a.benchResult(rows)
		},
	}
	c.Flags().StringVar(&target, "target", "loihi1", "target to compile for")
	c.Flags().StringVar(&only, "only", "", "run this workload alone")
	c.Flags().Float64Var(&seconds, "seconds", 3, "time for each workload, of three runs at least")
	return c
}

// overBaselines compares the traffic of p with that of the baselines, and of layouts by uneven rates.
func overBaselines(ctx context.Context, net *fixed.Network, t compile.Target, p *compile.Program, row func(name, unit string, v float64) benchRow) (rows []benchRow, err error) {
	s, err := compileUntil(ctx, net, t, compile.Options{Baseline: compile.Sequential})
	if err != nil {
		return nil, err
	}
	for _, r := range []*compile.Rates{nil, unevenRates(net)} {
		suffix := ""
		if r != nil {
			suffix = "-rates"
			if p, err = compileUntil(ctx, net, t, compile.Options{Rates: r}); err != nil {
				return nil, err
			}
		}
		began := time.Now()
		e, err := compileUntil(ctx, net, t, compile.Options{Rates: r, Baseline: compile.EdgeCut})
		if err != nil {
			return nil, err
		}
		took := time.Since(began)
		var links [3]float64
		for i, x := range []*compile.Program{p, s, e} {
			n, err := x.Traffic(t, r)
			if err != nil {
				return nil, err
			}
			links[i] = float64(n)
		}
		rows = append(rows, row("traffic-over-sequential"+suffix, "", links[0]/links[1]), row("traffic-over-edgecut"+suffix, "", links[0]/links[2]))
		rows[len(rows)-1].Note = fmt.Sprintf("%d cores by edge cut in %.3g s; %d in sequence", len(e.Cores), took.Seconds(), len(s.Cores))
	}
	return rows, nil
}
