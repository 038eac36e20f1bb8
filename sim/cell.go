package sim

import (
	"cmp"
	"slices"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn/fixed"
)

// Cell is what an executor knows of one neuron: its parameters and every synapse that reaches it.
type Cell struct {
	Core       int    `json:"core"`        // index into Program.Cores, −1 for a layer-level network
	CoreNeuron int    `json:"core_neuron"` // compartment of the core, −1 for a layer-level network
	Kind       string `json:"kind"`
	Parameters string `json:"parameters"`
	Bias       int64  `json:"bias"` // added to v at every tick
	// The state is zeroed before the update of tick t when t ≡ ResetPhase modulo ResetInterval; 0 is never.
	ResetInterval int       `json:"reset_interval,omitempty"`
	ResetPhase    int       `json:"reset_phase,omitempty"`
	Synapses      []Synapse `json:"synapses"` // by source and delay
	latency       int       // of input spikes
}

// Synapse is a connection of a neuron. Those of weight 0 are none.
type Synapse struct {
	From   string `json:"from"`   // "input", or "layer " and its name
	Source int    `json:"source"` // number of the source in its layer
	Delay  int    `json:"delay"`  // ticks, axonal and synaptic
	Weight int    `json:"weight"`
	Exp    int    `json:"exp"`            // the sum of the weights is shifted by it
	Axon   int    `json:"axon"`           // of the core, −1 for a layer-level network
	Imag   bool   `json:"imag,omitempty"` // an imaginary weight
	layer  int    // of the source, −1 for the input
}

// compare orders synapses by where they come from.
func (s *Synapse) compare(o *Synapse) int {
	imag := map[bool]int{true: 1}
	return cmp.Or(cmp.Compare(s.layer, o.layer), cmp.Compare(s.Source, o.Source), cmp.Compare(s.Delay, o.Delay), cmp.Compare(imag[s.Imag], imag[o.Imag]))
}

// ProgramCell returns what the tables of p know of neuron n of layer k.
func ProgramCell(p *compile.Program, k, n int) *Cell {
	at := p.Layers[k].Home[n]
	c := &p.Cores[at.Core]
	f := &c.Profiles[c.Profile[at.Neuron]]
	cell := &Cell{Core: int(at.Core), CoreNeuron: int(at.Neuron), Kind: f.Neuron.Kind(), Parameters: f.Neuron.String(),
		Bias: fixed.Shift(int64(c.Bias[at.Neuron]), f.BiasExp), ResetInterval: f.ResetInterval, ResetPhase: f.ResetPhase, latency: p.Convention.InputLatency}
	byAxon := map[uint16][]Synapse{}
	for a, r := range c.Row {
		lo, hi := c.Synapses(a)
		for s := lo; s < hi; s++ {
			if c.Base[a]+c.Target[s] != at.Neuron {
				continue
			}
			x := Synapse{Weight: int(c.Mode[r].Weight(c.Code[s])), Exp: f.WeightExp, Axon: a, Imag: c.Flags != nil && c.Flags[a]&compile.ImagAxon != 0}
			if c.Delay != nil {
				x.Delay = int(c.Delay[s])
			}
			if x.Weight != 0 {
				byAxon[uint16(a)] = append(byAxon[uint16(a)], x)
			}
		}
	}
	reach := func(layer int, from string, source int, routes []compile.Route) {
		for _, r := range routes {
			if r.Core != at.Core {
				continue
			}
			for _, x := range byAxon[r.Axon] {
				x.layer, x.From, x.Source, x.Delay = layer, from, source, x.Delay+int(r.Delay)
				cell.Synapses = append(cell.Synapses, x)
			}
		}
	}
	for i := range len(p.InputStart) - 1 {
		reach(-1, "input", i, p.InputRoute[p.InputStart[i]:p.InputStart[i+1]])
	}
	for k := range p.Layers {
		for o, h := range p.Layers[k].Home {
			from := &p.Cores[h.Core]
			reach(k, "layer "+p.Layers[k].Name, o, from.Route[from.OutStart[h.Neuron]:from.OutStart[h.Neuron+1]])
		}
	}
	cell.sort()
	return cell
}

// NetworkCell returns what a network knows of neuron n of layer k.
func NetworkCell(net *fixed.Network, k, n int) *Cell {
	l := &net.Layers[k]
	cell := &Cell{Core: -1, CoreNeuron: -1, Kind: l.Neuron.Kind(), Parameters: l.Neuron.String(), Bias: l.Bias(n),
		ResetInterval: net.Reset.Interval, latency: net.Convention.InputLatency}
	if r := net.Reset; r.Interval > 0 {
		cell.ResetPhase = (r.Offset + k) % r.Interval
	}
	from := "input"
	if k > 0 {
		from = "layer " + net.Layers[k-1].Name
	}
	for i, at := range l.Into(n) {
		x := Synapse{layer: k - 1, From: from, Source: i, Exp: l.Exp(n), Axon: -1}
		if k > 0 {
			x.Delay = net.Layers[k-1].AxonDelay(i)
		}
		if l.SynDelay != nil {
			x.Delay += int(l.SynDelay[at])
		}
		for _, part := range []struct {
			weights []int16
			imag    bool
		}{{l.Weight, false}, {l.WeightImag, true}} {
			if part.weights != nil && part.weights[at] != 0 {
				x.Weight, x.Imag = int(part.weights[at]), part.imag
				cell.Synapses = append(cell.Synapses, x)
			}
		}
	}
	cell.sort()
	return cell
}

func (c *Cell) sort() {
	slices.SortStableFunc(c.Synapses, func(a, b Synapse) int { return a.compare(&b) })
}

// Row is a connection as each of two executors knows it; nil is not at all.
type Row struct {
	A *Synapse `json:"a"`
	B *Synapse `json:"b"`
}

// Differs reports whether only one side has the connection, or the sides weigh it differently.
func (r *Row) Differs() bool {
	return r.A == nil || r.B == nil || r.A.Weight != r.B.Weight || r.A.Exp != r.B.Exp
}

// Match puts the synapses of two executors' cells of the same neuron side by side, by source and delay.
func Match(a, b *Cell) (rows []Row) {
	x, y := a.Synapses, b.Synapses
	for len(x) > 0 || len(y) > 0 {
		var r Row
		order := 0
		switch {
		case len(x) == 0:
			order = 1
		case len(y) == 0:
			order = -1
		default:
			order = x[0].compare(&y[0])
		}
		if order <= 0 {
			r.A, x = &x[0], x[1:]
		}
		if order >= 0 {
			r.B, y = &y[0], y[1:]
		}
		rows = append(rows, r)
	}
	return rows
}
