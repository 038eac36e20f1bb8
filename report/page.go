package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"reflect"
	"strings"
)

// Accuracy is the fraction of samples, 0..1, that each form of a network
// classifies as labelled. NaN or a negative number is not measured.
type Accuracy struct {
	Float float64 // float weights and dynamics
	Train float64 // the integer forward pass of training
	Fixed float64 // the fixed network and the compiled program
	Board float64 // the board
}

// Artifact is a file that the numbers rest on.
type Artifact struct {
	Name   string // "model.safetensors"
	SHA256 string // in hexadecimal
}

// Section is a part of the page.
type Section struct {
	Title   string
	Figures []Figure
}

// Page is a report. Written out it is one HTML file that needs nothing from outside.
type Page struct {
	Title       string // "34x34x2-512d-10 on loihi1"
	Accuracy    Accuracy
	Samples     int   // that Accuracy, Spikes and SynapticOps count
	Spikes      int64 // of all layers
	SynapticOps int64
	Command     string
	Seed        uint64
	Artifacts   []Artifact
	Sections    []Section
	Verify      []VerifyRow // the verdict at the head of the page is theirs
}

//go:embed page.html
var pageHTML string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"count":   func(n any) string { return count(reflect.ValueOf(n).Int()) }, // of any width
	"plural":  func(n any, noun string) string { return plural(reflect.ValueOf(n).Int(), noun) },
	"percent": percent,
	"judge":   func(r VerifyRow) Verdict { return Judge([]VerifyRow{r}) },
	"mark":    func(v Verdict) string { return verdicts[v].mark },
	"class":   func(v Verdict) string { return verdicts[v].class },
	"outcome": func(v Verdict) string { return verdicts[v].row },
	"each": func(n int64, samples int) string {
		if samples <= 0 {
			return ""
		}
		return fmt.Sprintf("%s a sample, on average", count(int64(math.Round(float64(n)/float64(samples)))))
	},
	"figure": func(f Figure) template.HTML { return template.HTML(themed.Replace(string(f.SVG))) },
}).Parse(pageHTML))

// themed puts variables in the place of a figure's colours, as attributes and in
// the style attributes of vgsvg. No text of a figure looks like either: there,
// quotes are escaped.
var themed = func() *strings.Replacer {
	var pairs []string
	for _, c := range dark {
		pairs = append(pairs, `"`+c.light+`"`, `"var(--`+c.name+`)"`, `:`+c.light, `:var(--`+c.name+`)`)
	}
	return strings.NewReplacer(pairs...)
}()

// Write writes the page as HTML.
func (p *Page) Write(w io.Writer) error {
	var light, night strings.Builder
	for _, c := range dark {
		fmt.Fprintf(&light, "--%s:%s;", c.name, c.light)
		fmt.Fprintf(&night, "--%s:%s;", c.name, c.dark)
	}
	return pageTemplate.Execute(w, struct {
		*Page
		Verdict              Verdict
		Compared, Mismatches int64
		Light, Dark          template.CSS
	}{p, Judge(p.Verify), compared(p.Verify), mismatches(p.Verify),
		template.CSS(light.String()), template.CSS(night.String())})
}
