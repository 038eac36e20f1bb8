package quantize

import (
	"math"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/train"
)

// Report says what quantizing did to a model.
type Report struct {
	Lossless bool          `json:"lossless"` // training computed with these very integers
	Layers   []LayerReport `json:"layers"`
	Ranges   []Range       `json:"ranges"`
	Effect   *Effect       `json:"effect,omitempty"` // on the spikes of samples, where some were run

	Conversions []Conversion `json:"conversions,omitempty"` // of SRM layers that became layers of CUBA neurons
	// Exact is the effect of the same quantization without the conversion.
	Exact *Effect `json:"effect_before_conversion,omitempty"`
	fits  map[snn.Response]fit
}

// LayerReport compares a layer's shadow parameters with what the integers hold.
// Errors are in integer weight units (1/64), of the weights the forward pass of
// training applied: 0 throughout where Lossless.
type LayerReport struct {
	Name       string  `json:"name"`
	Weights    int     `json:"weights"`
	Bits       int     `json:"bits"`      // of a weight
	Exp        int     `json:"exponent"`  // of the weights
	VTh        int     `json:"v_th"`      // threshold, which the scale of the weights may have raised
	Zero       int     `json:"zero"`      // weights that became 0
	Clipped    int     `json:"clipped"`   // weights beyond what the bits hold, set to the limit
	MaxError   float64 `json:"max_error"` // largest rounding or clipping error
	RMSError   float64 `json:"rms_error"`
	RMSWeight  float64 `json:"rms_weight"`  // for scale
	MaxDelay   int     `json:"max_delay"`   // longest axonal delay in ticks
	DelayError float64 `json:"delay_error"` // largest part of a tick that flooring took from a delay
}

// Options say how weights become integers.
type Options struct {
	// Bits of the weights, 1 to 8, with scales that are searched for: one number for
	// all layers, or one for each layer that has weights to learn. nil keeps the 8 bits and the
	// scale of a model that was trained in integers, and is 8 bits for one trained in float.
	Bits []int
	// As says what SRM neurons become: "" themselves, snn.CUBA what comes nearest of that kind.
	As string
}

// of returns the bits of the weights of the layer that is number i of those that have any.
func (o Options) of(i int) int {
	if len(o.Bits) == 1 {
		return o.Bits[0]
	}
	return o.Bits[i]
}

func (o Options) check(net *snn.Network) error {
	n, srm := 0, false
	for _, l := range net.Layers {
		srm = srm || l.Neuron.Kind == snn.SRM
		if l.Kind != snn.Pool {
			n++
		}
	}
	if o.As != "" && o.As != snn.CUBA {
		return diag.Usagef("as", "neurons cannot become %q", o.As).WithFix("srm neurons can become cuba")
	}
	if o.As != "" && !srm {
		return diag.Usagef("as", "the model has no srm neurons to convert").WithFix("leave --as out")
	}
	if len(o.Bits) > 1 && len(o.Bits) != n {
		return diag.Usagef("bits", "bits for %d layers, %d have weights", len(o.Bits), n).WithFix("give one number, or %d", n)
	}
	for _, b := range o.Bits {
		if b < 1 || b > 8 {
			return diag.Usagef("bits", "weights of %d bits; allowed are 1 to 8", b)
		}
	}
	return nil
}

