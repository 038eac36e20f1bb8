package compile

import (
	"math/bits"
	"slices"

	"github.com/isospike/isospike/snn/fixed"
)

// wiring is a layer's synapses as the target wants them: a delay lies with the
// synapse or with the axon, never with both.
type wiring struct {
	*fixed.Layer
	fan         int
	sourceDelay []uint8 // axonal delays of the inputs; nil is none
	synaptic    bool    // the target has synaptic delays
}

// synapse is a connection as the tables have it: what its axon and its entry of the row say.
type synapse struct {
	axonDelay uint8
	mode      fixed.SignMode
	code      uint8
	delay     uint8
}

// synapse returns the connection from source i whose weight, not 0, stands at a position.
func (w *wiring) synapse(i, at int) synapse {
	s := synapse{mode: w.Mode}
	x := w.Weight[at]
	if w.WeightBits == fixed.MaxWeightBits(fixed.Mixed) { // the axon has the sign
		if s.mode = fixed.Excitatory; x < 0 {
			s.mode = fixed.Inhibitory
		}
	}
	s.code = s.mode.Code(x)
	d := uint8(0) // at most 62, as the check pass has seen
	if w.sourceDelay != nil {
		d = w.sourceDelay[i]
	}
	if w.SynDelay != nil {
		d += w.SynDelay[at]
	}
	if w.synaptic {
		s.delay = d
	} else {
		s.axonDelay = d
	}
	return s
}

// bits returns how wide the codes of the layer are.
func (w *wiring) bits() uint8 { return uint8(min(w.WeightBits, 8)) }

// modes returns the sign modes of the layer's axons.
func (w *wiring) modes() []fixed.SignMode {
	if w.WeightBits == fixed.MaxWeightBits(fixed.Mixed) {
		return []fixed.SignMode{fixed.Excitatory, fixed.Inhibitory}
	}
	return []fixed.SignMode{w.Mode}
}

// delayed reports whether any connection may be delayed.
func (w *wiring) delayed() bool { return w.SynDelay != nil || w.sourceDelay != nil }

// wiring returns the synapses into layer k.
func (b *build) wiring(k int) wiring {
	l := &b.net.Layers[k]
	w := wiring{Layer: l, fan: l.In.Size(), synaptic: b.limits.SynapticDelay}
	if k > 0 {
		w.sourceDelay = b.net.Layers[k-1].Delay
		if w.sourceDelay != nil && b.complex[k] {
			w.sourceDelay = make([]uint8, w.fan)
			for i := range w.sourceDelay {
				source, _ := b.origin(k, i)
				w.sourceDelay[i] = b.net.Layers[k-1].Delay[source]
			}
		}
	}
	return w
}

// run is the neurons at positions lo..hi−1 of a layer's order, compartments first.. of their core.
type run struct {
	layer, lo, hi, first int
	patch                *patch // nil in a dense layer
}

// part is what a patch takes of a core: axons, and the rows that they refer to.
type part struct {
	axons []axon
	store *rowStore
}

// axon is an axon into a core: the spikes of one neuron of the population
// before a layer, delayed.
type axon struct {
	layer, source int32
	delay         uint8
	mode          fixed.SignMode
	base          uint16
	row           int32 // of share.rows
	next          int32 // 1 + number of the next axon of this source; 0 is none
}

// share is what the partition gives to one core.
type share struct {
	usage
	runs     []run
	axons    []axon
	rows     []rowHead
	longest  int // longest synaptic delay
	profiles []Profile
}

// filler puts neurons on cores and closes a core when what comes next would exceed one of its limits.
type filler struct {
	*build
	limits  Limits
	caps    []int // neurons of a core that holds a neuron of the layer; 0 is no bound
	shares  []*share
	core    *share // the last of shares
	layer   int
	wiring  wiring
	profile Profile
	grown   []rowHead
	head    []int32 // by source of the layer, as share.find takes it
}

// partition decides which neurons share a core, layer by layer. A core that holds a neuron
// of layer k when it has caps[k] neurons takes no more of them; a cap of 0 is none.
func (b *build) partition(limits Limits, caps []int) ([]*share, error) {
	f := &filler{build: b, limits: limits, caps: caps}
	b.orders = slices.Clone(b.byDelay)
	f.open()
	for k := range b.net.Layers {
		f.layer, f.wiring = k, b.wiring(k)
		f.wiring.synaptic = limits.SynapticDelay
		fill := f.fillNeurons
		if f.wiring.Kernel != nil {
			fill = f.fillPatches
		}
		if err := fill(); err != nil {
			return nil, err
		}
	}
	return f.shares, nil
}

// open begins a new core.
func (f *filler) open() {
	f.core = &share{}
	f.shares = append(f.shares, f.core)
	clear(f.head)
}

// over returns the first resource of which u is too much for a core that holds a neuron of
// the layer.
func (f *filler) over(u *usage) (resource, bool) {
	if most := f.caps[f.layer]; most > 0 && u.neurons > most {
		return resource{}, true
	}
	return u.over(&f.limits)
}

// fillNeurons puts the neurons of a dense layer on cores, one after another.
func (f *filler) fillNeurons() error {
	f.head = make([]int32, f.wiring.fan)
	for at := range f.wiring.Out.Size() {
		o := f.neuron(f.layer, at)
		f.profile = f.build.profile(f.layer, o)
		u, longest := f.with(o)
		if _, full := f.over(&u); full && f.core.neurons > 0 {
			f.open()
			u, longest = f.with(o)
		}
		if r, over := u.over(&f.limits); over {
			return f.noRoom(r, o)
		}
		f.add(o, at, u, longest)
	}
	return nil
}

func (f *filler) noRoom(r resource, o int) error {
	return r.fail(f.target, f.wiring.Name, "", "neuron %d does not fit on an empty core of %s", o, f.target.Name())
}

