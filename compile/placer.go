package compile

import (
	"cmp"
	"slices"
)

// link is what two cores have to do with each other.
type link struct {
	core    int32
	out, in int32 // routes to the core and from it
	pull    int64 // how much the distance between the two counts, in spikes
}

// placer moves cores about.
type placer struct {
	*mesh
	spots   []spot
	spotX   []int32 // on the plane of all chips
	spotY   []int32
	at      []int32 // by core: its spot
	who     []int32 // by spot: its core, −1 for none
	links   [][]link
	trees   []tree
	of      [][]int32 // by core: the trees that touch it
	entries []int     // by core: axon-out entries
	most    int       // of entries
	extra   int       // entries that a route takes more across chips
	tied    []bool    // by core: it may not change its chip
}

// maxSpots is how many spots of a chip are looked at where there are more than cores.
const maxSpots = 1 << 12

// newPlacer returns the placer for the cores of b.prog, where place has put them; pull says how
// much the source of a tree and each of its listeners pull each other.
func (b *build) newPlacer(pull func(*tree) int64) *placer {
	p, l := b.prog, &b.limits
	perChip := cmp.Or(l.CoresPerChip, len(p.Cores))
	chips := (len(p.Cores) + perChip - 1) / perChip
	onChip := min(perChip, max(len(p.Cores), maxSpots)) // fewer than there are on a single chip alone
	q := &placer{mesh: newMesh(p, l), trees: p.trees(b.Rates), at: make([]int32, len(p.Cores)), extra: l.CrossChipEntries - 1,
		most: l.AxonsOut, entries: make([]int, len(p.Cores)), tied: make([]bool, len(p.Cores)), of: make([][]int32, len(p.Cores))}
	index := map[spot]int32{}
	for i := range chips * onChip {
		s := l.spot(i, perChip)
		index[s] = int32(i)
		q.spots = append(q.spots, s)
		q.spotX, q.spotY = append(q.spotX, int32(s.chip*l.Across()+s.x)), append(q.spotY, int32(s.y))
		q.who = append(q.who, -1)
	}
	widest := slices.Max(q.spotX)
	q.top, q.bottom, q.mesh.of = make([]int32, widest+1), make([]int32, widest+1), make([]int64, widest+1)
	for c := range p.Cores {
		core := &p.Cores[c]
		q.at[c] = index[core.spot()]
		q.who[q.at[c]] = int32(c)
		q.entries[c], _, _ = p.out(c, l)
		for n := range len(core.OutStart) - 1 {
			routes := core.Route[core.OutStart[n]:core.OutStart[n+1]]
			if l.RoutesPerNeuron > 0 && len(routes)*l.CrossChipEntries > l.RoutesPerNeuron {
				q.tied[c] = true
				for _, r := range routes {
					q.tied[r.Core] = true
				}
			}
		}
	}
	for i, t := range q.trees {
		q.of[t.from] = append(q.of[t.from], int32(i))
		for _, c := range t.to {
			q.of[c] = append(q.of[c], int32(i))
		}
	}
	q.link(p, pull)
	return q
}

// pullScale is the pull of one spike to one core.
const pullScale = 64

// link works out the links between cores.
func (q *placer) link(p *Program, pullOf func(*tree) int64) {
	n := len(p.Cores)
	pull, routes := make([]int64, n), make([]int32, n)
	q.links = make([][]link, n)
	next := 0 // tree of the core
	for c := range n {
		var to []int32
		for _, r := range p.Cores[c].Route {
			if int(r.Core) == c {
				continue
			}
			if routes[r.Core] == 0 {
				to = append(to, int32(r.Core))
			}
			routes[r.Core]++
		}
		for ; next < len(q.trees) && int(q.trees[next].from) == c; next++ {
			t := &q.trees[next]
			for _, d := range t.to {
				pull[d] += pullOf(t)
			}
		}
		slices.Sort(to)
		for _, d := range to {
			q.links[c] = append(q.links[c], link{core: d, out: routes[d], pull: pull[d]})
			q.links[d] = append(q.links[d], link{core: int32(c), in: routes[d], pull: pull[d]})
			pull[d], routes[d] = 0, 0
		}
	}
	for c := range q.links { // one link for both ways
		slices.SortFunc(q.links[c], func(a, b link) int { return cmp.Compare(a.core, b.core) })
		merged := q.links[c][:0]
		for _, k := range q.links[c] {
			if last := len(merged) - 1; last >= 0 && merged[last].core == k.core {
				merged[last].out += k.out
				merged[last].in += k.in
				merged[last].pull += k.pull
			} else {
				merged = append(merged, k)
			}
		}
		q.links[c] = merged
	}
}

