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

// AddStripsI8 adds strips of int8 codes to acc: acc[To+j] += w[From+j] for j < Len.
// It panics where a strip is not within acc and w. It is quickest where strips with
// the same To and Len follow each other.
func AddStripsI8(acc []int32, w []int8, strips []Strip) { addStripsI8(acc, w, strips) }

// AddStripsF32 adds strips of src to acc, one after the other in the order given:
// acc[To+j] += src[From+j] for j < Len. It panics where a strip is not within acc
// and src, which must not overlap. It is quickest where strips with the same To and
// Len follow each other: their sums then stay in registers.
func AddStripsF32(acc, src []float32, strips []Strip) { addStripsF32(acc, src, strips) }

// MulAdd computes C += A·B for row-major A (m×k), B (k×n) and C (m×n). Every
// element of C sums its products in ascending k, each product rounded first.
func MulAdd(c, a, b []float32, m, k, n int) { MulAddStrided(c, a, b, m, k, n, k, n) }

// MulAddStrided is MulAdd for rows of A that begin lda apart and rows of C that
// begin ldc apart. Rows of A may overlap (lda < k): with lda the number of channels
// of a plane, and k some pixels of them, A is every window of that many pixels. Rows
// of C may not. B is dense. What lies between rows of C is left alone.
func MulAddStrided(c, a, b []float32, m, k, n, lda, ldc int) {
	if uint(m|k|n|lda|ldc) > math.MaxInt32 || ldc < n {
		panic("kernel: matrix size out of range") // products of them could wrap below
	}
	if m == 0 || n == 0 || k == 0 {
		return
	}
	mulAdd(c[:(m-1)*ldc+n], a[:(m-1)*lda+k], b[:k*n], m, k, n, lda, ldc)
}
