package sim

import (
	"math/bits"
	"slices"

	"github.com/isospike/isospike/sim/kernel"
	"github.com/isospike/isospike/snn/fixed"
)

// chunk is how many neurons of a core are left alone, or not, together.
const chunk = 256

// collect is deliverAll for a core: it gathers the strips of all rows first, and marks the chunks that they reach.
func (w *worker) collect(m *Machine, u *unit, slot []uint64, tick int) {
	c, f, neurons := &m.cores[u.lo], u.fast, u.neurons
	acc := m.acc[u.acc:][:(u.mask+1)*neurons+kernel.Slack]
	synapses, chunks := int64(0), f.chunks()
	hits := w.arrived(m, u, slot, tick)
	if f.even {
		w.collectEven(m, u, hits, tick)
		w.add(c, acc)
		return
	}
	for _, axon := range hits {
		number, base := c.Row[axon], int(c.Base[axon])
		row := &f.ways[number]
		if row.how == spread {
			m.deliver(u.lo, c, int(axon), tick)
			m.markRow(c, int(axon), tick)
			continue
		}
		synapses += int64(row.synapses)
		at := (tick + int(row.delay)) & c.mask
		list := &w.strips[row.how][c.Mode[number]]
		switch to := at*neurons + base; {
		case row.how == scattered:
			*list = append(*list, kernel.Strip{To: int32(to), Len: int32(row.synapses), From: int32(c.RowStart[number])})
		case row.runs == 1:
			*list = append(*list, kernel.Strip{To: int32(to + int(row.first)), Len: int32(row.last-row.first) + 1, From: int32(row.from)})
		default:
			for _, r := range f.runs[row.from:][:row.runs] {
				*list = append(*list, kernel.Strip{To: int32(to + int(r.first)), Len: int32(r.last-r.first) + 1, From: int32(r.from)})
			}
		}
		f.touch(m, at*chunks, base+int(row.first), base+int(row.last))
	}
	m.count[u.lo].Synapses += synapses
	w.add(c, acc)
}

// arrived returns the axons of a core alone in its unit on which a spike arrives, ascending.
func (w *worker) arrived(m *Machine, u *unit, slot []uint64, tick int) []int32 {
	own := m.axons(u.lo, slot)
	if u.bus != none {
		on := slot[m.buses[u.bus].word:][:len(own)]
		if !m.isLoose(tick) {
			return w.numbers(on)
		}
		merge(own, on)
	}
	return w.drain(own)
}

// collectEven gathers the strips of a core whose rows are even, without a look at each.
func (w *worker) collectEven(m *Machine, u *unit, hits []int32, tick int) {
	c, row := &m.cores[u.lo], &u.fast.ways[0]
	at := (tick + int(row.delay)) & c.mask
	strip := kernel.Strip{To: int32(at*u.neurons) + int32(row.first), Len: int32(row.last-row.first) + 1}
	list := &w.strips[row.how][c.Mode[0]]
	for _, axon := range hits {
		strip.From = int32(row.from) + strip.Len*axon
		*list = append(*list, strip)
	}
	if len(*list) > 0 {
		m.count[u.lo].Synapses += int64(row.synapses) * int64(len(*list))
		u.fast.touch(m, at*u.fast.chunks(), int(row.first), int(row.last))
	}
}

// touch marks the chunks of neurons first to last, in a set of accumulators whose marks begin at set.
func (f *fast) touch(m *Machine, set, first, last int) {
	marks := m.touched[f.mark+set:]
	for k := first / chunk; k <= last/chunk; k++ {
		marks[k] = 1
	}
}

