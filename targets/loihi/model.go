package loihi

import (
	"slices"
	"strings"

	"github.com/isospike/isospike/snn/diag"
)

// Events are what cores did that costs energy or time.
type Events struct {
	Updates    int64 `json:"updates"`           // of neurons: all of them in every tick
	Active     int64 `json:"active_updates"`    // of these, of neurons that were not at rest or that something moved
	Spikes     int64 `json:"spikes"`            // of the neurons
	Dense      int64 `json:"synapses_dense"`    // synapses passed in rows of the dense format
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
