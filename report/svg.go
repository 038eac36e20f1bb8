package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
)

// fonts is a family whose widths are those of the font that plot measures with.
const fonts = `'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif`

// svg builds one picture. Coordinates are in px, y downwards.
type svg struct{ b bytes.Buffer }

// Attributes of shapes and text.
const (
	bold   = ` font-weight="700"`
	middle = ` text-anchor="middle"`
	end    = ` text-anchor="end"`
)

func fill(color string) string          { return ` fill="` + color + `"` }
func opacity(v float64) string          { return ` fill-opacity="` + num(v) + `"` }
func size(px float64) string            { return ` font-size="` + num(px) + `"` }
func round(r float64) string            { return ` rx="` + num(r) + `"` }
func stroke(c string, w float64) string { return ` stroke="` + c + `" stroke-width="` + num(w) + `"` }

// num writes a coordinate to a hundredth; what is no number becomes 0.
func num(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		v = 0
	}
	return strconv.FormatFloat(math.Round(v*100)/100+0, 'f', -1, 64)
}

// escape makes s text of XML, whatever bytes it holds.
func escape(s string) string {
	var b bytes.Buffer
	xml.EscapeText(&b, []byte(s)) // a Buffer does not fail
	return b.String()
}

// depth is the opacity that shows a value of 0..1, never quite clear.
func depth(v float64) float64 { return 0.08 + 0.92*min(max(v, 0), 1) }

// over is the colour of text on that depth.
func over(v float64) string {
	if v > 0.5 {
		return paper
	}
	return ink
}

func (s *svg) rect(x, y, w, h float64, attrs string) {
	fmt.Fprintf(&s.b, `<rect x="%s" y="%s" width="%s" height="%s"%s/>`+"\n", num(x), num(y), num(max(w, 0)), num(max(h, 0)), attrs)
}

// cell is a rect with a tooltip.
func (s *svg) cell(x, y, w, h float64, attrs, tip string) {
	fmt.Fprintf(&s.b, `<rect x="%s" y="%s" width="%s" height="%s"%s><title>%s</title></rect>`+"\n",
		num(x), num(y), num(max(w, 0)), num(max(h, 0)), attrs, escape(tip))
}

func (s *svg) path(d, attrs string) { fmt.Fprintf(&s.b, `<path d="%s"%s/>`+"\n", d, attrs) }

func (s *svg) line(x1, y1, x2, y2 float64, attrs string) {
	s.path("M"+num(x1)+" "+num(y1)+"L"+num(x2)+" "+num(y2), attrs)
}

func (s *svg) text(x, y float64, attrs, text string) {
	fmt.Fprintf(&s.b, `<text x="%s" y="%s"%s>%s</text>`+"\n", num(x), num(y), attrs, escape(text))
}

// spans writes texts that follow one another on a line, each with its own attributes.
func (s *svg) spans(x, y float64, attrs string, spans ...[2]string) {
	fmt.Fprintf(&s.b, `<text x="%s" y="%s"%s xml:space="preserve">`, num(x), num(y), attrs)
	for _, t := range spans {
		fmt.Fprintf(&s.b, `<tspan%s>%s</tspan>`, t[0], escape(t[1]))
	}
	s.b.WriteString("</text>\n")
}

// element closes the picture; label is what a screen reader says in its place.
func (s *svg) element(width, height float64, label string) []byte {
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]s %[2]s" width="%[1]s" height="%[2]s" role="img" aria-label="%[3]s" font-family="%[4]s" font-size="12" fill="%[5]s">
%[6]s</svg>
`, num(width), num(height), escape(label), fonts, ink, s.b.Bytes())
}

// figure closes the picture as a Figure, on paper: a file of its own is also looked
// at on dark pages, where its ink would not show.
func (s *svg) figure(height float64, title, caption string) Figure {
	var sheet svg
	sheet.rect(0, 0, figureWidth, height, fill(paper))
	sheet.b.Write(s.b.Bytes())
	return Figure{title, caption, sheet.element(figureWidth, height, title)}
}

// nothing is the figure for data that is not there.
func nothing(title, why string) Figure {
	var s svg
	s.rect(0, 0, figureWidth, 64, fill(wash)+round(6))
	s.text(figureWidth/2, 36, fill(muted)+middle, why)
	return s.figure(64, title, "")
}
