package rtl_test

import (
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets/fpga"
)

// ends returns a program that takes u and v to the ends of their registers, where random networks never
// come: in two ticks, the last two among them, u becomes exactly −2^23, and v, which forgets, would become it
// too; of SRM neurons w would, and u. nil for a core that has fewer axons.
func ends(board *fpga.Board) *example {
	const (
		inputs = 255 // with weight −256 and exponent 7 a spike brings −2^15, and 255 cannot overflow
		period = 50
		first  = 200 // spikes in the first tick of a period
	)
	if board.Limits().AxonsIn < inputs {
		return nil
	}
	decays := []int32{1024, 2048, 3072}
	c := compile.Core{OutStart: []uint32{0}, RowStart: []uint32{0}}
	layer := compile.LayerMap{Name: "1"}
	for i, d := range decays {
		for k, v := range []int32{4096, 300} {
			vth := []int32{fixed.MaxVTh, 50}[i%2]
			var neuron fixed.Neuron = fixed.CUBA{IDecay: d, VDecay: v, VTh: vth, RefDelay: 1}
			if srm(board) {
				neuron = fixed.SRM{SDecay: d, XDecay: v, VTh: vth}
			}
			c.Profiles = append(c.Profiles, compile.Profile{Neuron: neuron, WeightExp: 7})
			layer.Home = append(layer.Home, compile.Place{Neuron: uint16(len(c.Profile))})
			c.Profile, c.Bias, c.OutStart = append(c.Profile, uint8(2*i+k)), append(c.Bias, 0), append(c.OutStart, 0)
		}
	}
	layer.Shape = snn.Flat(len(c.Profile))
	p := &compile.Program{Convention: fixed.Immediate, Input: snn.Flat(inputs), InputStart: []uint32{0}, Layers: []compile.LayerMap{layer}}
	for a := range inputs {
		for n := range c.Profile {
			c.Target, c.Code = append(c.Target, uint16(n)), append(c.Code, 0x80) // −256
		}
		c.RowStart = append(c.RowStart, uint32(len(c.Target)))
		c.Mode, c.WeightBits, c.Format = append(c.Mode, fixed.Mixed), append(c.WeightBits, 8), append(c.Format, compile.Dense)
		c.Row, c.Base = append(c.Row, uint16(a)), append(c.Base, 0)
		p.InputRoute = append(p.InputRoute, compile.Route{Axon: uint16(a)})
		p.InputStart = append(p.InputStart, uint32(a+1))
	}
	p.Cores = []compile.Core{c}
	in := spike.NewRaster(inputs)
	for t := range ticks {
		spikes := 0
		phase := t + 2 // so that the run ends with a second tick
		switch phase % period {
		case 0:
			spikes = first
		case 1: // what is left to −2^23 after the decay of one of the profiles
			spikes = 256 - first*int(4096-decays[phase/period%len(decays)])/4096
		}
		var at []int32
		for i := range spikes {
			at = append(at, int32(i))
		}
		in.Append(at...)
	}
	return &example{p, in, 1}
}

// gaps returns a program whose rows are dense and sparse in turn, and add to the same neuron where one
// follows the other, in axons that all spike in every tick.
func gaps(board *fpga.Board) *example {
	const inputs, neurons = 48, 8
	c := compile.Core{OutStart: []uint32{0}, RowStart: []uint32{0}, Profiles: []compile.Profile{{Neuron: kinds(board)[2]}}}
	layer := compile.LayerMap{Name: "1", Shape: snn.Flat(neurons)}
	for n := range neurons {
		layer.Home = append(layer.Home, compile.Place{Neuron: uint16(n)})
		c.Profile, c.Bias, c.OutStart = append(c.Profile, 0), append(c.Bias, 0), append(c.OutStart, 0)
	}
	p := &compile.Program{Convention: fixed.Immediate, Input: snn.Flat(inputs), InputStart: []uint32{0}, Layers: []compile.LayerMap{layer}}
	in := spike.NewRaster(inputs)
	var all []int32
	for a := range inputs {
		// A dense line ends with neurons 4 to 7 and begins with 0 to 3.
		targets, format := []uint16{0, 1, 2, 3, 4, 5, 6, 7}, compile.Dense
		if a%3 > 0 {
			targets, format = [][]uint16{{4}, {0}}[a%3-1], compile.Sparse
		}
		for _, n := range targets {
			c.Target, c.Code = append(c.Target, n), append(c.Code, uint8(1+a%3))
		}
		c.RowStart = append(c.RowStart, uint32(len(c.Target)))
		c.Mode, c.WeightBits, c.Format = append(c.Mode, fixed.Mixed), append(c.WeightBits, 8), append(c.Format, format)
		c.Row, c.Base = append(c.Row, uint16(a)), append(c.Base, 0)
		p.InputRoute = append(p.InputRoute, compile.Route{Axon: uint16(a)})
		p.InputStart = append(p.InputStart, uint32(a+1))
		all = append(all, int32(a))
	}
	p.Cores = []compile.Core{c}
	for range ticks {
		in.Append(all...)
	}
	return &example{p, in, 1}
}

// mixed returns a network of dense and sparse rows in any order, of a line or two each, to a few neurons: the last
// synapses of a row and the first of the next often have a target in common.
func mixed(t testing.TB, board *fpga.Board) *example {
	const inputs, neurons = 64, 16
	r := rand.New(rand.NewPCG(7, 8))
	layer := fixed.Layer{Name: "1", In: snn.Flat(inputs), Out: snn.Flat(neurons), WeightBits: 8, WeightExp: -1, Neuron: kinds(board)[0]}
	layer.Weight = make([]int16, layer.Weights())
	dense := 0
	for i := range inputs {
		targets := []int{r.IntN(4), 13 + r.IntN(3)} // too far from each other for a dense line
		if r.IntN(2) == 0 {
			targets = nil
			for k, from := 0, r.IntN(9); k < 8; k++ {
				targets = append(targets, from+k)
			}
			dense++
		} else if r.IntN(2) == 0 {
			targets = append(targets, 4+r.IntN(8))
		}
		for _, n := range targets {
			layer.Weight[n*inputs+i] = int16(2 * (1 + r.IntN(100)))
		}
	}
	p, err := compile.Compile(&fixed.Network{Input: snn.Flat(inputs), Convention: fixed.Immediate, Layers: []fixed.Layer{layer}}, board)
	check(t, err)
	for _, f := range p.Cores[0].Format {
		if f == compile.Dense {
			dense--
		}
	}
	if dense != 0 {
		t.Fatalf("%d rows are not of the form that they were made for", dense)
	}
	in := spike.NewRaster(inputs)
	for range ticks {
		var at []int32
		for i := range int32(inputs) {
			if r.IntN(16) == 0 {
				at = append(at, i)
			}
		}
		in.Append(at...)
	}
	return &example{p, in, 1}
}
