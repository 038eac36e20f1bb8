package sim

import (
	"math/bits"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// slots is the length of the ring of coming ticks. The latest arrival is
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
	ring [slots][]uint64 // by slot: the axon bits of all cores
	// By slot: what the spikes on the axons of cores that take graded ones carry.
	messages [slots][]int32
	// Accumulators of all cores. Check has proved that those of binary spikes cannot overflow.
	acc   []int32
	state []fixed.State // of all neurons, core after core
	count []Count       // by core
	fired []compile.Place
	sent  []int32 // by fired: the message

	observer Observer // nil: none
}

// tables is what a Program means, laid out for running. It is never written
// after New.
type tables struct {
	program *compile.Program
	cores   []core
	homes   [][]home // by core and neuron
	words   int      // length of a ring slot
	carried int      // length of a slot of messages
	accs    int      // length of the accumulators
	neurons int
}

// core says where a core's part of the Machine's arrays begins.
type core struct {
	*compile.Core
	word    int     // first word of a ring slot; every core begins a word
	message int     // first message of a slot; none where no axon takes graded spikes
	acc     int     // first accumulator
	imag    int     // first accumulator of imaginary parts; none where no axon has any
	mask    int     // sets of accumulators less 1; the sets are a power of two
	neuron  int     // first neuron
	bias    []int64 // by neuron
}

// home is the neuron of a layer that a compartment is.
type home struct{ layer, neuron int32 }

// weights are the values of all codes, by sign mode.
var weights = func() (w [fixed.Inhibitory + 1][256]int32) {
	for mode := range w {
		for code := range w[mode] {
			w[mode][code] = int32(fixed.SignMode(mode).Weight(uint8(code)))
		}
	}
	return w
}()

// New returns a Machine at rest for p, which it keeps and which must not change
// any more. The error is that of compile.Check.
func New(p *compile.Program) (*Machine, error) {
	if err := compile.Check(p); err != nil {
		return nil, err
	}
	t := &tables{program: p, cores: make([]core, len(p.Cores)), homes: make([][]home, len(p.Cores))}
	for i := range p.Cores {
		c := &p.Cores[i]
		sets := 1
		if c.DelayBits > 0 {
			sets = 1 << c.DelayBits
		}
		t.cores[i] = core{Core: c, word: t.words, message: none, acc: t.accs, imag: none, mask: sets - 1, neuron: t.neurons, bias: make([]int64, len(c.Bias))}
		for n, b := range c.Bias {
			t.cores[i].bias[n] = fixed.Shift(int64(b), c.Profiles[c.Profile[n]].BiasExp)
		}
		t.homes[i] = make([]home, len(c.Profile))
		t.words += (len(c.Row) + 63) / 64
		t.accs += sets * len(c.Profile)
		if t.cores[i].has(compile.ImagAxon) {
			t.cores[i].imag = t.accs
			t.accs += sets * len(c.Profile)
		}
		if t.cores[i].has(compile.GradedAxon) {
			t.cores[i].message = t.carried
			t.carried += len(c.Row)
		}
		t.neurons += len(c.Profile)
	}
	for k := range p.Layers {
		for o, h := range p.Layers[k].Home {
			t.homes[h.Core][h.Neuron] = home{int32(k), int32(o)}
		}
	}
	return t.machine(), nil
}

func (t *tables) machine() *Machine {
	m := &Machine{tables: t, acc: make([]int32, t.accs), state: make([]fixed.State, t.neurons), count: make([]Count, len(t.cores)),
		fired: make([]compile.Place, 0, t.neurons), sent: make([]int32, 0, t.neurons)}
	for i := range m.ring {
		m.ring[i] = make([]uint64, t.words)
		m.messages[i] = make([]int32, t.carried)
	}
	return m
}

// Clone returns another Machine at rest that shares m's tables.
func (m *Machine) Clone() *Machine { return m.machine() }

// Reset brings m back to tick 0, at rest and with nothing on its way.
func (m *Machine) Reset() {
	m.tick = 0
	clear(m.acc)
	clear(m.state)
	clear(m.count)
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
	return m.state[m.cores[core].neuron+neuron]
}

// Inject lets a spike arrive on an axon of a core at the coming tick. Several
// spikes on one axon in one tick are one. There is an error when the axon does
// not exist.
func (m *Machine) Inject(core, axon int) error {
	if core < 0 || core >= len(m.cores) || axon < 0 || axon >= len(m.cores[core].Row) {
		return diag.Inputf("no-such-axon", "", "there is no axon %d on core %d", axon, core)
	}
	m.send(compile.Route{Core: uint32(core), Axon: uint16(axon)}, 0, 1)
	return nil
}

