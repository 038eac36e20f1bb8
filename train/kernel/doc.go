// Package kernel holds the hot loops of training.
//
// Every kernel has one defined order of float operations and rounds after each
// one (no fused multiply-add), so that its result is the same bits on every
// machine, at any vector width. Conversions such as float32(x*y) in the Go code
// are there for that: the language lets compilers fuse x*y + z otherwise.
package kernel
