// Package nettest makes random networks, inputs and targets for the tests that
// hold the compiler, the simulator and the boards to snn/fixed.
package nettest

import (
	"math/rand/v2"
	"strconv"

	"pgregory.net/rapid"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// Config bounds what a target can hold.
type Config struct {
	MaxVTh      int
	MaxDelay    int // axonal and synaptic together
	MaxSynDelay int
	Reset       bool
	SRM         bool // some layers of SRM neurons
	AllSRM      bool // layers of SRM neurons alone
	Kinds       bool // layers of sigma-delta, resonate-and-fire and adaptive neurons; graded spikes
}

// Network draws a network of one to four layers, dense ones of 1 to 40 neurons and
// convolutions of small kernels. A part
// of the networks is made to reach the edges of the state: large weights that are
// powers of two, no decay, large biases.
func Network(t *rapid.T, c Config) *fixed.Network {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	n := &fixed.Network{
		Input:      snn.Shape{W: rapid.IntRange(1, 10).Draw(t, "width"), H: rapid.IntRange(1, 2).Draw(t, "height"), C: rapid.IntRange(1, 2).Draw(t, "channels")},
		Convention: rapid.SampledFrom([]fixed.Convention{fixed.Axonal, fixed.Immediate, fixed.Slayer}).Draw(t, "convention"),
	}
	if c.Reset && rapid.Bool().Draw(t, "reset") {
		n.Reset = fixed.Reset{Interval: rapid.IntRange(1, 40).Draw(t, "interval"), Offset: rapid.IntRange(0, 90).Draw(t, "offset")}
	}
	in := n.Input
	for k := range rapid.IntRange(1, 4).Draw(t, "layers") {
		var kernel *fixed.Kernel
		out := snn.Flat(rapid.IntRange(1, 40).Draw(t, "neurons"))
		if rapid.Bool().Draw(t, "conv") {
			kernel, out = convolution(t, in)
		}
		l := layer(t, r, c, in, out, kernel)
		l.Name = strconv.Itoa(k + 1)
		n.Layers = append(n.Layers, l)
		in = l.Out
	}
	return n
}

// convolution draws a kernel over a population, and the shape that comes of it, of at
// most about 80 neurons.
func convolution(t *rapid.T, in snn.Shape) (*fixed.Kernel, snn.Shape) {
	k := &fixed.Kernel{Groups: 1}
	var out [2]int
	for a, n := range [2]int{in.W, in.H} {
		k.Size[a], k.Stride[a] = rapid.IntRange(1, 4).Draw(t, "kernel"), rapid.IntRange(1, 3).Draw(t, "stride")
		k.Padding[a], k.Dilation[a] = rapid.IntRange(0, 2).Draw(t, "padding"), rapid.IntRange(1, 2).Draw(t, "dilation")
		out[a] = rapid.IntRange(1, max(1, min(8, (n-1+2*k.Padding[a])/k.Stride[a]+1))).Draw(t, "extent")
	}
	channels := rapid.IntRange(1, max(1, min(6, 80/(out[0]*out[1])))).Draw(t, "channels out")
	for _, g := range []int{2, 3, in.C} {
		if in.C%g == 0 && channels%g == 0 && rapid.Bool().Draw(t, "groups") {
			k.Groups = g
		}
	}
	return k, snn.Shape{W: out[0], H: out[1], C: channels}
}

func layer(t *rapid.T, r *rand.Rand, c Config, in, out snn.Shape, kernel *fixed.Kernel) fixed.Layer {
	edge := rapid.Bool().Draw(t, "edge")
	l := fixed.Layer{In: in, Out: out, Kernel: kernel, WeightExp: rapid.IntRange(-8, 7).Draw(t, "weight exp"),
		Mode: rapid.SampledFrom([]fixed.SignMode{fixed.Mixed, fixed.Excitatory, fixed.Inhibitory}).Draw(t, "mode"),
	}
	l.WeightBits = rapid.IntRange(1, fixed.MaxWeightBits(l.Mode)).Draw(t, "bits")
	if rapid.IntRange(0, 3).Draw(t, "exponents") == 0 {
		exps := rapid.SliceOfN(rapid.Int8Range(-8, 7), 1, 3).Draw(t, "weight exps")
		l.NeuronExp = make([]int8, out.Size())
		plane := rapid.SampledFrom([]int{1, out.W * out.H}).Draw(t, "neurons of an exponent")
		for o := range l.NeuronExp {
			l.NeuronExp[o] = exps[o/plane%len(exps)]
		}
	}
	neuron := fixed.CUBA{
		IDecay:   rapid.SampledFrom([]int32{0, 1, 512, 1024, 4095, 4096, r.Int32N(4097)}).Draw(t, "i_decay"),
		VDecay:   rapid.SampledFrom([]int32{0, 1, 128, 4095, 4096, r.Int32N(4097)}).Draw(t, "v_decay"),
		VTh:      rapid.SampledFrom([]int32{0, 1, 80, r.Int32N(1000), r.Int32N(int32(c.MaxVTh) + 1), int32(c.MaxVTh)}).Draw(t, "v_th"),
		RefDelay: rapid.SampledFrom([]int32{1, 1, 2, 3, 4, 5, 64}).Draw(t, "ref_delay"),
	}
	if edge {
		l.WeightBits, l.WeightExp = 8, 7
		neuron.IDecay, neuron.VDecay = 0, rapid.SampledFrom([]int32{0, 1}).Draw(t, "v_decay at the edge")
		neuron.VTh = int32(c.MaxVTh)
	}
	if l.Neuron = neuron; c.AllSRM || c.SRM && rapid.Bool().Draw(t, "srm") {
		l.Neuron = srm(t, r, c, edge)
	}
	density := rapid.Float64Range(0.05, 1).Draw(t, "density")
	l.Weight = make([]int16, l.Weights())
	for i := range l.Weight {
		switch {
		case r.Float64() >= density:
		case edge:
			l.Weight[i] = fixed.Truncate(128-256*r.Int64N(2), 8, l.Mode)
		default:
			l.Weight[i] = fixed.Truncate(r.Int64N(512)-256, l.WeightBits, l.Mode)
		}
	}
	if edge || rapid.Bool().Draw(t, "bias") {
		l.BiasExp = rapid.IntRange(-7, 7).Draw(t, "bias exp")
		l.BiasMant = make([]int16, out.Size())
		for i := range l.BiasMant {
			l.BiasMant[i] = int16(r.Int32N(8192) - 4096)
		}
	}
	if c.Kinds {
		kind(t, r, c, &l)
	}
	syn := 0
	if c.MaxSynDelay > 0 && rapid.Bool().Draw(t, "synaptic delays") {
		syn = rapid.IntRange(0, c.MaxSynDelay).Draw(t, "longest synaptic delay")
		l.SynDelay = delays(r, len(l.Weight), syn)
	}
	if rapid.Bool().Draw(t, "axonal delays") {
		// The next layer's synaptic delays come on top.
		l.Delay = delays(r, out.Size(), rapid.IntRange(0, c.MaxDelay-c.MaxSynDelay).Draw(t, "longest axonal delay"))
	}
	return l
}

func srm(t *rapid.T, r *rand.Rand, c Config, edge bool) fixed.SRM {
	p := fixed.SRM{
		SDecay: rapid.SampledFrom([]int32{0, 1, 390, 4095, 4096, r.Int32N(4097)}).Draw(t, "s_decay"), SShift: r.Int32N(fixed.MaxShift+1) >> r.IntN(4),
		RDecay: rapid.SampledFrom([]int32{0, 1, 2589, 4096, r.Int32N(4097)}).Draw(t, "r_decay"), RShift: r.Int32N(fixed.MaxShift+1) >> r.IntN(4),
		Kick: r.Int32N(fixed.MaxKick+1) >> r.IntN(18), VTh: rapid.SampledFrom([]int32{1, 80, 1 + r.Int32N(1000), int32(c.MaxVTh)}).Draw(t, "srm v_th"),
	}
	if p.XDecay = p.RDecay; rapid.Bool().Draw(t, "exponential") {
		p.XDecay = fixed.DecayOne
	}
	if edge {
		p.SDecay, p.SShift = 0, 0
	}
	return p
}

func delays(r *rand.Rand, n, longest int) []uint8 {
	d := make([]uint8, n)
	for i := range d {
		d[i] = uint8(r.IntN(longest + 1))
	}
	return d
}

// Raster draws an input of n neurons and ticks columns.
func Raster(t *rapid.T, n, ticks int) *spike.Raster {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "input seed"), 2))
	rate := rapid.Float64Range(0, 0.9).Draw(t, "input rate")
	in := spike.NewRaster(n)
	for range ticks {
		var at []int32
		for i := range n {
			if r.Float64() < rate {
				at = append(at, int32(i))
			}
		}
		in.Append(at...)
	}
	return in
}

