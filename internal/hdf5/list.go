package hdf5

import (
	"sync"

	"github.com/isospike/isospike/snn/diag"
)

// Lists are the values of a dataset of lists, which stay in the file: only their
// addresses are in memory, 16 bytes each. Its methods may be called from many
// goroutines.
type Lists struct {
	of   *datatype
	path string
	img  *image
	refs []byte

	mutex sync.Mutex
	read  map[uint64]collection // the last few; neighbours often share one
}

// keptCollections is how many collections of the global heap stay in memory.
const keptCollections = 4

// Lists returns the values of a dataset of Kind List in C order, or an "hdf5-type" error.
func (d *Dataset) Lists() (*Lists, error) {
	if d.Kind != List {
		return nil, at(diag.Inputf("hdf5-type", "", "the values are not lists"), d.path)
	}
	refs, err := d.bytes()
	return &Lists{of: d.typ.of, path: d.path, img: d.img, refs: refs, read: map[uint64]collection{}}, err
}

// Len returns the number of lists.
func (l *Lists) Len() int { return len(l.refs) / referenceSize }

// Ints returns list i, or an error as Dataset.Ints.
func (l *Lists) Ints(i int) ([]int64, error) {
	if l.of.kind != Int {
		return nil, at(diag.Inputf("hdf5-type", "", "the lists are not of integers"), l.path)
	}
	b, err := l.bytes(i)
	if err != nil {
		return nil, at(err, l.path)
	}
	v, err := l.of.ints(b)
	return v, at(err, l.path)
}

// Floats returns list i, or an error as Dataset.Floats.
func (l *Lists) Floats(i int) ([]float64, error) {
	b, err := l.bytes(i)
	if err != nil {
		return nil, at(err, l.path)
	}
	v, err := l.of.floats(b)
	return v, at(err, l.path)
}

// bytes returns the values of list i as they are stored.
func (l *Lists) bytes(i int) ([]byte, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if len(l.read) >= keptCollections {
		clear(l.read)
	}
	heap := globalHeap{w: l.img.walk(), read: l.read}
	s, err := heap.object(l.refs[i*referenceSize:][:referenceSize], uint64(l.of.size))
	return []byte(s), err
}
