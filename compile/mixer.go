package compile

import "slices"

// mixer is a filler that takes neurons of all layers in any order.
type mixer struct {
	filler
	cap     int // the least of the layers on the core, 0 is none
	wirings []wiring
	heads   [][]int32
}

func newMixer(b *build, limits Limits, caps []int) *mixer {
	m := &mixer{filler: filler{build: b, limits: limits, caps: caps}}
	for k := range b.net.Layers {
		m.wirings = append(m.wirings, b.wiring(k))
		m.wirings[k].synaptic = limits.SynapticDelay
		m.heads = append(m.heads, make([]int32, m.wirings[k].fan))
	}
	return m
}

// begin opens a core.
func (m *mixer) begin() {
	if m.core != nil {
		for i := range m.core.axons {
			m.heads[m.core.axons[i].layer][m.core.axons[i].source] = 0
		}
	}
	m.cap, m.head = 0, nil
	m.open()
}

// try returns what the core takes with neuron o of layer k, and whether that is too much.
func (m *mixer) try(k, o int) (u usage, longest int, full bool) {
	m.layer, m.wiring, m.head, m.profile = k, m.wirings[k], m.heads[k], m.build.profile(k, o)
	u, longest = m.with(o)
	_, full = u.over(&m.limits)
	return u, longest, full || m.cap > 0 && u.neurons > m.cap || m.caps[k] > 0 && u.neurons > m.caps[k]
}

// place puts the neuron at a position of layer k's order on the core, or on the next.
func (m *mixer) place(k, position int) error {
	o := m.build.neuron(k, position)
	u, longest, full := m.try(k, o)
	if full && m.core.neurons > 0 {
		m.begin()
		u, longest, _ = m.try(k, o)
	}
	return m.put(o, position, u, longest)
}

// put puts the neuron that was tried last, at a position of its layer's order, on the core, which then takes u.
func (m *mixer) put(o, position int, u usage, longest int) error {
	if r, over := u.over(&m.limits); over {
		return r.fail(m.target, m.wiring.Name, "", "neuron %d does not fit on an empty core of %s", o, m.target.Name())
	}
	m.add(o, position, u, longest)
	// While a core grows, the list of runs says which layers are on it, each once.
	if last := len(m.core.runs) - 1; slices.ContainsFunc(m.core.runs[:last], func(r run) bool { return r.layer == m.layer }) {
		m.core.runs = m.core.runs[:last]
	}
	if c := m.caps[m.layer]; c > 0 && (m.cap == 0 || c < m.cap) {
		m.cap = c
	}
	return nil
}
