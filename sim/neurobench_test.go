package sim_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets"
)

// TestNeuroBench counts a network by hand: two inputs on two neurons, one connection of
// weight 0, neuron 0 spikes whenever input 0 has, and neuron 1 never.
func TestNeuroBench(t *testing.T) {
	n := &fixed.Network{Input: snn.Flat(2), Convention: fixed.Axonal, Layers: []fixed.Layer{{Name: "1", In: snn.Flat(2), Out: snn.Flat(2),
		Weight: []int16{10, 0, 2, 2}, WeightBits: 8, Neuron: fixed.CUBA{IDecay: 4096, VDecay: 4096, VTh: 5, RefDelay: 1}, Delay: []uint8{1, 0}}}}
	target, err := targets.Lookup("loihi1")
	if err != nil {
		t.Fatal(err)
	}
	p, err := compile.Compile(n, target)
	if err != nil {
		t.Fatal(err)
	}
	m, err := sim.New(p)
	if err != nil {
		t.Fatal(err)
	}
	in := spike.NewRaster(2)
	in.Append(0, 1) // arrive in tick 1
	in.Append()
	in.Append(1) // arrives in tick 3
	in.Append()
	in.Append()
	in.Append()
	b := sim.NewMetrics(p)
	for _, label := range []int{0, 1, -1} {
		r, err := m.Run(context.Background(), in, 6, sim.Options{States: true})
		if err != nil {
			t.Fatal(err)
		}
		b.Add(r, 6, label)
	}
	got := b.NeuroBench()
	// v of neuron 0 is 0 throughout, for the spike resets it: one update, the first tick's.
	// That of neuron 1 is 0, 4·64, 0, 2·64, 0, 0: all but the last.
	want := &sim.NeuroBench{ConnectionSparsity: 0.25, ClassificationAccuracy: 0.5, ActivationSparsity: 1 - 1.0/12, MembraneUpdates: 6}
	want.SynapticOperations.ACs, want.SynapticOperations.Dense = 2+1+1, 24
	// 3 synapses of 3, two routes of 7, two neurons of 9 and 3 of accumulator, two axons of 12, two rows of 7, one profile of 64.
	want.Footprint = 9 + 14 + 24 + 24 + 14 + 64
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	text, err := json.Marshal(got)
	if err != nil || string(text) != `{"Footprint":149,"ConnectionSparsity":0.25,"ClassificationAccuracy":0.5,"ActivationSparsity":0.9166666666666666,"SynapticOperations":{"Effective_MACs":0,"Effective_ACs":4,"Dense":24},"MembraneUpdates":6}` {
		t.Errorf("%s %v", text, err)
	}
}

// TestFootprintOfDelays: a core's ring of accumulators grows with its longest synaptic delay.
func TestFootprintOfDelays(t *testing.T) {
	footprint := func(delay uint8) int64 {
		n := &fixed.Network{Input: snn.Flat(1), Convention: fixed.Axonal, Layers: []fixed.Layer{{Name: "1", In: snn.Flat(1), Out: snn.Flat(10), WeightBits: 8,
			Weight: []int16{2, 2, 2, 2, 2, 2, 2, 2, 2, 2}, SynDelay: make([]uint8, 10), Neuron: fixed.CUBA{VTh: 5, RefDelay: 1}}}}
		n.Layers[0].SynDelay[3] = delay
		target, err := targets.Lookup("loihi1")
		if err != nil {
			t.Fatal(err)
		}
		p, err := compile.Compile(n, target)
		if err != nil {
			t.Fatal(err)
		}
		return sim.Footprint(p)
	}
	// 10 synapses get a byte of delay each, and 10 neurons 2^3, 2^4 and 2^6 accumulators in place of one.
	none := footprint(0)
	for delay, more := range map[uint8]int64{6: 10 + 10*3*7, 7: 10 + 10*3*15, 62: 10 + 10*3*63} {
		if got := footprint(delay) - none; got != more {
			t.Errorf("delay %d adds %d bytes, by hand %d", delay, got, more)
		}
	}
}
