package hdf5

import (
	"bytes"
	"compress/zlib"
	"io"
)

// Filters, section IV.A.2.l.
const (
	filterDeflate = 1
	filterShuffle = 2
	maxFilters    = 32 // HDF5's own
)

type filter struct {
	id    uint64
	param uint64 // shuffle: bytes a value
}

// parseFilters reads a filter pipeline message; there is none for nil.
func parseFilters(message []byte) ([]filter, error) {
	if message == nil {
		return nil, nil
	}
	c := cursor{b: message}
	version, count := c.uint(1), int(c.uint(1))
	if version != 1 && version != 2 || count > maxFilters {
		return nil, malformed("filter pipeline version %d of %d filters", version, count)
	}
	if version == 1 {
		c.take(6)
	}
	var filters []filter
	for range count {
		f := filter{id: c.uint(2)}
		name := 0
		if version == 1 || f.id >= 256 {
			name = int(c.uint(2))
		}
		c.take(2)
		params := int(c.uint(2))
		if version == 1 {
			name = (name + 7) &^ 7
		}
		c.take(name)
		values := cursor{b: c.take(4 * params)}
		f.param = values.uint(4)
		if version == 1 && params%2 == 1 {
			c.take(4)
		}
		if c.short {
			return nil, malformed("a filter pipeline is cut short")
		}
		if f.id != filterDeflate && f.id != filterShuffle {
			return nil, unsupported("filter %d", f.id)
		}
		filters = append(filters, f)
	}
	return filters, nil
}

// stored is one chunk as it lies in the file.
type stored struct {
	addr, size, mask uint64 // mask: bit i set where filter i was left out
	offset           []int  // of its first value
}

// maxDeflate is how many bytes one compressed byte can become.
const maxDeflate = 1032

// chunks returns the values of a chunked dataset.
func (d *Dataset) chunks() ([]byte, error) {
	w := d.img.walk()
	list, err := d.list(w)
	if err != nil {
		return nil, err
	}
	total := uint64(0)
	for _, s := range list {
		total += s.size
	}
	if total > uint64(d.img.size) || uint64(d.size) > maxDeflate*total {
		return nil, malformed("%d values of %d bytes do not come from %d chunks of %d bytes in all",
			d.size/d.typ.size, d.typ.size, len(list), total)
	}
	out := make([]byte, d.size)
	for _, s := range list {
		raw, err := w.read(s.addr, s.size)
		if err != nil {
			return nil, err
		}
		if raw, err = d.unfilter(raw, s.mask); err != nil {
			return nil, err
		}
		d.place(out, raw, s.offset)
	}
	return out, nil
}

// list returns the chunks, having checked that each one is there once.
func (d *Dataset) list(w *walk) ([]stored, error) {
	shape, chunk := d.Shape, d.storage.chunk
	want := 1
	for i, n := range shape {
		want *= (n-1)/chunk[i] + 1
	}
	if d.storage.addr == undefined {
		return nil, malformed("no value was ever written")
	}
	var list []stored
	seen := map[int]bool{}
	err := w.tree(d.storage.addr, treeChunk, 8+8*(len(shape)+1), func(key []byte, child uint64) error {
		c := cursor{b: key}
		s := stored{addr: child, size: c.uint(4), mask: c.uint(4), offset: make([]int, len(shape))}
		number := 0
		for i := range shape {
			o := c.uint(8)
			if o >= uint64(shape[i]) || o%uint64(chunk[i]) != 0 {
				return malformed("a chunk at %d in dimension %d of %d, chunks of %d", o, i, shape[i], chunk[i])
			}
			s.offset[i] = int(o)
			number = number*((shape[i]-1)/chunk[i]+1) + int(o)/chunk[i]
		}
		if seen[number] {
			return malformed("the chunk at %v occurs twice", s.offset)
		}
		seen[number] = true
		list = append(list, s)
		return nil
	})
	if err == nil && len(list) != want {
		err = malformed("%d of %d chunks were ever written", len(list), want)
	}
	return list, err
}

// unfilter undoes the filters of a chunk, the last one first.
func (d *Dataset) unfilter(b []byte, mask uint64) ([]byte, error) {
	size, err := product(d.storage.chunk, d.typ.size)
	if err != nil {
		return nil, err
	}
	if uint64(size) > maxDeflate*uint64(len(b)) {
		return nil, malformed("a chunk of %d bytes does not come from %d", size, len(b))
	}
	for i := len(d.storage.filters) - 1; i >= 0; i-- {
		f := d.storage.filters[i]
		if mask>>i&1 != 0 {
			continue
		}
		if f.id == filterShuffle {
			b = unshuffle(b, int(f.param))
		} else if b, err = inflate(b, size); err != nil {
			return nil, err
		}
	}
	if len(b) != size {
		return nil, malformed("a chunk has %d bytes, want %d", len(b), size)
	}
	return b, nil
}

// inflate returns b uncompressed, up to one byte more than size.
func inflate(b []byte, size int) ([]byte, error) {
	z, err := zlib.NewReader(bytes.NewReader(b))
	var out bytes.Buffer
	if err == nil {
		_, err = io.Copy(&out, io.LimitReader(z, int64(size)+1))
	}
	if err != nil {
		e := malformed("a chunk cannot be uncompressed")
		e.Err = err
		return nil, e
	}
	return out.Bytes(), nil
}

// unshuffle gathers the bytes of each value, which the filter had spread: first
// all values' first bytes, then all second ones. What is left over stays last.
func unshuffle(b []byte, size int) []byte {
	if size < 2 || len(b) < size {
		return b
	}
	n := len(b) / size
	out := make([]byte, len(b))
	for k := range size {
		for i, x := range b[k*n : (k+1)*n] {
			out[i*size+k] = x
		}
	}
	copy(out[n*size:], b[n*size:])
	return out
}

// place copies a chunk's values to where they belong in out, less what lies
// beyond the dataset's edge.
func (d *Dataset) place(out, chunk []byte, offset []int) {
	last := len(offset) - 1
	size := d.typ.size
	run := min(d.storage.chunk[last], d.Shape[last]-offset[last]) * size
	index := make([]int, last) // of the row in the chunk
	for {
		from, to := 0, 0
		for i, o := range offset {
			x := 0
			if i < last {
				x = index[i]
			}
			from = from*d.storage.chunk[i] + x
			to = to*d.Shape[i] + o + x
		}
		copy(out[to*size:to*size+run], chunk[from*size:from*size+run])
		i := last - 1
		for ; i >= 0; i-- {
			if index[i]++; index[i] < d.storage.chunk[i] && offset[i]+index[i] < d.Shape[i] {
				break
			}
			index[i] = 0
		}
		if i < 0 {
			return
		}
	}
}
