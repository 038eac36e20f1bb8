package slayerref

import "math"

// Surrogate is the spike escape-rate function ρ over the distance |v − θ|.
type Surrogate func(distance float64) float64

// ExponentialRho returns scale/(tau·θ)·exp(−|x|/(tau·θ)), slayerPytorch's spikePdf.
func ExponentialRho(tau, scale, theta float64) Surrogate {
	w := tau * theta
	return func(x float64) float64 { return scale / w * math.Exp(-math.Abs(x)/w) }
}

// FastSigmoidRho returns scale/(tau·θ)/(1 + |x|/(tau·θ))².
func FastSigmoidRho(tau, scale, theta float64) Surrogate {
	w := tau * theta
	return func(x float64) float64 { return scale / w / math.Pow(1+math.Abs(x)/w, 2) }
}

// TriangleRho returns scale/(tau·θ)·max(0, 1 − |x|/(tau·θ)).
func TriangleRho(tau, scale, theta float64) Surrogate {
	w := tau * theta
	return func(x float64) float64 { return scale / w * math.Max(0, 1-math.Abs(x)/w) }
}

// Course is what happened to one neuron.
type Course struct {
	A   []float64 // summed input
	S   []float64 // spikes
	V   []float64 // where ρ is evaluated: CUBA's v before its reset, SRM's potential with all of ν
	Rho []float64 // ρ(|V − θ|); 0 while resting

	// Of CUBA neurons alone.
	U     []float64 // current
	After []float64 // v after the reset
	Keep  []float64 // 1 where v lives on to the next tick, 0 at spikes and rests
}

// Back is what a neuron's backward pass gives.
type Back struct {
	E      []float64 // error at its spikes, with what comes back through ν where that is asked for
	Delta  []float64 // error at its summed input
	Ku, Kv float64   // derivative of the loss by the two decays; 0 for SRM
}

// Neuron is a neuron's dynamics.
type Neuron interface {
	// Forward runs the neuron on its summed input. With forced not nil the
	// spikes are those given, and everything else follows from them.
	Forward(a, forced []float64) Course
	// Backward takes the error e at the spikes to the summed input. It reads
	// of the course ρ and, for CUBA, Keep, U and After.
	Backward(c Course, e []float64) Back
}

// Cuba is the current-based leaky integrate-and-fire neuron:
//
//	u(t) = ku·u(t−1) + a(t)
//	v(t) = kv·v(t−1) + u(t)
//
// It spikes where v > θ; then v = 0, and stays 0 without a spike for the
// refractory delay less one tick, while u goes on.
type Cuba struct {
	Ku, Kv     float64 // what stays of u and v from tick to tick
	Theta      float64
	Refractory int // in ticks; 1 is the plain reset
	Rho        Surrogate
	GradReset  bool // the gradient through v ends at spikes and rests; off is SLAYER, which ignores them
}

// Forward implements Neuron.
func (n Cuba) Forward(a, forced []float64) Course {
	ticks := len(a)
	c := Course{A: a, S: make([]float64, ticks), V: make([]float64, ticks), Rho: make([]float64, ticks),
		U: make([]float64, ticks), After: make([]float64, ticks), Keep: make([]float64, ticks)}
	last := -n.Refractory // tick of the last spike
	for t := range a {
		c.U[t] = n.Ku*at(c.U, t-1) + a[t]
		if t-last < n.Refractory {
			if forced != nil && forced[t] != 0 {
				panic("slayerref: forced spike of a resting neuron")
			}
			continue // at rest: v = 0, no spike, ρ = 0
		}
		c.V[t] = n.Kv*at(c.After, t-1) + c.U[t]
		c.Rho[t] = n.Rho(c.V[t] - n.Theta)
		if spikes(forced, t, c.V[t] > n.Theta) {
			c.S[t], last = 1, t
		} else {
			c.After[t], c.Keep[t] = c.V[t], 1
		}
	}
	return c
}

// Voltage returns the linear part of the neuron, v = M_v·M_u·a, with the memory
// of v multiplied by keep from every tick to the next (nil: 1, no reset at all).
func (n Cuba) Voltage(a, keep []float64) []float64 {
	return Decay(n.Kv, keep, len(a)).Times(Decay(n.Ku, nil, len(a)).Times(a))
}

// VoltageBack is the adjoint of Voltage: gv = M_vᵀ·y is the error at v and
// gu = M_uᵀ·gv that at u, and at a.
func (n Cuba) VoltageBack(y, keep []float64) (gu, gv []float64) {
	gv = Decay(n.Kv, keep, len(y)).Transposed(y)
	return Decay(n.Ku, nil, len(y)).Transposed(gv), gv
}

