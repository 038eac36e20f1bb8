package rtl_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/compile/nettest"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets/fpga"
	"github.com/isospike/isospike/targets/fpga/link"
)

// chip is a running model and what the test knows of it.
type chip struct {
	*model
	board *fpga.Board
	info  link.Info
	ticks uint32
	count sim.Count // of all that ran
}

// tally counts what was compared.
type tally struct{ nets, cores, ticks, spikes, states, clocks int }

// load puts a program on the chip.
func (c *chip) load(p *compile.Program) error {
	m, err := fpga.Encode(p)
	if err != nil {
		return err
	}
	c.model.load(m.Parts(c.info))
	return nil
}

// arrivals returns the axon events of every tick that an input raster causes.
func arrivals(p *compile.Program, in *spike.Raster, ticks int) [][]compile.Route {
	events := make([][]compile.Route, ticks)
	for t := range min(in.Ticks(), ticks) {
		for _, i := range in.At(t) {
			for _, r := range p.InputRoute[p.InputStart[i]:p.InputStart[i+1]] {
				if at := t + p.Convention.InputLatency + int(r.Delay); at < ticks {
					events[at] = append(events[at], r)
				}
			}
		}
	}
	return events
}

// run runs a loaded program for some ticks and compares every spike of every tick, and the
// state of every neuron after them, with the simulator's.
func (c *chip) run(p *compile.Program, in *spike.Raster, ticks int, y *tally) error {
	m, err := sim.New(p)
	if err != nil {
		return err
	}
	events := arrivals(p, in, ticks)
	neurons, axons := c.info.Neurons/c.info.Cores, c.info.Axons/c.info.Cores
	for t := range ticks {
		for _, r := range events[t] {
			c.send('E', uint16(int(r.Core)*axons+int(r.Axon)))
			if err := m.Inject(int(r.Core), int(r.Axon)); err != nil {
				return err
			}
		}
		var want []uint16
		for _, f := range m.Step() {
			want = append(want, uint16(int(f.Core)*neurons+int(f.Neuron)))
		}
		got, clocks := c.step()
		if c.err != nil {
			return c.err
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("tick %d: spikes %v, want %v", t, got, want)
		}
		y.ticks++
		y.spikes += len(got)
		y.clocks += clocks
	}
	for i := range p.Cores {
		n := len(p.Cores[i].Profile)
		b := c.read(i*int(fpga.RegionCount)+int(fpga.State), 0, 8*n*len(words(c.board, fixed.State{})))
		for k := range n {
			want := words(c.board, m.State(i, k))
			for half, w := range want {
				if got := binary.LittleEndian.Uint64(b[8*(k*len(want)+half):]); got != w {
					return fmt.Errorf("core %d neuron %d after %d ticks: word %d of the state is %#x, want %#x", i, k, ticks, half, got, w)
				}
			}
			y.states++
		}
		count := m.Counts()[i]
		c.count.Synapses += count.Synapses
		c.count.Spikes += count.Spikes
	}
	c.ticks += uint32(ticks)
	k := c.counters()
	if k.OK != 1 || k.Ticks != c.ticks || k.Synops != uint64(c.count.Synapses) || k.Spikes != uint64(c.count.Spikes) {
		return fmt.Errorf("counters %+v after %d ticks, want %+v", k, c.ticks, c.count)
	}
	y.nets++
	y.cores += len(p.Cores)
	return c.err
}

// words returns a state as the memory map has it.
func words(board *fpga.Board, s fixed.State) []uint64 {
	word := func(low, high int32) uint64 { return uint64(low)&0xFFFFFF | uint64(high)&0xFFFFFF<<32 }
	if srm(board) {
		return []uint64{word(s.W, s.U), word(s.Ref, s.X)}
	}
	return []uint64{word(s.U, s.V) | uint64(s.Ref)<<56}
}

// example is a program with an input, and how slowly its spikes are taken.
type example struct {
	p     *compile.Program
	in    *spike.Raster
	every uint32
}

const ticks = 200

// draw draws a network that fits the board; nil when the one drawn does not.
func draw(t *rapid.T, board *fpga.Board) *example {
	net := nettest.Network(t, nettest.Config{AllSRM: srm(board), MaxVTh: fixed.MaxVTh, MaxDelay: 62, MaxSynDelay: rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "synaptic delay")})
	p, err := compile.Compile(net, board)
	var e *diag.Error
	if errors.As(err, &e) && e.Kind == diag.Limit {
		return nil
	}
	check(t, err)
	return &example{p, nettest.Raster(t, net.Input.Size(), ticks), rapid.SampledFrom([]uint32{1, 1, 1, 3, 40}).Draw(t, "spikes taken in one clock of")}
}

// cases returns random examples, the same ones every time, and one that fills the board.
func cases(t testing.TB, board *fpga.Board, n int) (all []*example) {
	g := rapid.Custom(func(t *rapid.T) *example { return draw(t, board) })
	for i := range n {
		if x := g.Example(i); x != nil {
			all = append(all, x)
		}
	}
	return append(all, append(directed(t, board), full(t, board))...)
}

