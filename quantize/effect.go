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
	ToBlame  string        `json:"to_blame,omitempty"` // name of the layer that Blame returns
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
	// Shift is by how many ticks spikes moved, as the networks run: the n-th spike of a neuron in a
	// sample is matched with its n-th after, and one that only one of them has with the end of the sample.
	// MeanShift is the same for a spike.
	Shift     int64   `json:"shift"`
	MeanShift float64 `json:"mean_shift"`
}

// shift returns LayerEffect.Shift for two rasters of as many ticks. It is the area between the two
// counts of spikes so far, summed over the neurons.
func shift(a, b *spike.Raster) (sum int64) {
	ahead := make([]int64, a.Neurons) // spikes of a so far, less those of b
	apart := int64(0)                 // Σ |ahead|
	add := func(at []int32, by int64) {
		for _, n := range at {
			apart -= max(ahead[n], -ahead[n])
			ahead[n] += by
			apart += max(ahead[n], -ahead[n])
		}
	}
	for t := range a.Ticks() {
		add(a.At(t), 1)
		add(b.At(t), -1)
		sum += apart
	}
	return sum
}

// mean sets MeanShift.
func (l *LayerEffect) mean() { l.MeanShift = float64(l.Shift) / float64(max(1, l.Before, l.After)) }

// NewEffect returns the effect on no samples yet.
func NewEffect(n *fixed.Network) *Effect {
	e := &Effect{}
	for _, l := range n.Layers {
		e.Layers = append(e.Layers, LayerEffect{Name: l.Name})
	}
	return e
}

// Measure runs a sample on the fixed network and returns the sample's effect.
func Measure(n *fixed.Network, s Sample) (*Effect, error) {
	in, before := s.In, s.Before
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
		l.Shift = shift(before[k], recs[k].Spikes)
		l.mean()
		own := recs[k].Spikes
		if k > 0 && !feed.Equal(recs[k-1].Spikes) {
			own = n.RunLayer(k, feed, in.Ticks(), false).Spikes
		}
		l.Own = before[k].Diff(own)
		feed = before[k]
	}
	if s.Label >= 0 {
		last := len(before) - 1
		from, to := n.Readout.Bounds(in.Ticks())
		e.Labelled = 1
		if spike.Classify(before[last].Counts(from, to, nil)) == s.Label {
			e.Before = 1
		}
		if spike.Classify(recs[last].Spikes.Counts(from, to, nil)) == s.Label {
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
		l.Shift += x.Shift
		l.mean()
	}
	e.ToBlame = ""
	if k := e.Blame(); k >= 0 {
		e.ToBlame = e.Layers[k].Name
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
