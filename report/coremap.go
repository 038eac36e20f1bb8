package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Mesh is the extent of one chip: tiles in a row, rows of tiles, cores in a
// tile, cores in all, which may leave the last tiles out. Where the cores in use reach further, as with the zero Mesh, they count.
type Mesh struct{ Width, Height, TileCores, Cores int }

// maxFree is how many cores of a chip are drawn where most are free: a finer mesh shows those in use alone.
const maxFree = 1 << 12

// CoreCell is one core in use.
type CoreCell struct {
	Chip, X, Y, Slot int // chip number, tile on its mesh, core in the tile
	Neurons          int
	Fullest          UseRow // the resource that is nearest to its limit
	Traffic          int64  // counted as TargetUse.Traffic says
}

// fill returns how full the core is, 0 where there is no limit.
func (c CoreCell) fill() float64 {
	if c.Fullest.Limit <= 0 {
		return 0
	}
	return float64(c.Fullest.Used) / float64(c.Fullest.Limit)
}

// shade is one way to colour the cores of a map.
type shade struct {
	title, unit, color, low, high string
	value                         func(CoreCell) float64 // 0..1
	label                         func(CoreCell) string
}

// CoreMap draws the cores in use where they lie on their chips, once shaded by how full they
// are and once by traffic. Each shade goes from pale to deep in one hue, so that colour vision does not matter.
func CoreMap(t TargetUse) Figure {
	title := "Cores of " + t.Name
	cells := slices.DeleteFunc(slices.Clone(t.Cells), func(c CoreCell) bool { return min(c.Chip, c.X, c.Y, c.Slot) < 0 })
	if len(cells) == 0 {
		return nothing(title, "no cores are in use")
	}
	var most, sum int64
	for _, c := range cells {
		most, sum = max(most, c.Traffic), sum+c.Traffic
	}
	tip := func(c CoreCell) string {
		use := "no limit"
		if c.Fullest.Limit > 0 {
			use = fmt.Sprintf("%s %s of %s", count(c.Fullest.Used), c.Fullest.Resource, count(c.Fullest.Limit))
		}
		return fmt.Sprintf("chip %d core %d,%d,%d: %s, %s; %s %s", c.Chip, c.X, c.Y, c.Slot, plural(c.Neurons, "neuron"), use, count(c.Traffic), t.Traffic)
	}
	var s svg
	l := newLayout(t.Mesh, cells, figureWidth/2-12)
	s.cores(0, l, cells, tip, shade{"Use", "of each core's fullest resource", blue, "empty", "full", CoreCell.fill,
		func(c CoreCell) string { return fmt.Sprintf("%.0f %%", 100*c.fill()) }})
	height := s.cores(figureWidth/2+12, l, cells, tip, shade{"Traffic", t.Traffic, orange, "0", short(most),
		func(c CoreCell) float64 { return float64(c.Traffic) / float64(max(most, 1)) },
		func(c CoreCell) string { return short(c.Traffic) }})
	return s.figure(height, title, fmt.Sprintf("%s in use, %s neurons. %s %s in all, %s on the busiest core.",
		plural(len(cells), "core"), count(neurons(cells)), count(sum), t.Traffic, count(most)))
}

// neurons counts the neurons on the cores.
func neurons(cells []CoreCell) (n int) {
	for _, c := range cells {
		n += c.Neurons
	}
	return n
}

// layout says where the cores of the chips in use are drawn. Lengths are in px.
type layout struct {
	mesh         Mesh
	chips        []int // numbers, ascending
	perRow       int   // chips side by side
	cols, rows   int   // of the cores in a tile
	core         float64
	chipW, chipH float64
	heading      float64 // room for the number above a chip
}

const (
	tileGap = 0.25 // between tiles and around them, in cores
	chipGap = 14
)

