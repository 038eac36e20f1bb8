package sim

import (
	"context"

	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// machineSide is a Machine in lockstep.
type machineSide struct {
	m    *Machine
	sent []layerSent
	last []*spike.Raster // of one tick
}

// Side returns m, brought back to tick 0, as a Side; slow is Options.Slow. Nothing else may use m until it is done with.
func (m *Machine) Side(slow bool) Side {
	m.Reset()
	m.UseReference(slow)
	s := &machineSide{m: m, sent: make([]layerSent, len(m.program.Layers))}
	for k := range s.sent {
		s.sent[k].graded = sendsGraded(m.program, k)
		s.last = append(s.last, spike.NewRaster(len(m.program.Layers[k].Home)))
	}
	return s
}

func (s *machineSide) Step(_ context.Context, in *spike.Raster, t int) error {
	m := s.m
	if t < in.Ticks() {
		m.whole.input(m, in, t, m.tick+m.program.Convention.InputLatency)
	}
	m.Step()
	m.byLayer(&m.last, s.sent)
	for k, r := range s.last {
		r.Reset(r.Neurons)
		s.sent[k].appendTo(r)
	}
	return nil
}

func (s *machineSide) Sent(k int) (neurons, messages []int32, ok bool) {
	return s.last[k].At(0), s.last[k].Messages(0), true
}

func (s *machineSide) State(k, n int) (fixed.State, Known) {
	h := s.m.program.Layers[k].Home[n]
	c := &s.m.program.Cores[h.Core]
	return s.m.State(int(h.Core), int(h.Neuron)), KnownOf(c.Profiles[c.Profile[h.Neuron]].Neuron)
}

func (s *machineSide) Cell(k, n int) *Cell { return ProgramCell(s.m.program, k, n) }

// KnownOf returns the registers that neurons of a kind have.
func KnownOf(n fixed.Neuron) Known {
	if _, cuba := n.(fixed.CUBA); cuba {
		return KnownU | KnownV | KnownRef
	}
	return KnownU | KnownV | KnownRef | KnownFurther
}

// networkSide is the definition in lockstep.
type networkSide struct {
	net *fixed.Network
	*fixed.Stepper
}

// NetworkSide returns the definition as a Side.
func NetworkSide(n *fixed.Network) Side { return &networkSide{n, fixed.NewStepper(n)} }

func (s *networkSide) Step(_ context.Context, in *spike.Raster, t int) error {
	if t < in.Ticks() {
		s.Stepper.Step(in.At(t), in.Messages(t))
	} else {
		s.Stepper.Step(nil, nil)
	}
	return nil
}

func (s *networkSide) Sent(k int) (neurons, messages []int32, ok bool) {
	neurons, messages = s.Stepper.Sent(k)
	if !fixed.Graded(s.net.Layers[k].Neuron) {
		messages = nil
	}
	return neurons, messages, true
}

func (s *networkSide) State(k, n int) (fixed.State, Known) {
	return s.Stepper.State(k, n), KnownOf(s.net.Layers[k].Neuron)
}

func (s *networkSide) Cell(k, n int) *Cell { return NetworkCell(s.net, k, n) }

// recordSide is a recording in lockstep.
type recordSide struct {
	recs       []fixed.Record
	ticks, lag int
	tick       int // the last
}

// RecordSide returns a recording of so many ticks as a Side. It tells of every layer what the records have: spikes, u, v. Spikes are
// recorded lag ticks after they were sent.
func RecordSide(recs []fixed.Record, ticks, lag int) Side {
	return &recordSide{recs: recs, ticks: ticks, lag: lag, tick: -1}
}

func (s *recordSide) Step(context.Context, *spike.Raster, int) error { s.tick++; return nil }

func (s *recordSide) Sent(k int) (neurons, messages []int32, ok bool) {
	r, column := s.recs[k].Spikes, s.tick+s.lag
	if r == nil || column >= s.ticks {
		return nil, nil, false
	}
	return r.At(column), r.Messages(column), true
}

func (s *recordSide) State(k, n int) (state fixed.State, known Known) {
	r := &s.recs[k]
	if r.U != nil {
		state.U, known = r.U[n*s.ticks+s.tick], known|KnownU
	}
	if r.V != nil {
		state.V, known = r.V[n*s.ticks+s.tick], known|KnownV
	}
	return state, known
}

func (s *recordSide) Cell(int, int) *Cell { return nil }
