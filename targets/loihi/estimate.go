package loihi

import "fmt"

// Estimate is what a program's runs might take on a chip. Events are those of all samples together,
// energy and time a sample's mean.
type Estimate struct {
	Model   string  `json:"model"`
	Source  string  `json:"source"`
	Samples int64   `json:"samples"`
	Ticks   int64   `json:"ticks"` // of all samples
	Energy  float64 `json:"energy_pj"`
	Time    float64 `json:"time_ns"`
	Barrier float64 `json:"barrier_ns"` // of a tick
	Events  Events  `json:"events"`
	Cores   []Part  `json:"cores"`
	Layers  []Part  `json:"layers"`
}

// Part is the share of a core or of a layer.
type Part struct {
	Name   string  `json:"name"`
	Energy float64 `json:"energy_pj"`
	// Of a core: the time it is not waiting, and the ticks of all samples that waited for it alone.
	Busy    float64 `json:"busy_ns,omitempty"`
	Slowest int64   `json:"slowest_ticks,omitempty"`
	Events  Events  `json:"events"`
}

// Estimate returns the estimate for what has been counted, in that many samples.
func (m *Meter) Estimate(samples int64) *Estimate {
	each := func(tenths int64) float64 { return float64(tenths) / 10 / float64(max(samples, 1)) }
	e := &Estimate{Model: m.model.Name, Source: m.model.Source, Samples: samples, Ticks: m.ticks, Time: each(m.time), Barrier: float64(m.barrier) / 10}
	for c := range m.program.Cores {
		core := &m.program.Cores[c]
		e.Cores = append(e.Cores, Part{Name: fmt.Sprintf("%d (chip %d core %d,%d,%d)", c, core.Chip, core.X, core.Y, core.Slot), Busy: each(m.busy[c]), Slowest: m.slowest[c]})
	}
	for k := range m.program.Layers {
		e.Layers = append(e.Layers, Part{Name: m.program.Layers[k].Name})
	}
	size := make([]int64, len(m.cells)) // neurons
	for c := range m.sources {
		for n := range m.sources[c] {
			size[m.sources[c][n].cell]++
		}
	}
	for i, at := range m.parts {
		counted := m.cells[i]
		counted.Updates = size[i] * m.ticks
		for _, to := range []*Events{&e.Events, &e.Cores[at.core].Events, &e.Layers[at.layer].Events} {
			to.add(&counted)
		}
	}
	e.Energy = each(cost(&e.Events, &m.model.energy))
	for _, parts := range [][]Part{e.Cores, e.Layers} {
		for i := range parts {
			parts[i].Energy = each(cost(&parts[i].Events, &m.model.energy))
		}
	}
	return e
}
