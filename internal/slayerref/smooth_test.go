package slayerref

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/snn"
)

// surrogates pairs each ρ with its integral σ over v − θ, from 0 at −∞ (or its
// foot) up: dσ/dv = ρ exactly.
var surrogates = []struct {
	name  string
	rho   func(tau, scale, theta float64) Surrogate
	sigma func(x float64) float64 // of x = (v − θ)/(tau·θ), for scale 1
}{
	{"exponential", ExponentialRho, func(x float64) float64 {
		if x < 0 {
			return math.Exp(x)
		}
		return 2 - math.Exp(-x)
	}},
	{"fast sigmoid", FastSigmoidRho, func(x float64) float64 {
		if x < 0 {
			return 1 / (1 - x)
		}
		return 2 - 1/(1+x)
	}},
	{"triangle", TriangleRho, func(x float64) float64 {
		switch {
		case x < -1:
			return 0
		case x < 0:
			return (1 + x) * (1 + x) / 2
		case x < 1:
			return 1 - (1-x)*(1-x)/2
		}
		return 1
	}},
}

func TestSurrogates(t *testing.T) {
	const tau, scale, theta, h = 0.7, 1.3, 4, 1e-5
	for _, s := range surrogates {
		for x := -5.0; x < 5; x += 0.0937 {
			got := s.rho(tau, scale, theta)(x * tau * theta)
			want := scale * (s.sigma(x+h) - s.sigma(x-h)) / (2 * h * tau * theta)
			if math.Abs(got-want) > 1e-5 {
				t.Errorf("%s: ρ(%v) = %v, derivative of σ %v", s.name, x, got, want)
			}
		}
		if got := s.rho(tau, scale, theta)(0); !near(got, scale/(tau*theta)) {
			t.Errorf("%s: ρ(0) = %v", s.name, got)
		}
	}
}

// smooth is a network whose neurons send σ(v) in place of spikes. Resets, rests
// and, where no gradient flows through it, the refractory response are those of a
// spiking run of the same network. Its delays are real numbers: between two ticks
// a spike is shared by both.
type smooth struct {
	net    *Net
	sigma  func(v, theta float64) float64
	frozen []Trace
	delay  [][]float64 // per layer
	in     Signal
	loss   func(Signal) (float64, Signal)
}

func (s *smooth) arrive(x Signal, delay []float64) Signal {
	y := NewSignal(len(x), x.Ticks())
	for n := range x {
		d := 0.0
		if delay != nil {
			d = delay[n]
		}
		whole := math.Floor(d)
		for t, v := range x[n] {
			if i := t + 1 + int(whole); i < len(y[n]) {
				y[n][i] += (1 - d + whole) * v
			}
			if i := t + 2 + int(whole); i < len(y[n]) {
				y[n][i] += (d - whole) * v
			}
		}
	}
	return y
}

func (s *smooth) neuron(n Neuron, a []float64, was Course) Course {
	ticks := len(a)
	c := Course{A: a, S: make([]float64, ticks), Rho: make([]float64, ticks)}
	switch n := n.(type) {
	case Cuba:
		c.Keep = was.Keep
		keep := was.Keep
		if !n.GradReset {
			keep = nil
		}
		c.U = Decay(n.Ku, nil, ticks).Times(a)
		c.V = n.Voltage(a, keep)
		c.After = c.V
		if n.GradReset {
			c.After = times(c.V, keep)
		}
		for t, v := range c.V {
			if rest := was.Keep[t] == 0 && was.S[t] == 0; !rest {
				c.S[t], c.Rho[t] = s.sigma(v, n.Theta), n.Rho(v-n.Theta)
			}
		}
	case SRM:
		nu := n.Nu(ticks)
		c.V = n.Psp(ticks).Times(a)
		for t := range c.V {
			c.V[t] += nu[t][t] * was.S[t]
			for k := range t {
				if n.ThroughNu {
					c.V[t] += nu[t][k] * c.S[k]
				} else {
					c.V[t] += nu[t][k] * was.S[k]
				}
			}
			c.S[t], c.Rho[t] = s.sigma(c.V[t], n.Theta), n.Rho(c.V[t]-n.Theta)
		}
	}
	return c
}

func (s *smooth) run() ([]Trace, Signal) {
	var traces []Trace
	sent, delay := s.in, []float64(nil)
	for k, l := range s.net.Layers {
		r := Trace{X: l.masked(s.arrive(sent, delay))}
		for o, a := range l.Summed(r.X) {
			r.Courses = append(r.Courses, s.neuron(l.Neuron, a, s.frozen[k].Courses[o]))
		}
		traces = append(traces, r)
		sent, delay = r.Spikes(), s.delay[k]
	}
	return traces, sent
}

func (s *smooth) value() float64 {
	_, out := s.run()
	v, _ := s.loss(out)
	return v
}

// slope returns the derivative by *x: centred for side 0, from one side else.
func (s *smooth) slope(x *float64, side float64) float64 {
	const h = 1e-5
	keep := *x
	value := func(d float64) float64 { *x = keep + d; return s.value() }
	defer func() { *x = keep }()
	if side == 0 {
		return (value(h) - value(-h)) / (2 * h)
	}
	return side * (4*value(side*h) - value(2*side*h) - 3*value(0)) / (2 * h)
}

