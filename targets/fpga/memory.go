package fpga

import (
	"encoding/binary"

	"github.com/isospike/isospike/snn/diag"
)

// What the fields of the memory map can number.
const (
	MaxCores    = 4
	MaxNeurons  = 256 // a core, and so are the following; 128 SRM neurons
	MaxAxons    = 512
	MaxSynapses = 1 << 16 // 16-bit words
	MaxProfiles = 8
	MaxRoutes   = 512
	RingSlots   = 64 // of the delay ring; not part of the map
)

// Region is one of a core's memories. Its number on the link is core·RegionCount + region.
type Region int

// The regions of the memory map. docs/memorymap.md has their bits.
const (
	Config Region = iota
	Profiles
	Neurons
	Axons
	Synapses
	RouteIndex
	Routes
	State // read only; no image holds it
	RegionCount
)

var regions = [RegionCount]struct {
	name       string
	bits, size int
}{
	Config:     {"config", 32, 1},
	Profiles:   {"profiles", 64, 2 * MaxProfiles},
	Neurons:    {"neurons", 32, MaxNeurons},
	Axons:      {"axons", 32, MaxAxons},
	Synapses:   {"synapses", 16, MaxSynapses},
	RouteIndex: {"route index", 32, MaxNeurons},
	Routes:     {"routes", 32, MaxRoutes},
	State:      {"state", 64, MaxNeurons},
}

// String returns the region's name.
func (r Region) String() string { return regions[r].name }

// WordBits returns the width of the region's words: 16, 32 or 64 bits.
func (r Region) WordBits() int { return regions[r].bits }

// Words returns how many words the region holds at most; Board.Words says how many
// there are.
func (r Region) Words() int { return regions[r].size }

// Memory is the content of one core's memories from their first word on, little endian,
// in multiples of 4 bytes. What lies beyond a region's end here is as it was
// before, and has no effect on a program that Encode wrote.
type Memory [RegionCount][]byte

// put appends a word to a region.
func (m *Memory) put(r Region, word uint64) {
	switch r.WordBits() {
	case 16:
		m[r] = binary.LittleEndian.AppendUint16(m[r], uint16(word))
	case 32:
		m[r] = binary.LittleEndian.AppendUint32(m[r], uint32(word))
	default:
		m[r] = binary.LittleEndian.AppendUint64(m[r], word)
	}
}

// word reads word n of a region.
func (m *Memory) word(r Region, n int) (uint64, error) {
	width := r.WordBits() / 8
	if n >= len(m[r])/width {
		return 0, badImage("%v word %d lies beyond the %d bytes there are", r, n, len(m[r]))
	}
	b := m[r][n*width:]
	switch width {
	case 2:
		return uint64(binary.LittleEndian.Uint16(b)), nil
	case 4:
		return uint64(binary.LittleEndian.Uint32(b)), nil
	}
	return binary.LittleEndian.Uint64(b), nil
}

// words reads n words of a region.
func (m *Memory) words(r Region, at, n int) ([]uint64, error) {
	all := make([]uint64, n)
	for i := range all {
		var err error
		if all[i], err = m.word(r, at+i); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func badImage(format string, args ...any) *diag.Error {
	return diag.Inputf("image-invalid", "", format, args...)
}

// field is the bits low.. of a word, width of them.
type field struct{ low, width int }

// The fields of every word.
var (
	configNeurons = field{0, 9}
	configKind    = field{16, 1}
	configVersion = field{24, 8} // so that a bitstream of another map refuses a program

	profileUKeep     = field{0, 13}
	profileVKeep     = field{13, 13}
	profileWeightExp = field{26, 4} // two's complement
	profileVTh       = field{32, 18}
	profileRest      = field{50, 6}

	// Of SRM neurons, two words; weight exponent and threshold as above.
	profileSKeep  = field{0, 13}
	profileXKeep  = field{13, 13}
	profileSShift = field{50, 4}
	profileRShift = field{54, 4}
	profileRKeep  = field{0, 13}
	profileKick   = field{13, 17}

	neuronBias    = field{0, 20} // two's complement
	neuronProfile = field{20, 3}

	axonLine   = field{0, 14}
	axonLines  = field{14, 6}
	axonMode   = field{20, 2}
	axonDense  = field{22, 1}
	axonTarget = field{23, 8}

	synapseTarget = field{0, 8}
	synapseCode   = field{8, 8}

	indexBase   = field{0, 9}
	indexRouted = field{9, 1}

	routeAxon  = field{0, 9}
	routeDelay = field{9, 6}
	routeMore  = field{15, 1}
	routeCore  = field{16, 4}

	stateLow  = field{0, 24}  // u, modulo 2^24; of SRM neurons w, then ref
	stateHigh = field{32, 24} // v; of SRM neurons u, then x
	stateRef  = field{56, 6}
)

// set returns v in the place of the field, cut to its width.
func (f field) set(v int) uint64 { return uint64(v) & (1<<f.width - 1) << f.low }

// get returns the field of a word.
func (f field) get(word uint64) int { return int(word >> f.low & (1<<f.width - 1)) }

// signed returns the field of a word in two's complement.
func (f field) signed(word uint64) int {
	return int(int64(word) << (64 - f.low - f.width) >> (64 - f.width))
}
