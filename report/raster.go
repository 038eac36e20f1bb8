package report

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/isospike/isospike/snn/spike"
)

// Population is one band of a raster: the spikes of some neurons.
type Population struct {
	Name   string
	Spikes *spike.Raster // nil is no neurons
	// Channels of a camera's input, the slowest index of its neurons. With 2, the
	// first half are OFF events and the second half ON, and coloured so.
	Channels int
	Labels   []string // names of the neurons, of an output layer; nil is none
}

// ticks and neurons are the extent of the spikes, also where there is no raster.
func (p *Population) ticks() int {
	if p.Spikes == nil {
		return 0
	}
	return max(p.Spikes.Ticks(), 0)
}

func (p *Population) neurons() int {
	if p.Spikes == nil {
		return 0
	}
	return max(p.Spikes.Neurons, 0)
}

// Sample is one input on its way through the network.
type Sample struct {
	Name              string       // "sample 17 of the test set"
	TickMS            float64      // ms a tick; the axis of time counts ticks where this is not positive
	From              int          // the first tick
	Populations       []Population // top to bottom, input to output
	Label, Prediction int          // classes: neurons of the last population; −1 where there is none
}

// Margins of a raster in px, for names at the left and spike counts at the right.
const (
	rasterLeft  = 64
	rasterRight = 96
	rasterWidth = figureWidth - rasterLeft - rasterRight
)

// Raster draws the spikes of a sample, population below population, over a common axis of time.
func Raster(sample Sample) Figure {
	title := "Spikes"
	if sample.Name != "" {
		title += " of " + sample.Name
	}
	length, spikes := 0, 0
	for i := range sample.Populations {
		p := &sample.Populations[i]
		if length = max(length, p.ticks()); p.Spikes != nil {
			spikes += p.Spikes.Count()
		}
	}
	if length == 0 {
		return nothing(title, "no ticks were recorded")
	}
	step, unit := 1.0, "ticks"
	if sample.TickMS > 0 && measured(sample.TickMS) {
		step, unit = sample.TickMS, "ms"
	}
	from := float64(sample.From)
	times := axisTicks(from*step, (from+float64(length))*step, 0)
	at := func(v float64) float64 { return rasterLeft + (v/step-from)/float64(length)*rasterWidth }
	var s svg
	y := 0.0
	for i := range sample.Populations {
		p := &sample.Populations[i]
		h := p.height()
		heading := [][2]string{{bold, clip(p.Name, 40)}, {fill(muted), fmt.Sprintf("    %s, %s", plural(p.neurons(), "neuron"), p.rate())}}
		output := i == len(sample.Populations)-1
		if output {
			heading = append(heading, sample.outcome()...)
		}
		s.spans(rasterLeft, y+14, "", heading...)
		y += 22
		s.rect(rasterLeft, y, rasterWidth, h, fill(wash))
		for _, t := range times {
			s.line(at(t.Value), y, at(t.Value), y+h, stroke(rule, 0.75))
		}
		s.band(p, y, h, float64(length), &sample, output)
		y += h + 12
	}
	for _, t := range times {
		s.text(at(t.Value), y+6, fill(muted)+middle+size(11), t.Label)
	}
	s.text(rasterLeft+rasterWidth/2, y+24, fill(muted)+middle+size(11), "time, "+unit)
	caption := fmt.Sprintf("%s in %s.", plural(spikes, "spike"), plural(length, "tick"))
	if unit == "ms" {
		caption = fmt.Sprintf("%s in %s of %.4g ms.", plural(spikes, "spike"), plural(length, "tick"), step)
	}
	return s.figure(y+30, title, caption)
}

// height of the band in px: neurons with names have room for them.
func (p *Population) height() float64 {
	n := float64(p.neurons())
	if len(p.Labels) > 0 {
		return min(max(16*n, 32), 400)
	}
	return min(max(1.8*n, 48), 270)
}

// rate says how busy the population is.
func (p *Population) rate() string {
	if p.neurons() == 0 || p.ticks() == 0 {
		return "no spikes"
	}
	n := p.Spikes.Count()
	return fmt.Sprintf("%s, %s of neurons a tick", plural(n, "spike"), percent(float64(n)/float64(p.neurons())/float64(p.ticks())))
}

// outcome says what the output means: the class that was meant and the one that won.
func (s *Sample) outcome() [][2]string {
	names := s.Populations[len(s.Populations)-1].Labels
	name := func(class int) string {
		if class < 0 || class >= len(names) {
			return fmt.Sprint(class)
		}
		return clip(names[class], 20)
	}
	switch {
	case s.Label >= 0 && s.Prediction == s.Label:
		return [][2]string{{fill(green) + bold, "    ✓ predicted " + name(s.Prediction) + ", as labelled"}}
	case s.Label >= 0 && s.Prediction >= 0:
		return [][2]string{{fill(orange) + bold, "    ✗ predicted " + name(s.Prediction)}, {fill(green) + bold, "    labelled " + name(s.Label)}}
	case s.Prediction >= 0:
		return [][2]string{{fill(blue) + bold, "    predicted " + name(s.Prediction)}}
	}
	return nil
}

