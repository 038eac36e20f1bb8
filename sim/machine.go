package sim

import (
	"sync"
	"sync/atomic"

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
	ring [][]uint64 // by slot, tick modulo their number: the bits of all units
	// By slot: what the spikes on the axons of cores that take graded ones carry.
	messages [][]int32
	// Accumulators of all cores. Check has proved that those of binary spikes cannot overflow.
	acc []int32
	// States of all neurons, core after core: the fields of fixed.State. w and x are nil where all neurons are CUBA.
	u, v, ref, w, x []int32
	count           []Count // by core, but for what arrived says
	arrived         []int64 // by wire: spikes whose synapses are not yet in count

	// What the fast path leaves alone: see update. touched has a byte for every chunk of every set of
	// accumulators, awake one for every chunk of neurons.
	touched, awake []uint8
	slow           bool // the reference path runs all cores
	injected       bool // a spike has arrived at a single axon
	loosely        bool // spikes go to axons, not to wires and buses
	loose          int  // from this tick on, no axon of a core with wires or a bus has a spike, unless loosely is set

	whole    worker          // for all cores
	last     sent            // what the last tick sent
	places   []compile.Place // that as Step returns it
	observer Observer        // nil: none
}

// tables is what a Program means, laid out for running. It is never written
// after New.
type tables struct {
	program *compile.Program
	units   []unit
	buses   []bus
	cores   []core
	homes   []home // by neuron
	goals   []goal // by source
	bits    []goal // of sources with several
	slots   int    // of the ring, a power of two
	words   int    // length of a ring slot
	carried int    // length of a slot of messages
	accs    int    // length of the accumulators
	neurons int
	routed  int  // no neuron from this one on has a route, as those of the last layer
	wired   int  // length of arrived
	apart   int  // the rows of sources of a lower rank are not copied
	marks   int  // length of touched
	chunks  int  // length of awake
	further bool // some neurons have registers w and x
	mixed   bool // the reference path runs some cores
	joins   bool // some cores are joined
	graded  bool // some neurons send graded spikes

	fingerprint func() []byte // of the program; see hash
}

// core says where a core's part of the Machine's arrays begins.
type core struct {
	*compile.Core
	unit    int     // that it is of
	word    int     // first word of a ring slot; every core begins a word
	message int     // first message of a slot; none where no axon takes graded spikes
	acc     int     // first accumulator
	imag    int     // first accumulator of imaginary parts; none where no axon has any
	mask    int     // sets of accumulators less 1; the sets are a power of two
	neuron  int     // first neuron
	bias    []int32 // by neuron; nil where all are 0
	fast    *fast   // of its unit
}

// home is the neuron of a layer that a compartment is, and its core.
type home struct{ layer, neuron, core int32 }

// New returns a Machine at rest for p, which it keeps and which must not change
// any more. The error is that of compile.Check.
func New(p *compile.Program) (*Machine, error) {
	if err := compile.Check(p); err != nil {
		return nil, err
	}
	return newTables(p, joins(p, false), budget(p)).machine(), nil
}

// newTables lays out a valid program. Ranges of cores are joined, and what the fast path needs besides the program takes about so many bytes at most.
func newTables(p *compile.Program, ranges [][2]int, bytes int) *tables {
	t := &tables{program: p, cores: make([]core, len(p.Cores)), slots: ringLength(p)}
	t.joins = len(ranges) > 0
	for lo := 0; lo < len(p.Cores); {
		u := unit{lo: lo, hi: lo + 1, bus: none}
		if len(ranges) > 0 && ranges[0][0] == lo {
			u.hi, ranges = ranges[0][1], ranges[1:]
		}
		lo = u.hi
		t.place(&u)
		t.units = append(t.units, u)
	}
	for k := range p.Layers {
		for o, h := range p.Layers[k].Home {
			x := &t.homes[t.cores[h.Core].neuron+int(h.Neuron)]
			x.layer, x.neuron = int32(k), int32(o)
		}
	}
	for i := range t.units {
		if u := &t.units[i]; u.alone() {
			bytes -= waySize * len(p.Cores[u.lo].Mode)
		}
	}
	if t.joins {
		bytes = t.keepApart(bytes)
	}
	t.findBuses()
	for i := range t.units {
		u := &t.units[i]
		u.word = t.words
		if u.bus != none && t.buses[u.bus].lo == i {
			t.buses[u.bus].word = t.words
			t.words += t.buses[u.bus].words
			bytes -= 8 * t.slots * t.buses[u.bus].words
		}
		if u.isJoined() {
			u.fast.joined.allocate()
			t.words += (u.fast.joined.wires + 63) / 64
			u.fast.joined.first = t.wired
			t.wired += u.fast.joined.wires
		}
		for c := u.lo; c < u.hi; c++ {
			t.cores[c].word = t.words
			t.words += (len(p.Cores[c].Row) + 63) / 64
		}
		u.end = t.words
	}
	if t.joins {
		t.fill()
	}
	for i := range t.units {
		if u := &t.units[i]; u.alone() {
			u.fast.rows = layOut(&p.Cores[u.lo], &bytes)
		}
	}
	t.lay()
	t.fingerprint = sync.OnceValue(t.hash)
	return t
}

