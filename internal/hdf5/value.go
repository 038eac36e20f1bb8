package hdf5

import (
	"encoding/binary"
	"fmt"
)

// Value is an array of values that is to be written. The shape is empty for a scalar.
type Value struct {
	shape []int
	typ   []byte   // datatype message, section IV.A.2.d
	data  []byte   // C order
	text  []string // instead of data: strings of variable length
}

// Number is what NumbersOf takes; the type in the file is the same, little endian.
type Number interface {
	int8 | uint8 | int16 | int32 | int64 | float32 | float64
}

// NumbersOf returns an array of numbers in C order.
func NumbersOf[T Number](shape []int, v []T) Value {
	data, err := binary.Append(nil, binary.LittleEndian, v)
	if err != nil {
		panic(err) // the types have a fixed size
	}
	return Value{shape: sized(shape, len(v)), typ: numberType(v), data: data}
}

// Scalar returns a single number.
func Scalar[T Number](x T) Value { return NumbersOf([]int{}, []T{x}) }

// Bool returns a truth value as h5py writes it: an enumeration of FALSE and TRUE.
func Bool(x bool) Value {
	// Version 1, class 8; two members, one byte each; names padded to 8 bytes, values.
	t := append([]byte{0x18, 2, 0, 0, 1, 0, 0, 0}, numberType([]int8{})...)
	t = append(t, "FALSE\x00\x00\x00TRUE\x00\x00\x00\x00\x00\x01"...)
	v := Value{shape: []int{}, typ: t, data: []byte{0}}
	if x {
		v.data[0] = 1
	}
	return v
}

// Text returns a single string of variable length, UTF-8.
func Text(s string) Value { return TextsOf([]int{}, []string{s}) }

// TextsOf returns an array of strings of variable length, UTF-8.
func TextsOf(shape []int, v []string) Value {
	t := append([]byte{0x19, 1, 1, 0, referenceSize, 0, 0, 0}, numberType([]uint8{})...)
	return Value{shape: sized(shape, len(v)), typ: t, text: v}
}

// FixedText returns an array of one string of size bytes, ASCII, padded with zeros.
func FixedText(size int, s string) Value {
	if len(s) > size {
		panic("hdf5: text longer than its field: " + s)
	}
	data := make([]byte, size)
	copy(data, s)
	return Value{shape: []int{1}, typ: binary.LittleEndian.AppendUint32([]byte{0x13, 1, 0, 0}, uint32(size)), data: data}
}

func sized(shape []int, n int) []int {
	want := 1
	for _, d := range shape {
		want *= d
	}
	if want != n {
		panic(fmt.Sprintf("hdf5: %d values in shape %v", n, shape))
	}
	return shape
}

// numberType returns the datatype message of numbers.
func numberType[T Number](v []T) []byte {
	integer := func(size, sign byte) []byte {
		return []byte{0x10, sign << 3, 0, 0, size, 0, 0, 0, 0, 0, 8 * size, 0}
	}
	// Sign's place, size, then places and sizes of exponent and mantissa, exponent's bias.
	float := func(size, exponentAt, exponent, mantissa byte, bias uint32) []byte {
		t := []byte{0x11, 0x20, 8*size - 1, 0, size, 0, 0, 0, 0, 0, 8 * size, 0, exponentAt, exponent, 0, mantissa}
		return binary.LittleEndian.AppendUint32(t, bias)
	}
	switch any(v).(type) {
	case []int8:
		return integer(1, 1)
	case []uint8:
		return integer(1, 0)
	case []int16:
		return integer(2, 1)
	case []int32:
		return integer(4, 1)
	case []int64:
		return integer(8, 1)
	case []float32:
		return float(4, 23, 8, 23, 127)
	default:
		return float(8, 52, 11, 52, 1023)
	}
}

type message struct {
	kind byte
	body []byte
}

// header writes an object header of version 1, section IV.A.1.a, and returns its address.
func (w *writer) header(messages []message) uint64 {
	size := 0
	for i, m := range messages {
		messages[i].body = append(m.body, make([]byte, -len(m.body)&7)...)
		size += 8 + len(messages[i].body)
	}
	at := w.align()
	w.b = append(w.b, 1, 0)
	w.u16(len(messages))
	w.u32(1) // links to the object
	w.u32(size)
	w.u32(0)
	for _, m := range messages {
		w.b = append(w.b, m.kind, 0)
		w.u16(len(m.body))
		w.u32(0)
		w.b = append(w.b, m.body...)
	}
	return at
}

// value writes an array and returns the address of its header.
func (w *writer) value(v Value) uint64 {
	data := v.data
	for range v.text {
		data = append(data, w.references[:referenceSize]...)
		w.references = w.references[referenceSize:]
	}
	at := uint64(undefined)
	if len(data) > 0 {
		at = w.align()
		w.b = append(w.b, data...)
	}
	space := []byte{1, byte(len(v.shape)), 0, 0, 0, 0, 0, 0}
	for _, d := range v.shape {
		space = binary.LittleEndian.AppendUint64(space, uint64(d))
	}
	layout := binary.LittleEndian.AppendUint64([]byte{3, 1}, at) // contiguous
	layout = binary.LittleEndian.AppendUint64(layout, uint64(len(data)))
	fill := []byte{2, 2, 2, 1, 0, 0, 0, 0} // as h5py has it: no value of its own
	return w.header([]message{{msgDataspace, space}, {msgDatatype, v.typ}, {msgFill, fill}, {msgLayout, layout}})
}

// strings writes global heap collections with the strings of f and below, in the order in
// which folder will come to them, and keeps their references, section III.E.
// Every string has an object of its own: HDF5 frees it when the value is changed.
func (w *writer) strings(f *Folder) {
	var objects []byte
	var at uint64 // of the collection that objects will be in
	index := 0
	flush := func() {
		if index == 0 {
			return
		}
		size := max(gcolMin, 16+len(objects))
		if free := size - 16 - len(objects); free >= 16 { // object 0 is the rest
			objects = binary.LittleEndian.AppendUint64(append(objects, make([]byte, 8)...), uint64(free))
		}
		w.b = append(w.b, "GCOL\x01\x00\x00\x00"...)
		w.u64(uint64(size))
		w.b = append(w.b, objects...)
		w.b = append(w.b, make([]byte, int(at)+size-len(w.b))...)
		objects, index = nil, 0
	}
	var visit func(f *Folder)
	visit = func(f *Folder) {
		for _, name := range f.names() {
			if sub, ok := f.folders[name]; ok {
				visit(sub)
			}
			for _, s := range f.values[name].text {
				if s == "" {
					w.references = append(w.references, make([]byte, referenceSize)...)
					continue
				}
				if len(objects) >= gcolMin || index == 0 {
					flush()
					at = w.align()
				}
				index++
				objects = append(objects, byte(index), byte(index>>8), 0, 0, 0, 0, 0, 0)
				objects = binary.LittleEndian.AppendUint64(objects, uint64(len(s)))
				objects = append(objects, s...)
				objects = append(objects, make([]byte, -len(s)&7)...)
				w.references = binary.LittleEndian.AppendUint32(w.references, uint32(len(s)))
				w.references = binary.LittleEndian.AppendUint64(w.references, at)
				w.references = binary.LittleEndian.AppendUint32(w.references, uint32(index))
			}
		}
	}
	visit(f)
	flush()
}
