package nettest

import (
	"math/rand/v2"

	"pgregory.net/rapid"

	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// kind gives a layer neurons of one of the kinds that Config.Kinds stands for, and what belongs
// to them: synapses that take graded spikes, complex weights, biases within their range.
func kind(t *rapid.T, r *rand.Rand, c Config, l *fixed.Layer) {
	l.Graded = rapid.IntRange(0, 3).Draw(t, "graded") > 0
	small := func(label string) int32 { return rapid.Int32Range(0, 7).Draw(t, label) }
	decay := func() int32 { return rapid.SampledFrom([]int32{0, 1, 512, 4096, r.Int32N(4097)}).Draw(t, "decay") }
	turns := [][2]int32{{2103, 3273}, {2103, 3273}, {4096, 0}, {0, 4096}, {-4096, 4096}, {r.Int32N(8193) - 4096, r.Int32N(8193) - 4096}}
	turn := rapid.SampledFrom(turns).Draw(t, "turn")
	vTh := rapid.SampledFrom([]int32{0, 1, 5, r.Int32N(300), r.Int32N(int32(c.MaxVTh) + 1)}).Draw(t, "v_th of the kind")
	delta := fixed.Delta{VTh: vTh, SpikeExp: small("spike_exp"), StateExp: small("state_exp"), CumError: rapid.Bool().Draw(t, "cum_error")}
	rf := fixed.RF{Sin: turn[0], Cos: turn[1], VTh: vTh}
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0:
		l.Neuron = delta
	case 1:
		l.Neuron = fixed.Sigma{}
	case 2:
		l.Neuron = fixed.SigmaDelta{VTh: vTh, SpikeExp: delta.SpikeExp, StateExp: delta.StateExp, CumError: delta.CumError,
			Activation: rapid.SampledFrom([]string{fixed.ReLU, fixed.Identity}).Draw(t, "activation")}
	case 3:
		l.Neuron = rf
	case 4:
		l.Neuron = fixed.RFIZ(rf)
	case 5:
		l.Neuron = fixed.ALIF{IDecay: decay(), VDecay: decay(), ThDecay: decay(), RefDecay: decay(), VTh: vTh, VThStep: r.Int32N(fixed.MaxVTh+1) >> r.IntN(18)}
	default: // cuba neurons as they are, which may take graded spikes
	}
	if fixed.Complex(l.Neuron) && rapid.IntRange(0, 3).Draw(t, "complex") > 0 {
		for range l.Weight {
			w := int16(0)
			if r.IntN(4) > 0 {
				w = fixed.Truncate(r.Int64N(512)-256, l.WeightBits, l.Mode)
			}
			l.WeightImag = append(l.WeightImag, w)
		}
	}
	least, most := fixed.BiasRange(l.Neuron)
	for o := range l.BiasMant {
		l.BiasMant[o] = int16(least + r.IntN(most-least+1))
	}
}

// Input draws an input for net: graded spikes where its first layer takes them.
func Input(t *rapid.T, net *fixed.Network, ticks int) *spike.Raster {
	in := Raster(t, net.Input.Size(), ticks)
	if !net.Layers[0].Graded {
		return in
	}
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "message seed"), 3))
	top := rapid.SampledFrom([]int32{1, 10, 1000, 1<<31 - 1}).Draw(t, "largest message")
	graded := spike.NewRaster(in.Neurons)
	for k := range in.Ticks() {
		messages := make([]int32, len(in.At(k)))
		for i := range messages {
			messages[i] = 1 + r.Int32N(top)
			if r.IntN(2) == 0 {
				messages[i] *= -1
			}
		}
		graded.AppendGraded(in.At(k), messages)
	}
	return graded
}
