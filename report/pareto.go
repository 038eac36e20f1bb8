package report

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
)

// Point is a network of some memory and accuracy.
type Point struct {
	KB       float64 // memory of the weights, 1000 bytes each
	Accuracy float64 // fraction of samples, 0..1
	Mixed    bool    // its layers have different bits
}

// Pareto draws accuracy against memory, networks of one number of bits apart from mixed
// ones. float is the accuracy without rounding, negative where it was not measured.
func Pareto(points []Point, float float64) Figure {
	const title = "Accuracy and memory"
	points = slices.DeleteFunc(slices.Clone(points), func(q Point) bool { return !measured(q.KB) || !measured(q.Accuracy) || q.KB > 1e12 || q.Accuracy > 1 })
	if len(points) == 0 {
		return nothing(title, "no networks were measured")
	}
	p := newPlot("kB of weights", 0)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 0, 100, 0
	legend := [][2]string{{bold, "Accuracy, %"}}
	for _, kind := range []struct {
		name, color string
		mixed       bool
	}{{"bits by layer", orange, true}, {"the same bits in all layers", blue, false}} {
		var xy plotter.XYs
		for _, q := range points {
			if q.Mixed == kind.mixed {
				xy = append(xy, plotter.XY{X: q.KB, Y: 100 * q.Accuracy})
			}
		}
		if len(xy) == 0 {
			continue
		}
		p.Add(&plotter.Line{XYs: xy, LineStyle: draw.LineStyle{Color: rgb(kind.color), Width: 1.2}},
			&plotter.Scatter{XYs: xy, GlyphStyle: draw.GlyphStyle{Color: rgb(kind.color), Radius: 3, Shape: draw.CircleGlyph{}}})
		legend = append(legend, [2]string{fill(kind.color) + bold, "    ●  "}, [2]string{fill(kind.color), kind.name})
	}
	if measured(float) && float <= 1 {
		p.Y.Min, p.Y.Max = math.Min(p.Y.Min, 100*float), math.Max(p.Y.Max, 100*float)
		p.Add(&plotter.Line{XYs: plotter.XYs{{X: 0, Y: 100 * float}, {X: p.X.Max * 1.05, Y: 100 * float}}, LineStyle: draw.LineStyle{Color: rgb(muted), Width: 1}})
		legend = append(legend, [2]string{fill(muted) + bold, "    —  "}, [2]string{fill(muted), "float " + percent(float)})
	}
	margin := math.Max(1, (p.Y.Max-p.Y.Min)*0.06)
	p.X.Max, p.Y.Min, p.Y.Max = math.Max(p.X.Max*1.05, 1e-3), math.Max(0, p.Y.Min-margin), math.Min(100, p.Y.Max+margin)
	var s svg
	s.spans(4, 14, "", legend...)
	s.plot(0, 26, figureWidth, 300, p)
	return s.figure(326, title, fmt.Sprintf("Accuracy of %s against the memory of their weights.", plural(len(points), "network")))
}
