package kernel

import (
	"math/rand/v2"
	"testing"
)

func randomStrips(r *rand.Rand, acc, src int) []Strip {
	strips := make([]Strip, r.IntN(12))
	for i := range strips {
		n := r.IntN(min(acc, src, 1+[]int{4, 70, 400}[r.IntN(3)]) + 1)
		strips[i] = Strip{To: int32(r.IntN(acc - n + 1)), From: int32(r.IntN(src - n + 1)), Len: int32(n)}
	}
	return strips
}

func TestAddStripsI8(t *testing.T) {
	same(t, 600, func(r *rand.Rand) []any {
		n, m := r.IntN(700), r.IntN(700)
		acc, w := ints(r, n, func() int32 { return int32(r.Uint32()) }), ints(r, m, func() int8 { return int8(r.Uint32()) })
		AddStripsI8(acc, w, randomStrips(r, n, m))
		return []any{acc}
	})
}

func TestAddStripsF32(t *testing.T) {
	same(t, 600, func(r *rand.Rand) []any {
		n, m, calm := r.IntN(700), r.IntN(700), r.IntN(2) == 0
		acc, src := floats(r, n, calm), floats(r, m, calm)
		AddStripsF32(acc, src, randomStrips(r, n, m))
		return []any{acc}
	})
}

func TestStripsOutOfRange(t *testing.T) {
	OnEvery(t, func(t *testing.T) {
		for _, s := range []Strip{{8, 0, 3}, {0, 8, 3}, {-1, 0, 1}, {0, -1, 1}, {0, 0, -1}, {0, 0, 11}, {1 << 30, 0, 1}} {
			for _, f := range []func(){
				func() { AddStripsI8(make([]int32, 10), make([]int8, 10), []Strip{s}) },
				func() { AddStripsF32(make([]float32, 10), make([]float32, 10), []Strip{s}) },
			} {
				func() {
					defer func() {
						if recover() == nil {
							t.Errorf("%v was taken", s)
						}
					}()
					f()
				}()
			}
		}
	})
}

// TestMulAddStrided compares windows that overlap with their copies in a dense matrix.
func TestMulAddStrided(t *testing.T) {
	same(t, 400, func(r *rand.Rand) []any {
		m, k, n, calm := 1+r.IntN(20), 1+r.IntN(40), 1+r.IntN(70), r.IntN(2) == 0
		lda, gap := 1+r.IntN(k+3), r.IntN(3)
		a, b := floats(r, (m-1)*lda+k, calm), floats(r, k*n, calm)
		c := floats(r, (m-1)*(n+gap)+n, calm)
		dense, windows := make([]float32, m*n), make([]float32, m*k)
		for i := range m {
			copy(dense[i*n:], c[i*(n+gap):][:n])
			copy(windows[i*k:], a[i*lda:][:k])
		}
		MulAddStrided(c, a, b, m, k, n, lda, n+gap)
		MulAdd(dense, windows, b, m, k, n)
		var rows []float32
		for i := range m {
			rows = append(rows, c[i*(n+gap):][:n]...)
		}
		if !equal(rows, dense) {
			t.Fatalf("%d×%d×%d, rows %d and %d apart: not the product of the windows", m, k, n, lda, n+gap)
		}
		return []any{c}
	})
}

func BenchmarkAddStripsI8(b *testing.B) {
	benchmarkStrips(b, func(acc []float32, acci []int32, w []float32, wi []int8, s []Strip) { AddStripsI8(acci, wi, s) })
}
func BenchmarkAddStripsF32(b *testing.B) {
	benchmarkStrips(b, func(acc []float32, acci []int32, w []float32, wi []int8, s []Strip) { AddStripsF32(acc, w, s) })
}

// benchmarkStrips spreads spikes over a 15×15×12 plane into one of 11×11×64 by a 5×5 kernel.
func benchmarkStrips(b *testing.B, f func(acc []float32, acci []int32, w []float32, wi []int8, s []Strip)) {
	acc, acci := make([]float32, 11*11*64), make([]int32, 11*11*64)
	w, wi := make([]float32, 12*25*64), make([]int8, 12*25*64)
	r := rand.New(rand.NewPCG(1, 1))
	var spikes [][]Strip
	for range 540 {
		y, x, c := r.IntN(7), r.IntN(7), r.IntN(12)
		var s []Strip
		for k := range 5 {
			s = append(s, Strip{To: int32(((y+k)*11 + x) * 64), From: int32((c*5 + k) * 320), Len: 320})
		}
		spikes = append(spikes, s)
	}
	for b.Loop() {
		for _, s := range spikes {
			f(acc, acci, w, wi, s)
		}
	}
	b.ReportMetric(float64(b.N)*540*5*320/b.Elapsed().Seconds()/1e9, "Gadd/s")
}
