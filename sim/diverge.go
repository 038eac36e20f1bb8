package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// lastInputs is how many arriving spikes a Divergence tells of.
const lastInputs = 10

// Divergence is the first value in which two runs of a program differ.
type Divergence struct {
	Tick       int    // in which it was computed; recorded spikes show SpikeLag later
	Layer      string // its name
	Neuron     int    // in the layer
	Core       int    // index into Program.Cores
	CoreNeuron int    // compartment of the core
	Register   string // "u", "v" or "s" (the spike, or what a graded one carries)
	Want, Got  int64
	Inputs     []Input // the last spikes that arrived up to Tick, oldest first
}

// Input is a spike on its way to a neuron.
type Input struct {
	Layer   string // "input" for the input population
	Neuron  int    // the source's number in its layer
	Sent    int    // tick of the spike; for an input, its column
	Delay   int    // ticks, axonal and synaptic
	Weight  int
	Carries int64 // 1 of a plain spike
}

// String tells it over several lines.
func (d *Divergence) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "tick %d, layer %s, neuron %d (core %d, neuron %d there): %s is %d, should be %d",
		d.Tick, d.Layer, d.Neuron, d.Core, d.CoreNeuron, d.Register, d.Got, d.Want)
	if len(d.Inputs) == 0 {
		b.WriteString("\n  no spike had arrived there")
	}
	for _, i := range d.Inputs {
		fmt.Fprintf(&b, "\n  spike of %s neuron %d in tick %d, delay %d, weight %d", i.Layer, i.Neuron, i.Sent, i.Delay, i.Weight)
		if i.Carries != 1 {
			fmt.Fprintf(&b, ", carries %d", i.Carries)
		}
	}
	return b.String()
}

// FirstDivergence compares two runs of p on the input in, layer by layer, and
// returns where they first differ: by tick, then layer, neuron and register, u
// before v before s. It returns nil when they agree, and how many values it
// compared until then. Registers that one of the runs did not record are left
// out. The error is an Input one for records that do not belong together or to p.
func FirstDivergence(p *compile.Program, in *spike.Raster, want, got []fixed.Record) (*Divergence, int64, error) {
	ticks, err := sameShape(p, in, want, got)
	if err != nil {
		return nil, 0, err
	}
	compared := int64(0)
	lag := p.Convention.SpikeLag
	for t := -lag; t < ticks; t++ {
		for k := range p.Layers {
			d := Divergence{Tick: t, Neuron: len(p.Layers[k].Home), Layer: p.Layers[k].Name}
			w, g := &want[k], &got[k]
			if t >= 0 && w.U != nil && g.U != nil {
				compared += d.states("u", w.U, g.U, t, ticks)
			}
			if t >= 0 && w.V != nil && g.V != nil {
				compared += d.states("v", w.V, g.V, t, ticks)
			}
			if t+lag < ticks {
				compared += d.spikes(w.Spikes, g.Spikes, t+lag)
			}
			if d.Register != "" {
				h := p.Layers[k].Home[d.Neuron]
				d.Core, d.CoreNeuron = int(h.Core), int(h.Neuron)
				d.Inputs = arrivals(p, in, want, h, t)
				return &d, compared, nil
			}
		}
	}
	return nil, compared, nil
}

// sameShape returns the ticks of two runs of p, or why they cannot be compared.
func sameShape(p *compile.Program, in *spike.Raster, want, got []fixed.Record) (ticks int, err error) {
	bad := func(format string, args ...any) error {
		return diag.Inputf("records-differ", "", "the runs cannot be compared: "+format, args...)
	}
	if len(want) != len(p.Layers) || len(got) != len(p.Layers) || in.Neurons != len(p.InputStart)-1 {
		return 0, bad("%d and %d layers for %d, input of %d neurons for %d", len(want), len(got), len(p.Layers), in.Neurons, len(p.InputStart)-1)
	}
	for k := range p.Layers {
		if k == 0 {
			ticks = want[0].Spikes.Ticks()
		}
		n := len(p.Layers[k].Home)
		for _, r := range []*fixed.Record{&want[k], &got[k]} {
			if r.Spikes.Neurons != n || r.Spikes.Ticks() != ticks || r.U != nil && len(r.U) != n*ticks || r.V != nil && len(r.V) != n*ticks {
				return 0, bad("layer %s has %d neurons over %d ticks in one of them, not %d over %d", p.Layers[k].Name, r.Spikes.Neurons, r.Spikes.Ticks(), n, ticks)
			}
		}
	}
	return ticks, nil
}

