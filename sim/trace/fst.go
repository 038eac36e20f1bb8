package trace

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// Blocks of an FST file, and what of its hierarchy is used here. The format is GTKWave's; its libfst has a sketch of it.
const (
	fstHeader    = 0
	fstChanges   = 1 // without aliases
	fstGeometry  = 3
	fstHierarchy = 4 // packed by gzip
	fstScope     = 254
	fstUpscope   = 255
	fstModule    = 0
	fstInteger   = 1
	fstWire      = 16
	fstImplicit  = 0 // direction of a variable
)

// FST writes what VCD does in the binary form of GTKWave, which is smaller and opens faster. The same signals give the same bytes with the
// same version of Go: its compressor may change.
func FST(w io.Writer, signals []Signal) error {
	list, from, ticks := variables(signals)
	hierarchy, scopes := hierarchyOf(list)
	for _, block := range []struct {
		kind byte
		body []byte
	}{
		{fstHeader, headerOf(len(list), scopes, from, ticks)}, {fstChanges, changesOf(list, from, ticks)}, {fstGeometry, geometryOf(list)}, {fstHierarchy, hierarchy},
	} {
		b := binary.BigEndian.AppendUint64([]byte{block.kind}, uint64(len(block.body)+8)) // the length counts itself
		if _, err := w.Write(append(b, block.body...)); err != nil {
			return err
		}
	}
	return nil
}

func headerOf(vars, scopes, from, ticks int) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(from))             // start
	b = binary.BigEndian.AppendUint64(b, uint64(from+ticks))          // end
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(math.E)) // tells the order of bytes of real variables
	b = binary.BigEndian.AppendUint64(b, 0)                           // memory of the writer
	for _, n := range []int{scopes, vars, vars, 1} {                  // names of variables, variables, blocks of changes
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	b = append(b, 0xfd) // a unit of time is 10^−3 s
	text := make([]byte, 128+119)
	copy(text, "isospike") // version, and a date of which there is none: files are compared by their bytes
	b = append(b, text...)
	b = append(b, 0)                           // of Verilog
	return binary.BigEndian.AppendUint64(b, 0) // time zero
}

// geometryOf lists the bits of each variable.
func geometryOf(list []variable) []byte {
	var bits []byte
	for i := range list {
		bits = binary.AppendUvarint(bits, uint64(list[i].bits()))
	}
	b := binary.BigEndian.AppendUint64(nil, uint64(len(bits)))
	b = binary.BigEndian.AppendUint64(b, uint64(len(list)))
	return append(b, packed(bits)...)
}

func (v *variable) bits() int {
	if v.bit {
		return 1
	}
	return 32
}

// hierarchyOf tells the names, and how many scopes there are.
func hierarchyOf(list []variable) (block []byte, count int) {
	var b []byte
	scopes(list, func(format string, name any) {
		b = fmt.Appendf(append(b, fstScope, fstModule), format+"\x00\x00", name) // no name of a component
		count++
	}, func() {
		b = append(b, fstUpscope)
	}, func(_ int, v *variable) {
		kind := byte(fstInteger)
		if v.bit {
			kind = fstWire
		}
		b = append(append(append(b, kind, fstImplicit), v.name...), 0)
		b = append(binary.AppendUvarint(b, uint64(v.bits())), 0) // no alias
	})
	var z bytes.Buffer
	g := gzip.NewWriter(&z)
	must(g.Write(b))
	must(0, g.Close())
	return append(binary.BigEndian.AppendUint64(nil, uint64(len(b))), z.Bytes()...), count
}

// changesOf is the one block of values: the first ones, and the changes of each variable.
func changesOf(list []variable, from, ticks int) []byte {
	var first, index []byte
	chains := []byte{'Z'} // how they are packed: by zlib
	memory, last, silent := 0, 0, 0
	for i := range list {
		v := &list[i]
		if v.ticks == 0 {
			first = append(first, bytes.Repeat([]byte{'x'}, v.bits())...)
		} else {
			first = fmt.Appendf(first, "%0*b", v.bits(), uint32(v.at(0)))
		}
		changes := v.changes()
		if len(changes) == 0 {
			silent++
			continue
		}
		if silent > 0 {
			index, silent = binary.AppendUvarint(index, uint64(silent)<<1), 0
		}
		// Where a chain begins is told by how far that is from where the one before does.
		index, last = binary.AppendUvarint(index, uint64(len(chains)-last)<<1|1), len(chains)
		memory += len(changes)
		if z := packed(changes); len(z) < len(changes) {
			chains = append(binary.AppendUvarint(chains, uint64(len(changes))), z...)
		} else {
			chains = append(append(chains, 0), changes...)
		}
	}
	if silent > 0 {
		index = binary.AppendUvarint(index, uint64(silent)<<1)
	}
	b := binary.BigEndian.AppendUint64(nil, uint64(from))
	b = binary.BigEndian.AppendUint64(b, uint64(from+ticks))
	b = binary.BigEndian.AppendUint64(b, uint64(memory))
	z := packed(first)
	for _, n := range []int{len(first), len(z), len(list)} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	b = binary.AppendUvarint(append(b, z...), uint64(len(list)))
	b = append(append(b, chains...), index...)
	b = binary.BigEndian.AppendUint64(b, uint64(len(index)))
	times := append(binary.AppendUvarint(nil, uint64(from)), bytes.Repeat([]byte{1}, ticks)...) // from one to the next
	z = packed(times)
	b = append(b, z...)
	for _, n := range []int{len(times), len(z), ticks + 1} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return b
}

// changes returns the chain of a variable: how many ticks after the change before, and the value. It begins with that of tick 0, since
// readers skip the first values of a block that begins with its first tick.
func (v *variable) changes() (b []byte) {
	before := 0
	for t := range v.ticks {
		x := v.at(t)
		if t > 0 && x == v.at(t-1) {
			continue
		}
		if v.bit {
			b = binary.AppendUvarint(b, uint64(t-before)<<2|uint64(x)<<1)
		} else {
			b = binary.BigEndian.AppendUint32(binary.AppendUvarint(b, uint64(t-before)<<1), uint32(x))
		}
		before = t
	}
	return b
}

// packed returns b packed by zlib where that is shorter, else as it is: readers tell by the length.
func packed(b []byte) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	must(w.Write(b))
	must(0, w.Close())
	if z.Len() < len(b) {
		return z.Bytes()
	}
	return b
}

// must panics at an error of writing to memory, which there is none of.
func must(_ int, err error) {
	if err != nil {
		panic(err)
	}
}
