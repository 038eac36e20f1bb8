package sim_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets"
)

func TestMain(m *testing.M) {
	flag.Set("rapid.checks", "300") // nets of each differential test; the command line can ask for more
	os.Exit(m.Run())
}

// dense returns a network of dense layers with random weights and delays.
func dense(input int, delay bool, sizes ...int) *fixed.Network {
	r := rand.New(rand.NewPCG(1, 2))
	n := &fixed.Network{Input: snn.Flat(input), Convention: fixed.Axonal}
	in := n.Input
	for k, size := range sizes {
		l := fixed.Layer{Name: string(rune('1' + k)), In: in, Out: snn.Flat(size), WeightBits: 8,
			Neuron: fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: 80, RefDelay: 1}, Weight: make([]int16, in.Size()*size)}
		for i := range l.Weight {
			l.Weight[i] = fixed.Truncate(int64(r.NormFloat64()*12), 8, fixed.Mixed)
		}
		if delay {
			l.Delay = make([]uint8, size)
			for o := range l.Delay {
				l.Delay[o] = uint8(r.IntN(7))
			}
		}
		n.Layers = append(n.Layers, l)
		in = l.Out
	}
	return n
}

func noise(neurons, ticks int, rate float64) *spike.Raster {
	r := rand.New(rand.NewPCG(3, 4))
	in := spike.NewRaster(neurons)
	for range ticks {
		var at []int32
		for i := range neurons {
			if r.Float64() < rate {
				at = append(at, int32(i))
			}
		}
		in.Append(at...)
	}
	return in
}

func machine(t testing.TB, net *fixed.Network, target string) (*compile.Program, *sim.Machine) {
	t.Helper()
	p, err := compile.Compile(net, lookup(t, target))
	check(t, err)
	m, err := sim.New(p)
	check(t, err)
	return p, m
}

func TestDivergence(t *testing.T) {
	net := dense(20, true, 12, 5)
	p, _ := machine(t, net, "loihi1")
	in := noise(20, 50, 0.3)
	run := func() []fixed.Record {
		r, err := net.Run(in, 50, true)
		check(t, err)
		return r
	}
	diverge := func(want, got []fixed.Record) *sim.Divergence {
		d, _, err := sim.FirstDivergence(p, in, want, got)
		check(t, err)
		return d
	}
	if d := diverge(run(), run()); d != nil {
		t.Fatal(d)
	}
	// Later in time, later in the layers, later among the registers, and the one to be found.
	for _, c := range []struct {
		register      string
		layer, neuron int
		tick          int
	}{{"v", 1, 3, 40}, {"v", 1, 3, 30}, {"u", 1, 4, 30}, {"u", 1, 3, 30}, {"v", 0, 11, 30}, {"s", 0, 2, 30}, {"v", 0, 2, 30}, {"u", 0, 2, 30}, {"s", 1, 4, 29}} {
		got := run()
		spoil(got, c.register, c.layer, c.neuron, c.tick)
		spoil(got, "v", 1, 4, 41)
		d := diverge(run(), got)
		if d == nil || d.Register != c.register || d.Layer != net.Layers[c.layer].Name || d.Neuron != c.neuron || d.Tick != c.tick ||
			d.CoreNeuron != 12*c.layer+c.neuron || d.Want == d.Got {
			t.Errorf("spoilt %+v, found %v", c, d)
		}
		if len(d.Inputs) != 10 || !strings.Contains(d.String(), "spike of ") {
			t.Errorf("inputs: %v", d)
		}
		for _, i := range d.Inputs {
			if i.Weight == 0 || i.Sent+i.Delay+1 > d.Tick {
				t.Errorf("%+v has not arrived by tick %d", i, d.Tick)
			}
		}
	}
	// The order of several in the same run: u of a later neuron loses to s of an earlier one, s to v to u of the same.
	got := run()
	spoil(got, "u", 0, 3, 30)
	spoil(got, "s", 0, 2, 30)
	if d := diverge(run(), got); d.Register != "s" || d.Neuron != 2 {
		t.Error(d)
	}
	spoil(got, "v", 0, 2, 30)
	if d := diverge(run(), got); d.Register != "v" || d.Neuron != 2 {
		t.Error(d)
	}
	spoil(got, "u", 0, 2, 30)
	if d := diverge(run(), got); d.Register != "u" || d.Neuron != 2 {
		t.Error(d)
	}
	// Without states, only spikes count.
	want := run()
	for k := range want {
		want[k].U, want[k].V = nil, nil
	}
	if d := diverge(want, got); d.Register != "s" {
		t.Error(d)
	}
	if _, _, err := sim.FirstDivergence(p, in, want, got[:1]); err == nil {
		t.Error("runs of different networks were compared")
	}
}

