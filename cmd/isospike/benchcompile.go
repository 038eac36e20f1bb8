package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
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
  traffic-over-sequential     links that a spike of every neuron passes, multicast counted once,
                              over those where neurons and cores lie in the order of their numbers`,
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
					p, err = compile.Compile(net, t)
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
					s, err := compile.Sequential(net, t)
					if err != nil {
						return err
					}
					rows = append(rows, one("bytes-per-synapse", "B", peak*(1<<20)/float64(p.Manifest.Synapses)), one("cores-over-bound", "", float64(len(p.Cores))/float64(bound)),
						one("traffic-over-sequential", "", float64(p.Traffic(t))/float64(s.Traffic(t))))
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

// mix is a network of every kind of layer: 32×32 pixels of 2 channels, delays as training
// leaves them, most short and few long.
func mix() *fixed.Network {
	r := rand.New(rand.NewPCG(3, 4))
	n := &fixed.Network{Input: snn.Shape{W: 32, H: 32, C: 2}, Convention: fixed.Axonal}
	in := n.Input
	for k, x := range []struct {
		out     snn.Shape
		kernel  *fixed.Kernel
		density float64
		bits    int
		delays  int // how many neurons have the same: 0 is none
	}{
		{snn.Shape{W: 32, H: 32, C: 16}, fixed.Square(5, 1, 2, 1, 1), 1, 8, 32 * 32},
		{snn.Shape{W: 16, H: 16, C: 16}, fixed.Square(2, 2, 0, 1, 16), 1, 8, 0},
		{snn.Shape{W: 16, H: 16, C: 32}, fixed.Square(5, 1, 2, 1, 1), 1, 6, 0},
		{snn.Shape{W: 8, H: 8, C: 32}, fixed.Square(2, 2, 0, 1, 32), 1, 8, 0},
		{snn.Flat(1024), nil, 1, 8, 1},
		{snn.Flat(1024), nil, 0.1, 8, 1},
		{snn.Flat(1024), nil, 0.1, 9, 0},
		{snn.Flat(512), nil, 1, 4, 0},
		{snn.Flat(100), nil, 1, 8, 0},
	} {
		l := fixed.Layer{Name: fmt.Sprint(k + 1), In: in, Out: x.out, Kernel: x.kernel, WeightBits: x.bits, Neuron: fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: 80, RefDelay: 1}}
		for range l.Weights() {
			w := fixed.Truncate(int64(16*(1+r.IntN(7))*(1-2*r.IntN(2)))*2+1, x.bits, fixed.Mixed)
			if r.Float64() >= x.density {
				w = 0
			}
			l.Weight = append(l.Weight, w)
		}
		if x.delays > 0 {
			for o := range x.out.Size() {
				if o%x.delays == 0 {
					l.Delay = append(l.Delay, uint8(min(62, int(8*r.ExpFloat64()))))
				} else {
					l.Delay = append(l.Delay, l.Delay[o-1])
				}
			}
		}
		n.Layers = append(n.Layers, l)
		in = l.Out
	}
	return n
}
