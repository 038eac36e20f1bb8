// Package loihi is the compiler's view of Loihi-style cores: limits come from a
// chip file, the cost of synapse rows from the formats below.
//
// # Synapse rows
//
// The synapse memory holds 64-bit words. A row begins on a word, ends with 6 bits that mark
// its end, and is a sequence of entries of at most 60 synapses in between. An entry begins with 4 bits
// of format number and 6 bits of count, and all its synapses have weight and delay:
//
//	sparse      each synapse has its index
//	run-length  the entry has one index, each synapse the distance from the one before, in 2 to
//	            5 bits; a longer distance begins an entry
//	dense       the entry has one index; what follows are the neurons from there on, absent
//	            synapses as weight 0 where that is cheaper than a new entry
//
// A row uses the format that takes the fewest bits. The parts and their widths are those of
// NxTF (intel-nrc-ecosystem/models 3dc53bf: SynEntry and SynapseGroup of data_structures.py)
// and nengo-loihi (e564f66).
//
// An axon in has a pointer to its row, a length, and a base (cxBase) that is added to the
// row's indices, also a discrete one: both tools configure discreteMapEntry with it. So a row
// that is shared costs no more axons than one that is not. Population axons would bundle the channels
// of a pixel that go to one core only, 2 entries out (3 across chips) for all of them
// instead of 1 (2) each; the compiler does not use them.
//
// How the chip packs the bits inside a word is not public, so this is Loihi-style
// accounting and no loadable image.
package loihi

import "github.com/isospike/isospike/compile"

// Bits of synapse rows.
const (
	wordBits   = 64
	formatBits = 4
	countBits  = 6
	endBits    = 6 // NxTF takes another word where fewer are left
)

// Chip is a Loihi-style target.
type Chip struct {
	name      string
	limits    compile.Limits
	indexBits int
}

// New returns the target of that name with the given limits.
func New(name string, limits compile.Limits) *Chip {
	c := &Chip{name, limits, 6} // the fewest that an index can have
	for c.indexBits < 16 && 1<<c.indexBits < limits.Neurons {
		c.indexBits++
	}
	return c
}

// Name returns the name that users give.
func (c *Chip) Name() string { return c.name }

// Limits returns the limits of the chip file.
func (c *Chip) Limits() compile.Limits { return c.limits }

// RowWords returns the 64-bit words of a row in the format that takes the fewest bits.
func (c *Chip) RowWords(r *compile.RowShape) (words int, format compile.RowFormat) {
	if r.N == 0 {
		return 0, compile.Sparse
	}
	synapse := int(compile.FieldBits(r.WeightBits)) + r.DelayBits()
	const head = formatBits + countBits
	n := int(r.N)
	bits, format := int(r.Sparse)*head+n*(c.indexBits+synapse), compile.Sparse
	if b := int(r.Runs)*(head+c.indexBits) + n*(int(compile.SkipBits(r.Skip))+synapse); b < bits {
		bits, format = b, compile.RunLength
	}
	if b := int(r.Denses)*(head+c.indexBits) + int(r.Slots)*synapse; b <= bits {
		bits, format = b, compile.Dense
	}
	return (bits + endBits + wordBits - 1) / wordBits, format
}
