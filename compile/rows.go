package compile

import (
	"math/bits"
	"slices"

	"github.com/isospike/isospike/snn/fixed"
)

// row is a row of synapses before it is stored: neurons of the core, ascending, the code of
// each weight, the synaptic delay, and the weight exponent of the neuron. All slices are as long
// as target.
type row struct {
	mode       fixed.SignMode
	weightBits uint8
	target     []uint16
	code       []uint8
	delay      []uint8
	exp        []int8
}

// rowStore holds the rows of a core, equal ones once if the target can share them.
//
// An axon adds a base to the targets of its row. Bases reach from 0 to maxBase, so a row is
// stored as if it began at the last multiple of maxBase + 1 before its first neuron, and rows
// that differ only in how far they are from there are one.
type rowStore struct {
	shared  bool
	maxBase int
	start   []uint32
	rows    []rowHead
	row                        // the synapses of all rows
	seen    map[uint64][]int32 // by hash: rows
	longest int                // synaptic delay
}

type rowHead struct {
	mode       fixed.SignMode
	weightBits uint8
	shape      RowShape
}

func newRowStore(l *Limits) *rowStore {
	return &rowStore{shared: l.SharedRows, maxBase: l.MaxBase, start: []uint32{0}, seen: map[uint64][]int32{}}
}

// add returns the number of a stored row and the base with which it is r, which has at least
// one synapse.
func (s *rowStore) add(r *row) (number int32, base uint16) {
	if s.shared {
		base = r.target[0] % s.step()
	}
	h := uint64(0)
	if s.shared {
		h = r.hash(base)
		for _, n := range s.seen[h] {
			if s.equal(n, r, base) {
				return n, base
			}
		}
	}
	n := int32(len(s.rows))
	head := rowHead{mode: r.mode, weightBits: r.weightBits, shape: RowShape{WeightBits: r.weightBits}}
	for i, t := range r.target {
		s.target = append(s.target, t-base)
		head.shape.Add(int(t-base), int(r.exp[i]), r.delay[i])
	}
	s.code, s.delay, s.exp = append(s.code, r.code...), append(s.delay, r.delay...), append(s.exp, r.exp...)
	s.longest = max(s.longest, longest(r.delay))
	s.start = append(s.start, uint32(len(s.target)))
	s.rows = append(s.rows, head)
	if s.shared {
		s.seen[h] = append(s.seen[h], n)
	}
	return n, base
}

// place is add for the row of a source whose neurons lie moved compartments further on.
func (s *rowStore) place(r *kindRow, moved int) (number int32, base uint16) {
	first := r.target[0] + uint16(moved)
	if s.shared {
		base = first % s.step()
		if n, ok := r.stored[first-base]; ok {
			return n, base
		}
	}
	x := r.row
	x.target = make([]uint16, len(r.target))
	for i, t := range r.target {
		x.target[i] = t + uint16(moved)
	}
	number, base = s.add(&x)
	r.stored[first-base] = number
	return number, base
}

// step returns how many bases there are.
func (s *rowStore) step() uint16 { return uint16(min(s.maxBase, maxNeurons-2) + 1) }

// at returns a stored row.
func (s *rowStore) at(n int) row {
	lo, hi := s.start[n], s.start[n+1]
	return row{s.rows[n].mode, s.rows[n].weightBits, s.target[lo:hi], s.code[lo:hi], s.delay[lo:hi], s.exp[lo:hi]}
}

func (s *rowStore) equal(n int32, r *row, base uint16) bool {
	x := s.at(int(n))
	if x.mode != r.mode || x.weightBits != r.weightBits || len(x.target) != len(r.target) {
		return false
	}
	for i, t := range x.target {
		if t+base != r.target[i] {
			return false
		}
	}
	return slices.Equal(x.code, r.code) && slices.Equal(x.delay, r.delay) && slices.Equal(x.exp, r.exp)
}

func (r *row) hash(base uint16) uint64 {
	h := uint64(r.mode)<<8 | uint64(r.weightBits)
	for i, t := range r.target {
		h = (h ^ (uint64(t-base) | uint64(r.code[i])<<16 | uint64(r.delay[i])<<24 | uint64(uint8(r.exp[i]))<<32)) * 0x9e3779b97f4a7c15
		h = bits.RotateLeft64(h, 29)
	}
	return h
}
