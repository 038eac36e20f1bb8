package slayerref

// Signal holds one time course per neuron: x[n][t]. Spikes are 1, everything
// else may be any real number: all operators here are linear.
type Signal [][]float64

// NewSignal returns a silent signal.
func NewSignal(neurons, ticks int) Signal {
	x := make(Signal, neurons)
	for n := range x {
		x[n] = make([]float64, ticks)
	}
	return x
}

// Ticks returns the length of the time courses.
func (x Signal) Ticks() int { return len(x[0]) }

// Dot returns the inner product Σ_n,t x·y.
func Dot(x, y Signal) float64 {
	sum := 0.0
	for n := range x {
		for t := range x[n] {
			sum += x[n][t] * y[n][t]
		}
	}
	return sum
}

// Arrive returns the spikes s as they arrive: those of neuron n at t + 1 + delay[n].
// What would arrive after the last tick is lost. Without delays (nil) they are 0.
func Arrive(s Signal, delay []int) Signal {
	x := NewSignal(len(s), s.Ticks())
	for n := range s {
		for t, v := range s[n] {
			if at := t + 1 + axon(delay, n); at < len(x[n]) {
				x[n][at] = v
			}
		}
	}
	return x
}

// Depart is the adjoint of Arrive: it takes the error at arrival back to the
// spike that was sent, e(t) = E(t + 1 + delay), 0 where the spike was lost.
func Depart(e Signal, delay []int) Signal {
	y := NewSignal(len(e), e.Ticks())
	for n := range e {
		for t := range e[n] {
			y[n][t] = at(e[n], t+1+axon(delay, n))
		}
	}
	return y
}

// DelayGradient returns ∂L/∂d of every neuron from its arrivals x and the error e
// there: Σ_τ x(τ)·(e(τ+1) − e(τ)), which is slayerPytorch's _delayFunction (it
// filters the delayed signal with [−1, 1] and multiplies by the error), or with
// centred Σ_τ x(τ)·(e(τ+1) − e(τ−1))/2.
func DelayGradient(x, e Signal, centred bool) []float64 {
	g := make([]float64, len(x))
	for n := range x {
		for t, v := range x[n] {
			if centred {
				g[n] += v * (at(e[n], t+1) - at(e[n], t-1)) / 2
			} else {
				g[n] += v * (at(e[n], t+1) - at(e[n], t))
			}
		}
	}
	return g
}

func axon(delay []int, n int) int {
	if delay == nil {
		return 0
	}
	return delay[n]
}

// at returns x(t), 0 outside of its ticks.
func at(x []float64, t int) float64 {
	if t < 0 || t >= len(x) {
		return 0
	}
	return x[t]
}
