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
}

// LayerReport compares a layer's shadow parameters with what the integers hold.
// Errors are in integer weight units (1/64), of the weights the forward pass of
// training applied: 0 throughout where Lossless.
type LayerReport struct {
	Name       string  `json:"name"`
	Weights    int     `json:"weights"`
	Zero       int     `json:"zero"`      // weights that became 0
	Clipped    int     `json:"clipped"`   // weights beyond [−256, 254], set to the limit
	MaxError   float64 `json:"max_error"` // largest rounding or clipping error
	RMSError   float64 `json:"rms_error"`
	RMSWeight  float64 `json:"rms_weight"`  // for scale
	MaxDelay   int     `json:"max_delay"`   // longest axonal delay in ticks
	DelayError float64 `json:"delay_error"` // largest part of a tick that flooring took from a delay
}

// Quantize returns the fixed network of a model. Weights become 8-bit mixed-sign
// integers in steps of 2, delays whole ticks, exactly as training's integer
// forward pass sees them. The network has been validated and its accumulators
// proved not to overflow.
func Quantize(m *train.Model) (*fixed.Network, *Report, error) {
	e := m.Experiment
	n := &fixed.Network{Input: m.Net.Input, Convention: fixed.Axonal, Encoding: e.Encoding, Readout: e.Loss.Window, Provenance: map[string]string{}}
	r := &Report{Lossless: e.Training.Arithmetic == "integer"}
	in := n.Input // of the layer; l.In, where the notation flattens it, numbers the same neurons
	for k, l := range m.Net.Layers {
		if l.Neuron.Kind == snn.SRM {
			return nil, nil, (&diag.Error{Kind: diag.Input, Code: "not-yet-supported", Layer: l.Name, Msg: "srm neurons are not yet supported by quantize"}).
				WithFix("train cuba neurons for hardware")
		}
		fl := fixed.Layer{Name: l.Name, In: in, Out: l.Out, WeightBits: 8, Mode: fixed.Mixed, Neuron: train.Cuba(m.Neuron(k))}
		lr := LayerReport{Name: l.Name}
		switch l.Kind {
		case snn.Dense:
			fan, out := l.In.Size(), l.Out.Size()
			r.weights(&fl, &lr, m.Weights(k), func(at int) int { return at%out*fan + at/out })
		case snn.Conv:
			fl.Kernel = fixed.Square(l.Kernel, l.Stride, l.Padding, l.Dilation, l.Groups)
			inGroup, outGroup, area := l.In.C/l.Groups, l.Out.C/l.Groups, l.Kernel*l.Kernel
			r.weights(&fl, &lr, m.Weights(k), func(at int) int { // from [I, rows, columns, O/groups]
				o, place, i := at%outGroup, at/outGroup%area, at/outGroup/area
				return ((i/inGroup*outGroup+o)*inGroup+i%inGroup)*area + place
			})
		case snn.Pool:
			fl.Kernel = fixed.Square(l.Kernel, l.Stride, l.Padding, l.Dilation, l.In.C)
			code, shift := train.PoolCode(l.Neuron)
			fl.Weight, fl.WeightExp = make([]int16, fl.Weights()), int(shift)
			for i := range fl.Weight {
				fl.Weight[i] = fixed.Mixed.Weight(uint8(code))
			}
		}
		if l.Delay {
			fl.Delay = make([]uint8, l.Out.Size())
			delays := m.Params[k].Delay.Value // one a neuron or, of conv and pool layers, a channel
			for o := range fl.Delay {
				d := delays[o*len(delays)/len(fl.Delay)]
				fl.Delay[o] = train.DelayTicks(d)
				lr.MaxDelay = max(lr.MaxDelay, int(fl.Delay[o]))
				if !r.Lossless {
					lr.DelayError = max(lr.DelayError, float64(d)-float64(fl.Delay[o]))
				}
			}
		}
		n.Layers = append(n.Layers, fl)
		in = l.Out
		r.Layers = append(r.Layers, lr)
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

// weights fills a layer's integers with what its shadow weights stand for; to gives the
// position of each.
func (r *Report) weights(fl *fixed.Layer, lr *LayerReport, shadows []float32, to func(at int) int) {
	fl.Weight = make([]int16, len(shadows))
	lr.Weights = len(shadows)
	var sumErr, sumSq float64
	for at, shadow := range shadows {
		w := fixed.Mixed.Weight(uint8(train.WeightCode(shadow)))
		fl.Weight[to(at)] = w
		if w == 0 {
			lr.Zero++
		}
		exact := float64(shadow) * train.WeightOne
		sumSq += exact * exact
		if exact < -257 || exact > 255 {
			lr.Clipped++
		}
		if !r.Lossless {
			d := math.Abs(exact - float64(w))
			lr.MaxError = max(lr.MaxError, d)
			sumErr += d * d
		}
	}
	n := float64(len(shadows))
	lr.RMSError, lr.RMSWeight = math.Sqrt(sumErr/n), math.Sqrt(sumSq/n)
}
