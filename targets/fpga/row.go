package fpga

import "slices"

// The synapse memory is read in lines of 64 bits. A row is a number of them, in the one
// of two forms that takes fewer; sparse rows are no slower then.
const (
	lineWords   = 4 // 16-bit words
	sparseLine  = 4 // synapses, each with its target
	denseLine   = 8 // codes, for neighbouring targets
	bankCount   = 4 // neuron n is in bank n mod 4; a clock adds one synapse to each bank
	denseGroups = MaxNeurons / denseLine
)

// rowLines returns the lines of a row of n synapses among span neighbouring neurons, and
// whether it is a dense one.
func rowLines(n, span int) (lines int, dense bool) {
	sparse, full := (n+sparseLine-1)/sparseLine, (span+denseLine-1)/denseLine
	return min(sparse, full), full < sparse
}

// row is the row of an axon as the core reads it.
type row struct {
	dense bool
	first int      // target of the first code of a dense row
	words []uint16 // whole lines
}

// newRow lays out the synapses of an axon; targets ascend.
func newRow(target []uint16, code []uint8) row {
	if len(target) == 0 {
		return row{}
	}
	first := int(target[0])
	lines, dense := rowLines(len(target), int(target[len(target)-1])-first+1)
	r := row{dense: dense, words: make([]uint16, lines*lineWords)}
	if !dense {
		for i, s := range lanes(target) {
			r.words[i] = uint16(synapseTarget.set(int(target[s])) | synapseCode.set(int(code[s])))
		}
		return r
	}
	r.first = first
	for s, t := range target {
		line := (int(t) - first) / denseLine
		lane := int(t) % denseLine
		r.words[line*lineWords+lane%bankCount] |= uint16(code[s]) << (8 * (lane / bankCount))
	}
	return r
}

// lanes returns the order in which a sparse row holds its synapses: those of one line, as far
// as possible, for different banks. Each place goes to the bank with most synapses left.
func lanes(target []uint16) []int {
	var bank [bankCount][]int
	for s, t := range target {
		bank[t%bankCount] = append(bank[t%bankCount], s)
	}
	order := make([]int, 0, len(target))
	for range target {
		most := 0
		for b := range bank {
			if len(bank[b]) > len(bank[most]) {
				most = b
			}
		}
		order = append(order, bank[most][0])
		bank[most] = bank[most][1:]
	}
	return order
}

// synapse is an entry of a row.
type synapse struct {
	target uint16
	code   uint8
}

// synapses returns what a row delivers, by ascending target. A code of 0 is no synapse.
func (r *row) synapses() []synapse {
	var all []synapse
	for i, w := range r.words {
		if !r.dense {
			all = append(all, synapse{uint16(synapseTarget.get(uint64(w))), uint8(synapseCode.get(uint64(w)))})
			continue
		}
		for half := range 2 {
			lane := i%lineWords + bankCount*half
			group := r.first/denseLine + i/lineWords
			if lane < r.first%denseLine {
				group++
			}
			all = append(all, synapse{uint16(group%denseGroups*denseLine + lane), uint8(w >> (8 * half))})
		}
	}
	all = slices.DeleteFunc(all, func(s synapse) bool { return s.code == 0 })
	slices.SortStableFunc(all, func(a, b synapse) int { return int(a.target) - int(b.target) })
	return all
}
