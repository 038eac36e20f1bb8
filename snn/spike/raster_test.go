package spike

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestRaster holds the raster to the set of (tick, neuron) pairs that it is.
func TestRaster(t *testing.T) {
	type pair struct{ tick, neuron int32 }
	const neurons, ticks = 7, 5
	compared := 0
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) (*Raster, map[pair]bool) {
			set := map[pair]bool{}
			var tick, neuron []int32
			for range rapid.IntRange(0, 40).Draw(t, label) {
				p := pair{rapid.Int32Range(0, ticks-1).Draw(t, "tick"), rapid.Int32Range(0, neurons-1).Draw(t, "neuron")}
				set[p] = true
				tick, neuron = append(tick, p.tick), append(neuron, p.neuron)
			}
			r, err := FromPairs(neurons, ticks, tick, neuron)
			if err != nil {
				t.Fatal(err)
			}
			return r, set
		}
		a, setA := draw("a")
		b, setB := draw("b")
		if a.Ticks() != ticks || a.Neurons != neurons || a.Count() != len(setA) {
			t.Fatalf("%v from %v", a, setA)
		}
		counts := make([]int, neurons)
		from := rapid.IntRange(0, ticks).Draw(t, "from")
		to := rapid.IntRange(from, ticks).Draw(t, "to")
		again := NewRaster(neurons)
		for k := range ticks {
			if !slices.IsSorted(a.At(k)) {
				t.Fatalf("tick %d is %v", k, a.At(k))
			}
			for _, n := range a.At(k) {
				if !setA[pair{int32(k), n}] {
					t.Fatalf("neuron %d at tick %d was not given", n, k)
				}
				if k >= from && k < to {
					counts[n]++
				}
				compared++
			}
			again.Append(a.At(k)...)
		}
		diff := 0
		for p := range setA {
			if !setB[p] {
				diff++
			}
		}
		for p := range setB {
			if !setA[p] {
				diff++
			}
		}
		used := []int{9, 9, 9, 9, 9, 9, 9, 9}
		got := a.Counts(from, to, used)
		if a.Diff(b) != diff || a.Equal(b) != (diff == 0) || !a.Equal(again) || !slices.Equal(got, counts) {
			t.Fatalf("%v and %v: diff %d, want %d; counts %v, want %v", a, b, a.Diff(b), diff, got, counts)
		}
		if again.Reset(3); again.Ticks() != 0 || again.Count() != 0 || again.Neurons != 3 {
			t.Fatalf("after Reset: %v", again)
		}
	})
	if compared == 0 {
		t.Fatal("nothing was compared")
	}
	t.Logf("compared %d spikes", compared)
}

func TestFromPairsRefuses(t *testing.T) {
	for _, p := range [][2][]int32{{{5}, {0}}, {{-1}, {0}}, {{0}, {7}}, {{0}, {-1}}, {{0, 1}, {0}}} {
		if r, err := FromPairs(7, 5, p[0], p[1]); err == nil {
			t.Errorf("ticks %v, neurons %v gave %v", p[0], p[1], r)
		}
	}
}

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		counts []int
		want   int
	}{{[]int{0, 0}, 0}, {[]int{1, 3, 2}, 1}, {[]int{1, 3, 3}, 1}, {[]int{0, 0, 5}, 2}} {
		if got := Classify(c.counts); got != c.want {
			t.Errorf("%v: %d, want %d", c.counts, got, c.want)
		}
	}
}