// collectJoined is collect for a unit of joined cores.
func (w *worker) collectJoined(m *Machine, u *unit, slot []uint64, tick int) {
	j := u.fast.joined
	acc := m.acc[u.acc:][:u.neurons+kernel.Slack]
	arrived := m.arrived[j.first:][:j.wires]
	hits, strips, first := w.drain(slot[u.word:][:(j.wires+63)/64]), w.wires[:0], 0 // wire of the matrix
	for k := 0; len(hits) > 0; k++ {
		x := &j.matrices[k]
		end, n := int32(first+x.wires), 0
		for ; n < len(hits) && hits[n] < end; n++ {
			wire := int(hits[n])
			if x.cols == 0 {
				apart := x.codes + wire - first
				w.apart = append(w.apart, j.axons[j.starts[apart]:j.starts[apart+1]])
				continue
			}
			strips = append(strips, kernel.Strip{To: x.to, Len: x.cols, From: int32(wire-first) * x.cols})
			arrived[wire]++
		}
		if len(strips) > 0 {
			kernel.Add(x.mode, acc, j.codes[x.codes:][:x.wires*int(x.cols)], strips)
			u.fast.touch(m, 0, int(x.to), int(x.to+x.cols)-1)
			strips = strips[:0]
		}
		hits, first = hits[n:], int(end)
	}
	w.wires = strips
	loose := m.isLoose(tick)
	if !loose && len(w.apart) == 0 {
		return
	}
	for i := u.lo; i < u.hi; i++ {
		for k, axons := range w.apart { // by core, as the neurons are
			for ; len(axons) > 0 && int(axons[0].core) == i-u.lo; axons = axons[1:] {
				w.gather(m, u, i, int(axons[0].axon))
			}
			w.apart[k] = axons
		}
		if loose {
			for _, axon := range w.drain(m.axons(i, slot)) {
				w.gather(m, u, i, int(axon))
			}
		}
		w.add(&m.cores[i], acc[m.cores[i].acc-u.acc:])
	}
	w.apart = w.apart[:0]
}

// drain is numbers, and clears the bits.
func (w *worker) drain(words []uint64) []int32 {
	list := w.numbers(words)
	clear(words)
	return list
}

// numbers returns those of the bits that are set, ascending. They are valid until the next call.
func (w *worker) numbers(words []uint64) []int32 {
	if room := 64*len(words) + 2; cap(w.hits) < room {
		w.hits = make([]int32, room)
	}
	list, n := w.hits[:cap(w.hits)], 0
	for i, set := range words {
		// The first two are written whether they are set or not: a branch for each would often be guessed wrong.
		rest, at, count := set&(set-1), int32(64*i), bits.OnesCount64(set)
		list[n], list[n+1] = at+int32(bits.TrailingZeros64(set)), at+int32(bits.TrailingZeros64(rest))
		for k := 2; k < count; k++ {
			rest &= rest - 1
			list[n+k] = at + int32(bits.TrailingZeros64(rest))
		}
		n += count
	}
	return list[:n]
}

// gather takes a spike on an axon of a joined core.
func (w *worker) gather(m *Machine, u *unit, number, axon int) {
	c := &m.cores[number]
	row, base := c.Row[axon], int(c.Base[axon])
	lo, hi := c.RowStart[row], c.RowStart[row+1]
	first, last := int(c.Target[lo]), int(c.Target[hi-1])
	if s := (kernel.Strip{To: int32(base), Len: int32(hi - lo), From: int32(lo)}); last-first == int(hi-lo)-1 {
		s.To += int32(first)
		w.strips[contiguous][c.Mode[row]] = append(w.strips[contiguous][c.Mode[row]], s)
	} else {
		w.strips[scattered][c.Mode[row]] = append(w.strips[scattered][c.Mode[row]], s)
	}
	m.count[number].Synapses += int64(hi - lo)
	base += c.neuron - u.neuron
	u.fast.touch(m, 0, base+first, base+last)
}

// add adds what has been gathered for a core to its accumulators, with kernel.Slack behind them.
func (w *worker) add(c *core, acc []int32) {
	for how := range w.strips {
		for mode := range w.strips[how] {
			list := &w.strips[how][mode]
			switch mode := fixed.SignMode(mode); {
			case len(*list) == 0:
			case how == scattered:
				kernel.Scatter(mode, acc, c.Target, c.Code, *list)
			case how == contiguous:
				kernel.Add(mode, acc, c.Code, *list)
			case how == filled:
				kernel.Add(mode, acc, c.fast.filled, *list)
			}
			*list = (*list)[:0]
		}
	}
}

