package golden

import "fmt"

// Difference is how one run differs from the one that was recorded.
type Difference struct {
	Spikes    int      // that only one of them has, or that carry something else
	Registers int      // final u and v that differ; of runs with registers
	First     Register // of those that differ
}

// Register is a register of a neuron after the last tick, in a run and in the one that was recorded.
type Register struct {
	Layer, Neuron int // both from 0
	Name          string
	Got, Want     int32
}

// Compare holds got to r, which must have the same layers. Layers whose registers one of
// them does not have are compared by their spikes alone.
func (r *Run) Compare(got *Run) (Difference, error) {
	var d Difference
	if len(r.Layers) != len(got.Layers) {
		return d, fmt.Errorf("%d layers, %d were recorded", len(got.Layers), len(r.Layers))
	}
	for k := range r.Layers {
		w, g := &r.Layers[k], &got.Layers[k]
		if w.Spikes.Neurons != g.Spikes.Neurons || w.Spikes.Ticks() != g.Spikes.Ticks() {
			return d, fmt.Errorf("layer %d has %d neurons over %d ticks, %d over %d were recorded", k+1, g.Spikes.Neurons, g.Spikes.Ticks(), w.Spikes.Neurons, w.Spikes.Ticks())
		}
		d.Spikes += w.Spikes.Diff(g.Spikes)
		d.registers(k, "u", w.U, g.U)
		d.registers(k, "v", w.V, g.V)
	}
	return d, nil
}

func (d *Difference) registers(layer int, name string, want, got []int32) {
	if want == nil || got == nil {
		return
	}
	for o := range want {
		if want[o] != got[o] {
			if d.Registers == 0 {
				d.First = Register{layer, o, name, got[o], want[o]}
			}
			d.Registers++
		}
	}
}
