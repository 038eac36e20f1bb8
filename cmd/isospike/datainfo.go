package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/internal/atomicfile"
	"github.com/isospike/isospike/report"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
	"github.com/spf13/cobra"
)

type infoFlags struct {
	labels, encoding, out string
	sample                int
}

func newDataInfo(a *app) *cobra.Command {
	var f infoFlags
	c := &cobra.Command{
		Use:   "info DATA",
		Short: "Say what is in a data set, and show one of its samples",
		Long: `info reads a data set once, sample by sample, and counts: samples, classes, spikes,
inputs that never spike, events that come too late. It draws one sample as a raster:
time from left to right, inputs from top to bottom, a dot for spikes.

DATA is a folder, file or archive. Where a set has parts, a '#' names one, and where
its format is not recognised, the format goes before a colon:

` + indent(dataset.Formats()),
		Example: `  isospike data info train_0001-0800.tar.gz
  isospike data info 'mnist#test' --encoding "tick=1000us ticks=30 downsample=1 coding=latency"
  isospike data info recordings.tar.gz#dvsgesture: --sample 3 -o gesture.svg`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.dataInfo(c, args[0], &f) },
	}
	fl := c.Flags()
	fl.StringVar(&f.labels, "labels", "", "`FILE` of lines id<TAB>class")
	fl.StringVar(&f.encoding, "encoding", "", "how events become ticks (default: what suits the format)")
	fl.IntVar(&f.sample, "sample", 0, "number of the sample to draw, from 0")
	fl.StringVarP(&f.out, "output", "o", "", "SVG file to draw the sample into")
	return c
}

func indent(s string) string { return "  " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ") }

// dataSummary is what info counts. Rates are spikes an input and tick.
type dataSummary struct {
	Name       string  `json:"name"`
	Encoding   string  `json:"encoding"`
	Shape      string  `json:"shape"` // of the encoded inputs
	Samples    int     `json:"samples"`
	Classes    []int   `json:"classes"` // samples of each class
	Labelled   int     `json:"labelled_ticks,omitempty"`
	Wanted     int     `json:"wanted_spikes,omitempty"` // of desired outputs
	Spikes     int     `json:"spikes"`
	Least      int     `json:"least_spikes"`
	Most       int     `json:"most_spikes"`
	Rate       float64 `json:"rate"`
	Silent     int     `json:"silent_inputs"` // that never spike
	Inputs     int     `json:"inputs"`
	LongestMS  float64 `json:"longest_ms"`  // last event of any sample
	ShortestMS float64 `json:"shortest_ms"` // last event of the shortest
	Events     int     `json:"events"`
	Late       int     `json:"late_events"`
}

func (a *app) dataInfo(c *cobra.Command, ref string, f *infoFlags) error {
	enc, err := dataset.DefaultEncoding(ref)
	if err == nil && f.encoding != "" {
		enc, err = dataset.ParseEncoding(f.encoding)
	}
	if err != nil {
		return err
	}
	set, err := dataset.Open(ref, f.labels)
	if err != nil {
		return err
	}
	if f.out != "" && filepath.Ext(f.out) != ".svg" {
		return diag.Usagef("usage", "-o writes .svg, not %q", filepath.Ext(f.out))
	}
	if f.sample < 0 || f.sample >= set.Len() {
		return diag.Usagef("usage", "--sample is %d, the data set has samples 0 to %d", f.sample, set.Len()-1)
	}
	e := dataset.Encoded{Set: set, Encoding: enc}
	s, err := a.summarise(c, e)
	if err != nil {
		return err
	}
	shown, err := e.Raster(f.sample, 0, 0)
	if err != nil {
		return err
	}
	label := -1
	if set.Classes() > 0 {
		label = set.Label(f.sample)
	}
	if f.out != "" {
		figure := report.Raster(report.Sample{
			Name: fmt.Sprintf("sample %s of %s", set.ID(f.sample), set.Name()), TickMS: float64(enc.Tick) / 1000, Label: -1, Prediction: -1,
			Populations: []report.Population{{Name: "input", Spikes: shown, Channels: enc.Shape(set.Shape()).C}},
		})
		if err := atomicfile.Write(f.out, 0o666, func(w io.Writer) error { _, err := w.Write(figure.SVG); return err }); err != nil {
			return err
		}
	}
	return a.result(s, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %d samples, inputs %s (%s)\n", s.Name, s.Samples, s.Shape, s.Encoding)
		if len(s.Classes) > 0 {
			fmt.Fprintf(w, "  classes      %d: %s\n", len(s.Classes), strings.Trim(fmt.Sprint(s.Classes), "[]"))
		}
		if s.Labelled > 0 {
			fmt.Fprintf(w, "  labels       %d ticks have a class of their own\n", s.Labelled)
		}
		if s.Wanted > 0 {
			fmt.Fprintf(w, "  patterns     %d output spikes wanted\n", s.Wanted)
		}
		fmt.Fprintf(w, "  spikes       %d, %d to %d a sample, %.4f an input and tick\n", s.Spikes, s.Least, s.Most, s.Rate)
		fmt.Fprintf(w, "  silent       %d of %d inputs never spike\n", s.Silent, s.Inputs)
		if s.Events > 0 {
			fmt.Fprintf(w, "  recordings   %.0f to %.0f ms, %d events, %d of them after tick %d\n", s.ShortestMS, s.LongestMS, s.Events, s.Late, enc.Ticks)
		}
		fmt.Fprintf(w, "\nsample %s", set.ID(f.sample))
		if label >= 0 {
			fmt.Fprintf(w, ", class %d", label)
		}
		fmt.Fprintf(w, ", %d spikes in %d ticks\n%s", shown.Count(), shown.Ticks(), brailleRaster(shown, 72, 12))
	})
}

