package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// loop8 runs body for every 8 of n elements.
func loop8(body func(index reg.GPVirtual)) {
	n, i := pointer("n"), GP64()
	XORQ(i, i)
	Label("loop")
	body(i)
	ADDQ(I8(8), i)
	CMPQ(i, n)
	JL(LabelRef("loop"))
}

// at is the address of element index of an array.
func at(base, index reg.GPVirtual) Mem { return Mem{Base: base, Index: index, Scale: 4} }

// ones fills x with −1 in every lane.
func ones(x reg.VecVirtual) { VPCMPEQD(x, x, x) }

// decay multiplies x by k/4096, rounding toward zero. |x| = 4096·h + l gives
// h·k + (l·k >> 12); both products fit 16-bit multipliers: h by VPMADDWD, and l,
// shifted up by 4 so that it fills a word, by VPMULHUW, where the shift down by
// 16 takes the 4 back. The high words of k are zero.
func decay(x, k reg.VecVirtual) reg.VecVirtual {
	h, l := YMM(), YMM()
	VPABSD(x, l)
	VPSRLD(U8(12), l, h)
	VPSLLD(U8(4), l, l)
	VPMADDWD(k, h, h)
	VPMULHUW(k, l, l)
	VPADDD(l, h, h)
	VPSIGND(x, h, h)
	return h
}

// step writes CUBA.Step, with or without a refractory time.
func step(rest bool) {
	name, sig := "stepAVX2", "func(u, v, acc *int32, rho, table *float32, fired *int32, n int, ku, kv, th, entries int32, shift, up int) int"
	doc := "is stepGo without Ref for n neurons, a multiple of 8; rho may be nil. It returns the number of spikes in fired."
	if rest {
		name, sig = "stepRestAVX2", "func(u, v, acc *int32, rho, table *float32, fired, ref *int32, n int, ku, kv, th, entries int32, shift, up int, delay int32) int"
		doc = "is stepAVX2 with Ref; a spike sets it to delay."
	}
	function(name, sig, doc)
	u, v, acc := pointer("u"), pointer("v"), pointer("acc")
	rho, table, fired := pointer("rho"), pointer("table"), pointer("fired")
	var ref reg.GPVirtual
	var delay reg.VecVirtual
	if rest {
		ref, delay = pointer("ref"), broadcast("delay")
	}
	ku, kv, th, entries := broadcast("ku"), broadcast("kv"), broadcast("th"), broadcast("entries")
	shift, up := XMM(), XMM()
	VMOVQ(pointer("shift"), shift)
	VMOVQ(pointer("up"), up)
	first := GP64()
	MOVQ(fired, first)
	top := YMM()
	ones(top)
	VPSRLD(U8(9), top, top) // 2^23 − 1
	loop8(func(i reg.GPVirtual) {
		one, x := YMM(), YMM()
		VMOVDQU(at(u, i), x)
		x = decay(x, ku)
		a := YMM()
		VMOVDQU(at(acc, i), a)
		VPSLLD(up, a, a)
		VPADDD(a, x, x)
		ones(one)
		VPADDD(one, x, x)
		VPSLLD(U8(8), x, x)
		VPSRAD(U8(8), x, x)
		VPSUBD(one, x, x)
		VMOVDQU(x, at(u, i))
		zero := YMM()
		ymm.zero(zero)
		VMOVDQU(zero, at(acc, i))

		y := YMM()
		VMOVDQU(at(v, i), y)
		y = decay(y, kv)
		VPADDD(x, y, y)
		VPMINSD(top, y, y)
		low := YMM()
		VPSUBD(top, zero, low)
		VPMAXSD(low, y, y)
		dist, spike := YMM(), YMM()
		VPSUBD(th, y, dist)
		VPCMPGTD(zero, dist, spike)
		var resting reg.VecVirtual
		if rest {
			left := YMM()
			resting = YMM()
			VMOVDQU(at(ref, i), left)
			VPCMPGTD(zero, left, resting)
			VPADDD(resting, left, left)
			VPANDN(spike, resting, spike)
			VPANDN(y, resting, y)
			VPBLENDVB(spike, delay, left, left)
			VMOVDQU(left, at(ref, i))
		}
		VPANDN(y, spike, y)
		VMOVDQU(y, at(v, i))

		TESTQ(rho, rho)
		JZ(LabelRef("fire"))
		near, r := YMM(), YMM()
		VPABSD(dist, dist)
		VPSRLD(shift, dist, dist)
		VPCMPGTD(dist, entries, near)
		if rest {
			VPANDN(near, resting, near)
		}
		ymm.zero(r)
		VPTEST(near, near)
		JZ(LabelRef("far"))
		VGATHERDPS(near, Mem{Base: table, Index: dist, Scale: 4}, r)
		Label("far")
		VMOVUPS(r, at(rho, i))

		Label("fire")
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
	Store(fired, ReturnIndex(0))
	done()
}

func adjoint() {
	function("adjointRowAVX2", "func(e, r, gu, gv *float32, n int, keepU, keepV float32)", "is adjointRowGo for n neurons, a multiple of 8.")
	e, r, gu, gv := pointer("e"), pointer("r"), pointer("gu"), pointer("gv")
	keepU, keepV := broadcast("keepU"), broadcast("keepV")
	loop8(func(i reg.GPVirtual) {
		x, y := YMM(), YMM()
		VMOVUPS(at(r, i), x)
		VMULPS(at(e, i), x, x)
		VMULPS(at(gv, i), keepV, y)
		VADDPS(y, x, x)
		VMULPS(at(gu, i), keepU, y)
		VMOVUPS(x, at(gv, i))
		VADDPS(y, x, x)
		VMOVUPS(x, at(e, i))
	})
	done()
}

func adam() {
	function("adamAVX2", "func(x, m, v, grad *float32, n int, factors *[9]float32)", "is applyGo for n elements, a multiple of 8.")
	x, m, v, g, factors := pointer("x"), pointer("m"), pointer("v"), pointer("grad"), pointer("factors")
	var f [9]reg.VecVirtual
	for i := range f {
		f[i] = YMM()
		VBROADCASTSS(Mem{Base: factors, Disp: 4 * i}, f[i])
	}
	beta1, rest1, beta2, rest2, fromM, fromG, fromV, eps, rate := f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8]
	loop8(func(i reg.GPVirtual) {
		d, m1, m2, t := YMM(), YMM(), YMM(), YMM()
		VMOVUPS(at(g, i), d)
		VMULPS(at(m, i), beta1, m1)
		VMULPS(d, rest1, t)
		VADDPS(t, m1, m1)
		VMOVUPS(m1, at(m, i))
		VMULPS(at(v, i), beta2, m2)
		VMULPS(d, rest2, t)
		VMULPS(d, t, t)
		VADDPS(t, m2, m2)
		VMOVUPS(m2, at(v, i))
		VMULPS(m1, fromM, m1)
		VMULPS(d, fromG, d)
		VADDPS(d, m1, m1)
		VMULPS(fromV, m2, m2)
		VSQRTPS(m2, m2)
		VADDPS(eps, m2, m2)
		VDIVPS(m2, m1, m1)
		VMULPS(m1, rate, m1)
		VMOVUPS(at(x, i), t)
		VSUBPS(m1, t, t)
		VMOVUPS(t, at(x, i))
	})
	done()
}
