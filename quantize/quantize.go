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
	if err := m.Net.NeedsDense("quantize"); err != nil {
		return nil, nil, err
	}
	n := &fixed.Network{Input: m.Net.Input, Convention: fixed.Axonal, Encoding: e.Encoding, Readout: e.Loss.Window, Provenance: map[string]string{}}
	r := &Report{Lossless: e.Training.Arithmetic == "integer"}
	for k, l := range m.Net.Layers {
		in, out, weights := l.In.Size(), l.Out.Size(), m.Weights(k)
		if l.Neuron.Kind == snn.SRM {
			return nil, nil, (&diag.Error{Kind: diag.Input, Code: "not-yet-supported", Layer: l.Name, Msg: "srm neurons are not yet supported by quantize"}).
				WithFix("train cuba neurons for hardware")
		}
		fl := fixed.Layer{Name: l.Name, In: l.In, Out: l.Out, Weight: make([]int16, in*out), WeightBits: 8, Mode: fixed.Mixed, Neuron: train.Cuba(m.Neuron(k))}
		lr := LayerReport{Name: l.Name, Weights: in * out}
		var sumErr, sumSq float64
		for i := range in {
			for o := range out {
				shadow := weights[i*out+o]
				w := fixed.Mixed.Weight(uint8(train.WeightCode(shadow)))
				fl.Weight[o*in+i] = w
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
		}
		lr.RMSError, lr.RMSWeight = math.Sqrt(sumErr/float64(in*out)), math.Sqrt(sumSq/float64(in*out))
		if l.Delay {
			fl.Delay = make([]uint8, out)
			for o, d := range m.Params[k].Delay.Value {
				fl.Delay[o] = train.DelayTicks(d)
				lr.MaxDelay = max(lr.MaxDelay, int(fl.Delay[o]))
				if !r.Lossless {
					lr.DelayError = max(lr.DelayError, float64(d)-float64(fl.Delay[o]))
				}
			}
		}
		n.Layers = append(n.Layers, fl)
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
