package compile

import (
	"cmp"
	"slices"

	"github.com/isospike/isospike/snn/fixed"
)

// patch is a box of a convolution's neurons: columns x[0] to x[1]−1, rows y[0] to y[1]−1 and
// c[0] to c[1]−1 of the output channels, whose kernel groups stand in the order of their delays.
//
// Its compartments are numbered group by group of the kernel, then row by row and pixel by
// pixel, the channels of a pixel side by side: what a source reaches are runs as wide as
// its kernel's row, and sources that see the same part of the kernel reach the same pattern.
type patch struct{ x, y, c [2]int }

func (p patch) size() int { return (p.x[1] - p.x[0]) * (p.y[1] - p.y[0]) * (p.c[1] - p.c[0]) }

// group is the channels of a patch in one group of the kernel.
type group struct {
	c     [2]int // output channels
	in    int    // first input channel
	first int    // compartment of the patch
}

// groupsOf returns the groups that a patch of layer k has channels of, in its order.
func (b *build) groupsOf(k int, p patch) (gs []group) {
	l := &b.net.Layers[k]
	og, ig, first := l.Out.C/l.Kernel.Groups, l.In.C/l.Kernel.Groups, 0
	for c := p.c[0]; c < p.c[1]; {
		end := min(p.c[1], (c/og+1)*og)
		g := c / og
		if b.groupOrder != nil && b.groupOrder[k] != nil {
			g = int(b.groupOrder[k][g])
		}
		gs = append(gs, group{[2]int{g*og + c%og, g*og + (end-1)%og + 1}, g * ig, first})
		first += (p.x[1] - p.x[0]) * (p.y[1] - p.y[0]) * (end - c)
		c = end
	}
	return gs
}

// patchNeurons returns the neurons of a patch of layer k by compartment.
func (b *build) patchNeurons(k int, p patch) []int32 {
	l, order := &b.net.Layers[k], make([]int32, 0, p.size())
	for _, g := range b.groupsOf(k, p) {
		for y := p.y[0]; y < p.y[1]; y++ {
			for x := p.x[0]; x < p.x[1]; x++ {
				for c := g.c[0]; c < g.c[1]; c++ {
					order = append(order, int32((c*l.Out.H+y)*l.Out.W+x))
				}
			}
		}
	}
	return order
}

// reach is what an input column or row sees of a patch: from the patch's column (or row)
// first on, pairs of a distance from there and the kernel's column.
type reach struct {
	input, first, class int
	at                  [][2]int
}

// reaches returns what the inputs along an axis see of the patch's neurons o[0] to o[1]−1, those that
// see any; equal ones are of one class.
func reaches(k *fixed.Kernel, axis, in, out int, o [2]int) (rs []reach) {
	var classes [][][2]int
	first, last := o[0]*k.Stride[axis]-k.Padding[axis], (o[1]-1)*k.Stride[axis]-k.Padding[axis]+(k.Size[axis]-1)*k.Dilation[axis]
	for i := max(first, 0); i <= min(last, in-1); i++ {
		r := reach{input: i}
		for x := k.Size[axis] - 1; x >= 0; x-- {
			if n, ok := k.Place(axis, i, x, out); ok && n >= o[0] && n < o[1] {
				if len(r.at) == 0 {
					r.first = n - o[0]
				}
				r.at = append(r.at, [2]int{n - o[0] - r.first, x})
			}
		}
		if len(r.at) == 0 {
			continue
		}
		r.class = slices.IndexFunc(classes, func(c [][2]int) bool { return slices.Equal(c, r.at) })
		if r.class < 0 {
			r.class, classes = len(classes), append(classes, r.at)
		}
		rs = append(rs, r)
	}
	return rs
}

// view is all that the rows of a source depend on, but for the place of its first neuron.
type view struct {
	in, x, y int32 // input channel, classes
	delay    uint8
}

// viewed is the rows of a view.
type viewed struct {
	from int // neuron that the sources' patterns begin at
	rows []kindRow
}

