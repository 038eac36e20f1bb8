package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/internal/atomicfile"
	"github.com/isospike/isospike/quantize"
	"github.com/isospike/isospike/report"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/train"
)

// paretoPoints is the number of mixed networks that --pareto measures, at most.
const paretoPoints = 16

// paretoRow is a network that --pareto measured.
type paretoRow struct {
	quantize.Choice
	Mixed    bool    `json:"mixed"` // bits by layer; else the same in all layers
	Accuracy float64 `json:"accuracy"`
}

// mixedResult is what --budget and --pareto found.
type mixedResult struct {
	*quantize.Mix
	Budget float64          `json:"budget_bytes,omitempty"`
	Choice *quantize.Choice `json:"choice,omitempty"` // that was made within the budget
	Pareto []paretoRow      `json:"pareto,omitempty"`
	Float  float64          `json:"accuracy_before"`
}

// mixed finds the bits of each layer within --budget, and draws or writes --pareto.
func (a *app) mixed(ctx context.Context, f *quantizeFlags, s *quantize.Source, o quantize.Options, e *executor, src dataset.Encoded) (*mixedResult, error) {
	a.note("bits by layer: measuring what each does on %d samples", len(o.Samples))
	m, err := s.Mix(o)
	if err != nil {
		return nil, err
	}
	r := &mixedResult{Mix: m, Budget: 1000 * f.budget}
	if f.budget > 0 {
		c, err := m.Within(r.Budget)
		if err != nil {
			return nil, err
		}
		r.Choice = &c
	}
	if f.pareto == "" {
		return r, nil
	}
	if f.samples > 0 && f.samples < src.Len() {
		src.Set = dataset.Subset(src.Set, first(f.samples))
	}
	measure := func(e *executor) (float64, error) {
		tallies, _, err := a.chain(ctx, src, []*executor{e}, false)
		if err != nil {
			return 0, err
		}
		if tallies[0].labelled == 0 {
			return 0, diag.Inputf("no-labels", "", "--pareto compares accuracies, %s has no classes", src.Name())
		}
		return tallies[0].Accuracy, nil
	}
	if r.Float, err = measure(e); err != nil {
		return nil, err
	}
	weights := 0.0
	for _, l := range m.Layers {
		weights += float64(l.Weights)
	}
	for _, b := range quantize.MixedBits {
		same := slices.Repeat([]snn.WeightBits{b}, len(m.Layers))
		c := quantize.Choice{Bits: same, Bytes: weights * float64(b.Stored()) / 8}
		for _, l := range m.Layers {
			c.Shift += l.Shift[slices.Index(l.Bits, b)]
		}
		r.Pareto = append(r.Pareto, paretoRow{Choice: c})
	}
	for _, c := range spread(m.Front, paretoPoints) {
		if slices.Max(c.Bits) != slices.Min(c.Bits) { // else it is there already
			r.Pareto = append(r.Pareto, paretoRow{Choice: c, Mixed: true})
		}
	}
	slices.SortStableFunc(r.Pareto, func(a, b paretoRow) int { return int(8 * (a.Bytes - b.Bytes)) })
	o.Samples = nil // the search of scales by samples is for the one network that is written
	for i := range r.Pareto {
		row := &r.Pareto[i]
		o.Bits = row.Bits
		n, _, err := s.Quantize(o)
		if err != nil {
			return nil, err
		}
		e, err := fastExecutor(n)
		if err != nil {
			return nil, err
		}
		if row.Accuracy, err = measure(e); err != nil {
			return nil, err
		}
	}
	return r, writePareto(f.pareto, r)
}

// fastExecutor runs a fixed network as training's forward pass does, which is the same
// network many times as fast, or by the reference where training does not have it.
func fastExecutor(n *fixed.Network) (*executor, error) {
	e := snn.DefaultExperiment()
	e.Encoding, e.Loss.Window = n.Encoding, n.Readout
	m, err := train.FromFixed(n, e)
	if err != nil {
		return fixedExecutor(n), nil
	}
	return trainExecutor(m)
}

// spread returns up to n choices that are about evenly apart in memory, both ends among them.
func spread(all []quantize.Choice, n int) []quantize.Choice {
	if len(all) <= n {
		return all
	}
	lo, hi := all[0].Bytes, all[len(all)-1].Bytes
	var some []quantize.Choice
	next := 0
	for i, c := range all {
		if c.Bytes >= lo+(hi-lo)*float64(next)/float64(n-1) || i == len(all)-1 {
			some = append(some, c)
			for c.Bytes >= lo+(hi-lo)*float64(next)/float64(n-1) && next < n {
				next++
			}
		}
	}
	return some
}

func bitsText(bits []snn.WeightBits) string {
	var all []string
	for _, b := range bits {
		all = append(all, b.String())
	}
	return strings.Join(all, ",")
}

func writePareto(path string, r *mixedResult) error {
	return atomicfile.Write(path, 0o666, func(w io.Writer) error {
		if strings.EqualFold(filepath.Ext(path), ".svg") {
			var points []report.Point
			for _, p := range r.Pareto {
				points = append(points, report.Point{KB: p.Bytes / 1000, Accuracy: p.Accuracy, Mixed: p.Mixed})
			}
			_, err := w.Write(report.Pareto(points, r.Float).SVG)
			return err
		}
		if _, err := fmt.Fprintln(w, "kb,accuracy,shift,mixed,bits"); err != nil {
			return err
		}
		for _, p := range r.Pareto {
			if _, err := fmt.Fprintf(w, "%.4f,%.6f,%d,%v,%s\n", p.Bytes/1000, p.Accuracy, p.Shift, p.Mixed, strings.ReplaceAll(bitsText(p.Bits), ",", "-")); err != nil {
				return err
			}
		}
		return nil
	})
}

func printMixed(w io.Writer, r *mixedResult) {
	fmt.Fprintf(w, "ticks that the output's spikes shift where one layer has fewer bits\n%-6s %10s", "layer", "weights")
	for _, b := range quantize.MixedBits {
		fmt.Fprintf(w, " %9v", b)
	}
	for _, l := range r.Layers {
		fmt.Fprintf(w, "\n%-6s %10d", l.Name, l.Weights)
		for _, x := range l.Shift {
			fmt.Fprintf(w, " %9d", x)
		}
	}
	fmt.Fprintln(w)
	if r.Choice != nil {
		fmt.Fprintf(w, "within %.3f kB: bits %s, %.3f kB\n", r.Budget/1000, bitsText(r.Choice.Bits), r.Choice.Bytes/1000)
	}
	for i, p := range r.Pareto {
		if i == 0 {
			fmt.Fprintf(w, "%10s %9s  bits, of %.2f %% before\n", "kB", "accuracy", 100*r.Float)
		}
		fmt.Fprintf(w, "%10.3f %7.2f %%  %s\n", p.Bytes/1000, 100*p.Accuracy, bitsText(p.Bits))
	}
}