// find returns the number of the axon that brings the spikes of a source with the given
// delay and signs, −1 if there is none. head is by source: 1 + number of its first axon; 0
// is none.
func (s *share) find(head []int32, source int, x synapse) int {
	n := int(head[source]) - 1
	for n >= 0 && (s.axons[n].delay != x.axonDelay || s.axons[n].mode != x.mode) {
		n = int(s.axons[n].next) - 1
	}
	return n
}

// with returns what the core would take with neuron o of the layer on it, and
// its longest synaptic delay then.
func (f *filler) with(o int) (u usage, longest int) {
	w, c := &f.wiring, f.core
	u, longest = c.usage, c.longest
	exp := w.Exp(o)
	for i, at := range w.Into(o) {
		if w.Weight[at] == 0 {
			continue
		}
		x := w.synapse(i, at)
		longest = max(longest, int(x.delay))
		grown := RowShape{WeightBits: w.bits()}
		if n := c.find(f.head, i, x); n >= 0 {
			grown = c.rows[c.axons[n].row].shape
			before, _ := f.target.RowWords(&grown)
			u.fineWords -= before
		} else {
			u.axonsIn++
		}
		grown.Add(u.neurons, exp, x.delay)
		words, _ := f.target.RowWords(&grown)
		u.fineWords += words
		u.fineRow = max(u.fineRow, words)
	}
	u.neurons++
	u.delayAccumulators = u.neurons << delayBits(longest)
	f.countProfiles(&u, []Profile{f.profile})
	u.synapseWords, u.rowWords = u.fineWords, u.fineRow
	if f.manyFormats(1 << (exp + 8)) {
		rows := append(f.grown[:0], c.rows...)
		for i, at := range w.Into(o) {
			if w.Weight[at] == 0 {
				continue
			}
			x := w.synapse(i, at)
			if n := c.find(f.head, i, x); n >= 0 {
				rows[c.axons[n].row].shape.Add(c.neurons, exp, x.delay)
			} else {
				rows = append(rows, rowHead{x.mode, w.bits(), RowShape{WeightBits: w.bits()}})
				rows[len(rows)-1].shape.Add(c.neurons, exp, x.delay)
			}
		}
		f.countFormats(&u, rows)
		f.grown = rows
	}
	return u, longest
}

// countFormats counts the formats of a core's rows, and their words where their fields must be alike.
func (f *filler) countFormats(u *usage, rows []rowHead) {
	if u.formats = formats(f.target, rows); u.formats > f.build.limits.Formats {
		rows = alike(rows)
		u.synapseWords, u.rowWords = words(f.target, rows)
		u.formats = formats(f.target, rows)
	}
}

// manyFormats reports whether the core and synapses of the layer to neurons of the given
// exponents might have more synapse formats than there are: a sparse, a dense and four
// run-length ones for each combination of signs, weight bits and exponent, of three widths where
// there are delays.
func (f *filler) manyFormats(exps uint16) bool {
	most := f.build.limits.Formats // not f.limits, so that a network on the one core there is has them counted
	if most == 0 {
		return false
	}
	seen := map[[2]uint8]uint16{}
	for _, r := range f.core.runs {
		l := f.build.wiring(r.layer)
		for _, m := range l.modes() {
			for _, p := range f.core.profiles {
				seen[[2]uint8{uint8(m), FieldBits(l.bits())}] |= 1 << (p.WeightExp + 8)
			}
		}
	}
	for _, m := range f.wiring.modes() {
		seen[[2]uint8{uint8(m), FieldBits(f.wiring.bits())}] |= exps
	}
	n := 0
	for _, e := range seen {
		n += 6 * bits.OnesCount16(e)
	}
	if f.wiring.synaptic && (f.wiring.delayed() || f.core.longest > 0) {
		n *= 3
	}
	return n > most
}

// countProfiles counts those of the core and the given ones.
func (f *filler) countProfiles(u *usage, more []Profile) {
	all := f.core.profiles
	for _, p := range more {
		if !slices.Contains(all, p) {
			all = append(slices.Clip(all), p)
		}
	}
	if len(all) > len(f.core.profiles) {
		u.profiles, u.thresholds, u.decayOffsets = len(all), thresholds(all), decayOffsets(all)
	}
}

// add puts neuron o of the layer, which is at a position of its order, on the core,
// which then takes u.
func (f *filler) add(o, position int, u usage, longest int) {
	w, c := &f.wiring, f.core
	here := c.neurons
	if last := len(c.runs) - 1; last >= 0 && c.runs[last].layer == f.layer {
		c.runs[last].hi++
	} else {
		c.runs = append(c.runs, run{layer: f.layer, lo: position, hi: position + 1, first: here})
	}
	exp := w.Exp(o)
	for i, at := range w.Into(o) {
		if w.Weight[at] == 0 {
			continue
		}
		x := w.synapse(i, at)
		n := c.find(f.head, i, x)
		if n < 0 {
			n = len(c.axons)
			c.axons = append(c.axons, axon{layer: int32(f.layer), source: int32(i), delay: x.axonDelay, mode: x.mode,
				row: int32(len(c.rows)), next: f.head[i]})
			c.rows = append(c.rows, rowHead{x.mode, w.bits(), RowShape{WeightBits: w.bits()}})
			f.head[i] = int32(n + 1)
		}
		c.rows[c.axons[n].row].shape.Add(here, exp, x.delay)
	}
	f.addProfiles([]Profile{f.profile})
	c.usage, c.longest = u, longest
}

func (f *filler) addProfiles(more []Profile) {
	for _, p := range more {
		if !slices.Contains(f.core.profiles, p) {
			f.core.profiles = append(f.core.profiles, p)
		}
	}
}
