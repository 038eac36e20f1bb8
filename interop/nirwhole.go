package interop

import (
	"math"
	"slices"

	"github.com/isospike/isospike/quantize"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
)

// nearly is how far, relatively, an integer in a file may be from one: float32 holds seven digits.
const nearly = 1e-6

// near returns the integer that x is but for the precision of float32. 0 it is exactly or not at all: a small number
// is as good as any other, in a graph of small units.
func near(x float64) (int64, bool) {
	n := math.Round(x)
	return int64(n), math.Abs(x-n) <= nearly*math.Abs(n) && math.Abs(n) < 1<<30
}

// wholeTicks rounds a layer's delays to ticks.
func (r *nirReader) wholeTicks(l *quantize.Layer) {
	most, at := 0.0, 0
	for o, d := range l.Delay {
		l.Delay[o] = math.Round(d)
		if off := math.Abs(d - l.Delay[o]); off > most {
			most, at = off, o
		}
	}
	if most > 1e-4 {
		r.note(l.Name, "delays are rounded to ticks of %v s, by up to %.2g of one (neuron %d)", r.dt, most, at)
	}
}

// wholeNumbers finds out whether weights, threshold and biases are integers of the hardware, as
// of a network of ours. Then they are set to these, and the layer gets the grid that holds the weights.
func wholeNumbers(l *quantize.Layer) {
	threshold := l.Threshold
	if !math.IsInf(threshold, 1) {
		th, ok := near(threshold)
		if !ok || th > fixed.MaxVTh {
			return
		}
		threshold = float64(th)
	}
	weights := make([]int32, len(l.Weight))
	for i, w := range l.Weight {
		x, ok := near(w)
		if !ok {
			return
		}
		weights[i] = int32(x)
	}
	grid, ok := gridOf(weights, len(l.Weight)/rowsOf(l))
	biases := make([]float64, len(l.Bias))
	for o, b := range l.Bias {
		x, whole := near(b * (1 << fixed.ActShift))
		biases[o], ok = float64(x)/(1<<fixed.ActShift), ok && whole
	}
	if !ok || !holds(biases) {
		return
	}
	for i, w := range weights {
		l.Weight[i] = float64(w)
	}
	l.Threshold = threshold
	copy(l.Bias, biases)
	l.Grid = grid
}

// rowsOf returns the number of a layer's neurons or, of a convolution, channels.
func rowsOf(l *quantize.Layer) int {
	if l.Kernel == nil {
		return l.Out.Size()
	}
	return l.Out.C
}

// gridOf returns the grid that holds integer weights, in rows of fan each: with one exponent, else
// one for each row.
func gridOf(weights []int32, fan int) (*quantize.Grid, bool) {
	g := &quantize.Grid{Bits: 8, Mode: fixed.InferMode(weights)}
	if f, ok := formatOf(weights, g.Mode, true, false); ok {
		g.Bits, g.Exp = snn.WeightBits(f.bits), []int{f.exp}
		return g, true
	}
	for row := range slices.Chunk(weights, fan) {
		f, ok := formatOf(row, g.Mode, true, false)
		if !ok || f.bits != 8 {
			return nil, false
		}
		g.Exp = append(g.Exp, f.exp)
	}
	return g, true
}

// holds reports whether mantissas and an exponent hold biases as they are.
func holds(biases []float64) bool {
	for exp := range fixed.MaxBiasExp + 1 {
		if !slices.ContainsFunc(biases, func(b float64) bool {
			m := math.Ldexp(b, fixed.ActShift-exp)
			return m != math.Trunc(m) || m < -fixed.MaxBias-1 || m > fixed.MaxBias
		}) {
			return true
		}
	}
	return false
}
