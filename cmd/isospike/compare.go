package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// pair is the outcome of comparing two executors.
type pair struct {
	A          string `json:"a"`
	B          string `json:"b"`
	Samples    int    `json:"samples"`
	Spikes     int    `json:"spikes"`     // of A, compared
	Mismatches int    `json:"mismatches"` // spikes that only one of them has, and samples whose states part
	States     bool   `json:"states"`     // u and v of every neuron at every tick were compared too
	Compared   string `json:"compared"`   // what was
	// Neurons whose state after the last tick of a sample was compared: a board tells no others.
	EndStates int    `json:"end_states,omitempty"`
	First     string `json:"first,omitempty"`
	core      bool   // First names a core
}

// compare adds a sample to the pair. A program, where there is one, tells more about a divergence.
func (p *pair) compare(id string, x, y *executor, in *spike.Raster, a, b []fixed.Record) error {
	p.Samples++
	diff := 0
	if len(a) != len(b) {
		return diag.Inputf("records-differ", "", "%s has %d layers and %s %d", p.A, len(a), p.B, len(b))
	}
	if x.convention.SpikeLag != y.convention.SpikeLag {
		return diag.Inputf("records-differ", "", "%s records spikes as %s has it, %s as %s", p.A, x.convention, p.B, y.convention)
	}
	for k := range a {
		if b[k].Spikes == nil {
			continue
		}
		if a[k].Spikes.Neurons != b[k].Spikes.Neurons || a[k].Spikes.Ticks() != b[k].Spikes.Ticks() {
			return diag.Inputf("records-differ", "", "layer %d has %d neurons over %d ticks in %s, %d over %d in %s", k+1,
				a[k].Spikes.Neurons, a[k].Spikes.Ticks(), p.A, b[k].Spikes.Neurons, b[k].Spikes.Ticks(), p.B)
		}
		p.Spikes += a[k].Spikes.Count()
		diff += a[k].Spikes.Diff(b[k].Spikes)
	}
	p.Compared, p.States = compared(a, b)
	d, err := divergence(x, y, in, a, b)
	if err != nil {
		return err
	}
	if d != nil {
		diff = max(diff, 1)
		if p.First == "" {
			p.First, p.core = fmt.Sprintf("sample %s: %s", id, tell(d, x, y)), d.Core >= 0
		}
	}
	p.Mismatches += diff
	return nil
}

// divergence returns the first difference of runs of two executors, nil for none.
func divergence(x, y *executor, in *spike.Raster, a, b []fixed.Record) (d *sim.Divergence, err error) {
	for _, e := range []*executor{y, x} {
		if e.program != nil {
			d, _, err = sim.FirstDivergence(e.program, in, a, b)
			return d, err
		}
	}
	d, _, err = sim.FirstDifference(y.layers, x.convention.SpikeLag, a, b)
	return d, err
}

// tell says where runs of two executors part. Of a program against what it was made of it says what should be; otherwise it names both.
func tell(d *sim.Divergence, x, y *executor) string {
	at := d.Place()
	switch {
	case y.program != nil:
		return d.String()
	case d.Register != "s":
		at = fmt.Sprintf("%s: %s is %d in %s, %d in %s", at, d.Register, d.Want, x.name, d.Got, y.name)
	case d.Got == 0:
		at = fmt.Sprintf("%s spikes in %s, not in %s", at, x.name, y.name)
	case d.Want == 0:
		at = fmt.Sprintf("%s spikes in %s, not in %s", at, y.name, x.name)
	default:
		at = fmt.Sprintf("%s sends %d in %s, %d in %s", at, d.Want, x.name, d.Got, y.name)
	}
	return at + d.Trail()
}

// compared says what two runs both tell, and whether that is u and v of all layers.
func compared(a, b []fixed.Record) (what string, states bool) {
	var n [3]int // layers
	for k := range a {
		for i, both := range []bool{b[k].Spikes != nil, a[k].U != nil && b[k].U != nil, a[k].V != nil && b[k].V != nil} {
			if both {
				n[i]++
			}
		}
	}
	var parts []string
	for i, name := range []string{"spikes", "u", "v"} {
		switch n[i] {
		case 0:
		case len(a):
			parts = append(parts, name)
		default:
			parts = append(parts, fmt.Sprintf("%s of %d of %d layers", name, n[i], len(a)))
		}
	}
	return strings.Join(parts, ", "), n[1] == len(a) && n[2] == len(a)
}

