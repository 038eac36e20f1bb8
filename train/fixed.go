package train

import (
	"fmt"
	"math"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// FromFixed returns a model of which the forward pass is a fixed network: its weights,
// their bits and exponents, its thresholds, decays and delays. Training goes on from
// there. The experiment e is completed by what the network says: e.Net, which may be
// empty or must describe the same layers (it can add dropout), the parameters of every
// layer, and that the start is not to be scaled (init_rate 0). Where e leaves max_delay at its
// default, delays stay within the fewest bits that hold the network's. A layer with 2 bits of
// which no weight is −2 steps stays ternary, unless e says that its weight_bits are 2.
// What training's arithmetic does not have is refused by name.
func FromFixed(n *fixed.Network, e *snn.Experiment) (*Model, error) {
	if n.Convention != fixed.Axonal || n.Reset.Interval != 0 {
		return nil, untrainable("", "a network with convention %v and reset interval %d", n.Convention, n.Reset.Interval)
	}
	if e.Training.Arithmetic != "integer" || e.Neuron.Kind == snn.SRM {
		return nil, diag.Inputf("not-trainable", "", "a fixed network is trained in integers, with cuba neurons").WithFix("leave out --float and --neuron")
	}
	var layers []snn.Layer
	for k := range n.Layers {
		l, err := trainedLayer(&n.Layers[k], e)
		if err != nil {
			return nil, err
		}
		layers = append(layers, l)
	}
	if err := describe(n.Input, layers, e); err != nil {
		return nil, err
	}
	for k, l := range layers {
		l.Name = fmt.Sprint(k + 1)
		e.SetLayer(l)
		if l.Kind != snn.Dense && !perChannel(n.Layers[k].Delay, l.Out) {
			e.Training.DelayPer = "neuron"
		}
	}
	if err := delayRange(n, e); err != nil {
		return nil, err
	}
	e.Training.InitRate = 0
	m, err := NewModel(e)
	if err != nil {
		return nil, err
	}
	for k := range m.Params {
		m.take(k, &n.Layers[k])
	}
	return m, nil
}

// delayRange holds the network's delays to those that training may choose.
func delayRange(n *fixed.Network, e *snn.Experiment) error {
	t, longest := &e.Training, 0
	for k := range n.Layers {
		l := &n.Layers[k]
		for o, d := range l.Delay {
			longest = max(longest, int(d))
			if int(d) < t.MinDelay || int(d) > t.MaxDelay {
				return diag.Inputf("delay-range", "", "neuron %d of layer %s has a delay of %d ticks, training may choose %d to %d", o, l.Name, d, t.MinDelay, t.MaxDelay).
					WithFix("widen min_delay and max_delay, or quantize with as many --delay-bits as are wanted")
			}
		}
	}
	if t.MaxDelay == snn.MaxDelay {
		t.MaxDelay = snn.MaxDelayOf(DelayBits(longest))
	}
	return nil
}

// DelayBits returns the fewest bits of a delay field that hold a delay.
func DelayBits(ticks int) int {
	b := 1
	for snn.MaxDelayOf(b) < ticks {
		b++
	}
	return b
}

func untrainable(layer, format string, args ...any) *diag.Error {
	return (&diag.Error{Kind: diag.Input, Code: "not-trainable", Layer: layer, Msg: "training does not have " + fmt.Sprintf(format, args...)}).
		WithFix("train from a network that `isospike quantize` wrote")
}

// trainedLayer returns the layer that training would have for one of a fixed network.
func trainedLayer(f *fixed.Layer, e *snn.Experiment) (l snn.Layer, err error) {
	p, ok := f.Neuron.(fixed.CUBA)
	switch {
	case !ok:
		return l, untrainable(f.Name, "%s neurons", f.Neuron.Kind())
	case f.BiasMant != nil:
		return l, untrainable(f.Name, "biases")
	case f.Graded:
		return l, untrainable(f.Name, "graded spikes")
	case f.SynDelay != nil:
		return l, untrainable(f.Name, "synaptic delays")
	}
	l = snn.Layer{Name: f.Name, Kind: snn.Dense, In: f.In, Out: f.Out, Stride: 1, Dilation: 1, Groups: 1, Delay: f.Delay != nil,
		Neuron: snn.Neuron{Kind: snn.CUBA, IDecay: int(p.IDecay), VDecay: int(p.VDecay), VTh: int(p.VTh), RefDelay: int(p.RefDelay)}}
	if c := f.Kernel; c != nil {
		if *c != *fixed.Square(c.Size[0], c.Stride[0], c.Padding[0], c.Dilation[0], c.Groups) {
			return l, untrainable(f.Name, "kernels that are not square")
		}
		l.Kind, l.Kernel, l.Stride, l.Padding, l.Dilation, l.Groups = snn.Conv, c.Size[0], c.Stride[0], c.Padding[0], c.Dilation[0], c.Groups
		if isPool(f, l) {
			l.Kind, l.Groups = snn.Pool, 1
			return l, nil
		}
	}
	if l.Bits, err = bitsOf(f); err != nil {
		return l, err
	}
	if asked, ok := e.LayerBits(f.Name); ok && holds(asked, f.Weight) {
		l.Bits = asked
	} else if ok {
		return l, diag.Inputf("not-trainable", "", "layer %s has weights that %v bits do not hold", f.Name, asked).WithFix("quantize with --bits first")
	}
	l.Exp, err = exponentsOf(f, l)
	return l, err
}

// isPool reports whether a convolution is the pool that training makes of its neurons.
func isPool(f *fixed.Layer, l snn.Layer) bool {
	code, shift := PoolCode(l.Neuron)
	if l.Kernel != l.Stride || l.Padding != 0 || l.Dilation != 1 || l.Groups != l.In.C || f.In.C != f.Out.C || f.NeuronExp != nil || f.WeightExp != int(shift) {
		return false
	}
	for _, w := range f.Weight {
		if w != WeightStep*int16(code) {
			return false
		}
	}
	return true
}

// exponentsOf returns the exponent of a layer's weights, or one for each neuron or channel.
func exponentsOf(f *fixed.Layer, l snn.Layer) ([]int, error) {
	exp := []int{f.WeightExp}
	if f.NeuronExp != nil {
		size, channels := f.Out.Size(), f.Out.Size()
		if l.Kind == snn.Conv {
			channels = f.Out.C
		}
		exp = make([]int, channels)
		for o := range size {
			c := o / (size / channels)
			if e := f.Exp(o); o%(size/channels) == 0 {
				exp[c] = e
			} else if exp[c] != e {
				return nil, untrainable(f.Name, "different weight exponents within channel %d", c)
			}
		}
	}
	for _, e := range exp {
		if e < l.Bits.MinExp() {
			return nil, untrainable(f.Name, "a weight exponent of %d with %v bits", e, l.Bits)
		}
	}
	return exp, nil
}

// bitsOf returns the bits of mixed weights that hold a layer's: those of the layer where
// they are mixed, or ternary where there are 2 and no weight is −2 steps.
func bitsOf(f *fixed.Layer) (snn.WeightBits, error) {
	b := snn.WeightBits(f.WeightBits)
	if f.Mode != fixed.Mixed || b > snn.MaxTrainBits {
		for b = 1; b <= snn.MaxTrainBits && !holds(b, f.Weight); b++ {
		}
	}
	if b > snn.MaxTrainBits {
		return 0, untrainable(f.Name, "%v weights of %d bits that 8 bits of mixed weights do not hold", f.Mode, f.WeightBits)
	}
	if b == 2 && holds(snn.Ternary, f.Weight) {
		return snn.Ternary, nil
	}
	return b, nil
}

func holds(b snn.WeightBits, weights []int16) bool {
	lo, hi, step := b.Levels()
	for _, w := range weights {
		if int(w) < lo || int(w) > hi || int(w)%step != 0 {
			return false
		}
	}
	return true
}

// perChannel reports whether all neurons of a channel have the same delay.
func perChannel(delay []uint8, s snn.Shape) bool {
	for o, d := range delay {
		if d != delay[o-o%(s.W*s.H)] {
			return false
		}
	}
	return true
}

// describe gives the experiment the notation of the layers, or checks the one it has.
func describe(input snn.Shape, layers []snn.Layer, e *snn.Experiment) error {
	want := &snn.Network{Input: input, Layers: layers}
	if e.Net == "" {
		e.Net = want.String()
	}
	net, err := snn.Parse(e.Net)
	if err != nil {
		return err
	}
	same := net.Input == input && len(net.Layers) == len(layers)
	for k := 0; same && k < len(layers); k++ {
		a, b := net.Layers[k], layers[k]
		same = a.Kind == b.Kind && a.In.Size() == b.In.Size() && a.Out == b.Out && a.Delay == b.Delay && a.Kernel == b.Kernel && a.Stride == b.Stride &&
			a.Padding == b.Padding && a.Dilation == b.Dilation && a.Groups == b.Groups
	}
	if !same {
		return diag.Inputf("not-trainable", "", "the fixed network is %v, the experiment's %v", want, net).
			WithFix("leave the network out, or write the same one; it may add dropout")
	}
	return nil
}

// take sets layer k's parameters to what a fixed network's layer holds.
func (m *Model) take(k int, f *fixed.Layer) {
	l, p := m.Net.Layers[k], &m.Params[k]
	for i := range p.Delay.Value {
		// Half way to the next tick, so that it is as far down as up.
		d := f.Delay[i*(len(f.Delay)/len(p.Delay.Value))]
		p.Delay.Value[i] = min(float32(d)+0.5, float32(m.Experiment.Training.MaxDelay))
	}
	if l.Kind == snn.Pool {
		return
	}
	_, cols, to := WeightOrder(l)
	for at := range p.Weight.Value {
		r, c := to(at)
		p.Weight.Value[at] = float32(math.Ldexp(float64(f.Weight[r*cols+c])/WeightOne, l.Exp[r%len(l.Exp)]))
	}
	m.initGain(k)
}
