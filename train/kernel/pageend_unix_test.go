//go:build linux || darwin

package kernel

import (
	"syscall"
	"unsafe"
)

var mapped [][]byte

// atPageEnd returns n zeros that end where memory does: to touch what follows
// them is a fault.
func atPageEnd[T any](n int) []T {
	var zero T
	page := syscall.Getpagesize()
	size := n * int(unsafe.Sizeof(zero))
	body := (size + page) / page * page
	m, err := syscall.Mmap(-1, 0, body+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	if err := syscall.Mprotect(m[body:], syscall.PROT_NONE); err != nil {
		panic(err)
	}
	mapped = append(mapped, m)
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(m[body-size:]))), n)
}

// unmap ends the life of all that atPageEnd returned.
func unmap() {
	for _, m := range mapped {
		if err := syscall.Munmap(m); err != nil {
			panic(err)
		}
	}
	mapped = nil
}
