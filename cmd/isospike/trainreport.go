package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/internal/atomicfile"
	"github.com/isospike/isospike/report"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/train"
)

// trainReport writes an HTML page about a training: loss and accuracy by epoch, and a
// sample's spikes, of the validation data where there is any. An .svg has these alone.
func trainReport(ctx context.Context, path string, m *train.Model, src dataset.Encoded, val *dataset.Encoded, model string) error {
	raster, err := sampleRaster(ctx, m, *cmp.Or(val, &src))
	if err != nil {
		return err
	}
	if strings.HasSuffix(path, ".svg") {
		return atomicfile.Write(path, 0o666, func(w io.Writer) error { _, err := w.Write(raster.SVG); return err })
	}
	p := &report.Page{
		Title:    fmt.Sprintf("%s, trained on %s", m.Net, src.Name()),
		Accuracy: report.Accuracy{Float: -1, Train: -1, Fixed: -1, Board: -1},
		Command:  fmt.Sprintf("isospike train -o %s", model), Seed: m.Experiment.Seed,
	}
	judged := m.Experiment.Loss.Kind != "spike_train"
	var epochs []report.Epoch
	for _, h := range m.Progress.History {
		e := report.Epoch{TrainLoss: h.Loss, TrainAccuracy: h.Accuracy, ValLoss: h.ValLoss, ValAccuracy: h.ValAcc}
		if !judged {
			e.TrainAccuracy, e.ValAccuracy = -1, -1
		}
		epochs = append(epochs, e)
	}
	if judged && len(epochs) > 0 {
		last := epochs[len(epochs)-1]
		of := &p.Accuracy.Train
		if m.Experiment.Training.Arithmetic == "float" {
			of = &p.Accuracy.Float
		}
		if *of = last.TrainAccuracy; val != nil {
			*of = last.ValAccuracy
		}
	}
	p.Sections = []report.Section{
		{Title: "Training", Figures: []report.Figure{report.Curves(epochs)}},
		{Title: "A sample", Figures: []report.Figure{raster}},
	}
	return atomicfile.Write(path, 0o666, func(w io.Writer) error { return p.Write(w) })
}

// sampleRaster draws the first sample in every layer, and what was wanted where the
// data has patterns.
func sampleRaster(ctx context.Context, m *train.Model, src dataset.Encoded) (report.Figure, error) {
	e, err := trainExecutor(m)
	if err != nil {
		return report.Figure{}, err
	}
	in, err := src.Raster(0, 0, 0)
	if err != nil {
		return report.Figure{}, err
	}
	recs, err := e.start(false)(ctx, in)
	if err != nil {
		return report.Figure{}, err
	}
	wanted, err := src.Pattern(0)
	if err != nil {
		return report.Figure{}, err
	}
	s := report.Sample{Name: fmt.Sprintf("sample %s of %s", src.ID(0), src.Name()), TickMS: float64(src.Encoding.Tick) / 1000, Label: -1, Prediction: -1,
		Populations: []report.Population{{Name: "input", Spikes: in, Channels: m.Net.Input.C}}}
	for k, r := range recs {
		s.Populations = append(s.Populations, report.Population{Name: fmt.Sprintf("layer %d", k+1), Spikes: r.Spikes})
	}
	out := &s.Populations[len(s.Populations)-1]
	out.Name = "output"
	if wanted != nil {
		s.Populations = append(s.Populations, report.Population{Name: "wanted", Spikes: wanted})
		return report.Raster(s), nil
	}
	for c := range out.Spikes.Neurons {
		out.Labels = append(out.Labels, fmt.Sprint(c))
	}
	from, to := e.readout.Bounds(out.Spikes.Ticks())
	s.Label, s.Prediction = src.Label(0), spike.Classify(out.Spikes.Counts(from, to, nil))
	return report.Raster(s), nil
}
