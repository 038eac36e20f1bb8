//go:build amd64 && !purego

package kernel

import (
	"slices"
	"sync"
	"unsafe"

	"golang.org/x/sys/cpu"
)

//go:generate go run -C ../../tools ./kernelgen -out ../train/kernel/asm_amd64.s -stubs ../train/kernel/asm_amd64.go -pkg kernel

func best() level {
	switch x := &cpu.X86; {
	case !x.HasAVX2 || !x.HasBMI1:
		return pure
	case !x.HasAVX512F || !x.HasAVX512BW || !x.HasAVX512DQ || !x.HasBMI2:
		return avx2
	}
	return avx512
}

// checkRows panics unless all rows of n columns are in a matrix of the given size.
func checkRows(rows []int32, n, size int) {
	var last uint32 // a negative row is a large one
	for _, r := range rows {
		last = max(last, uint32(r))
	}
	if int(last) >= size/n {
		panic("kernel: row out of range")
	}
}

func addRowsI8(acc []int32, w []int8, rows []int32) {
	if simd == pure || len(acc) == 0 || len(rows) == 0 {
		addRowsI8Go(acc, w, rows)
		return
	}
	checkRows(rows, len(acc), len(w))
	for part := range slices.Chunk(rows, 256) { // what 16-bit lanes can hold
		if simd == avx512 {
			addRowsI8AVX512(&acc[0], len(acc), &w[0], &part[0], len(part))
		} else {
			addRowsI8AVX2(&acc[0], len(acc), &w[0], &part[0], len(part))
		}
	}
}

func addRowsF32(acc, w []float32, rows []int32) {
	if simd == pure || len(acc) == 0 || len(rows) == 0 {
		addRowsF32Go(acc, w, rows)
		return
	}
	checkRows(rows, len(acc), len(w))
	if simd == avx512 {
		addRowsF32AVX512(&acc[0], len(acc), &w[0], &rows[0], len(rows))
	} else {
		addRowsF32AVX2(&acc[0], len(acc), &w[0], &rows[0], len(rows))
	}
}

// kBlock is the part of a sum that mulAdd takes at a time.
const kBlock = 256

// panels lends room for the part of B that a column of tiles shares. A copy is
// worth it: in B itself its rows are n apart, and for n a power of two they would
// all want the same few lines of the cache.
var panels = sync.Pool{New: func() any { return new([kBlock * 64]float32) }}

// checkStrips panics unless all strips are in sums and sources of the given sizes.
func checkStrips(strips []Strip, acc, src int) {
	for _, s := range strips { // a negative number is a large one; three of them do not wrap in 64 bits
		to, from, n := uint64(uint32(s.To)), uint64(uint32(s.From)), uint64(uint32(s.Len))
		if to+n > uint64(acc) || from+n > uint64(src) {
			panic("kernel: strip out of range")
		}
	}
}

func addStripsI8(acc []int32, w []int8, strips []Strip) {
	if simd == pure || len(strips) == 0 || len(acc) == 0 || len(w) == 0 {
		addStripsI8Go(acc, w, strips)
		return
	}
	checkStrips(strips, len(acc), len(w))
	if simd == avx512 {
		addStripsI8AVX512(&acc[0], &w[0], &strips[0].To, len(strips))
	} else {
		addStripsI8AVX2(&acc[0], &w[0], &strips[0].To, len(strips))
	}
}

func addStripsF32(acc, src []float32, strips []Strip) {
	if simd == pure || len(strips) == 0 || len(acc) == 0 || len(src) == 0 {
		addStripsF32Go(acc, src, strips)
		return
	}
	checkStrips(strips, len(acc), len(src))
	if simd == avx512 {
		addStripsF32AVX512(&acc[0], &src[0], &strips[0].To, len(strips))
	} else {
		addStripsF32AVX2(&acc[0], &src[0], &strips[0].To, len(strips))
	}
}

