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

// Grid is what the weights of a layer, or of one of its channels, are rounded to in integer
// arithmetic: whole steps of what the bits hold, times a power of two.
type Grid struct {
	lo, hi float64 // in steps
	step   int8    // in codes, each of which is WeightStep units of integer weight; 128 is −128, modulo 256
	factor float64 // steps in a weight of 1.0
	unit   float32 // weight of a code
}

// NewGrid returns the grid of weights with at most 8 bits and an exponent from MinExp to
// 7. An exponent below 0 makes the codes smaller, which takes nothing from them, and not the sums.
func NewGrid(b snn.WeightBits, exp int) Grid {
	lo, hi, step := b.Levels()
	return Grid{
		lo: float64(lo / step), hi: float64(hi / step), step: int8(step / WeightStep >> -min(0, exp)),
		factor: math.Ldexp(WeightOne/float64(step), -exp), unit: float32(math.Ldexp(WeightStep/float64(WeightOne), max(0, exp))),
	}
}

// Code returns the code that the forward pass adds up for a shadow weight: half of the
// integer weight, times 2^exp of an exponent below 0. The integer weight is rounded half to
// even and clamped to what the bits hold. With 8 bits the codes are −128..127, as SLAYER
// clamps to [−4, 254/64].
func (g Grid) Code(w float32) int8 {
	return int8(max(g.lo, min(g.hi, math.RoundToEven(float64(w)*g.factor)))) * g.step
}

// Weight returns the weight, 1.0 an integer weight of 64, that a code stands for.
func (g Grid) Weight(code int8) float32 { return float32(code) * g.unit }

// Grids returns the grid of every output neuron (conv: channel) of a layer with
// weights to learn, or the one that all share.
func Grids(l snn.Layer) []Grid {
	g := make([]Grid, len(l.Exp))
	for i, e := range l.Exp {
		g[i] = NewGrid(l.Bits, e)
	}
	return g
}

// WeightOrder says how the weights of a dense or conv layer, laid out as Params.Weight,
// stand in fixed.Layer.Weight: as rows of cols weights, one row an output neuron or channel. to
// returns the row and the column of the weight at a position of Params.Weight.
func WeightOrder(l snn.Layer) (rows, cols int, to func(at int) (row, column int)) {
	if l.Kind != snn.Conv {
		rows = l.Out.Size()
		return rows, l.In.Size(), func(at int) (row, column int) { return at % rows, at / rows } // from [In, Out]
	}
	inGroup, outGroup, area := l.In.C/l.Groups, l.Out.C/l.Groups, l.Kernel*l.Kernel
	return l.Out.C, inGroup * area, func(at int) (row, column int) { // from [I, rows, columns, O/groups]
		o, place, i := at%outGroup, at/outGroup%area, at/outGroup/area
		return i/inGroup*outGroup + o, i%inGroup*area + place
	}
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
