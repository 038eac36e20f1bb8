package train

import (
	"slices"

	"github.com/isospike/isospike/snn"
)

// response is a kernel of the paper's neuron model that starts n ticks after its
// cause, k(n) = (a + b·n)·qⁿ for n < length:
//
//	alpha        gain·(t/τ)·exp(1 − t/τ)   ε; κ of the loss; ν in the form of the code
//	exponential  gain·exp(1 − t/τ)         ν as the paper prints it
//
// It is cut as SLAYER cuts its kernels (slayerPytorch, _calculateAlphaKernel): the
// first value with t > τ that is below 0.01 in magnitude ends it, and is not part of it.
type response struct {
	a, b, q float64
	length  int
	end     float64 // q^length
}

const (
	responseCut = 0.01
	maxResponse = 1 << 16 // ticks; with τ up to 1000 no kernel is as long
)

// newResponse returns the kernel from t = skip on: skip ticks of it are left out.
func newResponse(alpha bool, tau, gain float64, skip int) response {
	r := response{q: exp(-1 / tau)}
	length := 0
	for ; length < maxResponse; length++ {
		x := float64(length) / tau
		v := gain * exp(1-x)
		if alpha {
			v *= x
		}
		if float64(length) > tau && v < responseCut && v > -responseCut {
			break
		}
	}
	r.length, r.end = max(0, length-skip), 1
	for range r.length {
		r.end *= r.q
	}
	first := gain * exp(1-float64(skip)/tau) // gain·exp(1 − t/τ) is first·qⁿ at t = skip + n
	if alpha {
		r.a, r.b = first*float64(skip)/tau, first/tau
	} else {
		r.a = first
	}
	return r
}

// area returns the sum of the kernel.
func (r response) area() float64 {
	sum, power := 0.0, 1.0
	for n := range r.length {
		sum += float64((r.a + float64(r.b*float64(n))) * power)
		power *= r.q
	}
	return sum
}

// srmArea returns the sum of ε: the steady potential at an input of one weight of 1 a tick.
func srmArea(r snn.Response) float64 { return newResponse(true, r.TauS, 1, 1).area() }

// stream convolves n columns with a response, a row a tick:
//
//	A[t] = q·A[t−1] + x[t] − q^L·x[t−L]               Σ qⁿ·x[t−n]
//	B[t] = q·(B[t−1] + A[t−1]) − L·q^L·x[t−L]         Σ n·qⁿ·x[t−n]
//	y[t] = a·A[t] + b·B[t]
//
// so that its cost does not depend on the kernel's length L. Rounding errors decay
// like the sums, which are float64 because long kernels multiply many small factors.
// Fed from the last tick to the first, it is the adjoint.
type stream struct {
	response
	sumA, sumB []float64
	past       []float32 // the last L rows, as a ring; as many as there were ticks at first
	at         int       // of the row to replace next
}

// reset prepares for n columns at rest.
func (s *stream) reset(r response, n int) {
	s.response, s.at = r, 0
	s.sumA, s.sumB, s.past = resize(s.sumA, n), resize(s.sumB, n), s.past[:0]
	clear(s.sumA)
	clear(s.sumB)
}

// push takes the row x and writes y, which may be x.
func (s *stream) push(x, y []float32) {
	n := len(s.sumA)
	if s.length == 0 {
		clear(y[:n])
		return
	}
	if s.at*n == len(s.past) {
		s.past = slices.Grow(s.past, n)[:len(s.past)+n]
		clear(s.past[s.at*n:])
	}
	past := s.past[s.at*n:][:n]
	if s.at++; s.at == s.length {
		s.at = 0
	}
	a, b, q, end, endB := s.a, s.b, s.q, s.end, s.end*float64(s.length)
	sumA, sumB := s.sumA[:n], s.sumB[:n]
	x, y = x[:n], y[:n]
	for i, in := range x {
		v, old := float64(in), float64(past[i])
		past[i] = in
		sumB[i] = float64(q*(sumB[i]+sumA[i])) - float64(endB*old)
		sumA[i] = float64(q*sumA[i]) + v - float64(end*old)
		y[i] = float32(float64(a*sumA[i]) + float64(b*sumB[i]))
	}
}
