package compile

import (
	"cmp"
	"slices"
)

// growth clusters neurons so that few edges are cut: the partition of EdgeCut. A core grows by
// the neuron, of whatever layer, that lowers the cut the most, until that neuron does not fit;
// it is then the first of the next core. That is the greedy graph growing with which METIS begins
// (Karypis and Kumar 1998, section 3.2), held to the limits of a core. An edge is a synapse
// between two neurons; it weighs what its source spikes, in sixteenths of the busiest one and at
// least one.
type growth struct {
	*build
	base    []int32 // by layer: number of its first neuron among all; the number of all at the end
	start   []int64 // by neuron: its edges outward are out[start:next start]
	out     []int32
	weight  []int32 // by neuron: of each of its edges outward
	degree  []int32 // by neuron: weight of all its edges
	inside  []int32 // by neuron: weight of its edges to the core that grows
	placed  []bool
	reached []int32 // neurons whose inside is not 0
	queue   *buckets
}

// partitionByEdgeCut is partition for EdgeCut. It sets the orders of the layers.
func (b *build) partitionByEdgeCut(limits Limits, caps []int) ([]*share, error) {
	g := b.newGrowth()
	for k := range b.net.Layers {
		b.orders[k] = make([]int32, 0, b.net.Layers[k].Out.Size())
	}
	trial, final := newMixer(b, limits, caps), newMixer(b, limits, caps)
	var members []int32
	settle := func() error {
		// The neurons of a layer stand together, so that rows have no more gaps than they must.
		slices.SortFunc(members, func(v, w int32) int { return cmp.Compare(v, w) })
		final.begin()
		for _, v := range members {
			k := g.layer(v)
			b.orders[k] = append(b.orders[k], v-g.base[k])
			if err := final.place(k, len(b.orders[k])-1); err != nil {
				return err
			}
		}
		members = members[:0]
		trial.shares = nil
		trial.begin()
		g.restart()
		return nil
	}
	trial.begin()
	lowest := int32(0)
	for range g.placed {
		v := g.queue.most()
		if v < 0 { // nothing that is left has to do with the core
			for g.placed[lowest] {
				lowest++
			}
			v = lowest
		}
		k := g.layer(v)
		o := int(v - g.base[k])
		if len(members) > 0 && !trial.fits(k, o) {
			if err := settle(); err != nil {
				return nil, err
			}
		}
		if err := trial.put(k, o, 0); err != nil {
			return nil, err
		}
		members = append(members, v)
		g.take(v)
	}
	return final.shares, settle()
}

// newGrowth reads the edges.
func (b *build) newGrowth() *growth {
	g := &growth{build: b, base: []int32{0}}
	for k := range b.net.Layers {
		g.base = append(g.base, g.base[k]+int32(b.net.Layers[k].Out.Size()))
	}
	n := g.base[len(b.net.Layers)]
	g.start, g.weight, g.degree = make([]int64, n+1), make([]int32, n), make([]int32, n)
	g.inside, g.placed = make([]int32, n), make([]bool, n)
	busiest := int64(1)
	if b.Rates != nil {
		for _, s := range b.Rates.Spikes {
			busiest = max(busiest, slices.Max(s))
		}
	}
	for k := range b.net.Layers {
		for o := range b.net.Layers[k].Out.Size() {
			g.weight[g.base[k]+int32(o)] = 1
			if b.Rates != nil {
				g.weight[g.base[k]+int32(o)] = int32(max(1, 16*b.Rates.Spikes[k][o]/busiest))
			}
		}
	}
	g.edges(func(from, _ int32) { g.start[from]++ })
	sum := int64(0)
	for v, n := range g.start {
		g.start[v] = sum
		sum += n
	}
	g.out = make([]int32, sum)
	g.edges(func(from, to int32) {
		g.out[g.start[from]] = to
		g.start[from]++
		g.degree[from] += g.weight[from]
		g.degree[to] += g.weight[from]
	})
	copy(g.start[1:], g.start)
	g.start[0] = 0
	g.queue = newBuckets(int(n), int(slices.Max(g.degree)))
	return g
}

// edges gives all edges, by target.
func (g *growth) edges(edge func(from, to int32)) {
	for k := 1; k < len(g.net.Layers); k++ {
		l := &g.net.Layers[k]
		for o := range l.Out.Size() {
			for i, at := range l.Into(o) {
				if l.Weight[at] != 0 {
					source, _ := g.origin(k, i)
					edge(g.base[k-1]+int32(source), g.base[k]+int32(o))
				}
			}
		}
	}
}

// layer returns the layer of neuron v.
func (g *growth) layer(v int32) int {
	k, found := slices.BinarySearch(g.base, v)
	if !found {
		return k - 1
	}
	for g.base[k+1] == v { // a layer without neurons
		k++
	}
	return k
}

