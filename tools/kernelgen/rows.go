package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// gather is the loop that all row sums have in common: it walks the matrix in
// blocks of columns that stay in registers while all rows pass.
type gather struct {
	acc, w, left, stride, rows, count reg.GPVirtual
	size                              int // of an element of w
}

func newGather(size int) gather {
	g := gather{acc: pointer("acc"), w: pointer("w"), left: pointer("n"), rows: pointer("rows"), count: pointer("count"), size: size}
	g.stride = GP64()
	MOVQ(g.left, g.stride)
	if size > 1 {
		SHLQ(U8(2), g.stride)
	}
	return g
}

// blocks takes cols columns at a time, while there are as many. each is called
// with the address of a row's block.
func (g gather) blocks(cols int, before func(), each func(row Mem), after func()) {
	loop, next := fmt.Sprintf("cols%d", cols), fmt.Sprintf("below%d", cols)
	Label(loop)
	CMPQ(g.left, I32(cols))
	JL(LabelRef(next))
	before()
	g.each(fmt.Sprintf("row%d", cols), each)
	after()
	ADDQ(I32(4*cols), g.acc)
	ADDQ(I32(g.size*cols), g.w)
	SUBQ(I32(cols), g.left)
	JMP(LabelRef(loop))
	Label(next)
}

// sum is the address of the block's i-th sum.
func (g gather) sum(i int) Mem { return Mem{Base: g.acc, Disp: 4 * i} }

// each passes over all rows.
func (g gather) each(label string, each func(row Mem)) {
	p, n, at := GP64(), GP64(), GP64()
	MOVQ(g.rows, p)
	MOVQ(g.count, n)
	Label(label)
	MOVL(Mem{Base: p}, at.As32())
	IMULQ(g.stride, at)
	each(Mem{Base: g.w, Index: at, Scale: 1})
	ADDQ(I8(4), p)
	DECQ(n)
	JNZ(LabelRef(label))
}

// addRowsI8 sums in 16-bit lanes, which hold 256 rows.
func addRowsI8(v vec) {
	function("addRowsI8"+v.name, "func(acc *int32, n int, w *int8, rows *int32, count int)",
		"is addRowsI8Go for 1 to 256 rows.")
	g := newGather(1)
	for _, b := range []struct {
		v vec
		k int
	}{{v, 4}, {ymm, 2}, {xmm, 1}} {
		sum, lanes := b.v.regs(b.k), b.v.bytes/2
		g.blocks(lanes*b.k, func() {
			for _, s := range sum {
				b.v.zero(s)
			}
		}, func(row Mem) {
			for i, s := range sum {
				x := b.v.reg()
				VPMOVSXBW(row.Offset(lanes*i), x)
				VPADDW(x, s, s)
			}
		}, func() {
			for i, s := range sum {
				widen(b.v, s, g.sum(lanes*i))
			}
		})
	}
	sum, x := GP32(), GP32()
	g.blocks(1, func() { MOVL(g.sum(0), sum) }, func(row Mem) {
		MOVBLSX(row, x)
		ADDL(x, sum)
	}, func() { MOVL(sum, g.sum(0)) })
	done()
}

// widen adds the 16-bit lanes of s to the 32-bit integers at to. s is lost.
func widen(v vec, s reg.VecVirtual, to Mem) {
	add := func(from Op, v vec, to Mem) {
		x := v.reg()
		VPMOVSXWD(from, x)
		VPADDD(to, x, x)
		VMOVUPS(x, to)
	}
	switch v.bytes {
	case 16:
		add(s, ymm, to)
	case 32:
		add(s.AsX(), ymm, to)
		VEXTRACTI128(U8(1), s, s.AsX())
		add(s.AsX(), ymm, to.Offset(32))
	case 64:
		add(s.AsY(), zmm, to)
		VEXTRACTI64X4(U8(1), s, s.AsY())
		add(s.AsY(), zmm, to.Offset(64))
	}
}

func addRowsF32(v vec) {
	function("addRowsF32"+v.name, "func(acc *float32, n int, w *float32, rows *int32, count int)",
		"is addRowsF32Go for 1 row or more.")
	g := newGather(4)
	for _, b := range []struct {
		v vec
		k int
	}{{v, 8}, {ymm, 4}} {
		sum := b.v.regs(b.k)
		g.blocks(b.v.lanes()*b.k, func() {
			for i, s := range sum {
				VMOVUPS(g.sum(b.v.lanes()*i), s)
			}
		}, func(row Mem) {
			for i, s := range sum {
				VADDPS(row.Offset(b.v.bytes*i), s, s)
			}
		}, func() {
			for i, s := range sum {
				VMOVUPS(s, g.sum(b.v.lanes()*i))
			}
		})
	}
	// The last up to 31 columns, 8 at a time under a mask.
	Label("tail")
	TESTQ(g.left, g.left)
	JLE(LabelRef("end"))
	lanes, eight := GP64(), GP64()
	MOVQ(I32(8), eight)
	MOVQ(g.left, lanes)
	CMPQ(lanes, eight)
	CMOVQGT(eight, lanes)
	mask, sum, x := laneMask(lanes), YMM(), YMM()
	VMASKMOVPS(g.sum(0), mask, sum)
	g.each("rowTail", func(row Mem) {
		VMASKMOVPS(row, mask, x)
		VADDPS(x, sum, sum)
	})
	VMASKMOVPS(sum, mask, g.sum(0))
	ADDQ(I32(32), g.acc)
	ADDQ(I32(32), g.w)
	SUBQ(I32(8), g.left)
	JMP(LabelRef("tail"))
	Label("end")
	done()
}
