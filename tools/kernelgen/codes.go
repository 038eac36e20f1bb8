package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// most is how many codes of 8 bits, signed or not, 16 bits can sum.
const most = 256

// ahead is how many strips before their turn codes are fetched from memory, to the L2 cache: more can be under way there than to L1.
const ahead = 10

// addCodes writes the sum of strips of weight codes in a sign mode. Strips that follow each other with the same
// place and length are one group: their sums stay in registers, of 16 bits for each code, over as many columns as there are registers.
func addCodes(v vec, mode string) {
	function("add"+mode+v.name, "func(acc *int32, codes *uint8, strips *int32, count int)", "is addGo of "+mode+" codes for 1 strip or more; acc goes on for Slack beyond them.")
	acc, codes, strips, count := pointer("acc"), pointer("codes"), pointer("strips"), pointer("count")
	key, n, p := GP64(), GP64(), GP64()
	to, left := GP64(), GP64()
	last := GP64() // strips before it have others ahead
	LEAQ(Mem{Base: count, Index: count, Scale: 2}, last)
	LEAQ(Mem{Base: strips, Index: last, Scale: 4, Disp: -12 * ahead}, last)
	Label("group")
	MOVQ(Mem{Base: strips}, key) // place and length
	MOVQ(strips, p)
	XORQ(n, n)
	Label("same")
	INCQ(n)
	ADDQ(I8(12), p)
	CMPQ(n, count)
	JGE(LabelRef("counted"))
	CMPQ(n, I32(most))
	JGE(LabelRef("counted"))
	CMPQ(key, Mem{Base: p})
	JEQ(LabelRef("same"))
	Label("counted")
	MOVLQSX(key.As32(), to)
	SHRQ(U8(32), key)
	MOVQ(key, left)
	LEAQ(Mem{Base: acc, Index: to, Scale: 4}, to)
	from := GP64()
	MOVQ(codes, from) // and the columns that are done
	// each passes over the strips of the group.
	each := func(label string, fetch int, body func(code Mem)) {
		q, m, at := GP64(), GP64(), GP64()
		MOVQ(strips, q)
		MOVQ(n, m)
		Label(label)
		if fetch > 0 {
			CMPQ(q, last)
			JAE(LabelRef(label + "near"))
			MOVLQSX(Mem{Base: q, Disp: 12*ahead + 8}, at)
			for line := 0; line < fetch; line += 64 {
				PREFETCHT1(Mem{Base: from, Index: at, Scale: 1, Disp: line})
			}
			Label(label + "near")
		}
		MOVLQSX(Mem{Base: q, Disp: 8}, at)
		body(Mem{Base: from, Index: at, Scale: 1})
		ADDQ(I8(12), q)
		DECQ(m)
		JNZ(LabelRef(label))
	}
	// merge adds a sum to those at a place.
	merge := func(v vec, sum reg.VecVirtual, at Mem) {
		x := v.reg()
		if mode == "Mixed" {
			VPADDD(sum, sum, sum)
		}
		if mode == "Inhibitory" {
			loadLanes(v, at, x)
			VPSUBD(sum, x, x)
		} else {
			VPADDD(at, sum, x)
		}
		VMOVUPS(x, at)
	}
	extend := func(bits string, code Op, x reg.VecVirtual) {
		switch {
		case bits == "8to16" && mode == "Mixed":
			VPMOVSXBW(code, x)
		case bits == "8to16":
			VPMOVZXBW(code, x)
		case bits == "16to32" && mode == "Mixed":
			VPMOVSXWD(code, x)
		case bits == "16to32":
			VPMOVZXWD(code, x)
		case mode == "Mixed":
			VPMOVSXBD(code, x)
		default:
			VPMOVZXBD(code, x)
		}
	}
	next := func(cols int) {
		ADDQ(I32(4*cols), to)
		ADDQ(I32(cols), from)
		SUBQ(I32(cols), left)
	}
	// sum adds the columns of k registers, of the last one those of a mask where there is one.
	sum := func(k int, mask reg.Register) {
		lanes := v.bytes / 2
		sums := v.regs(k)
		for _, s := range sums {
			v.zero(s)
		}
		label, fetch := fmt.Sprintf("each%d", k), k*lanes
		if mask != nil {
			label += "Masked"
		}
		each(label, fetch, func(code Mem) {
			for i, s := range sums {
				x := v.reg()
				switch at := code.Offset(lanes * i); {
				case mask == nil || i < k-1:
					extend("8to16", at, x)
				case mode == "Mixed":
					VPMOVSXBW_Z(at, mask, x)
				default:
					VPMOVZXBW_Z(at, mask, x)
				}
				VPADDW(x, s, s)
			}
		})
		for i, s := range sums {
			x, at := v.reg(), Mem{Base: to, Disp: 4 * lanes * i}
			if v.bytes == zmm.bytes {
				extend("16to32", s.AsY(), x)
				merge(v, x, at)
				VEXTRACTI64X4(U8(1), s, s.AsY())
				extend("16to32", s.AsY(), s)
			} else {
				extend("16to32", s.AsX(), x)
				merge(v, x, at)
				VEXTRACTI128(U8(1), s, s.AsX())
				extend("16to32", s.AsX(), s)
			}
			merge(v, s, at.Offset(v.bytes))
		}
	}
	widths := []int{8, 1} // in registers of 16-bit sums
	if v.bytes == zmm.bytes {
		widths = []int{16, 4}
	}
	for _, k := range widths {
		cols := v.bytes / 2 * k
		loop, below := fmt.Sprintf("add%d", k), fmt.Sprintf("below%d", k)
		Label(loop)
		CMPQ(left, I32(cols))
		JL(LabelRef(below))
		sum(k, nil)
		next(cols)
		JMP(LabelRef(loop))
		Label(below)
	}
	if v.bytes == zmm.bytes {
		// The last up to 127 in one pass: codes under a mask, but all sums are read and written, as what follows
		// a masked store waits for it.
		for k := 4; k > 0; k-- {
			below := fmt.Sprintf("rest%d", k)
			CMPQ(left, I32(32*(k-1)))
			JLE(LabelRef(below))
			SUBQ(I32(32*(k-1)), left)
			bits, mask := GP32(), K()
			MOVL(U32(0xffffffff), bits)
			BZHIL(left.As32(), bits, bits)
			KMOVD(bits, mask)
			sum(k, mask)
			JMP(LabelRef("end"))
			Label(below)
		}
	} else {
		// The last up to 15: first 8, then one by one.
		CMPQ(left, I8(8))
		JL(LabelRef("one"))
		sum, x := YMM(), YMM()
		v.zero(sum)
		each("eachLanes", 0, func(code Mem) {
			extend("8to32", code, x)
			VPADDD(x, sum, sum)
		})
		merge(v, sum, Mem{Base: to})
		next(8)
		Label("one")
		TESTQ(left, left)
		JLE(LabelRef("end"))
		total, y := GP32(), GP32()
		XORL(total, total)
		each("eachOne", 0, func(code Mem) {
			extendOne(mode, code, y)
			ADDL(y, total)
		})
		addOne(mode, total, Mem{Base: to})
		next(1)
		JMP(LabelRef("one"))
	}
	Label("end")
	SUBQ(n, count)
	LEAQ(Mem{Base: n, Index: n, Scale: 2}, n)
	LEAQ(Mem{Base: strips, Index: n, Scale: 4}, strips)
	TESTQ(count, count)
	JG(LabelRef("group"))
	done()
}

