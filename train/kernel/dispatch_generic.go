//go:build !amd64 || purego

package kernel

func best() level { return pure }

func addRowsI8(acc []int32, w []int8, rows []int32)     { addRowsI8Go(acc, w, rows) }
func addRowsF32(acc, w []float32, rows []int32)         { addRowsF32Go(acc, w, rows) }
func addStripsI8(acc []int32, w []int8, s []Strip)      { addStripsI8Go(acc, w, s) }
func addStripsF32(acc, src []float32, s []Strip)        { addStripsF32Go(acc, src, s) }
func adjointRow(e, r, gu, gv []float32, ku, kv float32) { adjointRowGo(e, r, gu, gv, ku, kv) }

func mulAdd(c, a, b []float32, m, k, n, lda, ldc int) { mulAddGo(c, a, b, m, k, n, lda, ldc) }

func (p *CUBA) step(acc []int32, rho []float32, fired []int32) []int32 {
	return p.stepGo(0, acc, rho, fired)
}

func (p *Adam) apply(value, m, v, g []float32) { p.applyGo(value, m, v, g) }
