package hdf5

import (
	"encoding/binary"
	"io"

	"github.com/isospike/isospike/snn/diag"
)

// undefined is the address of what is not there.
const undefined = 1<<64 - 1

// image is the file; addresses count from after its user block.
type image struct {
	r    io.ReaderAt
	size int64
}

// Open reads the start of an HDF5 file of size bytes and returns its root
// group, which reads from r whenever it is asked for something.
func Open(r io.ReaderAt, size int64) (*Group, error) {
	const signature = "\x89HDF\r\n\x1a\n"
	// Section II.A: at 0, 512, 1024, and so on, each time twice as far.
	for base := int64(0); base <= size-96; base = max(512, 2*base) {
		img := &image{io.NewSectionReader(r, base, size-base), size - base}
		b, err := img.walk().read(0, 96) // the size of version 0, the smaller one
		if err != nil {
			return nil, err
		}
		c := cursor{b: b}
		if string(c.take(len(signature))) == signature {
			return img.root(&c, uint64(base))
		}
	}
	return nil, malformed("not an HDF5 file: it has no signature")
}

// root reads the superblock after its signature.
func (img *image) root(c *cursor, base uint64) (*Group, error) {
	version := c.uint(1)
	if version > 1 {
		return nil, unsupported("superblock version %d", version)
	}
	c.take(4)
	if offsets, lengths := c.uint(1), c.uint(1); offsets != 8 || lengths != 8 {
		return nil, unsupported("addresses of %d and lengths of %d bytes", offsets, lengths)
	}
	c.take(1 + 2 + 2 + 4)
	if version == 1 {
		c.take(4)
	}
	if at := c.uint(8); at != base {
		return nil, unsupported("base address %d in a file that begins at %d", at, base)
	}
	c.take(8)
	if end := c.uint(8); end > uint64(img.size)+base {
		return nil, malformed("the file is cut short: %d of %d bytes", uint64(img.size)+base, end)
	}
	c.take(8 + 8)
	header := c.uint(8)
	if c.short {
		return nil, malformed("the superblock is cut short")
	}
	return img.group(header, "/")
}

// walk reads the structures of one object. They never overlap, so together they
// have no more bytes than the file: left bounds the work that cycles and shared
// structures in a hostile file can cause.
type walk struct {
	*image
	left int64
}

func (img *image) walk() *walk { return &walk{img, img.size} }

// read returns n bytes at addr.
func (w *walk) read(addr, n uint64) ([]byte, error) {
	size := uint64(w.size)
	if addr > size || n > size-addr {
		return nil, malformed("%d bytes at address %#x lie outside the file of %d", n, addr, size)
	}
	if w.left -= int64(n); w.left < 0 {
		return nil, malformed("structures refer to each other in a circle")
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(w.r, int64(addr), int64(n)), b); err != nil {
		e := diag.Inputf("read-failed", "", "cannot read %d bytes at %d", n, addr)
		e.Err = err
		return nil, e
	}
	return b, nil
}

// cursor takes little-endian fields off the front of b. Past the end it gives
// zeros and sets short.
type cursor struct {
	b     []byte
	short bool
}

// take returns the next n bytes, or nil when there are fewer.
func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.b) {
		c.b, c.short = nil, true
		return nil
	}
	head := c.b[:n]
	c.b = c.b[n:]
	return head
}

// uint returns the next n <= 8 bytes as a number.
func (c *cursor) uint(n int) uint64 {
	var w [8]byte
	copy(w[:], c.take(n))
	return binary.LittleEndian.Uint64(w[:])
}

func malformed(format string, args ...any) *diag.Error {
	return diag.Inputf("hdf5-malformed", "", format, args...)
}

func unsupported(format string, args ...any) *diag.Error {
	return diag.Inputf("hdf5-unsupported", "", format+" is not supported", args...).
		WithFix("write the file with h5py's defaults: libver earliest, no track_order, plain arrays and strings")
}
