package sim

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math"
	"math/bits"
	"slices"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// stateMagic begins a snapshot; it names the version of the form.
const stateMagic = "isospike state 2\n"

// Snapshot returns the state between two ticks: registers, accumulators of coming ticks, spikes
// on their way, those of the last tick, and counts. The same state gives the same bytes, at any number of threads and on either
// path. They end with a SHA-256 of what is before it.
func (m *Machine) Snapshot() []byte {
	m.loosen()
	m.settle()
	b := append([]byte(stateMagic), m.fingerprint()...)
	b = binary.AppendUvarint(b, uint64(m.tick))
	for ahead := range m.slots {
		slot := (m.tick + ahead) & (m.slots - 1)
		for c := range m.cores {
			for _, word := range m.axons(c, m.ring[slot]) {
				b = binary.AppendUvarint(b, word)
			}
		}
		m.carriedBy(slot, func(message *int32) { b = binary.AppendVarint(b, int64(*message)) })
	}
	for _, register := range m.registers() {
		for _, x := range register {
			b = binary.AppendVarint(b, int64(x))
		}
	}
	for _, c := range m.count {
		for _, n := range []int64{c.Spikes, c.Synapses, c.Graded, c.Updates} {
			b = binary.AppendUvarint(b, uint64(n))
		}
	}
	b = binary.AppendUvarint(b, uint64(len(m.last.from)))
	for i, n := range m.last.from {
		at := m.at(n)
		b = binary.AppendUvarint(b, uint64(at.Core))
		b = binary.AppendUvarint(b, uint64(at.Neuron))
		b = binary.AppendVarint(b, int64(m.last.message(i)))
	}
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// Hash returns the SHA-256 that ends the snapshot.
func (m *Machine) Hash() (h [sha256.Size]byte) {
	b := m.Snapshot()
	copy(h[:], b[len(b)-sha256.Size:])
	return h
}

func (m *Machine) registers() (all [][]int32) {
	for i := range m.cores {
		c := &m.cores[i]
		all = append(all, m.acc[c.acc:][:(c.mask+1)*len(c.Profile)])
		if c.imag != none {
			all = append(all, m.acc[c.imag:][:(c.mask+1)*len(c.Profile)])
		}
	}
	return append(all, m.u, m.v, m.ref, m.w, m.x)
}

// carriedBy calls f for what each spike in a slot carries, on cores that take graded ones.
func (m *Machine) carriedBy(slot int, f func(message *int32)) {
	for i := range m.cores {
		c := &m.cores[i]
		if c.message == none {
			continue
		}
		for w := range (len(c.Row) + 63) / 64 {
			for set := m.ring[slot][c.word+w]; set != 0; set &= set - 1 {
				f(&m.messages[slot][c.message+w*64+bits.TrailingZeros64(set)])
			}
		}
	}
}

// hash tells programs apart by all that a run depends on: the SHA-256 of the tables.
func (t *tables) hash() []byte {
	h, p := sha256.New(), t.program
	fmt.Fprintf(h, "%q %q %+v %d %d\n", p.Source, p.Target, p.Convention, len(p.Layers), len(p.Cores))
	for k := range p.Layers {
		fmt.Fprintf(h, "%q\n", p.Layers[k].Name)
		hashTable(h, p.Layers[k].Home)
	}
	hashTable(h, p.InputStart)
	hashTable(h, p.InputRoute)
	for i := range p.Cores {
		c := &p.Cores[i]
		for _, f := range c.Profiles {
			fmt.Fprintf(h, "%s %+v\n", f.Neuron.Kind(), f)
		}
		fmt.Fprintln(h, c.DelayBits)
		hashTable(h, c.Profile)
		hashTable(h, c.Bias)
		hashTable(h, c.Row)
		hashTable(h, c.Base)
		hashTable(h, c.Flags)
		hashTable(h, c.RowStart)
		hashTable(h, c.Mode)
		hashTable(h, c.Target)
		hashTable(h, c.Code)
		hashTable(h, c.Delay)
		hashTable(h, c.OutStart)
		hashTable(h, c.Route)
	}
	return h.Sum(nil)
}

// hashTable adds a table and its length.
func hashTable[T any](h hash.Hash, table []T) {
	fmt.Fprintln(h, len(table))
	for part := range slices.Chunk(table, 1<<14) {
		if err := binary.Write(h, binary.LittleEndian, part); err != nil {
			panic(err) // a hash takes everything, and tables are of numbers
		}
	}
}

// Restore puts m into the state of a snapshot, of a machine of the same program. Run goes on from there with
// Options.Continue. After an error, an Input one for bytes that are no such state, m is at rest.
func (m *Machine) Restore(b []byte) error {
	m.Reset()
	bad := func(format string, args ...any) error {
		m.Reset()
		return diag.Inputf("state", "", format, args...)
	}
	magic, sum := len(stateMagic), sha256.Size
	if len(b) < magic+2*sum || string(b[:magic]) != stateMagic {
		return bad("this is no state of isospike's simulator, or one of another version")
	}
	if got := sha256.Sum256(b[:len(b)-sum]); !bytes.Equal(got[:], b[len(b)-sum:]) {
		return bad("the state is damaged: its hash does not match")
	}
	if !bytes.Equal(b[magic:magic+sum], m.fingerprint()) {
		return bad("the state is of another program")
	}
	d := stateReader{b: b[magic+sum : len(b)-sum]}
	m.tick = int(d.number(math.MaxInt64 / 2))
	for ahead := range m.slots {
		slot := (m.tick + ahead) & (m.slots - 1)
		for c := range m.cores {
			words := m.axons(c, m.ring[slot])
			for w := range words {
				words[w] = d.number(math.MaxUint64)
			}
		}
		if !m.axonsExist(slot) {
			return bad("the state has a spike on its way to no axon")
		}
		m.carriedBy(slot, func(message *int32) { *message = d.value() })
	}
	for _, register := range m.registers() {
		for i := range register {
			register[i] = d.value()
		}
	}
	for i := range m.count {
		for _, n := range []*int64{&m.count[i].Spikes, &m.count[i].Synapses, &m.count[i].Graded, &m.count[i].Updates} {
			*n = int64(d.number(math.MaxInt64))
		}
	}
	for range d.number(uint64(m.neurons)) {
		core, neuron, message := d.number(math.MaxUint32), d.number(math.MaxUint16), d.value()
		if core >= uint64(len(m.cores)) || neuron >= uint64(len(m.cores[core].Profile)) {
			return bad("the state has a spike of no neuron")
		}
		m.last.from = append(m.last.from, int32(m.cores[core].neuron+int(neuron)))
		if m.graded {
			m.last.messages = append(m.last.messages, message)
		} else if message != 1 {
			return bad("the state has a graded spike of a neuron that sends none")
		}
	}
	switch {
	case d.failed || len(d.b) > 0:
		return bad("the state is cut, or its numbers are out of range")
	case !m.inRange():
		return bad("the state has registers that no neuron can have")
	}
	m.loose = m.tick + m.slots
	m.wake()
	return nil
}

// axonsExist reports whether the bits of a slot are those of axons.
func (m *Machine) axonsExist(slot int) bool {
	for i := range m.cores {
		c := &m.cores[i]
		if last := len(c.Row) % 64; last > 0 && m.ring[slot][c.word+len(c.Row)/64]>>last != 0 {
			return false
		}
	}
	return true
}

// inRange reports whether the registers of CUBA neurons fit the widths that the fast path relies on.
func (m *Machine) inRange() bool {
	for i := range m.cores {
		c := &m.cores[i]
		if c.fast == nil {
			continue
		}
		most := c.magnitudes()
		for k, a := range m.acc[c.acc:][:(c.mask+1)*len(c.Profile)] {
			if max(int64(a), -int64(a)) > most[k%len(c.Profile)] {
				return false
			}
		}
		for n, p := range c.Profile {
			s := m.state(c.neuron + n)
			if cuba := c.Profiles[p].Neuron.(fixed.CUBA); s.U <= -fixed.UMax || s.U > fixed.UMax || s.V < -fixed.VMax || s.V > fixed.VMax || s.Ref < 0 || s.Ref >= cuba.RefDelay {
				return false
			}
		}
	}
	return true
}

// magnitudes returns what the weights of each neuron of a core with synaptic delays add up to at most, which compile.Check has held to the
// accumulator. Without synaptic delays nothing is added up for coming ticks.
func (c *core) magnitudes() []int64 {
	most := make([]int64, len(c.Profile))
	if c.mask == 0 {
		return most
	}
	for a, r := range c.Row {
		lo, hi := c.Synapses(a)
		for s := lo; s < hi; s++ {
			w := int64(c.Mode[r].Weight(c.Code[s]))
			most[c.Base[a]+c.Target[s]] += max(w, -w)
		}
	}
	return most
}

// stateReader takes numbers off b. After the first that is cut or too large it gives zeros.
type stateReader struct {
	b      []byte
	failed bool
}

func (d *stateReader) number(most uint64) uint64 {
	x, n := binary.Uvarint(d.b)
	if n <= 0 || x > most {
		d.failed, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return x
}

func (d *stateReader) value() int32 {
	x, n := binary.Varint(d.b)
	if n <= 0 || x != int64(int32(x)) {
		d.failed, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return int32(x)
}
