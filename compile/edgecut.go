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
	b.orders = make([][]int32, len(b.net.Layers))
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
		u, longest, full := trial.try(k, o)
		if full && len(members) > 0 {
			if err := settle(); err != nil {
				return nil, err
			}
			u, longest, _ = trial.try(k, o)
		}
		if err := trial.put(o, 0, u, longest); err != nil {
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
