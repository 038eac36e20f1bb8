package sim

import (
	"context"
	"math"
	"slices"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// Options are what a run keeps besides spikes.
type Options struct {
	States   bool     // U and V of every neuron at every tick: 8 bytes each
	Observer Observer // is told of every event; nil is nobody, and costs nothing
}

// Result is what a run leaves.
type Result struct {
	Layers []fixed.Record // as fixed.Network.Run returns them
	Cores  []Count        // by core
}

// maxStates bounds the values of U, and of V, that a run may keep: 8 GB each.
const maxStates = 1 << 31

// checkEvery is how many ticks pass between looks at the context.
const checkEvery = 64

// Run resets m and runs it for ticks ticks on an input raster. Input columns
// beyond ticks have no effect; missing ones are silent. Errors: Input for a
// raster of another size, Limit for more spikes or states than can be recorded,
// Interrupted when ctx ends.
func (m *Machine) Run(ctx context.Context, in *spike.Raster, ticks int, opts Options) (*Result, error) {
	p := m.program
	if in.Neurons != len(p.InputStart)-1 || ticks < 0 {
		return nil, diag.Inputf("raster-size", "", "the input raster has %d neurons and the program takes %d, for %d ticks",
			in.Neurons, len(p.InputStart)-1, ticks)
	}
	if opts.States && int64(ticks) > maxStates/int64(max(m.neurons, 1)) {
		return nil, &diag.Error{Kind: diag.Limit, Code: "states-exceeded", Msg: "too many states to record", Resource: "neurons × ticks",
			Used: int64(m.neurons) * int64(ticks), Limit: maxStates, Fix: "run fewer ticks, or record spikes alone"}
	}
	m.Reset()
	m.observer = opts.Observer
	defer func() { m.observer = nil }()
	res := &Result{Layers: make([]fixed.Record, len(p.Layers))}
	sends := make([]sent, len(p.Layers))
	for k := range p.Layers {
		size := len(p.Layers[k].Home)
		res.Layers[k].Spikes = spike.NewRaster(size)
		sends[k] = sent{graded: sendsGraded(p, k), neurons: make([]int32, 0, size)}
		if opts.States {
			res.Layers[k].U, res.Layers[k].V = make([]int32, size*ticks), make([]int32, size*ticks)
		}
	}
	for range min(p.Convention.SpikeLag, ticks) {
		for k := range res.Layers {
			sends[k].appendTo(res.Layers[k].Spikes)
		}
	}
	for t := range ticks {
		if t%checkEvery == 0 && ctx.Err() != nil {
			return nil, &diag.Error{Kind: diag.Interrupted, Code: "interrupted", Msg: "the run was stopped", Err: ctx.Err()}
		}
		if t < in.Ticks() {
			carries := in.Messages(t)
			for s, i := range in.At(t) {
				if i < 0 || int(i) >= in.Neurons {
					return nil, diag.Inputf("raster-size", "", "the input raster has a spike of neuron %d of %d in column %d", i, in.Neurons, t)
				}
				message := int32(1)
				if carries != nil {
					message = carries[s]
				}
				for _, r := range p.InputRoute[p.InputStart[i]:p.InputStart[i+1]] {
					m.send(r, p.Convention.InputLatency, message)
				}
			}
		}
		for i, f := range m.Step() {
			h := m.homes[f.Core][f.Neuron]
			sends[h.layer].add(h.neuron, m.sent[i])
		}
		for k := range sends {
			rec := &res.Layers[k]
			if rec.Spikes.Ticks() < ticks { // the last SpikeLag ticks are beyond the recording
				if rec.Spikes.Count()+len(sends[k].neurons)+len(sends[k].order) > math.MaxInt32 {
					return nil, &diag.Error{Kind: diag.Limit, Code: "spikes-exceeded", Layer: p.Layers[k].Name,
						Msg: "too many spikes for one recording", Resource: "spikes", Used: math.MaxInt32 + 1, Limit: math.MaxInt32,
						Fix: "run fewer ticks at a time"}
				}
				sends[k].appendTo(rec.Spikes)
			}
			sends[k].clear()
			if opts.States {
				m.record(k, t, ticks, rec)
			}
		}
	}
	res.Cores = slices.Clone(m.count)
	return res, nil
}

// record copies the states of layer k after tick t.
func (m *Machine) record(k, t, ticks int, rec *fixed.Record) {
	for o, h := range m.program.Layers[k].Home {
		s := &m.state[m.cores[h.Core].neuron+int(h.Neuron)]
		rec.U[o*ticks+t], rec.V[o*ticks+t] = s.U, s.V
	}
}
