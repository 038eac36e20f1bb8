package sim

import (
	"math/bits"
	"slices"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/sim/kernel"
	"github.com/isospike/isospike/snn/fixed"
)

// chunk is how many neurons of a core are left alone, or not, together.
const chunk = 128

// fast is what the fast path needs of a core besides its tables. It is for cores of CUBA neurons whose axons
// take plain spikes: compile.Check has proved that their sums stay within 24 bits, whatever arrives.
type fast struct {
	rows
	params []kernel.Params // by profile
	rests  bool            // some neurons have a refractory time
	pieces []piece         // of chunks, in order
	first  []int           // by chunk: its first piece, and the number of pieces at the end
	chunk  int             // first chunk in Machine.awake
	mark   int             // first byte in Machine.touched, set after set
}

// piece is neurons lo to hi−1 of a core: of one chunk and one profile.
type piece struct {
	lo, hi  int32
	profile uint8
}

// newFast returns nil for a core that the reference path has to run.
func newFast(c *compile.Core) *fast {
	if c.Flags != nil {
		return nil
	}
	f := &fast{}
	for _, p := range c.Profiles {
		n, ok := p.Neuron.(fixed.CUBA)
		if !ok {
			return nil
		}
		f.params = append(f.params, kernel.NewParams(n, p.WeightExp))
		f.rests = f.rests || n.RefDelay > 1
	}
	for n, p := range c.Profile {
		switch last := len(f.pieces) - 1; {
		case n%chunk == 0:
			f.first = append(f.first, len(f.pieces))
			f.pieces = append(f.pieces, piece{int32(n), int32(n + 1), p})
		case f.pieces[last].profile != p:
			f.pieces = append(f.pieces, piece{int32(n), int32(n + 1), p})
		default:
			f.pieces[last].hi++
		}
	}
	f.first = append(f.first, len(f.pieces))
	f.pieces = slices.Clip(f.pieces)
	f.rows = layOut(c)
	return f
}

func (f *fast) chunks() int { return len(f.first) - 1 }

// collect is deliverAll: it gathers the strips of all rows first, and marks the chunks that they reach.
func (w *worker) collect(m *Machine, i int, c *core, words []uint64, tick int) {
	f, neurons := c.fast, len(c.Profile)
	synapses, chunks := int64(0), f.chunks()
	for k, set := range words {
		for ; set != 0; set &= set - 1 {
			axon := k*64 + bits.TrailingZeros64(set)
			number, base := c.Row[axon], int32(c.Base[axon])
			row := &f.ways[number]
			if row.how == scattered {
				m.deliver(i, c, axon, tick)
				m.markRow(c, axon, tick)
				continue
			}
			synapses += int64(row.synapses)
			at := (tick + int(row.delay)) & c.mask
			list, to := &w.strips[row.how][c.Mode[number]], int32(at*neurons)+base
			if row.runs == 1 {
				*list = append(*list, kernel.Strip{To: to + int32(row.first), Len: int32(row.last-row.first) + 1, From: int32(row.from)})
			} else {
				for _, r := range f.runs[row.from:][:row.runs] {
					*list = append(*list, kernel.Strip{To: to + int32(r.first), Len: int32(r.last-r.first) + 1, From: int32(r.from)})
				}
			}
			marks := m.touched[f.mark+at*chunks:][:chunks]
			for k := (base + int32(row.first)) / chunk; k <= (base+int32(row.last))/chunk; k++ {
				marks[k] = 1
			}
		}
		words[k] = 0
	}
	if synapses == 0 {
		return
	}
	m.count[i].Synapses += synapses
	acc := m.acc[c.acc:][:(c.mask+1)*neurons+kernel.Slack]
	for how, codes := range [...][]uint8{contiguous: c.Code, filled: f.filled} {
		for mode := range w.strips[how] {
			if list := &w.strips[how][mode]; len(*list) > 0 {
				kernel.Add(fixed.SignMode(mode), acc, codes, *list)
				*list = (*list)[:0]
			}
		}
	}
}

// markRow marks the chunks that the synapses of an axon reach.
func (m *Machine) markRow(c *core, axon, tick int) {
	lo, hi := c.Synapses(axon)
	for s := lo; s < hi; s++ {
		at := 0
		if c.Delay != nil {
			at = (tick + int(c.Delay[s])) & c.mask
		}
		m.touched[c.fast.mark+at*c.fast.chunks()+(int(c.Base[axon])+int(c.Target[s]))/chunk] = 1
	}
}

// update steps the neurons of a core. A chunk to which nothing has been added and whose neurons all have
// u = v = 0 and neither rest nor a bias is left alone: that is a fixed point, as the threshold is not
// below 0 and is to be exceeded.
func (w *worker) update(m *Machine, number int, c *core, tick int, out *sent) {
	f, neurons := c.fast, len(c.Profile)
	at := tick & c.mask
	acc := m.acc[c.acc+at*neurons:][:neurons]
	u, v := m.u[c.neuron:][:neurons], m.v[c.neuron:][:neurons]
	bias, ref := c.bias, []int32(nil)
	if f.rests {
		ref = m.ref[c.neuron:][:neurons]
	}
	marks, awake := m.touched[f.mark+at*f.chunks():][:f.chunks()], m.awake[f.chunk:][:f.chunks()]
	before := len(out.from)
	for k := range marks {
		if marks[k]|awake[k] == 0 && bias == nil {
			continue
		}
		marks[k], awake[k] = 0, 0
		for _, p := range f.pieces[f.first[k]:f.first[k+1]] {
			if c.resets {
				if x := &c.Profiles[p.profile]; x.ResetInterval > 0 && tick%x.ResetInterval == x.ResetPhase {
					clear(u[p.lo:p.hi])
					clear(v[p.lo:p.hi])
					clear(m.ref[c.neuron:][p.lo:p.hi])
				}
			}
			var b, r []int32
			if bias != nil {
				b = bias[p.lo:p.hi]
			}
			if ref != nil {
				r = ref[p.lo:p.hi]
			}
			spikes, rest := kernel.Step(&f.params[p.profile], u[p.lo:p.hi], v[p.lo:p.hi], acc[p.lo:p.hi], b, r, w.spikes[:])
			for _, n := range w.spikes[:spikes] {
				out.add(number, int(p.lo+n), 1)
			}
			if !rest {
				awake[k] = 1
			}
		}
	}
	m.count[number].Spikes += int64(len(out.from) - before)
	m.count[number].Updates += int64(neurons)
}

// wake makes the fast path leave nothing alone in the coming ticks.
func (m *Machine) wake() {
	for _, marks := range [][]uint8{m.touched, m.awake} {
		for i := range marks {
			marks[i] = 1
		}
	}
}
