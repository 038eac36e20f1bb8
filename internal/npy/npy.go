package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

const (
	magic     = "\x93NUMPY"
	maxBytes  = 1 << 30 // of one array, and of a whole .npz: a compressed file can claim anything
	maxHeader = 1 << 16
	maxRank   = 32 // NumPy's
)

// Read reads one .npy file. Errors are "npy-malformed", "array-type" for a type
// that is not supported, or "read-failed" around r's. Memory grows with what r gives, not with what
// the header claims; an array of more than 1 GiB is refused.
func Read(r io.Reader) (*Array, error) {
	head, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	a, fortran, err := parseHeader(head)
	if err != nil {
		return nil, err
	}
	n, err := bytesOf(a.DType, a.Shape)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := io.CopyN(&b, r, int64(n)); err != nil {
		return nil, short(err, "the array of type %s and shape %v ends after %d of %d bytes", a.DType, a.Shape, b.Len(), n)
	}
	if a.data = b.Bytes(); fortran {
		a.transpose()
	}
	return a, nil
}

// readHeader reads up to the header's text, which it returns.
func readHeader(r io.Reader) (string, error) {
	var pre [len(magic) + 2]byte
	if _, err := io.ReadFull(r, pre[:]); err != nil {
		return "", short(err, "too few bytes for a .npy file")
	}
	if string(pre[:len(magic)]) != magic {
		return "", malformed("not a .npy file: it does not begin with \\x93NUMPY")
	}
	var lenBuf [4]byte
	lenSize := 4
	switch version := pre[len(magic)]; version {
	case 1:
		lenSize = 2
	case 2, 3:
	default:
		return "", malformed("version %d of the .npy format is not supported", version)
	}
	if _, err := io.ReadFull(r, lenBuf[:lenSize]); err != nil {
		return "", short(err, "the header is cut short")
	}
	n := binary.LittleEndian.Uint32(lenBuf[:])
	if n > maxHeader {
		return "", malformed("a header of %d bytes is not a header", n)
	}
	head := make([]byte, n)
	if _, err := io.ReadFull(r, head); err != nil {
		return "", short(err, "the header is cut short")
	}
	return string(head), nil
}

// short is the error for data that ended or failed in the midst of something.
func short(err error, format string, args ...any) error {
	e := malformed(format, args...)
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		e.Code, e.Err = "read-failed", err
	}
	return e
}

// The header is a Python literal: {'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }
var (
	headerRE = regexp.MustCompile(`^\{((?:\s*'\w+'\s*:\s*(?:'[^']*'|True|False|\([\d\s,]*\))\s*,?)*)\s*\}\s*$`)
	fieldRE  = regexp.MustCompile(`'(\w+)'\s*:\s*('[^']*'|True|False|\([\d\s,]*\))`)
)

// parseHeader returns the array, still without data, and whether its elements
// come in Fortran order.
func parseHeader(head string) (a *Array, fortran bool, err error) {
	m := headerRE.FindStringSubmatch(head)
	if m == nil {
		return nil, false, malformed("header %.100q is not a dictionary of descr, fortran_order and shape", head)
	}
	field := map[string]string{}
	fields := fieldRE.FindAllStringSubmatch(m[1], -1)
	for _, f := range fields {
		field[f[1]] = f[2]
	}
	descr, order, shape := field["descr"], field["fortran_order"], field["shape"]
	if len(fields) != 3 || !strings.HasPrefix(descr, "'") ||
		order != "True" && order != "False" || !strings.HasPrefix(shape, "(") {
		return nil, false, malformed("header %.100q does not hold descr, fortran_order and shape once each", head)
	}
	a = &Array{DType: strings.Trim(descr, "'"), Shape: []int{}}
	for s := range strings.SplitSeq(strings.Trim(shape, "()"), ",") {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		d, err := strconv.Atoi(s)
		if err != nil || len(a.Shape) == maxRank {
			return nil, false, malformed("shape %.100q is not usable", shape)
		}
		a.Shape = append(a.Shape, d)
	}
	return a, order == "True", nil
}

// transpose brings the elements from Fortran order (first index fastest) to C order.
func (a *Array) transpose() {
	if len(a.data) == 0 {
		return
	}
	size := len(a.data)
	stride := make([]int, len(a.Shape)) // in the data as read, bytes
	for _, d := range a.Shape {
		size /= d
	}
	for i, step := 0, size; i < len(stride); i++ {
		stride[i] = step
		step *= a.Shape[i]
	}
	out := make([]byte, 0, len(a.data))
	index := make([]int, len(a.Shape))
	for from := 0; len(out) < len(a.data); {
		out = append(out, a.data[from:from+size]...)
		for i := len(index) - 1; i >= 0; i-- {
			index[i]++
			from += stride[i]
			if index[i] < a.Shape[i] {
				break
			}
			from -= index[i] * stride[i]
			index[i] = 0
		}
	}
	a.data = out
}

// Write writes a as a .npy file. The error is w's, or "npy-malformed" when the
// shape does not fit the elements.
func Write(w io.Writer, a *Array) error {
	n, err := bytesOf(a.DType, a.Shape)
	if err != nil {
		return err
	}
	if n != len(a.data) || len(a.Shape) > maxRank {
		return malformed("shape %v does not hold the array's %d bytes of type %s", a.Shape, len(a.data), a.DType)
	}
	var shape strings.Builder
	for _, d := range a.Shape {
		fmt.Fprintf(&shape, "%d, ", d)
	}
	tuple := strings.TrimSuffix(shape.String(), " ") // "(3,)" for one dimension
	if len(a.Shape) > 1 {
		tuple = strings.TrimSuffix(tuple, ",")
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", a.DType, tuple)
	const fixed = len(magic) + 4
	head += strings.Repeat(" ", 63-(fixed+len(head))%64) + "\n" // the data begins at a multiple of 64
	b := append([]byte(magic), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(head)))
	if _, err := w.Write(append(b, head...)); err != nil {
		return err
	}
	_, err = w.Write(a.data)
	return err
}
