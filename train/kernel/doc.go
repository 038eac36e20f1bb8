// Package kernel holds the hot loops of training.
//
// Every kernel has one defined order of float operations and rounds after each
// one (no fused multiply-add), so that its result is the same bits on every
// machine, at any vector width; only which NaN comes out of NaNs is left open. The
// functions named …Go are the definition. Conversions such as float32(x*y) in them
// are there for that: the language lets compilers fuse x*y + z otherwise.
//
// On amd64 assembly takes their place, AVX2 or AVX-512 by what the processor has;
// the build tag purego leaves it out. tools/kernelgen writes it:
//
//	go generate ./train/kernel
//
// Arguments out of range panic before any assembly runs.
package kernel
