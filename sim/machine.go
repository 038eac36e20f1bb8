package sim

import (
	"slices"
	"sync"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/sim/kernel"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// slots is the longest ring of coming ticks. The latest arrival is
// 1 + snn.MaxDelay ticks ahead.
const slots = 64

var _ [slots - 2 - snn.MaxDelay]struct{} // compile-time check of the above

// Count is what a core did.
type Count struct {
	Spikes   int64 // of its neurons
	Synapses int64 // synaptic operations: synapses that a spike passed
	Graded   int64 `json:",omitempty"` // those of them that multiplied a weight by what the spike carried
	Updates  int64 // neuron updates
}

// Machine executes a Program. Its tables are shared between clones; its state is
// its own, allocated once.
type Machine struct {
	*tables
	tick int
	ring [][]uint64 // by slot, tick modulo their number: the axon bits of all cores
	// By slot: what the spikes on the axons of cores that take graded ones carry.
	messages [][]int32
	// Accumulators of all cores. Check has proved that those of binary spikes cannot overflow.
	acc []int32
	// States of all neurons, core after core: the fields of fixed.State. w and x are nil where all neurons are CUBA.
	u, v, ref, w, x []int32
	count           []Count // by core

	// What the fast path leaves alone: see update. touched has a byte for every chunk of every set of
	// accumulators, awake one for every chunk of neurons.
	touched, awake []uint8
	slow           bool // the reference path runs all cores

	whole    worker   // for all cores
	last     sent     // what the last tick sent
	observer Observer // nil: none
}

// tables is what a Program means, laid out for running. It is never written
// after New.
type tables struct {
	program *compile.Program
	cores   []core
	homes   [][]home // by core and neuron
	slots   int      // of the ring, a power of two
	words   int      // length of a ring slot
	carried int      // length of a slot of messages
	accs    int      // length of the accumulators
	neurons int
	marks   int  // length of touched
	chunks  int  // length of awake
	further bool // some neurons have registers w and x

	fingerprint func() []byte // of the program; see hash
}

// core says where a core's part of the Machine's arrays begins.
type core struct {
	*compile.Core
	word    int     // first word of a ring slot; every core begins a word
	message int     // first message of a slot; none where no axon takes graded spikes
	acc     int     // first accumulator; kernel.Slack of them that stay 0 follow the last
	imag    int     // first accumulator of imaginary parts; none where no axon has any
	mask    int     // sets of accumulators less 1; the sets are a power of two
	neuron  int     // first neuron
	bias    []int32 // by neuron; nil where all are 0
	resets  bool    // a profile has a periodic reset

	fast *fast // nil: the reference path runs it
}

// home is the neuron of a layer that a compartment is.
type home struct{ layer, neuron int32 }

// New returns a Machine at rest for p, which it keeps and which must not change
// any more. The error is that of compile.Check.
func New(p *compile.Program) (*Machine, error) {
	if err := compile.Check(p); err != nil {
		return nil, err
	}
	t := &tables{program: p, cores: make([]core, len(p.Cores)), homes: make([][]home, len(p.Cores))}
	t.slots = ringLength(p)
	for i := range p.Cores {
		c := &p.Cores[i]
		sets := 1
		if c.DelayBits > 0 {
			sets = 1 << c.DelayBits
		}
		t.cores[i] = core{Core: c, word: t.words, message: none, acc: t.accs, imag: none, mask: sets - 1, neuron: t.neurons, bias: biases(c),
			resets: slices.ContainsFunc(c.Profiles, func(f compile.Profile) bool { return f.ResetInterval > 0 })}
		t.homes[i] = make([]home, len(c.Profile))
		t.words += (len(c.Row) + 63) / 64
		t.accs += sets*len(c.Profile) + kernel.Slack
		if t.cores[i].has(compile.ImagAxon) {
			t.cores[i].imag = t.accs
			t.accs += sets * len(c.Profile)
		}
		if t.cores[i].has(compile.GradedAxon) {
			t.cores[i].message = t.carried
			t.carried += len(c.Row)
		}
		t.neurons += len(c.Profile)
		for _, f := range c.Profiles {
			_, cuba := f.Neuron.(fixed.CUBA)
			t.further = t.further || !cuba
		}
		if f := newFast(c); f != nil {
			f.chunk, f.mark = t.chunks, t.marks
			t.chunks, t.marks = t.chunks+f.chunks(), t.marks+sets*f.chunks()
			t.cores[i].fast = f
		}
	}
	for k := range p.Layers {
		for o, h := range p.Layers[k].Home {
			t.homes[h.Core][h.Neuron] = home{int32(k), int32(o)}
		}
	}
	t.fingerprint = sync.OnceValue(t.hash)
	return t.machine(), nil
}

// ringLength returns the slots that a ring needs for p: more than the ticks from now to the latest arrival.
func ringLength(p *compile.Program) int {
	longest := uint8(0)
	for _, r := range p.InputRoute {
		longest = max(longest, r.Delay)
	}
	for i := range p.Cores {
		for _, r := range p.Cores[i].Route {
			longest = max(longest, r.Delay)
		}
	}
	n := 2
	for n < 2+int(longest) {
		n *= 2
	}
	return n
}

// biases returns what the neurons of a core add to v, nil where that is 0 for all.
func biases(c *compile.Core) []int32 {
	if !slices.ContainsFunc(c.Bias, func(b int16) bool { return b != 0 }) {
		return nil
	}
	bias := make([]int32, len(c.Bias))
	for n, b := range c.Bias {
		bias[n] = int32(fixed.Shift(int64(b), c.Profiles[c.Profile[n]].BiasExp)) // 16 bits, up to 7 more
	}
	return bias
}

func (t *tables) machine() *Machine {
	m := &Machine{tables: t, acc: make([]int32, t.accs), u: make([]int32, t.neurons), v: make([]int32, t.neurons), ref: make([]int32, t.neurons),
		count: make([]Count, len(t.cores)), touched: make([]uint8, t.marks), awake: make([]uint8, t.chunks), whole: worker{hi: len(t.cores)}}
	if t.further {
		m.w, m.x = make([]int32, t.neurons), make([]int32, t.neurons)
	}
	for range t.slots {
		m.ring = append(m.ring, make([]uint64, t.words))
		m.messages = append(m.messages, make([]int32, t.carried))
	}
	return m
}

// Clone returns another Machine at rest that shares m's tables.
func (m *Machine) Clone() *Machine { return m.machine() }

// Reset brings m back to tick 0, at rest and with nothing on its way.
func (m *Machine) Reset() {
	m.tick = 0
	for _, register := range [][]int32{m.acc, m.u, m.v, m.ref, m.w, m.x} {
		clear(register)
	}
	clear(m.count)
	clear(m.touched)
	clear(m.awake)
	m.last.clear()
	for i := range m.ring {
		clear(m.ring[i])
	}
}

// Tick returns the number of the coming tick.
func (m *Machine) Tick() int { return m.tick }

// Counts returns what every core has done since Reset. The slice is m's own.
func (m *Machine) Counts() []Count { return m.count }

// State returns the state of a neuron of a core after the last tick.
func (m *Machine) State(core, neuron int) fixed.State {
	return m.state(m.cores[core].neuron + neuron)
}

// Inject lets a spike arrive on an axon of a core at the coming tick. Several
// spikes on one axon in one tick are one. There is an error when the axon does
// not exist.
func (m *Machine) Inject(core, axon int) error {
	if core < 0 || core >= len(m.cores) || axon < 0 || axon >= len(m.cores[core].Row) {
		return diag.Inputf("no-such-axon", "", "there is no axon %d on core %d", axon, core)
	}
	m.send(compile.Route{Core: uint32(core), Axon: uint16(axon)}, m.tick, 1)
	return nil
}

// send lets a spike arrive at the end of a route, the route's delay after a tick.
func (m *Machine) send(r compile.Route, tick int, message int32) {
	slot, c := (tick+int(r.Delay))&(m.slots-1), &m.cores[r.Core]
	m.ring[slot][c.word+int(r.Axon)/64] |= 1 << (r.Axon % 64)
	if c.message != none {
		m.messages[slot][c.message+int(r.Axon)] = message
	}
}

// Step runs the coming tick and returns the compartments that spiked in it, by
// core and neuron. The slice is valid until the next call.
func (m *Machine) Step() []compile.Place {
	m.last.clear()
	m.whole.step(m, m.tick, &m.last)
	m.spread(&m.last, m.tick, 0, len(m.cores))
	m.ticked(&m.last)
	m.tick++
	return m.last.from
}

// sent is what a tick sends, by core and neuron.
type sent struct {
	from     []compile.Place
	messages []int32
}

func (s *sent) clear() { s.from, s.messages = s.from[:0], s.messages[:0] }

func (s *sent) add(core, neuron int, message int32) {
	s.from = append(s.from, compile.Place{Core: uint32(core), Neuron: uint16(neuron)})
	s.messages = append(s.messages, message)
}

// spread lets what was sent in a tick reach the axons of cores lo to hi−1.
func (m *Machine) spread(s *sent, tick, lo, hi int) {
	for i, f := range s.from {
		c := m.cores[f.Core].Core
		for _, r := range c.Route[c.OutStart[f.Neuron]:c.OutStart[f.Neuron+1]] {
			if int(r.Core) >= lo && int(r.Core) < hi {
				m.send(r, tick+1, s.messages[i])
			}
		}
	}
}

// worker runs cores lo to hi−1. Workers of other cores may run at the same time: what they write is apart.
type worker struct {
	lo, hi int
	strips [filled + 1][fixed.Inhibitory + 1][]kernel.Strip // of one core in one tick
	spikes [chunk]int32
	out    [2]sent // of even and odd ticks, where there are several workers
}

// step runs a tick on the worker's cores.
func (w *worker) step(m *Machine, tick int, out *sent) {
	slot := m.ring[tick&(m.slots-1)]
	for i := w.lo; i < w.hi; i++ {
		c := &m.cores[i]
		words := slot[c.word : c.word+(len(c.Row)+63)/64]
		if m.observer != nil {
			m.arrivals(i, words)
		}
		quick := c.fast != nil && !m.slow
		if quick {
			w.collect(m, i, c, words, tick)
		} else {
			m.deliverAll(i, c, words, tick)
		}
		if m.observer != nil {
			m.active(i, c, tick)
		}
		if quick {
			w.update(m, i, c, tick, out)
		} else {
			m.update(i, c, tick, out)
		}
	}
}
