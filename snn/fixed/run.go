package fixed

import (
	"fmt"

	"github.com/isospike/isospike/snn/spike"
)

// Record is what a run leaves of one layer.
type Record struct {
	Spikes *spike.Raster
	// U and V are the states after each tick (v after its reset), neuron-major:
	// U[o*ticks+t]. They are nil unless asked for.
	U, V []int32
}

// Run executes the network for ticks ticks, layer by layer, and returns one
// record a layer, recorded spikes lagging as the convention says. Input columns
// beyond ticks have no effect; missing ones are silent.
func (n *Network) Run(in *spike.Raster, ticks int, states bool) ([]Record, error) {
	if in.Neurons != n.Input.Size() {
		return nil, fmt.Errorf("input raster has %d neurons, the network takes %d", in.Neurons, n.Input.Size())
	}
	recs := make([]Record, len(n.Layers))
	spikes := in
	for k := range n.Layers {
		recs[k] = n.RunLayer(k, spikes, ticks, states)
		spikes = recs[k].Spikes
	}
	if n.Convention.SpikeLag > 0 {
		for k := range recs {
			lagged := spike.NewRaster(recs[k].Spikes.Neurons)
			for t := range ticks {
				if t < n.Convention.SpikeLag {
					lagged.Append()
				} else {
					lagged.Append(recs[k].Spikes.At(t - n.Convention.SpikeLag)...)
				}
			}
			recs[k].Spikes = lagged
		}
	}
	return recs, nil
}

// RunLayer executes layer k alone, on the spikes of the population before it as they
// were sent, and returns its record without the convention's lag.
func (n *Network) RunLayer(k int, in *spike.Raster, ticks int, states bool) Record {
	l, delay, latency := &n.Layers[k], []uint8(nil), n.Convention.InputLatency
	if k > 0 {
		delay, latency = n.Layers[k-1].Delay, 1
	}
	return n.runLayer(l, k, Arrivals(l, in, delay, latency, ticks), ticks, states)
}

// Arrivals sums, for every neuron o and tick t, the weights of the spikes that
// arrive there, before the weight exponent: sum[o*ticks+t]. A spike of input
// neuron i in column t arrives at t + latency + delay[i] + SynDelay.
func Arrivals(l *Layer, in *spike.Raster, delay []uint8, latency, ticks int) []int64 {
	sum := make([]int64, l.Out.Size()*ticks)
	for t := range min(in.Ticks(), ticks) {
		for _, i := range in.At(t) {
			at := t + latency
			if delay != nil {
				at += int(delay[i])
			}
			l.Deliver(sum, ticks, int(i), at, 1)
		}
	}
	return sum
}

// Deliver adds one message of input neuron i that arrives at tick at (plus the
// synaptic delay) to sum, as Arrivals lays it out. A binary spike has payload 1;
// Lava's graded spikes multiply the weights. What arrives after the last tick
// has no effect.
func (l *Layer) Deliver(sum []int64, ticks, i, at int, payload int64) {
	for o, w := range l.From(i) {
		when := at
		if l.SynDelay != nil {
			when += int(l.SynDelay[w])
		}
		if when < ticks {
			sum[o*ticks+when] += int64(l.Weight[w]) * payload
		}
	}
}

func (n *Network) runLayer(l *Layer, k int, sum []int64, ticks int, states bool) Record {
	size := l.Out.Size()
	rec := Record{Spikes: spike.NewRaster(size)}
	if states {
		rec.U, rec.V = make([]int32, size*ticks), make([]int32, size*ticks)
	}
	state := make([]State, size)
	var fired []int32
	for t := range ticks {
		if n.ResetsAt(k, t) {
			clear(state)
		}
		fired = fired[:0]
		for o := range size {
			if l.Neuron.Advance(&state[o], Drive{Sum: Shift(sum[o*ticks+t], l.Exp(o)), Bias: l.Bias(o)}) != 0 {
				fired = append(fired, int32(o))
			}
			if states {
				rec.U[o*ticks+t], rec.V[o*ticks+t] = state[o].U, state[o].V
			}
		}
		rec.Spikes.Append(fired...)
	}
	return rec
}

// ResetsAt reports whether layer k is zeroed before the update of tick t.
func (n *Network) ResetsAt(k, t int) bool {
	if n.Reset.Interval == 0 {
		return false
	}
	return (t+1)%n.Reset.Interval == (n.Reset.Offset%n.Reset.Interval+1+k)%n.Reset.Interval
}
