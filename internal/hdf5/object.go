package hdf5

import (
	"errors"

	"github.com/isospike/isospike/snn/diag"
)

// Message types of object headers, section IV.A.2.
const (
	msgDataspace    = 0x01
	msgLinkInfo     = 0x02
	msgDatatype     = 0x03
	msgFill         = 0x05 // written only
	msgLink         = 0x06
	msgExternal     = 0x07
	msgLayout       = 0x08
	msgFilters      = 0x0b
	msgContinuation = 0x10
	msgSymbolTable  = 0x11
)

// header holds an object's messages by type; where one occurs twice, the first.
type header map[uint64][]byte

// header reads the object header at addr, section IV.A.1.a.
func (w *walk) header(addr uint64) (header, error) {
	b, err := w.read(addr, 16)
	if err != nil {
		return nil, err
	}
	if string(b[:4]) == "OHDR" {
		return nil, unsupported("an object header of version 2")
	}
	c := cursor{b: b}
	if version := c.uint(1); version != 1 {
		return nil, malformed("no object header at %#x", addr)
	}
	c.take(1)
	count := c.uint(2)
	c.take(4)
	type block struct{ addr, size uint64 }
	blocks := []block{{addr + 16, c.uint(4)}}
	h := header{}
	for len(blocks) > 0 {
		b, err := w.read(blocks[0].addr, blocks[0].size)
		if err != nil {
			return nil, err
		}
		blocks = blocks[1:]
		for c := (cursor{b: b}); count > 0 && len(c.b) >= 8; count-- {
			kind, size, flags := c.uint(2), int(c.uint(2)), c.uint(1)
			c.take(3)
			body := c.take(size)
			if c.short {
				return nil, malformed("a message of the object header at %#x is cut short", addr)
			}
			if _, twice := h[kind]; kind == msgContinuation {
				m := cursor{b: body}
				blocks = append(blocks, block{m.uint(8), m.uint(8)})
			} else if !twice {
				h[kind] = body
				if flags&2 != 0 && kind <= msgFilters {
					return nil, unsupported("a message that objects share (a named datatype)")
				}
			}
		}
	}
	return h, nil
}

// at puts an object's path into err, where it is ours.
func at(err error, path string) error {
	var e *diag.Error
	if errors.As(err, &e) {
		e.Msg = path + ": " + e.Msg
	}
	return err
}
