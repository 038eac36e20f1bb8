package fixed

import "github.com/isospike/isospike/snn"

// arrivalSlots is how many coming ticks a message can arrive in: the next, and the longest axonal and synaptic delay after it. The
// slot of the tick in which it is sent is empty by then.
const arrivalSlots = 1 + 2*snn.MaxDelay

// Stepper runs a network a tick at a time, all layers in each, and tells every register: Run in the
// other order, for whoever has to stop in the middle.
type Stepper struct {
	net    *Network
	tick   int
	layers []stepped
}

// stepped is a layer's part of a Stepper.
type stepped struct {
	sum, imag [][]int64 // of what arrives in coming ticks, by tick modulo arrivalSlots and neuron; imag is nil where weights are real
	state     []State
	neurons   []int32 // that sent in the last tick
	messages  []int32 // what they sent
}

// NewStepper returns a Stepper of n at rest.
func NewStepper(n *Network) *Stepper {
	s := &Stepper{net: n, layers: make([]stepped, len(n.Layers))}
	for k := range s.layers {
		l, size := &s.layers[k], n.Layers[k].Out.Size()
		l.state = make([]State, size)
		for range arrivalSlots {
			l.sum = append(l.sum, make([]int64, size))
			if n.Layers[k].WeightImag != nil {
				l.imag = append(l.imag, make([]int64, size))
			}
		}
	}
	return s
}

// Step runs the next tick. The spikes are those of the input's column of that tick; messages is nil
// where all are plain.
func (s *Stepper) Step(neurons, messages []int32) {
	s.send(0, nil, s.tick+s.net.Convention.InputLatency, neurons, messages)
	for k := range s.layers {
		s.update(k)
	}
	for k := range s.layers[1:] {
		from := &s.layers[k]
		s.send(k+1, s.net.Layers[k].Delay, s.tick+1, from.neurons, from.messages)
	}
	s.tick++
}

// send lets messages reach layer k at a tick, or the source's delay and the synapse's later.
func (s *Stepper) send(k int, delay []uint8, tick int, neurons, messages []int32) {
	l, to := &s.net.Layers[k], &s.layers[k]
	for at, i := range neurons {
		when, message := tick, int64(1)
		if delay != nil {
			when += int(delay[i])
		}
		if l.Graded && messages != nil {
			message = int64(messages[at])
		}
		for o, w := range l.From(int(i)) {
			slot := when
			if l.SynDelay != nil {
				slot += int(l.SynDelay[w])
			}
			slot %= arrivalSlots
			to.sum[slot][o] += int64(l.Weight[w]) * message
			if to.imag != nil {
				to.imag[slot][o] += int64(l.WeightImag[w]) * message
			}
		}
	}
}

// update steps the neurons of layer k.
func (s *Stepper) update(k int) {
	l, x, slot := &s.net.Layers[k], &s.layers[k], s.tick%arrivalSlots
	if s.net.ResetsAt(k, s.tick) {
		clear(x.state)
	}
	x.neurons, x.messages = x.neurons[:0], x.messages[:0]
	for o := range x.state {
		imag := int64(0)
		if x.imag != nil {
			imag = x.imag[slot][o]
		}
		if m := l.advance(&x.state[o], o, x.sum[slot][o], imag); m != 0 {
			x.neurons, x.messages = append(x.neurons, int32(o)), append(x.messages, m)
		}
	}
	clear(x.sum[slot])
	if x.imag != nil {
		clear(x.imag[slot])
	}
}

// Sent returns the neurons of layer k that sent in the last tick, ascending, and what they sent, which is 1
// of plain spikes. The slices are valid until the next Step.
func (s *Stepper) Sent(k int) (neurons, messages []int32) {
	return s.layers[k].neurons, s.layers[k].messages
}

// State returns the state of neuron o of layer k after the last tick.
func (s *Stepper) State(k, o int) State { return s.layers[k].state[o] }
