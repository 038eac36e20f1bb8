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

// newStep returns the factors of step number t, from 1.
//
//	sgd      m + g with m = Σ β₁ᵏ·g: momentum as PyTorch has it, v unused
//	rmsprop  g/(√v + ε), no momentum (Hinton 2012)
//	adam     m/(1−β₁ᵗ) over √(v/(1−β₂ᵗ)) + ε (Kingma and Ba 2015)
//	nadam    the same with β₁·m/(1−β₁ᵗ⁺¹) + (1−β₁)·g/(1−β₁ᵗ), a step ahead (Dozat 2016, constant β₁)
func newStep(o snn.Optimiser, t int) step {
	power := func(b float64, n int) float64 { // by multiplication: math.Pow differs between machines
		p := 1.0
		for range n {
			p *= b
		}
		return p
	}
	s := step{beta1: o.Beta1, beta2: o.Beta2, eps: o.Epsilon}
	switch o.Kind {
	case "sgd":
		// The kernel's m is (1−β₁)·Σ β₁ᵏ·g. Without v and with ε = 1 it divides by 1.
		s.fromM, s.eps = 1/(1-o.Beta1), 1
	case "rmsprop":
		s.beta1, s.fromG, s.fromV = 0, 1, 1
	case "nadam":
		s.fromM = o.Beta1 / (1 - power(o.Beta1, t+1))
		s.fromG = (1 - o.Beta1) / (1 - power(o.Beta1, t))
		s.fromV = 1 / (1 - power(o.Beta2, t))
	default:
		s.fromM = 1 / (1 - power(o.Beta1, t))
		s.fromV = 1 / (1 - power(o.Beta2, t))
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

// schedule returns the factor of all learning rates at a step: the decay after every
// epoch, half a cosine down to 0 at the last epoch's end, and a linear rise at the
// start. part is how far training has come, 0 to 1.
func schedule(o snn.Optimiser, epoch, step int, part float64) float64 {
	f := 1.0
	for range epoch {
		f *= o.Decay
	}
	if o.Anneal {
		f *= (1 + cosPi(part)) / 2
	}
	if step <= o.Warmup {
		f *= float64(step) / float64(o.Warmup+1)
	}
	return f
}

// factor returns that of the step under way, number batch of an epoch, both from 0.
func (t *Trainer) factor(epoch, batch int) float64 {
	e, p := t.Model.Experiment, t.Model.Progress
	part := (float64(epoch) + float64(batch)/float64(max(1, t.batches))) / float64(max(1, e.Training.Epochs))
	return schedule(e.Optimiser, epoch, p.Step, part)
}

// LearningRate returns the rate of the weights in the step that Fit took last.
func (t *Trainer) LearningRate() float64 {
	p := t.Model.Progress
	epoch, batch := p.Epoch, p.Batch-1
	if batch < 0 {
		epoch, batch = epoch-1, t.batches-1
	}
	return t.Model.Experiment.Optimiser.Rate * t.factor(max(0, epoch), max(0, batch))
}

// cosPi returns cos(π·x) for x in 0..1 by its series, for math.Cos is not the same
// function on every machine.
func cosPi(x float64) float64 {
	if x > 0.5 {
		return -cosPi(1 - x)
	}
	const pi = 3.14159265358979323846264338327950288
	square := float64(pi*x) * float64(pi*x)
	sum := 1.0
	for n := 20; n > 0; n -= 2 {
		sum = 1 - float64(square*sum)/float64(n*(n-1))
	}
	return sum
}
