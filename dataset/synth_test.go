package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/isospike/isospike/snn/spike"
)

func TestSynthIsReproducible(t *testing.T) {
	// On every machine; a change of this sum is a change of every result that
	// was ever trained on these digits.
	const want = "285ae5d42ca233ad1d9dae1533af1024b0ff571ffc150a0ce4204f226a6f3715"
	s := NewSynth(20, 1)
	sum := sha256.New()
	for i := range s.Len() {
		events, err := s.Events(i)
		if err != nil {
			t.Fatal(err)
		}
		if err := spike.WriteBS2(sum, events); err != nil {
			t.Fatal(err)
		}
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		t.Errorf("SHA-256 of 20 recordings is %s, want %s", got, want)
	}
}

func TestSynthIsPure(t *testing.T) {
	s, again := NewSynth(40, 7), NewSynth(4, 7)
	other, _ := NewSynth(40, 8).Events(3)
	want := make([][]spike.Event, 4)
	for i := range want {
		want[i], _ = again.Events(i)
	}
	var wg sync.WaitGroup
	for k := range 4 {
		wg.Go(func() {
			for i := range 4 {
				if got, err := s.Events((i + k) % 4); err != nil || !slices.Equal(got, want[(i+k)%4]) {
					t.Errorf("recording %d differs: %v", (i+k)%4, err)
				}
			}
		})
	}
	wg.Wait()
	if slices.Equal(other, want[3]) {
		t.Error("two seeds gave the same recording")
	}
	if a, _ := s.Events(13); slices.Equal(a, want[3]) {
		t.Error("two recordings of a digit are the same")
	}
}

// The bounds are those of N-MNIST's recordings: 1069 to 7152 events, 4108 on
// average, half of them ON, in three saccades that are over after 315 ms.
func TestSynthLooksLikeNMNIST(t *testing.T) {
	s := NewSynth(300, 3)
	all, on := 0, 0
	var window [31]int // of 10 ms
	for i := range s.Len() {
		events, _ := s.Events(i)
		if s.Label(i) != i%10 || len(events) < 700 || len(events) > 10000 {
			t.Errorf("recording %d of class %d has %d events", i, s.Label(i), len(events))
		}
		all += len(events)
		last := uint32(0)
		for _, e := range events {
			if e.T < last || e.T >= 310000 || int(e.X) >= 34 || int(e.Y) >= 34 || e.P > 1 {
				t.Fatalf("recording %d: event %+v after %d µs", i, e, last)
			}
			last = e.T
			on += int(e.P)
			window[e.T/10000]++
		}
	}
	mean, share := all/s.Len(), float64(on)/float64(all)
	t.Logf("%d recordings, %d events on average, %.3f ON", s.Len(), mean, share)
	if mean < 3700 || mean > 4500 || share < 0.47 || share > 0.53 {
		t.Errorf("%d events on average, %.3f of them ON", mean, share)
	}
	for _, rest := range []int{0, 9, 20, 30} {
		if window[rest]*20 > all {
			t.Errorf("the camera does not rest at %d ms: %d of %d events", rest*10, window[rest], all)
		}
	}
	for _, move := range []int{4, 14, 25} {
		if window[move]*25 < all {
			t.Errorf("the camera does not move at %d ms: %d of %d events", move*10, window[move], all)
		}
	}
}

// TestSynthIsLearnable: the nearest of ten mean images, 9 × 9 × 2, tells the
// digits apart well, but not all of them.
func TestSynthIsLearnable(t *testing.T) {
	const n = 500
	s := NewSynth(2*n, 5)
	enc := Encoding{Tick: 1000, Ticks: 310, Downsample: 4}
	image := func(i int) []float64 {
		events, _ := s.Events(i)
		r, late, err := enc.Raster(s.Shape(), events)
		if err != nil || late > 0 {
			t.Fatal(err, late)
		}
		v := make([]float64, r.Neurons)
		norm := 0.0
		for j, c := range r.Counts(0, r.Ticks(), nil) {
			v[j] = float64(c)
			norm += v[j] * v[j]
		}
		for j := range v {
			v[j] /= math.Sqrt(norm)
		}
		return v
	}
	mean := make([][]float64, s.Classes())
	for i := range n {
		v, c := image(i), s.Label(i)
		if mean[c] == nil {
			mean[c] = make([]float64, len(v))
		}
		for j := range v {
			mean[c][j] += v[j] / (n / 10)
		}
	}
	right := 0
	for i := n; i < 2*n; i++ {
		v := image(i)
		best, bestD := -1, math.Inf(1)
		for c, m := range mean {
			d := 0.0
			for j := range v {
				d += (v[j] - m[j]) * (v[j] - m[j])
			}
			if d < bestD {
				best, bestD = c, d
			}
		}
		if best == s.Label(i) {
			right++
		}
	}
	t.Logf("%d of %d right", right, n)
	if right < n*50/100 || right > n*97/100 {
		t.Errorf("%d of %d right", right, n)
	}
}

// No rounding of a logarithm is so close that it might differ between machines.
func TestLogarithmsRoundAlike(t *testing.T) {
	for i, v := range lnInk {
		x := lnBrightness(i)
		if d := math.Abs(x - float64(v)); d > 0.4999 {
			t.Errorf("ink %d: %v is almost a half away from %d", i, x, v)
		}
	}
}

func BenchmarkSynth(b *testing.B) {
	s := NewSynth(10, 1)
	for i := 0; b.Loop(); i++ {
		if _, err := s.Events(i % 10); err != nil {
			b.Fatal(err)
		}
	}
}
