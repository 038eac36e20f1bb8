package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
)

// stack is a network of convolutions over 50×50 pixels of 4 channels.
func stack(layers int) *fixed.Network {
	r := rand.New(rand.NewPCG(1, 2))
	s := snn.Shape{W: 50, H: 50, C: 4}
	n := &fixed.Network{Input: s, Convention: fixed.Axonal}
	for k := range layers {
		l := fixed.Layer{Name: fmt.Sprint(k + 1), In: s, Out: s, Kernel: fixed.Square(5, 1, 2, 1, 1), WeightBits: 8, Neuron: fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: 80, RefDelay: 1}}
		for range l.Weights() {
			l.Weight = append(l.Weight, int16(2*(1+r.IntN(127))*(1-2*r.IntN(2))))
		}
		n.Layers = append(n.Layers, l)
	}
	return n
}

// denseStack is a network of dense layers with random weights, none of them 0.
func denseStack(sizes ...int) *fixed.Network {
	r := rand.New(rand.NewPCG(1, 2))
	n := &fixed.Network{Input: snn.Flat(sizes[0]), Convention: fixed.Axonal}
	in := n.Input
	for k, size := range sizes[1:] {
		l := fixed.Layer{Name: fmt.Sprint(k + 1), In: in, Out: snn.Flat(size), WeightBits: 8, Neuron: fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: 640, RefDelay: 1}}
		for range l.Weights() {
			l.Weight = append(l.Weight, int16(2*(1+r.IntN(32))*(1-2*r.IntN(2))))
		}
		n.Layers = append(n.Layers, l)
		in = l.Out
	}
	return n
}

// groups is a network of layers of channels at one pixel, in groups of some size; a channel
// hears all of its group, with weights of its own. A bias makes the neurons spike.
func groups(layers, channels, size int) *fixed.Network {
	r := rand.New(rand.NewPCG(1, 2))
	s := snn.Shape{W: 1, H: 1, C: channels}
	n := &fixed.Network{Input: s, Convention: fixed.Axonal}
	for k := range layers {
		l := fixed.Layer{Name: fmt.Sprint(k + 1), In: s, Out: s, Kernel: fixed.Square(1, 1, 0, 1, channels/size), WeightBits: 8,
			Neuron: fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: 80, RefDelay: 1}, BiasMant: make([]int16, channels)}
		l.Weight = make([]int16, l.Weights())
		for i := range l.Weight {
			l.Weight[i] = int16(2 * (1 + r.IntN(8)) * (1 - 2*r.IntN(2)))
		}
		for o := range l.BiasMant {
			l.BiasMant[o] = int16(160 + r.IntN(80))
		}
		n.Layers = append(n.Layers, l)
	}
	return n
}

// unevenRates are rates such as a network has that looks at a scene: high in the middle of the
// plane, falling with the layers, and of a neuron by chance, few of them busy.
func unevenRates(n *fixed.Network) *compile.Rates {
	r := rand.New(rand.NewPCG(3, 4))
	rates := &compile.Rates{Ticks: 1000}
	for k := range n.Layers {
		s := n.Layers[k].Out
		spikes := make([]int64, s.Size())
		for o := range spikes {
			x, y := float64(o%s.W)/float64(s.W)-0.5, float64(o/s.W%s.H)/float64(s.H)-0.5
			spikes[o] = int64(100 * r.ExpFloat64() / (1 + 40*(x*x+y*y)) / (1 + 0.05*float64(k)))
		}
		rates.Spikes = append(rates.Spikes, spikes)
	}
	return rates
}

// mix is a network of every kind of layer: 32×32 pixels of 2 channels, delays as training
// leaves them, most short and few long.
func mix() *fixed.Network {
	r := rand.New(rand.NewPCG(3, 4))
	n := &fixed.Network{Input: snn.Shape{W: 32, H: 32, C: 2}, Convention: fixed.Axonal}
	in := n.Input
	for k, x := range []struct {
		out     snn.Shape
		kernel  *fixed.Kernel
		density float64
		bits    int
		delays  int // how many neurons have the same: 0 is none
	}{
		{snn.Shape{W: 32, H: 32, C: 16}, fixed.Square(5, 1, 2, 1, 1), 1, 8, 32 * 32},
		{snn.Shape{W: 16, H: 16, C: 16}, fixed.Square(2, 2, 0, 1, 16), 1, 8, 0},
		{snn.Shape{W: 16, H: 16, C: 32}, fixed.Square(5, 1, 2, 1, 1), 1, 6, 0},
		{snn.Shape{W: 8, H: 8, C: 32}, fixed.Square(2, 2, 0, 1, 32), 1, 8, 0},
		{snn.Flat(1024), nil, 1, 8, 1},
		{snn.Flat(1024), nil, 0.1, 8, 1},
		{snn.Flat(1024), nil, 0.1, 9, 0},
		{snn.Flat(512), nil, 1, 4, 0},
		{snn.Flat(100), nil, 1, 8, 0},
	} {
		l := fixed.Layer{Name: fmt.Sprint(k + 1), In: in, Out: x.out, Kernel: x.kernel, WeightBits: x.bits, Neuron: fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: 80, RefDelay: 1}}
		for range l.Weights() {
			w := fixed.Truncate(int64(16*(1+r.IntN(7))*(1-2*r.IntN(2)))*2+1, x.bits, fixed.Mixed)
			if r.Float64() >= x.density {
				w = 0
			}
			l.Weight = append(l.Weight, w)
		}
		if x.delays > 0 {
			for o := range x.out.Size() {
				if o%x.delays == 0 {
					l.Delay = append(l.Delay, uint8(min(62, int(8*r.ExpFloat64()))))
				} else {
					l.Delay = append(l.Delay, l.Delay[o-1])
				}
			}
		}
		n.Layers = append(n.Layers, l)
		in = l.Out
	}
	return n
}
