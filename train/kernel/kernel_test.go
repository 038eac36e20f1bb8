package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/isospike/isospike/snn/fixed"
)

// columns draws a row length: short ones, and the widths around which the blocks
// of columns end.
func columns(r *rand.Rand) int {
	if r.IntN(4) == 0 {
		return r.IntN(700)
	}
	return r.IntN(201)
}

func randomRows(r *rand.Rand, of int) []int32 {
	count := r.IntN(40)
	if r.IntN(8) == 0 {
		count = r.IntN(700) // more than one part of 256
	}
	return ints(r, count, func() int32 { return r.Int32N(int32(of)) })
}

func TestAddRowsI8(t *testing.T) {
	same(t, 600, func(r *rand.Rand) []any {
		n, in := columns(r), 1+r.IntN(30)
		w := ints(r, n*in, func() int8 { return int8(r.Uint32()) })
		if r.IntN(4) == 0 { // the largest sums
			for i := range w {
				w[i] = []int8{-128, 127}[i%2]
			}
		}
		acc := ints(r, n, func() int32 { return int32(r.Uint32()) })
		AddRowsI8(acc, w, randomRows(r, in))
		return []any{acc}
	})
}

func TestAddRowsF32(t *testing.T) {
	same(t, 600, func(r *rand.Rand) []any {
		n, in, calm := columns(r), 1+r.IntN(30), r.IntN(2) == 0
		w, acc := floats(r, n*in, calm), floats(r, n, calm)
		AddRowsF32(acc, w, randomRows(r, in))
		return []any{acc}
	})
}

func TestMulAdd(t *testing.T) {
	same(t, 400, func(r *rand.Rand) []any {
		m, k, n, calm := r.IntN(20), r.IntN(40), columns(r), r.IntN(2) == 0
		if r.IntN(8) == 0 {
			k = r.IntN(400) // more than one block
		}
		c, a, b := floats(r, m*n, calm), floats(r, m*k, calm), floats(r, k*n, calm)
		MulAdd(c, a, b, m, k, n)
		return []any{c}
	})
}

func TestStep(t *testing.T) {
	same(t, 800, func(r *rand.Rand) []any {
		n := r.IntN(201)
		p, acc, rho := randomCUBA(r, n)
		edge := func(n int32) int32 { return []int32{0, 1, n - 1, n, r.Int32N(n + 1), r.Int32N(n + 1)}[r.IntN(6)] }
		p.Par = fixed.CUBA{IDecay: edge(fixed.DecayOne), VDecay: edge(fixed.DecayOne), VTh: edge(fixed.MaxVTh), RefDelay: 1 + r.Int32N(5)}
		if p.Par.RefDelay > 1 {
			p.Ref = ints(r, n, func() int32 { return r.Int32N(p.Par.RefDelay) })
		}
		p.Rho, p.RhoShift = floats(r, r.IntN(2049), true), r.UintN(25)
		fired := []int32{-1}
		for range 3 { // acc is zero after the first
			fired = p.Step(acc, rho, fired)
		}
		noRho, acc2, _ := randomCUBA(r, n)
		noRho.Par = p.Par
		fired = noRho.Step(acc2, nil, fired)
		return []any{p.U, p.V, p.Ref, acc, rho, fired, noRho.U, noRho.V}
	})
}

// TestStepIsFixed compares with the definition: every decay factor, states at
// both ends of the registers, around zero and around multiples of 4096.
func TestStepIsFixed(t *testing.T) {
	var states []int32
	for x := int32(1); x <= fixed.UMax; x *= 2 {
		for d := int32(-2); d <= 2; d++ {
			states = append(states, x+d, -x+d, x-4096+d, 3*x/2+d, -3*x/2+d)
		}
	}
	states = slices.DeleteFunc(states, func(x int32) bool { return x <= -fixed.UMax || x > fixed.UMax })
	n := len(states)
	input := make([]int32, n)
	for i := range input {
		input[i] = []int32{0, 1, -1, 255 * 128, 1 << 16, -1 << 16, 1<<16 - 1}[i%7]
	}
	OnEvery(t, func(t *testing.T) {
		acc := make([]int32, n)
		for k := int32(0); k <= fixed.DecayOne; k++ {
			p := CUBA{U: slices.Clone(states), V: make([]int32, n), Par: fixed.CUBA{IDecay: k, VDecay: (k * 31) % 4097, VTh: k * 7, RefDelay: 1}}
			want := make([]fixed.State, n)
			for i := range want {
				p.V[i] = max(-fixed.VMax, min(fixed.VMax, states[n-1-i]))
				want[i] = fixed.State{U: p.U[i], V: p.V[i]}
			}
			copy(acc, input)
			fired := p.Step(acc, nil, nil)
			var spikes []int32
			for i := range want {
				if p.Par.Step(&want[i], 2*int64(input[i]), 0) {
					spikes = append(spikes, int32(i))
				}
				if p.U[i] != want[i].U || p.V[i] != want[i].V {
					t.Fatalf("decay %d, u = %d, v = %d, input %d: %d %d, want %v", k, states[i], states[n-1-i], input[i], p.U[i], p.V[i], want[i])
				}
			}
			if !slices.Equal(fired, spikes) {
				t.Fatalf("decay %d: fired %v, want %v", k, fired, spikes)
			}
		}
	})
}

