package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/isospike/isospike/snn/spike"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares got with a file of testdata, which is also there to be looked at.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); d != "" {
		t.Errorf("%s differs, -update accepts it (-want +got):\n%s", path, d)
	}
}

func html(t *testing.T, p *Page) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	page := html(t, demoPage())
	golden(t, "page.html", page)
	golden(t, "road.svg", RoadSVG(demoRoad()))
	golden(t, "pareto.svg", Pareto([]Point{{7.4, 0.5108, false}, {9.6, 0.975, true}, {11.2, 0.9808, false}, {12.5, 0.9889, true}, {14.9, 0.99, false}, {29.7, 0.9918, false}}, 0.9916).SVG)
	golden(t, "empty.html", html(t, &Page{Title: "nothing at all", Accuracy: Accuracy{math.NaN(), -1, math.Inf(1), math.NaN()},
		Sections: []Section{{"No section", nil}, {"Empty figures", []Figure{Raster(Sample{}), Curves(nil), Confusion(nil, nil), Histogram(nil), Usage(nil), CoreMap(TargetUse{})}}}}))
	if !bytes.Equal(page, html(t, demoPage())) {
		t.Error("the same data gave other bytes")
	}
	if len(page) > 600<<10 {
		t.Errorf("the page takes %d bytes", len(page))
	}
	if m := regexp.MustCompile(`(?i)(src|href)=|url\(|@import|<script`).Find(page); m != nil {
		t.Errorf("the page asks for something from outside: %s", m)
	}
}

// wellFormed returns the text of an svg, as a reader sees it.
func wellFormed(t *testing.T, svg []byte) string {
	t.Helper()
	var text strings.Builder
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		switch token, err := d.Token(); {
		case errors.Is(err, io.EOF):
			return text.String()
		case err != nil:
			t.Fatalf("%v in\n%s", err, svg)
		default:
			if c, ok := token.(xml.CharData); ok {
				text.Write(c)
			}
		}
	}
}

// odd returns pictures of data that real runs give only when something went wrong.
func odd() map[string][]byte {
	nan, inf, huge := math.NaN(), math.Inf(1), math.MaxFloat64
	full := noise(9, 3000, 2000, func(n, t int) float64 { return float64((n + t) % 2) })
	silent := spike.NewRaster(5)
	silent.Append()
	silent.Append()
	one := spike.NewRaster(1)
	one.Append(0)
	raster := func(label, prediction int, pops ...Population) []byte {
		return Raster(Sample{Populations: pops, Label: label, Prediction: prediction, TickMS: nan}).SVG
	}
	return map[string][]byte{
		"raster/no neurons":        raster(0, 0, Population{Spikes: &spike.Raster{}}, Population{Spikes: one}, Population{Spikes: &spike.Raster{Neurons: 5}, Labels: digits}),
		"raster/silent":            raster(2, 4, Population{Name: "in", Spikes: silent, Channels: 2}, Population{Spikes: silent, Labels: digits}),
		"raster/full":              raster(-1, -1, Population{Spikes: full, Channels: 2}, Population{Spikes: full}),
		"raster/full, named":       raster(7, 2999, Population{Spikes: full, Labels: digits}),
		"raster/outside":           raster(70, 1<<40, Population{Spikes: one, Labels: []string{"a", "b"}}),
		"raster/unlike lengths":    raster(-1, 0, Population{Spikes: silent}, Population{Spikes: one, Labels: []string{}}),
		"curves/one":               Curves([]Epoch{{1, 2, 0.5, 0.25}}).SVG,
		"curves/not measured":      Curves([]Epoch{{nan, -1, inf, nan}, {-inf, nan, -1, inf}}).SVG,
		"curves/huge":              Curves([]Epoch{{huge, huge, huge, 1e300}, {0, 5e-324, 0, 0}}).SVG,
		"curves/tiny":              Curves([]Epoch{{5e-324, 0, 0, 0}, {0, 0, 0, 0}}).SVG,
		"curves/many":              Curves(make([]Epoch, 3000)).SVG,
		"histogram/no neurons":     Histogram([]LayerDelays{{"a", nil}, {"b", []uint8{0}}, {"c", nil}}).SVG,
		"histogram/longest":        Histogram([]LayerDelays{{"a", []uint8{0, 255}}}).SVG,
		"usage/over, zero, unlike": Usage([]TargetUse{{Rows: []UseRow{{"a", 5, 2}, {"b", 0, 0}, {"c", -3, 7}}}, {}, {Name: "x", Rows: make([]UseRow, 30)}}).SVG,
		"cores/far":                CoreMap(TargetUse{Cells: []CoreCell{{math.MaxInt, math.MaxInt, math.MaxInt, math.MaxInt, 1, UseRow{}, -5}, {}}}).SVG,
		"cores/negative":           CoreMap(TargetUse{Cells: []CoreCell{{Chip: -1}, {X: -1}}, Mesh: Mesh{-1, 0, -7, -1}}).SVG,
		"cores/many chips":         CoreMap(TargetUse{Mesh: Mesh{8, 4, 4, 128}, Cells: []CoreCell{{Chip: 31}, {Chip: 2, X: 7, Y: 3, Slot: 3, Neurons: 9, Fullest: UseRow{"x", 9, 3}}, {Chip: 0}, {Chip: 2}}}).SVG,
		"confusion/ragged":         Confusion([]string{"a"}, [][]int{{1, 2, 3}, nil, {-4}}).SVG,
		"confusion/all zero":       Confusion(digits, make([][]int, 10)).SVG,
		"confusion/many":           Confusion(nil, [][]int{{199: 1}}).SVG,
		"pareto/nothing measured":  Pareto([]Point{{nan, 1, true}, {1, -1, false}, {huge, 0.5, true}, {1, huge, true}}, nan).SVG,
		"pareto/nothing at all":    Pareto([]Point{{0, 0, true}}, inf).SVG,
		"pareto/one":               Pareto([]Point{{1, 1, false}}, huge).SVG,
		"road/nothing":             RoadSVG(Road{}),
		"road/unlike":              RoadSVG(Road{Stages: []Stage{{"unknown", []string{"1", "2", "3"}}}, Input: Population{Spikes: full}, Outputs: make([]Population, 9)}),
	}
}

