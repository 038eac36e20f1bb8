package spike

import (
	"testing"

	"pgregory.net/rapid"
)

// TestGradedRaster holds rasters with messages to the arrays of values that they are.
func TestGradedRaster(t *testing.T) {
	const neurons, ticks = 4, 6
	compared := 0
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.SampledFrom([]int32{0, 0, 1, 1, -3, 1 << 30, -1 << 31})
		draw := func(label string) ([]int32, *Raster) {
			v := rapid.SliceOfN(value, neurons*ticks, neurons*ticks).Draw(t, label)
			r, err := FromValues(neurons, ticks, v)
			if err != nil {
				t.Fatal(err)
			}
			return v, r
		}
		v, a := draw("a")
		w, b := draw("b")
		plain, again := NewRaster(neurons), NewRaster(neurons)
		ones, diff := true, 0
		sums := make([]int, neurons)
		for k := range ticks {
			seen := map[int32]int32{}
			for i, n := range a.At(k) {
				seen[n] = a.Messages(k)[i]
			}
			for n := range neurons {
				x := v[n*ticks+k]
				if seen[int32(n)] != x {
					t.Fatalf("neuron %d carries %d at tick %d, want %d", n, seen[int32(n)], k, x)
				}
				if k >= 2 && k < 5 {
					sums[n] += int(x)
				}
				if x != w[n*ticks+k] {
					diff++
				}
				ones = ones && (x == 0 || x == 1)
				compared++
			}
			plain.Append(a.At(k)...)
			again.AppendFrom(a, k)
		}
		if got := a.Diff(b); got != diff || a.Equal(b) != (diff == 0) {
			t.Fatalf("%d differ, want %d", got, diff)
		}
		if !a.Equal(again) || a.Equal(plain) != ones || plain.Equal(a) != ones || (plain.Diff(a) == 0) != ones || plain.Messages(0) != nil {
			t.Fatal("a copy differs, or plain spikes are not those that carry 1")
		}
		for n, got := range a.Counts(2, 5, nil) {
			if got != sums[n] {
				t.Fatalf("neuron %d sums up to %d, want %d", n, got, sums[n])
			}
		}
		again.Reset(2)
		again.Append(1)
		if again.Message != nil || again.Count() != 1 {
			t.Fatal("Reset left messages")
		}
	})
	if t.Logf("compared %d values", compared); compared == 0 {
		t.Error("nothing was compared")
	}
	if _, err := FromValues(2, 3, make([]int32, 5)); err == nil {
		t.Error("five values for 2 × 3 were accepted")
	}
}
