package sim

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// Options say how to run, and what to keep besides spikes. None but Continue changes a result.
type Options struct {
	States   bool     // U and V of every neuron at every tick: 8 bytes each
	Observer Observer // is told of every event, of a run on one thread; nil is nobody, and costs nothing
	Threads  int      // threads that share the cores; 0 is 1. Samples on threads, a Clone each, are faster where there are several
	Slow     bool     // run every core on the reference path, which is written to be read
	Continue bool     // go on from the state that the machine is in; column 0 of the input is the coming tick's
}

// Result is what a run leaves.
type Result struct {
	Layers []fixed.Record // as fixed.Network.Run returns them
	Cores  []Count        // by core, since the last Reset
}

// maxStates bounds the values of U, and of V, that a run may keep: 8 GB each.
const maxStates = 1 << 31

// checkEvery is how many ticks pass between looks at the context.
const checkEvery = 64

// Run runs m for ticks ticks on an input raster, from rest unless opts say Continue. Input columns
// beyond ticks have no effect; missing ones are silent. Errors: Input for a
// raster of another size, Limit for more spikes or states than can be recorded,
// Interrupted when ctx ends; after that m is at rest.
func (m *Machine) Run(ctx context.Context, in *spike.Raster, ticks int, opts Options) (*Result, error) {
	if err := m.checkRun(in, ticks, opts); err != nil {
		return nil, err
	}
	if !opts.Continue {
		m.Reset()
	}
	m.UseReference(opts.Slow)
	m.observe(opts.Observer)
	defer m.observe(nil)
	r := &run{m: m, ctx: ctx, in: in, first: m.tick, ticks: ticks, states: opts.States, record: newRecorder(m, ticks, opts.States)}
	for range min(m.program.Convention.SpikeLag, ticks) {
		if err := r.record.take(&m.last); err != nil { // of no spikes, but when going on
			return nil, err
		}
	}
	threads := min(max(opts.Threads, 1), len(m.units))
	if opts.Observer != nil {
		threads = 1
	}
	if r.share(threads); r.err != nil {
		m.Reset()
		return nil, r.err
	}
	return &Result{Layers: r.record.layers, Cores: slices.Clone(m.Counts())}, nil
}

func (m *Machine) checkRun(in *spike.Raster, ticks int, opts Options) error {
	p := m.program
	if in.Neurons != len(p.InputStart)-1 || ticks < 0 {
		return diag.Inputf("raster-size", "", "the input raster has %d neurons and the program takes %d, for %d ticks",
			in.Neurons, len(p.InputStart)-1, ticks)
	}
	if opts.States && int64(ticks) > maxStates/int64(max(m.neurons, 1)) {
		return &diag.Error{Kind: diag.Limit, Code: "states-exceeded", Msg: "too many states to record", Resource: "neurons × ticks",
			Used: int64(m.neurons) * int64(ticks), Limit: maxStates, Fix: "run fewer ticks, or record spikes alone"}
	}
	for t := range min(ticks, in.Ticks()) {
		for _, i := range in.At(t) {
			if i < 0 || int(i) >= in.Neurons {
				return diag.Inputf("raster-size", "", "the input raster has a spike of neuron %d of %d in column %d", i, in.Neurons, t)
			}
		}
	}
	return nil
}

// run is one call of Run.
type run struct {
	m            *Machine
	ctx          context.Context
	in           *spike.Raster
	first, ticks int // tick of column 0, and how many there are
	states       bool
	record       *recorder
	workers      []*worker
	turn         barrier
	parts        [2][]*sent // of even and odd ticks: what each worker sends
	// Why to stop after an even or odd tick. The first worker sets it before the barrier, and all read it behind: before
	// they are through the next one, nobody sets it again.
	stop [2]error
	err  error
}

