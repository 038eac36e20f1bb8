package loihi

import "github.com/isospike/isospike/compile"

// Meter counts the events of a program's runs. It is a sim.Observer, of one run at a time.
type Meter struct {
	*wiring
	cells   []Events // by cell; Updates are in ticks
	ticks   int64
	time    int64   // tenths of a ns
	slowest []int64 // by core: ticks that waited for it
	busy    []int64 // by core: tenths of a ns
	now     []int64 // by core, in this tick
	way     []int64 // by core: longest way of a message in this tick
}

// wiring is what a Meter must know of a program.
type wiring struct {
	model   *Model
	program *compile.Program
	parts   []cell
	axons   [][]row    // by core and axon
	sources [][]source // by core and neuron
	neurons []int64    // by core
	barrier int64
}

// cell is the part of a layer that is on a core.
type cell struct{ core, layer int }

// row is what an arrival sets off.
type row struct {
	cell   int32
	events Events
	time   int64
}

// source is what a spike sets off.
type source struct {
	cell   int32
	events Events
	time   int64
	way    int64 // of its farthest message
}

// NewMeter returns a Meter for p, which is for chip c.
func NewMeter(p *compile.Program, c *Chip, m *Model) *Meter {
	w := &wiring{model: m, program: p, axons: make([][]row, len(p.Cores)), sources: make([][]source, len(p.Cores)), neurons: make([]int64, len(p.Cores))}
	limits := c.Limits()
	home := make([][]int32, len(p.Cores)) // the cell of each compartment
	for i := range p.Cores {
		home[i] = make([]int32, len(p.Cores[i].Profile))
		w.neurons[i] = int64(len(home[i]))
	}
	for k := range p.Layers {
		of := map[uint32]int32{}
		for _, h := range p.Layers[k].Home {
			if _, ok := of[h.Core]; !ok {
				of[h.Core] = int32(len(w.parts))
				w.parts = append(w.parts, cell{int(h.Core), k})
			}
			home[h.Core][h.Neuron] = of[h.Core]
		}
	}
	tiles := map[[3]int]bool{}
	onChip, most := map[int]int64{}, int64(0)
	for i := range p.Cores {
		core := &p.Cores[i]
		if t := [3]int{core.Chip, core.X, core.Y}; !tiles[t] {
			tiles[t] = true
			onChip[core.Chip]++
			most = max(most, onChip[core.Chip])
		}
		w.axons[i], w.sources[i] = rows(core, home[i], m), make([]source, len(core.Profile))
		x, y := core.On(&limits)
		for n := range core.Profile {
			s := source{cell: home[i][n], events: Events{Spikes: 1}}
			for _, r := range core.Route[core.OutStart[n]:core.OutStart[n+1]] {
				tx, ty := p.Cores[r.Core].On(&limits)
				e := Events{EastWest: abs(tx - x), NorthSouth: abs(ty - y)}
				if x == tx && y == ty {
					e.InTile = 1
				}
				s.way = max(s.way, cost(&e, &m.time))
				e.Messages = 1
				s.events.add(&e)
			}
			sent := Events{Spikes: 1, Messages: s.events.Messages}
			s.time = cost(&sent, &m.time)
			w.sources[i][n] = s
		}
	}
	w.barrier = m.barrier(most)
	return w.meter()
}

func abs(x int) int64 { return int64(max(x, -x)) }

// rows returns what the axons of a core set off.
func rows(c *compile.Core, home []int32, m *Model) []row {
	all := make([]row, len(c.Row))
	axons := make([]int, len(c.Mode)) // by row
	for _, r := range c.Row {
		axons[r]++
	}
	for a := range all {
		e := &all[a].events
		e.Arrived = 1
		if lo, hi := c.Synapses(a); lo < hi {
			all[a].cell = home[c.Base[a]+c.Target[lo]] // an axon is of one layer
			n := e.passed(c.Format[c.Row[a]], axons[c.Row[a]] > 1)
			*n = int64(hi - lo)
		}
		all[a].time = cost(e, &m.time)
	}
	return all
}

// passed returns the count of synapses in rows of a format.
func (e *Events) passed(format compile.RowFormat, shared bool) *int64 {
	switch {
	case shared:
		return &e.Shared
	case format == compile.Dense:
		return &e.Dense
	}
	return &e.Sparse
}

func (w *wiring) meter() *Meter {
	n := len(w.neurons)
	return &Meter{wiring: w, cells: make([]Events, len(w.parts)), slowest: make([]int64, n), busy: make([]int64, n), now: make([]int64, n), way: make([]int64, n)}
}

// Clone returns another Meter of the program, with nothing counted.
func (m *Meter) Clone() *Meter { return m.meter() }

// Arrived implements sim.Observer.
func (m *Meter) Arrived(core, axon int) {
	r := &m.axons[core][axon]
	m.cells[r.cell].add(&r.events)
	m.now[core] += r.time
}

// Active implements sim.Observer.
func (m *Meter) Active(core, neuron int) {
	m.cells[m.sources[core][neuron].cell].Active++
	m.now[core] += m.model.time[1]
}

// Spiked implements sim.Observer.
func (m *Meter) Spiked(core, neuron int) {
	s := &m.sources[core][neuron]
	m.cells[s.cell].add(&s.events)
	m.now[core] += s.time
	m.way[core] = max(m.way[core], s.way)
}

// Ticked implements sim.Observer. A tick lasts until its slowest core is done and all are in step.
func (m *Meter) Ticked() {
	slowest, most := 0, int64(-1)
	for c := range m.now {
		t := m.now[c] + m.neurons[c]*m.model.time[0] + m.way[c]
		m.busy[c] += t
		if t > most {
			slowest, most = c, t
		}
		m.now[c], m.way[c] = 0, 0
	}
	m.slowest[slowest]++
	m.time += most + m.barrier
	m.ticks++
}

// Add adds what another Meter of the same program has counted.
func (m *Meter) Add(other *Meter) {
	for i := range m.cells {
		m.cells[i].add(&other.cells[i])
	}
	for c := range m.slowest {
		m.slowest[c] += other.slowest[c]
		m.busy[c] += other.busy[c]
	}
	m.ticks, m.time = m.ticks+other.ticks, m.time+other.time
}
