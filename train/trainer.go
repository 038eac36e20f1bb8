package train

import (
	"context"
	"runtime"

	"github.com/isospike/isospike/snn"
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

// PatternSource is a Source whose samples have desired output spike trains. Pattern
// may return nil for a sample that has none.
type PatternSource interface {
	Pattern(i int) (*spike.Raster, error)
}

// StepSource is a Source whose samples have a class for each tick, 255 where
// unlabelled. Steps may return nil for a sample that has none.
type StepSource interface {
	Steps(i int) ([]uint8, error)
}

// Trainer runs a model over samples. It is not safe for concurrent use; its
// methods are parallel inside.
type Trainer struct {
	Model   *Model
	Threads int // 0 is the number of processors

	ticks   int
	loss    lossFunction
	views   []view
	slots   []slot // of the batch, by position
	workers []*worker
	batches int         // of the epoch under way
	grads   [][]float32 // of all weights, by layer, where the step needs them at once
}

// slot keeps what the gradient needs of one sample.
type slot struct {
	layers  []trace
	from    []byNeuron  // arrivals by presynaptic neuron, of dense layers
	weights [][]float32 // gradient of each conv layer's weights
	delays  [][]float32 // gradient of each layer's delays, where they are learned
	counts  []int
	answer  answer
	loss    float64
	correct int // of judged answers
	judged  int
	spikes  []int // by layer
}

// worker is the memory of one thread.
type worker struct {
	pops    []population
	states  []states  // by layer
	arrive  []float32 // error at arrival of the layer below, ticks×in
	grad    []float32 // of a block of weight rows
	conv    convScratch
	adjoint adjointScratch
	loss    lossScratch
	output  spike.Raster // the last layer's spikes in package snn's order, where it differs
	err     []float32    // and the error at them
}

// states are a layer's matrices that one sample needs only until the next.
type states struct{ rho, err, u, v []float32 }

// NewTrainer prepares m for samples of the given number of ticks.
func NewTrainer(m *Model, ticks, threads int) *Trainer {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	t := &Trainer{Model: m, Threads: threads, ticks: ticks, loss: outputLoss(m, ticks), views: make([]view, len(m.Net.Layers))}
	for k := range t.views {
		var below *view
		if k > 0 {
			below = &t.views[k-1]
		}
		t.views[k] = newView(m, k, below)
	}
	t.Refresh()
	for range threads {
		t.workers = append(t.workers, t.newWorker())
	}
	return t
}

// outputLoss returns the loss for the network's last layer.
func outputLoss(m *Model, ticks int) lossFunction {
	last := m.Net.Layers[len(m.Net.Layers)-1]
	rest := 1
	if last.Neuron.Kind != snn.SRM {
		rest = last.Neuron.RefDelay
	}
	return newLossFor(m.Experiment.Loss, ticks, last.Out.Size(), rest)
}

func (t *Trainer) newWorker() *worker {
	w := &worker{states: make([]states, len(t.views))}
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

// forward runs one sample through all layers into s. To learn from it, the worker
// keeps what the backward pass needs; drop says which inputs of each layer are silent.
func (t *Trainer) forward(w *worker, s *slot, in *spike.Raster, learn bool, drop [][]bool) {
	if s.layers == nil {
		n := len(t.views)
		s.layers, s.from, s.weights, s.delays, s.spikes = make([]trace, n), make([]byNeuron, n), make([][]float32, n), make([][]float32, n), make([]int, n)
	}
	spikes, delay := in, []uint8(nil)
	for k := range t.views {
		v, tr, st := &t.views[k], &s.layers[k], &w.states[k]
		tr.rho, tr.u, tr.v, tr.drop = nil, nil, nil, nil
		if learn && v.taught() {
			st.rho = resize(st.rho, t.ticks*v.out)
			tr.rho = st.rho
			if v.decays {
				st.u, st.v = resize(st.u, t.ticks*v.out), resize(st.v, t.ticks*v.out)
				tr.u, tr.v = st.u, st.v
			}
			if drop != nil {
				tr.drop = drop[k]
			}
		}
		forward(w.pops[k], v, spikes, delay, t.ticks, tr)
		s.spikes[k] = tr.spikes.Count()
		spikes, delay = tr.spikes, v.delay
	}
}

// score runs the loss over the output of a sample that went forward, and with
// learn fills the error at the output's spikes.
func (t *Trainer) score(w *worker, s *slot, learn bool) {
	k := len(t.views) - 1
	v, tr := &t.views[k], &s.layers[k]
	out, err := tr.spikes, []float32(nil)
	if v.number != nil {
		v.canonical(&w.output, tr.spikes)
		out = &w.output
	}
	if learn {
		t.room(w, tr, k)
		if err = tr.err; v.number != nil {
			w.err = resize(w.err, t.ticks*v.out)
			err = w.err
		}
	}
	from, to := t.Model.Experiment.Loss.Bounds(t.ticks)
	s.counts = out.Counts(from, to, s.counts)
	s.loss = t.loss.value(out, s.counts, s.answer, err, &w.loss)
	s.correct, s.judged = t.loss.judge(out, s.counts, s.answer)
	if learn && v.number != nil {
		for x := range t.ticks {
			row, from := tr.err[x*v.out:][:v.out], err[x*v.out:]
			for i, n := range v.number {
				row[i] = from[n]
			}
		}
	}
}

// room gives layer k memory for its error: of its own where the gradient of its
// weights is summed after the batch, the worker's elsewhere.
func (t *Trainer) room(w *worker, tr *trace, k int) {
	n := t.ticks * t.views[k].out
	if t.views[k].layer.Kind == snn.Dense {
		tr.err = resize(tr.err, n)
		return
	}
	w.states[k].err = resize(w.states[k].err, n)
	tr.err = w.states[k].err
}

// backward runs the error of one sample down through all layers that have
// something to learn or to pass on.
func (t *Trainer) backward(w *worker, s *slot) error {
	e := t.Model.Experiment.Training
	t.score(w, s, true)
	for k := len(t.views) - 1; k >= 0; k-- {
		v, tr := &t.views[k], &s.layers[k]
		if !v.taught() {
			break
		}
		v.adjoint(tr, t.ticks, e, &w.adjoint)
		if err := v.finite(tr.err); err != nil {
			return err
		}
		if scale := v.dropScale(tr.drop); scale != 0 {
			for i := range tr.err {
				tr.err[i] *= float32(scale) / 256
			}
		}
		switch v.layer.Kind {
		case snn.Dense:
			s.from[k].fill(&tr.arr, v.in)
		case snn.Conv:
			s.weights[k] = resize(s.weights[k], v.rows*v.cols)
			clear(s.weights[k])
			v.conv.gradient(s.weights[k], tr.err, &tr.arr, t.ticks)
		}
		if !v.learns {
			return nil
		}
		down := &t.views[k-1]
		t.room(w, &s.layers[k-1], k-1)
		w.arrive = resize(w.arrive, t.ticks*v.in)
		v.below(tr.err, down.delay, tr.drop, t.ticks, w.arrive, s.layers[k-1].err, &w.conv)
		if down.delay != nil && e.Delays == "learned" {
			s.delays[k-1] = resize(s.delays[k-1], len(t.Model.Params[k-1].Delay.Value))
			clear(s.delays[k-1])
			v.delayGradient(tr, down, w.arrive, t.ticks, e.DelayGrad == "centred", s.delays[k-1])
		}
	}
	return nil
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
		s := &slots[i]
		in, err := t.sample(src, b, s)
		if err != nil {
			return err
		}
		t.forward(w, s, in, true, t.dropout(b.index))
		return t.backward(w, s)
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
	m.Correct += s.correct
	m.Judged += s.judged
}

// sample fetches the input of a sample and, into s, what is wanted of the output.
func (t *Trainer) sample(src Source, b sample, s *slot) (*spike.Raster, error) {
	in, err := t.raster(src, b)
	if err != nil {
		return nil, err
	}
	s.answer = answer{label: -1}
	if src.Classes() > 0 {
		s.answer.label = src.Label(b.index)
	}
	if p, ok := src.(PatternSource); ok {
		if s.answer.pattern, err = p.Pattern(b.index); err != nil {
			return nil, err
		}
	}
	if p, ok := src.(StepSource); ok {
		if s.answer.steps, err = p.Steps(b.index); err != nil {
			return nil, err
		}
	}
	return in, t.loss.accepts(s.answer)
}

// dropout draws the inputs of each layer that are silent in this sample; nil is none.
func (t *Trainer) dropout(index int) [][]bool {
	var all [][]bool
	for k := range t.views {
		share := t.views[k].layer.Drop
		if share == 0 {
			continue
		}
		if all == nil {
			all = make([][]bool, len(t.views))
		}
		p := t.Model.Progress
		r := random(t.Model.Experiment.Seed+uint64(p.Epoch)<<32, drawDropout, k, index)
		all[k] = make([]bool, t.views[k].in)
		for i := range all[k] {
			all[k][i] = r.IntN(100) < share
		}
	}
	return all
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