// Tiny is a target with small limits, which spreads a network over many cores.
// A row takes a word for every two synapses, more with delays.
type Tiny struct{ L compile.Limits }

// DrawTiny draws limits within which most networks of Network fit; what may be
// too small is the axon-out entries.
func DrawTiny(t *rapid.T) Tiny {
	return Tiny{compile.Limits{
		CoresPerChip: rapid.IntRange(1, 5).Draw(t, "cores per chip"), MeshWidth: 2, TileCores: rapid.IntRange(1, 2).Draw(t, "tile cores"),
		Neurons: rapid.IntRange(1, 12).Draw(t, "core neurons"), AxonsIn: rapid.IntRange(40, 80).Draw(t, "axons in"),
		AxonsOut: rapid.SampledFrom([]int{0, 20, 60}).Draw(t, "axons out"), CrossChipEntries: 2, SynapseWords: rapid.IntRange(120, 300).Draw(t, "words"), RowWords: rapid.IntRange(3, 9).Draw(t, "row words"),
		SharedRows: rapid.Bool().Draw(t, "shared rows"), MaxBase: rapid.SampledFrom([]int{0, 1, 3, 100}).Draw(t, "largest base"),
		Profiles: rapid.IntRange(1, 3).Draw(t, "profiles"), MaxVTh: fixed.MaxVTh, SynapticDelay: rapid.Bool().Draw(t, "synaptic"),
		MaxDelay: 62, DelayAccumulators: rapid.IntRange(64, 300).Draw(t, "accumulators"), PeriodicReset: true, GradedSpikes: true,
	}}
}

// Name implements compile.Target.
func (x Tiny) Name() string { return "tiny" }

// Limits implements compile.Target.
func (x Tiny) Limits() compile.Limits { return x.L }

// RowWords implements compile.Target.
func (x Tiny) RowWords(r *compile.RowShape) (int, compile.RowFormat) {
	return (int(r.N)*(8+int(r.WeightBits)+r.DelayBits()) + 31) / 32, compile.Plain
}
