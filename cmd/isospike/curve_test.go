package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/train"
)

func TestCurve(t *testing.T) {
	history := []train.EpochMetrics{
		{Epoch: 1, Loss: 8, Accuracy: 0.1, ValLoss: -1, ValAcc: -1},
		{Epoch: 2, Loss: 4, Accuracy: 0.5, ValLoss: -1, ValAcc: -1},
		{Epoch: 3, Loss: 0, Accuracy: 0.9, ValLoss: -1, ValAcc: -1},
	}
	c := &curve{width: 60, epochs: 4, judged: true}
	want := []string{
		"       8 ┤█                       90.0 ┤  █",
		"         ┤█▁                           ┤ ▁█",
		"         ┤██                           ┤ ██",
		"       0 ┤██▁                     10.0 ┤▁██",
		"          loss 0                        accuracy % 90.0",
	}
	if diff := cmp.Diff(want, c.lines(history)); diff != "" {
		t.Error(diff)
	}
	// Patterns have no accuracy; what validation gives is shown beside.
	for i := range history {
		history[i].ValLoss = 2
	}
	c.judged = false
	got := strings.Join(c.lines(history), "\n")
	if strings.Contains(got, "accuracy") || !strings.Contains(got, "validation 2") {
		t.Errorf("the loss alone is to be shown:\n%s", got)
	}
	// Many epochs share columns: no line is wider than the terminal.
	long := make([]train.EpochMetrics, 5000)
	for i := range long {
		long[i] = train.EpochMetrics{Epoch: i + 1, Loss: float64(i % 7), ValLoss: -1}
	}
	c.judged, c.epochs = true, len(long)
	for _, l := range c.lines(long) {
		if n := len([]rune(l)); n > c.width {
			t.Errorf("a line of %d columns on a terminal of %d", n, c.width)
		}
	}
}
