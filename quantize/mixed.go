package quantize

import (
	"cmp"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// MixedBits are the bits of weights that a mixed network chooses from.
var MixedBits = []snn.WeightBits{8, 7, 6, 5, 4, 3, 2, snn.Ternary}

// Mix is what the bits of each layer cost, and the best there is for every amount of memory.
type Mix struct {
	Layers []Sensitivity `json:"sensitivity"` // of the layers that have weights to learn
	// Front is ascending in memory, and descending in Shift.
	Front []Choice `json:"front"`
}

// Sensitivity is what a layer's bits do to the output while the other layers have 8.
type Sensitivity struct {
	Name    string           `json:"name"`
	Weights int              `json:"weights"`
	Bits    []snn.WeightBits `json:"bits"`
	Shift   []int64          `json:"shift"` // of the last layer's spikes, over all samples; see LayerEffect
}

// Choice gives every layer its bits.
type Choice struct {
	Bits  []snn.WeightBits `json:"bits"`
	Bytes float64          `json:"bytes"` // of weights, a kernel counted once
	Shift int64            `json:"shift"` // the sum over the layers of what each does by itself
}

// Mix measures on o.Samples what fewer bits do to the output, layer by layer, and finds
// all choices of bits that are not worse than another in both memory and spikes. That is exact for
// the sum of what the layers do; what they do together, only a run of the choice tells.
func (s *Source) Mix(o Options) (*Mix, error) {
	o.Bits = MixedBits[:1]
	if err := s.check(o); err != nil {
		return nil, err
	}
	n, _, err := s.Quantize(Options{Bits: o.Bits, PerChannel: o.PerChannel, DelayBits: o.DelayBits, ClipDelays: o.ClipDelays, As: o.As})
	if err != nil {
		return nil, err
	}
	m := &Mix{}
	last := len(n.Layers) - 1
	for k, fed := 0, newFeed(o); k <= last; k++ {
		l := &s.Layers[k]
		if !l.Pool {
			c := Sensitivity{Name: l.Name, Weights: len(l.Weight), Bits: MixedBits}
			for _, bits := range MixedBits {
				fl, err := l.integers(l.search(bits, o), o, &LayerReport{})
				if err != nil {
					return nil, err
				}
				tried := *n
				tried.Layers = slices.Clone(n.Layers)
				tried.Layers[k] = *fl
				var sum atomic.Int64
				if err := fed.through(&tried, k, func(i int, out *spike.Raster) { sum.Add(shift(o.Samples[i].Before[last], out)) }); err != nil {
					return nil, err
				}
				c.Shift = append(c.Shift, sum.Load())
			}
			m.Layers = append(m.Layers, c)
		}
		if err := fed.advance(n, k); err != nil {
			return nil, err
		}
	}
	m.Front = front(m.Layers)
	return m, nil
}

// through runs the layers of n from k on.
func (f *feed) through(n *fixed.Network, k int, use func(i int, out *spike.Raster)) error {
	rest := *f
	for ; k < len(n.Layers)-1; k++ {
		if err := rest.advance(n, k); err != nil {
			return err
		}
	}
	return rest.each(n, k, use)
}

// front returns the choices of which no other has as little memory and as little shift.
func front(layers []Sensitivity) []Choice {
	best := []Choice{{}}
	for _, l := range layers {
		var all []Choice
		for _, c := range best {
			for i, b := range l.Bits {
				bits := append(slices.Clone(c.Bits), b)
				all = append(all, Choice{bits, c.Bytes + float64(l.Weights*b.Stored())/8, c.Shift + l.Shift[i]})
			}
		}
		// Of equal ones, the first stays: the order is that of the layers before and of the bits.
		slices.SortStableFunc(all, func(a, b Choice) int {
			return cmp.Or(cmp.Compare(a.Bytes, b.Bytes), cmp.Compare(a.Shift, b.Shift))
		})
		best = best[:0:0]
		for _, c := range all {
			if len(best) == 0 || c.Shift < best[len(best)-1].Shift {
				best = append(best, c)
			}
		}
	}
	return best
}

// Within returns the choice with the least shift that fits so many bytes of weights.
func (m *Mix) Within(bytes float64) (Choice, error) {
	for i := len(m.Front) - 1; i >= 0; i-- {
		if m.Front[i].Bytes <= bytes {
			return m.Front[i], nil
		}
	}
	least := m.Front[0].Bytes
	return Choice{}, (&diag.Error{Kind: diag.Limit, Code: "weight-memory", Msg: fmt.Sprintf("with the fewest bits, the weights take %.3f kB", least/1000),
		Resource: "bytes of weights", Used: int64(least), Limit: int64(bytes)}).WithFix("raise --budget, or train a smaller network")
}