// samples gives the inputs of a comparison; dataset.Encoded is one.
type samples interface {
	Len() int
	Label(i int) int
	ID(i int) string
	Raster(i, dx, dy int) (*spike.Raster, error)
}

// chain runs every sample on all executors and compares each with the next.
func (a *app) chain(ctx context.Context, src samples, execs []*executor, states bool) ([]tally, []pair, error) {
	var links [][2]int
	for i := range len(execs) - 1 {
		links = append(links, [2]int{i, i + 1})
	}
	return a.compare(ctx, src, execs, links, states)
}

// compare runs every sample on all executors and compares those that the links name.
// Samples run in parallel; the outcome does not depend on it.
func (a *app) compare(ctx context.Context, src samples, execs []*executor, links [][2]int, states bool) ([]tally, []pair, error) {
	tallies, pairs := make([]tally, len(execs)), make([]pair, len(links))
	for i, l := range links {
		pairs[i].A, pairs[i].B = execs[l[0]].name, execs[l[1]].name
	}
	what := "verify"
	if len(links) == 0 {
		what = "run"
	}
	p := a.progress(what, "samples", src.Len())
	defer p.end()
	type outcome struct {
		in   *spike.Raster
		recs [][]fixed.Record
	}
	idle := sync.Pool{New: func() any {
		var rs []runner
		for _, e := range execs {
			rs = append(rs, e.start(states))
		}
		return &rs
	}}
	err := ordered(ctx, a.threads, src.Len(), func(i int) (o outcome, err error) {
		if o.in, err = src.Raster(i, 0, 0); err != nil {
			return o, err
		}
		rs := idle.Get().(*[]runner)
		defer idle.Put(rs)
		for k, r := range *rs {
			recs, err := r(ctx, o.in)
			if err != nil {
				return o, err
			}
			if execs[k].reuses {
				recs = keep(recs)
			}
			o.recs = append(o.recs, recs)
		}
		return o, nil
	}, func(i int, o outcome) error {
		for k := range execs {
			tallies[k].add(o.recs[k], execs[k].readout, src.Label(i))
		}
		for n, l := range links {
			if err := pairs[n].compare(src.ID(i), execs[l[0]], execs[l[1]], o.in, o.recs[l[0]], o.recs[l[1]]); err != nil {
				return err
			}
		}
		p.set(i+1, "")
		return nil
	})
	return tallies, pairs, err
}

func keep(recs []fixed.Record) []fixed.Record {
	out := make([]fixed.Record, len(recs))
	for k, r := range recs {
		s := *r.Spikes
		s.Start, s.Index = append([]int32(nil), s.Start...), append([]int32(nil), s.Index...)
		out[k] = fixed.Record{Spikes: &s}
	}
	return out
}

// mismatch is the error of a comparison that found differences, nil for none.
func mismatch(pairs []pair) error {
	for _, p := range pairs {
		if p.Mismatches > 0 {
			e := &diag.Error{Kind: diag.Mismatch, Code: "mismatch", Msg: fmt.Sprintf("%s and %s differ in %d places; first in %s", p.A, p.B, p.Mismatches, p.First)}
			if p.core {
				return e.WithFix("`isospike inspect --tables` shows the tables of the core that is named; verify's --lockstep shows all of the neuron")
			}
			return e.WithFix("verify's --lockstep shows all of the neuron; --bisect looks for a short input that still differs")
		}
		if p.Samples == 0 || p.Spikes == 0 {
			return (&diag.Error{Kind: diag.Mismatch, Code: "nothing-compared",
				Msg: fmt.Sprintf("%s and %s were compared on %d samples with %d spikes: that shows nothing", p.A, p.B, p.Samples, p.Spikes)}).
				WithFix("give recordings that make the network spike")
		}
	}
	return nil
}

func printPairs(w io.Writer, pairs []pair) {
	a, b := 14, 14
	for _, p := range pairs {
		a, b = max(a, len(p.A)), max(b, len(p.B))
	}
	fmt.Fprintf(w, "%-*s %-*s %8s %12s %11s  %s\n", a, "a", b, "b", "samples", "spikes", "mismatches", "compared")
	for _, p := range pairs {
		what := p.Compared
		if p.EndStates > 0 {
			what += fmt.Sprintf("; u, v of %d neurons at the end", p.EndStates)
		}
		fmt.Fprintf(w, "%-*s %-*s %8d %12d %11d  %s\n", a, p.A, b, p.B, p.Samples, p.Spikes, p.Mismatches, what)
	}
}
