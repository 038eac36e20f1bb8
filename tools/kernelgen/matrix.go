package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// mulAdd writes a tile of C += A·B, of 1 row or 6 and cols vectors, that stays in
// registers over the whole sum. cols = 0 is one vector of which only the first n
// lanes exist. Multiplication and addition are separate instructions: a fused one
// would round once, and give other bits than machines without it.
func mulAdd(v vec, rows, cols int) {
	masked := cols == 0
	cols = max(1, cols)
	name := fmt.Sprintf("mulAdd%dx%d", rows, cols*v.lanes())
	sig := "func(c, a, b *float32, k, ldA, ldB, ldC int)"
	doc := "is mulAddGo for a tile of C. Rows of A, B and C are ldA, ldB and ldC apart."
	if masked {
		name += "Masked"
		sig = "func(c, a, b *float32, k, ldA, ldB, ldC, n int)"
		doc += " Only n columns exist."
	}
	function(name, sig, doc)
	c, a, b, k := pointer("c"), pointer("a"), pointer("b"), pointer("k")
	ldA, ldB, ldC := pointer("ldA"), pointer("ldB"), pointer("ldC")
	for _, ld := range []reg.GPVirtual{ldA, ldB, ldC} {
		SHLQ(U8(2), ld) // to bytes
	}
	var mask reg.VecVirtual
	if masked {
		mask = laneMask(pointer("n"))
	}
	load := func(m Mem, r reg.VecVirtual) {
		if masked {
			VMASKMOVPS(m, mask, r)
		} else {
			VMOVUPS(m, r)
		}
	}
	store := func(r reg.VecVirtual, m Mem) {
		if masked {
			VMASKMOVPS(r, mask, m)
		} else {
			VMOVUPS(r, m)
		}
	}
	sum := make([][]reg.VecVirtual, rows)
	at := GP64()
	MOVQ(c, at)
	for i := range sum {
		sum[i] = v.regs(cols)
		for j, s := range sum[i] {
			load(Mem{Base: at, Disp: v.bytes * j}, s)
		}
		if i < rows-1 {
			ADDQ(ldC, at)
		}
	}
	rowA := []Mem{{Base: a}}
	if rows > 1 {
		ld3, ld5 := GP64(), GP64()
		LEAQ(Mem{Base: ldA, Index: ldA, Scale: 2}, ld3)
		LEAQ(Mem{Base: ldA, Index: ldA, Scale: 4}, ld5)
		rowA = append(rowA, Mem{Base: a, Index: ldA, Scale: 1}, Mem{Base: a, Index: ldA, Scale: 2},
			Mem{Base: a, Index: ld3, Scale: 1}, Mem{Base: a, Index: ldA, Scale: 4}, Mem{Base: a, Index: ld5, Scale: 1})
	}
	Label("loop")
	bs := v.regs(cols)
	for j, r := range bs {
		load(Mem{Base: b, Disp: v.bytes * j}, r)
	}
	for i := range sum {
		x := v.reg()
		VBROADCASTSS(rowA[i], x)
		for j, s := range sum[i] {
			p := x // the last product may take its factor's place
			if j < cols-1 {
				p = v.reg()
			}
			VMULPS(bs[j], x, p)
			VADDPS(p, s, s)
		}
	}
	ADDQ(I8(4), a)
	ADDQ(ldB, b)
	DECQ(k)
	JNZ(LabelRef("loop"))
	for i := range sum {
		for j, s := range sum[i] {
			store(s, Mem{Base: c, Disp: v.bytes * j})
		}
		if i < rows-1 {
			ADDQ(ldC, c)
		}
	}
	done()
}
