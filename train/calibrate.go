package train

import (
	"context"
	"math"
	"sync/atomic"

	"github.com/isospike/isospike/snn"
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
	n := min(t.calibrationSamples(), len(order))
	in, wanted := make([]*spike.Raster, n), make([]answer, n)
	err := t.each(ctx, n, func(w *worker, i int) (err error) {
		var s slot
		in[i], err = t.sample(src, sample{index: order[i]}, &s)
		wanted[i] = s.answer
		return err
	})
	if err != nil {
		return err
	}
	input := append([]*spike.Raster(nil), in...)
	traces, units := make([]trace, n), make([]float32, len(t.views))
	inputs := 0
	for i := range in {
		inputs += in[i].Count()
	}
	var delay []uint8
	for k := range t.views {
		v := &t.views[k]
		spikes := func() (int, error) {
			v.refresh(t.Model, k)
			var sum atomic.Int64
			err := t.each(ctx, n, func(w *worker, i int) error {
				forward(w.pops[k], v, in[i], delay, t.ticks, &traces[i])
				sum.Add(int64(traces[i].spikes.Count()))
				return nil
			})
			return int(sum.Load()), err
		}
		if v.trained() {
			units[k] = v.unit(max(1, float64(inputs)) / float64(n*t.ticks))
			want := e.Training.InitRate
			if k == len(t.views)-1 && want > 0 {
				want = t.loss.rate(wanted)
			}
			if err := t.seek(k, want*float64(n*t.ticks*v.out), spikes); err != nil {
				return err
			}
		}
		if inputs, err = spikes(); err != nil {
			return err
		}
		for i := range in {
			in[i] = traces[i].spikes
			traces[i].spikes = nil // the next layer's trace gets a raster of its own
		}
		delay = v.delay
	}
	t.Model.Progress.Units = units
	return t.balance(ctx, input, wanted)
}

// balance sets the factors by which layers hand their error down, so that the root
// mean square of δ over neurons and ticks is the same in all layers.
func (t *Trainer) balance(ctx context.Context, in []*spike.Raster, wanted []answer) error {
	layers := len(t.views)
	t.Model.Progress.Scales = make([]float32, layers)
	for k := range layers {
		t.Model.Progress.Scales[k] = 1
	}
	for k := layers - 1; k > 0 && t.views[k].learns; k-- {
		// From the top, so that no error overflows on the way to the layer that is measured.
		square := make([][2]float64, len(in)) // of layers k−1 and k
		err := t.each(ctx, len(in), func(w *worker, i int) error {
			s := slot{answer: wanted[i]}
			t.forward(w, &s, in[i], true, nil)
			if err := t.backward(w, &s); err != nil {
				return err
			}
			for j := range square[i] {
				for _, x := range s.layers[k-1+j].err {
					square[i][j] += float64(float64(x) * float64(x))
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		var sum [2]float64
		for i := range square {
			sum[0] += square[i][0]
			sum[1] += square[i][1]
		}
		ratio := math.Sqrt(sum[1] / float64(t.views[k].out) / (sum[0] / float64(t.views[k-1].out)))
		if ratio > 0 && ratio < math.MaxFloat32 { // a silent layer, say, has no error to scale
			t.Model.Progress.Scales[k] = float32(ratio)
			t.views[k].refresh(t.Model, k)
		}
	}
	return nil
}

// seek scales the weights of layer k by the gain at which it makes the wanted
// number of spikes; 0 leaves them.
func (t *Trainer) seek(k int, want float64, spikes func() (int, error)) error {
	if want == 0 {
		return nil
	}
	slot := &t.Model.Params[k].Weight
	if len(t.Model.Params[k].Gain.Value) > 0 {
		slot = &t.Model.Params[k].Gain
	}
	value := slot.Value
	fresh := append([]float32(nil), value...)
	scale := func(gain float64) {
		for i := range value {
			value[i] = fresh[i] * float32(gain)
		}
	}
	lo, hi := 1.0/calibrationRange, float64(calibrationRange)
	for range calibrationSteps {
		mid := math.Sqrt(lo * hi) // exactly rounded everywhere, unlike powers
		scale(mid)
		got, err := spikes()
		if err != nil {
			return err
		}
		if float64(got) < want {
			lo = mid
		} else {
			hi = mid
		}
	}
	scale(math.Sqrt(lo * hi))
	return nil
}

// calibrationSamples is how many samples calibration runs: fewer where a sample has
// so many spikes that the memory of all would count.
func (t *Trainer) calibrationSamples() int {
	widest := 1
	for _, v := range t.views {
		widest = max(widest, v.out)
	}
	return max(4, min(calibrationSamples, (1<<24)/(widest*t.ticks)))
}

// unit returns the change of a weight that, made in all weights of a neuron at
// once, moves its steady voltage by a threshold, when so many spikes a tick
// leave the layer below.
func (v *view) unit(spikes float64) float32 {
	l, n := v.layer, v.neuron
	if l.Kind == snn.Conv { // of all spikes, a neuron sees those of its window and group
		spikes *= float64(l.Kernel*l.Kernel) / float64(l.In.W*l.In.H*l.Groups)
	}
	if n.Kind == snn.SRM {
		return float32(n.SRM.Theta / (srmArea(n.SRM) * spikes))
	}
	gain := float64(fixed.DecayOne*fixed.DecayOne) / float64(max(1, n.IDecay)*max(1, n.VDecay))
	return float32(float64(max(1, n.VTh)) / WeightOne / (gain * spikes))
}
