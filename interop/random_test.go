package interop

import (
	"fmt"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"pgregory.net/rapid"
)

// net draws a network of one to four layers: dense ones, convolutions, and pools of the
// paper's notation, whose last windows may reach over the border; with delays, biases,
// exponents and every sign mode. Of four, three are tame: without what other formats cannot hold.
func net(t *rapid.T) *fixed.Network {
	tame := rapid.IntRange(0, 3).Draw(t, "tame") > 0
	n := &fixed.Network{Convention: fixed.Axonal, Provenance: map[string]string{}}
	between := func(lo, hi int, what string) int { return rapid.IntRange(lo, hi).Draw(t, what) }
	n.Input = snn.Flat(between(1, 12, "inputs"))
	if rapid.Bool().Draw(t, "image") {
		n.Input = snn.Shape{W: between(1, 6, "w"), H: between(1, 6, "h"), C: between(1, 3, "c")}
	}
	in, dense := n.Input, false
	for k := range between(1, 4, "layers") {
		l := fixed.Layer{Name: fmt.Sprint(k + 1), In: in, Out: snn.Flat(between(1, 8, "neurons"))}
		switch kind := rapid.SampledFrom([]string{"dense", "conv", "pool"}).Draw(t, "kind"); {
		case dense || kind == "dense":
			dense = true
		case kind == "pool":
			size := between(1, min(in.W, in.H), "pool")
			l.Kernel = fixed.Square(size, size, 0, 1, in.C)
			l.Out = snn.Shape{W: (in.W + size - 1) / size, H: (in.H + size - 1) / size, C: in.C}
		default:
			groups := 1
			if rapid.Bool().Draw(t, "grouped") {
				groups = in.C
			}
			l.Kernel = &fixed.Kernel{Groups: groups}
			l.Out.C = groups * between(1, 3, "channels")
			for a, size := range [2]int{in.W, in.H} {
				l.Kernel.Padding[a], l.Kernel.Stride[a] = between(0, 2, "padding"), between(1, 3, "stride")
				l.Kernel.Size[a] = between(1, min(3, size+2*l.Kernel.Padding[a]), "size")
				l.Kernel.Dilation[a] = 1
				if room := size + 2*l.Kernel.Padding[a]; 2*(l.Kernel.Size[a]-1)+1 <= room {
					l.Kernel.Dilation[a] = between(1, 2, "dilation")
				}
			}
			out := l.Kernel.Output(in)
			l.Out.W, l.Out.H = out.W, out.H
			for a, size := range [2]int{in.W, in.H} { // padding alone feeds nobody
				if n := []int{l.Out.W, l.Out.H}[a]; (n-1)*l.Kernel.Stride[a]-l.Kernel.Padding[a] >= size {
					l.Kernel.Padding[a], l.Kernel.Size[a] = 0, 1
				}
			}
			out = l.Kernel.Output(in)
			l.Out.W, l.Out.H = out.W, out.H
		}
		fill(t, &l, tame)
		n.Layers = append(n.Layers, l)
		in = l.Out
	}
	if !tame && rapid.Bool().Draw(t, "reset") {
		n.Reset = fixed.Reset{Interval: between(2, 20, "interval"), Offset: between(0, 5, "offset")}
	}
	return n
}

// fill draws weights, delays, biases and parameters of a layer with shapes.
func fill(t *rapid.T, l *fixed.Layer, tame bool) {
	l.WeightBits = rapid.SampledFrom([]int{8, 8, 8, 4, 1}).Draw(t, "bits")
	l.WeightExp = rapid.SampledFrom([]int{0, 1, 3, -1, -4}).Draw(t, "exponent")
	l.Mode = rapid.SampledFrom([]fixed.SignMode{fixed.Mixed, fixed.Mixed, fixed.Excitatory, fixed.Inhibitory}).Draw(t, "mode")
	if tame {
		l.WeightBits, l.WeightExp = 8, min(1, max(0, l.WeightExp))
	}
	most := rapid.SampledFrom([]int{8, 60, 256}).Draw(t, "most")
	l.Weight = make([]int16, l.Weights())
	if l.WeightExp > 0 && l.Kernel == nil {
		most = 60
	}
	for i := range l.Weight {
		l.Weight[i] = fixed.Truncate(int64(rapid.IntRange(-most, most).Draw(t, "weight")), l.WeightBits, l.Mode)
	}
	p := fixed.CUBA{
		IDecay:   rapid.SampledFrom([]int32{0, 1, 410, 1024, 2048, 4095, 4096}).Draw(t, "i_decay"),
		VDecay:   rapid.SampledFrom([]int32{0, 1, 128, 256, 4096}).Draw(t, "v_decay"),
		VTh:      rapid.SampledFrom([]int32{0, 1, 10, 80, 256, 5000, fixed.MaxVTh - 1, fixed.MaxVTh}).Draw(t, "v_th"),
		RefDelay: rapid.SampledFrom([]int32{1, 1, 3}).Draw(t, "ref_delay"),
	}
	if tame {
		p.RefDelay = 1
	}
	l.Neuron = p
	// All neurons of a convolution's channel get the same, or each its own.
	each := l.Kernel == nil || !tame && rapid.Bool().Draw(t, "each")
	per := func(draw func() int) []int {
		v := make([]int, l.Out.Size())
		for o := range v {
			if plane := l.Out.W * l.Out.H; !each && o%plane > 0 {
				v[o] = v[o-1]
			} else {
				v[o] = draw()
			}
		}
		return v
	}
	if rapid.IntRange(0, 3).Draw(t, "exponents") == 0 && (l.Kernel == nil || !tame) {
		for _, e := range per(func() int { return rapid.SampledFrom([]int{0, 1, 1, 2}).Draw(t, "exponent of a neuron") }) {
			l.NeuronExp = append(l.NeuronExp, int8(e))
		}
		l.WeightExp = 0
	}
	if rapid.IntRange(0, 2).Draw(t, "biased") == 0 {
		l.BiasExp = rapid.SampledFrom([]int{6, 7, 3, -2}).Draw(t, "bias exponent")
		if tame {
			l.BiasExp = 6
		}
		for _, b := range per(func() int { return rapid.SampledFrom([]int{0, 0, 1, -3, 8, 512, 4095, -4096}).Draw(t, "bias") }) {
			l.BiasMant = append(l.BiasMant, int16(b))
		}
	}
	if l.BiasMant != nil && tame {
		return
	}
	if rapid.IntRange(0, 2).Draw(t, "delayed") == 0 && (l.Kernel == nil || !tame) {
		for _, d := range per(func() int { return rapid.SampledFrom([]int{0, 0, 1, 5, 62}).Draw(t, "delay") }) {
			l.Delay = append(l.Delay, uint8(d))
		}
	}
	if !tame && rapid.IntRange(0, 4).Draw(t, "synaptic") == 0 {
		l.SynDelay = make([]uint8, len(l.Weight))
	}
}

// noise draws input spikes.
func noise(t *rapid.T, neurons, ticks int) *spike.Raster {
	in := spike.NewRaster(neurons)
	for range ticks {
		var at []int32
		bits := rapid.Uint64().Draw(t, "spikes") & rapid.Uint64().Draw(t, "and")
		for i := range neurons {
			if bits>>(i*7%64)&1 != 0 {
				at = append(at, int32(i))
			}
		}
		in.Append(at...)
	}
	return in
}
