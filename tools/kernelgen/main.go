// Command kernelgen writes the assembly of train/kernel, or with -set sim that of sim/kernel. The
// pure-Go functions there are the definition of what each kernel computes; this is only how.
package main

import (
	"flag"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// vec is a vector length.
type vec struct {
	name  string
	bytes int
	reg   func() reg.VecVirtual
}

var (
	xmm = vec{"SSE", 16, XMM}
	ymm = vec{"AVX2", 32, YMM}
	zmm = vec{"AVX512", 64, ZMM}
)

// lanes is the number of 32-bit elements.
func (v vec) lanes() int { return v.bytes / 4 }

func (v vec) regs(n int) []reg.VecVirtual {
	rs := make([]reg.VecVirtual, n)
	for i := range rs {
		rs[i] = v.reg()
	}
	return rs
}

func (v vec) zero(r reg.VecVirtual) {
	if v.bytes == 64 {
		VPXORD(r, r, r)
	} else {
		VPXOR(r, r, r)
	}
}

func main() {
	set := flag.String("set", "train", "kernels to write: train or sim")
	flag.Parse()
	ConstraintExpr("amd64,!purego")
	if *set == "sim" {
		simulator()
	} else {
		training()
	}
	Generate()
}

func training() {
	for _, v := range []vec{ymm, zmm} {
		addRowsI8(v)
		addRowsF32(v)
		addStrips(v, 1)
		addStrips(v, 4)
	}
	for _, rows := range []int{6, 1} {
		mulAdd(zmm, rows, 4)
		mulAdd(ymm, rows, 2)
		mulAdd(ymm, rows, 0)
	}
	step(false)
	step(true)
	step512(false)
	step512(true)
	adjoint()
	adam()
}

// pointer loads a parameter of 64 bits.
func pointer(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

// function begins a function whose doc comment is the name and then doc.
func function(name, signature, doc string) {
	TEXT(name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(name + " " + doc)
}

// broadcast fills a ymm register with a 32-bit parameter.
func broadcast(name string) reg.VecVirtual {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	v := YMM()
	VBROADCASTSS(p.Addr, v)
	return v
}

// done ends a function that used wide registers.
func done() {
	VZEROUPPER()
	RET()
}

// masks is eight lanes of ones, then eight of zeros.
var masks *Mem

// laneMask returns a ymm register that selects the first n lanes, n in 0..8.
func laneMask(n reg.GPVirtual) reg.VecVirtual {
	if masks == nil {
		m := GLOBL("lanes", attr.RODATA|attr.NOPTR)
		for i := range 16 {
			DATA(4*i, []U32{0xffffffff, 0}[i/8])
		}
		masks = &m
	}
	skip, base, v := GP64(), GP64(), YMM()
	MOVQ(I32(8), skip)
	SUBQ(n, skip)
	LEAQ(*masks, base)
	VMOVDQU(Mem{Base: base, Index: skip, Scale: 4}, v)
	return v
}