// split shares the pull of a tree among its listeners: where these lie together, as they do in a
// good placement, a tree of any number of them is about as long as the way to one.
func split(t *tree) int64 { return pullScale * t.spikes / int64(len(t.to)) }

// move puts core c on a spot and keeps count of entries.
func (q *placer) move(c, to int32) {
	old, chip := q.spots[q.at[c]].chip, q.spots[to].chip
	if old != chip && q.extra > 0 {
		for _, k := range q.links[c] {
			other := q.spots[q.at[k.core]].chip
			step := 0
			if other == old {
				step = q.extra
			} else if other == chip {
				step = -q.extra
			}
			q.entries[c] += step * int(k.out)
			q.entries[k.core] += step * int(k.in)
		}
	}
	q.at[c], q.x[c], q.y[c] = to, q.spotX[to], q.spotY[to]
}

// swap exchanges what is on two spots, of which the first holds a core. It reports whether all
// entries still fit; where they do not, nothing has changed.
func (q *placer) swap(i, j int32) bool {
	a, b := q.who[i], q.who[j]
	if q.spots[i].chip != q.spots[j].chip && (q.tied[a] || b >= 0 && q.tied[b]) {
		return false
	}
	q.exchange(i, j)
	if q.spots[i].chip != q.spots[j].chip && !(q.fits(a) && (b < 0 || q.fits(b))) {
		q.exchange(i, j)
		return false
	}
	return true
}

func (q *placer) exchange(i, j int32) {
	a, b := q.who[i], q.who[j]
	if a >= 0 {
		q.move(a, j)
	}
	if b >= 0 {
		q.move(b, i)
	}
	q.who[i], q.who[j] = b, a
}

// fits reports whether the entries of c and of the cores that have to do with it fit.
func (q *placer) fits(c int32) bool {
	if q.most == 0 || q.extra == 0 {
		return true
	}
	if q.entries[c] > q.most {
		return false
	}
	for _, k := range q.links[c] {
		if q.entries[k.core] > q.most {
			return false
		}
	}
	return true
}

// gain is by how much the pulled distances fall when the two spots are exchanged.
func (q *placer) gain(i, j int32) (sum int64) {
	a, b := q.who[i], q.who[j]
	ix, iy, jx, jy := q.spotX[i], q.spotY[i], q.spotX[j], q.spotY[j]
	for _, k := range q.links[a] {
		if k.core != b {
			x, y := q.x[k.core], q.y[k.core]
			sum += k.pull * int64(abs(ix-x)+abs(iy-y)-abs(jx-x)-abs(jy-y))
		}
	}
	if b >= 0 {
		for _, k := range q.links[b] {
			if k.core != a {
				x, y := q.x[k.core], q.y[k.core]
				sum += k.pull * int64(abs(jx-x)+abs(jy-y)-abs(ix-x)-abs(iy-y))
			}
		}
	}
	return sum
}

func abs(x int32) int32 { return max(x, -x) }

// total returns what Traffic does.
func (q *placer) total() (sum int64) {
	for i := range q.trees {
		sum += q.trees[i].spikes * q.mesh.links(&q.trees[i])
	}
	return sum
}
