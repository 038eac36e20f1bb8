package quantize

import (
	"fmt"
	"math"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// Range bounds the registers of a layer's neurons over every possible input.
type Range struct {
	Name   string `json:"name"`
	Kind   string `json:"kind"`   // of the neurons
	Neuron int    `json:"neuron"` // with the largest accumulator
	// Accumulator bounds |a|, the weights arriving in one tick when every input
	// spikes and, with synaptic or axonal delays, all arrive at once.
	Accumulator int64 `json:"accumulator"`
	// U bounds |u|: 64·Accumulator·4096/IDecay (see fixed.SRM.Bound for theirs), MaxInt64 when u does not decay.
	U int64 `json:"u"`
	// WrapFree says that U stays below 2^23, so that u never wraps; of SRM neurons that no
	// state ever saturates.
	WrapFree bool `json:"wrap_free"`
}

// Prove shows for every neuron that its accumulator cannot overflow: a source
// spikes at most once a tick, so Σ|w|·2^exp < 2^23 bounds what can arrive in one.
// Below that, summing modulo 2^24 in any order gives the plain sum. A neuron that
// does not meet it is named in a Limit error.
func Prove(n *fixed.Network) ([]Range, error) {
	ranges := make([]Range, len(n.Layers))
	for k := range n.Layers {
		l := &n.Layers[k]
		r := Range{Name: l.Name, Kind: l.Neuron.Kind(), U: math.MaxInt64}
		p, cuba := l.Neuron.(fixed.CUBA)
		srm, isSRM := l.Neuron.(fixed.SRM)
		if cuba && p.IDecay > 0 || isSRM {
			r.U = 0
		}
		free := true
		for o := range l.Out.Size() {
			var sum int64
			for _, at := range l.Into(o) {
				w := int64(l.Weight[at])
				sum += max(w, -w)
			}
			e := l.Exp(o)
			// Before a negative exponent floors the sum, it has to fit as well.
			if sum = fixed.Shift(sum, max(0, e)); sum > r.Accumulator {
				r.Accumulator, r.Neuron = sum, o
			}
			if r.U < math.MaxInt64 {
				a := fixed.Shift(sum, min(0, e)) + int64(min(1, -min(0, e)))
				if isSRM {
					u, ok := srm.Bound(a, max(l.Bias(o), -l.Bias(o)))
					r.U, free = max(r.U, u), free && ok
					continue
				}
				r.U = max(r.U, (a<<fixed.ActShift)*fixed.DecayOne/int64(p.IDecay))
			}
		}
		if r.Accumulator >= fixed.UMax {
			return nil, (&diag.Error{Kind: diag.Limit, Code: "accumulator-overflow", Layer: l.Name,
				Msg:      fmt.Sprintf("the synaptic input of neuron %d can overflow its accumulator", r.Neuron),
				Resource: "sum of |weight|·2^exponent", Used: r.Accumulator, Limit: fixed.UMax - 1}).
				WithFix("lower the weight exponent or the fan-in of layer %s", l.Name)
		}
		r.WrapFree = free && r.U < fixed.UMax
		ranges[k] = r
	}
	return ranges, nil
}
