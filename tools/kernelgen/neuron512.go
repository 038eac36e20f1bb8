package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// loop16 runs body for every 16 of n elements; k selects those of the 16 that there are.
func loop16(n reg.GPVirtual, body func(index reg.GPVirtual, k reg.Register)) {
	i, bits, k := GP64(), GP32(), K()
	XORQ(i, i)
	MOVL(U32(0xffff), bits)
	Label("loop")
	CMPQ(n, I8(16))
	JGE(LabelRef("sixteen"))
	BZHIL(n.As32(), bits, bits)
	Label("sixteen")
	KMOVW(bits, k)
	body(i, k)
	ADDQ(I8(16), i)
	SUBQ(I8(16), n)
	JG(LabelRef("loop"))
}

// decay512 is decay for 16 lanes.
func decay512(x, k reg.VecVirtual) reg.VecVirtual {
	h, l, negative := ZMM(), ZMM(), K()
	VPMOVD2M(x, negative)
	VPABSD(x, l)
	VPSRLD(U8(12), l, h)
	VPSLLD(U8(4), l, l)
	VPMADDWD(k, h, h)
	VPMULHUW(k, l, l)
	VPADDD(l, h, h)
	zero := ZMM()
	VPXORD(zero, zero, zero)
	VPSUBD(h, zero, negative, h)
	return h
}

// step512 writes CUBA.Step in 16 lanes, with or without a refractory time.
func step512(rest bool) {
	name, sig := "stepAVX512", "func(u, v, acc *int32, rho, table *float32, fired *int32, n int, ku, kv, th, entries int32, shift, up int) int"
	doc := "is stepGo without Ref for n neurons; rho may be nil. It returns the number of spikes in fired, which has room for n."
	if rest {
		name, sig = "stepRestAVX512", "func(u, v, acc *int32, rho, table *float32, fired, ref *int32, n int, ku, kv, th, entries int32, shift, up int, delay int32) int"
		doc = "is stepAVX512 with Ref; a spike sets it to delay."
	}
	function(name, sig, doc)
	u, v, acc := pointer("u"), pointer("v"), pointer("acc")
	rho, table, fired := pointer("rho"), pointer("table"), pointer("fired")
	var ref reg.GPVirtual
	var delay reg.VecVirtual
	if rest {
		ref, delay = pointer("ref"), broadcast512("delay")
	}
	ku, kv, th, entries := broadcast512("ku"), broadcast512("kv"), broadcast512("th"), broadcast512("entries")
	shift, up := XMM(), XMM()
	VMOVQ(pointer("shift"), shift)
	VMOVQ(pointer("up"), up)
	first := GP64()
	MOVQ(fired, first)
	zero, one, top, low := ZMM(), ZMM(), ZMM(), ZMM()
	VPXORD(zero, zero, zero)
	VPTERNLOGD(U8(0xff), one, one, one) // −1
	VPSRLD(U8(9), one, top)             // 2^23 − 1
	VPSUBD(top, zero, low)
	number, sixteen := lanes16()
	loop16(pointer("n"), func(i reg.GPVirtual, k reg.Register) {
		x, a := ZMM(), ZMM()
		VMOVDQU32_Z(at(u, i), k, x)
		x = decay512(x, ku)
		VMOVDQU32_Z(at(acc, i), k, a)
		VPSLLD(up, a, a)
		VPADDD(a, x, x)
		VPADDD(one, x, x)
		VPSLLD(U8(8), x, x)
		VPSRAD(U8(8), x, x)
		VPSUBD(one, x, x)
		VMOVDQU32(x, k, at(u, i))
		VMOVDQU32(zero, k, at(acc, i))

		y, dist, spike := ZMM(), ZMM(), K()
		VMOVDQU32_Z(at(v, i), k, y)
		y = decay512(y, kv)
		VPADDD(x, y, y)
		VPMINSD(top, y, y)
		VPMAXSD(low, y, y)
		VPSUBD(th, y, dist)
		awake := k
		if rest {
			left, resting := ZMM(), K()
			awake = K()
			VMOVDQU32_Z(at(ref, i), k, left)
			VPCMPGTD(zero, left, resting)
			VPADDD(one, left, resting, left)
			VPXORD(y, y, resting, y)
			KANDNW(k, resting, awake)
			VPCMPGTD(zero, dist, awake, spike)
			VMOVDQA32(delay, spike, left)
			VMOVDQU32(left, k, at(ref, i))
		} else {
			VPCMPGTD(zero, dist, k, spike)
		}
		VPXORD(y, y, spike, y)
		VMOVDQU32(y, k, at(v, i))

		TESTQ(rho, rho)
		JZ(LabelRef("fire"))
		near, r := K(), ZMM()
		VPABSD(dist, dist)
		VPSRLD(shift, dist, dist)
		VPCMPGTD(dist, entries, awake, near)
		VPXORD(r, r, r)
		KORTESTW(near, near)
		JZ(LabelRef("far"))
		VGATHERDPS(Mem{Base: table, Index: dist, Scale: 4}, near, r)
		Label("far")
		VMOVUPS(r, k, at(rho, i))

		Label("fire")
		bits, o := GP32(), ZMM()
		KMOVW(spike, bits)
		POPCNTL(bits, bits)
		VPCOMPRESSD_Z(number, spike, o)
		VMOVDQU32(o, k, Mem{Base: fired}) // no further than the room that n lanes have
		LEAQ(Mem{Base: fired, Index: bits.As64(), Scale: 4}, fired)
		VPADDD(sixteen, number, number)
	})
	SUBQ(first, fired)
	SHRQ(U8(2), fired)
	Store(fired, ReturnIndex(0))
	done()
}

// broadcast512 is broadcast for a zmm register.
func broadcast512(name string) reg.VecVirtual {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	v := ZMM()
	VBROADCASTSS(p.Addr, v)
	return v
}

// numbers is 0 to 15 and sixteen times 16.
var numbers *Mem

// lanes16 returns the numbers of the 16 lanes, and 16 in each.
func lanes16() (number, sixteen reg.VecVirtual) {
	if numbers == nil {
		m := GLOBL("numbers", attr.RODATA|attr.NOPTR)
		for i := range 32 { // in order, as the assembler wants them
			DATA(4*i, []U32{U32(i), 16}[i/16])
		}
		numbers = &m
	}
	number, sixteen = ZMM(), ZMM()
	base := GP64()
	LEAQ(*numbers, base)
	VMOVDQU32(Mem{Base: base}, number)
	VMOVDQU32(Mem{Base: base, Disp: 64}, sixteen)
	return number, sixteen
}
