package report

import "fmt"

// Road is the picture at the head of the README: the stages that data passes,
// and below them what goes in and what every executor gave.
type Road struct {
	Title, Tagline string
	Stages         []Stage // left to right
	Input          Population
	Outputs        []Population // one population, as each executor gave it; Name is the executor
	Verify         []VerifyRow
}

// Stage is one stop of the road.
type Stage struct {
	Name   string   // "events", "train", "quantize", "compile", "verify" and "board" have icons
	Detail []string // up to two short lines
}

// icons are drawn in a box of 20×20 px.
var icons = map[string]string{
	"events":   "M3 6h3M9 3h3M15 7h3M5 11h3M12 11h3M3 16h3M9 16h3M16 15h3",
	"train":    "M2 3v15h16M4.500 5c2 8 5 10 13 10.500",
	"quantize": "M2 17h4v-4.500h4v-4.500h4v-4.500h4",
	"compile":  "M3 3h5.500v5.500h-5.500zM11.500 3h5.500v5.500h-5.500zM3 11.500h5.500v5.500h-5.500zM11.500 11.500h5.500v5.500h-5.500z",
	"verify":   "M3.500 10.500l4.500 4.500l9 -10",
	"board":    "M5 5h10v10h-10zM8 5v-3M12 5v-3M8 18v-3M12 18v-3M5 8h-3M5 12h-3M18 8h-3M18 12h-3",
}

// RoadSVG draws the road on a white card 900 px wide, in colours that hold on a
// light and on a dark page.
func RoadSVG(r Road) []byte {
	const width, pad = 900.0, 28.0
	var s, card svg
	s.text(pad, 42, bold+size(22), r.Title)
	s.text(pad, 63, fill(muted)+size(13.5), r.Tagline)
	v := verdicts[Judge(r.Verify)]
	s.rect(width-pad-168, 24, 168, 36, fill(v.color)+round(18))
	s.text(width-pad-84, 47, fill(paper)+bold+middle+size(15), v.mark+" "+v.word)

	// The stages, joined by a line that passes under their icons.
	const stagesY = 118.0
	if n := float64(len(r.Stages)); n > 0 {
		step := (width - 2*pad) / n
		s.line(pad+step/2, stagesY, width-pad-step/2, stagesY, stroke(rule, 3))
		for i, t := range r.Stages {
			x := pad + (float64(i)+0.5)*step
			if i > 0 {
				s.path("M"+num(x-step/2-3)+" "+num(stagesY-6)+"l6 6l-6 6", ` fill="none" stroke-linecap="round" stroke-linejoin="round"`+stroke(muted, 2))
			}
			s.rect(x-24, stagesY-24, 48, 48, fill(paper)+stroke(blue, 2)+round(24))
			s.path(icons[t.Name], fmt.Sprintf(` transform="translate(%s %s) scale(1.2)" fill="none" stroke-linecap="round" stroke-linejoin="round"%s`, num(x-12), num(stagesY-12), stroke(blue, 1.8)))
			s.text(x, stagesY+46, bold+middle+size(14), clip(t.Name, 16))
			for k, d := range t.Detail[:min(len(t.Detail), 2)] {
				s.text(x, stagesY+64+float64(k)*16, fill(muted)+middle+size(12), clip(d, 22))
			}
		}
	}

	// Below, the input at the left and the outputs, aligned in time, at the right.
	const top, inputW, outputX, strip = 244.0, 300.0, 452.0, 26.0
	outputW := width - pad - 90 - outputX
	h := max(float64(len(r.Outputs))*(strip+6)-6, 90)
	s.text(pad, top-10, fill(muted)+size(12), r.Input.Name)
	s.rect(pad, top, inputW, h, fill(wash)+round(4))
	n := r.Input.neurons()
	if r.Input.Channels == 2 && n%2 == 0 {
		s.dots(r.Input.Spikes, 0, n/2, pad, top, inputW, h/2, blue)
		s.dots(r.Input.Spikes, n/2, n, pad, top+h/2, inputW, h/2, orange)
	} else {
		s.dots(r.Input.Spikes, 0, n, pad, top, inputW, h, blue)
	}
	s.path(fmt.Sprintf("M%s %sh22m-7 -7l7 7l-7 7", num(pad+inputW+14), num(top+h/2)), ` fill="none" stroke-linecap="round" stroke-linejoin="round"`+stroke(muted, 2.5))
	for i := range r.Outputs {
		o := &r.Outputs[i]
		y := top + float64(i)*(strip+6)
		s.text(outputX-10, y+strip/2+4, end+size(12), clip(o.Name, 12))
		s.rect(outputX, y, outputW, strip, fill(wash)+round(4))
		s.dots(o.Spikes, 0, o.neurons(), outputX, y+1, outputW, strip-2, ink)
	}
	s.text(outputX, top-10, fill(muted)+size(12), "output spikes of every executor")
	s.text(width-pad-78, top+h/2-4, fill(v.color)+bold+size(17), count(mismatches(r.Verify)))
	s.text(width-pad-78, top+h/2+13, fill(muted)+size(12), "of "+short(compared(r.Verify)))
	s.text(width-pad-78, top+h/2+28, fill(muted)+size(12), "spikes differ")

	height := top + h + pad
	card.rect(0.5, 0.5, width-1, height-1, fill(paper)+stroke(rule, 1)+round(14))
	card.b.Write(s.b.Bytes())
	return card.element(width, height, r.Title+": "+v.word)
}
