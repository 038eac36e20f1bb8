package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/isospike/isospike/snn/fixed"
)

// force makes l the level in use and returns what undoes it.
func force(l level) (undo func()) {
	old := simd
	simd = l
	return func() { simd = old }
}

// OnEvery runs f as a subtest on every level that this machine has.
func OnEvery(t *testing.T, f func(t *testing.T)) {
	for l := pure; l <= best(); l++ {
		t.Run(l.String(), func(t *testing.T) {
			defer force(l)()
			f(t)
		})
	}
}

// same runs f for many draws on every level and wants the bits of the pure level
// each time. f makes its arguments by draw and clone, and returns its results.
func same(t *testing.T, draws int, f func(r *rand.Rand) []any) {
	for seed := range uint64(draws) {
		run := func(l level) []any {
			defer force(l)()
			return f(rand.New(rand.NewPCG(seed, 7)))
		}
		want := run(pure)
		for l := avx2; l <= best(); l++ {
			for i, got := range run(l) {
				if !equal(got, want[i]) {
					t.Fatalf("draw %d, result %d, %s:\n%v\nwant\n%v", seed, i, l, got, want[i])
				}
			}
		}
		unmap()
	}
}

// equal compares bits, but takes any NaN for any other: which operand's payload
// survives is not defined.
func equal(a, b any) bool {
	switch a := a.(type) {
	case []float32:
		return slices.EqualFunc(a, b.([]float32), func(x, y float32) bool {
			return math.Float32bits(x) == math.Float32bits(y) || x != x && y != y
		})
	default:
		return slices.Equal(a.([]int32), b.([]int32))
	}
}

// floats draws n numbers of which some are zeros of both signs, denormal, huge or
// infinite; calm leaves out what overflows.
func floats(r *rand.Rand, n int, calm bool) []float32 {
	f := atPageEnd[float32](n)
	for i := range f {
		f[i] = r.Float32()*2 - 1
		switch r.IntN(12) {
		case 0:
			f[i] = 0
		case 1:
			f[i] = float32(math.Copysign(0, -1))
		case 2:
			f[i] *= 1e-40
		case 3:
			f[i] *= 1e-22 // products are denormal
		case 4:
			f[i] *= 1e8
		case 5:
			if !calm {
				f[i] *= math.MaxFloat32
			}
		case 6:
			if !calm && r.IntN(50) == 0 {
				f[i] = float32(math.Inf(1))
			}
		}
	}
	return f
}

func ints[T int8 | int32](r *rand.Rand, n int, draw func() T) []T {
	s := atPageEnd[T](n)
	for i := range s {
		s[i] = draw()
	}
	return s
}

// randomCUBA returns n neurons with states over their whole range, its ends and
// zero often among them, and input and surrogate rows for them.
func randomCUBA(r *rand.Rand, n int) (p *CUBA, acc []int32, rho []float32) {
	state := func(limit int32) []int32 {
		return ints(r, n, func() int32 {
			switch edge := r.Int32N(3); r.IntN(6) {
			case 0:
				return limit - edge
			case 1:
				return edge - fixed.VMax
			case 2:
				return edge - 1
			}
			return r.Int32N(2*fixed.VMax+1) - fixed.VMax
		})
	}
	p = &CUBA{U: state(fixed.UMax), V: state(fixed.VMax)}
	acc = ints(r, n, func() int32 { return int32(r.Uint32()) >> r.UintN(32) })
	return p, acc, atPageEnd[float32](n)
}