// settle adds to the counts what has arrived on wires.
func (m *Machine) settle() {
	for i := range m.units {
		if u := &m.units[i]; u.isJoined() {
			j := u.fast.joined
			wire := j.first
			for k := range j.matrices {
				x := &j.matrices[k]
				if x.cols == 0 { // counted on arrival
					wire += x.wires
					continue
				}
				count := m.count[x.lo:x.hi]
				for gaps := j.gaps[x.gaps:][:x.wires*len(count)]; len(gaps) > 0; gaps = gaps[len(count):] {
					if n := m.arrived[wire]; n > 0 {
						for c, gaps := range gaps[:len(count)] {
							count[c].Synapses += n * int64(len(m.cores[x.lo+c].Profile)-int(gaps))
						}
						m.arrived[wire] = 0
					}
					wire++
				}
			}
		}
	}
}

// markRow marks the chunks that the synapses of an axon reach.
func (m *Machine) markRow(c *core, axon, tick int) {
	lo, hi := c.Synapses(axon)
	base := c.neuron - m.units[c.unit].neuron + int(c.Base[axon])
	for s := lo; s < hi; s++ {
		at := 0
		if c.Delay != nil {
			at = (tick + int(c.Delay[s])) & c.mask
		}
		m.touched[c.fast.mark+at*c.fast.chunks()+(base+int(c.Target[s]))/chunk] = 1
	}
}

// update steps the neurons of a unit. A chunk to which nothing has been added and whose neurons all have
// u = v = 0 and neither rest nor a bias is left alone: that is a fixed point, as the threshold is not
// below 0 and is to be exceeded.
func (w *worker) update(m *Machine, unit *unit, tick int, out *sent) {
	f, neurons := unit.fast, unit.neurons
	at := tick & unit.mask
	acc := m.acc[unit.acc+at*neurons:][:neurons]
	u, v := m.u[unit.neuron:][:neurons], m.v[unit.neuron:][:neurons]
	bias, ref := unit.bias, []int32(nil)
	if f.rests {
		ref = m.ref[unit.neuron:][:neurons]
	}
	marks, awake := m.touched[f.mark+at*f.chunks():][:f.chunks()], m.awake[f.chunk:][:f.chunks()]
	before := len(out.from)
	for k := range marks {
		if marks[k]|awake[k] == 0 && bias == nil {
			continue
		}
		marks[k], awake[k] = 0, 0
		for _, p := range f.pieces[f.first[k]:f.first[k+1]] {
			x := &f.profiles[p.profile]
			if x.resetInterval > 0 && tick%x.resetInterval == x.resetPhase {
				clear(u[p.lo:p.hi])
				clear(v[p.lo:p.hi])
				clear(m.ref[unit.neuron:][p.lo:p.hi])
			}
			var b, r []int32
			if bias != nil {
				b = bias[p.lo:p.hi]
			}
			if ref != nil {
				r = ref[p.lo:p.hi]
			}
			sent := len(out.from)
			out.from = slices.Grow(out.from, chunk)
			fired := out.from[sent:][:p.hi-p.lo]
			spikes, rest := kernel.Step(&x.Params, u[p.lo:p.hi], v[p.lo:p.hi], acc[p.lo:p.hi], b, r, fired)
			for i := range fired[:spikes] {
				fired[i] += int32(unit.neuron) + p.lo
			}
			out.from = out.from[:sent+spikes]
			if !rest {
				awake[k] = 1
			}
		}
	}
	for _, n := range out.from[before:] {
		m.count[m.homes[n].core].Spikes++
	}
	if m.graded {
		for range out.from[before:] {
			out.messages = append(out.messages, 1)
		}
	}
	for c := unit.lo; c < unit.hi; c++ {
		m.count[c].Updates += int64(len(m.cores[c].Profile))
	}
}

// wake makes the fast path leave nothing alone in the coming ticks.
func (m *Machine) wake() {
	for _, marks := range [][]uint8{m.touched, m.awake} {
		for i := range marks {
			marks[i] = 1
		}
	}
}
