package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/internal/atomicfile"
	"github.com/isospike/isospike/report"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets"
)

// writeReport writes the demo's HTML page.
func (d *demo) writeReport(path string) error {
	p := &report.Page{
		Title:    d.exp.Net + " from events to board",
		Accuracy: report.Accuracy{Float: d.tallies[0].Accuracy, Train: d.tallies[1].Accuracy, Fixed: d.tallies[2].Accuracy, Board: d.board.tally.Accuracy},
		Samples:  d.board.tally.Samples, Spikes: int64(d.board.tally.Spikes), SynapticOps: d.board.synops,
		Command: d.command(), Seed: d.seed,
	}
	for _, name := range slices.Sorted(maps.Keys(d.hashes)) {
		p.Artifacts = append(p.Artifacts, report.Artifact{Name: name, SHA256: d.hashes[name]})
	}
	p.Verify = d.rows()
	raster, err := d.raster()
	if err != nil {
		return err
	}
	var uses []report.TargetUse
	for _, prog := range d.programs {
		u, err := d.targetUse(prog)
		if err != nil {
			return err
		}
		uses = append(uses, u)
	}
	maps := []report.Figure{report.Usage(uses)}
	for _, u := range uses {
		maps = append(maps, report.CoreMap(u))
	}
	p.Sections = []report.Section{
		{Title: "Training", Figures: []report.Figure{report.Curves(d.epochMetrics())}},
		{Title: "A test sample", Figures: []report.Figure{raster}},
		{Title: "Learned delays", Figures: []report.Figure{report.Histogram(d.delays())}},
		{Title: "Targets", Figures: maps},
		{Title: "Classes", Figures: []report.Figure{report.Confusion(nil, d.tallies[2].Confusion)}},
	}
	return atomicfile.Write(path, 0o666, func(w io.Writer) error { return p.Write(w) })
}

// rows returns the comparisons as the report shows them.
func (d *demo) rows() (rows []report.VerifyRow) {
	for _, x := range d.pairs {
		rows = append(rows, report.VerifyRow{A: x.A, B: x.B, Samples: x.Samples, Spikes: x.Spikes, Mismatches: x.Mismatches})
	}
	return rows
}

// writeRoad draws the first test sample on its way: the picture of the README.
func (d *demo) writeRoad(ctx context.Context, path string) error {
	in, err := d.test.Raster(0, 0, 0)
	if err != nil {
		return err
	}
	weights := "rounded weights"
	if d.report.Lossless {
		weights = "lossless"
	}
	r := report.Road{
		Title: "isospike", Tagline: "The spikes that training saw are the spikes that the board gives.",
		Stages: []report.Stage{
			{Name: "events", Detail: []string{"synthetic digits", fmt.Sprintf("%d ticks of %g ms", in.Ticks(), float64(d.test.Encoding.Tick)/1000)}},
			{Name: "train", Detail: []string{d.exp.Net, fmt.Sprintf("%.1f %% on test data", 100*d.tallies[1].Accuracy)}},
			{Name: "quantize", Detail: []string{"8-bit integers", weights}},
			{Name: "compile", Detail: demoTargets},
			{Name: "verify", Detail: []string{"spikes, u and v", fmt.Sprintf("%d recordings", d.tallies[1].Samples)}},
			{Name: "board", Detail: []string{d.on.how + ", behind", "the serial protocol"}},
		},
		Input:  report.Population{Name: "one recording, ON and OFF events", Spikes: in, Channels: d.fixed.Input.C},
		Verify: d.rows(),
	}
	output := func(name string, recs []fixed.Record) {
		r.Outputs = append(r.Outputs, report.Population{Name: name, Spikes: recs[len(recs)-1].Spikes})
	}
	for _, e := range d.execs {
		recs, err := e.start(false)(ctx, in)
		if err != nil {
			return err
		}
		output(strings.TrimPrefix(e.name, "sim:"), recs)
	}
	output("board", d.board.first)
	return atomicfile.Write(path, 0o666, func(w io.Writer) error {
		_, err := w.Write(report.RoadSVG(r))
		return err
	})
}

func (d *demo) epochMetrics() []report.Epoch {
	var es []report.Epoch
	for _, h := range d.model.Progress.History {
		es = append(es, report.Epoch{TrainLoss: h.Loss, TrainAccuracy: h.Accuracy, ValLoss: h.ValLoss, ValAccuracy: h.ValAcc})
	}
	return es
}

func (d *demo) delays() []report.LayerDelays {
	var ds []report.LayerDelays
	for _, l := range d.fixed.Layers {
		if l.Delay != nil {
			ds = append(ds, report.LayerDelays{Layer: "layer " + l.Name, Delays: l.Delay})
		}
	}
	return ds
}

// raster draws the first test sample as the fixed network sees it.
func (d *demo) raster() (report.Figure, error) {
	in, err := d.test.Raster(0, 0, 0)
	if err != nil {
		return report.Figure{}, err
	}
	recs, err := d.fixed.Run(in, in.Ticks(), false)
	if err != nil {
		return report.Figure{}, err
	}
	s := report.Sample{Name: "recording " + d.test.ID(0), TickMS: float64(d.test.Encoding.Tick) / 1000, Label: d.test.Label(0),
		Populations: []report.Population{{Name: "input", Spikes: in, Channels: d.fixed.Input.C}}}
	for k, r := range recs {
		s.Populations = append(s.Populations, report.Population{Name: "layer " + d.fixed.Layers[k].Name, Spikes: r.Spikes})
	}
	out := &s.Populations[len(s.Populations)-1]
	out.Name = "output"
	for c := range out.Spikes.Neurons {
		out.Labels = append(out.Labels, fmt.Sprint(c))
	}
	from, to := d.fixed.Readout.Bounds(out.Spikes.Ticks())
	s.Prediction = spike.Classify(out.Spikes.Counts(from, to, nil))
	return report.Raster(s), nil
}

// targetUse is what a program takes, with the synaptic operations of one sample as traffic.
func (d *demo) targetUse(p *compile.Program) (report.TargetUse, error) {
	t, err := targets.Lookup(p.Target)
	if err != nil {
		return report.TargetUse{}, err
	}
	counts, err := d.counts(context.Background(), p)
	if err != nil {
		return report.TargetUse{}, err
	}
	operations := make([]int64, len(counts))
	for i := range counts {
		operations[i] = counts[i].Synapses
	}
	return targetUse(p, t, operations, "synaptic operations in one sample"), nil
}
