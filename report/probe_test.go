package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/color"
	"image/png"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"
)

func TestProbes(t *testing.T) {
	p := Probe{Name: "layer 1, neuron <5>", Threshold: 5120, Ticks: 100, Spikes: []int{20, 60, 99}}
	for i := range int32(100) {
		p.U, p.V = append(p.U, i*13%700-200), append(p.V, i*97%5000)
	}
	probes := []Probe{p, {Name: "nothing recorded", Ticks: 100}, {Name: "ends", Ticks: 2, U: []int32{math.MinInt32, math.MaxInt32}, V: []int32{0, 0}}}
	f := Probes(probes)
	for d := xml.NewDecoder(bytes.NewReader(f.SVG)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(f.SVG, Probes(probes).SVG) {
		t.Error("not the same bytes twice")
	}
	if text := string(f.SVG); !strings.Contains(text, "neuron &lt;5&gt;") || !strings.Contains(text, "3 spikes") {
		t.Error("no name or no spikes")
	}
	// One spike more is one stroke more.
	strokes := func(f Figure) int { return bytes.Count(f.SVG, []byte("<path")) }
	more := probes[0]
	more.Spikes = append([]int{10}, more.Spikes...)
	if a, b := strokes(f), strokes(Probes(append([]Probe{more}, probes[1:]...))); b != a+1 {
		t.Errorf("%d strokes, with another spike %d", a, b)
	}
	var b bytes.Buffer
	if err := ProbesPNG(&b, probes); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	of, colors := map[color.Color]bool{rgb(blue): true, rgb(orange): true, rgb(red): true, rgb(green): true}, map[color.Color]int{}
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if c := color.RGBAModel.Convert(img.At(x, y)); of[c] {
				colors[c]++
			}
		}
	}
	if len(colors) != 4 {
		t.Errorf("of the colours of u, v, threshold and spikes the bitmap has %v", colors)
	}
	// Labels of y take more or less room; those of x lie below each other all the same.
	var at []float64
	for _, panel := range strings.Split(string(Probes([]Probe{p, {Ticks: 100, U: []int32{0, 1 << 30}, V: []int32{0, 0}}}).SVG), `<g transform="translate(`)[1:] {
		var left, x float64
		if _, err := fmt.Sscanf(panel, "%f", &left); err != nil {
			t.Fatal(err)
		}
		label := regexp.MustCompile(`<text x="([0-9.]+)"[^>]*>20</text>`).FindStringSubmatch(panel)
		if _, err := fmt.Sscanf(label[1], "%f", &x); err != nil {
			t.Fatal(err)
		}
		at = append(at, left+x)
	}
	if len(at) != 2 || math.Abs(at[0]-at[1]) > 0.05 {
		t.Errorf("tick 20 of two panels is at %v", at)
	}
	later := p
	later.From, later.Spikes = 1000, []int{1020, 1060, 1099}
	if text := string(Probes([]Probe{later}).SVG); !strings.Contains(text, ">1050<") && !strings.Contains(text, ">1060<") || strings.Contains(text, ">60<") {
		t.Error("the axis is not that of later ticks")
	}
	if len(Probes(nil).SVG) == 0 {
		t.Error("no picture of nothing")
	}
}