// TestDivergenceLag: recorded spikes lag, the tick that is told does not.
func TestDivergenceLag(t *testing.T) {
	net := dense(20, true, 12, 5)
	net.Convention = fixed.Slayer
	p, _ := machine(t, net, "loihi1")
	in := noise(20, 50, 0.3)
	want, err := net.Run(in, 50, true)
	check(t, err)
	for _, column := range []int{0, 1, 30, 49} {
		got, err := net.Run(in, 50, true)
		check(t, err)
		spoil(got, "s", 1, 4, column)
		d, _, err := sim.FirstDivergence(p, in, want, got)
		check(t, err)
		if d == nil || d.Tick != column-1 || d.Register != "s" || d.Neuron != 4 || d.Layer != "2" {
			t.Errorf("column %d: %v", column, d)
		}
	}
}

// spoil changes one value of a record.
func spoil(recs []fixed.Record, register string, layer, neuron, tick int) {
	r := &recs[layer]
	ticks := r.Spikes.Ticks()
	switch register {
	case "u":
		r.U[neuron*ticks+tick] ^= 1
	case "v":
		r.V[neuron*ticks+tick] ^= 1
	case "s":
		changed := spike.NewRaster(r.Spikes.Neurons)
		for t := range ticks {
			var at []int32
			for o := range int32(r.Spikes.Neurons) {
				fired := false
				for _, x := range r.Spikes.At(t) {
					fired = fired || x == o
				}
				if fired != (t == tick && int(o) == neuron) {
					at = append(at, o)
				}
			}
			changed.Append(at...)
		}
		r.Spikes = changed
	}
}

func TestStepping(t *testing.T) {
	net := &fixed.Network{Input: snn.Flat(2), Convention: fixed.Immediate, Layers: []fixed.Layer{{Name: "1", In: snn.Flat(2), Out: snn.Flat(1),
		Weight: []int16{2, 4}, WeightBits: 8, Neuron: fixed.CUBA{IDecay: 4096, VDecay: 4096, VTh: 3, RefDelay: 1}}}}
	_, m := machine(t, net, "icebreaker")
	fires := func(axons ...int) bool {
		for _, a := range axons {
			check(t, m.Inject(0, a))
		}
		return len(m.Step()) > 0
	}
	if fires(0) || !fires(1) || !fires(0, 1) || fires() || fires(0, 0) { // two spikes on one axon are one
		t.Error("wrong spikes")
	}
	if got := m.Counts()[0]; got != (sim.Count{Spikes: 2, Synapses: 5, Updates: 5}) {
		t.Errorf("%+v", got)
	}
	for _, bad := range [][2]int{{0, 2}, {0, -1}, {1, 0}, {-1, 0}} {
		if m.Inject(bad[0], bad[1]) == nil {
			t.Errorf("axon %v exists", bad)
		}
	}
	check(t, m.Inject(0, 1))
	m.Reset()
	if m.Tick() != 0 || len(m.Step()) != 0 {
		t.Error("a spike outlived Reset")
	}
}

func TestClones(t *testing.T) {
	p, m := machine(t, dense(30, true, 40, 10), "loihi1")
	in := noise(30, 80, 0.2)
	want, err := m.Run(t.Context(), in, 80, sim.Options{States: true})
	check(t, err)
	results := make(chan *sim.Result)
	for range 4 {
		go func() {
			r, err := m.Clone().Run(t.Context(), in, 80, sim.Options{States: true})
			if err != nil {
				t.Error(err)
			}
			results <- r
		}()
	}
	for range 4 {
		d, n, err := sim.FirstDivergence(p, in, want.Layers, (<-results).Layers)
		if err != nil || d != nil || n == 0 {
			t.Error(d, err)
		}
	}
}

