//go:build amd64 && !purego

package kernel

import (
	"unsafe"

	"github.com/isospike/isospike/snn/fixed"
	"golang.org/x/sys/cpu"
)

//go:generate go run -C ../../tools ./kernelgen -set sim -out ../sim/kernel/asm_amd64.s -stubs ../sim/kernel/asm_amd64.go -pkg kernel

func best() level {
	switch x := &cpu.X86; {
	case !x.HasAVX2 || !x.HasBMI1:
		return pure
	case !x.HasAVX512F || !x.HasAVX512BW || !x.HasAVX512DQ || !x.HasBMI2:
		return avx2
	}
	return avx512
}

// adders are the assembly of Add by level and sign mode.
var adders = [...][3]func(acc *int32, codes *uint8, strips *int32, count int){
	avx2:   {fixed.Mixed: addMixedAVX2, fixed.Excitatory: addExcitatoryAVX2, fixed.Inhibitory: addInhibitoryAVX2},
	avx512: {fixed.Mixed: addMixedAVX512, fixed.Excitatory: addExcitatoryAVX512, fixed.Inhibitory: addInhibitoryAVX512},
}

func add(mode fixed.SignMode, acc []int32, codes []uint8, strips []Strip) {
	if simd == pure || len(strips) == 0 || len(acc) == 0 || len(codes) == 0 {
		addGo(mode, acc, codes, strips)
		return
	}
	adders[simd][mode](&acc[0], &codes[0], &strips[0].To, len(strips))
}

// scatters are the assembly of Scatter by sign mode.
var scatters = [...]func(acc *int32, sums int, targets *uint16, codes *uint8, strips *int32, count int) int{
	fixed.Mixed: scatterMixed, fixed.Excitatory: scatterExcitatory, fixed.Inhibitory: scatterInhibitory}

func scatter(mode fixed.SignMode, acc []int32, targets []uint16, codes []uint8, strips []Strip) {
	if simd == pure || len(strips) == 0 || len(acc) == 0 || len(codes) == 0 || len(targets) == 0 {
		scatterGo(mode, acc, targets, codes, strips)
		return
	}
	if left := scatters[mode](&acc[0], len(acc), &targets[0], &codes[0], &strips[0].To, len(strips)); left > 0 {
		panic("kernel: target out of range")
	}
}

func step(p *Params, u, v, acc, bias, ref, fired []int32) (int, bool) {
	whole := len(u) &^ 7
	if simd == avx512 {
		whole = len(u)
	}
	if simd == pure || whole == 0 {
		return stepGo(0, 0, p, u, v, acc, bias, ref, fired)
	}
	spikes, moved, params := 0, 0, [6]int32{p.keepU, p.keepV, p.th, p.down, p.up, p.refrain}
	if b, r := unsafe.SliceData(bias), unsafe.SliceData(ref); simd == avx512 { // called by name, or params would be allocated
		spikes, moved = stepAVX512(&u[0], &v[0], &acc[0], b, r, &fired[0], whole, &params)
	} else {
		spikes, moved = stepAVX2(&u[0], &v[0], &acc[0], b, r, &fired[0], whole, &params)
	}
	spikes, rest := stepGo(whole, spikes, p, u, v, acc, bias, ref, fired)
	return spikes, rest && moved == 0
}
