package train

import (
	"context"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// Evaluation is the outcome of running samples forward.
type Evaluation struct {
	Metrics
	Confusion [][]int // [label][prediction]
}

// Evaluate runs every sample of src forward. Where visit is not nil it is called
// for each sample in order, with the spikes of every layer; the rasters are valid
// during the call.
func (t *Trainer) Evaluate(ctx context.Context, src Source, visit func(i int, layers []*spike.Raster)) (*Evaluation, error) {
	classes, err := t.check(src)
	if err != nil {
		return nil, err
	}
	ev := &Evaluation{Confusion: make([][]int, classes)}
	for c := range ev.Confusion {
		ev.Confusion[c] = make([]int, classes)
	}
	const chunk = 64
	for lo := 0; lo < src.Len(); lo += chunk {
		n := min(chunk, src.Len()-lo)
		for len(t.slots) < n {
			t.slots = append(t.slots, slot{})
		}
		err := t.each(ctx, n, func(w *worker, i int) error {
			in, err := t.raster(src, sample{index: lo + i})
			if err != nil {
				return err
			}
			s := &t.slots[i]
			t.forward(w, s, in, src.Label(lo+i), false)
			s.loss = t.target.loss(s.counts, s.label, nil)
			return nil
		})
		if err != nil {
			return nil, err
		}
		for i := range n {
			s := &t.slots[i]
			ev.add(s)
			ev.Confusion[s.label][spike.Classify(s.counts)]++
			if visit != nil {
				layers := make([]*spike.Raster, len(s.layers))
				for k := range s.layers {
					layers[k] = s.layers[k].spikes
				}
				visit(lo+i, layers)
			}
		}
	}
	return ev, nil
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
