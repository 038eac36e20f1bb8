package fpga

import (
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/targets/fpga/link"
)

// What the board's side of the link has on the FPGA: one block RAM each.
const (
	rxBuffer   = 512
	outBuffer  = 512
	maxPayload = 228
)

// emulator is a board in software. Its memories are what the host writes; what it
// runs is what DecodeImage reads from them.
type emulator struct {
	board   *Board
	memory  Image
	machine *sim.Machine // nil until Start has seen tables that make sense
	total   link.Counters
}

// NewEmulator returns an emulated board, powered up, with all memory zero. Its
// output neuron ids are the neuron numbers of the core.
func NewEmulator(b *Board) link.Machine {
	e := &emulator{board: b}
	for r := range e.memory {
		e.memory[r] = make([]byte, Region(r).Bytes())
	}
	return e
}

func (e *emulator) Info() link.Info {
	l := e.board.limits
	return link.Info{Cores: l.Chips * l.CoresPerChip, Neurons: l.Neurons, Axons: l.AxonsIn, Synapses: l.SynapseWords,
		RingSlots: RingSlots, RxBuffer: rxBuffer, MaxPayload: maxPayload, OutBuffer: outBuffer, MaxBaud: e.board.Baud}
}

func (e *emulator) Memory() [][]byte { return e.memory[:] }

func (e *emulator) Start() error {
	p, err := DecodeImage(&e.memory)
	if err != nil {
		return err
	}
	e.machine, err = sim.New(p)
	return err
}

func (e *emulator) Reset() { e.machine.Reset() }

func (e *emulator) Step(axons, spikes []int32) []int32 {
	for _, a := range axons {
		if err := e.machine.Inject(0, int(a)); err != nil {
			panic(err) // the link has checked the axon against Info, and every axon has a row
		}
	}
	before := e.machine.Counts()[0]
	for _, f := range e.machine.Step() {
		spikes = append(spikes, int32(f.Neuron))
	}
	after := e.machine.Counts()[0]
	e.total.Ticks++
	e.total.Synapses += uint64(after.Synapses - before.Synapses)
	e.total.Spikes += uint64(after.Spikes - before.Spikes)
	return spikes
}

func (e *emulator) Counters() link.Counters { return e.total }
