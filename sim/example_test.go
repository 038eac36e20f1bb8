package sim_test

import (
	"context"
	"fmt"
	"time"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets"
)

// program compiles a network of two inputs and one neuron that adds them up. compile.Read reads one of a file.
func program() *compile.Program {
	net := &fixed.Network{Input: snn.Flat(2), Convention: fixed.Axonal, Layers: []fixed.Layer{{
		Name: "1", In: snn.Flat(2), Out: snn.Flat(1), Weight: []int16{40, 60}, WeightBits: 8,
		Neuron: fixed.CUBA{IDecay: 4096, VDecay: 0, VTh: 80, RefDelay: 1}}}}
	target, err := targets.Lookup("loihi1")
	if err != nil {
		panic(err)
	}
	p, err := compile.Compile(net, target)
	if err != nil {
		panic(err)
	}
	return p
}

// columns returns an input of 2 neurons by the spikes of each tick.
func columns(spikes ...[]int32) *spike.Raster {
	in := spike.NewRaster(2)
	for _, s := range spikes {
		in.Append(s...)
	}
	return in
}

func ExampleMachine_Run() {
	m, err := sim.New(program())
	if err != nil {
		panic(err)
	}
	in := columns([]int32{0}, []int32{1}, []int32{0, 1}, nil)
	res, err := m.Run(context.Background(), in, 4, sim.Options{States: true})
	if err != nil {
		panic(err)
	}
	out := res.Layers[0]
	fmt.Println("v", out.V)
	for t := range 4 {
		fmt.Println("tick", t, "spikes", out.Spikes.At(t))
	}
	fmt.Println(res.Cores[0].Synapses, "synaptic operations")
	// Output:
	// v [0 2560 0 0]
	// tick 0 spikes []
	// tick 1 spikes []
	// tick 2 spikes [0]
	// tick 3 spikes [0]
	// 4 synaptic operations
}

// A network that `isospike quantize` wrote runs on the tables of a target as by its definition.
func ExampleFirstDivergence() {
	net, err := fixed.Read("../cmd/isospike/testdata/golden/network.safetensors")
	if err != nil {
		panic(err)
	}
	target, err := targets.Lookup("loihi2")
	if err != nil {
		panic(err)
	}
	p, err := compile.Compile(net, target)
	if err != nil {
		panic(err)
	}
	m, err := sim.New(p)
	if err != nil {
		panic(err)
	}
	const ticks = 50
	in := spike.NewRaster(net.Input.Size())
	for t := range int32(ticks) {
		in.Append(t, t+40, t+90)
	}
	want, err := net.Run(in, ticks, true)
	if err != nil {
		panic(err)
	}
	got, err := m.Run(context.Background(), in, ticks, sim.Options{States: true})
	if err != nil {
		panic(err)
	}
	differ, compared, err := sim.FirstDivergence(p, in, want, got.Layers)
	fmt.Println(differ, "of", compared, "values;", err)
	// Output: <nil> of 37350 values; <nil>
}

// A run ends when its context does.
func ExampleMachine_Run_cancel() {
	m, err := sim.New(program())
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, err = m.Run(ctx, columns(), 1<<40, sim.Options{})
	fmt.Println(err)
	// Output: the run was stopped: context deadline exceeded
}

// The state goes from one machine to another, also in another process.
func ExampleMachine_Snapshot() {
	p := program()
	m, err := sim.New(p)
	if err != nil {
		panic(err)
	}
	if _, err := m.Run(context.Background(), columns([]int32{0}, nil), 2, sim.Options{}); err != nil {
		panic(err)
	}
	state := m.Snapshot()

	next, err := sim.New(p)
	if err != nil {
		panic(err)
	}
	if err := next.Restore(state); err != nil {
		panic(err)
	}
	res, err := next.Run(context.Background(), columns([]int32{1}, nil), 2, sim.Options{Continue: true})
	if err != nil {
		panic(err)
	}
	fmt.Println("tick", next.Tick(), "spikes", res.Layers[0].Spikes.Count())
	// Output: tick 4 spikes 1
}

// Clones share the tables: one for each goroutine.
func ExampleMachine_Clone() {
	m, err := sim.New(program())
	if err != nil {
		panic(err)
	}
	counts := make(chan int, 2)
	for range 2 {
		go func() {
			res, err := m.Clone().Run(context.Background(), columns([]int32{0, 1}, nil), 2, sim.Options{})
			if err != nil {
				panic(err)
			}
			counts <- res.Layers[0].Spikes.Count()
		}()
	}
	fmt.Println(<-counts, <-counts)
	// Output: 1 1
}

// Step runs a tick at a time, with spikes put on the axons by hand.
func ExampleMachine_Step() {
	m, err := sim.New(program())
	if err != nil {
		panic(err)
	}
	for axon := range 2 {
		if err := m.Inject(0, axon); err != nil {
			panic(err)
		}
	}
	fmt.Println(m.Step(), m.Step())
	// Output: [{0 0}] []
}

// Lockstep finds the first tick and neuron in which two executors part, and what is known of it.
func ExampleLockstep() {
	m, err := sim.New(program())
	if err != nil {
		panic(err)
	}
	other := &fixed.Network{Input: snn.Flat(2), Convention: fixed.Axonal, Layers: []fixed.Layer{{
		Name: "1", In: snn.Flat(2), Out: snn.Flat(1), Weight: []int16{40, 50}, WeightBits: 8, // 60 in the program
		Neuron: fixed.CUBA{IDecay: 4096, VDecay: 0, VTh: 80, RefDelay: 1}}}}
	in := columns([]int32{0}, []int32{1}, nil)
	stop, agreed, err := sim.Lockstep(context.Background(), []string{"1"}, []int{1}, m.Side(false), sim.NetworkSide(other), in, 3)
	if err != nil {
		panic(err)
	}
	fmt.Println("agreed in", agreed.Ticks, "ticks")
	fmt.Println("tick", stop.Tick, "neuron", stop.Neuron, stop.Register, "is", stop.A, "and", stop.B)
	for _, r := range stop.Rows {
		if r.Differs() {
			fmt.Println(r.A.From, r.A.Source, "weighs", r.A.Weight, "and", r.B.Weight)
		}
	}
	// Output:
	// agreed in 2 ticks
	// tick 2 neuron 0 u is 3840 and 3200
	// input 1 weighs 60 and 50
}
