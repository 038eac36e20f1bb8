package sim

import (
	"cmp"
	"math"
	"slices"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// Sources are numbered: input neurons come first, then the neurons of all cores.

// routes returns the axon-out entries of a source.
func (t *tables) routes(source int) []compile.Route {
	if n := source - t.inputs(); n >= 0 {
		c := &t.cores[t.homes[n].core]
		n -= c.neuron
		return c.Route[c.OutStart[n]:c.OutStart[n+1]]
	}
	return t.program.InputRoute[t.program.InputStart[source]:t.program.InputStart[source+1]]
}

func (t *tables) inputs() int { return len(t.program.InputStart) - 1 }

// wire is axons on cores of one unit that always get a spike together: they have the same source and delay, their rows
// the same sign mode, and their neurons follow each other.
type wire struct {
	unit  *unit
	delay uint8
	mode  fixed.SignMode
	apart bool // its rows are not copied
	parts []part
}

// group says with which others a wire is numbered: those of its sign mode, so that the sums of a mode are made together.
func (w *wire) group() int {
	if w.apart {
		return 0
	}
	return int(w.mode)
}

// number returns a function that numbers the wires of their units, when they come source by source.
func (t *tables) number() func(w *wire) int {
	next := make([][fixed.Inhibitory + 1]int, len(t.units))
	for i := range t.units {
		if u := &t.units[i]; u.isJoined() {
			for k := range next[i] {
				next[i][k] = u.fast.joined.groups[k].wire
			}
		}
	}
	return func(w *wire) int {
		n := &next[t.cores[w.unit.lo].unit][w.group()]
		*n++
		return *n - 1
	}
}

// part is an axon of a wire.
type part struct {
	core, axon  int
	row         int
	first, last int // of its targets, in the unit
}

// to and end are where the wire's neurons begin and end, synapses how many it reaches.
func (w *wire) to() int  { return w.parts[0].first }
func (w *wire) end() int { return w.parts[len(w.parts)-1].last + 1 }

// wires calls f for the wires of a source, always in the same order. What it is given is valid during the call.
func (t *tables) wires(source int, f func(w *wire)) {
	var all []wire // of one part each
	for _, r := range t.routes(source) {
		c := &t.cores[r.Core]
		if u := &t.units[c.unit]; u.isJoined() {
			row := int(c.Row[r.Axon])
			lo, hi := c.RowStart[row], c.RowStart[row+1]
			base := c.neuron - u.neuron + int(c.Base[r.Axon])
			all = append(all, wire{u, r.Delay, c.Mode[row], t.rank(source) < t.apart, []part{{int(r.Core), int(r.Axon), row, base + int(c.Target[lo]), base + int(c.Target[hi-1])}}})
		}
	}
	slices.SortStableFunc(all, func(a, b wire) int {
		return cmp.Or(cmp.Compare(a.unit.lo, b.unit.lo), cmp.Compare(a.delay, b.delay), cmp.Compare(a.mode, b.mode), cmp.Compare(a.to(), b.to()))
	})
	for len(all) > 0 {
		w := all[0]
		for all = all[1:]; len(all) > 0; all = all[1:] {
			next, gap := &all[0], all[0].to()-w.end()
			if next.unit != w.unit || next.delay != w.delay || next.mode != w.mode || gap < 0 || gap > widest {
				break
			}
			w.parts = append(w.parts, next.parts[0])
		}
		f(&w)
	}
}

// goal is where a spike of a source arrives on the fast path: a bit of a ring slot and, in the lowest byte, the delay. That
// of a source with none or several is negative; the other bits say where these are in tables.bits, and the lowest 24 how many.
type goal int64

const countBits = 24

func newGoal(bit int, delay uint8) goal { return goal(bit)<<8 | goal(delay) }

// lay numbers the wires and lists the goals.
func (t *tables) lay() {
	number := t.number()
	var own []goal
	add := func(bit int, delay uint8) { own = append(own, newGoal(bit, delay)) }
	t.goals = make([]goal, t.inputs()+t.neurons)
	for source := range t.inputs() + t.neurons {
		for _, r := range t.routes(source) {
			if c := &t.cores[r.Core]; t.units[c.unit].alone() {
				if word, ok := t.arrival(c); ok {
					add(64*word+int(r.Axon), r.Delay)
				}
			}
		}
		if t.joins {
			t.wires(source, func(w *wire) { add(64*w.unit.word+number(w), w.delay) })
		}
		slices.Sort(own) // by bit, for fire
		if len(own) == 1 {
			t.goals[source] = own[0]
		} else {
			t.goals[source] = math.MinInt64 | goal(len(t.bits))<<countBits | goal(len(own))
			t.bits = append(t.bits, own...)
		}
		own = own[:0]
		if n := source - t.inputs(); n >= 0 && len(t.routes(source)) > 0 {
			t.routed = n + 1
		}
	}
	t.bits = slices.Clip(t.bits)
}

// fire lets a spike of a source at a tick reach the worker's cores.
func (w *worker) fire(m *Machine, source, tick int, message int32) {
	if !m.loosely {
		if g := m.goals[source]; g >= 0 {
			w.set(m, g, tick)
		} else {
			g &= math.MaxInt64
			for _, g := range m.bits[g>>countBits:][:g&(1<<countBits-1)] {
				if int(g>>14) >= w.end {
					break
				}
				w.set(m, g, tick)
			}
		}
		if !m.mixed {
			return
		}
	}
	for _, r := range m.routes(source) {
		if int(r.Core) >= w.lo && int(r.Core) < w.hi && (m.loosely || m.cores[r.Core].fast == nil) {
			m.send(r, tick, message)
		}
	}
}

// set lets a spike arrive at a goal of the worker's, the delay after a tick.
func (w *worker) set(m *Machine, g goal, tick int) {
	if word := int(g >> 14); word >= w.word && word < w.end {
		m.ring[(tick+int(g&0xff))&(m.slots-1)][word] |= 1 << (g >> 8 % 64)
	}
}

// send lets a spike arrive at the end of a route, the route's delay after a tick.
func (m *Machine) send(r compile.Route, tick int, message int32) {
	slot, c := (tick+int(r.Delay))&(m.slots-1), &m.cores[r.Core]
	m.ring[slot][c.word+int(r.Axon)/64] |= 1 << (r.Axon % 64)
	if c.message != none {
		m.messages[slot][c.message+int(r.Axon)] = message
	}
}

// spread lets what was sent in a tick reach the worker's cores.
func (w *worker) spread(m *Machine, s *sent, tick int) {
	for i, n := range s.from {
		if int(n) >= m.routed {
			continue
		}
		w.fire(m, m.inputs()+int(n), tick+1, s.message(i))
	}
}

// input lets the spikes of column t reach the worker's cores at a tick, or their routes' delay later.
func (w *worker) input(m *Machine, in *spike.Raster, t, tick int) {
	carries := in.Messages(t)
	for s, i := range in.At(t) {
		message := int32(1)
		if carries != nil {
			message = carries[s]
		}
		w.fire(m, int(i), tick, message)
	}
}

// choose lets spikes go to wires and buses from now on or, where the reference path or an observer is to see them, to axons.
func (m *Machine) choose() {
	if loosely := m.slow || m.observer != nil || m.injected; loosely != m.loosely {
		m.loosen()
		m.loosely, m.loose = loosely, m.tick+m.slots
	}
}

// isLoose reports whether axons of cores with wires or a bus may have spikes of a tick.
func (m *Machine) isLoose(tick int) bool { return m.loosely || tick < m.loose }

// loosen gives the axons of cores the spikes that are on their wires and buses. That is the form in which the reference path,
// snapshots and observers know them; the fast path takes them from there as well.
func (m *Machine) loosen() {
	if !m.onWires() {
		return
	}
	m.loose = m.tick + m.slots
	m.unload()
	number := m.number()
	for source := range m.inputs() + m.neurons {
		m.wires(source, func(w *wire) {
			n := number(w)
			at, bit := w.unit.word+n/64, uint64(1)<<(n%64)
			for _, slot := range m.ring {
				if slot[at]&bit == 0 {
					continue
				}
				for _, p := range w.parts {
					slot[m.cores[p.core].word+p.axon/64] |= 1 << (p.axon % 64)
				}
			}
		})
	}
	for i := range m.units {
		if u := &m.units[i]; u.isJoined() {
			for _, slot := range m.ring {
				clear(slot[u.word:m.cores[u.lo].word])
			}
		}
	}
}

// onWires reports whether a spike is on a wire or a bus.
func (m *Machine) onWires() bool {
	for _, b := range m.buses {
		for _, slot := range m.ring {
			if slices.ContainsFunc(slot[b.word:][:b.words], func(bits uint64) bool { return bits != 0 }) {
				return true
			}
		}
	}
	for i := range m.units {
		if u := &m.units[i]; u.isJoined() {
			for _, slot := range m.ring {
				if slices.ContainsFunc(slot[u.word:m.cores[u.lo].word], func(bits uint64) bool { return bits != 0 }) {
					return true
				}
			}
		}
	}
	return false
}
