package safetensors

import (
	"encoding/binary"
	"math"

	"github.com/isospike/isospike/snn/diag"
)

// DigestKey is the metadata key of the checksum. Write sets it; a value under
// it in File.Meta is ignored.
const DigestKey = "isospike.sha256"

// Tensor is one named array.
type Tensor struct {
	Name  string
	DType string // "F32", "F64", "I8", "I16", "I32", "I64", "U8", "U16", "U32" or "U64"
	Shape []int  // empty for a scalar
	Data  []byte // little endian, C order
}

// File is the content of a safetensors file. Tensors keep the order of their
// bytes in the file.
type File struct {
	Meta    map[string]string
	Tensors []Tensor

	verified bool
}

// Verified tells whether f was read from a file that carries a checksum, which
// then held. Files of other programs carry none.
func (f *File) Verified() bool { return f.verified }

// Tensor returns the tensor with that name, or a "tensor-missing" error.
func (f *File) Tensor(name string) (Tensor, error) {
	for _, t := range f.Tensors {
		if t.Name == name {
			return t, nil
		}
	}
	return Tensor{}, diag.Inputf("tensor-missing", "", "no tensor %q", name)
}

// Element is a Go type that a tensor can hold.
type Element interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

var dtypeSize = map[string]int{
	"I8": 1, "U8": 1, "I16": 2, "U16": 2, "I32": 4, "U32": 4, "I64": 8, "U64": 8, "F32": 4, "F64": 8,
}

func dtypeOf[T Element]() string {
	switch any(*new(T)).(type) {
	case int8:
		return "I8"
	case int16:
		return "I16"
	case int32:
		return "I32"
	case int64:
		return "I64"
	case uint8:
		return "U8"
	case uint16:
		return "U16"
	case uint32:
		return "U32"
	case uint64:
		return "U64"
	case float32:
		return "F32"
	}
	return "F64"
}

// Of returns the tensor of v in the given shape, C order. Write reports a shape
// that does not hold len(v) elements.
func Of[T Element](name string, shape []int, v []T) Tensor {
	data := make([]byte, binary.Size(v))
	if _, err := binary.Encode(data, binary.LittleEndian, v); err != nil {
		panic(err) // data has exactly the size of v
	}
	return Tensor{Name: name, DType: dtypeOf[T](), Shape: shape, Data: data}
}

// As returns t's elements in C order, or a "tensor-type" error when they are
// not of type T.
func As[T Element](t Tensor) ([]T, error) {
	want := dtypeOf[T]()
	if t.DType != want {
		return nil, diag.Inputf("tensor-type", "", "tensor %q has type %s, want %s", t.Name, t.DType, want)
	}
	size, err := t.size()
	if err != nil {
		return nil, err
	}
	v := make([]T, size/dtypeSize[want])
	if _, err := binary.Decode(t.Data, binary.LittleEndian, v); err != nil {
		panic(err) // size has checked the length
	}
	return v, nil
}

// size returns the length of t's data in bytes, having checked that it is what
// shape and type ask for.
func (t *Tensor) size() (int, error) {
	unit, ok := dtypeSize[t.DType]
	if !ok {
		return 0, diag.Inputf("tensor-type", "", "tensor %q has type %q, which isospike does not use", t.Name, t.DType).
			WithFix("convert it to F32 or an integer type")
	}
	n := unit
	for _, d := range t.Shape {
		// Zero counts as one here: no shape may overflow, an empty one neither.
		if d < 0 || n > math.MaxInt/max(d, 1) {
			return 0, malformed("tensor %q has the impossible shape %v", t.Name, t.Shape)
		}
		n *= max(d, 1)
	}
	for _, d := range t.Shape {
		if d == 0 {
			n = 0
		}
	}
	if n != len(t.Data) {
		return 0, malformed("tensor %q of type %s and shape %v takes %d bytes, not %d", t.Name, t.DType, t.Shape, n, len(t.Data))
	}
	return n, nil
}

func malformed(format string, args ...any) *diag.Error {
	return diag.Inputf("artifact-malformed", "", format, args...)
}
