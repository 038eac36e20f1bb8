package main

import (
	"slices"
	"testing"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/sim"
)

// TestTell: a difference is told of the side that has it.
func TestTell(t *testing.T) {
	x, y, program, recorded := &executor{name: "x"}, &executor{name: "y"}, &executor{name: "p", program: &compile.Program{}}, &executor{name: "z", recorded: true}
	at := sim.Divergence{Tick: 3, Layer: "2", Neuron: 4, Core: -1, CoreNeuron: -1, Register: "s"}
	on := at
	on.Core, on.CoreNeuron, on.Register, on.Want, on.Got = 5, 6, "u", 7, 8
	with := func(want, got int64) sim.Divergence {
		d := at
		d.Want, d.Got = want, got
		return d
	}
	register := with(1, 2)
	register.Register = "v"
	for _, c := range []struct {
		d    sim.Divergence
		y    *executor
		want string
	}{
		{with(1, 0), y, "tick 3, layer 2, neuron 4 spikes in x, not in y"},
		{with(0, 1), y, "tick 3, layer 2, neuron 4 spikes in y, not in x"},
		{with(-5, 6), y, "tick 3, layer 2, neuron 4 sends -5 in x, 6 in y"},
		{register, y, "tick 3, layer 2, neuron 4: v is 1 in x, 2 in y"},
		{on, program, "tick 3, layer 2, neuron 4 (core 5, neuron 6 there): u is 8, should be 7\n  no spike had arrived there"},
		{on, y, "tick 3, layer 2, neuron 4 (core 5, neuron 6 there): u is 7 in x, 8 in y\n  no spike had arrived there"}, // the core is x's
		{on, recorded, "tick 3, layer 2, neuron 4 (core 5, neuron 6 there): u is 7 in x, 8 in z\n  no spike had arrived there"},
	} {
		if got := tell(&c.d, x, c.y); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestShownInputs: of many arrivals those over synapses that differ are shown, and the last of the others.
func TestShownInputs(t *testing.T) {
	var s sim.Stop
	for i := range 40 {
		x := sim.Synapse{From: "input", Source: i, Weight: 3}
		y := x
		if i == 2 || i == 39 {
			y.Weight = 5
		}
		s.Rows = append(s.Rows, sim.Row{A: &x, B: &y})
		s.Inputs = append(s.Inputs, sim.Input{Synapse: y, Arrived: 7})
	}
	sources := func() (list []int) {
		for _, i := range shownInputs(&s) {
			list = append(list, i.Source)
		}
		return list
	}
	if got, want := sources(), []int{28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39}; !slices.Equal(got, want) {
		t.Errorf("of one side: %v, want %v", got, want)
	}
	s.CellA, s.CellB = &sim.Cell{}, &sim.Cell{}
	if got, want := sources(), []int{2, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39}; !slices.Equal(got, want) {
		t.Errorf("of both: %v, want %v", got, want)
	}
	s.Inputs = s.Inputs[:5]
	if got, want := sources(), []int{0, 1, 2, 3, 4}; !slices.Equal(got, want) {
		t.Errorf("of few: %v, want %v", got, want)
	}
}
