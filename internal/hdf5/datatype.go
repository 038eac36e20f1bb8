package hdf5

import (
	"encoding/binary"
	"math"

	"github.com/isospike/isospike/snn/diag"
)

// Kind is what the values of a dataset are.
type Kind int

// The kinds of values.
const (
	Int    Kind = iota // also enumerations, and so booleans
	Float              // IEEE 754
	String             // of fixed or variable length
	List               // lists of variable length of Int or Float: see Dataset.Lists
)

// datatype is how a value is stored.
type datatype struct {
	kind   Kind
	size   int       // bytes a value
	signed bool      // Int
	big    bool      // Int, Float: big-endian
	vlen   bool      // String: in the global heap
	of     *datatype // List: what is in it
	pad    byte      // String of fixed length: 0 ends at a zero, 1 padded with zeros, 2 with spaces
}

// parseDatatype reads a datatype message, section IV.A.2.d.
func parseDatatype(c *cursor) (datatype, error) {
	class := c.uint(1) & 15
	bits := c.uint(3)
	t := datatype{size: int(c.uint(4)), big: bits&1 != 0}
	switch class {
	case 0: // fixed point
		t.kind, t.signed = Int, bits&8 != 0
		offset, precision := c.uint(2), c.uint(2)
		if !c.short && (offset != 0 || int(precision) != 8*t.size || t.size != 1 && t.size != 2 && t.size != 4 && t.size != 8) {
			return t, unsupported("an integer type of %d bits in %d bytes", precision, t.size)
		}
	case 1: // floating point
		t.kind = Float
		layout := string(c.take(8)) // offset, precision, then place and size of exponent and mantissa
		bias := c.uint(4)
		single := t.size == 4 && layout == "\x00\x00\x20\x00\x17\x08\x00\x17" && bias == 127
		half := t.size == 2 && layout == "\x00\x00\x10\x00\x0a\x05\x00\x0a" && bias == 15
		double := t.size == 8 && layout == "\x00\x00\x40\x00\x34\x0b\x00\x34" && bias == 1023
		if !c.short && (!half && !single && !double || bits&(1<<6) != 0) {
			return t, unsupported("a floating-point type of %d bytes", t.size)
		}
	case 3: // string
		t.kind, t.pad = String, byte(bits&15)
		if t.size < 1 || t.pad > 2 {
			return t, malformed("a string type of %d bytes, padding %d", t.size, t.pad)
		}
	case 8: // enumeration: stored as the integers of the type it is made of
		base, err := parseDatatype(c)
		if err != nil {
			return t, err
		}
		if base.kind != Int || base.size != t.size {
			return t, malformed("an enumeration of something other than integers")
		}
		return base, nil
	case 9: // variable length
		t.kind, t.vlen = String, true
		if kind := bits & 15; !c.short && (kind > 1 || t.size != 16) {
			return t, unsupported("a type of variable length of kind %d in %d bytes", kind, t.size)
		} else if kind == 0 {
			base, err := parseDatatype(c)
			if err != nil {
				return t, err
			}
			if base.kind != Int && base.kind != Float {
				return t, unsupported("a list of other things than numbers")
			}
			t.kind, t.of = List, &base
		}
	default:
		return t, unsupported("datatype class %d", class)
	}
	if c.short {
		return t, malformed("a datatype is cut short")
	}
	return t, nil
}

// ints converts stored values of type Int.
func (t *datatype) ints(b []byte) ([]int64, error) {
	v := make([]int64, len(b)/t.size)
	for i := range v {
		x := t.word(b[i*t.size : (i+1)*t.size])
		if shift := 64 - 8*t.size; t.signed {
			v[i] = int64(x<<shift) >> shift
		} else if v[i] = int64(x); v[i] < 0 {
			return nil, diag.Inputf("hdf5-type", "", "value %d is %d, too large for int64", i, x)
		}
	}
	return v, nil
}

// floats converts stored values of type Int or Float, exactly.
func (t *datatype) floats(b []byte) ([]float64, error) {
	if t.kind == Int {
		ints, err := t.ints(b)
		if err != nil {
			return nil, err
		}
		v := make([]float64, len(ints))
		for i, x := range ints {
			if v[i] = float64(x); x > 1<<53 || x < -1<<53 {
				return nil, diag.Inputf("hdf5-type", "", "value %d is %d, which float64 does not hold exactly", i, x)
			}
		}
		return v, nil
	}
	v := make([]float64, len(b)/t.size)
	for i := range v {
		switch x := t.word(b[i*t.size : (i+1)*t.size]); t.size {
		case 2:
			v[i] = half(uint16(x))
		case 4:
			v[i] = float64(math.Float32frombits(uint32(x)))
		default:
			v[i] = math.Float64frombits(x)
		}
	}
	return v, nil
}

// half returns the value of an IEEE 754 binary16.
func half(x uint16) float64 {
	exponent, fraction := int(x>>10&31), float64(x&0x3ff)
	var v float64
	switch exponent {
	case 0:
		v = math.Ldexp(fraction, -24)
	case 31:
		if v = math.Inf(1); fraction != 0 {
			return math.NaN()
		}
	default:
		v = math.Ldexp(1024+fraction, exponent-25)
	}
	return math.Copysign(v, float64(1-2*int(x>>15)))
}

// word returns a value's bits.
func (t *datatype) word(b []byte) uint64 {
	var w [8]byte
	if t.big {
		copy(w[8-len(b):], b)
		return binary.BigEndian.Uint64(w[:])
	}
	copy(w[:], b)
	return binary.LittleEndian.Uint64(w[:])
}
