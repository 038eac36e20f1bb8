package fpga

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets/fpga/link"
)

// SelfTest is what a self-test of a board did.
type SelfTest struct {
	Words  int `json:"words"`  // of memory, each with two patterns
	Ticks  int `json:"ticks"`  // of the known network
	Spikes int `json:"spikes"` // of it, compared one by one
	States int `json:"states"` // of its neurons after the last tick
}

// Test tests the board behind a connection: what it says of itself, every word of its memories, and
// the spikes and states of a network that uses all that a core has. Link errors name what is
// wrong. What was loaded is lost.
func (b *Board) Test(ctx context.Context, conn *link.Conn, tell func(string)) (*SelfTest, error) {
	want, got := b.Info(), conn.Info()
	if got.Cores != want.Cores || got.Neurons != want.Neurons || got.Axons != want.Axons || !slices.Equal(got.Regions, want.Regions) {
		return nil, &diag.Error{Kind: diag.Link, Code: "other-board", Msg: fmt.Sprintf("the board has %d cores, %d neurons and %d axons; %s has %d, %d and %d, or the sizes of their memories differ",
			got.Cores, got.Neurons, got.Axons, b.name, want.Cores, want.Neurons, want.Axons), Fix: "name the board with --board, or flash its bitstream"}
	}
	t := &SelfTest{}
	for _, flip := range []uint32{0, 0xFFFFFFFF} {
		tell("memory")
		image := b.pattern(flip)
		if err := conn.Write(ctx, image); err != nil {
			return nil, err
		}
		t.Words = 0
		for _, r := range image {
			t.Words += len(r.Data) / 4
		}
	}
	tell("known network")
	return t, b.known(ctx, conn, t)
}

// pattern returns all memories filled with a number that depends on the address alone, or with
// its complement, in the bits that there are.
func (b *Board) pattern(flip uint32) []link.Region {
	var image []link.Region
	for c := range b.limits.CoresPerChip {
		for r := range State {
			mask, always := uint32(0xFFFFFFFF), uint32(0)
			switch r {
			case Config:
				mask, always = uint32(configNeurons.set(-1)|configVersion.set(-1)), uint32(configKind.set(b.kind.number))
			case RouteIndex:
				mask = uint32(indexBase.set(-1) | indexRouted.set(-1))
			case Routes:
				mask = uint32(routeAxon.set(-1) | routeDelay.set(-1) | routeMore.set(-1))
			}
			id := c*int(RegionCount) + int(r)
			data := make([]byte, b.Words(r)*r.WordBits()/8)
			for at := 0; at < len(data); at += 4 {
				word := (uint32(id)<<24 + uint32(at)) * 2654435761
				binary.LittleEndian.PutUint32(data[at:], (word^word>>15^flip)&mask|always)
			}
			image = append(image, link.Region{ID: id, Data: data})
		}
	}
	return image
}

// known runs the known network and compares it with the simulator.
func (b *Board) known(ctx context.Context, conn *link.Conn, t *SelfTest) error {
	const ticks = 400
	p, err := compile.Compile(b.knownNetwork(), b)
	if err != nil {
		return err
	}
	stream, err := NewStream(ctx, conn, p)
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(3, 3))
	in := spike.NewRaster(len(p.InputStart) - 1)
	for range ticks {
		var at []int32
		for i := range in.Neurons {
			if r.IntN(8) == 0 {
				at = append(at, int32(i))
			}
		}
		in.Append(at...)
	}
	got, err := stream.Run(ctx, in, ticks)
	if err != nil {
		return err
	}
	m, err := sim.New(p)
	if err != nil {
		return err
	}
	want, err := m.Run(ctx, in, ticks, sim.Options{Slow: true})
	if err != nil {
		return err
	}
	wrong := func(what string) error {
		return &diag.Error{Kind: diag.Mismatch, Code: "self-test", Msg: "the board computes something else: " + what,
			Fix: "flash the bitstream of this isospike again; if that does not help, the core's clock is too fast for this chip or the chip is faulty"}
	}
	d, _, err := sim.FirstDivergence(p, in, want.Layers, got)
	if err != nil {
		return err
	}
	if d != nil {
		return wrong(d.String())
	}
	states, err := stream.States(ctx)
	if err != nil {
		return err
	}
	for c := range states {
		for n, s := range states[c] {
			if w := m.State(c, n); s != w {
				return wrong(fmt.Sprintf("core %d neuron %d ends in the state %+v instead of %+v", c, n, s, w))
			}
			t.States++
		}
	}
	for _, l := range want.Layers {
		t.Spikes += l.Spikes.Count()
	}
	t.Ticks = ticks
	if t.Spikes == 0 {
		return wrong("the known network is silent")
	}
	return nil
}

// knownNetwork returns a network of most of the board's neurons, with dense and sparse rows,
// weights of both signs, biases, delays of all lengths and refractory times.
func (b *Board) knownNetwork() *fixed.Network {
	r := rand.New(rand.NewPCG(1, 2))
	const inputs, fan = 16, 6
	total := b.limits.CoresPerChip * b.limits.Neurons
	second := max(total/8, 1)
	first := max(total/2+total/8, 1)
	neurons := []fixed.Neuron{fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: 300, RefDelay: 3}, fixed.CUBA{IDecay: 3000, VDecay: 500, VTh: 90, RefDelay: 1}}
	if b.kind.name == snn.SRM {
		neurons = []fixed.Neuron{fixed.SRM{SDecay: 700, SShift: 2, RDecay: 900, XDecay: 900, RShift: 3, Kick: 2000, VTh: 300},
			fixed.SRM{SDecay: 2000, SShift: 1, RDecay: 1500, XDecay: fixed.DecayOne, Kick: 150, VTh: 90}}
	}
	net := &fixed.Network{Input: snn.Flat(inputs), Convention: fixed.Immediate, Layers: []fixed.Layer{
		{Name: "1", In: snn.Flat(inputs), Out: snn.Flat(first), WeightBits: 8, Neuron: neurons[0], Delay: make([]uint8, first)},
		{Name: "2", In: snn.Flat(first), Out: snn.Flat(second), WeightBits: 8, WeightExp: 1, Neuron: neurons[1],
			BiasMant: make([]int16, second), BiasExp: 2},
	}}
	for k := range net.Layers {
		net.Layers[k].Weight = make([]int16, net.Layers[k].Weights())
	}
	for o := range first {
		net.Layers[0].Delay[o] = uint8(o % (b.limits.MaxDelay + 1))
		for i := range inputs {
			// The first half of the inputs reaches every neuron, the others few of them.
			if i < inputs/2 && o < b.limits.SynapseWords/inputs || r.IntN(16) == 0 {
				net.Layers[0].Weight[o*inputs+i] = int16(2 * (r.IntN(200) - 90))
			}
		}
	}
	for o := range second {
		net.Layers[1].BiasMant[o] = int16(r.IntN(60) - 20)
		for k := range min(fan, first) {
			net.Layers[1].Weight[o*first+(o*fan/2+k)%first] = int16(2 * (r.IntN(120) - 40))
		}
	}
	return net
}
