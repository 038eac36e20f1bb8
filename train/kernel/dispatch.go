package kernel

import "math"

// level is an instruction set that the kernels have code for.
type level int

const (
	pure level = iota // Go, the definition
	avx2
	avx512
)

func (l level) String() string { return [...]string{"go", "avx2", "avx512"}[l] }

// simd is the level in use. Every level gives the same bits; tests force each.
var simd = best()

// AddRowsI8 adds rows of an int8 matrix with len(acc) columns to acc:
// acc[j] += Σ_r w[r·n+j]. It panics where w has no such row.
func AddRowsI8(acc []int32, w []int8, rows []int32) { addRowsI8(acc, w, rows) }

// AddRowsF32 adds rows of a float32 matrix with len(acc) columns to acc, one
// after the other in the order given. It panics where w has no such row.
func AddRowsF32(acc, w []float32, rows []int32) { addRowsF32(acc, w, rows) }

// MulAdd computes C += A·B for row-major A (m×k), B (k×n) and C (m×n). Every
// element of C sums its products in ascending k, each product rounded first.
func MulAdd(c, a, b []float32, m, k, n int) {
	if uint(m|k|n) > math.MaxInt32 {
		panic("kernel: matrix size out of range") // m*k could wrap below
	}
	mulAdd(c[:m*n], a[:m*k], b[:k*n], m, k, n)
}
