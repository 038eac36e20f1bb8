package report

import (
	"bytes"
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Epoch is what one epoch of training measured. A value that is negative or not
// finite was not measured.
type Epoch struct {
	TrainLoss, ValLoss         float64
	TrainAccuracy, ValAccuracy float64 // fraction of samples, 0..1
}

// curve is one line of a panel.
type curve struct {
	name, color string
	value       func(Epoch) float64
}

// Curves draws loss and, where it was measured, accuracy over the epochs, the first of
// which is epoch 1.
func Curves(epochs []Epoch) Figure {
	title, height := "Loss and accuracy", 250.0
	if len(epochs) == 0 {
		return nothing(title, "no epochs were trained")
	}
	var s svg
	s.curves(0, epochs, "Loss", func(v float64) string { return fmt.Sprintf("%.3g", v) },
		curve{"training", blue, func(e Epoch) float64 { return e.TrainLoss }},
		curve{"validation", orange, func(e Epoch) float64 { return e.ValLoss }})
	if !slices.ContainsFunc(epochs, func(e Epoch) bool { return measured(e.TrainAccuracy) || measured(e.ValAccuracy) }) {
		return s.figure(height, "Loss", plural(len(epochs), "epoch")+"; the legend gives the last value.")
	}
	s.curves(figureWidth/2+10, epochs, "Accuracy, %", func(v float64) string { return fmt.Sprintf("%.1f", v) },
		curve{"training", blue, func(e Epoch) float64 { return 100 * e.TrainAccuracy }},
		curve{"validation", orange, func(e Epoch) float64 { return 100 * e.ValAccuracy }})

	caption := plural(len(epochs), "epoch") + "; the legends give the last values."
	best := -1
	for i, e := range epochs {
		if measured(e.ValAccuracy) && (best < 0 || e.ValAccuracy > epochs[best].ValAccuracy) {
			best = i
		}
	}
	if best >= 0 {
		caption += fmt.Sprintf(" Best validation accuracy %s in epoch %d.", percent(epochs[best].ValAccuracy), best+1)
	}
	return s.figure(height, title, caption)
}

// curves draws one panel half a figure wide, with a dot on the last value of every curve.
func (s *svg) curves(x float64, epochs []Epoch, title string, format func(float64) string, curves ...curve) {
	p := newPlot("epoch", 0)
	p.X.Min, p.X.Max, p.Y.Min = 1, math.Max(2, float64(len(epochs))), 0
	legend := [][2]string{{bold, title}}
	for _, c := range curves {
		var points plotter.XYs
		for i, e := range epochs {
			if v := c.value(e); measured(v) {
				points = append(points, plotter.XY{X: float64(i + 1), Y: v})
			}
		}
		if len(points) == 0 {
			continue
		}
		last := points[len(points)-1:]
		p.Add(&plotter.Line{XYs: points, LineStyle: draw.LineStyle{Color: rgb(c.color), Width: 1.8}},
			&plotter.Scatter{XYs: last, GlyphStyle: draw.GlyphStyle{Color: rgb(c.color), Radius: 3, Shape: draw.CircleGlyph{}}})
		legend = append(legend, [2]string{fill(c.color) + bold, "    ●  "}, [2]string{fill(c.color), c.name + " " + format(last[0].Y)})
	}
	p.Y.Max = cmp.Or(min(max(p.Y.Max, 0)*1.06, math.MaxFloat64), 1)
	if strings.HasSuffix(title, "%") {
		p.Y.Max = 100
	}
	s.spans(x+4, 14, "", legend...)
	s.plot(x, 26, figureWidth/2-10, 224, p)
}

// LayerDelays holds the axonal delay of every neuron of a layer, in ticks.
type LayerDelays struct {
	Layer  string
	Delays []uint8
}

// Histogram draws how many neurons of each layer have which axonal delay. The
// layers share the axis of delays.
func Histogram(layers []LayerDelays) Figure {
	const title, rowHeight = "Axonal delays", 210
	longest, neurons := 0, 0
	for _, l := range layers {
		for _, d := range l.Delays {
			longest = max(longest, int(d))
		}
		neurons += len(l.Delays)
	}
	if neurons == 0 {
		return nothing(title, "no layer has delays")
	}
	width := longest/40 + 1 // ticks a bar
	var s svg
	for i, l := range layers {
		bins := make([]plotter.HistogramBin, longest/width+1)
		for b := range bins {
			bins[b].Min, bins[b].Max = float64(b*width)-0.5, float64((b+1)*width)-0.5
		}
		sum := 0
		for _, d := range l.Delays {
			bins[int(d)/width].Weight++
			sum += int(d)
		}
		p := newPlot("delay, ticks", 1)
		p.Add(&plotter.Histogram{Bins: bins, Width: float64(width), FillColor: rgb(green), LineStyle: draw.LineStyle{Color: rgb(paper), Width: 1}})
		p.Y.Min, p.Y.Max = 0, max(p.Y.Max*1.06, 1)
		x, y := float64(i%2)*(figureWidth/2+10), float64(i/2)*rowHeight
		s.spans(x+4, y+14, "", [2]string{bold, clip(l.Layer, 24)}, [2]string{fill(muted),
			fmt.Sprintf("    %s, mean delay %.1f ticks", plural(len(l.Delays), "neuron"), float64(sum)/float64(max(len(l.Delays), 1)))})
		s.plot(x, y+26, figureWidth/2-10, rowHeight-36, p)
	}
	caption := fmt.Sprintf("Neurons by axonal delay; the longest delay is %s.", plural(longest, "tick"))
	if width > 1 {
		caption += fmt.Sprintf(" A bar is %d ticks wide.", width)
	}
	return s.figure(float64((len(layers)+1)/2)*rowHeight-10, title, caption)
}

// newPlot returns a plot in the style of the figures. Its ticks are whole numbers
// on x, and on y no closer than closest.
func newPlot(x string, closest float64) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Tick.Label.Font = font.Font{Typeface: "Liberation", Variant: "Sans", Size: 11}
		a.Tick.Label.Color = rgb(muted)
		a.Label.TextStyle.Font, a.Label.TextStyle.Color = a.Tick.Label.Font, a.Tick.Label.Color
		a.Tick.Length, a.LineStyle.Width, a.Padding = 0, 0, 4 // the grid is line enough
	}
	p.X.Label.Text, p.X.Label.Padding = x, 3
	p.X.Tick.Marker = plot.TickerFunc(func(lo, hi float64) []plot.Tick { return axisTicks(lo, hi, 1) })
	p.Y.Tick.Marker = plot.TickerFunc(func(lo, hi float64) []plot.Tick { return axisTicks(lo, hi, closest) })
	p.Add(&plotter.Grid{Horizontal: draw.LineStyle{Color: rgb(rule), Width: 0.75}})
	return p
}

