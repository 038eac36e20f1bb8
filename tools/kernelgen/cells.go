package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// simulator writes the kernels of sim/kernel.
func simulator() {
	for _, mode := range []string{"Mixed", "Excitatory", "Inhibitory"} {
		addCodes(ymm, mode)
		addCodes(zmm, mode)
		scatter(mode)
	}
	cells()
	cells512()
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
	n, i := pointer("n"), GP64()
	XORQ(i, i)
	// sixteen steps 16 neurons, or those of a mask.
	sixteenOf := func(name string, k reg.Register) {
		load := func(at Mem, x reg.VecVirtual) {
			if k == nil {
				VMOVDQU32(at, x)
			} else {
				VMOVDQU32_Z(at, k, x)
			}
		}
		store := func(x reg.VecVirtual, at Mem) {
			if k == nil {
				VMOVDQU32(x, at)
			} else {
				VMOVDQU32(x, k, at)
			}
		}
		x, a := ZMM(), ZMM()
		load(at(u, i), x)
		x = decay512(x, ku)
		load(at(acc, i), a)
		VPSRAD(shiftDown, a, a)
		VPSLLD(shiftUp, a, a)
		VPADDD(a, x, x)
		VPADDD(one, x, x)
		VPSLLD(U8(8), x, x)
		VPSRAD(U8(8), x, x)
		VPSUBD(one, x, x)
		store(x, at(u, i))
		store(zero, at(acc, i))
		VPORD(x, moved, moved)

		y, spike, b := ZMM(), K(), ZMM()
		load(at(v, i), y)
		y = decay512(y, kv)
		VPADDD(x, y, y)
		TESTQ(bias, bias)
		JZ(LabelRef("unbiased" + name))
		load(at(bias, i), b)
		VPADDD(b, y, y)
		Label("unbiased" + name)
		VPMINSD(top, y, y)
		VPMAXSD(low, y, y)
		if k == nil {
			VPCMPGTD(limit, y, spike)
		} else {
			VPCMPGTD(limit, y, k, spike)
		}
		TESTQ(ref, ref)
		JZ(LabelRef("awake" + name))
		left, resting, free := ZMM(), K(), K()
		load(at(ref, i), left)
		VPCMPGTD(zero, left, resting)
		VPADDD(one, left, resting, left)
		VPXORD(y, y, resting, y)
		KANDNW(spike, resting, free)
		KMOVW(free, spike)
		VMOVDQA32(delay, spike, left)
		store(left, at(ref, i))
		VPORD(left, moved, moved)
		Label("awake" + name)
		VPXORD(y, y, spike, y)
		store(y, at(v, i))
		VPORD(y, moved, moved)

		bits, o := GP32(), ZMM()
		KMOVW(spike, bits)
		POPCNTL(bits, bits)
		VPCOMPRESSD_Z(number, spike, o)
		store(o, Mem{Base: fired}) // no further than the room that n lanes have
		LEAQ(Mem{Base: fired, Index: bits.As64(), Scale: 4}, fired)
		VPADDD(sixteen, number, number)
		ADDQ(I8(16), i)
	}
	Label("loop")
	SUBQ(I8(16), n)
	JL(LabelRef("last"))
	sixteenOf("Whole", nil)
	JMP(LabelRef("loop"))
	Label("last")
	ADDQ(I8(16), n)
	JZ(LabelRef("done"))
	mask, part := GP32(), K()
	MOVL(U32(0xffff), mask)
	BZHIL(n.As32(), mask, mask)
	KMOVW(mask, part)
	sixteenOf("Part", part)
	Label("done")
	SUBQ(first, fired)
	SHRQ(U8(2), fired)
	Store(fired, Return("spikes"))
	any, k := GP32(), K()
	VPTESTMD(moved, moved, k)
	KMOVW(k, any)
	Store(any.As64(), Return("moved"))
	done()
}
