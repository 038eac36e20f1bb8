package sim

import (
	"slices"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/sim/kernel"
	"github.com/isospike/isospike/snn/fixed"
)

// unit is what a thread runs as a whole: one core, or cores that follow each other whose rows are joined. Its
// neurons lie side by side in all registers.
type unit struct {
	lo, hi  int     // its cores
	word    int     // its first word of a ring slot; the bits of wires, where it has joined rows, come before those of axons
	end     int     // behind its last word
	acc     int     // first accumulator; kernel.Slack of them that stay 0 follow the last
	neuron  int     // first neuron
	neurons int     // how many
	mask    int     // sets of accumulators less 1; the sets are a power of two
	bias    []int32 // by neuron; nil where all are 0
	fast    *fast   // nil: the reference path runs it, a single core
	bus     int     // number of the bus that it is on, or none
}

// fast is what the fast path needs of a unit besides the tables. It is for CUBA neurons whose axons
// take plain spikes: compile.Check has proved that their sums stay within 24 bits, whatever arrives.
type fast struct {
	rows             // of a single core
	joined   *joined // of several
	profiles []profile
	rests    bool    // some neurons have a refractory time
	resets   bool    // a profile has a periodic reset
	pieces   []piece // of chunks, in order
	first    []int   // by chunk: its first piece, and the number of pieces at the end
	chunk    int     // first chunk in Machine.awake
	mark     int     // first byte in Machine.touched, set after set
}

// alone reports whether a unit is a core on the fast path whose rows are not joined with others.
func (u *unit) alone() bool { return u.fast != nil && u.fast.joined == nil }

// isJoined reports whether a unit is joined cores.
func (u *unit) isJoined() bool { return u.fast != nil && u.fast.joined != nil }

// profile is what the neurons of a piece share.
type profile struct {
	kernel.Params
	resetInterval, resetPhase int
}

// piece is neurons lo to hi−1 of a unit: of one chunk and one profile.
type piece struct {
	lo, hi  int32
	profile int32
}

// plain reports whether the fast path can run a core.
func plain(c *compile.Core) bool {
	return c.Flags == nil && !slices.ContainsFunc(c.Profiles, func(p compile.Profile) bool {
		_, cuba := p.Neuron.(fixed.CUBA)
		return !cuba
	})
}

// newFast returns all but the rows of the fast path of plain cores.
func newFast(cores []compile.Core) *fast {
	f, n, known := &fast{}, int32(0), map[profile]int32{}
	for i := range cores {
		c := &cores[i]
		numbers := make([]int32, len(c.Profiles)) // of the core's profiles in f
		for k, p := range c.Profiles {
			cuba := p.Neuron.(fixed.CUBA)
			x := profile{kernel.NewParams(cuba, p.WeightExp), p.ResetInterval, p.ResetPhase}
			at, ok := known[x]
			if !ok {
				at, f.profiles = int32(len(f.profiles)), append(f.profiles, x)
				known[x] = at
			}
			numbers[k] = at
			f.rests, f.resets = f.rests || cuba.RefDelay > 1, f.resets || p.ResetInterval > 0
		}
		for _, k := range c.Profile {
			switch last, p := len(f.pieces)-1, numbers[k]; {
			case n%chunk == 0:
				f.first = append(f.first, len(f.pieces))
				f.pieces = append(f.pieces, piece{n, n + 1, p})
			case f.pieces[last].profile != p:
				f.pieces = append(f.pieces, piece{n, n + 1, p})
			default:
				f.pieces[last].hi++
			}
			n++
		}
	}
	f.first = append(f.first, len(f.pieces))
	f.pieces, f.first = slices.Clip(f.pieces), slices.Clip(f.first)
	return f
}

func (f *fast) chunks() int { return len(f.first) - 1 }

// biases returns what the neurons of cores add to v, nil where that is 0 for all.
func biases(cores []compile.Core) []int32 {
	if !slices.ContainsFunc(cores, func(c compile.Core) bool { return slices.ContainsFunc(c.Bias, func(b int16) bool { return b != 0 }) }) {
		return nil
	}
	var bias []int32
	for i := range cores {
		c := &cores[i]
		for n, b := range c.Bias {
			bias = append(bias, int32(fixed.Shift(int64(b), c.Profiles[c.Profile[n]].BiasExp))) // 16 bits, up to 7 more
		}
	}
	return slices.Clip(bias)
}