func TestAdjoint(t *testing.T) {
	same(t, 400, func(r *rand.Rand) []any {
		n, ticks, calm := r.IntN(201), r.IntN(12), r.IntN(2) == 0
		e, rho := floats(r, n*ticks, calm), floats(r, n*ticks, calm)
		var spiked func(int) []int32
		if n > 0 && r.IntN(2) == 0 {
			rows := ints(r, 3, func() int32 { return r.Int32N(int32(n)) })
			spiked = func(tick int) []int32 { return rows[:tick%4] }
		}
		Adjoint(e, rho, floats(r, n, true), r.Float32(), r.Float32(), spiked)
		return []any{e, rho}
	})
}

func TestAdam(t *testing.T) {
	same(t, 400, func(r *rand.Rand) []any {
		n, calm := r.IntN(201), r.IntN(2) == 0
		x, m, v, g := floats(r, n, calm), floats(r, n, calm), floats(r, n, calm), floats(r, n, calm)
		for i := range v {
			v[i] *= v[i]
		}
		p := Adam{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, FromM: 1 + r.Float32(), FromG: r.Float32(), FromV: 1 + 100*r.Float32(), Rate: 0.01}
		p.Apply(x, m, v, g)
		return []any{x, m, v, g}
	})
}

// TestBadSizesPanic: whatever the arguments, assembly never leaves the slices.
func TestBadSizesPanic(t *testing.T) {
	f := func(n int) []float32 { return make([]float32, n) }
	i := func(n int) []int32 { return make([]int32, n) }
	for name, call := range map[string]func(){
		"row too high":     func() { AddRowsF32(f(64), f(640), []int32{0, 10}) },
		"row negative":     func() { AddRowsF32(f(64), f(640), []int32{-1}) },
		"no matrix":        func() { AddRowsF32(f(64), nil, []int32{0}) },
		"int row too high": func() { AddRowsI8(i(64), make([]int8, 639), []int32{9}) },
		"int row negative": func() { AddRowsI8(i(64), make([]int8, 640), []int32{-1 << 31}) },
		"c short":          func() { MulAdd(f(63), f(64), f(64), 8, 8, 8) },
		"a short":          func() { MulAdd(f(64), f(63), f(64), 8, 8, 8) },
		"b short":          func() { MulAdd(f(64), f(64), f(63), 8, 8, 8) },
		"size negative":    func() { MulAdd(nil, nil, nil, -1, 0, 0) },
		"size wraps":       func() { MulAdd(f(64), f(64), f(64), math.MinInt, 4, 4) },
		"u short":          func() { (&CUBA{U: i(63), V: i(64)}).Step(i(64), nil, nil) },
		"v short":          func() { (&CUBA{U: i(64), V: i(63)}).Step(i(64), nil, nil) },
		"rho short":        func() { (&CUBA{U: i(64), V: i(64)}).Step(i(64), f(63), nil) },
		"ref short":        func() { (&CUBA{U: i(64), V: i(64), Ref: i(63)}).Step(i(64), nil, nil) },
		"adjoint":          func() { Adjoint(f(64), f(63), f(16), 0, 0, nil) },
		"moments":          func() { (&Adam{}).Apply(f(64), f(63), f(64), f(64)) },
	} {
		t.Run(name, func(t *testing.T) {
			OnEvery(t, func(t *testing.T) {
				defer func() {
					if recover() == nil {
						t.Error("no panic")
					}
				}()
				call()
			})
		})
	}
}
