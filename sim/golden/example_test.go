package golden_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/sim/golden"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets"
)

// A recording, made by `isospike golden record`, is held to the network that it names, on a target.
func ExampleOpen() {
	folder, err := golden.Open("../../cmd/isospike/testdata/golden")
	if err != nil {
		panic(err)
	}
	file, err := folder.Network()
	if err != nil {
		panic(err)
	}
	net, err := fixed.FromFile(file)
	if err != nil {
		panic(err)
	}
	target, err := targets.Lookup("loihi1")
	if err != nil {
		panic(err)
	}
	program, err := compile.Compile(net, target)
	if err != nil {
		panic(err)
	}
	m, err := sim.New(program)
	if err != nil {
		panic(err)
	}
	for i, sample := range folder.Samples {
		want, err := folder.Run(i)
		if err != nil {
			panic(err)
		}
		res, err := m.Run(context.Background(), want.Input, want.Input.Ticks(), sim.Options{})
		if err != nil {
			panic(err)
		}
		d, err := want.Compare(golden.OfProgram(program, want.Input, res.Layers, m.State))
		if err != nil {
			panic(err)
		}
		fmt.Printf("sample %s: %d of %d spikes differ, %d registers\n", sample.ID, d.Spikes, want.Spikes(), d.Registers)
	}
	// Output:
	// sample 0: 0 of 1206 spikes differ, 0 registers
	// sample 1: 0 of 1215 spikes differ, 0 registers
	// sample 2: 0 of 1305 spikes differ, 0 registers
	// sample 3: 0 of 1211 spikes differ, 0 registers
}

// A network that was made in Go is recorded, and another one held to it.
func ExampleCreate() {
	network := func(weight int16) *fixed.Network {
		return &fixed.Network{Input: snn.Flat(2), Convention: fixed.Axonal, Layers: []fixed.Layer{{
			Name: "1", In: snn.Flat(2), Out: snn.Flat(1), Weight: []int16{40, weight}, WeightBits: 8,
			Neuron: fixed.CUBA{IDecay: 4096, VDecay: 0, VTh: 80, RefDelay: 1}}}}
	}
	in := spike.NewRaster(2)
	for _, spikes := range [][]int32{{0}, {1}, {0, 1}, nil} {
		in.Append(spikes...)
	}
	dir, err := os.MkdirTemp("", "golden")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	w, err := golden.Create(filepath.Join(dir, "sums"), network(60).File())
	if err != nil {
		panic(err)
	}
	run, err := golden.OfNetwork(context.Background(), network(60), in)
	if err != nil {
		panic(err)
	}
	if err := w.Add("first", -1, run); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}

	folder, err := golden.Open(filepath.Join(dir, "sums"))
	if err != nil {
		panic(err)
	}
	want, err := folder.Run(0)
	if err != nil {
		panic(err)
	}
	for _, weight := range []int16{60, 30} {
		got, err := golden.OfNetwork(context.Background(), network(weight), want.Input)
		if err != nil {
			panic(err)
		}
		d, err := want.Compare(got)
		fmt.Println("weight", weight, "differs in", d.Spikes, "spikes,", d.Registers, "registers", err)
	}
	// Output:
	// weight 60 differs in 0 spikes, 0 registers <nil>
	// weight 30 differs in 1 spikes, 1 registers <nil>
}
