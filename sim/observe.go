package sim

import (
	"math/bits"

	"github.com/isospike/isospike/snn/fixed"
)

// Observer is told what happens in a run, tick by tick: of each core what arrives and then which
// neurons are active, and at the end of the tick which have spiked, by core and number.
type Observer interface {
	Arrived(core, axon int)  // a spike is delivered
	Active(core, neuron int) // the neuron was not at rest before its update, or something moves it
	Spiked(core, neuron int)
	Ticked()
}

func (m *Machine) observe(o Observer) {
	m.observer = o
	m.choose()
}

// arrivals tells the observer of the axons of a core that the words of a slot name.
func (m *Machine) arrivals(core int, words []uint64) {
	for w, set := range words {
		for ; set != 0; set &= set - 1 {
			m.observer.Arrived(core, w*64+bits.TrailingZeros64(set))
		}
	}
}

// active tells the observer of the active neurons of a core, whose spikes have been delivered.
func (m *Machine) active(core int, c *core, tick int) {
	at := tick & c.mask * len(c.Profile)
	for n := range c.Profile {
		if m.acc[c.acc+at+n] != 0 || c.imag != none && m.acc[c.imag+at+n] != 0 || c.bias != nil && c.bias[n] != 0 || m.state(c.neuron+n) != (fixed.State{}) {
			m.observer.Active(core, n)
		}
	}
}

// ticked tells the observer, where there is one, how the tick ended.
func (m *Machine) ticked(s *sent) {
	if m.observer == nil {
		return
	}
	for _, n := range s.from {
		at := m.at(n)
		m.observer.Spiked(int(at.Core), int(at.Neuron))
	}
	m.observer.Ticked()
}
