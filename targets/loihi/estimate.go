package loihi

import (
	"fmt"
	"slices"
	"strings"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn/diag"
)

// Events are what cores did that costs energy or time.
type Events struct {
	Updates    int64 `json:"updates"`           // of neurons: all of them in every tick
	Active     int64 `json:"active_updates"`    // of these, of neurons that were not at rest or that something moved
	Spikes     int64 `json:"spikes"`            // of the neurons
	Dense      int64 `json:"synapses_dense"`    // synapses passed in rows without gaps
	Sparse     int64 `json:"synapses_sparse"`   // and in other rows
	Shared     int64 `json:"synapses_shared"`   // and in rows that several axons share, as those of convolutions
	Arrived    int64 `json:"messages_received"` // from cores and from outside
	Messages   int64 `json:"messages_sent"`     // one for every axon out of a neuron that spikes
	InTile     int64 `json:"messages_in_tile"`  // of these, to cores of the same tile
	EastWest   int64 `json:"hops_ew"`           // of all messages, each on its own way: first along its row, then its column
	NorthSouth int64 `json:"hops_ns"`
}

// each returns the counts as a list, in the order of Model's costs.
func (e *Events) each() [11]*int64 {
	return [...]*int64{&e.Updates, &e.Active, &e.Spikes, &e.Dense, &e.Sparse, &e.Shared, &e.Arrived, &e.Messages, &e.InTile, &e.EastWest, &e.NorthSouth}
}

func (e *Events) add(other *Events) {
	to := e.each()
	for i, n := range other.each() {
		*to[i] += *n
	}
}

// Model is what events cost.
type Model struct {
	Name   string
	Source string
	energy [11]int64 // in tenths of a pJ
	time   [11]int64 // in tenths of a ns; hops and messages in the tile are those of the longest way
	sync   [][2]int64
}

// The costs of Events, in the order of its fields. An active update costs its inactive one and more.
var models = []Model{
	{Name: "davies2018", Source: "Davies et al., IEEE Micro 38(1), 2018, table 2: simulated before there was silicon, at 0.75 V",
		energy: [...]int64{520, 810 - 520, 0, 236, 236, 236, 0, 0, 17, 30, 40},
		time:   [...]int64{53, 84 - 53, 0, 35, 35, 35, 0, 0, 21, 41, 65},
		sync:   [][2]int64{{1, 1130}, {32, 4650}}},
	{Name: "sanafe", Source: "SANA-FE (Boyle et al. 2023), arch/loihi.yaml at 8951ab0: fitted to measurements of a Nahuku board",
		energy: [...]int64{512, 216, 693, 355, 336, 240, 0, 1110, 0, 30, 42},
		time:   [...]int64{60, 37, 300, 38, 47, 31, 160, 51, 0, 41, 65},
		sync:   [][2]int64{{1, 6000}, {2, 10000}, {4, 14000}, {29, 18000}}},
}

// Models returns the names of the models there are.
func Models() (names []string) {
	for _, m := range models {
		names = append(names, m.Name)
	}
	return names
}

// ModelOf returns the model of a name, a Usage error where there is none.
func ModelOf(name string) (*Model, error) {
	i := slices.IndexFunc(models, func(m Model) bool { return m.Name == name })
	if i < 0 {
		return nil, diag.Usagef("usage", "there is no model %q", name).WithFix("estimate with %s", strings.Join(Models(), " or "))
	}
	return &models[i], nil
}

// cost returns the sum of events × cost.
func cost(e *Events, each *[11]int64) (sum int64) {
	for i, n := range e.each() {
		sum += *n * each[i]
	}
	return sum
}

// barrier returns what it takes to bring that many tiles in step, between the model's points on
// straight lines.
func (m *Model) barrier(tiles int64) int64 {
	last := m.sync[0]
	for _, p := range m.sync {
		if tiles <= p[0] {
			return last[1] + (p[1]-last[1])*(tiles-last[0])/max(p[0]-last[0], 1)
		}
		last = p
	}
	return last[1]
}

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
	all := make([]row, len(c.Mode))
	for a := range all {
		all[a].events.Arrived = 1
		if target := c.Target[c.RowStart[a]:c.RowStart[a+1]]; len(target) > 0 {
			all[a].cell = home[target[0]] // an axon is of one layer
			if n := len(target); int(target[n-1]-target[0]) == n-1 {
				all[a].events.Dense = int64(n)
			} else {
				all[a].events.Sparse = int64(n)
			}
		}
		all[a].time = cost(&all[a].events, &m.time)
	}
	return all
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