// directed returns the examples that are made for a purpose, and small.
func directed(t testing.TB, board *fpga.Board) []*example {
	all := []*example{mixed(t, board), recurrent(board), gaps(board)}
	if x := ends(board); x != nil {
		all = append(all, x)
	}
	return all
}

// try loads and runs an example.
func (c *chip) try(x *example, y *tally) error {
	if err := c.load(x.p); err != nil {
		return err
	}
	c.send('P', x.every)
	return c.run(x.p, x.in, ticks, y)
}

// random runs random networks on a model, and says what it compared.
func random(t *testing.T, board *fpga.Board, path string) (y tally) {
	m, err := start(path)
	check(t, err)
	c := &chip{model: m, board: board, info: board.Info()}
	check(t, c.try(full(t, board), &y))
	for _, x := range directed(t, board) {
		check(t, c.try(x, &y))
	}
	rapid.Check(t, func(t *rapid.T) {
		if x := draw(t, board); x != nil {
			check(t, c.try(x, &y))
		}
	})
	check(t, m.stop())
	t.Logf("compared %d nets on %d cores: %d ticks, %d spikes, %d states; %d clocks a tick", y.nets, y.cores, y.ticks, y.spikes, y.states, y.clocks/max(y.ticks, 1))
	if y.nets == 0 || y.spikes == 0 || y.states == 0 {
		t.Error("too little was compared")
	}
	return y
}

func srm(board *fpga.Board) bool { return board.Limits().NeuronKinds[0] == snn.SRM }

// kinds returns the neurons of full and of recurrent, two each, that the board has.
func kinds(board *fpga.Board) []fixed.Neuron {
	if srm(board) {
		return []fixed.Neuron{
			fixed.SRM{SDecay: 700, SShift: 2, RDecay: 900, XDecay: 900, RShift: 3, Kick: 2000, VTh: 300}, fixed.SRM{SDecay: 2000, SShift: 4, RDecay: 1500, XDecay: fixed.DecayOne, Kick: 90, VTh: 20},
			fixed.SRM{SDecay: 1500, SShift: 1, RDecay: 2048, XDecay: 1000, RShift: 1, Kick: 400, VTh: 60}, fixed.SRM{SDecay: fixed.DecayOne, RDecay: 100, XDecay: fixed.DecayOne, Kick: 60, VTh: 90}}
	}
	return []fixed.Neuron{
		fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: 300, RefDelay: 2}, fixed.CUBA{IDecay: 3000, VDecay: 500, VTh: 20, RefDelay: 1},
		fixed.CUBA{IDecay: 2048, VDecay: 300, VTh: 60, RefDelay: 2}, fixed.CUBA{IDecay: 4096, VDecay: 0, VTh: 90, RefDelay: 1}}
}

// full returns a network of most neurons and axons that the board has, with sparse rows to
// its first layer and dense ones, delayed, to its second.
func full(t testing.TB, board *fpga.Board) *example {
	l := board.Limits()
	r := rand.New(rand.NewPCG(1, 2))
	neurons := l.Neurons * l.CoresPerChip
	inputs, second := min(l.AxonsIn/2, l.SynapseWords/16), min(neurons/8, l.SynapseWords/128)
	first := min(neurons-second, inputs-8)
	net := &fixed.Network{Input: snn.Flat(inputs), Convention: fixed.Immediate, Layers: []fixed.Layer{
		{Name: "1", In: snn.Flat(inputs), Out: snn.Flat(first), WeightBits: 8, Neuron: kinds(board)[0], Delay: make([]uint8, first)},
		{Name: "2", In: snn.Flat(first), Out: snn.Flat(second), WeightBits: 8, WeightExp: -2, Neuron: kinds(board)[1],
			BiasMant: make([]int16, second), BiasExp: 3},
	}}
	for i := range net.Layers[0].Delay {
		net.Layers[0].Delay[i] = uint8(r.IntN(63))
	}
	for i := range net.Layers[1].BiasMant {
		net.Layers[1].BiasMant[i] = int16(r.IntN(100) - 50)
	}
	for k, density := range []float64{min(0.25, 0.2*float64(l.SynapseWords*l.CoresPerChip)/float64(inputs*first)), 0.9} {
		net.Layers[k].Weight = make([]int16, net.Layers[k].Weights())
		for i := range net.Layers[k].Weight {
			if r.Float64() < density {
				net.Layers[k].Weight[i] = int16(2 * (r.IntN(236) - 108))
			}
		}
	}
	p, err := compile.Compile(net, board)
	check(t, err)
	in := spike.NewRaster(inputs)
	for range ticks {
		var at []int32
		for i := range inputs {
			if r.IntN(8) == 0 {
				at = append(at, int32(i))
			}
		}
		in.Append(at...)
	}
	return &example{p, in, 2}
}