func TestRunErrors(t *testing.T) {
	_, m := machine(t, dense(3, false, 2), "icebreaker")
	code := func(ctx context.Context, in *spike.Raster, ticks int) string {
		_, err := m.Run(ctx, in, ticks, sim.Options{States: true})
		var e *diag.Error
		if errors.As(err, &e) {
			return e.Code
		}
		return ""
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	outside := spike.NewRaster(3)
	outside.Append(0, 3)
	for _, c := range []struct {
		want  string
		ctx   context.Context
		in    *spike.Raster
		ticks int
	}{
		{"raster-size", t.Context(), noise(4, 5, 0), 5}, {"raster-size", t.Context(), outside, 5}, {"raster-size", t.Context(), noise(3, 5, 0), -1},
		{"interrupted", stopped, noise(3, 5, 0), 5}, {"states-exceeded", t.Context(), noise(3, 5, 0), 1 << 31}, {"", t.Context(), noise(3, 5, 0), 0},
	} {
		if got := code(c.ctx, c.in, c.ticks); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	_, m := machine(t, dense(30, true, 40, 10), "loihi1")
	if n := testing.AllocsPerRun(100, func() {
		for a := range 30 {
			check(t, m.Inject(0, a))
		}
		m.Step()
	}); n != 0 {
		t.Errorf("a tick allocates %v times", n)
	}
}

// TestBudget: what the fast path takes stays within 3/10 of the tables, and it makes use of them.
func TestBudget(t *testing.T) {
	for _, sizes := range [][]int{{2312, 512, 10}, {700, 700, 700}, {512, 512, 512}} {
		for _, delay := range []bool{false, true} {
			_, m := machine(t, dense(sizes[0], delay, sizes[1:]...), "loihi1")
			used, limit := m.Bytes()
			if t.Logf("%v: %d of %d bytes, %d cores joined", sizes, used, limit, m.Joined()); used > limit || used < limit/2 || m.Joined() == 0 {
				t.Errorf("%v, delays %v: %d of %d bytes", sizes, delay, used, limit)
			}
		}
	}
}

// TestObserved: going on with an observer, and without one again, changes nothing, and it is told of every spike that arrives.
func TestObserved(t *testing.T) {
	_, m := machine(t, dense(2312, true, 200, 10), "loihi1")
	if m.Joined() == 0 {
		t.Fatal("no cores are joined")
	}
	in := noise(2312, 60, 0.01)
	_, err := m.Run(t.Context(), in, 60, sim.Options{})
	check(t, err)
	want := m.Hash()
	m.Reset()
	told := &arrivals{}
	for part, o := range []sim.Options{{}, {Observer: told}, {Slow: true}, {}, {Observer: told}, {Threads: 2}} {
		o.Continue = true
		_, err := m.Run(t.Context(), cut(in, 10*part, 10*part+10), 10, o)
		check(t, err)
	}
	if m.Hash() != want {
		t.Error("the states at the end differ")
	}
	other := &arrivals{}
	_, err = m.Run(t.Context(), in, 60, sim.Options{Observer: other, Slow: true})
	check(t, err)
	if first := append(other.ticks[10:20:20], other.ticks[40:50]...); len(told.ticks) == 0 || slices.Max(told.ticks) == 0 || !slices.Equal(told.ticks, first) {
		t.Errorf("told of %v arrivals, want %v", told.ticks, first)
	}
}

// smallCores is a target whose cores have few neurons, so that layers lie on several.
func smallCores(t testing.TB) compile.Target {
	small, err := targets.Parse("small", []byte("inherits = \"loihi1\"\n[limits]\nneurons = 30"))
	check(t, err)
	return small
}

// TestInjected: spikes on single axons of cores that are joined or on a bus, some of which have a spike there in any case, do what they do on the reference path.
func TestInjected(t *testing.T) {
	p, err := compile.Compile(dense(40, false, 100, 50), smallCores(t))
	check(t, err)
	joined, bus := sim.NewWithin(p, 1<<20), sim.NewApart(p)
	if joined.Joined() != len(p.Cores) || bus.Buses() == 0 {
		t.Fatalf("of %d cores %d are joined, %d on buses", len(p.Cores), joined.Joined(), bus.Buses())
	}
	for name, m := range map[string]*sim.Machine{"joined": joined, "bus": bus} {
		slow := m.Clone()
		slow.UseReference(true)
		spikes, after := 0, 0
		for tick := range 60 {
			for i := range 40 {
				core := (i + tick) % len(p.Cores)
				for _, x := range []*sim.Machine{m, slow} {
					if tick%3 > 0 {
						check(t, x.Inject(core, (i+tick)%len(p.Cores[core].Row)))
					}
				}
			}
			a, b := m.Step(), slow.Step()
			if !slices.Equal(a, b) {
				t.Fatalf("%s, tick %d: %v spike, on the reference path %v", name, tick, a, b)
			}
			if tick < 59 {
				spikes += len(a)
			} else {
				after = len(a)
			}
		}
		if spikes == 0 || after == 0 || m.Hash() != slow.Hash() {
			t.Errorf("%s: %d and %d spikes; or the states differ", name, spikes, after)
		}
		// What has arrived on single axons at the first tick of a run is one with its input.
		for _, x := range []*sim.Machine{m, slow} {
			for axon := range p.Cores[0].Row {
				check(t, x.Inject(0, axon))
			}
		}
		in := noise(40, 30, 0.3)
		got, err := m.Run(t.Context(), in, 30, sim.Options{Continue: true, Threads: 2})
		check(t, err)
		want, err := slow.Run(t.Context(), in, 30, sim.Options{Continue: true, Slow: true})
		check(t, err)
		if !slices.Equal(got.Cores, want.Cores) || m.Hash() != slow.Hash() {
			t.Errorf("%s: counts or states differ after a run", name)
		}
	}
}

// TestTwoRows: two rows of a source on a core, which have targets in common as Check allows it, are two wires.
func TestTwoRows(t *testing.T) {
	p, err := compile.Compile(dense(40, false, 100), smallCores(t))
	check(t, err)
	more := *p
	more.Cores = slices.Clone(p.Cores)
	for i := range more.Cores { // axon a + n has every other synapse of axon a
		c := &more.Cores[i]
		n, old := len(c.Row), *c
		c.Row, c.Base, c.RowStart, c.Mode, c.WeightBits, c.Format, c.Target, c.Code = nil, slices.Repeat(old.Base, 2), []uint32{0}, nil, nil, nil, nil, nil
		for part := range 2 {
			for a := range n {
				lo, hi := old.Synapses(a)
				for s := lo; s < hi; s += 1 + uint32(part) {
					c.Target, c.Code = append(c.Target, old.Target[s]), append(c.Code, old.Code[s])
				}
				r := old.Row[a]
				c.Row, c.RowStart = append(c.Row, uint16(len(c.Row))), append(c.RowStart, uint32(len(c.Target)))
				c.Mode, c.WeightBits, c.Format = append(c.Mode, old.Mode[r]), append(c.WeightBits, old.WeightBits[r]), append(c.Format, old.Format[r])
			}
		}
	}
	more.InputStart, more.InputRoute = []uint32{0}, nil
	for i := range 40 {
		for _, r := range p.InputRoute[p.InputStart[i]:p.InputStart[i+1]] {
			other := r
			other.Axon += uint16(len(p.Cores[r.Core].Row))
			more.InputRoute = append(more.InputRoute, r, other)
		}
		more.InputStart = append(more.InputStart, uint32(len(more.InputRoute)))
	}
	check(t, compile.Check(&more))
	want, m, in := sim.NewApart(&more), sim.NewWithin(&more, 1<<20), noise(40, 60, 0.3)
	if m.Joined() != 4 {
		t.Fatalf("%d cores are joined", m.Joined())
	}
	a, err := want.Run(t.Context(), in, 60, sim.Options{States: true})
	check(t, err)
	b, err := m.Run(t.Context(), in, 60, sim.Options{States: true})
	check(t, err)
	if !slices.Equal(a.Layers[0].U, b.Layers[0].U) || !slices.Equal(a.Layers[0].V, b.Layers[0].V) || !slices.Equal(a.Cores, b.Cores) || a.Layers[0].Spikes.Count() == 0 {
		t.Error("the states or counts differ")
	}
}

// arrivals counts by tick.
type arrivals struct {
	n     int
	ticks []int
}

func (a *arrivals) Arrived(core, axon int)  { a.n += 1 + core*axon }
func (a *arrivals) Active(core, neuron int) {}
func (a *arrivals) Spiked(core, neuron int) {}
func (a *arrivals) Ticked()                 { a.ticks = append(a.ticks, a.n); a.n = 0 }

// BenchmarkTick is one tick of 2312-512-512-10 at 3 % input density.
func BenchmarkTick(b *testing.B) {
	for _, c := range []struct {
		name  string
		delay bool
	}{{"plain", false}, {"delays", true}} {
		b.Run(c.name, func(b *testing.B) {
			_, m := machine(b, dense(2312, c.delay, 512, 512, 10), "loihi1")
			in := noise(2312, 300, 0.03)
			b.ResetTimer()
			synapses := int64(0)
			for range b.N {
				r, err := m.Run(b.Context(), in, 300, sim.Options{})
				check(b, err)
				for _, x := range r.Cores {
					synapses += x.Synapses
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(300*b.N), "ns/tick")
			b.ReportMetric(float64(synapses)/b.Elapsed().Seconds()/1e6, "Msynapses/s")
		})
	}
}
