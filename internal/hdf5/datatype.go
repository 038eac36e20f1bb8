package hdf5

// Kind is what the values of a dataset are.
type Kind int

// The kinds of values.
const (
	Int    Kind = iota // also enumerations, and so booleans
	Float              // IEEE 754
	String             // of fixed or variable length
)

// datatype is how a value is stored.
type datatype struct {
	kind   Kind
	size   int  // bytes a value
	signed bool // Int
	big    bool // Int, Float: big-endian
	vlen   bool // String: in the global heap
	pad    byte // String of fixed length: 0 ends at a zero, 1 padded with zeros, 2 with spaces
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
		double := t.size == 8 && layout == "\x00\x00\x40\x00\x34\x0b\x00\x34" && bias == 1023
		if !c.short && (!single && !double || bits&(1<<6) != 0) {
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
		if bits&15 != 1 || t.size != 16 {
			return t, unsupported("a list of variable length")
		}
	default:
		return t, unsupported("datatype class %d", class)
	}
	if c.short {
		return t, malformed("a datatype is cut short")
	}
	return t, nil
}
