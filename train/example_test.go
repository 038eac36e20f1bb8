package train_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/quantize"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/sim/golden"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/targets"
	"github.com/isospike/isospike/train"
)

// must is the value of a call that is not to fail.
func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// The road: events, train, quantize, compile, sim, golden.
func Example() {
	dir := must(os.MkdirTemp("", "road"))
	defer os.RemoveAll(dir)
	ctx := context.Background()
	enc := dataset.Encoding{Tick: 1000, Ticks: 300, Downsample: 4}
	digits := dataset.Encoded{Set: dataset.NewSynth(40, 1), Encoding: enc} // or dataset.Open

	e := snn.DefaultExperiment()
	e.Net, e.Encoding, e.Training.Epochs = "9x9x2-32d-10", enc.String(), 2
	model := must(train.NewModel(e))
	check(train.NewTrainer(model, enc.Ticks, 0).Fit(ctx, digits, train.Fit{}))
	check(model.Write(filepath.Join(dir, "model.safetensors")))
	model = must(train.Read(filepath.Join(dir, "model.safetensors")))

	net, report, err := quantize.Quantize(model, quantize.Options{})
	check(err)
	program := must(compile.Compile(net, must(targets.Lookup("loihi1"))))
	check(program.Write(filepath.Join(dir, "program.safetensors")))
	program = must(compile.Read(filepath.Join(dir, "program.safetensors")))

	in := must(digits.Raster(0, 0, 0))
	w := must(golden.Create(filepath.Join(dir, "golden"), net.File()))
	check(w.Add(digits.ID(0), digits.Label(0), must(golden.OfNetwork(ctx, net, in))))
	check(w.Close())
	want := must(must(golden.Open(filepath.Join(dir, "golden"))).Run(0))

	machine := must(sim.New(program))
	res := must(machine.Run(ctx, want.Input, enc.Ticks, sim.Options{}))
	d := must(want.Compare(golden.OfProgram(program, want.Input, res.Layers, machine.State)))
	fmt.Println("lossless:", report.Lossless)
	fmt.Println(d.Spikes, "of", want.Spikes(), "spikes differ,", d.Registers, "registers")
	// Output:
	// lossless: true
	// 0 of 457 spikes differ, 0 registers
}
