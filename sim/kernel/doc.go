// Package kernel holds the hot loops of the simulator: the sum of weight codes that arrive, and the
// update of CUBA neurons. All of it is integers, so every path gives the same bits.
//
// The functions named …Go are the definition. On amd64 assembly takes their place, AVX2 or AVX-512
// by what the processor has; the build tag purego leaves it out. tools/kernelgen writes it:
//
//	go generate ./sim/kernel
//
// Arguments out of range panic before any assembly runs.
package kernel

// level is an instruction set that the kernels have code for.
type level int

const (
	pure level = iota // Go, the definition
	avx2
	avx512
)

func (l level) String() string { return [...]string{"go", "avx2", "avx512"}[l] }

// simd is the level in use; tests force each.
var simd = best()