// summarise runs over all samples, one at a time.
func (a *app) summarise(c *cobra.Command, e dataset.Encoded) (*dataSummary, error) {
	shape := e.Encoding.Shape(e.Shape())
	s := &dataSummary{Name: e.Name(), Encoding: e.Encoding.String(), Shape: shape.String(), Samples: e.Len(),
		Classes: make([]int, e.Classes()), Inputs: shape.Size(), Least: -1}
	seen := make([]bool, shape.Size())
	p := a.progress("reading", "samples", e.Len())
	defer p.end()
	for i := range e.Len() {
		if err := c.Context().Err(); err != nil {
			return nil, diag.Stopped("reading", err)
		}
		r, err := e.Raster(i, 0, 0)
		if err != nil {
			return nil, err
		}
		if e.Classes() > 0 {
			s.Classes[e.Label(i)]++
		}
		if err := s.answers(e, i); err != nil {
			return nil, err
		}
		s.Spikes += r.Count()
		s.Most = max(s.Most, r.Count())
		if s.Least < 0 || r.Count() < s.Least {
			s.Least = r.Count()
		}
		for _, n := range r.Index {
			seen[n] = true
		}
		events, late, last, err := e.Extent(i)
		if err != nil {
			return nil, err
		}
		s.Events, s.Late = s.Events+events, s.Late+late
		ms := float64(last) / 1000
		if s.LongestMS = max(s.LongestMS, ms); i == 0 || ms < s.ShortestMS {
			s.ShortestMS = ms
		}
		p.set(i+1, "")
	}
	for _, x := range seen {
		if !x {
			s.Silent++
		}
	}
	s.Rate = float64(s.Spikes) / float64(max(1, s.Samples)*s.Inputs*e.Encoding.Ticks)
	return s, nil
}

// answers adds what is wanted of the output for sample i.
func (s *dataSummary) answers(e dataset.Encoded, i int) error {
	steps, err := e.Steps(i)
	if err != nil {
		return err
	}
	for _, c := range steps {
		if c != 255 {
			s.Labelled++
		}
	}
	pattern, err := e.Pattern(i)
	if pattern != nil {
		s.Wanted += pattern.Count()
	}
	return err
}

// brailleRaster draws a raster in at most the given columns and rows of characters,
// each of which has 2×4 dots.
func brailleRaster(r *spike.Raster, columns, rows int) string {
	wide, high := min(2*columns, max(1, r.Ticks())), min(4*rows, max(1, r.Neurons))
	dots := make([]rune, (wide+1)/2*((high+3)/4))
	bit := [4][2]rune{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}
	for t := range r.Ticks() {
		x := t * wide / r.Ticks()
		for _, n := range r.At(t) {
			y := int(n) * high / r.Neurons
			dots[y/4*((wide+1)/2)+x/2] |= bit[y%4][x%2]
		}
	}
	var b strings.Builder
	for i, d := range dots {
		b.WriteRune(0x2800 + d)
		if (i+1)%((wide+1)/2) == 0 {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
