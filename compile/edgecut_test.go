package compile_test

import (
	"testing"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/compile/nettest"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
)

// TestEdgeCut: four chains of neurons side by side, of which a core holds one, are cut nowhere,
// and by the numbers of their neurons everywhere. With rates, what is cut is what spikes the least.
func TestEdgeCut(t *testing.T) {
	const wide = 4
	n := &fixed.Network{Input: snn.Flat(wide), Convention: fixed.Axonal}
	for range wide {
		l := fixed.Layer{In: snn.Flat(wide), Out: snn.Flat(wide), WeightBits: 8, Neuron: fixed.CUBA{VTh: 1, RefDelay: 1}, Weight: make([]int16, wide*wide)}
		for o := range wide {
			l.Weight[o*wide+o] = 2
		}
		n.Layers = append(n.Layers, l)
	}
	target := nettest.Tiny{L: compile.Limits{CoresPerChip: 16, MeshWidth: 4, TileCores: 1, Neurons: wide, AxonsIn: 99, SynapseWords: 999, MaxVTh: 99, MaxDelay: 1}}
	cut := func(o compile.Options) (spikes int64) {
		p, err := compile.CompileWith(n, target, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := compile.Verify(p, target); err != nil {
			t.Fatal(err)
		}
		for k := range wide - 1 {
			for o, h := range p.Layers[k].Home {
				if p.Layers[k+1].Home[o].Core != h.Core {
					spikes++
				}
			}
		}
		return spikes
	}
	if got := cut(compile.Options{Baseline: compile.EdgeCut}); got != 0 {
		t.Errorf("%d edges are cut", got)
	}
	if got := cut(compile.Options{Baseline: compile.Sequential}); got != wide*(wide-1) {
		t.Errorf("in sequence %d edges are cut", got)
	}
}

// TestGreedyPlacement: the cores of a chain lie one beside the next, though the rows of the mesh are short.
func TestGreedyPlacement(t *testing.T) {
	n := &fixed.Network{Input: snn.Flat(1), Convention: fixed.Axonal}
	for range 11 {
		n.Layers = append(n.Layers, fixed.Layer{In: snn.Flat(1), Out: snn.Flat(1), WeightBits: 8, Neuron: fixed.CUBA{VTh: 1, RefDelay: 1}, Weight: []int16{2}})
	}
	target := nettest.Tiny{L: compile.Limits{CoresPerChip: 25, MeshWidth: 5, TileCores: 1, Neurons: 1, AxonsIn: 99, SynapseWords: 999, MaxVTh: 99, MaxDelay: 1}}
	for layout, want := range map[compile.Baseline]int64{0: 10, compile.EdgeCut: 10, compile.Sequential: 8 + 2*5} {
		p, err := compile.CompileWith(n, target, compile.Options{Baseline: layout})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.Traffic(target, nil); err != nil || got != want {
			t.Errorf("layout %d: traffic %d, %v", layout, got, err)
		}
	}
}

// TestEdgeCutByRates: a neuron goes with the one of its two listeners that itself has fewer spikes
// to send elsewhere.
func TestEdgeCutByRates(t *testing.T) {
	layer := func(in, out int, w ...int16) fixed.Layer {
		return fixed.Layer{In: snn.Flat(in), Out: snn.Flat(out), WeightBits: 8, Neuron: fixed.CUBA{VTh: 1, RefDelay: 1}, Weight: w}
	}
	n := &fixed.Network{Input: snn.Flat(1), Convention: fixed.Axonal, Layers: []fixed.Layer{layer(1, 1, 2), layer(1, 2, 2, 2), layer(2, 2, 2, 0, 0, 2)}}
	target := nettest.Tiny{L: compile.Limits{CoresPerChip: 16, MeshWidth: 4, TileCores: 1, Neurons: 2, AxonsIn: 99, SynapseWords: 999, MaxVTh: 99, MaxDelay: 1}}
	for busy := range 2 {
		r := &compile.Rates{Ticks: 200, Spikes: [][]int64{{10}, {10, 10}, {0, 0}}}
		r.Spikes[1][busy] = 160
		p, err := compile.CompileWith(n, target, compile.Options{Rates: r, Baseline: compile.EdgeCut})
		if err != nil {
			t.Fatal(err)
		}
		second := p.Layers[1].Home
		if h := p.Layers[0].Home[0].Core; second[busy].Core == h || second[1-busy].Core != h {
			t.Errorf("neuron %d is busy: neurons are on %v", busy, p.Layers)
		}
	}
}
