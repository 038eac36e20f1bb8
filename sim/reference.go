package sim

import (
	"math/bits"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn/fixed"
)

// weights are the values of all codes, by sign mode.
var weights = func() (w [fixed.Inhibitory + 1][256]int32) {
	for mode := range w {
		for code := range w[mode] {
			w[mode][code] = int32(fixed.SignMode(mode).Weight(uint8(code)))
		}
	}
	return w
}()

// UseReference makes Step run every core on the reference path from now on, or no longer, as Options.Slow does for Run.
func (m *Machine) UseReference(on bool) {
	if m.slow != on {
		m.slow = on
		m.wake() // the reference path does not say what it leaves at rest
	}
	m.choose()
}

// deliverAll takes the spikes that arrive at a core out of the words of a slot and adds their rows
// to the accumulators.
func (m *Machine) deliverAll(number int, c *core, words []uint64, tick int) {
	for w, set := range words {
		for ; set != 0; set &= set - 1 {
			m.deliver(number, c, w*64+bits.TrailingZeros64(set), tick)
		}
		words[w] = 0
	}
}

// deliver adds the row of an axon to the accumulators, synapse by synapse. An axon with flags
// multiplies its row by what the spike carries, or its row has its own accumulators. Sums may then wrap at 32
// bits, of which the neurons take the lowest 24.
func (m *Machine) deliver(number int, c *core, axon, tick int) {
	row, base, neurons := c.Row[axon], int(c.Base[axon]), len(c.Profile)
	lo, hi := c.Synapses(axon)
	m.count[number].Synapses += int64(hi - lo)
	message, first := int32(1), c.acc
	if c.Flags != nil && c.Flags[axon]&compile.GradedAxon != 0 {
		message = m.messages[tick&(m.slots-1)][c.message+axon]
		m.count[number].Graded += int64(hi - lo)
	}
	if c.Flags != nil && c.Flags[axon]&compile.ImagAxon != 0 {
		first = c.imag
	}
	acc := m.acc[first : first+(c.mask+1)*neurons]
	for s := lo; s < hi; s++ {
		at := tick
		if c.Delay != nil {
			at += int(c.Delay[s])
		}
		acc[at&c.mask*neurons+base+int(c.Target[s])] += weights[c.Mode[row]][c.Code[s]] * message
	}
}

// update steps the neurons of a core, each as fixed defines it.
func (m *Machine) update(number int, c *core, tick int, out *sent) {
	neurons := len(c.Profile)
	at := tick & c.mask * neurons
	acc := m.acc[c.acc+at:][:neurons]
	var imag []int32
	if c.imag != none {
		imag = m.acc[c.imag+at:][:neurons]
	}
	for n := range neurons {
		f := &c.Profiles[c.Profile[n]]
		state := m.state(c.neuron + n)
		if f.ResetInterval > 0 && tick%f.ResetInterval == f.ResetPhase {
			state = fixed.State{}
		}
		in := fixed.Drive{Sum: fixed.Shift(fixed.Accumulate(int64(acc[n])), f.WeightExp)}
		acc[n] = 0
		if imag != nil {
			in.Imag = fixed.Shift(fixed.Accumulate(int64(imag[n])), f.WeightExp)
			imag[n] = 0
		}
		if c.bias != nil {
			in.Bias = int64(c.bias[n])
		}
		message := f.Neuron.Advance(&state, in)
		m.setState(c.neuron+n, state)
		if message != 0 {
			out.from = append(out.from, int32(c.neuron+n))
			if m.graded {
				out.messages = append(out.messages, message)
			}
			m.count[number].Spikes++
		}
	}
	m.count[number].Updates += int64(neurons)
}

// state returns the registers of neuron n of all.
func (m *Machine) state(n int) fixed.State {
	s := fixed.State{U: m.u[n], V: m.v[n], Ref: m.ref[n]}
	if m.further {
		s.W, s.X = m.w[n], m.x[n]
	}
	return s
}

func (m *Machine) setState(n int, s fixed.State) {
	m.u[n], m.v[n], m.ref[n] = s.U, s.V, s.Ref
	if m.further {
		m.w[n], m.x[n] = s.W, s.X
	}
}