// axisTicks returns round values from lo to hi, about six and no closer than closest
// says. The ticks that plot chooses by itself are fewer, and not as round.
func axisTicks(lo, hi, closest float64) (t []plot.Tick) {
	if !(lo < hi) || math.IsInf(hi-lo, 0) {
		return nil
	}
	step := math.Pow(10, math.Floor(math.Log10((hi-lo)/6)))
	for _, more := range []float64{2, 2.5, 2} { // 1, 2, 5, 10
		if (hi-lo)/step > 7 {
			step *= more
		}
	}
	step = math.Max(step, closest)
	for k := math.Ceil(lo / step); k*step <= hi; k++ {
		v := k*step + 0 // not −0
		t = append(t, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 6, 64)})
	}
	return t
}

// plot puts p into a box of the picture.
func (s *svg) plot(x, y, w, h float64, p *plot.Plot) {
	c := vgsvg.New(vg.Length(w), vg.Length(h))
	p.Draw(draw.New(c))
	var b bytes.Buffer
	c.WriteTo(&b) // a Buffer does not fail
	// Of the file that vgsvg writes, only what is drawn; the font is the picture's.
	_, body, _ := strings.Cut(b.String(), "\n<g ")
	body = strings.ReplaceAll(strings.TrimSuffix(body, "</svg>\n"), "font-family:Liberation Sans;font-variant:normal;font-weight:normal;font-style:normal;", "")
	fmt.Fprintf(&s.b, "<g transform=\"translate(%s %s)\">\n<g %s</g>\n", num(x), num(y), body)
}

// rgb reads a colour of the figures.
func rgb(hex string) color.Color {
	c := color.RGBA{A: 255}
	fmt.Sscanf(hex, "#%02X%02X%02X", &c.R, &c.G, &c.B)
	return c
}
