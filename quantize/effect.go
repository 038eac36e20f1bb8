package quantize

import (
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// Effect is what quantizing did to the spikes of some samples. Counts are totals.
type Effect struct {
	Samples  int           `json:"samples"`
	Labelled int           `json:"labelled"` // of them have a class
	Before   int           `json:"correct_before"`
	After    int           `json:"correct_after"`
	Layers   []LayerEffect `json:"layers"`
}

// LayerEffect compares the spikes of a layer.
type LayerEffect struct {
	Name   string `json:"name"`
	Before int    `json:"spikes_before"`
	After  int    `json:"spikes_after"`
	// Differ counts the spikes that only one of the networks has, as they run; Own those that
	// differ when the fixed layer is fed what the model's layer was: what it is to blame
	// for itself.
	Differ int `json:"differ"`
	Own    int `json:"differ_on_same_input"`
}

// NewEffect returns the effect on no samples yet.
func NewEffect(n *fixed.Network) *Effect {
	e := &Effect{}
	for _, l := range n.Layers {
		e.Layers = append(e.Layers, LayerEffect{Name: l.Name})
	}
	return e
}

// Measure runs a sample on the fixed network, of which before are the spikes of the
// model's layers, and returns the sample's effect. label is −1 where there is none.
func Measure(n *fixed.Network, in *spike.Raster, before []*spike.Raster, label int) (*Effect, error) {
	recs, err := n.Run(in, in.Ticks(), false)
	if err != nil {
		return nil, err
	}
	e := NewEffect(n)
	e.Samples = 1
	feed := in
	for k := range n.Layers {
		l := &e.Layers[k]
		l.Before, l.After = before[k].Count(), recs[k].Spikes.Count()
		l.Differ = before[k].Diff(recs[k].Spikes)
		l.Own = before[k].Diff(n.RunLayer(k, feed, in.Ticks(), false).Spikes)
		feed = before[k]
	}
	if label >= 0 {
		last := len(before) - 1
		from, to := n.Readout.Bounds(in.Ticks())
		e.Labelled = 1
		if spike.Classify(before[last].Counts(from, to, nil)) == label {
			e.Before = 1
		}
		if spike.Classify(recs[last].Spikes.Counts(from, to, nil)) == label {
			e.After = 1
		}
	}
	return e, nil
}

// Add adds another sample's effect.
func (e *Effect) Add(o *Effect) {
	e.Samples, e.Labelled, e.Before, e.After = e.Samples+o.Samples, e.Labelled+o.Labelled, e.Before+o.Before, e.After+o.After
	for k := range e.Layers {
		l, x := &e.Layers[k], &o.Layers[k]
		l.Before, l.After, l.Differ, l.Own = l.Before+x.Before, l.After+x.After, l.Differ+x.Differ, l.Own+x.Own
	}
}

// Blame returns the number of the layer with the largest share of spikes that differ
// on the same input, −1 where none does.
func (e *Effect) Blame() int {
	blame, most := -1, 0.0
	for k, l := range e.Layers {
		if share := float64(l.Own) / float64(max(1, l.Before+l.After)); share > most {
			blame, most = k, share
		}
	}
	return blame
}
