package train

import (
	"context"
	"runtime"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/train/kernel"
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
			if v.delay != nil && e.LearnDelay {
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

// rowBlock is the number of weight rows that one task of update handles.
const rowBlock = 128

// update sums the batch's gradient, row by row in the order of the samples, and
// takes the optimiser's step.
func (t *Trainer) update(slots []slot) {
	m := t.Model
	o := m.Experiment.Optimiser
	p := newStep(o, m.Progress.Step)
	decay := 1.0
	for range m.Progress.Epoch {
		decay *= o.Decay
	}
	type block struct{ layer, lo, hi int }
	var blocks []block
	for k := range t.views {
		for lo := 0; lo < t.views[k].in; lo += rowBlock {
			blocks = append(blocks, block{k, lo, min(lo+rowBlock, t.views[k].in)})
		}
	}
	// The step is not cancelled half way: parameters belong together. Nothing in it can fail.
	_ = t.each(context.Background(), len(blocks), func(w *worker, i int) error {
		b := blocks[i]
		v := &t.views[b.layer]
		w.grad = resize(w.grad, (b.hi-b.lo)*v.out)
		weightGradient(slots, b.layer, b.lo, w.grad)
		p.apply(&m.Params[b.layer].Weight, b.lo*v.out, w.grad, o.Rate*decay*float64(m.Progress.Units[b.layer]))
		return nil
	})
	for k := range t.views {
		if t.views[k].delay == nil || !m.Experiment.Training.LearnDelay || k == len(t.views)-1 {
			continue
		}
		g := make([]float32, t.views[k].out)
		for j := range slots {
			for i, x := range slots[j].delays[k] {
				g[i] += x
			}
		}
		mean(g, len(slots))
		p.apply(&m.Params[k].Delay, 0, g, o.DelayLR*decay)
		clampDelays(m.Params[k].Delay.Value, m.Experiment.Training.MaxDelay)
	}
}

// weightGradient fills g with ∂L/∂W of the weight rows of a layer from lo on, as
// many as g holds: the mean over the samples of a batch of the error at every
// arrival of the presynaptic neuron's spikes.
func weightGradient(slots []slot, layer, lo int, g []float32) {
	out := slots[0].layers[layer].spikes.Neurons
	clear(g)
	for j := range slots { // outside, so that a sample's errors stay in the cache for all rows
		tr, from := &slots[j].layers[layer], &slots[j].from[layer]
		for i := range len(g) / out {
			kernel.AddRowsF32(g[i*out:][:out], tr.err, from.of(lo+i))
		}
	}
	mean(g, len(slots))
}

func mean(g []float32, samples int) {
	scale := 1 / float32(samples)
	for i := range g {
		g[i] *= scale
	}
}

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
