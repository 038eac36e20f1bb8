package train

import (
	"context"
	"slices"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// Evaluation is the outcome of running samples forward.
type Evaluation struct {
	Metrics
	Confusion [][]int // [label][prediction]; nil where samples have no label
}

// Evaluate runs every sample of src forward. Where visit is not nil it is called
// for each sample in order, with the spikes of every layer; the rasters are valid
// during the call.
func (t *Trainer) Evaluate(ctx context.Context, src Source, visit func(i int, layers []*spike.Raster)) (*Evaluation, error) {
	classes, err := t.check(src)
	if err != nil {
		return nil, err
	}
	ev := &Evaluation{}
	if src.Classes() > 0 {
		ev.Confusion = make([][]int, classes)
		for c := range ev.Confusion {
			ev.Confusion[c] = make([]int, classes)
		}
	}
	const chunk = 16
	for lo := 0; lo < src.Len(); lo += chunk {
		n := min(chunk, src.Len()-lo)
		for len(t.slots) < n {
			t.slots = append(t.slots, slot{})
		}
		err := t.each(ctx, n, func(w *worker, i int) error {
			s := &t.slots[i]
			in, err := t.sample(src, sample{index: lo + i}, s)
			if err != nil {
				return err
			}
			t.forward(w, s, in, false, nil)
			t.score(w, s, false)
			return nil
		})
		if err != nil {
			return nil, err
		}
		for i := range n {
			s := &t.slots[i]
			ev.add(s)
			if ev.Confusion != nil {
				ev.Confusion[s.answer.label][spike.Classify(s.counts)]++
			}
			if visit != nil {
				visit(lo+i, t.rasters(s))
			}
		}
	}
	return ev, nil
}

// rasters returns the spikes of every layer, neurons in the order of package snn.
func (t *Trainer) rasters(s *slot) []*spike.Raster {
	layers := make([]*spike.Raster, len(s.layers))
	for k := range s.layers {
		layers[k] = s.layers[k].spikes
		if t.views[k].number != nil {
			layers[k] = &spike.Raster{}
			t.views[k].canonical(layers[k], s.layers[k].spikes)
		}
	}
	return layers
}

// canonical fills to with the spikes of from, neurons by their number in package snn.
func (v *view) canonical(to, from *spike.Raster) {
	to.Neurons = from.Neurons
	to.Start = append(to.Start[:0], from.Start...)
	to.Index = to.Index[:0]
	for t := range from.Ticks() {
		at := len(to.Index)
		for _, n := range from.At(t) {
			to.Index = append(to.Index, v.number[n])
		}
		slices.Sort(to.Index[at:])
	}
}

// check refuses a source that the network cannot classify, and returns the number
// of output neurons.
func (t *Trainer) check(src Source) (int, error) {
	if src.Len() == 0 {
		return 0, diag.Inputf("no-samples", "", "there are no samples")
	}
	out := t.views[len(t.views)-1].out
	if src.Classes() > out {
		return 0, diag.Inputf("classes", "", "the data has %d classes, the network %d outputs", src.Classes(), out).
			WithFix("end the network with a layer of at least %d neurons", src.Classes())
	}
	return out, nil
}
