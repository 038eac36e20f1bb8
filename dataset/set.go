package dataset

import (
	"fmt"
	"math"
	"slices"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// Set is a fixed sequence of labelled recordings of one camera. Its methods may
// be called from many goroutines at once; i runs from 0 to Len()-1, and an i
// outside that panics as a slice would.
type Set interface {
	Name() string     // what reports call the set
	Len() int         // number of recordings
	Classes() int     // number of classes; labels run from 0 to Classes()-1
	Shape() snn.Shape // the camera: columns, rows, polarities

	Label(i int) int // class of recording i
	ID(i int) string // name of recording i, unique in the set

	// Events returns the events of recording i in the order of the recording,
	// all of them inside Shape. The slice is the caller's. A recording that
	// cannot be read, or has events outside Shape, is a *diag.Error.
	Events(i int) ([]spike.Event, error)
}

// watched calls read before it reads a recording.
type watched struct {
	Set
	read func(i int) error
}

// Watched returns s, but calls read(i) before the events of recording i are read, and
// gives read's error instead of them: to show how far a reader is, and to stop it.
func Watched(s Set, read func(i int) error) Set { return watched{s, read} }

func (w watched) Events(i int) ([]spike.Event, error) {
	if err := w.read(i); err != nil {
		return nil, err
	}
	return w.Set.Events(i)
}

type subset struct {
	Set
	index []int
}

// Subset returns the recordings of s at the given indices, in their order. An
// index that s does not have panics.
func Subset(s Set, indices []int) Set {
	for _, i := range indices {
		if i < 0 || i >= s.Len() {
			panic(fmt.Sprintf("dataset: recording %d of %d", i, s.Len()))
		}
	}
	return subset{s, slices.Clone(indices)}
}

func (s subset) Len() int                            { return len(s.index) }
func (s subset) Label(i int) int                     { return s.Set.Label(s.index[i]) }
func (s subset) ID(i int) string                     { return s.Set.ID(s.index[i]) }
func (s subset) Events(i int) ([]spike.Event, error) { return s.Set.Events(s.index[i]) }

// Split divides s in two at random, class by class: the first part gets
// fraction (0 to 1, the nearest whole number) of the recordings of every class,
// the second the others. Both keep the order of s. A fraction outside 0 to 1 is
// a usage error.
func Split(s Set, fraction float64, seed uint64) (first, rest Set, err error) {
	if !(fraction >= 0 && fraction <= 1) {
		return nil, nil, diag.Usagef("bad-fraction", "cannot split off a fraction of %v", fraction).WithFix("give a number from 0 to 1")
	}
	class := make([][]int, s.Classes())
	for i := range s.Len() {
		class[s.Label(i)] = append(class[s.Label(i)], i)
	}
	var a, b []int
	for c, index := range class {
		r := newRandom(seed, uint64(c))
		for i := len(index) - 1; i > 0; i-- {
			j := r.below(i + 1)
			index[i], index[j] = index[j], index[i]
		}
		n := int(math.Round(fraction * float64(len(index))))
		a, b = append(a, index[:n]...), append(b, index[n:]...)
	}
	slices.Sort(a)
	slices.Sort(b)
	return subset{s, a}, subset{s, b}, nil
}
