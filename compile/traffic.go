package compile

import "slices"

// at returns where a core lies on the plane of all chips, which stand in a row.
func (c *Core) at(l *Limits) (x, y int) { return c.Chip*max(l.MeshWidth, 1) + c.X, c.Y }

// Traffic returns the links that a spike of every neuron passes, each once, on the mesh
// of t: a spike goes along its row and then along columns to all cores that listen,
// and a link that several of its copies share counts once. Inputs come from outside
// and do not count.
func (p *Program) Traffic(t Target) int64 {
	l := t.Limits().bounded()
	total := int64(0)
	type column struct{ x, top, bottom int }
	var columns []column
	for c := range p.Cores {
		core := &p.Cores[c]
		x, y := core.at(&l)
		for n := range len(core.OutStart) - 1 {
			left, right := x, x
			columns = columns[:0]
			for _, r := range core.Route[core.OutStart[n]:core.OutStart[n+1]] {
				tx, ty := p.Cores[r.Core].at(&l)
				left, right = min(left, tx), max(right, tx)
				i := slices.IndexFunc(columns, func(c column) bool { return c.x == tx })
				if i < 0 {
					i, columns = len(columns), append(columns, column{tx, y, y})
				}
				columns[i].top, columns[i].bottom = min(columns[i].top, ty), max(columns[i].bottom, ty)
			}
			total += int64(right - left)
			for _, c := range columns {
				total += int64(c.bottom - c.top)
			}
		}
	}
	return total
}

// link is how many axons go from one core to another, or come from it.
type link struct {
	core  int32
	axons int32
}

// links counts the axons between cores, both ways.
func (b *build) links() [][]link {
	between := make([][]link, len(b.shares))
	add := func(from, to int32, n int32) {
		between[from] = append(between[from], link{to, n})
	}
	count := make([]int32, len(b.shares))
	for d, s := range b.shares {
		var sources []int32
		for i := range s.axons {
			a := &s.axons[i]
			if a.layer == 0 {
				continue
			}
			source, _ := b.origin(int(a.layer), int(a.source))
			c := int32(b.prog.Layers[a.layer-1].Home[source].Core)
			if count[c] == 0 {
				sources = append(sources, c)
			}
			count[c]++
		}
		for _, c := range sources {
			if int(c) != d {
				add(c, int32(d), count[c])
				add(int32(d), c, count[c])
			}
			count[c] = 0
		}
	}
	return between
}

// maxPasses bounds how often improve goes over all pairs of cores.
const maxPasses = 12

// improve exchanges the places of cores of a chip, pair by pair and as long as that
// shortens the sum of axons × distance, so that cores which talk lie close. Pairs are tried
// in a fixed order. Chips keep their cores: entries for axons across chips stay as they are.
func (b *build) improve() {
	cores, between := b.prog.Cores, b.links()
	l := &b.limits
	x, y := make([]int, len(cores)), make([]int, len(cores))
	for c := range cores {
		x[c], y[c] = cores[c].at(l)
	}
	length := func(c, other int, cx, cy int) (sum int) {
		for _, k := range between[c] {
			if int(k.core) == other { // the distance between the two stays
				continue
			}
			sum += int(k.axons) * (abs(cx-x[k.core]) + abs(cy-y[k.core]))
		}
		return sum
	}
	for range maxPasses {
		moved := false
		for i := range cores {
			for j := i + 1; j < len(cores) && cores[j].Chip == cores[i].Chip; j++ {
				if x[i] == x[j] && y[i] == y[j] {
					continue
				}
				now := length(i, j, x[i], y[i]) + length(j, i, x[j], y[j])
				if length(i, j, x[j], y[j])+length(j, i, x[i], y[i]) < now {
					x[i], x[j], y[i], y[j] = x[j], x[i], y[j], y[i]
					a, b := &cores[i], &cores[j]
					a.X, b.X, a.Y, b.Y, a.Slot, b.Slot = b.X, a.X, b.Y, a.Y, b.Slot, a.Slot
					moved = true
				}
			}
		}
		if !moved {
			return
		}
	}
}

func abs(x int) int { return max(x, -x) }
