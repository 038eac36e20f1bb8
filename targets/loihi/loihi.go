// Package loihi is the compiler's view of Loihi-style cores: limits come from a
// chip file, the cost of synapse rows from the formats below.
//
// # Synapse rows
//
// The synapse memory holds 64-bit words. The row of an axon begins on a word and
// is a sequence of entries of at most 60 synapses. An entry begins with 4 bits of
// format number and 6 bits of count. In the sparse format every synapse then has
// index, weight and delay; in the dense format the entry has one index and then
// weight and delay of every neuron from there on, absent synapses as weight 0. A
// row uses the format that takes fewer bits. The parts and their widths are those
// of NxTF (intel-nrc-ecosystem/models 3dc53bf) and nengo-loihi (e564f66).
//
// How the chip packs the bits inside a word is not public, so this is Loihi-style
// accounting and no loadable image.
package loihi

import "github.com/isospike/isospike/compile"

// Bits of synapse rows.
const (
	wordBits     = 64
	formatBits   = 4
	countBits    = 6
	indexBits    = 10 // numbers 1024 compartments
	entryMost    = 60 // synapses of one entry; the 6-bit count's last values are not used
	noWidthSeven = 7  // weight widths are 1 to 6 and 8: 7 bits are stored in 8
)

// Chip is a Loihi-style target.
type Chip struct {
	name   string
	limits compile.Limits
}

// New returns the target of that name with the given limits.
func New(name string, limits compile.Limits) *Chip { return &Chip{name, limits} }

// Name returns the name that users give.
func (c *Chip) Name() string { return c.name }

// Limits returns the limits of the chip file.
func (c *Chip) Limits() compile.Limits { return c.limits }

// RowWords returns the 64-bit words of a row of n synapses among span neurons.
func (c *Chip) RowWords(n, span, weightBits, delayBits int) int {
	if weightBits == noWidthSeven {
		weightBits = 8
	}
	entries := func(synapses int) int { return (synapses + entryMost - 1) / entryMost }
	sparse := entries(n)*(formatBits+countBits) + n*(indexBits+weightBits+delayBits)
	dense := entries(span)*(formatBits+countBits+indexBits) + span*(weightBits+delayBits)
	return (min(sparse, dense) + wordBits - 1) / wordBits
}
