package fpga

import (
	"encoding/binary"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/targets/fpga/link"
)

// emulator is a board in software. Its memories are what the host writes; what it
// runs is what DecodeImage reads from them.
type emulator struct {
	board   *Board
	memory  Image
	program *compile.Program
	machine *sim.Machine // nil until Start has seen tables that make sense
	total   link.Counters
	slow    bool // the simulator runs on its reference path
}

// NewEmulator returns an emulated board, powered up, with all memory zero. Its
// output neuron ids are core · limit of neurons + neuron.
func NewEmulator(b *Board) link.Machine {
	e := &emulator{board: b, memory: make(Image, b.limits.CoresPerChip)}
	for c := range e.memory {
		for r := range RegionCount {
			e.memory[c][r] = make([]byte, b.Words(r)*r.WordBits()/8)
		}
		binary.LittleEndian.PutUint32(e.memory[c][Config], uint32(configKind.set(b.kind.number)))
	}
	return e
}

// NewReferenceEmulator is NewEmulator with the simulator on its reference path.
func NewReferenceEmulator(b *Board) link.Machine {
	e := NewEmulator(b).(*emulator)
	e.slow = true
	return e
}

func (e *emulator) Info() link.Info { return e.board.Info() }

func (e *emulator) Memory() [][]byte {
	var all [][]byte
	for c := range e.memory {
		all = append(all, e.memory[c][:]...)
	}
	return all
}

func (e *emulator) Start() error {
	p, err := DecodeImage(e.memory)
	if err != nil {
		return err
	}
	config, _ := e.memory[0].word(Config, 0) // DecodeImage has read it
	if configVersion.get(config) != e.board.kind.version {
		return badImage("the tables are not for a core of %s neurons", e.board.kind.name)
	}
	e.program = p
	if e.machine, err = sim.New(p); err == nil {
		e.machine.UseReference(e.slow)
	}
	return err
}

func (e *emulator) Reset() {
	e.machine.Reset()
	e.states()
}

func (e *emulator) Step(axons, spikes []int32) []int32 {
	of := e.board.Words(Axons)
	for _, a := range axons {
		core, axon := int(a)/of, int(a)%of
		if len(e.program.Cores[core].Row) == 0 {
			continue // nothing listens on a core without neurons
		}
		if err := e.machine.Inject(core, axon); err != nil {
			panic(err) // the link has checked the axon against Info, and every axon has a row
		}
	}
	before := e.work()
	for _, f := range e.machine.Step() {
		spikes = append(spikes, int32(f.Core)*int32(e.board.limits.Neurons)+int32(f.Neuron))
	}
	after := e.work()
	e.total.Ticks++
	e.total.Synapses += uint64(after.Synapses - before.Synapses)
	e.total.Spikes += uint64(after.Spikes - before.Spikes)
	e.states()
	return spikes
}

// work adds up what the cores have done.
func (e *emulator) work() (sum sim.Count) {
	for _, c := range e.machine.Counts() {
		sum.Synapses += c.Synapses
		sum.Spikes += c.Spikes
	}
	return sum
}

// states fills the state regions.
func (e *emulator) states() {
	for c := range e.program.Cores {
		for n := range e.program.Cores[c].Profile {
			s := e.machine.State(c, n)
			for i, w := range e.board.kind.state(&s) {
				binary.LittleEndian.PutUint64(e.memory[c][State][8*(n*e.board.kind.words+i):], w)
			}
		}
	}
}

func (e *emulator) Counters() link.Counters { return e.total }
