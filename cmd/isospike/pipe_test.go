package main

import (
	"context"
	"io"
	"net"
	"testing"

	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/quantize"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/targets/fpga"
	"github.com/isospike/isospike/targets/fpga/link"
	"github.com/isospike/isospike/train"
)

// TestBoardBehindPipe runs samples on an emulated board without a pseudo-terminal,
// as the demo does where the system has none.
func TestBoardBehindPipe(t *testing.T) {
	exp := snn.DefaultExperiment()
	exp.Net, exp.Encoding, exp.Training.InitGain = "9x9x2-20d-10", "tick=1000us ticks=300 downsample=4", 40
	m, err := train.NewModel(exp)
	if err != nil {
		t.Fatal(err)
	}
	n, _, err := quantize.Quantize(m, quantize.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := compileFor(t.Context(), n, "icebreaker", "")
	if err != nil {
		t.Fatal(err)
	}
	e, err := (&app{}).simExecutor(p)
	if err != nil {
		t.Fatal(err)
	}
	board, err := lookupBoard("icebreaker")
	if err != nil {
		t.Fatal(err)
	}
	line, host := net.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- link.Serve(ctx, line, fpga.NewEmulator(board)) }()
	enc, err := dataset.ParseEncoding(exp.Encoding)
	if err != nil {
		t.Fatal(err)
	}
	a := &app{stdout: io.Discard, stderr: io.Discard, quiet: true}
	r, err := a.onBoard(ctx, &device{name: "board", open: func(context.Context) (link.Port, func() error, error) { return host, func() error { return nil }, nil }}, e, dataset.Encoded{Set: dataset.NewSynth(40, 1), Encoding: enc})
	cancel()
	line.Close()
	<-served
	if err != nil {
		t.Fatal(err)
	}
	if err := mismatch([]pair{r.pair}); err != nil {
		t.Error(err)
	}
	t.Logf("compared %d samples, %d spikes", r.pair.Samples, r.pair.Spikes)
}