// Backward implements Neuron. Without GradReset δ(t) = Σ_k h(k)·ρ(t+k)·e(t+k)
// with h(k) = Σ_{i+j=k} kv^i·ku^j, SLAYER's δ with the impulse response of the two
// decays for ε. The decays' derivatives are Σ_t gu(t)·u(t−1) and Σ_t gv(t)·v(t−1),
// v after the reset.
func (n Cuba) Backward(c Course, e []float64) Back {
	keep := c.Keep
	if !n.GradReset {
		keep = nil
	}
	b := Back{E: e}
	gu, gv := n.VoltageBack(times(c.Rho, e), keep)
	b.Delta = gu
	for t := range e {
		b.Ku += gu[t] * at(c.U, t-1)
		b.Kv += gv[t] * at(c.After, t-1)
	}
	return b
}

// The forms of the refractory response ν.
const (
	Slayer = "slayer" // −scaleRef·θ·(t/τr)·exp(1 − t/τr), as in slayerPytorch: 0 at the spike itself
	Paper  = "paper"  // −scaleRef·θ·exp(1 − t/τr), as the paper prints it
)

// SRM is the paper's spike response model:
//
//	p(t) = Σ_τ ε(t − τ + 1)·a(τ) + Σ_t' ν(t − t')·s(t')
//
// with a spike where p ≥ θ and ε(t) = (t/τs)·exp(1 − t/τs). A spike sent at t0
// arrives at τ = t0 + 1 + d, so that its response at t is ε(t − t0 − d) as in the
// paper. The spike itself is decided before ν(0) is added to its tick, as in
// slayerPytorch's getSpikesKernel; ρ is evaluated after.
type SRM struct {
	TauS, TauR float64
	ScaleRef   float64
	Theta      float64
	Refractory string // Slayer or Paper
	Rho        Surrogate
	ThroughNu  bool // the gradient flows through ν (EXODUS); off is SLAYER
}

// Psp returns the matrix of the response to a: of the kernel ε(n+1).
func (n SRM) Psp(ticks int) Matrix {
	return Toeplitz(Alpha(n.TauS, 1, ticks+1)[1:], ticks)
}

// Nu returns the matrix of the refractory response, with ν(0) in its diagonal.
func (n SRM) Nu(ticks int) Matrix {
	switch n.Refractory {
	case Slayer:
		return Toeplitz(Alpha(n.TauR, -n.ScaleRef*n.Theta, ticks), ticks)
	case Paper:
		return Toeplitz(Exponential(n.TauR, -n.ScaleRef*n.Theta, ticks), ticks)
	}
	panic("slayerref: refractory response " + n.Refractory)
}

// Forward implements Neuron.
func (n SRM) Forward(a, forced []float64) Course {
	ticks := len(a)
	c := Course{A: a, S: make([]float64, ticks), V: n.Psp(ticks).Times(a), Rho: make([]float64, ticks)}
	nu := n.Nu(ticks)
	for t := range a {
		if spikes(forced, t, c.V[t] >= n.Theta) {
			c.S[t] = 1
			for k := t; k < ticks; k++ {
				c.V[k] += nu[k][t]
			}
		}
		c.Rho[t] = n.Rho(c.V[t] - n.Theta)
	}
	return c
}

// Backward implements Neuron: δ(t) = Σ_k ε(k+1)·ρ(t+k)·e(t+k). With ThroughNu, e
// is first completed by what every spike did to the potential after it,
//
//	e'(t) = e(t) + Σ_{k≥1} ν(k)·ρ(t+k)·e'(t+k),
//
// a triangular system solved from its last tick: the derivative by the implicit
// function theorem of EXODUS.
func (n SRM) Backward(c Course, e []float64) Back {
	ticks := len(e)
	total := append([]float64(nil), e...)
	if n.ThroughNu {
		nu := n.Nu(ticks)
		for t := ticks - 1; t >= 0; t-- {
			for later := t + 1; later < ticks; later++ {
				total[t] += nu[later][t] * c.Rho[later] * total[later]
			}
		}
	}
	return Back{E: total, Delta: n.Psp(ticks).Transposed(times(c.Rho, total))}
}

func spikes(forced []float64, t int, own bool) bool {
	if forced == nil {
		return own
	}
	return forced[t] != 0
}

func times(x, y []float64) []float64 {
	z := make([]float64, len(x))
	for i := range x {
		z[i] = x[i] * y[i]
	}
	return z
}