// TestGradientsOfSmoothSystem compares every gradient of Backward with finite
// differences: weights of conv, pool and dense layers, decays, and delays from the
// right (SLAYER's backward difference of the error) and from both sides (centred).
func TestGradientsOfSmoothSystem(t *testing.T) {
	const ticks = 12
	surrogateOf := 0
	for _, kind := range []string{"cuba", "cuba reset", "srm slayer", "srm paper", "srm slayer through ν", "srm paper through ν"} {
		compared, large, spikes, worst := 0, 0, 0.0, 0.0
		for seed := range uint64(4) {
			r := rand.New(rand.NewPCG(seed, 7))
			sur := surrogates[surrogateOf%3]
			surrogateOf++
			const tau, scale = 2, 0.9
			neuron := func() Neuron {
				theta := 1 + r.Float64()
				rho := sur.rho(tau, scale, theta)
				if kind[:4] == "cuba" {
					return Cuba{Ku: r.Float64() * 0.8, Kv: r.Float64() * 0.9, Theta: theta, Refractory: 1 + r.IntN(3), Rho: rho, GradReset: kind == "cuba reset"}
				}
				n := SRM{TauS: 1 + 3*r.Float64(), TauR: 0.5 + 2*r.Float64(), ScaleRef: r.Float64(), Theta: theta, Refractory: Slayer, Rho: rho, ThroughNu: len(kind) > 10}
				if kind[4:9] == "paper" {
					n.Refractory = Paper
				}
				return n
			}
			in := snn.Shape{W: 4, H: 3, C: 2}
			g := Geometry{Channels: 4, Kernel: 2, Stride: 1 + int(seed%2), Padding: 1, Dilation: 1 + int(seed/2), Groups: 2}
			conv := Conv(in, g, normal(r, 16))
			pool := Pool(conv.Out, 2, 0.8)
			dense := Dense(pool.Out, 3, normal(r, pool.Out.Size()*3))
			net := &Net{Layers: []Layer{{Synapses: conv}, {Synapses: pool}, {Synapses: dense, Drop: &Dropout{Scale: 1.25}}}}
			for i := range pool.Out.Size() {
				net.Layers[2].Drop.Mask = append(net.Layers[2].Drop.Mask, float64(min(1, (i+1)%4)))
			}
			s := &smooth{net: net, in: NewSignal(in.Size(), ticks), delay: make([][]float64, 3),
				sigma: func(v, theta float64) float64 { return scale * sur.sigma((v-theta)/(tau*theta)) }}
			for k := range net.Layers {
				l := &net.Layers[k]
				l.Neuron = neuron()
				for range l.Synapses.Out.Size() {
					d := r.IntN(4)
					l.Delay = append(l.Delay, d)
					s.delay[k] = append(s.delay[k], float64(d))
				}
			}
			for n := range s.in {
				for i := range s.in[n] {
					s.in[n][i] = float64(r.IntN(3) / 2)
				}
			}
			losses := []func(Signal) (float64, Signal){
				func(x Signal) (float64, Signal) { return Rate(x, []float64{1, 5, 2}, 3, 11) },
				func(x Signal) (float64, Signal) { return SpikeTrain(x, s.in[:3], 2.5) },
				func(x Signal) (float64, Signal) { return Count(x, []float64{1, 5, 2}, 5, 9, 3) },
				func(x Signal) (float64, Signal) { return NLL(x, 1, 0.3, 2, 12) },
			}
			s.loss = losses[seed]
			s.frozen = net.Forward(s.in, nil)
			for _, tr := range s.frozen {
				spikes += Dot(tr.Spikes(), tr.Spikes())
			}

			traces, out := s.run()
			_, e := s.loss(out)
			grads := net.Backward(traces, e)
			net.Centred = true
			centred := net.Backward(traces, e)
			check := func(what string, got, want float64) {
				t.Helper()
				compared++
				if math.Abs(got) > 1e-3 {
					large++
				}
				miss := math.Abs(got-want) / (1 + math.Abs(want))
				worst = max(worst, miss)
				if miss > 1e-6 {
					t.Errorf("%s, %s, seed %d: %s: gradient %g, finite difference %g", kind, sur.name, seed, what, got, want)
				}
			}
			for k := range net.Layers {
				l := &net.Layers[k]
				for i := range l.Synapses.W {
					check(fmt.Sprintf("weight %d.%d", k+1, i), grads[k].W[i], s.slope(&l.Synapses.W[i], 0))
				}
				for i := range l.Delay {
					right := s.slope(&s.delay[k][i], 1)
					check(fmt.Sprintf("delay %d.%d", k+1, i), grads[k].Delay[i], right)
					if k == len(net.Layers)-1 || l.Delay[i] == 0 {
						continue
					}
					// The slope from the left hears also of the spike that just misses the
					// last tick and a shorter delay would bring in; the gradient does not.
					lost := at(traces[k].Courses[i].S, ticks-1-l.Delay[i]) * grads[k+1].Arrive[i][ticks-1]
					check(fmt.Sprintf("centred delay %d.%d", k+1, i), centred[k].Delay[i], (right+s.slope(&s.delay[k][i], -1)+lost)/2)
				}
				if n, ok := l.Neuron.(Cuba); ok {
					for _, which := range []string{"ku", "kv"} {
						const h = 1e-5
						value := func(d float64) float64 {
							m := n
							if which == "ku" {
								m.Ku += d
							} else {
								m.Kv += d
							}
							l.Neuron = m
							return s.value()
						}
						want := (value(h) - value(-h)) / (2 * h)
						l.Neuron = n
						got := grads[k].Ku
						if which == "kv" {
							got = grads[k].Kv
						}
						check(fmt.Sprintf("%s %d", which, k+1), got, want)
					}
				}
			}
		}
		if large < compared/2 || spikes == 0 {
			t.Errorf("%s: of %d gradients only %d are large, %v spikes", kind, compared, large, spikes)
		}
		t.Logf("%s: compared %d gradients, %d of them above 1e-3, largest difference %.1e, %v spikes in the spiking runs", kind, compared, large, worst, spikes)
	}
}