// newLayout fits the chips of the cells into a width.
func newLayout(mesh Mesh, cells []CoreCell, width float64) *layout {
	if mesh.Cores > maxFree {
		mesh = Mesh{}
	}
	l := &layout{mesh: mesh}
	for _, c := range cells {
		l.mesh.Width, l.mesh.Height = max(l.mesh.Width, c.X+1), max(l.mesh.Height, c.Y+1)
		l.mesh.TileCores = max(l.mesh.TileCores, c.Slot+1)
		l.chips = append(l.chips, c.Chip)
	}
	slices.Sort(l.chips)
	l.chips = slices.Compact(l.chips)
	l.perRow = int(math.Round(math.Sqrt(float64(len(l.chips)))))
	if len(l.chips) > 1 {
		l.heading = 18
	}
	l.cols = max(int(math.Ceil(math.Sqrt(float64(l.mesh.TileCores)))), 1)
	l.rows = (l.mesh.TileCores + l.cols - 1) / l.cols
	w := float64(l.mesh.Width)*(float64(l.cols)+tileGap) + tileGap
	h := float64(l.mesh.Height)*(float64(l.rows)+tileGap) + tileGap
	l.core = min((width-chipGap*float64(l.perRow-1))/float64(l.perRow)/w, 96, figureWidth/h)
	l.chipW, l.chipH = w*l.core, h*l.core
	return l
}

// chip returns the upper left corner of the i-th chip, from that of the map.
func (l *layout) chip(i int) (x, y float64) {
	return float64(i%l.perRow) * (l.chipW + chipGap), float64(i/l.perRow)*(l.chipH+l.heading+chipGap) + l.heading
}

// at returns the upper left corner of a core, from that of its chip.
func (l *layout) at(x, y, slot int) (float64, float64) {
	return (float64(x)*(float64(l.cols)+tileGap) + tileGap + float64(slot%l.cols)) * l.core,
		(float64(y)*(float64(l.rows)+tileGap) + tileGap + float64(slot/l.cols)) * l.core
}

// cores draws one map, its left edge at x, and returns how far down it reaches.
func (s *svg) cores(x float64, l *layout, cells []CoreCell, tip func(CoreCell) string, sh shade) float64 {
	const top, steps = 48, 5
	s.text(x, 14, bold, sh.title)
	s.text(x+112, 14, end+fill(muted)+size(11), sh.low)
	for i := range steps {
		s.rect(x+118+float64(i)*18, 4, 18, 11, fill(sh.color)+opacity(depth(float64(i)/(steps-1))))
	}
	s.text(x+118+steps*18+6, 14, fill(muted)+size(11), sh.high)
	s.text(x, 32, fill(muted)+size(11), clip(sh.unit, 72))

	gap := 0.06 * l.core
	for i, number := range l.chips {
		cx, cy := l.chip(i)
		cx, cy = cx+x, cy+top
		if l.heading > 0 {
			s.text(cx, cy-5, fill(muted)+size(11), fmt.Sprint("chip ", number))
		}
		s.rect(cx+0.5, cy+0.5, l.chipW-1, l.chipH, fill(wash)+stroke(rule, 1)+round(4))
		// A mesh too fine to see is one on which the free cores would only cost bytes.
		if all := cmp.Or(l.mesh.Cores, l.mesh.Width*l.mesh.Height*l.mesh.TileCores); l.core >= 3 && all <= maxFree {
			for k := range all {
				tile := k / l.mesh.TileCores
				dx, dy := l.at(tile%l.mesh.Width, tile/l.mesh.Width, k%l.mesh.TileCores)
				s.rect(cx+dx+gap, cy+dy+gap, l.core-2*gap, l.core-2*gap, fill(rule)+opacity(0.55))
			}
		}
	}
	for _, c := range cells {
		i, _ := slices.BinarySearch(l.chips, c.Chip)
		cx, cy := l.chip(i)
		dx, dy := l.at(c.X, c.Y, c.Slot)
		cx, cy = x+cx+dx+gap, top+cy+dy+gap
		side, v := l.core-2*gap, sh.value(c)
		s.rect(cx, cy, side, side, fill(paper))
		s.cell(cx, cy, side, side, fill(sh.color)+opacity(depth(v))+stroke(sh.color, min(1, side/12)), tip(c))
		if side >= 40 {
			s.text(cx+side/2, cy+side/2+4, middle+bold+fill(over(v)), sh.label(c))
		}
	}
	_, lowest := l.chip(len(l.chips) - 1)
	return top + lowest + l.chipH + 1 // and the lower half of its outline
}