// states notes the first neuron before d.Neuron whose register differs at tick t.
func (d *Divergence) states(register string, want, got []int32, t, ticks int) int64 {
	for o := range len(want) / ticks {
		i := o*ticks + t
		if want[i] != got[i] && o < d.Neuron {
			d.Neuron, d.Register, d.Want, d.Got = o, register, int64(want[i]), int64(got[i])
		}
	}
	return int64(len(want) / ticks)
}

// spikes notes the first neuron before d.Neuron that sends different messages in column t of
// two runs: 0 for no spike, 1 for a plain one.
func (d *Divergence) spikes(want, got *spike.Raster, t int) int64 {
	w, g := want.At(t), got.At(t)
	i := 0
	for i < len(w) && i < len(g) && w[i] == g[i] && message(want, t, i) == message(got, t, i) {
		i++
	}
	note := func(neuron int32, w, g int64) {
		if int(neuron) < d.Neuron {
			d.Neuron, d.Register, d.Want, d.Got = int(neuron), "s", w, g
		}
	}
	switch {
	case i == len(w) && i == len(g):
	case i == len(g) || i < len(w) && w[i] < g[i]:
		note(w[i], message(want, t, i), 0)
	case i == len(w) || g[i] < w[i]:
		note(g[i], 0, message(got, t, i))
	default:
		note(w[i], message(want, t, i), message(got, t, i))
	}
	return int64(want.Neurons)
}

// message returns what spike i of column t carries.
func message(r *spike.Raster, t, i int) int64 {
	if carries := r.Messages(t); carries != nil {
		return int64(carries[i])
	}
	return 1
}

// arrivals returns the last spikes that reached a compartment up to a tick.
func arrivals(p *compile.Program, in *spike.Raster, recs []fixed.Record, at compile.Place, tick int) []Input {
	type synapse struct{ weight, delay int }
	c := &p.Cores[at.Core]
	synapses := map[uint16]synapse{} // by axon
	for a, r := range c.Row {
		lo, hi := c.Synapses(a)
		for s := lo; s < hi; s++ {
			if c.Base[a]+c.Target[s] == at.Neuron {
				x := synapse{weight: int(c.Mode[r].Weight(c.Code[s]))}
				if c.Delay != nil {
					x.delay = int(c.Delay[s])
				}
				synapses[uint16(a)] = x
			}
		}
	}
	var last []Input
	collect := func(layer string, neuron int, routes []compile.Route, spikes *spike.Raster, lag, latency int) {
		for _, r := range routes {
			s, ok := synapses[r.Axon]
			if r.Core != at.Core || !ok {
				continue
			}
			delay := s.delay + int(r.Delay)
			found := 0
			for sent := min(tick-delay-latency, spikes.Ticks()-1-lag); sent >= 0 && found < lastInputs; sent-- {
				if at, fired := slices.BinarySearch(spikes.At(sent+lag), int32(neuron)); fired {
					last = append(last, Input{layer, neuron, sent, delay, s.weight, message(spikes, sent+lag, at)})
					found++
				}
			}
		}
	}
	for i := range in.Neurons {
		collect("input", i, p.InputRoute[p.InputStart[i]:p.InputStart[i+1]], in, 0, p.Convention.InputLatency)
	}
	for k := range p.Layers {
		for o, h := range p.Layers[k].Home {
			from := &p.Cores[h.Core]
			collect("layer "+p.Layers[k].Name, o, from.Route[from.OutStart[h.Neuron]:from.OutStart[h.Neuron+1]], recs[k].Spikes, p.Convention.SpikeLag, 1)
		}
	}
	arrival := func(i Input) int {
		if i.Layer == "input" {
			return i.Sent + i.Delay + p.Convention.InputLatency
		}
		return i.Sent + i.Delay + 1
	}
	slices.SortStableFunc(last, func(a, b Input) int { return cmp.Compare(arrival(a), arrival(b)) })
	return last[max(0, len(last)-lastInputs):]
}
