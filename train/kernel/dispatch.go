package kernel

// AddRowsI8 adds rows of an int8 matrix with len(acc) columns to acc:
// acc[j] += Σ_r w[r·n+j]. Rows must exist in w.
func AddRowsI8(acc []int32, w []int8, rows []int32) { addRowsI8(acc, w, rows) }

// AddRowsF32 adds rows of a float32 matrix with len(acc) columns to acc, one
// after the other in the order given. Rows must exist in w.
func AddRowsF32(acc []float32, w []float32, rows []int32) { addRowsF32(acc, w, rows) }

// MulAdd computes C += A·B for row-major A (m×k), B (k×n) and C (m×n), summing
// in ascending k.
func MulAdd(c, a, b []float32, m, k, n int) { mulAdd(c, a, b, m, k, n) }
