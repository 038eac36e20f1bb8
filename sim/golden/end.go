package golden

import (
	"context"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// OfNetwork runs the definition on an input, all layers in each tick, so that it takes no memory for ticks that are over but for their spikes.
// The error is an Input one for an input of another size, or Interrupted when ctx ends.
func OfNetwork(ctx context.Context, n *fixed.Network, in *spike.Raster) (*Run, error) {
	if in.Neurons != n.Input.Size() {
		return nil, diag.Inputf("input-shape", "", "the input has %d neurons, the network takes %d", in.Neurons, n.Input.Size())
	}
	r, lag, ticks := &Run{Input: in}, n.Convention.SpikeLag, in.Ticks()
	for k := range n.Layers {
		size := n.Layers[k].Out.Size()
		l := Layer{Spikes: spike.NewRaster(size), U: make([]int32, size), V: make([]int32, size)}
		for range min(lag, ticks) {
			l.Spikes.Append()
		}
		r.Layers = append(r.Layers, l)
	}
	s := fixed.NewStepper(n)
	for t := range ticks {
		if ctx.Err() != nil {
			return nil, diag.Stopped("the run", ctx.Err())
		}
		s.Step(in.At(t), in.Messages(t))
		if t+lag >= ticks {
			continue // spikes that are recorded after the last tick
		}
		for k := range r.Layers {
			if neurons, messages := s.Sent(k); fixed.Graded(n.Layers[k].Neuron) {
				r.Layers[k].Spikes.AppendGraded(neurons, messages)
			} else {
				r.Layers[k].Spikes.Append(neurons...)
			}
		}
	}
	for k := range r.Layers {
		l := &r.Layers[k]
		for o := range l.U {
			at := s.State(k, o)
			l.U[o], l.V[o] = at.U, at.V
		}
	}
	return r, nil
}

// OfProgram returns the run of a program that ended in the states that state tells, by core and compartment. Of recs it takes the spikes.
func OfProgram(p *compile.Program, in *spike.Raster, recs []fixed.Record, state func(core, neuron int) fixed.State) *Run {
	r := &Run{Input: in}
	for k := range p.Layers {
		home := p.Layers[k].Home
		l := Layer{Spikes: recs[k].Spikes, U: make([]int32, len(home)), V: make([]int32, len(home))}
		for n, h := range home {
			s := state(int(h.Core), int(h.Neuron))
			l.U[n], l.V[n] = s.U, s.V
		}
		r.Layers = append(r.Layers, l)
	}
	return r
}

// Records returns the spikes of a run as records, without registers.
func (r *Run) Records() []fixed.Record {
	var recs []fixed.Record
	for _, l := range r.Layers {
		recs = append(recs, fixed.Record{Spikes: l.Spikes})
	}
	return recs
}
