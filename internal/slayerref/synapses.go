package slayerref

import (
	"fmt"

	"github.com/isospike/isospike/snn"
)

// Synapse connects input neuron In to output neuron Out with weight number Weight.
type Synapse struct{ In, Out, Weight int }

// Synapses are a layer's connections as the list of them all: a sparse matrix
// whose entries are shared weights. Neuron (x, y, c) has number (c·H + y)·W + x.
type Synapses struct {
	In, Out snn.Shape
	List    []Synapse
	W       []float64
}

// Dense connects all with all. The weight from i to o is w[i*out+o].
func Dense(in snn.Shape, out int, w []float64) *Synapses {
	s := &Synapses{In: in, Out: snn.Flat(out), W: w}
	for i := range in.Size() {
		for o := range out {
			s.List = append(s.List, Synapse{i, o, i*out + o})
		}
	}
	return s.check(in.Size() * out)
}

// Geometry is the form of a convolution, the same in both directions.
type Geometry struct{ Channels, Kernel, Stride, Padding, Dilation, Groups int }

// Conv is the cross-correlation of PyTorch's conv2d, without bias:
//
//	a(o, y, x) = Σ_i,ky,kx w[o][i][ky][kx] · in(g·I/G + i, y·S − P + ky·D, x·S − P + kx·D)
//
// g = o/(O/G) is the group of output channel o; inputs outside the population are
// 0. w is the array [O][I/G][K][K] row by row.
func Conv(in snn.Shape, g Geometry, w []float64) *Synapses {
	extent := func(n int) int { return (n+2*g.Padding-g.Dilation*(g.Kernel-1)-1)/g.Stride + 1 }
	s := &Synapses{In: in, Out: snn.Shape{W: extent(in.W), H: extent(in.H), C: g.Channels}, W: w}
	perIn, perOut := in.C/g.Groups, g.Channels/g.Groups
	for o := range g.Channels {
		for i := range perIn {
			for ky := range g.Kernel {
				for kx := range g.Kernel {
					weight := ((o*perIn+i)*g.Kernel+ky)*g.Kernel + kx
					for y := range s.Out.H {
						for x := range s.Out.W {
							fx, fy := x*g.Stride-g.Padding+kx*g.Dilation, y*g.Stride-g.Padding+ky*g.Dilation
							if fx < 0 || fy < 0 || fx >= in.W || fy >= in.H {
								continue
							}
							s.List = append(s.List, Synapse{number(in, fx, fy, o/perOut*perIn+i), number(s.Out, x, y, o), weight})
						}
					}
				}
			}
		}
	}
	return s.check(g.Channels * perIn * g.Kernel * g.Kernel)
}

// Pool sums over windows of kernel×kernel next to each other, all with one
// weight, which is not learned. What is left at the right and lower border forms
// smaller windows. (slayerPytorch's _poolLayer means the same, but pads n neurons
// with n mod kernel zeros, which completes the window only where that is half of it.)
func Pool(in snn.Shape, kernel int, weight float64) *Synapses {
	ceil := func(n int) int { return (n + kernel - 1) / kernel }
	s := &Synapses{In: in, Out: snn.Shape{W: ceil(in.W), H: ceil(in.H), C: in.C}, W: []float64{weight}}
	for c := range in.C {
		for y := range in.H {
			for x := range in.W {
				s.List = append(s.List, Synapse{number(in, x, y, c), number(s.Out, x/kernel, y/kernel, c), 0})
			}
		}
	}
	return s.check(1)
}

func number(s snn.Shape, x, y, c int) int { return (c*s.H+y)*s.W + x }

func (s *Synapses) check(weights int) *Synapses {
	if len(s.W) != weights {
		panic(fmt.Sprintf("slayerref: %d weights where %v to %v needs %d", len(s.W), s.In, s.Out, weights))
	}
	return s
}

// Sum returns W·x, tick by tick.
func (s *Synapses) Sum(x Signal) Signal {
	a := NewSignal(s.Out.Size(), x.Ticks())
	for _, l := range s.List {
		for t, v := range x[l.In] {
			a[l.Out][t] += s.W[l.Weight] * v
		}
	}
	return a
}

// Back returns Wᵀ·delta, tick by tick: the adjoint of Sum.
func (s *Synapses) Back(delta Signal) Signal {
	e := NewSignal(s.In.Size(), delta.Ticks())
	for _, l := range s.List {
		for t, v := range delta[l.Out] {
			e[l.In][t] += s.W[l.Weight] * v
		}
	}
	return e
}

// Gradient returns ∂L/∂w of every weight: the sum of delta_o(τ)·x_i(τ) over its
// synapses and all ticks. In Conv's and Dense's case it is laid out as w.
func (s *Synapses) Gradient(delta, x Signal) []float64 {
	g := make([]float64, len(s.W))
	for _, l := range s.List {
		for t, v := range x[l.In] {
			g[l.Weight] += delta[l.Out][t] * v
		}
	}
	return g
}
