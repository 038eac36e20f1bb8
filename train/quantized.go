package train

import (
	"math"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
)

// WeightOne is the integer weight of 1.0, and WeightStep the distance between
// the integer weights that 8 bits of mixed sign can hold.
const (
	WeightOne  = 64
	WeightStep = 2
)

// WeightCode returns the code that the tables store for a shadow weight: half of
// the integer weight, rounded half to even, clamped to −128..127 as SLAYER clamps
// to [−4, 254/64].
func WeightCode(w float32) int8 {
	c := math.RoundToEven(float64(w) * (WeightOne / WeightStep))
	return int8(max(-128, min(127, c)))
}

// DelayTicks returns the delay that a shadow delay stands for: its floor.
func DelayTicks(d float32) uint8 { return uint8(max(0, min(snn.MaxDelay, d))) }

// Cuba returns a layer's neuron parameters in the form that fixed computes with.
func Cuba(n snn.Neuron) fixed.CUBA {
	return fixed.CUBA{IDecay: int32(n.IDecay), VDecay: int32(n.VDecay), VTh: int32(n.VTh), RefDelay: int32(n.RefDelay)}
}

// view is what a forward and backward pass sees of a layer: the parameters of
// one step, quantized once for all samples.
type view struct {
	in, out int
	codes   []int8    // in×out; empty in float arithmetic
	weight  []float32 // in×out: the weights that the forward pass applied
	back    []float32 // out×in: the same, transposed, for the error to the layer below
	delay   []uint8   // of the layer's own spikes; nil without delays
}

// refresh requantizes layer k of the model into v.
func (v *view) refresh(m *Model, k int) {
	l, p := m.Net.Layers[k], &m.Params[k]
	v.in, v.out = l.In.Size(), l.Out.Size()
	if v.weight == nil {
		v.weight = make([]float32, v.in*v.out)
		if k > 0 {
			v.back = make([]float32, v.in*v.out)
		}
		if m.Experiment.Training.Arithmetic == "integer" {
			v.codes = make([]int8, v.in*v.out)
		}
		if l.Delay {
			v.delay = make([]uint8, v.out)
		}
	}
	if v.codes == nil {
		copy(v.weight, p.Weight.Value)
	} else {
		for i, w := range p.Weight.Value {
			c := WeightCode(w)
			v.codes[i] = c
			v.weight[i] = float32(c) * (float32(WeightStep) / WeightOne)
		}
	}
	if v.back != nil {
		for i := range v.in {
			for o := range v.out {
				v.back[o*v.in+i] = v.weight[i*v.out+o]
			}
		}
	}
	for i := range v.delay {
		v.delay[i] = DelayTicks(p.Delay.Value[i])
	}
}