// Quantize returns the fixed network of a model. Weights become mixed-sign integers,
// delays whole ticks; of a model trained in integers, without Options, exactly as its
// forward pass sees them. The network has been validated and its accumulators proved not to overflow.
func Quantize(m *train.Model, o Options) (*fixed.Network, *Report, error) {
	if err := o.check(m.Net); err != nil {
		return nil, nil, err
	}
	e := m.Experiment
	n := &fixed.Network{Input: m.Net.Input, Convention: fixed.Axonal, Encoding: e.Encoding, Readout: e.Loss.Window, Provenance: map[string]string{}}
	if o.Bits == nil && e.Training.Arithmetic != "integer" {
		o.Bits = []int{8}
	}
	r := &Report{Lossless: o.Bits == nil, fits: map[snn.Response]fit{}}
	in := n.Input // of the layer; l.In, where the notation flattens it, numbers the same neurons
	weighted := 0
	for k, l := range m.Net.Layers {
		fl := fixed.Layer{Name: l.Name, In: in, Out: l.Out, WeightBits: 8, Mode: fixed.Mixed}
		neuron := train.Cuba(m.Neuron(k))
		lr := LayerReport{Name: l.Name}
		if l.Neuron.Kind == snn.SRM {
			if fl.Kernel = srmKernel(l); l.Kind != snn.Pool {
				fl.WeightBits = o.of(weighted)
				weighted++
			}
			neuron.VTh = r.srm(m, k, o.As, &fl, &lr)
		} else if l.Kind == snn.Pool {
			fl.Kernel = fixed.Square(l.Kernel, l.Stride, l.Padding, l.Dilation, l.In.C)
			code, shift := train.PoolCode(l.Neuron)
			fl.Weight, fl.WeightExp = make([]int16, fl.Weights()), int(shift)
			for i := range fl.Weight {
				fl.Weight[i] = fixed.Mixed.Weight(uint8(code))
			}
		} else {
			if l.Kind == snn.Conv {
				fl.Kernel = fixed.Square(l.Kernel, l.Stride, l.Padding, l.Dilation, l.Groups)
			}
			s := scale{0, 1, 1}
			rows := realWeights(m, k)
			if o.Bits != nil {
				fl.WeightBits = o.of(weighted)
				s = search(rows, fl.WeightBits, neuron)
				fl.WeightExp, neuron.VTh = s.exp, s.threshold
			}
			r.weights(&fl, &lr, rows, s)
			weighted++
		}
		if fl.Neuron == nil {
			fl.Neuron = neuron
		}
		lr.Bits, lr.Exp, lr.VTh = fl.WeightBits, fl.WeightExp, int(neuron.VTh)
		if l.Delay {
			fl.Delay = make([]uint8, l.Out.Size())
			delays := m.Params[k].Delay.Value // one a neuron or, of conv and pool layers, a channel
			for o := range fl.Delay {
				d := delays[o*len(delays)/len(fl.Delay)]
				fl.Delay[o] = train.DelayTicks(d)
				lr.MaxDelay = max(lr.MaxDelay, int(fl.Delay[o]))
				if e.Training.Arithmetic != "integer" {
					lr.DelayError = max(lr.DelayError, float64(d)-float64(fl.Delay[o]))
				}
			}
		}
		n.Layers = append(n.Layers, fl)
		r.Layers = append(r.Layers, lr)
		in = l.Out
	}
	if err := n.Validate(); err != nil {
		return nil, nil, err
	}
	ranges, err := Prove(n)
	if err != nil {
		return nil, nil, err
	}
	r.Ranges = ranges
	return n, r, nil
}

// realWeights returns the weights of a dense or conv layer that the forward pass of
// training applied, in units of 1/64, as rows, one a neuron or kernel, in the order of fixed.Layer.
func realWeights(m *train.Model, k int) [][]float64 {
	l := m.Net.Layers[k]
	shadows := m.Weights(k)
	outs, fan := l.Out.Size(), l.In.Size()
	to := func(at int) (row, column int) { return at % outs, at / outs } // from [In, Out]
	if l.Kind == snn.Conv {
		inGroup, outGroup, area := l.In.C/l.Groups, l.Out.C/l.Groups, l.Kernel*l.Kernel
		outs, fan = l.Out.C, inGroup*area
		to = func(at int) (row, column int) { // from [I, rows, columns, O/groups]
			o, place, i := at%outGroup, at/outGroup%area, at/outGroup/area
			return i/inGroup*outGroup + o, i%inGroup*area + place
		}
	}
	rows := make([][]float64, outs)
	for i := range rows {
		rows[i] = make([]float64, fan)
	}
	for at, w := range shadows {
		r, c := to(at)
		if m.Experiment.Training.Arithmetic == "integer" {
			rows[r][c] = float64(fixed.Mixed.Weight(uint8(train.WeightCode(w))))
		} else {
			rows[r][c] = float64(w) * train.WeightOne
		}
	}
	return rows
}

// weights fills a layer's integers.
func (r *Report) weights(fl *fixed.Layer, lr *LayerReport, rows [][]float64, s scale) {
	var sumErr, sumSq float64
	for _, row := range rows {
		for _, real := range row {
			w, err := s.round(real, fl.WeightBits)
			fl.Weight = append(fl.Weight, w)
			if w == 0 {
				lr.Zero++
			}
			if s.clips(real, fl.WeightBits) {
				lr.Clipped++
			}
			lr.MaxError = max(lr.MaxError, math.Abs(err))
			sumErr += err * err
			sumSq += real * real
		}
	}
	lr.Weights = len(fl.Weight)
	n := float64(lr.Weights)
	lr.RMSError, lr.RMSWeight = math.Sqrt(sumErr/n), math.Sqrt(sumSq/n)
}