// place gives a unit its part of the accumulators, neurons and messages.
func (t *tables) place(u *unit) {
	cores := t.program.Cores[u.lo:u.hi]
	u.acc, u.neuron, u.bias = t.accs, t.neurons, biases(cores)
	if sets := 1 << cores[0].DelayBits; cores[0].DelayBits > 0 {
		u.mask = sets - 1
	}
	if plain(&cores[0]) {
		u.fast = newFast(cores)
		u.fast.chunk, u.fast.mark = t.chunks, t.marks
		t.chunks, t.marks = t.chunks+u.fast.chunks(), t.marks+(u.mask+1)*u.fast.chunks()
		if len(cores) > 1 {
			u.fast.joined = &joined{}
		}
	}
	t.mixed = t.mixed || u.fast == nil
	for i := range cores {
		c := &t.cores[u.lo+i]
		*c = core{Core: &cores[i], unit: len(t.units), message: none, acc: t.accs, imag: none, mask: u.mask, neuron: t.neurons, fast: u.fast}
		if u.bias != nil {
			c.bias = u.bias[u.neurons:][:len(c.Profile)]
		}
		u.neurons += len(c.Profile)
		t.accs += (u.mask + 1) * len(c.Profile)
		t.neurons += len(c.Profile)
		for range c.Profile {
			t.homes = append(t.homes, home{core: int32(u.lo + i)})
		}
		for _, f := range c.Profiles {
			_, cuba := f.Neuron.(fixed.CUBA)
			t.further, t.graded = t.further || !cuba, t.graded || fixed.Graded(f.Neuron)
		}
	}
	last := &t.cores[u.hi-1]
	t.accs += kernel.Slack
	if last.has(compile.ImagAxon) {
		last.imag = t.accs
		t.accs += (u.mask + 1) * u.neurons
	}
	if last.has(compile.GradedAxon) {
		last.message = t.carried
		t.carried += len(last.Row)
		t.graded = true
	}
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

func (t *tables) machine() *Machine {
	m := &Machine{tables: t, acc: make([]int32, t.accs), u: make([]int32, t.neurons), v: make([]int32, t.neurons), ref: make([]int32, t.neurons),
		count: make([]Count, len(t.cores)), arrived: make([]int64, t.wired), touched: make([]uint8, t.marks), awake: make([]uint8, t.chunks)}
	m.whole.take(t, 0, len(t.units))
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
	m.tick, m.loose, m.injected = 0, 0, false
	for _, register := range [][]int32{m.acc, m.u, m.v, m.ref, m.w, m.x} {
		clear(register)
	}
	clear(m.count)
	clear(m.arrived)
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
func (m *Machine) Counts() []Count {
	m.settle()
	return m.count
}

// State returns the state of a neuron of a core after the last tick.
func (m *Machine) State(core, neuron int) fixed.State {
	return m.state(m.cores[core].neuron + neuron)
}

// Inject lets a spike arrive on an axon of a core at the coming tick. Several
// spikes on one axon in one tick are one. From then until Reset, or the end of a Run, cores are not joined. There is an error when the axon does
// not exist.
func (m *Machine) Inject(core, axon int) error {
	if core < 0 || core >= len(m.cores) || axon < 0 || axon >= len(m.cores[core].Row) {
		return diag.Inputf("no-such-axon", "", "there is no axon %d on core %d", axon, core)
	}
	m.injected = true
	m.choose() // a spike that is on its wire already is to be one with this
	m.send(compile.Route{Core: uint32(core), Axon: uint16(axon)}, m.tick, 1)
	return nil
}

// Step runs the coming tick and returns the compartments that spiked in it, by
// core and neuron. The slice is valid until the next call.
func (m *Machine) Step() []compile.Place {
	m.last.clear()
	for i := range m.units {
		m.whole.step(m, &m.units[i], m.tick, &m.last)
	}
	m.whole.clearBuses(m, m.tick)
	m.whole.spread(m, &m.last, m.tick)
	m.ticked(&m.last)
	m.tick++
	m.places = m.places[:0]
	for _, n := range m.last.from {
		m.places = append(m.places, m.at(n))
	}
	return m.places
}

// at returns where a neuron is.
func (t *tables) at(neuron int32) compile.Place {
	core := t.homes[neuron].core
	return compile.Place{Core: uint32(core), Neuron: uint16(int(neuron) - t.cores[core].neuron)}
}

// sent is what a tick sends, by neuron.
type sent struct {
	from     []int32
	messages []int32 // of each; nil where all are plain spikes
}

func (s *sent) clear() { s.from, s.messages = s.from[:0], s.messages[:0] }

// message returns what spike i carries.
func (s *sent) message(i int) int32 {
	if len(s.messages) == 0 {
		return 1
	}
	return s.messages[i]
}

// worker is a thread's, and lets spikes reach some of the units. Workers of others may run at the same time: what they write is apart.
type worker struct {
	units     []unit
	buses     []bus                                            // of these
	lo, hi    int                                              // the cores of these
	word, end int                                              // the words of a ring slot of these
	strips    [filled + 1][fixed.Inhibitory + 1][]kernel.Strip // of one core in one tick, by way and mode
	hits      []int32                                          // wires or axons on which spikes arrive
	wires     []kernel.Strip                                   // of one matrix
	apart     [][]axon                                         // on which a spike arrives, of wires whose rows are not copied
	out       [2]sent                                          // of even and odd ticks of a run
	ran       [2][]ran                                         // likewise
	next      atomic.Int64                                     // tick of the run whose spikes have reached the units and, in the lower half, the first unit that nobody has begun in it
}

// take gives the worker units lo to hi−1, with whole buses.
func (w *worker) take(t *tables, lo, hi int) {
	if lo == hi {
		return
	}
	first, last := &t.units[lo], &t.units[hi-1]
	w.units, w.lo, w.hi, w.word, w.end = t.units[lo:hi], first.lo, last.hi, first.word, last.end
	for _, b := range t.buses {
		if lo <= b.lo && b.hi <= hi {
			w.buses = append(w.buses, b)
		}
	}
}

// step runs a tick on a unit.
func (w *worker) step(m *Machine, u *unit, tick int, out *sent) {
	slot := m.ring[tick&(m.slots-1)]
	if m.observer != nil {
		for c := u.lo; c < u.hi; c++ {
			m.arrivals(c, m.axons(c, slot))
		}
	}
	quick := u.fast != nil && !m.slow
	switch {
	case !quick:
		for c := u.lo; c < u.hi; c++ {
			m.deliverAll(c, &m.cores[c], m.axons(c, slot), tick)
		}
	case u.fast.joined == nil:
		w.collect(m, u, slot, tick)
	default:
		w.collectJoined(m, u, slot, tick)
	}
	if m.observer != nil {
		for c := u.lo; c < u.hi; c++ {
			m.active(c, &m.cores[c], tick)
		}
	}
	if quick {
		w.update(m, u, tick, out)
		return
	}
	for c := u.lo; c < u.hi; c++ {
		m.update(c, &m.cores[c], tick, out)
	}
}

// axons returns the words of a slot that say which axons of a core have a spike.
func (t *tables) axons(core int, slot []uint64) []uint64 {
	c := &t.cores[core]
	return slot[c.word : c.word+(len(c.Row)+63)/64]
}
