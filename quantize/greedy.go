package quantize

import (
	"context"
	"math"
	"sync/atomic"

	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"golang.org/x/sync/errgroup"
)

// Sample is an input to measure on, with the spikes that the layers of the network have on
// it before it is quantized.
type Sample struct {
	In     *spike.Raster
	Before []*spike.Raster
	Label  int // −1 is none
}

// feed holds what reaches the layer to quantize next, from the layers that are quantized.
type feed struct {
	samples []Sample
	in      []*spike.Raster
	threads int
	ctx     context.Context
}

func newFeed(o Options) *feed {
	f := &feed{samples: o.Samples, threads: max(1, o.Threads), ctx: o.Context}
	if f.ctx == nil {
		f.ctx = context.Background()
	}
	for _, s := range o.Samples {
		f.in = append(f.in, s.In)
	}
	return f
}

// each runs layer k of n on what reaches it in every sample.
func (f *feed) each(n *fixed.Network, k int, use func(i int, out *spike.Raster)) error {
	var g errgroup.Group
	g.SetLimit(f.threads)
	for i, in := range f.in {
		g.Go(func() error {
			if f.ctx.Err() != nil {
				return f.ctx.Err()
			}
			use(i, n.RunLayer(k, in, in.Ticks(), false).Spikes)
			return nil
		})
	}
	return g.Wait()
}

// advance makes the spikes of layer k what reaches the next.
func (f *feed) advance(n *fixed.Network, k int) error {
	next := make([]*spike.Raster, len(f.in))
	err := f.each(n, k, func(i int, out *spike.Raster) { next[i] = out })
	f.in = next
	return err
}

// scaled are the thresholds that choose tries, in 1/16 of that with the least error of weights.
var scaled = []float64{16, 8, 9, 10, 11, 12, 13, 14, 15, 18, 20, 22, 24, 26, 28, 32}

// choose returns the scale around c with which the spikes of l, the last layer of n, shift least.
func (f *feed) choose(n *fixed.Network, l *Layer, c scale, o Options) (scale, error) {
	k := len(n.Layers) - 1
	best, least, limits := c, int64(math.MaxInt64), l.limits()
	if l.SRM != nil {
		limits.threshold = l.most(o)
	}
	tried := *n
	tried.Layers = append([]fixed.Layer(nil), n.Layers...)
	for _, by := range scaled {
		s := c
		if s.ratio = c.ratio * 16 / by; l.spikes() {
			s.threshold = int32(math.RoundToEven(float64(c.threshold) * by / 16))
			s.ratio = l.unit() / float64(s.threshold)
		}
		if by != 16 && (!limits.allow(s) || math.IsInf(l.Threshold, 1)) {
			continue
		}
		fl, _ := l.integers(s, o, &LayerReport{})
		tried.Layers[k] = *fl
		var sum atomic.Int64
		if err := f.each(&tried, k, func(i int, out *spike.Raster) { sum.Add(shift(f.samples[i].Before[k], out)) }); err != nil {
			return c, err
		}
		if sum.Load() < least {
			best, least = s, sum.Load()
		}
	}
	return best, nil
}