// band draws one population, h px high from y, with its names and counts.
func (s *svg) band(p *Population, y, h, ticks float64, sample *Sample, output bool) {
	w := rasterWidth * float64(p.ticks()) / ticks
	n := p.neurons()
	if p.Channels == 2 && n%2 == 0 {
		s.dots(p.Spikes, 0, n/2, rasterLeft, y, w, h/2, blue)
		s.dots(p.Spikes, n/2, n, rasterLeft, y+h/2, w, h/2, orange)
		s.text(rasterLeft-8, y+h/4+4, end+fill(blue), "OFF")
		s.text(rasterLeft-8, y+h*3/4+4, end+fill(orange), "ON")
		return
	}
	if len(p.Labels) == 0 || n == 0 || p.ticks() == 0 {
		s.dots(p.Spikes, 0, n, rasterLeft, y, w, h, green)
		if n > 0 {
			s.text(rasterLeft-8, y+10, end+fill(muted)+size(11), "0")
			s.text(rasterLeft-8, y+h-2, end+fill(muted)+size(11), fmt.Sprint(n-1))
		}
		return
	}
	s.named(p, y, h, w, sample, output)
}

// named draws a band of neurons with names, and how often each spiked.
func (s *svg) named(p *Population, y, h, w float64, sample *Sample, output bool) {
	const tall = 11 // px that a row needs for a name
	counts := p.Spikes.Counts(0, p.ticks(), nil)
	most, row := float64(max(slices.Max(counts), 1)), h/float64(len(counts))
	s.dots(p.Spikes, 0, len(counts), rasterLeft, y, w, h, ink)
	for i, c := range counts {
		top, color, weight := y+float64(i)*row, ink, ""
		switch {
		case !output:
		case i == sample.Label:
			color, weight = green, bold
		case i == sample.Prediction && sample.Label < 0:
			color, weight = blue, bold
		case i == sample.Prediction:
			color, weight = orange, bold
		}
		if weight != "" {
			s.rect(rasterLeft, top, rasterWidth, row, fill(color)+opacity(0.16))
			s.dots(p.Spikes, i, i+1, rasterLeft, top, w, row, color)
		} else if row < tall {
			continue
		}
		bar := 44 * float64(c) / most
		s.rect(figureWidth-rasterRight+10, top+row*0.2, bar, row*0.6, fill(color)+opacity(0.75))
		s.text(figureWidth-rasterRight+15+bar, top+row/2+4, fill(color)+weight+size(11), count(c))
		if i < len(p.Labels) {
			s.text(rasterLeft-8, top+row/2+4, end+fill(color)+weight+size(11), clip(p.Labels[i], 9))
		}
	}
}

// dots draws the spikes of neurons lo to hi−1, neuron lo on top, into a box. It is
// one path on a grid of at most a px a cell, so that its length has a bound
// however many spikes there are; spikes that share a cell or touch are one stroke.
func (s *svg) dots(r *spike.Raster, lo, hi int, x, y, w, h float64, color string) {
	if r == nil || hi <= lo || r.Ticks() <= 0 {
		return
	}
	cols, rows := min(r.Ticks(), max(int(w), 1)), min(hi-lo, max(int(h), 1))
	grid := make([]bool, rows*cols)
	for t := range r.Ticks() {
		for _, n := range r.At(t) {
			if i := int(n); i >= lo && i < hi {
				grid[(i-lo)*rows/(hi-lo)*cols+t*cols/r.Ticks()] = true
			}
		}
	}
	var d bytes.Buffer
	fromX, fromY := 0, 0 // where the pen is
	for row := range rows {
		line := grid[row*cols : (row+1)*cols]
		for c := 0; c < cols; c++ {
			if !line[c] {
				continue
			}
			start := c
			for c < cols && line[c] {
				c++
			}
			fmt.Fprintf(&d, "m%d %dh%d", start-fromX, row-fromY, c-start)
			fromX, fromY = c, row
		}
	}
	if d.Len() == 0 {
		return
	}
	sx, sy := w/float64(cols), h/float64(rows)
	thick := 0.9
	if sy > 6 {
		thick = 0.72 // of a row, so that rows which have room for it stay apart
	}
	fmt.Fprintf(&s.b, `<path transform="translate(%s %s) scale(%.5g %.5g)" d="M0 0%s" fill="none"%s/>`+"\n",
		num(x), num(y+sy/2), sx, sy, d.Bytes(), stroke(color, thick))
}