func TestOddData(t *testing.T) {
	for name, svg := range odd() {
		wellFormed(t, svg)
		if m := regexp.MustCompile(`NaN|Inf`).Find(svg); m != nil {
			t.Errorf("%s has %s in it", name, m)
		}
		if len(svg) > 700<<10 {
			t.Errorf("%s takes %d bytes", name, len(svg))
		}
	}
}

// All colours must be those that the page replaces, or figures are not readable on a dark one.
func TestColours(t *testing.T) {
	figures := odd()
	for _, s := range demoPage().Sections {
		for _, f := range s.Figures {
			figures[f.Title] = f.SVG
		}
	}
	n := 0
	for name, svg := range figures {
		for _, c := range regexp.MustCompile(`#[0-9A-Fa-f]{3,6}\b`).FindAllString(themed.Replace(string(svg)), -1) {
			t.Errorf("%s: the page leaves %s as it is", name, c)
		}
		n += strings.Count(themed.Replace(string(svg)), "var(--")
	}
	if t.Logf("%d colours compared", n); n == 0 {
		t.Error("no figure has colours")
	}
}

func TestEscaping(t *testing.T) {
	const bad = `<b>&"'</svg>` + "\x00\xff]]>"
	s := demoSample()
	s.Name, s.Label = bad, 3
	s.Populations[0].Name, s.Populations[2].Labels = bad, []string{bad, bad, bad, bad, bad, bad, bad, bad}
	target := demoTargets()[1]
	target.Name, target.Traffic, target.Rows = bad, bad, []UseRow{{bad, 1, 2}}
	road := demoRoad()
	road.Title, road.Tagline, road.Input.Name, road.Outputs[0].Name, road.Stages[0] = bad, bad, bad, bad, Stage{bad, []string{bad}}
	figures := []Figure{Raster(s), Histogram([]LayerDelays{{bad, []uint8{1}}}), Usage([]TargetUse{target}), CoreMap(target),
		Confusion([]string{bad}, [][]int{{1}}), {SVG: RoadSVG(road)}}
	for _, f := range figures {
		if text := wellFormed(t, f.SVG); !strings.Contains(text, `<b>&"'`) {
			t.Errorf("%s: the text is not in %s", f.Title, text)
		}
	}
	page := string(html(t, &Page{Title: bad, Command: bad, Artifacts: []Artifact{{bad, bad}}, Verify: []VerifyRow{{bad, bad, 1, 1, 1}},
		Sections: []Section{{bad, append(figures, Figure{Title: bad, Caption: bad})}}}))
	if strings.Contains(page, "<b>") {
		t.Error("the page has markup that its data brought")
	}
}