// send lets a spike arrive at the end of a route, ahead ticks (0 to 1) plus the
// route's delay after the coming one.
func (m *Machine) send(r compile.Route, ahead int, message int32) {
	slot, c := (m.tick+ahead+int(r.Delay))%slots, &m.cores[r.Core]
	m.ring[slot][c.word+int(r.Axon)/64] |= 1 << (r.Axon % 64)
	if c.message != none {
		m.messages[slot][c.message+int(r.Axon)] = message
	}
}

// Step runs the coming tick and returns the compartments that spiked in it, by
// core and neuron. The slice is valid until the next call.
func (m *Machine) Step() []compile.Place {
	m.fired, m.sent = m.fired[:0], m.sent[:0]
	slot := m.ring[m.tick%slots]
	for i := range m.cores {
		c := &m.cores[i]
		words := slot[c.word : c.word+(len(c.Row)+63)/64]
		if m.observer != nil {
			m.arrivals(i, words)
		}
		for w, set := range words {
			for ; set != 0; set &= set - 1 {
				axon := w*64 + bits.TrailingZeros64(set)
				if c.Flags == nil || c.Flags[axon] == 0 {
					m.deliver(i, c, axon)
				} else {
					m.deliverFlagged(i, c, axon)
				}
			}
			words[w] = 0
		}
		if m.observer != nil {
			m.active(i, c)
		}
		m.update(i, c)
	}
	if m.observer != nil {
		m.ticked()
	}
	m.tick++
	return m.fired
}

// deliver adds the row of an axon to the accumulators.
func (m *Machine) deliver(number int, c *core, axon int) {
	row, base := c.Row[axon], int(c.Base[axon])
	lo, hi := c.Synapses(axon)
	m.count[number].Synapses += int64(hi - lo)
	weight := &weights[c.Mode[row]]
	target := c.Target[lo:hi]
	code := c.Code[lo:hi][:len(target)]
	neurons := len(c.Profile)
	if len(target) == 0 {
		return
	}
	if c.Delay == nil {
		acc := m.acc[c.acc+base : c.acc+neurons]
		// Targets ascend, so a row as long as its span has no gaps: a dense layer's.
		if first := int(target[0]); int(target[len(target)-1])-first == len(target)-1 {
			acc = acc[first:][:len(code)]
			for s, x := range code {
				acc[s] += weight[x]
			}
			return
		}
		for s, n := range target {
			acc[n] += weight[code[s]]
		}
		return
	}
	delay := c.Delay[lo:hi][:len(target)]
	acc := m.acc[c.acc : c.acc+(c.mask+1)*neurons]
	for s, n := range target {
		acc[(m.tick+int(delay[s]))&c.mask*neurons+base+int(n)] += weight[code[s]]
	}
}

// update steps the neurons of a core and sends their spikes.
func (m *Machine) update(number int, c *core) {
	neurons := len(c.Profile)
	at := c.acc + m.tick&c.mask*neurons
	acc := m.acc[at : at+neurons]
	state := m.state[c.neuron : c.neuron+neurons]
	var imag []int32
	if c.imag != none {
		imag = m.acc[at-c.acc+c.imag:][:neurons]
	}
	for n := range state {
		f := &c.Profiles[c.Profile[n]]
		if f.ResetInterval > 0 && m.tick%f.ResetInterval == f.ResetPhase {
			state[n] = fixed.State{}
		}
		in := fixed.Drive{Sum: fixed.Shift(fixed.Accumulate(int64(acc[n])), f.WeightExp), Bias: c.bias[n]}
		acc[n] = 0
		if imag != nil {
			in.Imag = fixed.Shift(fixed.Accumulate(int64(imag[n])), f.WeightExp)
			imag[n] = 0
		}
		message := f.Neuron.Advance(&state[n], in)
		if message == 0 {
			continue
		}
		m.fired, m.sent = append(m.fired, compile.Place{Core: uint32(number), Neuron: uint16(n)}), append(m.sent, message)
		m.count[number].Spikes++
		for _, r := range c.Route[c.OutStart[n]:c.OutStart[n+1]] {
			m.send(r, 1, message)
		}
	}
	m.count[number].Updates += int64(neurons)
}