// share runs all ticks on some threads, each with cores of its own.
func (r *run) share(threads int) {
	r.workers = r.m.split(threads)
	for _, w := range r.workers {
		for k := range w.out {
			r.parts[k] = append(r.parts[k], &w.out[k])
		}
	}
	r.turn = barrier{of: len(r.workers)}
	r.turn.all = sync.NewCond(&r.turn.mu)
	var wait sync.WaitGroup
	for _, w := range r.workers[1:] {
		wait.Go(func() { r.work(w) })
	}
	r.work(r.workers[0])
	wait.Wait()
	if r.err != nil || r.ticks == 0 {
		return
	}
	r.m.last.clear()
	for _, out := range r.parts[(r.ticks-1)%2] {
		r.m.whole.spread(r.m, out, r.m.tick-1)
		r.m.last.from, r.m.last.messages = append(r.m.last.from, out.from...), append(r.m.last.messages, out.messages...)
	}
	r.err = r.record.take(&r.m.last)
}

// work runs the ticks on the worker's cores. What the workers send in a tick they all see in
// the next one, behind the barrier, and each takes what reaches its own cores: so nothing is written by two.
func (r *run) work(w *worker) {
	m := r.m
	for t := range r.ticks {
		tick, out := r.first+t, &w.out[t%2]
		if t > 0 {
			for _, s := range r.parts[(t-1)%2] {
				w.spread(m, s, tick-1)
			}
		}
		if t < r.in.Ticks() {
			w.input(m, r.in, t, tick+m.program.Convention.InputLatency)
		}
		out.clear()
		w.step(m, tick, out)
		if r.states {
			r.record.states(w.lo, w.hi, t)
		}
		if w == r.workers[0] {
			r.stop[t%2] = r.lead(t)
		}
		if r.turn.wait(); r.stop[t%2] != nil {
			if w == r.workers[0] {
				r.err = r.stop[t%2]
			}
			return
		}
	}
}

// lead is what the first worker does besides, in tick t of the run.
func (r *run) lead(t int) error {
	r.m.ticked(&r.workers[0].out[t%2])
	if r.m.tick++; t > 0 {
		if err := r.record.take(r.parts[(t-1)%2]...); err != nil {
			return err
		}
	}
	if t%checkEvery == 0 && r.ctx.Err() != nil {
		return &diag.Error{Kind: diag.Interrupted, Code: "interrupted", Msg: "the run was stopped", Err: r.ctx.Err()}
	}
	return nil
}

// split returns workers that share the units, about equal in synapses and neurons.
func (m *Machine) split(threads int) []*worker {
	if threads == 1 {
		return []*worker{&m.whole}
	}
	weights, all := make([]int, len(m.units)), 0
	for i := range m.cores {
		c := &m.cores[i]
		n := len(c.Target) + 16*len(c.Profile) + len(c.Row)
		weights[c.unit] += n
		all += n
	}
	var workers []*worker
	sum, lo := 0, 0
	for i := range m.units {
		k := len(workers) + 1
		if k < threads && i > lo && (sum >= all*k/threads || len(m.units)-i == threads-k) {
			workers = append(workers, &worker{})
			workers[k-1].take(m.tables, m.units[lo:i])
			lo = i
		}
		sum += weights[i]
	}
	workers = append(workers, &worker{})
	workers[len(workers)-1].take(m.tables, m.units[lo:])
	return workers
}

// barrier lets threads wait for each other.
type barrier struct {
	mu      sync.Mutex
	all     *sync.Cond
	of      int
	waiting int
	turn    atomic.Int64
}

// patience is how often a thread looks whether the others have come before it sleeps, some 10 µs: to be woken takes longer.
const patience = 10000

func (b *barrier) wait() {
	if b.of == 1 {
		return
	}
	turn := b.turn.Load()
	b.mu.Lock()
	if b.waiting++; b.waiting == b.of {
		b.waiting = 0
		b.turn.Add(1)
		b.all.Broadcast()
		b.mu.Unlock()
		return
	}
	b.mu.Unlock()
	for range patience {
		if b.turn.Load() != turn {
			return
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.turn.Load() == turn {
		b.all.Wait()
	}
}
