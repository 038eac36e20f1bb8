package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// simulator writes the kernels of sim/kernel.
func simulator() {
	for _, v := range []vec{ymm, zmm} {
		addCodes(v, "Mixed")
		addCodes(v, "Excitatory")
		addCodes(v, "Inhibitory")
	}
	cells()
	cells512()
}

// addCodes writes the sum of strips of weight codes in a sign mode. Strips that follow each other with the same
// place and length are one group: their sums stay in registers.
func addCodes(v vec, mode string) {
	function("add"+mode+v.name, "func(acc *int32, codes *uint8, strips *int32, count int)", "is addGo of "+mode+" codes for 1 strip or more; acc goes on for Slack beyond them.")
	acc, codes, strips, count := pointer("acc"), pointer("codes"), pointer("strips"), pointer("count")
	key, n, p := GP64(), GP64(), GP64()
	to, left := GP64(), GP64()
	Label("group")
	MOVQ(Mem{Base: strips}, key) // place and length
	MOVQ(strips, p)
	XORQ(n, n)
	Label("same")
	INCQ(n)
	ADDQ(I8(12), p)
	CMPQ(n, count)
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
	each := func(label string, body func(code Mem)) {
		q, m, at := GP64(), GP64(), GP64()
		MOVQ(strips, q)
		MOVQ(n, m)
		Label(label)
		MOVLQSX(Mem{Base: q, Disp: 8}, at)
		body(Mem{Base: from, Index: at, Scale: 1})
		ADDQ(I8(12), q)
		DECQ(m)
		JNZ(LabelRef(label))
	}
	// merge adds a sum to those at a place.
	merge := func(sum reg.VecVirtual, at Mem) {
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
	for _, k := range []int{4, 1} {
		cols := v.lanes() * k
		loop, next := fmt.Sprintf("add%d", k), fmt.Sprintf("below%d", k)
		Label(loop)
		CMPQ(left, I32(cols))
		JL(LabelRef(next))
		sums := v.regs(k)
		for _, s := range sums {
			v.zero(s)
		}
		each(fmt.Sprintf("each%d", k), func(code Mem) {
			for i, s := range sums {
				x := v.reg()
				if mode == "Mixed" {
					VPMOVSXBD(code.Offset(v.lanes()*i), x)
				} else {
					VPMOVZXBD(code.Offset(v.lanes()*i), x)
				}
				VPADDD(x, s, s)
			}
		})
		for i, s := range sums {
			merge(s, Mem{Base: to, Disp: v.bytes * i})
		}
		ADDQ(I32(4*cols), to)
		ADDQ(I32(cols), from)
		SUBQ(I32(cols), left)
		JMP(LabelRef(loop))
		Label(next)
	}
	if v.bytes == zmm.bytes {
		// The last up to 15: codes under a mask, but all 16 sums are read and written, as what follows
		// a masked store waits for it.
		TESTQ(left, left)
		JLE(LabelRef("end"))
		bits, k, s := GP32(), K(), ZMM()
		MOVL(U32(0xffff), bits)
		BZHIL(left.As32(), bits, bits)
		KMOVW(bits, k)
		v.zero(s)
		each("eachTail", func(code Mem) {
			x := ZMM()
			if mode == "Mixed" {
				VPMOVSXBD_Z(code, k, x)
			} else {
				VPMOVZXBD_Z(code, k, x)
			}
			VPADDD(x, s, s)
		})
		merge(s, Mem{Base: to})
	} else {
		// The last up to 7, one by one.
		Label("one")
		TESTQ(left, left)
		JLE(LabelRef("end"))
		sum, x := GP32(), GP32()
		XORL(sum, sum)
		each("eachOne", func(code Mem) {
			if mode == "Mixed" {
				MOVBLSX(code, x)
			} else {
				MOVBLZX(code, x)
			}
			ADDL(x, sum)
		})
		switch mode {
		case "Mixed":
			ADDL(sum, sum)
			ADDL(sum, Mem{Base: to})
		case "Excitatory":
			ADDL(sum, Mem{Base: to})
		case "Inhibitory":
			SUBL(sum, Mem{Base: to})
		}
		ADDQ(I8(4), to)
		INCQ(from)
		DECQ(left)
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

// loadLanes loads 32-bit lanes into a register of any length.
func loadLanes(v vec, from Op, to reg.VecVirtual) {
	if v.bytes == zmm.bytes {
		VMOVDQU32(from, to)
	} else {
		VMOVDQU(from, to)
	}
}

const cellsSig = "func(u, v, acc, bias, ref, fired *int32, n int, p *[6]int32) (spikes int, moved int)"

// Offsets in Params.
const (
	keepU = 4 * iota
	keepV
	th
	down
	up
	refrain
)

// cells writes Step in 8 lanes.
func cells() {
	function("stepAVX2", cellsSig, "is stepGo for n neurons, a multiple of 8; bias and ref may be nil. p holds the fields of Params in order; moved is 0 where all are at rest.")
	u, v, acc, bias, ref := pointer("u"), pointer("v"), pointer("acc"), pointer("bias"), pointer("ref")
	fired, p := pointer("fired"), pointer("p")
	param := func(at int) reg.VecVirtual {
		x := YMM()
		VPBROADCASTD(Mem{Base: p, Disp: at}, x)
		return x
	}
	ku, kv, limit, delay := param(keepU), param(keepV), param(th), param(refrain)
	shiftDown, shiftUp := XMM(), XMM()
	VMOVD(Mem{Base: p, Disp: down}, shiftDown)
	VMOVD(Mem{Base: p, Disp: up}, shiftUp)
	first := GP64()
	MOVQ(fired, first)
	top, moved := YMM(), YMM()
	ones(top)
	VPSRLD(U8(9), top, top) // 2^23 − 1
	ymm.zero(moved)
	loop8(func(i reg.GPVirtual) {
		one, x, a, zero := YMM(), YMM(), YMM(), YMM()
		ymm.zero(zero)
		VMOVDQU(at(u, i), x)
		x = decay(x, ku)
		VMOVDQU(at(acc, i), a)
		VPSRAD(shiftDown, a, a)
		VPSLLD(shiftUp, a, a)
		VPADDD(a, x, x)
		ones(one)
		VPADDD(one, x, x)
		VPSLLD(U8(8), x, x)
		VPSRAD(U8(8), x, x)
		VPSUBD(one, x, x)
		VMOVDQU(x, at(u, i))
		VMOVDQU(zero, at(acc, i))
		VPOR(x, moved, moved)

		y := YMM()
		VMOVDQU(at(v, i), y)
		y = decay(y, kv)
		VPADDD(x, y, y)
		TESTQ(bias, bias)
		JZ(LabelRef("unbiased"))
		VPADDD(at(bias, i), y, y)
		Label("unbiased")
		VPMINSD(top, y, y)
		low, spike := YMM(), YMM()
		VPSUBD(top, zero, low)
		VPMAXSD(low, y, y)
		VPCMPGTD(limit, y, spike)
		TESTQ(ref, ref)
		JZ(LabelRef("awake"))
		left, resting := YMM(), YMM()
		VMOVDQU(at(ref, i), left)
		VPCMPGTD(zero, left, resting)
		VPADDD(resting, left, left)
		VPANDN(spike, resting, spike)
		VPANDN(y, resting, y)
		VPBLENDVB(spike, delay, left, left)
		VMOVDQU(left, at(ref, i))
		VPOR(left, moved, moved)
		Label("awake")
		VPANDN(y, spike, y)
		VMOVDQU(y, at(v, i))
		VPOR(y, moved, moved)

		bits, o := GP32(), GP32()
		VMOVMSKPS(spike, bits)
		TESTL(bits, bits)
		JZ(LabelRef("quiet"))
		Label("next")
		TZCNTL(bits, o)
		ADDL(i.As32(), o)
		MOVL(o, Mem{Base: fired})
		ADDQ(I8(4), fired)
		LEAL(Mem{Base: bits.As64(), Disp: -1}, o)
		ANDL(o, bits)
		JNZ(LabelRef("next"))
		Label("quiet")
	})
	SUBQ(first, fired)
	SHRQ(U8(2), fired)
	Store(fired, Return("spikes"))
	any, zero := GP32(), YMM()
	ymm.zero(zero)
	VPCMPEQD(zero, moved, moved)
	VMOVMSKPS(moved, any)
	XORL(U32(0xff), any)
	Store(any.As64(), Return("moved"))
	done()
}

// cells512 writes Step in 16 lanes.
func cells512() {
	function("stepAVX512", cellsSig, "is stepGo for n neurons; bias and ref may be nil. p holds the fields of Params in order; moved is 0 where all are at rest.")
	u, v, acc, bias, ref := pointer("u"), pointer("v"), pointer("acc"), pointer("bias"), pointer("ref")
	fired, p := pointer("fired"), pointer("p")
	param := func(at int) reg.VecVirtual {
		x := ZMM()
		VPBROADCASTD(Mem{Base: p, Disp: at}, x)
		return x
	}
	ku, kv, limit, delay := param(keepU), param(keepV), param(th), param(refrain)
	shiftDown, shiftUp := XMM(), XMM()
	VMOVD(Mem{Base: p, Disp: down}, shiftDown)
	VMOVD(Mem{Base: p, Disp: up}, shiftUp)
	first := GP64()
	MOVQ(fired, first)
	zero, one, top, low, moved := ZMM(), ZMM(), ZMM(), ZMM(), ZMM()
	VPXORD(zero, zero, zero)
	VPXORD(moved, moved, moved)
	VPTERNLOGD(U8(0xff), one, one, one) // −1
	VPSRLD(U8(9), one, top)             // 2^23 − 1
	VPSUBD(top, zero, low)
	number, sixteen := lanes16()
	loop16(pointer("n"), func(i reg.GPVirtual, k reg.Register) {
		x, a := ZMM(), ZMM()
		VMOVDQU32_Z(at(u, i), k, x)
		x = decay512(x, ku)
		VMOVDQU32_Z(at(acc, i), k, a)
		VPSRAD(shiftDown, a, a)
		VPSLLD(shiftUp, a, a)
		VPADDD(a, x, x)
		VPADDD(one, x, x)
		VPSLLD(U8(8), x, x)
		VPSRAD(U8(8), x, x)
		VPSUBD(one, x, x)
		VMOVDQU32(x, k, at(u, i))
		VMOVDQU32(zero, k, at(acc, i))
		VPORD(x, moved, moved)

		y, spike, b := ZMM(), K(), ZMM()
		VMOVDQU32_Z(at(v, i), k, y)
		y = decay512(y, kv)
		VPADDD(x, y, y)
		TESTQ(bias, bias)
		JZ(LabelRef("unbiased"))
		VMOVDQU32_Z(at(bias, i), k, b)
		VPADDD(b, y, y)
		Label("unbiased")
		VPMINSD(top, y, y)
		VPMAXSD(low, y, y)
		VPCMPGTD(limit, y, k, spike)
		TESTQ(ref, ref)
		JZ(LabelRef("awake"))
		left, resting, free := ZMM(), K(), K()
		VMOVDQU32_Z(at(ref, i), k, left)
		VPCMPGTD(zero, left, resting)
		VPADDD(one, left, resting, left)
		VPXORD(y, y, resting, y)
		KANDNW(spike, resting, free)
		KMOVW(free, spike)
		VMOVDQA32(delay, spike, left)
		VMOVDQU32(left, k, at(ref, i))
		VPORD(left, moved, moved)
		Label("awake")
		VPXORD(y, y, spike, y)
		VMOVDQU32(y, k, at(v, i))
		VPORD(y, moved, moved)

		bits, o := GP32(), ZMM()
		KORTESTW(spike, spike)
		JZ(LabelRef("quiet"))
		KMOVW(spike, bits)
		POPCNTL(bits, bits)
		VPCOMPRESSD_Z(number, spike, o)
		VMOVDQU32(o, k, Mem{Base: fired}) // no further than the room that n lanes have
		LEAQ(Mem{Base: fired, Index: bits.As64(), Scale: 4}, fired)
		Label("quiet")
		VPADDD(sixteen, number, number)
	})
	SUBQ(first, fired)
	SHRQ(U8(2), fired)
	Store(fired, Return("spikes"))
	any, k := GP32(), K()
	VPTESTMD(moved, moved, k)
	KMOVW(k, any)
	Store(any.As64(), Return("moved"))
	done()
}
