package kernel

import "math"

// Adam is one step of an optimiser with two moments, elementwise:
//
//	m ← Beta1·m + (1−Beta1)·g
//	v ← Beta2·v + (1−Beta2)·g·g
//	x ← x − Rate·((FromM·m + FromG·g) / (√(v·FromV) + Eps))
type Adam struct{ Beta1, Beta2, FromM, FromG, FromV, Eps, Rate float32 }

// Apply moves the parameters x and their moments against the gradient g. All
// have the length of g.
func (p *Adam) Apply(x, m, v, g []float32) {
	p.apply(x[:len(g)], m[:len(g)], v[:len(g)], g)
}

func (p *Adam) applyGo(x, m, v, g []float32) {
	x, m, v = x[:len(g)], m[:len(g)], v[:len(g)]
	for i, d := range g {
		m1 := float32(p.Beta1*m[i]) + float32((1-p.Beta1)*d)
		m2 := float32(p.Beta2*v[i]) + float32(float32((1-p.Beta2)*d)*d)
		num := float32(p.FromM*m1) + float32(p.FromG*d)
		den := float32(math.Sqrt(float64(float32(m2*p.FromV)))) + p.Eps
		x[i] -= float32(p.Rate * float32(num/den))
		m[i], v[i] = m1, m2
	}
}
