package interop

import (
	"fmt"
	"math"
	"slices"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// FloatLayer is a layer of CUBA neurons in real numbers. A tick is
//
//	u = (1 − IDecay)·u + Σ Weight·spike
//	v = (1 − VDecay)·v + u + Bias;   a spike, and v = 0, where v > Threshold
type FloatLayer struct {
	Name           string
	In, Out        snn.Shape
	Kernel         *fixed.Kernel // nil is a dense layer
	Weight         []float64     // as fixed.Layer.Weight
	Bias           []float64     // one a neuron; nil is none
	IDecay, VDecay float64       // 0 to 1
	Threshold      float64       // 0 or more; infinite for neurons that never spike
	Delay          []float64     // axonal, in ticks, one a neuron; nil is none
}

// Rounding tells what making integers of a layer cost. Weights and biases count in the layer's
// own units.
type Rounding struct {
	Name       string  `json:"name"`
	Weights    int     `json:"weights"`
	Exp        int     `json:"exponent"`   // of the integer weights
	VTh        int     `json:"v_th"`       // threshold that the layer's has become
	MaxError   float64 `json:"max_error"`  // of a weight
	RMSError   float64 `json:"rms_error"`  // of the weights
	RMSWeight  float64 `json:"rms_weight"` // for scale
	BiasError  float64 `json:"bias_error"` // largest
	IDecay     float64 `json:"i_decay"`    // in 1/4096 a tick, before rounding
	VDecay     float64 `json:"v_decay"`
	DelayError float64 `json:"delay_error"` // largest, in ticks
	Exact      bool    `json:"exact"`       // weights and biases were such integers already
	Wraps      bool    `json:"may_wrap"`    // u can wrap, for some input
}

const (
	nearly      = 1e-6    // relative: float32 holds seven digits
	roomyVTh    = 1 << 13 // leaves v room for sixteen thresholds in both directions
	largestExp  = 7
	largestCode = 127 // of a mixed weight of 8 bits, in steps of 2
)

// Integers makes a fixed network of layers in real numbers. Weights get 8 bits and a scale for the
// layer: the numbers of a neuron may all be multiplied alike, and so its threshold becomes the
// largest integer, up to 8192, at which the largest weight fits with the exponent that errs least.
// Where weights and threshold are such integers as they are, they stay. Decays are rounded
// to 1/4096, delays to ticks. Errors: "float-range" with the layer.
func Integers(in snn.Shape, layers []FloatLayer) (*fixed.Network, []Rounding, error) {
	n := &fixed.Network{Input: in, Convention: fixed.Axonal, Provenance: map[string]string{}}
	var report []Rounding
	for i := range layers {
		l := &layers[i]
		r := Rounding{Name: l.Name, Weights: len(l.Weight), IDecay: l.IDecay * fixed.DecayOne, VDecay: l.VDecay * fixed.DecayOne}
		fl := fixed.Layer{Name: l.Name, In: l.In, Out: l.Out, Kernel: l.Kernel, WeightBits: 8,
			Neuron: fixed.CUBA{IDecay: int32(math.Round(r.IDecay)), VDecay: int32(math.Round(r.VDecay)), RefDelay: 1}}
		scale := 1.0
		if r.Exact = l.exact(&fl); !r.Exact {
			var err error
			if scale, err = l.search(&fl); err != nil {
				return nil, nil, err
			}
			if err := l.biases(&fl, scale); err != nil {
				return nil, nil, err
			}
		}
		l.delays(&fl, &r)
		r.measure(l, &fl, scale)
		n.Layers, report = append(n.Layers, fl), append(report, r)
	}
	return n, report, n.Validate()
}

func (l *FloatLayer) fail(format string, args ...any) error {
	return &diag.Error{Kind: diag.Input, Code: "float-range", Layer: l.Name, Msg: fmt.Sprintf(format, args...)}
}

// fan returns the number of weights of a neuron.
func (l *FloatLayer) fan() int {
	if l.Kernel == nil {
		return l.In.Size()
	}
	return len(l.Weight) / l.Out.C
}

// near returns the integer that x is but for the precision of float32.
func near(x float64) (int64, bool) {
	n := math.Round(x)
	return int64(n), math.Abs(x-n) <= nearly*max(1, math.Abs(n)) && math.Abs(n) < 1<<30
}

// exact sets weights, threshold and biases where they are integers already, and reports that.
func (l *FloatLayer) exact(fl *fixed.Layer) bool {
	fl.Neuron.VTh = fixed.MaxVTh
	if !math.IsInf(l.Threshold, 1) {
		th, ok := near(l.Threshold)
		if !ok || th > fixed.MaxVTh {
			return false
		}
		fl.Neuron.VTh = int32(th)
	}
	whole := make([]int64, len(l.Weight))
	for i, w := range l.Weight {
		var ok bool
		if whole[i], ok = near(w); !ok {
			return false
		}
	}
	mode := fixed.InferMode(whole)
	fits := func(mode fixed.SignMode, exp int) bool {
		return !slices.ContainsFunc(whole, func(w int64) bool {
			return w>>exp<<exp != w || int64(fixed.Truncate(w>>exp, 8, mode)) != w>>exp
		})
	}
	for fl.WeightExp = 0; ; fl.WeightExp++ {
		if fl.WeightExp > largestExp {
			fl.WeightExp = 0
			return false
		}
		if fl.Mode = fixed.Mixed; fits(fl.Mode, fl.WeightExp) {
			break
		}
		if fl.Mode = mode; fits(fl.Mode, fl.WeightExp) {
			break
		}
	}
	fl.Weight = make([]int16, len(whole))
	for i, w := range whole {
		fl.Weight[i] = int16(w >> fl.WeightExp)
	}
	if err := l.biases(fl, 1); err != nil {
		return false
	}
	for o, b := range l.Bias {
		if whole, ok := near(b * (1 << fixed.ActShift)); !ok || whole != fl.Bias(o) {
			fl.BiasMant = nil
			return false
		}
	}
	return true
}

// search sets weights and threshold with the exponent that errs least, and returns the scale.
func (l *FloatLayer) search(fl *fixed.Layer) (float64, error) {
	most, sum := 0.0, 0.0 // of a weight, of all that reach a neuron
	for row := range slices.Chunk(l.Weight, l.fan()) {
		s := 0.0
		for _, w := range row {
			most = max(most, math.Abs(w))
			s += math.Abs(w)
		}
		sum = max(sum, s)
	}
	fl.Mode = fixed.Mixed
	spikes := l.Threshold > 0 && !math.IsInf(l.Threshold, 1)
	if most == 0 {
		most = l.Threshold
	}
	if !spikes && most == 0 || math.IsInf(most, 0) {
		most = 1
	}
	// Up to here u cannot wrap, also where rounding adds to the weights.
	calm := math.Inf(1)
	if sum > 0 {
		calm = fixed.UMax * max(1, float64(fl.Neuron.IDecay)) / (2 * sum * (1 << fixed.ActShift) * fixed.DecayOne)
	}
	if spikes && calm*l.Threshold < 1 { // nothing is that small: it may wrap
		calm = math.Inf(1)
	}
	best, least := 0.0, math.Inf(1)
	var exp int
	for e := range largestExp + 1 {
		scale := min(calm, math.Ldexp(2*largestCode, e)/most)
		if spikes {
			th := math.Floor(min(roomyVTh, scale*l.Threshold))
			if th < 1 {
				continue
			}
			scale = th / l.Threshold
		}
		err := 0.0
		for _, w := range l.Weight {
			d := math.Ldexp(float64(code(w*scale, e)), e+1)/scale - w
			err += d * d
		}
		if err < least {
			best, least, exp = scale, err, e
		}
	}
	if math.IsInf(least, 1) {
		return 0, l.fail("weights of up to %v are too large for a threshold of %v", most, l.Threshold)
	}
	fl.WeightExp = exp
	fl.Neuron.VTh = fixed.MaxVTh
	if !math.IsInf(l.Threshold, 1) {
		fl.Neuron.VTh = int32(math.Round(l.Threshold * best))
	}
	fl.Weight = make([]int16, len(l.Weight))
	for i, w := range l.Weight {
		fl.Weight[i] = 2 * int16(code(w*best, exp))
	}
	return best, nil
}

// code rounds a scaled weight to a mixed weight of 8 bits and an exponent, in steps of 2.
func code(w float64, exp int) int {
	return int(max(-largestCode-1, min(largestCode, math.RoundToEven(math.Ldexp(w, -exp-1)))))
}

// biases sets the biases of a layer whose numbers are multiplied by scale, with the smallest
// exponent that holds them.
func (l *FloatLayer) biases(fl *fixed.Layer, scale float64) error {
	if l.Bias == nil {
		return nil
	}
	scale *= 1 << fixed.ActShift
	least, most := slices.Min(l.Bias)*scale, slices.Max(l.Bias)*scale
	mantissa := func(b float64) float64 { return math.Round(math.Ldexp(b, -fl.BiasExp)) }
	for fl.BiasExp = 0; mantissa(least) < -fixed.MaxBias-1 || mantissa(most) > fixed.MaxBias; fl.BiasExp++ {
		if fl.BiasExp == fixed.MaxBiasExp {
			return l.fail("biases from %v to %v are too large for a threshold of %v", least/scale, most/scale, l.Threshold)
		}
	}
	fl.BiasMant = make([]int16, len(l.Bias))
	for o, b := range l.Bias {
		fl.BiasMant[o] = int16(mantissa(b * scale))
	}
	return nil
}

func (l *FloatLayer) delays(fl *fixed.Layer, r *Rounding) {
	for _, d := range l.Delay {
		ticks := math.Round(d)
		fl.Delay = append(fl.Delay, uint8(ticks))
		r.DelayError = max(r.DelayError, math.Abs(d-ticks))
	}
}

// measure fills in the report's errors.
func (r *Rounding) measure(l *FloatLayer, fl *fixed.Layer, scale float64) {
	r.Exp, r.VTh = fl.WeightExp, int(fl.Neuron.VTh)
	squares, weights := 0.0, 0.0
	for i, w := range l.Weight {
		d := math.Ldexp(float64(fl.Weight[i]), fl.WeightExp)/scale - w
		r.MaxError = max(r.MaxError, math.Abs(d))
		squares, weights = squares+d*d, weights+w*w
	}
	for row := range slices.Chunk(fl.Weight, l.fan()) {
		sum := 0.0
		for _, w := range row {
			sum += math.Abs(math.Ldexp(float64(w), fl.WeightExp+fixed.ActShift))
		}
		r.Wraps = r.Wraps || sum*fixed.DecayOne >= fixed.UMax*float64(fl.Neuron.IDecay) && sum > 0
	}
	r.RMSError = math.Sqrt(squares / float64(len(l.Weight)))
	r.RMSWeight = math.Sqrt(weights / float64(len(l.Weight)))
	for o, b := range l.Bias {
		r.BiasError = max(r.BiasError, math.Abs(float64(fl.Bias(o))/scale/(1<<fixed.ActShift)-b))
	}
}
