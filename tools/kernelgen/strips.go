package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// block is k registers of a vector length.
type block struct {
	v vec
	k int
}

// addStrips writes the sum of strips, of int8 codes (size 1) or of float32 (size 4).
func addStrips(v vec, size int) {
	kind, ptr := "I8", "acc *int32, w *int8"
	if size == 4 {
		kind, ptr = "F32", "acc *float32, w *float32"
	}
	function("addStrips"+kind+v.name, "func("+ptr+", strips *int32, count int)", "is addStrips"+kind+"Go for 1 strip or more.")
	acc, w, strips, count := pointer("acc"), pointer("w"), pointer("strips"), pointer("count")
	to, from, left := GP64(), GP64(), GP64()
	Label("strip")
	MOVLQSX(Mem{Base: strips}, to)
	MOVLQSX(Mem{Base: strips, Disp: 4}, from)
	MOVLQSX(Mem{Base: strips, Disp: 8}, left)
	LEAQ(Mem{Base: acc, Index: to, Scale: 4}, to)
	LEAQ(Mem{Base: w, Index: from, Scale: uint8(size)}, from)
	widths := []block{{v, 4}, {v, 1}, {ymm, 1}, {xmm, 1}}
	if v.bytes == ymm.bytes {
		widths = []block{{v, 4}, {v, 1}, {xmm, 1}}
	}
	for _, b := range widths {
		cols := b.v.lanes() * b.k
		loop, next := fmt.Sprintf("add%dx%d", b.v.bytes, b.k), fmt.Sprintf("below%dx%d", b.v.bytes, b.k)
		Label(loop)
		CMPQ(left, I32(cols))
		JL(LabelRef(next))
		for i, x := range b.v.regs(b.k) {
			at := Mem{Base: to, Disp: b.v.bytes * i}
			if size == 1 {
				VPMOVSXBD(Mem{Base: from, Disp: b.v.lanes() * i}, x)
				VPADDD(at, x, x)
			} else {
				VMOVUPS(at, x)
				VADDPS(Mem{Base: from, Disp: b.v.bytes * i}, x, x)
			}
			VMOVUPS(x, at)
		}
		ADDQ(I32(4*cols), to)
		ADDQ(I32(size*cols), from)
		SUBQ(I32(cols), left)
		JMP(LabelRef(loop))
		Label(next)
	}
	// The last up to 3, one by one.
	Label("one")
	TESTQ(left, left)
	JLE(LabelRef("end"))
	if size == 1 {
		x := GP32()
		MOVBLSX(Mem{Base: from}, x)
		ADDL(x, Mem{Base: to})
	} else {
		x := XMM()
		VMOVSS(Mem{Base: to}, x)
		VADDSS(Mem{Base: from}, x, x)
		VMOVSS(x, Mem{Base: to})
	}
	ADDQ(I8(4), to)
	ADDQ(I8(size), from)
	DECQ(left)
	JMP(LabelRef("one"))
	Label("end")
	ADDQ(I8(12), strips)
	DECQ(count)
	JNZ(LabelRef("strip"))
	done()
}
