package main

import (
	"context"
	"maps"

	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/quantize"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/train"
	"github.com/spf13/cobra"
)

// tuned makes the model that goes on from a fixed network, and its experiment.
func (f *trainFlags) tuned(c *cobra.Command, base snn.Experiment) (*train.Model, *snn.Experiment, error) {
	file, err := artifact.Read(f.from)
	if err != nil {
		return nil, nil, err
	}
	n, err := fixed.FromFile(file)
	if err != nil {
		return nil, nil, diag.InFile(err, f.from)
	}
	if c.Flags().Changed("bits") {
		return nil, nil, diag.Usagef("usage", "--bits and --from: the bits are those of the fixed network").WithFix("quantize with --bits, and train from that")
	}
	base.Layer = maps.Clone(base.Layer) // a checkpoint's, which is compared with what comes out
	if !f.resume {
		base.Loss.Window = n.Readout
		if n.Encoding != "" {
			base.Encoding = n.Encoding
		}
	}
	e, err := f.experiment(c, base)
	if err != nil {
		return nil, nil, err
	}
	m, err := train.FromFixed(n, e)
	if err != nil {
		return nil, nil, diag.InFile(err, f.from)
	}
	m.Provenance["parent"] = artifact.Hash(file)
	return m, e, nil
}

// scaled returns a model like m, which is fresh, with thresholds and exponents for the layers whose
// weights are to have other bits than 8 and that are given no exponent: those that quantize
// would choose for the weights that calibration in float gives.
func (a *app) scaled(ctx context.Context, m *train.Model, src dataset.Encoded) (*train.Model, error) {
	e := m.Experiment
	var bits []snn.WeightBits
	search := false
	for _, l := range m.Net.Layers {
		if l.Kind != snn.Pool {
			bits = append(bits, l.Bits)
			search = search || l.Bits != 8 && !e.HasScale(l.Name)
		}
	}
	if !search || e.Training.Arithmetic != "integer" {
		return m, nil
	}
	float := *e
	float.Training.Arithmetic = "float"
	start, err := train.NewModel(&float)
	if err != nil {
		return nil, err
	}
	if err := train.NewTrainer(start, src.Encoding.Ticks, a.threads).Calibrate(ctx, src); err != nil {
		return nil, err
	}
	n, _, err := quantize.Quantize(start, quantize.Options{Bits: bits})
	if err != nil {
		return nil, err
	}
	for k, l := range m.Net.Layers {
		if l.Kind == snn.Pool || l.Bits == 8 || e.HasScale(l.Name) {
			continue
		}
		f := &n.Layers[k]
		e.SetScale(l.Name, int(f.Neuron.(fixed.CUBA).VTh), []int{f.WeightExp})
	}
	return train.NewModel(e)
}
