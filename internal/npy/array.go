package npy

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/isospike/isospike/snn/diag"
)

// Array is an n-dimensional array.
type Array struct {
	Shape []int  // empty for a scalar
	DType string // NumPy's: "|b1", "|i1", "<i2", …, "<f8", or "<U5" for strings of up to 5 characters

	data []byte // little endian, C order
}

// Element is a Go type that an array can hold.
type Element interface {
	bool | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

func dtypeOf[T Element]() string {
	switch any(*new(T)).(type) {
	case bool:
		return "|b1"
	case int8:
		return "|i1"
	case int16:
		return "<i2"
	case int32:
		return "<i4"
	case int64:
		return "<i8"
	case uint8:
		return "|u1"
	case uint16:
		return "<u2"
	case uint32:
		return "<u4"
	case uint64:
		return "<u8"
	case float32:
		return "<f4"
	}
	return "<f8"
}

// Of returns the array of v in the given shape, C order. Writing reports a shape
// that does not hold len(v) elements.
func Of[T Element](shape []int, v []T) *Array {
	data := make([]byte, binary.Size(v))
	if _, err := binary.Encode(data, binary.LittleEndian, v); err != nil {
		panic(err) // data has exactly the size of v
	}
	return &Array{Shape: shape, DType: dtypeOf[T](), data: data}
}

// OfText returns s as a scalar string array. NumPy drops trailing zero
// characters, and text that is not UTF-8 takes U+FFFD for what is wrong.
func OfText(s string) *Array {
	r := []rune(s)
	data := make([]byte, 4*len(r))
	if _, err := binary.Encode(data, binary.LittleEndian, r); err != nil {
		panic(err) // data has exactly the size of r
	}
	return &Array{DType: "<U" + strconv.Itoa(len(r)), data: data}
}

// Integers returns the number of elements of an integer or boolean array, and what reads them in C order, for arrays that are too
// large to be had as int64 besides. It is an "array-type" error for another type; at returns one for a value above 2^63 − 1.
func (a *Array) Integers() (n int, at func(i int) (int64, error), err error) {
	size, err := itemSize(a.DType)
	if err != nil {
		return 0, nil, err
	}
	kind := a.DType[1]
	if kind == 'f' || kind == 'U' {
		return 0, nil, diag.Inputf("array-type", "", "the array has type %s, want integers", a.DType)
	}
	return len(a.data) / size, func(i int) (int64, error) {
		x := a.word(i, size)
		switch {
		case kind == 'b':
			return int64(min(x, 1)), nil
		case kind == 'u' && x > math.MaxInt64:
			return 0, diag.Inputf("array-type", "", "element %d is %d, too large for int64", i, x)
		case kind == 'u':
			return int64(x), nil
		default:
			shift := 64 - 8*size // extends the sign
			return int64(x<<shift) >> shift, nil
		}
	}, nil
}

// Ints returns the elements of an integer or boolean array in C order, or an
// "array-type" error: for another type, and for a value above 2^63 − 1.
func (a *Array) Ints() ([]int64, error) {
	n, at, err := a.Integers()
	if err != nil {
		return nil, err
	}
	v := make([]int64, n)
	for i := range v {
		if v[i], err = at(i); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// Floats returns the elements of a numeric array in C order, exactly, or an
// "array-type" error: for strings, and for an integer that float64 cannot hold.
func (a *Array) Floats() ([]float64, error) {
	size, err := itemSize(a.DType)
	if err != nil {
		return nil, err
	}
	if a.DType[1] == 'f' {
		v := make([]float64, len(a.data)/size)
		for i := range v {
			if x := a.word(i, size); size == 4 {
				v[i] = float64(math.Float32frombits(uint32(x)))
			} else {
				v[i] = math.Float64frombits(x)
			}
		}
		return v, nil
	}
	ints, err := a.Ints()
	if err != nil {
		return nil, err
	}
	v := make([]float64, len(ints))
	for i, x := range ints {
		if v[i] = float64(x); x > 1<<53 || x < -1<<53 {
			return nil, diag.Inputf("array-type", "", "element %d is %d, which float64 does not hold exactly", i, x)
		}
	}
	return v, nil
}

// Text returns the string of a scalar string array, or an "array-type" error.
func (a *Array) Text() (string, error) {
	size, err := itemSize(a.DType)
	if err != nil {
		return "", err
	}
	if a.DType[1] != 'U' || len(a.Shape) != 0 {
		return "", diag.Inputf("array-type", "", "the array has type %s and shape %v, want one string", a.DType, a.Shape)
	}
	var b strings.Builder
	for i := range size / 4 {
		r := a.word(i, 4)
		if r > utf8.MaxRune || !utf8.ValidRune(rune(r)) {
			return "", diag.Inputf("array-type", "", "character %d is U+%X, which does not exist", i, r)
		}
		b.WriteRune(rune(r))
	}
	return strings.TrimRight(b.String(), "\x00"), nil
}

// word returns the i-th little-endian word of size bytes.
func (a *Array) word(i, size int) uint64 {
	var b [8]byte
	copy(b[:], a.data[i*size:(i+1)*size])
	return binary.LittleEndian.Uint64(b[:])
}

// itemSize returns the bytes of one element.
func itemSize(dtype string) (int, error) {
	switch dtype {
	case "|b1", "|i1", "|u1":
		return 1, nil
	case "<i2", "<u2":
		return 2, nil
	case "<i4", "<u4", "<f4":
		return 4, nil
	case "<i8", "<u8", "<f8":
		return 8, nil
	}
	if n, ok := strings.CutPrefix(dtype, "<U"); ok {
		// Only NumPy's own spelling: "+5" and "05" would not be written the same again.
		if chars, err := strconv.Atoi(n); err == nil && chars >= 0 && chars <= maxBytes/4 && strconv.Itoa(chars) == n {
			return 4 * chars, nil
		}
	}
	return 0, diag.Inputf("array-type", "", "arrays of type %q are not supported", dtype).
		WithFix("convert with .astype() to int8 … int64, uint8 … uint64, float32, float64, bool or str")
}

// bytesOf returns the length in bytes of an array of that type and shape, which
// is at most maxBytes.
func bytesOf(dtype string, shape []int) (int, error) {
	n, err := itemSize(dtype)
	if err != nil {
		return 0, err
	}
	empty := n == 0
	n = max(n, 1)
	for _, d := range shape {
		if d < 0 || n > maxBytes/max(d, 1) {
			return 0, malformed("an array of type %s and shape %v is more than %d bytes", dtype, shape, maxBytes)
		}
		empty = empty || d == 0
		n *= max(d, 1)
	}
	if empty {
		return 0, nil
	}
	return n, nil
}

func malformed(format string, args ...any) *diag.Error {
	return diag.Inputf("npy-malformed", "", format, args...)
}
