package sim

import (
	"cmp"
	"slices"

	"github.com/isospike/isospike/compile"
)

// bus is units lo to hi−1, single cores that follow each other and always get the same spikes on the same axons, as those of a dense
// layer do. A spike sets one bit for all of them.
type bus struct {
	lo, hi int
	word   int // first of a ring slot, where the bits are; those of the axons are for spikes that came another way
	words  int
}

// busUnits is how many units a bus has at most. A bus is of one worker, and several workers shall have some.
const busUnits = 8

// findBuses puts units on buses.
func (t *tables) findBuses() {
	same := t.sameSpikes()
	for lo := 0; lo < len(t.units); {
		hi := lo + 1
		for hi < len(t.units) && hi < lo+busUnits && t.units[hi].alone() && same[t.units[hi].lo] {
			hi++
		}
		if hi-lo > 1 {
			for i := lo; i < hi; i++ {
				t.units[i].bus = len(t.buses)
			}
			t.buses = append(t.buses, bus{lo: lo, hi: hi, words: (len(t.cores[t.units[lo].lo].Row) + 63) / 64})
		}
		lo = hi
	}
}

// sameSpikes tells of every core whether it always gets the same spikes as the core before on the same axons, both alone in their units.
func (t *tables) sameSpikes() []bool {
	same, some := make([]bool, len(t.cores)), false
	for i := 1; i < len(same); i++ {
		same[i] = len(t.cores[i].Row) > 0 && t.units[t.cores[i].unit].alone() && t.units[t.cores[i-1].unit].alone() && len(t.cores[i].Row) == len(t.cores[i-1].Row)
		some = some || same[i]
	}
	var routes, before []compile.Route
	for source := 0; some && source < t.inputs()+t.neurons; source++ {
		routes = append(routes[:0], t.routes(source)...)
		slices.SortFunc(routes, func(a, b compile.Route) int {
			return cmp.Or(cmp.Compare(a.Core, b.Core), cmp.Compare(a.Axon, b.Axon)) // an axon has one source
		})
		before = nil
		for rest := routes; len(rest) > 0; {
			n, c := 1, int(rest[0].Core)
			for n < len(rest) && int(rest[n].Core) == c {
				n++
			}
			if !slices.EqualFunc(before, rest[:n], func(a, b compile.Route) bool { return a.Core+1 == b.Core && a.Axon == b.Axon && a.Delay == b.Delay }) {
				same[c] = false
			}
			before, rest = rest[:n], rest[n:]
			if c++; c < len(same) && (len(rest) == 0 || int(rest[0].Core) != c) {
				same[c] = false
			}
		}
	}
	return same
}

// arrival returns the first word of the bits that spikes to a core alone in its unit set on the fast path; not ok where the first core of its bus has them set.
func (t *tables) arrival(c *core) (word int, ok bool) {
	u := &t.units[c.unit]
	if u.bus == none {
		return c.word, true
	}
	return t.buses[u.bus].word, t.buses[u.bus].lo == c.unit
}

// clearBuses takes what has arrived on the worker's buses in a tick off them.
func (w *worker) clearBuses(m *Machine, tick int) {
	for _, b := range w.buses {
		clear(m.ring[tick&(m.slots-1)][b.word:][:b.words])
	}
}

// unload gives the axons of all cores the spikes that are on their buses.
func (m *Machine) unload() {
	for _, b := range m.buses {
		for _, slot := range m.ring {
			on := slot[b.word:][:b.words]
			for _, u := range m.units[b.lo:b.hi] {
				merge(m.axons(u.lo, slot), on)
			}
			clear(on)
		}
	}
}

// merge sets the bits that are set on a bus.
func merge(words, on []uint64) {
	for k := range words {
		words[k] |= on[k]
	}
}