// extendOne loads a code.
func extendOne(mode string, code Mem, x reg.GPVirtual) {
	if mode == "Mixed" {
		MOVBLSX(code, x)
	} else {
		MOVBLZX(code, x)
	}
}

// addOne adds a sum of codes, which is lost, to that at a place.
func addOne(mode string, sum reg.GPVirtual, to Mem) {
	switch mode {
	case "Mixed":
		ADDL(sum, sum)
		ADDL(sum, to)
	case "Excitatory":
		ADDL(sum, to)
	case "Inhibitory":
		SUBL(sum, to)
	}
}

// scatter writes the sum of codes at places of their own.
func scatter(mode string) {
	function("scatter"+mode, "func(acc *int32, sums int, targets *uint16, codes *uint8, strips *int32, count int) int",
		"is scatterGo of "+mode+" codes for 1 strip or more, of 1 synapse or more. It returns how many strips it has not added: 0, or more where a place is not below sums.")
	acc, sums, targets, codes, strips, count := pointer("acc"), pointer("sums"), pointer("targets"), pointer("codes"), pointer("strips"), pointer("count")
	to, n, at := GP64(), GP64(), GP64()
	Label("strip")
	CMPQ(count, I8(ahead))
	JLE(LabelRef("near"))
	MOVLQSX(Mem{Base: strips, Disp: 12*ahead + 8}, at)
	for line := 0; line < 128; line += 64 {
		PREFETCHT0(Mem{Base: targets, Index: at, Scale: 2, Disp: line})
	}
	PREFETCHT0(Mem{Base: codes, Index: at, Scale: 1})
	PREFETCHT0(Mem{Base: codes, Index: at, Scale: 1, Disp: 64})
	Label("near")
	MOVLQSX(Mem{Base: strips}, to)
	MOVLQSX(Mem{Base: strips, Disp: 4}, n)
	MOVLQSX(Mem{Base: strips, Disp: 8}, at)
	one := func(k int) {
		t, x := GP64(), GP32()
		MOVWQZX(Mem{Base: targets, Index: at, Scale: 2, Disp: 2 * k}, t)
		ADDQ(to, t)
		CMPQ(t, sums)
		JAE(LabelRef("out"))
		extendOne(mode, Mem{Base: codes, Index: at, Scale: 1, Disp: k}, x)
		addOne(mode, x, Mem{Base: acc, Index: t, Scale: 4})
	}
	SUBQ(I8(4), n)
	JL(LabelRef("last"))
	Label("four")
	for k := range 4 {
		one(k)
	}
	ADDQ(I8(4), at)
	SUBQ(I8(4), n)
	JGE(LabelRef("four"))
	Label("last")
	ADDQ(I8(4), n)
	JZ(LabelRef("added"))
	Label("one")
	one(0)
	INCQ(at)
	DECQ(n)
	JNZ(LabelRef("one"))
	Label("added")
	ADDQ(I8(12), strips)
	DECQ(count)
	JNZ(LabelRef("strip"))
	Label("out")
	Store(count, ReturnIndex(0))
	RET()
}
