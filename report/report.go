// Package report draws what happened on isospike's road: figures as SVG, and
// the HTML page that joins them to the verdict, the numbers and the hashes.
//
// Figures are functions of plain data; this package runs nothing and reads no
// artifact. The same data gives the same bytes. Odd data (no spikes, no epochs,
// values that are not numbers) gives a picture that says so.
package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Figure is one picture and its words.
type Figure struct {
	Title   string
	Caption string // plain text; the drawing functions leave a sentence or two here
	SVG     []byte // one svg element, complete in itself, drawn for a light background
}

// figureWidth is the width of a figure in px; the height follows from what it shows.
const figureWidth = 880

// The colours of every figure. The hues are those of Okabe and Ito, which people
// with any colour vision tell apart, darkened until thin strokes read on white.
// Page puts a variable in the place of each, which dark replaces.
const (
	paper  = "#FFFFFF"
	ink    = "#1B2430"
	muted  = "#5C6773"
	rule   = "#D3DAE1"
	wash   = "#F3F5F8"
	blue   = "#0B6CB0"
	orange = "#C9540C"
	green  = "#0A7D5B"
	amber  = "#946000"
	red    = "#B42318"
)

// dark holds the colours for a dark background.
var dark = [...]struct{ light, name, dark string }{
	{paper, "paper", "#10161D"},
	{ink, "ink", "#E6EBF1"},
	{muted, "muted", "#98A4B1"},
	{rule, "rule", "#2E3944"},
	{wash, "wash", "#19212A"},
	{blue, "blue", "#57B0F0"},
	{orange, "orange", "#F08A4B"},
	{green, "green", "#3DBF93"},
	{amber, "amber", "#E3AE4A"},
	{red, "red", "#F2766B"},
}

// count writes n with its thousands apart: 1,234,567.
func count[T int | int64](n T) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// short writes n in at most five characters: 34.5k.
func short(n int64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if v := float64(n) / u.size; v >= 1 {
			return strconv.FormatFloat(v, 'g', 3, 64) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

// amount writes n in full where that is short.
func amount(n int64) string {
	if n < 1e6 {
		return count(n)
	}
	return short(n)
}

// percent writes a fraction, and a dash for one that was not measured.
func percent(v float64) string {
	if !measured(v) {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*v)
}

// plural writes n and the noun, with an s unless n is 1.
func plural[T int | int64](n T, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return count(n) + " " + noun + "s"
}

// measured tells values from the marks for none: NaN, an infinity, a negative number.
func measured(v float64) bool { return v >= 0 && !math.IsInf(v, 1) }

// clip shortens s to n characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return strings.TrimSpace(string(r[:n-1])) + "…"
	}
	return s
}