// kindRow is the row of a source with one axonal delay and one sign mode.
type kindRow struct {
	row
	axonDelay uint8
	stored    map[uint16]int32 // number of the stored row, by its first target
}

// patchRows lays the neurons of a patch of layer k on compartments from first on and returns
// the axons and rows that it takes.
func (b *build) patchRows(limits *Limits, k int, p patch, first int) *part {
	w := b.wiring(k)
	w.synaptic = limits.SynapticDelay
	l, kernel := w.Layer, w.Kernel
	out := &part{store: newRowStore(limits)}
	xs := reaches(kernel, 0, l.In.W, l.Out.W, p.x)
	ys := reaches(kernel, 1, l.In.H, l.Out.H, p.y)
	width := p.x[1] - p.x[0]
	views := map[view]*viewed{}
	for _, g := range b.groupsOf(k, p) {
		channels := g.c[1] - g.c[0]
		for j := range l.In.C / kernel.Groups {
			for _, y := range ys {
				for _, x := range xs {
					source := ((g.in+j)*l.In.H+y.input)*l.In.W + x.input
					v := view{in: int32(g.in + j), x: int32(x.class), y: int32(y.class)}
					if w.sourceDelay != nil {
						v.delay = w.sourceDelay[source]
					}
					at := first + g.first + (y.first*width+x.first)*channels
					rows := views[v]
					if rows == nil || l.NeuronExp != nil {
						rows = &viewed{from: at, rows: b.viewRows(&w, p, g, j, source, x, y, at)}
						views[v] = rows
					}
					for i := range rows.rows {
						out.axon(int32(k), int32(source), &rows.rows[i], at-rows.from)
					}
				}
			}
			if kernel.Groups == l.In.C { // no other channel has these views
				clear(views)
			}
		}
	}
	return out
}

// axon adds the axon of a source whose row is r moved by some compartments.
func (p *part) axon(layer, source int32, r *kindRow, moved int) {
	n, base := p.store.place(r, moved)
	p.axons = append(p.axons, axon{layer: layer, source: source, delay: r.axonDelay, mode: r.mode, row: n, base: base})
}

// viewRows returns the rows of a source whose pattern in the patch begins at a compartment.
func (b *build) viewRows(w *wiring, p patch, g group, j, source int, x, y reach, at int) (rows []kindRow) {
	width, channels := p.x[1]-p.x[0], g.c[1]-g.c[0]
	l, kernel := w.Layer, w.Kernel
	ig := l.In.C / kernel.Groups
	for _, dy := range y.at {
		for _, dx := range x.at {
			for c := range channels {
				position := (((g.c[0]+c)*ig+j)*kernel.Size[1]+dy[1])*kernel.Size[0] + dx[1]
				if l.Weight[position] == 0 {
					continue
				}
				exp := l.WeightExp
				if l.NeuronExp != nil {
					exp = int(l.NeuronExp[((g.c[0]+c)*l.Out.H+p.y[0]+y.first+dy[0])*l.Out.W+p.x[0]+x.first+dx[0]])
				}
				s := w.synapse(source, position)
				i := slices.IndexFunc(rows, func(r kindRow) bool { return r.axonDelay == s.axonDelay && r.mode == s.mode })
				if i < 0 {
					i = len(rows)
					rows = append(rows, kindRow{axonDelay: s.axonDelay, row: row{mode: s.mode, weightBits: w.bits()}, stored: map[uint16]int32{}})
				}
				r := &rows[i]
				r.target = append(r.target, uint16(at+(dy[0]*width+dx[0])*channels+c))
				r.code, r.delay, r.exp = append(r.code, s.code), append(r.delay, s.delay), append(r.exp, int8(exp))
			}
		}
	}
	slices.SortFunc(rows, func(a, b kindRow) int {
		return cmp.Or(cmp.Compare(a.axonDelay, b.axonDelay), cmp.Compare(a.mode, b.mode))
	})
	return rows
}