func TestJudge(t *testing.T) {
	same, silent, none, other := VerifyRow{Samples: 1, Spikes: 9}, VerifyRow{Samples: 1}, VerifyRow{}, VerifyRow{Samples: 1, Mismatches: 1}
	for _, c := range []struct {
		rows []VerifyRow
		want Verdict
	}{
		{nil, NotVerified}, {[]VerifyRow{same, same}, BitExact}, {[]VerifyRow{same, silent}, NotVerified},
		{[]VerifyRow{none, same}, NotVerified}, {[]VerifyRow{none, other}, Mismatch}, {[]VerifyRow{other, same}, Mismatch},
	} {
		if got := Judge(c.rows); got != c.want {
			t.Errorf("%v: %v, want %v", c.rows, got, c.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	var got []string
	for _, n := range []int64{0, 999, 1000, 1234567, -1234, math.MaxInt64} {
		got = append(got, count(n), short(n))
	}
	for _, hi := range []float64{0, 1, 25, 0.0031, 1e9, math.Inf(1), math.NaN()} {
		var labels []string
		for _, k := range axisTicks(0, hi, 0) {
			labels = append(labels, k.Label)
		}
		got = append(got, strings.Join(labels, " "))
	}
	got = append(got, percent(0.97449), percent(1), percent(-1), axisTicks(-0.5, 3, 1)[0].Label)
	want := []string{"0", "0", "999", "999", "1,000", "1k", "1,234,567", "1.23M", "-1,234", "-1234", "9,223,372,036,854,775,807", "9.22e+06T",
		"", "0 0.2 0.4 0.6 0.8 1", "0 5 10 15 20 25", "0 0.0005 0.001 0.0015 0.002 0.0025 0.003", "0 2e+08 4e+08 6e+08 8e+08 1e+09", "", "",
		"97.4 %", "100.0 %", "–", "0"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestRasterFrom: a raster that begins later has the same marks, under the ticks that they are of.
func TestRasterFrom(t *testing.T) {
	r := spike.NewRaster(2)
	for range 100 {
		r.Append(1)
	}
	label := func(from int, text string) string {
		svg := Raster(Sample{From: from, Populations: []Population{{Name: "layer 1", Spikes: r}}}).SVG
		at := regexp.MustCompile(`<text x="([0-9.]+)"[^>]*>`+text+`</text>`).FindAllSubmatch(svg, -1)
		if len(at) == 0 {
			t.Fatalf("from %d: there is no label %s", from, text)
		}
		return string(at[len(at)-1][1])
	}
	if a, b := label(0, "40"), label(1000, "1040"); a != b {
		t.Errorf("tick 40 is at %s, tick 1040 of one that begins at 1000 at %s", a, b)
	}
}

// TestCoreMapOfAnyMesh: as many cores are drawn as there are, in a picture of any mesh that can be looked at.
func TestCoreMapOfAnyMesh(t *testing.T) {
	frame := func(svg []byte) (rects int, height float64) {
		_, rest, _ := bytes.Cut(svg, []byte(`height="`))
		text, _, _ := bytes.Cut(rest, []byte(`"`))
		height, err := strconv.ParseFloat(string(text), 64)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Count(svg, []byte("<rect")), height
	}
	draw := func(m Mesh) (int, float64) {
		return frame(CoreMap(TargetUse{Mesh: m, Cells: []CoreCell{{Neurons: 9}}}).SVG)
	}
	one, _ := draw(Mesh{1, 1, 1, 1})
	for _, c := range []struct {
		mesh Mesh
		free int
	}{
		{Mesh{8, 4, 4, 120}, 119},
		{Mesh{1, 1000, 1, 1000}, -1}, // too fine
		{Mesh{1, 128, 1, 128}, 127},
		{Mesh{128, 1, 1, 128}, -1},
		{Mesh{8, 1 << 27, 1, 1 << 30}, 0}, // as the one in use
	} {
		rects, height := draw(c.mesh)
		if rects != one+2*c.free || height > 2*figureWidth {
			t.Errorf("%+v: %d rectangles more than of one core, %v high", c.mesh, rects-one, height)
		}
	}
}
