package hdf5

import (
	"slices"
	"strings"

	"github.com/isospike/isospike/snn/diag"
)

const (
	maxBytes = 1 << 30 // of one dataset's values
	maxRank  = 32      // HDF5's own
)

// Dataset is an array of values.
type Dataset struct {
	Shape []int // empty for a scalar
	Kind  Kind

	img     *image
	path    string
	typ     datatype
	size    int // bytes of all values
	storage storage
}

// storage is where the values lie.
type storage struct {
	class   uint64 // 0 compact, 1 contiguous, 2 chunked
	data    []byte // compact
	addr    uint64 // of the values, or the chunks' B-tree
	chunk   []int  // chunked: a chunk's shape
	filters []filter
}

// dataset reads the dataset whose object header is at addr, without its values.
func (img *image) dataset(addr uint64, path string) (*Dataset, error) {
	h, err := img.walk().header(addr)
	if err != nil {
		return nil, at(err, path)
	}
	d := &Dataset{img: img, path: path}
	if err := d.parse(h); err != nil {
		return nil, at(err, path)
	}
	return d, nil
}

func (d *Dataset) parse(h header) (err error) {
	if h[msgDataspace] == nil || h[msgDatatype] == nil || h[msgLayout] == nil {
		return malformed("not a dataset")
	}
	if h[msgExternal] != nil {
		return unsupported("a dataset in other files")
	}
	if d.typ, err = parseDatatype(&cursor{b: h[msgDatatype]}); err != nil {
		return err
	}
	d.Kind = d.typ.kind
	if d.Shape, err = parseDataspace(h[msgDataspace]); err != nil {
		return err
	}
	if d.size, err = product(d.Shape, d.typ.size); err != nil {
		return err
	}
	if err = d.storage.parse(h[msgLayout], d.Shape, d.typ.size); err != nil {
		return err
	}
	d.storage.filters, err = parseFilters(h[msgFilters])
	return err
}

// parseDataspace returns the shape, section IV.A.2.b.
func parseDataspace(message []byte) ([]int, error) {
	c := cursor{b: message}
	version, rank := c.uint(1), int(c.uint(1))
	c.take(1)
	switch {
	case version == 1:
		c.take(5)
	case version != 2:
		return nil, malformed("dataspace version %d", version)
	case c.uint(1) == 2:
		return nil, unsupported("a dataset without a value (a null dataspace)")
	}
	if rank > maxRank {
		return nil, malformed("%d dimensions", rank)
	}
	shape := make([]int, rank)
	for i := range shape {
		d := c.uint(8)
		if d > maxBytes {
			return nil, malformed("dimension %d of %d is too large", i, d)
		}
		shape[i] = int(d)
	}
	if c.short {
		return nil, malformed("a dataspace is cut short")
	}
	return shape, nil
}

// product returns the bytes that values of the given shape take.
func product(shape []int, size int) (int, error) {
	n := size
	for _, d := range shape {
		// Zero counts as one here: no shape may overflow, an empty one neither.
		if n > maxBytes/max(d, 1) {
			return 0, malformed("values of %d bytes in shape %v are more than %d bytes", size, shape, maxBytes)
		}
		n *= max(d, 1)
	}
	if slices.Contains(shape, 0) {
		return 0, nil
	}
	return n, nil
}

// parse reads a data layout message, section IV.A.2.i.
func (s *storage) parse(message []byte, shape []int, size int) error {
	c := cursor{b: message}
	if version := c.uint(1); version != 3 {
		return unsupported("data layout version %d", version)
	}
	switch s.class = c.uint(1); s.class {
	case 0:
		s.data = c.take(int(c.uint(2)))
	case 1:
		s.addr = c.uint(8)
	case 2:
		rank := int(c.uint(1)) - 1 // the last one counts the bytes of a value
		s.addr = c.uint(8)
		if rank < 1 || rank != len(shape) {
			return malformed("chunks of %d dimensions for shape %v", rank, shape)
		}
		s.chunk = make([]int, rank)
		for i := range s.chunk {
			n := c.uint(4)
			if !c.short && (n == 0 || n > maxBytes) {
				return malformed("chunks of %d values in dimension %d", n, i)
			}
			s.chunk[i] = int(n)
		}
		if int(c.uint(4)) != size {
			return malformed("chunks of values of another size")
		}
	default:
		return unsupported("data layout class %d", s.class)
	}
	if c.short {
		return malformed("a data layout is cut short")
	}
	return nil
}

// bytes returns the values as they are stored, C order.
func (d *Dataset) bytes() ([]byte, error) {
	b := d.storage.data
	var err error
	switch {
	case d.size == 0:
		return nil, nil
	case d.storage.class == 2:
		b, err = d.chunks()
	case d.storage.class == 1 && d.storage.addr == undefined:
		err = malformed("no value was ever written")
	case d.storage.class == 1:
		b, err = d.img.walk().read(d.storage.addr, uint64(d.size))
	case len(b) != d.size:
		err = malformed("%d bytes of values, want %d", len(b), d.size)
	}
	return b, at(err, d.path)
}

// Ints returns the values in C order, or an "hdf5-type" error when they are not
// integers or one is above 2^63 − 1.
func (d *Dataset) Ints() ([]int64, error) {
	if d.Kind != Int {
		return nil, at(diag.Inputf("hdf5-type", "", "the values are not integers"), d.path)
	}
	b, err := d.bytes()
	if err != nil {
		return nil, err
	}
	v, err := d.typ.ints(b)
	return v, at(err, d.path)
}

// Floats returns the values in C order, exactly, or an "hdf5-type" error when
// they are not numbers, or integers of which float64 cannot hold one.
func (d *Dataset) Floats() ([]float64, error) {
	if d.Kind != Int && d.Kind != Float {
		return nil, at(diag.Inputf("hdf5-type", "", "the values are not numbers"), d.path)
	}
	b, err := d.bytes()
	if err != nil {
		return nil, err
	}
	v, err := d.typ.floats(b)
	return v, at(err, d.path)
}

// Strings returns the values in C order without their padding, or an
// "hdf5-type" error when they are not strings.
func (d *Dataset) Strings() ([]string, error) {
	if d.Kind != String {
		return nil, at(diag.Inputf("hdf5-type", "", "the values are not strings"), d.path)
	}
	b, err := d.bytes()
	if err != nil {
		return nil, err
	}
	v := make([]string, len(b)/d.typ.size)
	heap := globalHeap{w: d.img.walk(), read: map[uint64]collection{}}
	for i := range v {
		s := b[i*d.typ.size : (i+1)*d.typ.size]
		switch {
		case d.typ.vlen:
			if v[i], err = heap.string(s); err != nil {
				return nil, at(err, d.path)
			}
		case d.typ.pad == 0:
			v[i], _, _ = strings.Cut(string(s), "\x00")
		case d.typ.pad == 1:
			v[i] = strings.TrimRight(string(s), "\x00")
		case d.typ.pad == 2:
			v[i] = strings.TrimRight(string(s), " ")
		}
	}
	return v, nil
}

// Bytes returns the values of a dataset of integers of 8 bits as they are stored, or an
// "hdf5-type" error.
func (d *Dataset) Bytes() ([]byte, error) {
	if d.Kind != Int || d.typ.size != 1 {
		return nil, at(diag.Inputf("hdf5-type", "", "the values are not bytes"), d.path)
	}
	return d.bytes()
}
