package report

import (
	"fmt"
	"image/color"
	"io"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Probe is what one neuron did in a run.
type Probe struct {
	Name      string  // "layer 1, neuron 5"
	U, V      []int32 // by tick; nil where they were not recorded
	Threshold int64   // 0 is none
	Spikes    []int   // ticks
	From      int     // the first tick
	Ticks     int     // how many
}

// probeHeight is the height of a probe's panel in px.
const probeHeight = 190

// Probes draws u, v, the threshold and the spikes of neurons, one below the other over the same ticks.
func Probes(probes []Probe) Figure {
	const title = "Probes"
	if len(probes) == 0 {
		return nothing(title, "no neuron was chosen")
	}
	var s svg
	plots, shift := plotsOf(probes)
	for i := range probes {
		p, y := &probes[i], float64(i)*(probeHeight+26)
		s.spans(4, y+14, "", [2]string{bold, clip(p.Name, 40)}, [2]string{fill(muted), "    " + plural(len(p.Spikes), "spike") + "    "},
			[2]string{fill(blue) + bold, "v  "}, [2]string{fill(orange) + bold, "u  "}, [2]string{fill(red) + bold, "threshold  "}, [2]string{fill(green) + bold, "spikes"})
		s.plot(shift[i], y+22, figureWidth-shift[i], probeHeight, plots[i])
	}
	return s.figure(float64(len(probes))*(probeHeight+26), title, "Registers after each tick, v after its reset; a spike is a mark at the top.")
}

// ProbesPNG draws the same as a bitmap; the names of the neurons are titles.
func ProbesPNG(w io.Writer, probes []Probe) error {
	img := vgimg.NewWith(vgimg.UseWH(figureWidth, vg.Length(max(1, len(probes))*(probeHeight+26))), vgimg.UseDPI(144), vgimg.UseBackgroundColor(color.White))
	plots, shift := plotsOf(probes)
	for i, p := range plots {
		p.Title.Text = fmt.Sprintf("%s: v blue, u orange, threshold red, spikes green", clip(probes[i].Name, 40))
		p.Title.TextStyle.Font = p.X.Tick.Label.Font
		top := vg.Length(len(probes)-i) * (probeHeight + 26)
		area := draw.New(img)
		area.Rectangle = vg.Rectangle{Min: vg.Point{X: vg.Length(shift[i]), Y: top - probeHeight - 26}, Max: vg.Point{X: figureWidth, Y: top}}
		p.Draw(area)
	}
	_, err := vgimg.PngCanvas{Canvas: img}.WriteTo(w)
	return err
}

// plotsOf returns the panels, and how far right each begins so that their axes of time lie below each other, whatever width the labels take.
func plotsOf(probes []Probe) (plots []*plot.Plot, shift []float64) {
	widest := 0.0
	for i := range probes {
		p := probes[i].plot()
		box := draw.New(vgsvg.New(figureWidth, probeHeight))
		left := float64(p.DataCanvas(box).Min.X - box.Min.X)
		plots, shift, widest = append(plots, p), append(shift, left), max(widest, left)
	}
	for i := range shift {
		shift[i] = widest - shift[i]
	}
	return plots, shift
}

func (p *Probe) plot() *plot.Plot {
	pl := newPlot("tick", 1)
	pl.X.Min, pl.X.Max = float64(p.From), float64(p.From+max(p.Ticks, 1))
	low, high := int64(0), max(p.Threshold, 1)
	for _, r := range [][]int32{p.U, p.V} {
		if len(r) > 0 {
			low, high = min(low, int64(slices.Min(r))), max(high, int64(slices.Max(r)))
		}
	}
	span := float64(high - low)
	pl.Y.Min, pl.Y.Max = float64(low)-0.04*span, float64(high)+0.14*span
	line := func(points plotter.XYs, c string, width vg.Length, dashes ...vg.Length) {
		pl.Add(&plotter.Line{XYs: points, LineStyle: draw.LineStyle{Color: rgb(c), Width: width, Dashes: dashes}})
	}
	if p.Threshold != 0 {
		line(plotter.XYs{{X: pl.X.Min, Y: float64(p.Threshold)}, {X: pl.X.Max, Y: float64(p.Threshold)}}, red, 1, 4, 3)
	}
	for _, r := range []struct {
		v []int32
		c string
	}{{p.U, orange}, {p.V, blue}} {
		var points plotter.XYs
		for t, x := range r.v {
			points = append(points, plotter.XY{X: float64(p.From + t), Y: float64(x)})
		}
		if len(points) > 0 {
			line(points, r.c, 1.2)
		}
	}
	for _, t := range p.Spikes {
		line(plotter.XYs{{X: float64(t), Y: float64(high) + 0.04*span}, {X: float64(t), Y: float64(high) + 0.12*span}}, green, 1.4)
	}
	return pl
}
