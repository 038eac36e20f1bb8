package compile

import "math/bits"

// RowFormat is how a target stores a row of synapses.
type RowFormat uint8

// The formats of rows. What they cost is up to the target.
const (
	Plain     RowFormat = iota // a target's only format
	Sparse                     // the index of every synapse
	RunLength                  // the distance from synapse to synapse
	Dense                      // one index, then every neuron from there on, absent synapses as weight 0
)

// String returns the format's name.
func (f RowFormat) String() string {
	return [...]string{"plain", "sparse", "run-length", "dense"}[f]
}

// The entries of Loihi's rows: NxTF (intel-nrc-ecosystem/models 3dc53bf, optimization.py and
// synapse_compression.py).
const (
	EntrySynapses = 60 // synapses of one entry; the 6-bit count's last values are not used
	MaxSkip       = 31 // largest distance within a run-length entry: 5 bits
	entryBits     = 20 // what another dense entry costs: number of the format, count, index
)

// RowShape is what the cost of a row depends on. It begins as that of a row without
// synapses and grows at its end.
type RowShape struct {
	N          int32 // synapses
	Span       int32 // neurons from the first to the last
	Sparse     int32 // entries in the sparse format
	Runs       int32 // entries in the run-length format
	Denses     int32 // entries in the dense format
	Slots      int32 // neurons that the dense entries cover
	last       int32
	inSparse   uint8 // synapses of the last sparse entry
	inRun      uint8
	inDense    uint8 // neurons of the last dense entry
	Skip       uint8 // largest distance within a run-length entry
	WeightBits uint8
	exp        int8
	Delay      uint8  // longest synaptic delay
	Exps       uint16 // weight exponents of the neurons: bit exp + 8
}

// Add appends a delayed synapse to a neuron beyond the last one, whose weight exponent is
// exp. A synapse format has one exponent, so another one begins an entry.
func (r *RowShape) Add(target, exp int, delay uint8) {
	r.Delay = max(r.Delay, delay)
	gap := int32(target) - r.last
	if r.N == 0 {
		gap = 1
	}
	if r.N == 0 || int8(exp) != r.exp {
		r.inSparse, r.inRun, r.inDense = EntrySynapses, EntrySynapses, EntrySynapses
	}
	if r.inSparse == EntrySynapses {
		r.Sparse, r.inSparse = r.Sparse+1, 0
	}
	r.inSparse++
	if r.inRun == EntrySynapses || gap > MaxSkip {
		r.Runs, r.inRun = r.Runs+1, 0
	} else {
		r.Skip = max(r.Skip, uint8(gap))
	}
	r.inRun++
	r.Span += gap
	// Absent synapses are written out where that takes no more than a new entry.
	if int32(r.inDense)+gap > EntrySynapses || (gap-1)*int32(r.WeightBits) > entryBits {
		r.Denses, r.inDense, gap = r.Denses+1, 0, 1
	}
	r.inDense += uint8(gap)
	r.Slots += gap
	r.N++
	r.last, r.exp = int32(target), int8(exp)
	r.Exps |= 1 << (exp + 8)
}

// SkipBits returns the bits of a distance in a run-length entry whose largest is skip: 2 to 5.
func SkipBits(skip uint8) uint8 { return uint8(max(2, bits.Len8(skip))) }

// DelayBits returns the width of the row's delay field: 0, 3 or 6. It belongs to the format of
// the row's synapses and need not be that of the core's accumulators. Any width would do, but few
// different ones leave formats to others.
func (r *RowShape) DelayBits() int {
	switch {
	case r.Delay == 0:
		return 0
	case r.Delay < 8:
		return 3
	}
	return 6
}

// FieldBits returns the bits of Loihi's field for weights of some bits: 1 to 6 and 8, but not 7.
func FieldBits(weightBits uint8) uint8 {
	if weightBits == 7 {
		return 8
	}
	return weightBits
}
