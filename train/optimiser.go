package train

import (
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/train/kernel"
)

// step holds the factors of one optimiser step, the same for all parameters.
type step struct {
	beta1, beta2, eps float64
	fromM, fromG      float64 // the update is (fromM·m + fromG·g)/(√(v·fromV) + ε)
	fromV             float64
}

// newStep returns the factors of step number t, from 1. Adam (Kingma and Ba 2015)
// corrects m by 1/(1−β₁ᵗ); NADAM (Dozat 2016, constant β₁) looks one step ahead:
// β₁·m/(1−β₁ᵗ⁺¹) + (1−β₁)·g/(1−β₁ᵗ).
func newStep(o snn.Optimiser, t int) step {
	power := func(b float64, n int) float64 { // by multiplication: math.Pow differs between machines
		p := 1.0
		for range n {
			p *= b
		}
		return p
	}
	s := step{beta1: o.Beta1, beta2: o.Beta2, eps: o.Epsilon, fromV: 1 / (1 - power(o.Beta2, t))}
	if o.Kind == "nadam" {
		s.fromM = o.Beta1 / (1 - power(o.Beta1, t+1))
		s.fromG = (1 - o.Beta1) / (1 - power(o.Beta1, t))
	} else {
		s.fromM = 1 / (1 - power(o.Beta1, t))
	}
	return s
}

// apply moves the parameters [lo, hi) of s against the gradient g, of which g[0]
// belongs to parameter lo.
func (p step) apply(s *Slot, lo int, g []float32, rate float64) {
	k := kernel.Adam{
		Beta1: float32(p.beta1), Beta2: float32(p.beta2), Eps: float32(p.eps),
		FromM: float32(p.fromM), FromG: float32(p.fromG), FromV: float32(p.fromV), Rate: float32(rate),
	}
	k.Apply(s.Value[lo:], s.M[lo:], s.V[lo:], g)
}
