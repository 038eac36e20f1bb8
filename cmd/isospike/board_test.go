package main

import (
	"io"
	"path/filepath"
	"testing"

	"github.com/isospike/isospike/snn/diag"
)

// TestCoreTime: clocks are divided among samples, and by the clock of the board where it is known.
func TestCoreTime(t *testing.T) {
	for _, v := range []struct {
		clocks  uint64
		samples int
		target  string
		want    string
	}{
		{72_000, 4, "icebreaker", "the core takes 18000 clocks a sample, 500 µs at 36 MHz"},
		{72_000, 4, "hx8k", "the core takes 18000 clocks a sample, 375 µs at 48 MHz"},
		{72_000, 4, "one of yours", "the core takes 18000 clocks a sample"},
	} {
		if got := coreTimeOf(v.clocks, v.samples, v.target).String(); got != v.want {
			t.Errorf("%s: %q, want %q", v.target, got, v.want)
		}
	}
	if coreTimeOf(0, 4, "icebreaker") != nil || coreTimeOf(9, 0, "icebreaker") != nil {
		t.Error("a time of nothing")
	}
}

// TestNegativeBaud: it is wrong usage, and no port is opened with it.
func TestNegativeBaud(t *testing.T) {
	if status := run([]string{"board", "test", "--port", filepath.Join(t.TempDir(), "none"), "--baud", "-1"}, io.Discard, io.Discard); status != int(diag.Usage) {
		t.Errorf("status %d", status)
	}
}
