package compile

import (
	"slices"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
)

// Program is a fixed network laid out on cores: the artifact that executors
// run. It refers to the layers only to say which compartment is which neuron.
type Program struct {
	Target     string // name of the target it was compiled for
	Source     string // SHA-256 of the fixed network's tensors, as its artifact records it; Compile's caller sets it
	Input      snn.Shape
	Convention fixed.Convention
	Encoding   string     // how events become input rasters; see fixed.Network
	Readout    snn.Window // the ticks in which output spikes count towards the class
	Layers     []LayerMap
	Cores      []Core
	// InputRoute lists where input neuron i's spikes go:
	// InputRoute[InputStart[i]:InputStart[i+1]].
	InputStart []uint32
	InputRoute []Route
	Manifest   Manifest
	Provenance map[string]string // where the program comes from: command, parent's hash; free-form; Compile's caller sets it
}

// LayerMap says where the neurons of a layer live.
type LayerMap struct {
	Name  string
	Shape snn.Shape
	Home  []Place // by neuron
}

// Place is a compartment: an index into Program.Cores and a neuron of that core.
type Place struct {
	Core   uint32
	Neuron uint16
}

// Core holds the tables of one core.
type Core struct {
	Chip, X, Y, Slot int // chip number, tile on the mesh, core in the tile

	// Neuron table: neuron n has parameters Profiles[Profile[n]] and bias mantissa Bias[n].
	Profiles []Profile
	Profile  []uint8
	Bias     []int16

	// Axons in: axon a delivers the row Row[a] to neurons that are Base[a] further on than
	// the row says. Axons that reach the same pattern of neurons share a row. An axon has at
	// most one source, so a tick brings at most one spike over it. Flags[a] says what is
	// particular about it; nil is nothing about any.
	Row   []uint16
	Base  []uint16
	Flags []AxonFlags
	// Rows: row r is the synapses RowStart[r]:RowStart[r+1]. Its codes are read in the sign
	// mode Mode[r] and are WeightBits[r] wide; Format[r] is how the target stores it. Every
	// row belongs to an axon.
	RowStart   []uint32
	Mode       []fixed.SignMode
	WeightBits []uint8
	Format     []RowFormat
	// Synapses. Target and the axon's base make a neuron of this core, ascending within a
	// row; Code is the weight as fixed.SignMode.Code packs it; Delay the synaptic delay in
	// ticks, nil where DelayBits is 0: 2^DelayBits ≥ longest delay + 2.
	Target    []uint16
	Code      []uint8
	Delay     []uint8
	DelayBits int // width of Delay that the core is configured for, 0..6

	// Axons out: a spike of neuron n goes to Route[OutStart[n]:OutStart[n+1]],
	// ordered by core and axon.
	OutStart []uint32
	Route    []Route
}

// flags returns what is particular about axon a.
func (c *Core) flags(a int) AxonFlags {
	if c.Flags == nil {
		return 0
	}
	return c.Flags[a]
}

// TakesGraded reports whether what input spikes carry has an effect.
func (p *Program) TakesGraded() bool {
	return slices.ContainsFunc(p.InputRoute, func(r Route) bool { return p.Cores[r.Core].flags(int(r.Axon))&GradedAxon != 0 })
}

// Route is one axon-out entry: a spike at tick t reaches axon Axon of core Core
// at t + 1 + Delay (an input spike in column t: at t + InputLatency + Delay).
type Route struct {
	Core  uint32
	Axon  uint16
	Delay uint8
}

// Profile is the set of parameters that neurons of a core share.
type Profile struct {
	Neuron    fixed.Neuron
	WeightExp int // shifts the summed weights; negative floors
	BiasExp   int
	// The state is zeroed before the update of tick t when
	// t ≡ ResetPhase modulo ResetInterval; interval 0 is never.
	ResetInterval, ResetPhase int
}

// Manifest is what the compiler says about a program.
type Manifest struct {
	Use        []Use // every resource with its limit
	Synapses   int   // connections that spikes pass, those over shared rows one by one
	Stored     int   // synapses stored
	ZeroWeight int   // connections left out because their weight is 0
	// OutputDelays counts the delayed neurons of the last layer. Nothing listens
	// to their axons, so no table holds these delays.
	OutputDelays int
	Unverified   bool `json:",omitempty"` // the target's limits are not confirmed: see Limits
}

// Use is the use of one resource. A resource that every core has is shown for
// the fullest core.
type Use struct {
	Resource    string // "neurons", "axons in", …
	Core        int    // fullest core, the first of several; −1 for a resource of the whole target
	Used, Limit int64  // a limit of 0 is none
}

// Synapses returns where the row of an axon begins and ends in Target, Code and Delay.
func (c *Core) Synapses(axon int) (lo, hi uint32) {
	r := int(c.Row[axon])
	return c.RowStart[r], c.RowStart[r+1]
}
