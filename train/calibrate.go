package train

import (
	"context"
	"math"
	"sync/atomic"

	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

const (
	calibrationSamples = 32
	calibrationSteps   = 12
	calibrationRange   = 256 // the gain is sought between 1/256 and 256
)

// calibrate scales the fresh weights of every layer, first to last, so that its
// mean firing rate over a few samples is the one at which training starts best:
// init_rate for hidden layers, the mean of the targets for the output. A surrogate
// gradient vanishes where neurons are far below or above their threshold, so a
// layer that starts silent, or saturated, may never learn; what a good gain is
// depends on fan-in, input rate and decays.
func (t *Trainer) calibrate(ctx context.Context, src Source) error {
	e := t.Model.Experiment
	order := random(e.Seed, drawShuffle, 0, 0).Perm(src.Len())
	n := min(calibrationSamples, len(order))
	in := make([]*spike.Raster, n)
	err := t.each(ctx, n, func(w *worker, i int) (err error) {
		in[i], err = t.raster(src, sample{index: order[i]})
		return err
	})
	if err != nil {
		return err
	}
	traces, units := make([]trace, n), make([]float32, len(t.views))
	inputs := 0
	for i := range in {
		inputs += in[i].Count()
	}
	var delay []uint8
	for k := range t.views {
		v := &t.views[k]
		value := t.Model.Params[k].Weight.Value
		fresh := append([]float32(nil), value...)
		layer := t.Model.Net.Layers[k].Neuron
		gain := float64(fixed.DecayOne*fixed.DecayOne) / float64(max(1, layer.IDecay)*max(1, layer.VDecay))
		arriving := max(1, float64(inputs)) / float64(n*t.ticks) // spikes a tick
		units[k] = float32(float64(max(1, layer.VTh)) / WeightOne / (gain * arriving))
		want := e.Training.InitRate
		if k == len(t.views)-1 {
			want = t.target.mean(v.out) / float64(max(1, t.target.to-t.target.from))
		}
		rate := func(gain float64) (float64, error) {
			for i := range value {
				value[i] = fresh[i] * float32(gain)
			}
			v.refresh(t.Model, k)
			var spikes atomic.Int64
			err := t.each(ctx, n, func(w *worker, i int) error {
				forward(w.pops[k], v.out, in[i], delay, t.ticks, &traces[i], false)
				spikes.Add(int64(traces[i].spikes.Count()))
				return nil
			})
			return float64(spikes.Load()) / float64(n*t.ticks*v.out), err
		}
		lo, hi := 1.0/calibrationRange, float64(calibrationRange)
		for range calibrationSteps {
			if e.Training.InitRate == 0 {
				lo, hi = 1, 1
				break
			}
			mid := math.Sqrt(lo * hi) // exactly rounded everywhere, unlike powers
			got, err := rate(mid)
			if err != nil {
				return err
			}
			if got < want {
				lo = mid
			} else {
				hi = mid
			}
		}
		if _, err := rate(math.Sqrt(lo * hi)); err != nil {
			return err
		}
		inputs = 0
		for i := range in {
			in[i] = traces[i].spikes
			inputs += in[i].Count()
			traces[i].spikes = nil // the next layer's trace gets a raster of its own
		}
		delay = v.delay
	}
	t.Model.Progress.Units = units
	return nil
}
