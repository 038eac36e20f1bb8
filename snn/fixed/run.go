package fixed

import (
	"context"
	"fmt"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// Record is what a run leaves of one layer.
type Record struct {
	Spikes *spike.Raster // with messages where the layer's neurons are Graded
	// U and V are the registers of these names after each tick (v after its reset),
	// neuron-major: U[o*ticks+t]. They are nil unless asked for.
	U, V []int32
}

// maxArrivals bounds the neurons × ticks of a layer in one run: 8 GB of what arrives.
const maxArrivals = 1 << 30

// Run executes the network for ticks ticks, layer by layer, and returns one
// record a layer, recorded spikes lagging as the convention says. Input columns
// beyond ticks have no effect; missing ones are silent. There is a Limit error for more neurons × ticks than one run holds.
func (n *Network) Run(in *spike.Raster, ticks int, states bool) ([]Record, error) {
	return n.RunContext(context.Background(), in, ticks, states)
}

// RunContext is Run that stops when ctx ends, with an Interrupted error.
func (n *Network) RunContext(ctx context.Context, in *spike.Raster, ticks int, states bool) ([]Record, error) {
	if in.Neurons != n.Input.Size() {
		return nil, fmt.Errorf("input raster has %d neurons, the network takes %d", in.Neurons, n.Input.Size())
	}
	for k := range n.Layers {
		if size := n.Layers[k].Out.Size(); ticks > maxArrivals/size {
			return nil, &diag.Error{Kind: diag.Limit, Code: "ticks-exceeded", Layer: n.Layers[k].Name, Msg: "too many ticks for one run of the layer-level reference",
				Resource: "neurons × ticks", Used: int64(size) * int64(ticks), Limit: maxArrivals, Fix: "run fewer ticks, or compile the network and simulate it"}
		}
	}
	recs := make([]Record, len(n.Layers))
	spikes := in
	for k := range n.Layers {
		recs[k] = n.layerRun(ctx, k, spikes, ticks, states)
		if ctx.Err() != nil {
			return nil, diag.Stopped("the run", ctx.Err())
		}
		spikes = recs[k].Spikes
	}
	if n.Convention.SpikeLag > 0 {
		for k := range recs {
			lagged := spike.NewRaster(recs[k].Spikes.Neurons)
			for t := range ticks {
				if t < n.Convention.SpikeLag {
					lagged.Append()
				} else {
					lagged.AppendFrom(recs[k].Spikes, t-n.Convention.SpikeLag)
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
	return n.layerRun(context.Background(), k, in, ticks, states)
}

// layerRun is RunLayer whose record is cut short where ctx ends.
func (n *Network) layerRun(ctx context.Context, k int, in *spike.Raster, ticks int, states bool) Record {
	l, delay, latency := &n.Layers[k], []uint8(nil), n.Convention.InputLatency
	if k > 0 {
		delay, latency = n.Layers[k-1].Delay, 1
	}
	sum, imag := arrivals(ctx, l, in, delay, latency, ticks), []int64(nil)
	if l.WeightImag != nil {
		imag = arrivals(ctx, l.Imaginary(), in, delay, latency, ticks)
	}
	return n.runLayer(ctx, l, k, sum, imag, ticks, states)
}

// Arrivals sums, for every neuron o and tick t, the weights of the spikes that
// arrive there, times what they carry where the layer is Graded, before the accumulator
// and the weight exponent: sum[o*ticks+t]. A spike of input neuron i in column t arrives
// at t + latency + delay[i] + SynDelay.
func Arrivals(l *Layer, in *spike.Raster, delay []uint8, latency, ticks int) []int64 {
	return arrivals(context.Background(), l, in, delay, latency, ticks)
}

// arrivals is Arrivals of the ticks until ctx ends.
func arrivals(ctx context.Context, l *Layer, in *spike.Raster, delay []uint8, latency, ticks int) []int64 {
	sum := make([]int64, l.Out.Size()*ticks)
	for t := 0; t < min(in.Ticks(), ticks) && ctx.Err() == nil; t++ {
		messages := in.Messages(t)
		for s, i := range in.At(t) {
			at, message := t+latency, int64(1)
			if delay != nil {
				at += int(delay[i])
			}
			if l.Graded && messages != nil {
				message = int64(messages[s])
			}
			l.Deliver(sum, ticks, int(i), at, message)
		}
	}
	return sum
}

// Deliver adds one message of input neuron i that arrives at tick at (plus the
// synaptic delay) to sum, as Arrivals lays it out: the weights times the message. What
// arrives after the last tick has no effect.
func (l *Layer) Deliver(sum []int64, ticks, i, at int, message int64) {
	for o, w := range l.From(i) {
		when := at
		if l.SynDelay != nil {
			when += int(l.SynDelay[w])
		}
		if when < ticks {
			sum[o*ticks+when] += int64(l.Weight[w]) * message
		}
	}
}

// runLayer runs layer k on what arrives, until ctx ends; imag is nil where its weights are real.
func (n *Network) runLayer(ctx context.Context, l *Layer, k int, sum, imag []int64, ticks int, states bool) Record {
	size := l.Out.Size()
	rec := Record{Spikes: spike.NewRaster(size)}
	if states {
		rec.U, rec.V = make([]int32, size*ticks), make([]int32, size*ticks)
	}
	state := make([]State, size)
	graded := Graded(l.Neuron)
	var fired, messages []int32
	for t := 0; t < ticks && ctx.Err() == nil; t++ {
		if n.ResetsAt(k, t) {
			clear(state)
		}
		fired, messages = fired[:0], messages[:0]
		for o := range size {
			im := int64(0)
			if imag != nil {
				im = imag[o*ticks+t]
			}
			if m := l.advance(&state[o], o, sum[o*ticks+t], im); m != 0 {
				fired, messages = append(fired, int32(o)), append(messages, m)
			}
			if states {
				rec.U[o*ticks+t], rec.V[o*ticks+t] = state[o].U, state[o].V
			}
		}
		if graded {
			rec.Spikes.AppendGraded(fired, messages)
		} else {
			rec.Spikes.Append(fired...)
		}
	}
	return rec
}

// advance advances neuron o by a tick in which weights of these sums arrive.
func (l *Layer) advance(s *State, o int, sum, imag int64) int32 {
	exp := l.Exp(o)
	return l.Neuron.Advance(s, Drive{Sum: Shift(Accumulate(sum), exp), Imag: Shift(Accumulate(imag), exp), Bias: l.Bias(o)})
}

// ResetsAt reports whether layer k is zeroed before the update of tick t.
func (n *Network) ResetsAt(k, t int) bool {
	if n.Reset.Interval == 0 {
		return false
	}
	return (t+1)%n.Reset.Interval == (n.Reset.Offset%n.Reset.Interval+1+k)%n.Reset.Interval
}