// take puts v on the core that grows.
func (g *growth) take(v int32) {
	g.placed[v] = true
	g.queue.remove(v)
	for _, w := range g.out[g.start[v]:g.start[v+1]] {
		g.reach(w, g.weight[v])
	}
	k := g.layer(v)
	if k == 0 {
		return
	}
	l := &g.net.Layers[k]
	for i, at := range l.Into(int(v - g.base[k])) {
		if l.Weight[at] != 0 {
			source, _ := g.origin(k, i)
			u := g.base[k-1] + int32(source)
			g.reach(u, g.weight[u])
		}
	}
}

// reach adds an edge between v and the core.
func (g *growth) reach(v, weight int32) {
	if g.placed[v] {
		return
	}
	if g.inside[v] == 0 {
		g.reached = append(g.reached, v)
	} else {
		g.queue.remove(v)
	}
	g.inside[v] += weight
	g.queue.add(v, int(2*g.inside[v]-g.degree[v])) // by how much the cut falls
}

// restart begins another core.
func (g *growth) restart() {
	for _, v := range g.reached {
		g.inside[v] = 0
		g.queue.remove(v)
	}
	g.reached = g.reached[:0]
}

// mixer is a filler that takes neurons of all layers in any order.
type mixer struct {
	filler
	build   *build
	caps    []int
	cap     int // the least of the layers on the core, 0 is none
	wirings []wiring
	heads   [][]int32
}

func newMixer(b *build, limits Limits, caps []int) *mixer {
	m := &mixer{filler: filler{target: b.target, limits: limits}, build: b, caps: caps}
	for k := range b.net.Layers {
		m.wirings = append(m.wirings, b.wiring(k))
		m.heads = append(m.heads, make([]int32, m.wirings[k].fan))
	}
	return m
}

// begin opens a core.
func (m *mixer) begin() {
	if m.core != nil {
		for i := range m.core.axons {
			m.heads[m.core.axons[i].layer][m.core.axons[i].source] = 0
		}
	}
	m.cap, m.head = 0, nil
	m.open()
}

// try returns what the core takes with neuron o of layer k, and whether that is too much.
func (m *mixer) try(k, o int) (u usage, longest int, full bool) {
	m.layer, m.wiring, m.head, m.profile = k, m.wirings[k], m.heads[k], m.build.profile(k, o)
	u, longest = m.with(o)
	_, full = u.over(&m.limits)
	return u, longest, full || m.cap > 0 && u.neurons > m.cap || m.caps[k] > 0 && u.neurons > m.caps[k]
}

// fits reports whether neuron o of layer k has room on the core.
func (m *mixer) fits(k, o int) bool {
	_, _, full := m.try(k, o)
	return !full
}

// place puts the neuron at a position of layer k's order on the core, or on the next.
func (m *mixer) place(k, position int) error {
	o := m.build.neuron(k, position)
	if m.core.neurons > 0 && !m.fits(k, o) {
		m.begin()
	}
	return m.put(k, o, position)
}

// put puts neuron o of layer k, at a position of its order, on the core.
func (m *mixer) put(k, o, position int) error {
	u, longest, _ := m.try(k, o)
	if r, over := u.over(&m.limits); over {
		return r.fail(m.wiring.Name, "", "neuron %d does not fit on an empty core of %s", o, m.target.Name())
	}
	m.add(o, position, u, longest)
	if c := m.caps[k]; c > 0 && (m.cap == 0 || c < m.cap) {
		m.cap = c
	}
	return nil
}

// buckets holds neurons by a gain from −most to most, and knows a neuron of the largest gain.
// All operations but most take constant time: lists that are linked both ways, one for each gain
// (Fiduccia and Mattheyses 1982).
type buckets struct {
	offset     int
	first      []int32 // by gain: 1 + the neuron last added, 0 is none
	next, prev []int32 // by neuron: 1 + its neighbour in the list
	gain       []int32 // by neuron: 1 + its place in first, 0 where it is in no list
	top        int     // no neuron has a larger gain
}

func newBuckets(neurons, most int) *buckets {
	return &buckets{offset: most, first: make([]int32, 2*most+1), next: make([]int32, neurons), prev: make([]int32, neurons), gain: make([]int32, neurons)}
}

func (b *buckets) add(v int32, gain int) {
	at := gain + b.offset
	b.top = max(b.top, at)
	b.gain[v], b.prev[v], b.next[v] = int32(at+1), 0, b.first[at]
	if f := b.first[at]; f > 0 {
		b.prev[f-1] = v + 1
	}
	b.first[at] = v + 1
}

// remove takes v out, if it is in.
func (b *buckets) remove(v int32) {
	if b.gain[v] == 0 {
		return
	}
	if p := b.prev[v]; p > 0 {
		b.next[p-1] = b.next[v]
	} else {
		b.first[b.gain[v]-1] = b.next[v]
	}
	if n := b.next[v]; n > 0 {
		b.prev[n-1] = b.prev[v]
	}
	b.gain[v] = 0
}

// most returns a neuron of the largest gain, −1 if there is none.
func (b *buckets) most() int32 {
	for ; b.top >= 0; b.top-- {
		if v := b.first[b.top]; v > 0 {
			return v - 1
		}
	}
	b.top = 0
	return -1
}
