package fpga_test

import (
	"errors"
	"testing"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/targets"
	"github.com/isospike/isospike/targets/fpga"
)

// TestSelfTest: emulated boards of every kind, and one in Verilog, pass.
func TestSelfTest(t *testing.T) {
	compared := 0
	for _, name := range targets.List() {
		x, err := targets.Lookup(name)
		check(t, err)
		b, ok := x.(*fpga.Board)
		if !ok {
			continue
		}
		t.Run(name, func(t *testing.T) {
			s, err := b.Test(t.Context(), emulated(t, b), func(string) {})
			check(t, err)
			if s.Words < 1000 || s.Spikes < 1000 || s.States < b.Info().Neurons/2 {
				t.Errorf("%+v", s)
			}
			compared += s.Spikes
		})
	}
	t.Run("three neurons", func(t *testing.T) {
		x, err := targets.Parse("three", []byte("inherits = \"icebreaker\"\n[limits]\nneurons = 3"))
		check(t, err)
		b := x.(*fpga.Board)
		s, err := b.Test(t.Context(), emulated(t, b), func(string) {})
		check(t, err)
		compared += s.Spikes
	})
	t.Run("in Verilog", func(t *testing.T) {
		s, err := board(t).Test(t.Context(), inVerilog(t, board(t)), func(string) {})
		check(t, err)
		compared += s.Spikes
	})
	t.Log("compared", compared, "spikes")
}

// TestSelfTestOtherBoard: a board that is another one is named.
func TestSelfTestOtherBoard(t *testing.T) {
	var e *diag.Error
	if _, err := board(t).Test(t.Context(), emulated(t, many(t)), func(string) {}); !errors.As(err, &e) || e.Code != "other-board" {
		t.Error(err)
	}
}
