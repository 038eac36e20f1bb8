package train

import (
	"math"

	"github.com/isospike/isospike/snn"
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
	b1, b2, eps := float32(p.beta1), float32(p.beta2), float32(p.eps)
	fm, fg, fv, lr := float32(p.fromM), float32(p.fromG), float32(p.fromV), float32(rate)
	value, m1, m2 := s.Value[lo:][:len(g)], s.M[lo:][:len(g)], s.V[lo:][:len(g)]
	for i, x := range g {
		m := float32(b1*m1[i]) + float32((1-b1)*x)
		v := float32(b2*m2[i]) + float32(float32((1-b2)*x)*x)
		m1[i], m2[i] = m, v
		num := float32(fm*m) + float32(fg*x)
		den := float32(math.Sqrt(float64(float32(v*fv)))) + eps
		value[i] -= float32(lr * float32(num/den))
	}
}
