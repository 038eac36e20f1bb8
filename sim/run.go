package sim

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

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
	defer func() {
		m.injected = false
		m.observe(nil)
	}()
	r := &run{m: m, ctx: ctx, in: in, first: m.tick, ticks: ticks, states: opts.States, record: newRecorder(m, ticks, opts.States)}
	for range min(m.program.Convention.SpikeLag, ticks) {
		r.record.add(&m.last) // no spikes, but when going on
		if err := r.record.end(); err != nil {
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
	ran          []ran // in a tick, by all workers
	// Why to stop after an even or odd tick. The first worker sets it before the barrier, and all read it behind: before
	// they are through the next one, nobody sets it again.
	stop [2]error
	err  error
}

// share runs all ticks on some threads, each with cores of its own.
func (r *run) share(threads int) {
	r.workers = r.m.split(threads)
	for _, w := range r.workers {
		w.next.Store(-1 << 32) // no tick of the run
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
	for _, x := range r.inOrder(r.ticks - 1) {
		r.m.last.from, r.m.last.messages = append(r.m.last.from, x.sent.from...), append(r.m.last.messages, x.sent.messages...)
	}
	r.m.whole.clearBuses(r.m, r.m.tick-1)
	r.m.whole.spread(r.m, &r.m.last, r.m.tick-1)
	r.record.add(&r.m.last)
	r.err = r.record.end()
}

// ran is a unit that has been run in a tick, and what it sent.
type ran struct {
	unit int32
	sent sent
}

// inOrder returns the units that ran in tick t of the run, and sent something, by number. The slice is valid until the next call.
func (r *run) inOrder(t int) []ran {
	r.ran = r.ran[:0]
	for _, w := range r.workers {
		r.ran = append(r.ran, w.ran[t%2]...)
	}
	slices.SortFunc(r.ran, func(a, b ran) int { return cmp.Compare(a.unit, b.unit) })
	return r.ran
}

// work runs the ticks. What the units send in a tick all workers see in the next one, behind the barrier, and each lets it reach its own
// units. It then runs these and, when none is left, those of others: so no bits are written by two, and no unit is run by two.
func (r *run) work(w *worker) {
	m, own := r.m, slices.Index(r.workers, w)
	for t := range r.ticks {
		tick, out, before := r.first+t, &w.out[t%2], (t+1)%2
		if t > 0 {
			w.clearBuses(m, tick-1)
			for _, x := range r.workers {
				w.spread(m, &x.out[before], tick-1)
			}
		}
		if t < r.in.Ticks() {
			w.input(m, r.in, t, tick+m.program.Convention.InputLatency)
		}
		out.clear()
		w.ran[t%2] = w.ran[t%2][:0]
		w.next.Store(int64(t) << 32) // from here on others may run its units
		var err error
		if own == 0 && t > 0 {
			for _, x := range r.inOrder(t - 1) {
				r.record.add(&x.sent)
			}
			err = r.record.end()
		}
		for k := range r.workers {
			r.run(w, r.workers[(own+k)%len(r.workers)], t)
		}
		if own == 0 {
			r.stop[t%2] = r.lead(t, err)
		}
		if r.turn.wait(); r.stop[t%2] != nil {
			if own == 0 {
				r.err = r.stop[t%2]
			}
			return
		}
	}
}

// run lets a worker run the units of another, or its own, that nobody has begun in tick t of the run.
func (r *run) run(w, of *worker, t int) {
	ready := func() bool { return of.next.Load()>>32 == int64(t) } // spikes have reached them
	for out := &w.out[t%2]; await(ready); {
		i := int(int32(of.next.Add(1))) - 1
		if i >= len(of.units) {
			return
		}
		u, n := &of.units[i], len(out.from)
		w.step(r.m, u, r.first+t, out)
		if r.states {
			r.record.states(u.lo, u.hi, t)
		}
		if n < len(out.from) {
			x := ran{int32(r.m.cores[u.lo].unit), sent{from: out.from[n:]}}
			if len(out.messages) > 0 {
				x.sent.messages = out.messages[n:]
			}
			w.ran[t%2] = append(w.ran[t%2], x)
		}
	}
}

// lead is what the first worker does besides, in tick t of the run.
func (r *run) lead(t int, err error) error {
	r.m.ticked(&r.workers[0].out[t%2])
	r.m.tick++
	if err == nil && t%checkEvery == 0 && r.ctx.Err() != nil {
		err = diag.Stopped("the run", r.ctx.Err())
	}
	return err
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
		whole := i == 0 || m.units[i].bus == none || m.units[i].bus != m.units[i-1].bus
		if k := len(workers) + 1; k < threads && i > lo && whole && (sum >= all*k/threads || len(m.units)-i <= threads-k) {
			workers = append(workers, &worker{})
			workers[k-1].take(m.tables, lo, i)
			lo = i
		}
		sum += weights[i]
	}
	for len(workers) < threads { // those beyond the first of these run units of others
		workers = append(workers, &worker{})
		workers[len(workers)-1].take(m.tables, lo, len(m.units))
		lo = len(m.units)
	}
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

// patience is how long a thread looks whether the others have come before it sleeps: to be woken takes as long.
const patience = 100 * time.Microsecond

// await waits a while for a condition, and returns whether it holds.
func await(holds func() bool) bool {
	var began time.Time
	for i := 0; !holds(); i++ {
		switch {
		case i == 0:
			began = time.Now()
		case i%64 == 0 && time.Since(began) > patience:
			return false
		case i%64 == 0:
			runtime.Gosched() // to those waited for, where there are more than processors
		}
	}
	return true
}

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
	if await(func() bool { return b.turn.Load() != turn }) {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.turn.Load() == turn {
		b.all.Wait()
	}
}