// recurrent returns a program that no network compiles to: every neuron, the last one of the core too, has routes
// of all lengths, to all cores.
func recurrent(board *fpga.Board) *example {
	l := board.Limits()
	r := rand.New(rand.NewPCG(5, 6))
	neurons, inputs := min(l.Neurons, 24), 8
	lists := min(4, (l.AxonsIn-inputs)/neurons) // routes of a neuron
	p := &compile.Program{Convention: fixed.Immediate, Input: snn.Flat(inputs * l.CoresPerChip), InputStart: []uint32{0}}
	for core := range l.CoresPerChip {
		c := compile.Core{Slot: core, OutStart: []uint32{0}, RowStart: []uint32{0}, Profiles: []compile.Profile{
			{Neuron: kinds(board)[2]}, {Neuron: kinds(board)[3], WeightExp: -1}}}
		for n := range neurons {
			c.Profile, c.Bias = append(c.Profile, uint8(n/8%2)), append(c.Bias, int16(r.IntN(400)))
			for k := range lists {
				// Axon k of neuron n on the next core but k is this neuron's alone.
				c.Route = append(c.Route, compile.Route{Core: uint32((core + k) % l.CoresPerChip), Axon: uint16(inputs + n*lists + k), Delay: uint8(r.IntN(63))})
			}
			slices.SortFunc(c.Route[c.OutStart[n]:], func(a, b compile.Route) int { return int(a.Core)<<16 + int(a.Axon) - int(b.Core)<<16 - int(b.Axon) })
			c.OutStart = append(c.OutStart, uint32(len(c.Route)))
		}
		for a := range inputs + neurons*lists {
			for n := range neurons {
				if r.IntN(6) == 0 || n == a%neurons {
					c.Target, c.Code = append(c.Target, uint16(n)), append(c.Code, uint8(1+r.IntN(90)))
				}
			}
			c.RowStart = append(c.RowStart, uint32(len(c.Target)))
			c.Mode = append(c.Mode, fixed.SignMode(1+min(1, r.IntN(3)))) // more inhibition than excitation
			c.WeightBits, c.Format = append(c.WeightBits, 8), append(c.Format, compile.Sparse)
			c.Row, c.Base = append(c.Row, uint16(a)), append(c.Base, 0)
		}
		p.Cores = append(p.Cores, c)
		layer := compile.LayerMap{Name: fmt.Sprint(core + 1), Shape: snn.Flat(neurons)}
		for n := range neurons {
			layer.Home = append(layer.Home, compile.Place{Core: uint32(core), Neuron: uint16(n)})
		}
		p.Layers = append(p.Layers, layer)
		for i := range inputs {
			p.InputRoute = append(p.InputRoute, compile.Route{Core: uint32(core), Axon: uint16(i), Delay: uint8(i)})
			p.InputStart = append(p.InputStart, uint32(len(p.InputRoute)))
		}
	}
	in := spike.NewRaster(p.Input.Size())
	for range ticks {
		in.Append(int32(r.IntN(p.Input.Size())))
	}
	return &example{p, in, 1}
}

func TestRandomNets(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			if y := random(t, v.board(t), v.program(t)); y.nets < 50 || v.name == "four" && y.cores < 3*y.nets/2 {
				t.Error("too little was compared")
			}
		})
	}
}

// TestMemory: what is written to every word of every memory reads back, and nothing else changes.
func TestMemory(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			m, err := start(v.program(t))
			check(t, err)
			board, n := v.board(t), 0
			masks := map[fpga.Region][]uint32{fpga.Config: {0xFF0001FF}, fpga.RouteIndex: {0x3FF}, fpga.Routes: {0xFFFF}}
			if board.Limits().CoresPerChip > 1 {
				masks[fpga.Routes] = []uint32{0x3FFFF}
			}
			word := func(id, at int) uint32 { return uint32(id<<24+at)*2654435761 ^ uint32(at)<<7 }
			each := func(do func(id int, r fpga.Region, at int)) {
				for c := range board.Limits().CoresPerChip {
					for r := range fpga.State {
						for at := 0; at < board.Words(r)*r.WordBits()/8; at += 4 {
							do(c*int(fpga.RegionCount)+int(r), r, at)
						}
					}
				}
			}
			each(func(id int, _ fpga.Region, at int) { m.write(id, at, word(id, at)) })
			var want bytes.Buffer
			each(func(id int, r fpga.Region, at int) {
				w := word(id, at)
				if mask := masks[r]; mask != nil {
					w &= mask[0]
				}
				if r == fpga.Config && srm(board) {
					w |= 1 << 16 // what the core says of itself
				}
				binary.Write(&want, binary.LittleEndian, w)
			})
			var got []byte
			for c := range board.Limits().CoresPerChip {
				for r := range fpga.State {
					id, size := c*int(fpga.RegionCount)+int(r), board.Words(r)*r.WordBits()/8
					for at := 0; at < size; at += 4096 {
						got = append(got, m.read(id, at, min(4096, size-at))...)
					}
				}
			}
			check(t, m.stop())
			for at := 0; at < len(got); at += 4 {
				if n++; !bytes.Equal(got[at:at+4], want.Bytes()[at:at+4]) {
					t.Fatalf("byte %d of all memories: %x, want %x", at, got[at:at+4], want.Bytes()[at:at+4])
				}
			}
			t.Log("compared", n, "words")
			if n == 0 || len(got) != want.Len() {
				t.Error("too little was compared")
			}
		})
	}
}