func mulAdd(c, a, b []float32, m, k, n, lda, ldc int) {
	if simd == pure {
		mulAddGo(c, a, b, m, k, n, lda, ldc)
		return
	}
	panel := panels.Get().(*[kBlock * 64]float32)
	defer panels.Put(panel)
	for j, width := 0, 0; j < n; j += width {
		six, one := mulAdd6x16, mulAdd1x16
		switch left := n - j; {
		case left >= 64 && simd == avx512:
			six, one, width = mulAdd6x64, mulAdd1x64, 64
		case left >= 16:
			width = 16
		default:
			width = min(8, left)
			six = func(c, a, b *float32, k, ldA, ldB, ldC int) { mulAdd6x8Masked(c, a, b, k, ldA, ldB, ldC, width) }
			one = func(c, a, b *float32, k, ldA, ldB, ldC int) { mulAdd1x8Masked(c, a, b, k, ldA, ldB, ldC, width) }
		}
		for p := 0; p < k; p += kBlock {
			part, i := min(kBlock, k-p), 0
			for q := range part {
				copy(panel[q*width:][:width], b[(p+q)*n+j:])
			}
			for ; i+6 <= m; i += 6 {
				six(&c[i*ldc+j], &a[i*lda+p], &panel[0], part, lda, width, ldc)
			}
			for ; i < m; i++ {
				one(&c[i*ldc+j], &a[i*lda+p], &panel[0], part, lda, width, ldc)
			}
		}
	}
}

func (p *CUBA) step(acc []int32, rho []float32, fired []int32) []int32 {
	whole := len(acc) &^ 7
	if simd == avx512 {
		whole = len(acc)
	}
	if simd == pure || whole == 0 {
		return p.stepGo(0, acc, rho, fired)
	}
	ku, kv, th := p.factors()
	u, v := p.U[:whole], p.V[:whole]
	if rho != nil {
		rho = rho[:len(acc)]
	}
	fired = slices.Grow(fired, whole)
	to, n := unsafe.SliceData(fired[len(fired):cap(fired)]), 0
	r, table, entries := unsafe.SliceData(rho), unsafe.SliceData(p.Rho), int32(len(p.Rho))
	shift, up := int(p.RhoShift), int(p.up())
	switch {
	case simd == avx512 && p.Ref == nil:
		n = stepAVX512(&u[0], &v[0], &acc[0], r, table, to, whole, ku, kv, th, entries, shift, up)
	case simd == avx512:
		n = stepRestAVX512(&u[0], &v[0], &acc[0], r, table, to, &p.Ref[:whole][0], whole, ku, kv, th, entries, shift, up, p.Par.RefDelay-1)
	case p.Ref == nil:
		n = stepAVX2(&u[0], &v[0], &acc[0], r, table, to, whole, ku, kv, th, entries, shift, up)
	default:
		n = stepRestAVX2(&u[0], &v[0], &acc[0], r, table, to, &p.Ref[:whole][0], whole, ku, kv, th, entries, shift, up, p.Par.RefDelay-1)
	}
	return p.stepGo(whole, acc, rho, fired[:len(fired)+n])
}

func adjointRow(e, r, gu, gv []float32, keepU, keepV float32) {
	n := len(e)
	r, gu, gv = r[:n], gu[:n], gv[:n]
	whole := n &^ 7
	if simd == pure {
		whole = 0
	}
	if whole > 0 {
		adjointRowAVX2(&e[0], &r[0], &gu[0], &gv[0], whole, keepU, keepV)
	}
	adjointRowGo(e[whole:], r[whole:], gu[whole:], gv[whole:], keepU, keepV)
}

func (p *Adam) apply(x, m, v, g []float32) {
	whole := len(g) &^ 7
	if simd == pure {
		whole = 0
	}
	if whole > 0 {
		adamAVX2(&x[0], &m[0], &v[0], &g[0], whole, &[9]float32{p.Beta1, 1 - p.Beta1, p.Beta2, 1 - p.Beta2, p.FromM, p.FromG, p.FromV, p.Eps, p.Rate})
	}
	p.applyGo(x[whole:], m[whole:], v[whole:], g[whole:])
}
