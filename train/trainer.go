package train

import (
	"context"
	"runtime"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
	"golang.org/x/sync/errgroup"
)

// Source is what training takes its samples from. Raster must be safe for concurrent use and
// depend on its arguments alone: sample i, moved by (dx, dy) pixels of the sensor.
type Source interface {
	Len() int
	Classes() int
	Label(i int) int
	Raster(i, dx, dy int) (*spike.Raster, error)
}

// Trainer runs a model over samples. It is not safe for concurrent use; its
// methods are parallel inside.
type Trainer struct {
	Model   *Model
	Threads int // 0 is the number of processors

	ticks   int
	target  target
	views   []view
	slots   []slot // of the batch, by position
	workers []*worker
}

// slot keeps what the gradient needs of one sample.
type slot struct {
	layers []trace
	from   []byNeuron  // arrivals by presynaptic neuron, by layer
	delays [][]float32 // delay gradient of each layer that learns delays
	counts []int
	loss   float64
	label  int
	spikes []int // by layer
}

type worker struct {
	pops   []population
	arrive []float32 // error at arrival of the layer below, ticks×in
	grad   []float32 // of a block of weight rows
}

// NewTrainer prepares m for samples of the given number of ticks.
func NewTrainer(m *Model, ticks, threads int) *Trainer {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	t := &Trainer{Model: m, Threads: threads, ticks: ticks, target: newTarget(m.Experiment.Loss, ticks), views: make([]view, len(m.Net.Layers))}
	t.Refresh()
	for range threads {
		t.workers = append(t.workers, t.newWorker())
	}
	return t
}

func (t *Trainer) newWorker() *worker {
	w := &worker{}
	for k := range t.views {
		w.pops = append(w.pops, newPopulation(&t.views[k], t.Model.Net.Layers[k].Neuron, t.Model.Experiment.Surrogate))
	}
	return w
}

// Refresh takes over parameters that were changed from outside.
func (t *Trainer) Refresh() {
	for k := range t.views {
		t.views[k].refresh(t.Model, k)
	}
}

// forward runs one sample through all layers into s.
func (t *Trainer) forward(w *worker, s *slot, in *spike.Raster, label int, keepRho bool) {
	if s.layers == nil {
		s.layers = make([]trace, len(t.views))
		s.from = make([]byNeuron, len(t.views))
		s.delays = make([][]float32, len(t.views))
		s.spikes = make([]int, len(t.views))
	}
	spikes, delay := in, []uint8(nil)
	for k := range t.views {
		v, tr := &t.views[k], &s.layers[k]
		forward(w.pops[k], v.out, spikes, delay, t.ticks, tr, keepRho)
		s.spikes[k] = tr.spikes.Count()
		spikes, delay = tr.spikes, v.delay
	}
	last := len(t.views) - 1
	s.label = label
	s.counts = s.layers[last].spikes.Counts(t.target.from, t.target.to, s.counts)
}

// backward runs the error of one sample down through all layers.
func (t *Trainer) backward(w *worker, s *slot) {
	e := t.Model.Experiment.Training
	last := len(t.views) - 1
	for k := last; k >= 0; k-- {
		v, tr := &t.views[k], &s.layers[k]
		tr.err = resize(tr.err, t.ticks*v.out)
		if k == last {
			s.loss = t.target.loss(s.counts, s.label, tr.err)
		} else {
			up := &t.views[k+1]
			w.arrive = resize(w.arrive, t.ticks*v.out)
			below(up, s.layers[k+1].err, v.delay, t.ticks, w.arrive, tr.err)
			if v.delay != nil && e.Delays == "learned" {
				s.delays[k] = resize(s.delays[k], v.out)
				clear(s.delays[k])
				delayGradient(&s.layers[k+1], v.out, w.arrive, t.ticks, s.delays[k])
			}
		}
		backward(t.Model.Net.Layers[k].Neuron, v.out, tr, e.GradReset)
		s.from[k].fill(&tr.arr, v.in)
	}
}

// each calls f for the items 0..n−1, on all workers; which worker gets which item
// does not matter to the results.
func (t *Trainer) each(ctx context.Context, n int, f func(w *worker, i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	next := make(chan int)
	g.Go(func() error {
		defer close(next)
		for i := range n {
			select {
			case next <- i:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for _, w := range t.workers {
		g.Go(func() error {
			for i := range next {
				if err := f(w, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// sample is one sample of a batch: its number in the source and its shift.
type sample struct{ index, dx, dy int }

// step trains on one batch and adds it to the running metrics. On an error, a cancelled context included, the parameters are untouched.
func (t *Trainer) step(ctx context.Context, src Source, batch []sample) error {
	for len(t.slots) < len(batch) {
		t.slots = append(t.slots, slot{})
	}
	slots := t.slots[:len(batch)]
	err := t.each(ctx, len(batch), func(w *worker, i int) error {
		b := batch[i]
		in, err := t.raster(src, b)
		if err != nil {
			return err
		}
		t.forward(w, &slots[i], in, src.Label(b.index), true)
		t.backward(w, &slots[i])
		return nil
	})
	if err != nil {
		return err
	}
	p := &t.Model.Progress
	p.Step++
	t.update(slots)
	t.Refresh()
	p.Batch++
	for i := range slots {
		p.Running.add(&slots[i])
	}
	return nil
}

func (m *Metrics) add(s *slot) {
	m.Samples++
	if m.Spikes == nil {
		m.Spikes = make([]int, len(s.spikes))
	}
	for k, n := range s.spikes {
		m.Spikes[k] += n
	}
	m.Loss += s.loss
	if spike.Classify(s.counts) == s.label {
		m.Correct++
	}
}

func (t *Trainer) raster(src Source, b sample) (*spike.Raster, error) {
	in, err := src.Raster(b.index, b.dx, b.dy)
	if err != nil {
		return nil, err
	}
	if want := t.views[0].in; in.Neurons != want {
		return nil, diag.Inputf("input-shape", "", "the data gives %d input neurons, the network takes %d", in.Neurons, want).
			WithFix("the network's first field must be the shape of the encoded data")
	}
	return in, nil
}
