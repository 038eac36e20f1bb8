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

// PoolGain is the weight of a pool's synapses in thresholds: SLAYER's 1.1, so that
// one input spike is enough.
const PoolGain = 1.1

// PoolCode returns the weight of a pool layer's synapses as the hardware holds it:
// code·2^(shift+1) is the integer weight next to 1.1 thresholds that makes every
// input spike an output spike.
func PoolCode(n snn.Neuron) (code int8, shift uint) {
	want := PoolGain * float64(max(1, n.VTh)) / WeightStep
	for want > 127 {
		want /= 2
		shift++
	}
	c := math.RoundToEven(want)
	// The threshold is strict; where 1.1 rounds to it, the next weight is above.
	for int(c)*WeightStep<<shift <= n.VTh {
		c++
	}
	if c > 127 {
		c, shift = math.Ceil(c/2), shift+1
	}
	return int8(c), shift
}
