package train

import "github.com/isospike/isospike/snn"

// target is a loss resolved for a number of ticks.
type target struct {
	from, to     int
	right, wrong float64 // spikes in the interval
}

func newTarget(l snn.Loss, ticks int) target {
	t := target{right: l.True, wrong: l.False}
	if l.True == 0 && l.False == 0 {
		t.right, t.wrong = 0.2, 0.03
	}
	t.from, t.to = l.Bounds(ticks)
	if l.Kind == "rate" {
		t.right *= float64(t.to - t.from)
		t.wrong *= float64(t.to - t.from)
	}
	return t
}

// mean returns the mean of n output neurons' targets.
func (t target) mean(n int) float64 { return (t.right + float64(t.wrong*float64(n-1))) / float64(n) }

// loss returns ½ Σ_o (count_o − target_o)²/T of the spike counts in the interval
// of T ticks, and fills err (ticks×n, or nil) with its derivative at every spike:
// (count − target)/T in the interval and 0 outside, SLAYER's count error.
func (t target) loss(counts []int, label int, err []float32) float64 {
	n, length := len(counts), float64(max(1, t.to-t.from))
	sum := 0.0
	row := make([]float32, n)
	for o, c := range counts {
		want := t.wrong
		if o == label {
			want = t.right
		}
		d := float64(c) - want
		sum += float64(d*d) / (2 * length)
		row[o] = float32(d / length)
	}
	if err != nil {
		clear(err)
		for k := t.from; k < t.to; k++ {
			copy(err[k*n:][:n], row)
		}
	}
	return sum
}
