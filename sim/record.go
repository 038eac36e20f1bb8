package sim

import (
	"math"
	"slices"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// recorder keeps what the layers of a run send.
type recorder struct {
	m      *Machine
	ticks  int
	layers []fixed.Record
	sends  []layerSent
}

func newRecorder(m *Machine, ticks int, states bool) *recorder {
	p := m.program
	r := &recorder{m: m, ticks: ticks, layers: make([]fixed.Record, len(p.Layers)), sends: make([]layerSent, len(p.Layers))}
	for k := range p.Layers {
		size := len(p.Layers[k].Home)
		r.layers[k].Spikes = spike.NewRaster(size)
		r.sends[k] = layerSent{graded: sendsGraded(p, k)}
		if states {
			r.layers[k].U, r.layers[k].V = make([]int32, size*ticks), make([]int32, size*ticks)
		}
	}
	return r
}

// add takes spikes of the tick.
func (r *recorder) add(s *sent) { r.m.byLayer(s, r.sends) }

// byLayer adds spikes to what their layers send.
func (t *tables) byLayer(s *sent, layers []layerSent) {
	for i, n := range s.from {
		h := &t.homes[n]
		layers[h.layer].add(h.neuron, s.message(i))
	}
}

// end ends the tick. What is sent when all ticks are recorded is dropped, as SpikeLag has it.
func (r *recorder) end() error {
	if len(r.layers) > 0 && r.layers[0].Spikes.Ticks() == r.ticks {
		return nil
	}
	for k := range r.sends {
		s, raster := &r.sends[k], r.layers[k].Spikes
		if raster.Count()+len(s.neurons)+len(s.order) > math.MaxInt32 {
			return &diag.Error{Kind: diag.Limit, Code: "spikes-exceeded", Layer: r.m.program.Layers[k].Name,
				Msg: "too many spikes for one recording", Resource: "spikes", Used: math.MaxInt32 + 1, Limit: math.MaxInt32,
				Fix: "run fewer ticks at a time"}
		}
		if n := len(s.neurons); n > cap(raster.Index)-len(raster.Index) {
			raster.Index = slices.Grow(raster.Index, n+len(raster.Index)) // twice as long, where append makes a quarter
		}
		s.appendTo(raster)
	}
	return nil
}

// states copies the states of the neurons of cores lo to hi−1 after tick t of the recording.
func (r *recorder) states(lo, hi, t int) {
	for c := lo; c < hi; c++ {
		n := r.m.cores[c].neuron
		for i, h := range r.m.homes[n:][:len(r.m.cores[c].Profile)] {
			rec := &r.layers[h.layer]
			rec.U[int(h.neuron)*r.ticks+t], rec.V[int(h.neuron)*r.ticks+t] = r.m.u[n+i], r.m.v[n+i]
		}
	}
}

// layerSent collects what a layer sends in a tick, in any order.
type layerSent struct {
	graded            bool
	order             []int64 // neuron and message of graded spikes
	neurons, messages []int32
	disorder          bool // of neurons
}

func (s *layerSent) add(neuron, message int32) {
	if s.graded {
		s.order = append(s.order, int64(neuron)<<32|int64(uint32(message)))
	} else {
		if n := len(s.neurons); n > 0 && neuron < s.neurons[n-1] {
			s.disorder = true // cores need not hold a layer in order
		}
		s.neurons = append(s.neurons, neuron)
	}
}

// appendTo adds the tick to a raster, and forgets it.
func (s *layerSent) appendTo(r *spike.Raster) {
	if s.graded {
		slices.Sort(s.order)
		for _, x := range s.order {
			s.neurons, s.messages = append(s.neurons, int32(x>>32)), append(s.messages, int32(x))
		}
		r.AppendGraded(s.neurons, s.messages)
	} else {
		if s.disorder {
			slices.Sort(s.neurons)
			s.disorder = false
		}
		r.Append(s.neurons...)
	}
	s.order, s.neurons, s.messages = s.order[:0], s.neurons[:0], s.messages[:0]
}
