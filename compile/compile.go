package compile

import "github.com/isospike/isospike/snn/fixed"

// maxRounds bounds how often the partition is done again with smaller cores
// because a core had too few axon-out entries.
const maxRounds = 16

// build is the work on one network.
type build struct {
	net     *fixed.Network // of real weights: see realParts
	complex []bool         // by layer: its weights were complex
	target  Target
	limits  Limits    // bounded by what the tables can number
	orders  [][]int32 // of the neurons, by layer, as the partition cut them up; nil is that of their numbers
	shares  []*share
	prog    *Program

	Options

	cuts       map[cutKey]cuts
	groupOrder [][]int32 // of each convolution's kernel groups, by the delay bits that they need; nil is that of their numbers
	groupBits  [][]int   // these bits, in that order
	byDelay    [][]int32 // orders of dense layers; nil is that of their numbers
}

// Compile lays net out on the cores of t. The passes, in this order:
//
//	check      layer parameters, delays and sums against the target and the number formats
//	partition  which neurons share a core
//	allocate   compartment and axon numbers within the cores
//	place      chip, tile and slot of every core, one after another
//	route      axons out; when a core has too few entries, the passes from
//	           partition on are repeated with fewer neurons on such cores
//	improve    cores that talk move close to each other
//	encode     neuron tables and synapse rows
//	manifest   how much of every resource is used
//
// The same network and target give the same Program. An error is a *diag.Error:
// Input for a network that is not valid, Limit for one that the target cannot
// hold. The axonal delays of the last layer reach no synapse and are not stored;
// the manifest counts them.
func Compile(net *fixed.Network, t Target) (*Program, error) { return CompileWith(net, t, Options{}) }

// Options say what a layout goes by.
type Options struct {
	Rates    *Rates // how often the neurons spike; nil: all alike
	Baseline Baseline
}

// Baseline is a layout to measure Compile's against, under the same limits.
type Baseline int

// The zero value is Compile's own layout.
const (
	// Sequential puts cores on chips in the order of their numbers, and on them the neurons of
	// dense layers in that of theirs, and the rows of a convolution's plane one after another.
	Sequential Baseline = iota + 1
	// EdgeCut clusters neurons greedily by edge cut and places cores greedily by distance.
	EdgeCut
)

// CompileWith is Compile with options. Rates that are not those of net's layers are an Input error.
func CompileWith(net *fixed.Network, t Target, o Options) (*Program, error) {
	if err := net.Validate(); err != nil {
		return nil, err
	}
	b := newBuild(net, t)
	b.Options = o
	if err := b.check(); err != nil {
		return nil, err
	}
	if err := b.checkRates(); err != nil {
		return nil, err
	}
	if err := b.layoutBest(); err != nil {
		return nil, err
	}
	b.encode()
	b.manifest()
	return b.prog, nil
}

func newBuild(net *fixed.Network, t Target) *build {
	b := &build{net: realParts(net), target: t, limits: t.Limits().bounded(), cuts: map[cutKey]cuts{},
		byDelay: make([][]int32, len(net.Layers)), groupOrder: make([][]int32, len(net.Layers)), groupBits: make([][]int, len(net.Layers))}
	for k := range net.Layers {
		b.complex = append(b.complex, net.Layers[k].WeightImag != nil)
	}
	return b
}

// layoutBest lays dense layers out in the order of their neurons or, where that saves cores, in
// that of their delays.
func (b *build) layoutBest() error {
	caps := make([]int, len(b.net.Layers))
	for k := range b.net.Layers {
		if b.Baseline != Sequential {
			b.groupOrder[k], b.groupBits[k] = b.groupDelays(k)
		}
	}
	err := b.layout(caps)
	if b.Baseline == Sequential || b.Baseline == EdgeCut {
		return err
	}
	plain, any := *b, false
	for k := range b.net.Layers {
		b.byDelay[k] = b.delayOrder(k)
		any = any || b.byDelay[k] != nil
	}
	if !any {
		return err
	}
	if e := b.layout(caps); e != nil || err == nil && len(b.shares) >= len(plain.shares) {
		*b = plain
		return err
	}
	return nil
}

// layout runs the passes that decide where everything lies, until the axons out fit. It begins
// with the given neurons a core for each layer, 0 for any number, and lowers them.
func (b *build) layout(caps []int) error {
	var first error // why the first layout does not hold
	for range maxRounds {
		var err error
		partition := b.partition
		if b.Baseline == EdgeCut {
			partition = b.partitionByEdgeCut
		}
		if b.shares, err = partition(b.limits, caps); err != nil {
			return err
		}
		b.allocate()
		if err = b.place(); err != nil {
			if first != nil {
				return first // more cores were only the way out of it
			}
			return err
		}
		b.route()
		if b.Baseline == EdgeCut {
			b.placeGreedily()
		}
		if err = b.checkRoutes(); err == nil {
			if b.Baseline == 0 {
				b.improve()
			}
			return nil
		}
		if first == nil {
			first = err
		}
		if !b.lowerCaps(caps) {
			break
		}
	}
	return first
}

// allocate numbers compartments and axons: compartments in the order of the
// layers and in a layer of its order, axons by layer, source and delay.
func (b *build) allocate() {
	p := &Program{
		Target: b.target.Name(), Input: b.net.Input, Convention: b.net.Convention, Encoding: b.net.Encoding, Readout: b.net.Readout,
		Layers: make([]LayerMap, len(b.net.Layers)), Cores: make([]Core, len(b.shares)),
	}
	for k := range b.net.Layers {
		l := &b.net.Layers[k]
		p.Layers[k] = LayerMap{Name: l.Name, Shape: l.Out, Home: make([]Place, l.Out.Size())}
	}
	for c, s := range b.shares {
		for _, r := range s.runs {
			for at := r.lo; at < r.hi; at++ {
				p.Layers[r.layer].Home[b.neuron(r.layer, at)] = Place{Core: uint32(c), Neuron: uint16(r.first + at - r.lo)}
			}
		}
		s.sortAxons()
	}
	b.prog = p
}

// profile returns the parameters of neuron o of layer k.
func (b *build) profile(k, o int) Profile {
	l := &b.net.Layers[k]
	p := Profile{Neuron: l.Neuron, WeightExp: l.Exp(o)}
	if l.BiasMant != nil {
		p.BiasExp = l.BiasExp
	}
	// fixed.Network.ResetsAt in terms of the tick alone.
	if r := b.net.Reset; r.Interval > 0 {
		p.ResetInterval = r.Interval
		p.ResetPhase = (r.Offset%r.Interval + k) % r.Interval
	}
	return p
}

// neuron returns the neuron of a layer at a position of its order.
func (b *build) neuron(layer, position int) int {
	if order := b.orders[layer]; order != nil {
		return int(order[position])
	}
	return position
}
