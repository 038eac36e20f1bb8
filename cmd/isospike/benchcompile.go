package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn"
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
channels, each a 5×5 convolution of the one before with random weights, none of them 0.

  compile-10m, compile-100m   seconds for 100,000 neurons and 9.5 million synapses, and
                              for a million neurons and 95 million
  bytes-per-synapse           peak memory of the larger, all of the process
  cores-over-bound            its cores over what no layout can go below: neurons, sources, delay
                              accumulators and kernels, each over what a core holds of them
  traffic-over-sequential     links that a spike of every neuron passes, multicast counted once,
                              over those where neurons and cores lie in the order of their numbers
  traffic-over-edgecut        and over those where neurons are clustered greedily by edge cut (as METIS
                              begins), and cores placed greedily by distance (as NMAP does)
  …-rates                     the same where neurons spike at uneven rates that all three know`,
		Example: "  isospike bench compile\n  isospike bench compile --only compile-10m --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
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
			}{{"compile-10m", 10}, {"compile-100m", 100}} {
				if only != "" && only != w.name {
					continue
				}
				forgetPeak()
				net := stack(w.layers)
				var p *compile.Program
				spent, err := repeat(time.Duration(seconds*float64(time.Second)), func() (err error) {
					p = nil // or two of them would be in memory
					p, err = compile.Compile(net, t)
					return err
				})
				if err != nil {
					return err
				}
				peak, bound := peakMemory(), compile.CoreBound(net, t)
				row := benchRow{Name: w.name, Value: spent[len(spent)/2], Unit: "s", Least: spent[0], Most: spent[len(spent)-1], Runs: len(spent), Threads: 1, Peak: peak,
					Note: fmt.Sprintf("%d synapses, %d cores of %s, at least %d", p.Manifest.Synapses, len(p.Cores), t.Name(), bound)}
				rows = append(rows, row)
				if w.layers == 100 {
					one := func(name, unit string, v float64) benchRow {
						return benchRow{Name: name, Value: v, Unit: unit, Least: v, Most: v, Runs: len(spent), Threads: 1}
					}
					rows = append(rows, one("bytes-per-synapse", "B", peak*(1<<20)/float64(p.Manifest.Synapses)), one("cores-over-bound", "", float64(len(p.Cores))/float64(bound)))
					s, err := compile.CompileWith(net, t, compile.Options{Baseline: compile.Sequential})
					if err != nil {
						return err
					}
					for _, r := range []*compile.Rates{nil, unevenRates(net)} {
						suffix := ""
						if r != nil {
							suffix = "-rates"
							if p, err = compile.CompileWith(net, t, compile.Options{Rates: r}); err != nil {
								return err
							}
						}
						began := time.Now()
						e, err := compile.CompileWith(net, t, compile.Options{Rates: r, Baseline: compile.EdgeCut})
						if err != nil {
							return err
						}
						took := time.Since(began)
						var links [3]float64
						for i, x := range []*compile.Program{p, s, e} {
							n, err := x.Traffic(t, r)
							if err != nil {
								return err
							}
							links[i] = float64(n)
						}
						rows = append(rows, one("traffic-over-sequential"+suffix, "", links[0]/links[1]), one("traffic-over-edgecut"+suffix, "", links[0]/links[2]))
						rows[len(rows)-1].Note = fmt.Sprintf("%d cores by edge cut in %.3g s; %d in sequence", len(e.Cores), took.Seconds(), len(s.Cores))
					}
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

// stack is a network of convolutions over 50×50 pixels of 4 channels.
func stack(layers int) *fixed.Network {
	r := rand.New(rand.NewPCG(1, 2))
	s := snn.Shape{W: 50, H: 50, C: 4}
	n := &fixed.Network{Input: s, Convention: fixed.Axonal}
	for k := range layers {
		l := fixed.Layer{Name: fmt.Sprint(k + 1), In: s, Out: s, Kernel: fixed.Square(5, 1, 2, 1, 1), WeightBits: 8, Neuron: fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: 80, RefDelay: 1}}
		for range l.Weights() {
			l.Weight = append(l.Weight, int16(2*(1+r.IntN(127))*(1-2*r.IntN(2))))
		}
		n.Layers = append(n.Layers, l)
	}
	return n
}

// unevenRates are rates such as a network has that looks at a scene: high in the middle of the
// plane, falling with the layers, and of a neuron by chance, few of them busy.
func unevenRates(n *fixed.Network) *compile.Rates {
	r := rand.New(rand.NewPCG(3, 4))
	rates := &compile.Rates{Ticks: 1000}
	for k := range n.Layers {
		s := n.Layers[k].Out
		spikes := make([]int64, s.Size())
		for o := range spikes {
			x, y := float64(o%s.W)/float64(s.W)-0.5, float64(o/s.W%s.H)/float64(s.H)-0.5
			spikes[o] = int64(100 * r.ExpFloat64() / (1 + 40*(x*x+y*y)) / (1 + 0.05*float64(k)))
		}
		rates.Spikes = append(rates.Spikes, spikes)
	}
	return rates
}
