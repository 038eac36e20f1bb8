package slayerref

import "math"

// Matrix is a causal operator on one time course, m[t][τ]: 0 where τ > t.
type Matrix [][]float64

// Toeplitz returns the causal convolution with a kernel over a number of ticks:
// (m·x)(t) = Σ_k kernel(k)·x(t−k). Its transpose is the correlation
// (mᵀ·y)(t) = Σ_k kernel(k)·y(t+k).
func Toeplitz(kernel []float64, ticks int) Matrix {
	m := Matrix(NewSignal(ticks, ticks))
	for t := range m {
		for k := 0; k < len(kernel) && k <= t; k++ {
			m[t][t-k] = kernel[k]
		}
	}
	return m
}

// Decay returns the matrix of the recurrence y(t) = k·keep(t−1)·y(t−1) + x(t),
// that is m[t][τ] = k^(t−τ)·Π_{τ≤j<t} keep(j). A nil keep is 1 everywhere.
func Decay(k float64, keep []float64, ticks int) Matrix {
	m := Matrix(NewSignal(ticks, ticks))
	for from := range m {
		left := 1.0
		for t := from; t < ticks; t++ {
			m[t][from] = left
			left *= k
			if keep != nil {
				left *= keep[t]
			}
		}
	}
	return m
}

// Times returns m·x.
func (m Matrix) Times(x []float64) []float64 {
	y := make([]float64, len(m))
	for t, row := range m {
		for tau, v := range row[:t+1] {
			y[t] += v * x[tau]
		}
	}
	return y
}

// Transposed returns mᵀ·y.
func (m Matrix) Transposed(y []float64) []float64 {
	x := make([]float64, len(m))
	for t, row := range m {
		for tau, v := range row[:t+1] {
			x[tau] += v * y[t]
		}
	}
	return x
}

// cutoff is where slayerPytorch ends its kernels.
const cutoff = 0.01

// Alpha returns the kernel scale·(t/τ)·exp(1 − t/τ) for t = 0, 1, … below ticks.
//
// It ends as in slayerPytorch's _calculateAlphaKernel(tau, mult, EPSILON = 0.01),
// which walks t = 0, Ts, 2Ts, … < tSample, computes the value with its factor
// mult, and breaks before appending it if |value| < EPSILON and t > tau. The first
// such value past the peak is thus not in the kernel, nor is anything after it; a
// value of exactly 0.01 is. A larger factor makes a longer kernel. The value at
// t = 0 is in it and is 0.
func Alpha(tau, scale float64, ticks int) []float64 {
	return kernel(tau, ticks, func(t float64) float64 { return scale * t / tau * math.Exp(1-t/tau) })
}

// Exponential returns the kernel scale·exp(1 − t/τ) for t = 0, 1, … below ticks,
// ended by the rule of Alpha. With scale −2θ it is the refractory response as the
// paper prints it.
func Exponential(tau, scale float64, ticks int) []float64 {
	return kernel(tau, ticks, func(t float64) float64 { return scale * math.Exp(1-t/tau) })
}

func kernel(tau float64, ticks int, f func(t float64) float64) []float64 {
	var k []float64
	for t := range ticks {
		v := f(float64(t))
		if math.Abs(v) < cutoff && float64(t) > tau {
			break
		}
		k = append(k, v)
	}
	return k
}
