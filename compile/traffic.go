package compile

import (
	"cmp"
	"encoding/binary"
)

// On returns the tile of c on the plane of all chips of a target, which stand in a row, one next to the other.
func (c *Core) On(l *Limits) (x, y int) { return c.Chip*l.Across() + c.X, c.Y }

// Across returns how many columns of tiles a chip has: no more than it has tiles.
func (l *Limits) Across() int {
	tiles := (l.CoresPerChip + max(l.TileCores, 1) - 1) / max(l.TileCores, 1)
	if tiles == 0 { // all cores are on one chip
		return max(l.MeshWidth, 1)
	}
	return min(cmp.Or(l.MeshWidth, tiles), tiles)
}

// Traffic returns the links that the spikes of r pass on the mesh of t, in sum: a spike
// goes along its row and then along columns to all cores that listen, and a link that
// several of its copies share counts once. A step from chip to chip is a link as well.
// Inputs come from outside and do not count. The error is that of rates which are not
// those of p's layers.
func (p *Program) Traffic(t Target, r *Rates) (total int64, err error) {
	cores, err := p.CoreTraffic(t, r)
	for _, n := range cores {
		total += n
	}
	return total, err
}

// CoreTraffic returns what each core contributes to Traffic: the links that the spikes of its neurons
// pass.
func (p *Program) CoreTraffic(t Target, r *Rates) ([]int64, error) {
	if err := p.checkRates(r); err != nil {
		return nil, err
	}
	l := t.Limits().bounded()
	m := newMesh(p, &l)
	cores := make([]int64, len(p.Cores))
	for _, n := range p.trees(r) {
		cores[n.from] += n.spikes * m.links(&n)
	}
	return cores, nil
}

// tree is what neurons of a core have in common: the other cores that listen to them.
type tree struct {
	from   int32
	to     []int32 // ascending
	spikes int64   // of these neurons
}

// trees lists the trees of all neurons that other cores listen to, by core. Neurons of a
// core with the same listeners have one tree together.
func (p *Program) trees(r *Rates) (all []tree) {
	spikes := p.spikes(r)
	var key []byte
	var to []int32
	for c := range p.Cores {
		core := &p.Cores[c]
		known := map[string]int{}
		for n := range len(core.OutStart) - 1 {
			key, to = key[:0], to[:0]
			for _, r := range core.Route[core.OutStart[n]:core.OutStart[n+1]] {
				if d := int32(r.Core); int(d) != c && (len(to) == 0 || to[len(to)-1] != d) {
					to, key = append(to, d), binary.LittleEndian.AppendUint32(key, r.Core)
				}
			}
			if len(to) == 0 {
				continue
			}
			i, ok := known[string(key)]
			if !ok {
				i = len(all)
				known[string(key)] = i
				all = append(all, tree{from: int32(c), to: append([]int32(nil), to...)})
			}
			all[i].spikes += spikes[c][n]
		}
	}
	return all
}

// mesh knows where cores lie, and counts links.
type mesh struct {
	x, y []int32 // by core
	// By column of the plane: the rows that the tree at hand reaches there, of the tree
	// whose number is in of.
	top, bottom []int32
	of          []int64
	tree        int64
}

// newMesh returns the mesh of l with the cores of p where they are.
func newMesh(p *Program, l *Limits) *mesh {
	m := &mesh{x: make([]int32, len(p.Cores)), y: make([]int32, len(p.Cores))}
	widest := 0
	for c := range p.Cores {
		x, y := p.Cores[c].On(l)
		m.x[c], m.y[c] = int32(x), int32(y)
		widest = max(widest, x)
	}
	m.top, m.bottom, m.of = make([]int32, widest+1), make([]int32, widest+1), make([]int64, widest+1)
	return m
}

// links returns how many links a spike passes on its way along n.
func (m *mesh) links(n *tree) (sum int64) {
	m.tree++
	x, y := m.x[n.from], m.y[n.from]
	left, right := x, x
	for _, c := range n.to {
		cx, cy := m.x[c], m.y[c]
		left, right = min(left, cx), max(right, cx)
		if m.of[cx] != m.tree {
			m.of[cx], m.top[cx], m.bottom[cx] = m.tree, y, y
		}
		if cy < m.top[cx] {
			sum += int64(m.top[cx] - cy)
			m.top[cx] = cy
		} else if cy > m.bottom[cx] {
			sum += int64(cy - m.bottom[cx])
			m.bottom[cx] = cy
		}
	}
	return sum + int64(right-left)
}
