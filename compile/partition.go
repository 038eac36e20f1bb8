package compile

import (
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

// delays returns how long the axon from source i and a synapse from there, whose
// weight stands at the given position, delay a spike.
func (w *wiring) delays(i, at int) (axon, synapse uint8) {
	d := uint8(0) // at most 62, as the check pass has seen
	if w.sourceDelay != nil {
		d = w.sourceDelay[i]
	}
	if w.SynDelay != nil {
		d += w.SynDelay[at]
	}
	if w.synaptic {
		return 0, d
	}
	return d, 0
}

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
type run struct{ layer, lo, hi, first int }

// axon is an axon into a core: the spikes of one neuron of the population
// before a layer, delayed.
type axon struct {
	layer, source int32
	delay         uint8
	weightBits    uint8
	n             int32 // synapses
	first, last   int32 // compartments of the first and the last synapse
	next          int32 // 1 + number of the next axon of this source; 0 is none
}

// share is what the partition gives to one core.
type share struct {
	usage
	runs     []run
	axons    []axon
	longest  int // longest synaptic delay
	profiles []Profile
}

// filler puts neurons on cores, one at a time, and closes a core when the next
// neuron would exceed one of its limits.
type filler struct {
	target  Target
	limits  Limits
	shares  []*share
	core    *share // the last of shares
	layer   int
	wiring  wiring
	profile Profile
	head    []int32 // by source of the layer, as share.find takes it
}

// partition decides which neurons share a core: filling one after another, in the order
// of the layers and their orders. A core that holds a neuron of layer k when it has caps[k]
// neurons takes no more of them; a cap of 0 is none.
func (b *build) partition(limits Limits, caps []int) ([]*share, error) {
	f := &filler{target: b.target, limits: limits}
	f.open()
	for k := range b.net.Layers {
		f.layer, f.wiring = k, b.wiring(k)
		f.head = make([]int32, f.wiring.fan)
		for at := range f.wiring.Out.Size() {
			o := b.neuron(k, at)
			f.profile = b.profile(k, o)
			u, longest := f.with(o)
			_, full := u.over(&limits)
			if full = full || caps[k] > 0 && u.neurons > caps[k]; full && f.core.neurons > 0 {
				f.open()
				u, longest = f.with(o)
			}
			if r, over := u.over(&limits); over {
				return nil, r.fail(f.wiring.Name, "", "neuron %d does not fit on an empty core of %s", o, b.target.Name())
			}
			f.add(o, at, u, longest)
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

// find returns the number of the axon that brings the spikes of a source with
// the given delay, −1 if there is none. head is by source: 1 + number of its
// first axon; 0 is none.
func (s *share) find(head []int32, source int, delay uint8) int {
	n := int(head[source]) - 1
	for n >= 0 && s.axons[n].delay != delay {
		n = int(s.axons[n].next) - 1
	}
	return n
}

// with returns what the core would take with neuron o of the layer on it, and
// its longest synaptic delay then.
func (f *filler) with(o int) (u usage, longest int) {
	w, c := &f.wiring, f.core
	u, longest = c.usage, c.longest
	if w.synaptic && (w.SynDelay != nil || w.sourceDelay != nil) {
		for i, at := range w.Into(o) {
			if w.Weight[at] != 0 {
				_, d := w.delays(i, at)
				longest = max(longest, int(d))
			}
		}
	}
	bits := delayBits(longest)
	store := func(a *axon) {
		words := f.words(a, bits)
		u.synapseWords += words
		u.rowWords = max(u.rowWords, words)
	}
	if bits != delayBits(c.longest) { // every row grows
		u.synapseWords = 0
		for i := range c.axons {
			store(&c.axons[i])
		}
	}
	for i, at := range w.Into(o) {
		if w.Weight[at] == 0 {
			continue
		}
		d, _ := w.delays(i, at)
		grown := axon{weightBits: uint8(w.WeightBits), first: int32(u.neurons)}
		if n := c.find(f.head, i, d); n >= 0 {
			grown = c.axons[n]
			u.synapseWords -= f.words(&grown, bits)
		} else {
			u.axonsIn++
		}
		grown.n++
		grown.last = int32(u.neurons)
		store(&grown)
	}
	u.neurons++
	u.delayAccumulators = u.neurons << bits
	if !slices.Contains(c.profiles, f.profile) {
		u.profiles++
		u.thresholds = thresholds(append(slices.Clip(c.profiles), f.profile))
	}
	return u, longest
}

// words returns what a's row takes of the synapse memory.
func (f *filler) words(a *axon, delayBits int) int {
	return f.target.RowWords(int(a.n), int(a.last-a.first)+1, int(a.weightBits), delayBits)
}

// add puts neuron o of the layer, which is at a position of its order, on the core,
// which then takes u.
func (f *filler) add(o, position int, u usage, longest int) {
	w, c := &f.wiring, f.core
	here := int32(c.neurons)
	if last := len(c.runs) - 1; last >= 0 && c.runs[last].layer == f.layer {
		c.runs[last].hi++
	} else {
		c.runs = append(c.runs, run{layer: f.layer, lo: position, hi: position + 1, first: c.neurons})
	}
	for i, at := range w.Into(o) {
		if w.Weight[at] == 0 {
			continue
		}
		d, _ := w.delays(i, at)
		n := c.find(f.head, i, d)
		if n < 0 {
			n = len(c.axons)
			c.axons = append(c.axons, axon{layer: int32(f.layer), source: int32(i), delay: d,
				weightBits: uint8(w.WeightBits), first: here, next: f.head[i]})
			f.head[i] = int32(n + 1)
		}
		c.axons[n].n++
		c.axons[n].last = here
	}
	if !slices.Contains(c.profiles, f.profile) {
		c.profiles = append(c.profiles, f.profile)
	}
	c.usage, c.longest = u, longest
}
