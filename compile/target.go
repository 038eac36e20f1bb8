package compile

import (
	"math"
	"slices"

	"github.com/isospike/isospike/snn"
)

// Target is what the compiler must know of a chip or board.
type Target interface {
	// Name is the name that users give: "loihi1", "icebreaker".
	Name() string
	// Limits returns the amounts there are. Compile and Verify ask for them, and
	// they must stay the same.
	Limits() Limits
	// RowWords returns how many words of synapse memory a row takes in the format
	// that takes the fewest, and which that is. It must not fall as a row grows.
	// Partitioning asks it for every row that a neuron is added to.
	RowWords(r *RowShape) (words int, format RowFormat)
}

// Limits are the amounts of a target. A limit of 0 is none. The keys are those
// of the [limits] table in a chip file.
type Limits struct {
	Chips             int  `toml:"chips"`
	CoresPerChip      int  `toml:"cores_per_chip"`
	MeshWidth         int  `toml:"mesh_width"`         // tiles in a row of the mesh; tiles are numbered row by row
	TileCores         int  `toml:"tile_cores"`         // cores that share a tile
	Neurons           int  `toml:"neurons"`            // a core
	AxonsIn           int  `toml:"axons_in"`           // a core
	AxonsOut          int  `toml:"axons_out"`          // entries a core
	CrossChipEntries  int  `toml:"cross_chip_entries"` // entries that an axon to another chip takes; 0 is 1
	RoutesPerNeuron   int  `toml:"routes_per_neuron"`  // axon-out entries of one neuron
	SynapseWords      int  `toml:"synapse_words"`      // words of synapse memory a core
	RowWords          int  `toml:"row_words"`          // words of one axon's row
	SharedRows        bool `toml:"shared_rows"`        // axons can share a row
	MaxBase           int  `toml:"max_base"`           // largest base that an axon adds to the targets of its row
	Formats           int  `toml:"synapse_formats"`    // a core: see formats
	Profiles          int  `toml:"profiles"`           // a core
	Thresholds        int  `toml:"thresholds"`         // different thresholds among a core's profiles
	DecayOffsets      int  `toml:"decay_offsets"`      // a core: see decayOffsets
	MaxVTh            int  `toml:"max_v_th"`           // largest threshold mantissa
	SynapticDelay     bool `toml:"synaptic_delay"`     // delays are stored with the synapses, else in the routes
	MaxDelay          int  `toml:"max_delay"`          // longest delay in ticks, axonal and synaptic together
	DelayAccumulators int  `toml:"delay_accumulators"` // a core: neurons × 2^(delay bits)
	PeriodicReset     bool `toml:"periodic_reset"`     // the target can zero neurons periodically
	GradedSpikes      bool `toml:"graded_spikes"`      // spikes can carry messages that multiply weights
	Unverified        bool `toml:"unverified"`         // no source confirms all of these amounts
	// NeuronKinds are the kinds of neuron there are, as fixed.Neuron.Kind names them; none listed is all.
	NeuronKinds []string `toml:"neuron_kinds"`
}

// has reports whether the target has neurons of a kind.
func (l *Limits) has(kind string) bool {
	return len(l.NeuronKinds) == 0 || slices.Contains(l.NeuronKinds, kind)
}

// What the tables of a Program can number, whatever the target offers.
const (
	maxNeurons  = math.MaxUint16 + 1
	maxAxons    = math.MaxUint16 + 1
	maxProfiles = math.MaxUint8 + 1
	// maxConnections bounds the work that a program asks of those who go through all of its
	// connections, however few rows they share.
	maxConnections = 1 << 31
)

// bounded returns l with the limits of the tables where it has none or larger ones.
func (l Limits) bounded() Limits {
	for _, b := range []struct {
		limit *int
		top   int
	}{{&l.Neurons, maxNeurons}, {&l.AxonsIn, maxAxons}, {&l.Profiles, maxProfiles}, {&l.MaxDelay, snn.MaxDelay}} {
		if *b.limit == 0 || *b.limit > b.top {
			*b.limit = b.top
		}
	}
	l.CrossChipEntries = max(l.CrossChipEntries, 1)
	return l
}
