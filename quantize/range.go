package quantize

import (
	"fmt"
	"math"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// Range bounds the registers of a layer's neurons over every possible input. What is
// said of v holds for cuba neurons, what is said of u for them and srm neurons.
type Range struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`   // of the neurons
	Neuron int    `json:"neuron"` // with the largest accumulator
	// Accumulator bounds |a|, the weights arriving in one tick when every input
	// spikes and, with synaptic or axonal delays, all arrive at once.
	Accumulator int64 `json:"accumulator"`
	// U bounds |u|: 64·4096/IDecay of what can arrive of one sign, MaxInt64 when u does not decay. Of srm neurons it is fixed.SRM.Bound.
	U       int64 `json:"u"`
	UNeuron int   `json:"u_neuron"` // with the largest u
	// WrapFree says that U stays below 2^23, so that u never wraps; that of srm neurons cannot. Else Wrap counts the neurons where it may.
	WrapFree bool `json:"wrap_free"`
	Wrap     int  `json:"neurons_may_wrap"`
	// VLow and VHigh bound v, before a spike takes it to 0; ±MaxInt64 where it does not decay.
	VLow    int64 `json:"v_low"`
	VHigh   int64 `json:"v_high"`
	VNeuron int   `json:"v_neuron"` // with the largest |v|
	// SaturationFree says that both stay within ±(2^23 − 1), so that v never saturates, or of srm neurons no state.
	// Else Saturate counts the neurons where it may.
	SaturationFree bool `json:"saturation_free"`
	Saturate       int  `json:"neurons_may_saturate"`
}

// unbounded is what a bound is where there is none.
const unbounded = math.MaxInt64

// Prove shows for every neuron that its accumulator cannot overflow: a source
// spikes at most once a tick, so Σ|w|·2^exp < 2^23 bounds what can arrive in one.
// Below that, summing modulo 2^24 in any order gives the plain sum. A neuron that
// does not meet it is named in a Limit error. It also bounds u and v, which may wrap and
// saturate by definition.
func Prove(n *fixed.Network) ([]Range, error) {
	ranges := make([]Range, len(n.Layers))
	for k := range n.Layers {
		l := &n.Layers[k]
		r := Range{Name: l.Name, Kind: l.Neuron.Kind()}
		_, cuba := l.Neuron.(fixed.CUBA)
		_, srm := l.Neuron.(fixed.SRM)
		for o := range l.Out.Size() {
			var plus, minus int64 // of weights above and below 0
			for _, at := range l.Into(o) {
				w := int64(l.Weight[at])
				plus, minus = plus+max(w, 0), minus-min(w, 0)
			}
			e := l.Exp(o)
			// Before a negative exponent floors the sum, it has to fit as well.
			if a := fixed.Shift(plus+minus, max(0, e)); a > r.Accumulator {
				r.Accumulator, r.Neuron = a, o
			}
			plus, minus = fixed.Shift(plus, e), -fixed.Shift(-minus, e)
			switch p := l.Neuron.(type) {
			case fixed.CUBA:
				r.state(o, p, plus, minus, l.Bias(o))
			case fixed.SRM:
				r.srm(o, p, max(plus, minus), l.Bias(o))
			}
		}
		if r.Accumulator >= fixed.UMax {
			return nil, (&diag.Error{Kind: diag.Limit, Code: "accumulator-overflow", Layer: l.Name,
				Msg:      fmt.Sprintf("the synaptic input of neuron %d can overflow its accumulator", r.Neuron),
				Resource: "sum of |weight|·2^exponent", Used: r.Accumulator, Limit: fixed.UMax - 1}).
				WithFix("lower the weight exponent or the fan-in of layer %s", l.Name)
		}
		r.WrapFree, r.SaturationFree = (cuba || srm) && r.Wrap == 0, (cuba || srm) && r.Saturate == 0
		ranges[k] = r
	}
	return ranges, nil
}

// state takes in the bounds of u and v of neuron o, of which the summed input is within
// −minus … plus in every tick.
func (r *Range) state(o int, p fixed.CUBA, plus, minus, bias int64) {
	up, down := steady(plus<<fixed.ActShift, p.IDecay), steady(minus<<fixed.ActShift, p.IDecay)
	if u := max(up, down); u > r.U {
		r.U, r.UNeuron = u, o
	}
	if max(up, down) >= fixed.UMax {
		r.Wrap++
		up, down = fixed.UMax, fixed.UMax-1 // wherever it wraps to
	}
	// Between ticks v is at most the threshold, since what is above has spiked, or what it comes to
	// without one; below, it sinks by what u takes and the bias does not give back, against the decay.
	between := min(int64(p.VTh)<<fixed.ActShift, steady(max(0, up+bias), p.VDecay))
	high := max(0, fixed.Tz(between*int64(fixed.DecayOne-p.VDecay))+up+bias)
	low := min(0, bias-down)
	if sunk := steady(-low, p.VDecay); sunk == unbounded {
		low = -unbounded
	} else {
		low = -sunk
	}
	if most := max(high, -low); most > max(r.VHigh, -r.VLow) {
		r.VNeuron = o
	}
	r.VLow, r.VHigh = min(r.VLow, low), max(r.VHigh, high)
	if high > fixed.VMax || low < -fixed.VMax {
		r.Saturate++
	}
}

// srm takes in the bound of u of neuron o, of which the summed input is at most sum in magnitude.
func (r *Range) srm(o int, p fixed.SRM, sum, bias int64) {
	u, free := p.Bound(sum, max(bias, -bias))
	if u > r.U {
		r.U, r.UNeuron = u, o
	}
	if !free {
		r.Saturate++
	}
}

// steady bounds what decays while it grows by at most x in a tick.
func steady(x int64, decay int32) int64 {
	switch {
	case x == 0:
		return 0
	case decay == 0:
		return unbounded
	}
	return x * fixed.DecayOne / int64(decay)
}
