package reduce

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
	"pgregory.net/rapid"
)

func noise(seed uint64, neurons, ticks int, rate float64, graded bool) *spike.Raster {
	r := rand.New(rand.NewPCG(seed, 0))
	in := spike.NewRaster(neurons)
	for range ticks {
		var at, messages []int32
		for n := range neurons {
			if r.Float64() < rate {
				at, messages = append(at, int32(n)), append(messages, 1+r.Int32N(9))
			}
		}
		if graded {
			in.AppendGraded(at, messages)
		} else {
			in.Append(at...)
		}
	}
	return in
}

// after shows a fault in the tick in which neuron b spikes some ticks after neuron a did.
func after(a, b int32, lag int) Shows {
	has := func(in *spike.Raster, t int, n int32) bool {
		for _, x := range in.At(t) {
			if x == n {
				return true
			}
		}
		return false
	}
	return func(in *spike.Raster) (int, error) {
		for t := lag; t < in.Ticks(); t++ {
			if has(in, t-lag, a) && has(in, t, b) {
				return t + 1, nil
			}
		}
		return 0, nil
	}
}

// TestReduce: of noise, the two spikes are left that show a fault, and the ticks between them.
func TestReduce(t *testing.T) {
	reduced := 0
	rapid.Check(t, func(t *rapid.T) {
		lag := rapid.IntRange(0, 20).Draw(t, "lag")
		in := noise(rapid.Uint64().Draw(t, "seed"), 20, 100, rapid.Float64Range(0.1, 0.6).Draw(t, "rate"), rapid.Bool().Draw(t, "graded"))
		shows := after(3, 7, lag)
		if n, _ := shows(in); n == 0 {
			t.Skip()
		}
		r, err := Reduce(context.Background(), in, 10_000, shows)
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := shows(r.Input); n != lag+1 || r.Input.Ticks() != lag+1 || r.Input.Count() != 2 || r.Input.Neurons != 20 || !r.Least || (r.Input.Message == nil) != (in.Message == nil) {
			t.Fatalf("%+v of %d ticks and %d spikes", r, r.Input.Ticks(), r.Input.Count())
		}
		again, err := Reduce(context.Background(), in, 10_000, shows)
		if err != nil || !again.Input.Equal(r.Input) || again.Runs != r.Runs {
			t.Fatalf("another time: %+v, %v", again, err)
		}
		reduced++
	})
	if t.Logf("reduced %d inputs", reduced); reduced == 0 {
		t.Error("nothing was reduced")
	}
}

// TestLeast: of faults that come and go in any way with the spikes, no smaller input of those that Least tells of shows one.
func TestLeast(t *testing.T) {
	inputs, tried := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		in := noise(rapid.Uint64().Draw(t, "seed"), 8, rapid.IntRange(1, 25).Draw(t, "ticks"), 0.3, false)
		modulus, at := rapid.IntRange(2, 5).Draw(t, "modulus"), rapid.IntRange(0, 4).Draw(t, "at")
		shows := func(in *spike.Raster) (int, error) {
			sum, count := 0, 0
			for tick := range in.Ticks() {
				for _, n := range in.At(tick) {
					sum, count = sum+3*int(n)+tick, count+1
				}
				if tick > at && count > 2 && sum%modulus == 1 {
					return tick + 1, nil
				}
			}
			return 0, nil
		}
		n, _ := shows(in)
		if n == 0 {
			t.Skip()
		}
		r, err := Reduce(context.Background(), in, 100_000, shows)
		if err != nil || !r.Least {
			t.Fatal(r, err)
		}
		if n, _ := shows(r.Input); n != r.Input.Ticks() {
			t.Fatalf("%d ticks of %d show it", n, r.Input.Ticks())
		}
		smaller := func(in *spike.Raster) {
			if n, _ := shows(in); n > 0 {
				t.Fatalf("a smaller one shows it: %+v of %+v", in, r.Input)
			}
			tried++
		}
		if r.Input.Ticks() > 1 {
			smaller(part(r.Input, 1, r.Input.Ticks(), nil))
		}
		for leave := range r.Input.Count() {
			smaller(part(r.Input, 0, r.Input.Ticks(), func(i int) bool { return i != leave }))
		}
		inputs++
	})
	if t.Logf("reduced %d inputs, tried %d smaller ones", inputs, tried); tried == 0 {
		t.Error("too little was reduced")
	}
}

// TestLimit: a search that is cut short has a smaller input that shows the fault, and says so.
func TestLimit(t *testing.T) {
	in, shows := noise(1, 20, 100, 0.3, false), after(3, 7, 5)
	for _, most := range []int{1, 2, 10, 20} {
		r, err := Reduce(t.Context(), in, most, shows)
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := shows(r.Input); n == 0 || r.Runs != most || r.Least {
			t.Errorf("at most %d: %+v", most, r)
		}
	}
}

func TestErrors(t *testing.T) {
	in := noise(1, 20, 100, 0.3, false)
	if _, err := Reduce(t.Context(), in, 100, func(*spike.Raster) (int, error) { return 0, nil }); err == nil {
		t.Error("an input that shows nothing was reduced")
	}
	broken := errors.New("broken")
	runs := 0
	if _, err := Reduce(t.Context(), in, 100, func(in *spike.Raster) (int, error) {
		if runs++; runs == 7 {
			return 0, broken
		}
		return in.Ticks(), nil
	}); !errors.Is(err, broken) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var e *diag.Error
	if _, err := Reduce(ctx, in, 100, after(3, 7, 5)); !errors.As(err, &e) || e.Kind != diag.Interrupted {
		t.Error(err)
	}
}
