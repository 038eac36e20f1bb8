package sim

import (
	"slices"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// none is the offset of arrays that a core has no part of.
const none = -1

// sendsGraded reports whether the neurons of layer k of p send graded spikes.
func sendsGraded(p *compile.Program, k int) bool {
	if len(p.Layers[k].Home) == 0 {
		return false
	}
	h := p.Layers[k].Home[0]
	c := &p.Cores[h.Core]
	return fixed.Graded(c.Profiles[c.Profile[h.Neuron]].Neuron)
}

// has reports whether an axon of c has a flag.
func (c *core) has(flag compile.AxonFlags) bool {
	return slices.ContainsFunc(c.Flags, func(f compile.AxonFlags) bool { return f&flag != 0 })
}

// deliverFlagged is deliver for an axon with flags: one that multiplies its row by what the
// spike carries, or whose row has its own accumulators. Sums may wrap at 32 bits, of which
// the neurons take the lowest 24.
func (m *Machine) deliverFlagged(number int, c *core, axon int) {
	row, base := c.Row[axon], int(c.Base[axon])
	lo, hi := c.Synapses(axon)
	m.count[number].Synapses += int64(hi - lo)
	message := int32(1)
	if c.Flags[axon]&compile.GradedAxon != 0 {
		message = m.messages[m.tick%slots][c.message+axon]
		m.count[number].Graded += int64(hi - lo)
	}
	first := c.acc
	if c.Flags[axon]&compile.ImagAxon != 0 {
		first = c.imag
	}
	neurons := len(c.Profile)
	acc := m.acc[first : first+(c.mask+1)*neurons]
	for s := lo; s < hi; s++ {
		at := m.tick
		if c.Delay != nil {
			at += int(c.Delay[s])
		}
		acc[at&c.mask*neurons+base+int(c.Target[s])] += weights[c.Mode[row]][c.Code[s]] * message
	}
}

// sent collects what a layer sends in a tick, in any order.
type sent struct {
	graded            bool
	order             []int64 // neuron and message of graded spikes
	neurons, messages []int32
}

func (s *sent) add(neuron, message int32) {
	if s.graded {
		s.order = append(s.order, int64(neuron)<<32|int64(uint32(message)))
	} else {
		s.neurons = append(s.neurons, neuron)
	}
}

// appendTo adds the tick to a raster, and forgets it.
func (s *sent) appendTo(r *spike.Raster) {
	if s.graded {
		slices.Sort(s.order)
		for _, x := range s.order {
			s.neurons, s.messages = append(s.neurons, int32(x>>32)), append(s.messages, int32(x))
		}
		r.AppendGraded(s.neurons, s.messages)
	} else {
		slices.Sort(s.neurons) // cores need not hold a layer in order
		r.Append(s.neurons...)
	}
	s.clear()
}

func (s *sent) clear() { s.order, s.neurons, s.messages = s.order[:0], s.neurons[:0], s.messages[:0] }
