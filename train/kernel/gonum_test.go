package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// TestMulAddAgainstGonum holds the matrix product to one that was written elsewhere
// and runs in float64. The twins are only ever compared with each other.
func TestMulAddAgainstGonum(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, s := range [][3]int{{300, 512, 512}, {300, 10, 162}, {7, 33, 5}, {1, 1, 1}} {
		m, k, n := s[0], s[1], s[2]
		a, b, c := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
		wa, wb, wc := make([]float64, m*k), make([]float64, k*n), make([]float64, m*n)
		for _, x := range []struct {
			f []float32
			w []float64
		}{{a, wa}, {b, wb}, {c, wc}} {
			for i := range x.f {
				x.f[i] = r.Float32() - 0.5
				x.w[i] = float64(x.f[i])
			}
		}
		MulAdd(c, a, b, m, k, n)
		blas64.Gemm(blas.NoTrans, blas.NoTrans, 1, blas64.General{Rows: m, Cols: k, Stride: k, Data: wa},
			blas64.General{Rows: k, Cols: n, Stride: n, Data: wb}, 1, blas64.General{Rows: m, Cols: n, Stride: n, Data: wc})
		for i := range c {
			// k roundings of terms below ¼, each half a unit in the last place of the sum.
			if d := math.Abs(float64(c[i]) - wc[i]); d > float64(k)*0x1p-24*4 {
				t.Fatalf("%d×%d×%d, element %d: %v, gonum %v", m, k, n, i, c[i], wc[i])
			}
		}
	}
}
