package sim_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/compile/nettest"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/targets"
)

// tally counts what a differential test has compared and what it has met.
type tally struct {
	nets, skipped, cores    int
	values, spikes          int64
	uTop, vTop, vBottom     int // states at the edges
	delayed, shared, resets int
	srm                     int            // layers of SRM neurons that spiked
	kinds                   map[string]int // layers that spiked
	nine, exps              int            // layers of 9-bit weights, and of several exponents
	fast, joined, buses     int            // cores on the fast path, and those of them that can be joined or, where they are not, are on buses
	ways                    [4]int         // their rows: scattered, spread by delays, contiguous, filled
	axons, rows, moved      int            // axons of cores where they share rows, these rows, and axons with a base
}

// run lays net out, verifies the program, takes it through its artifact, runs it
// and compares every u, v and spike of every neuron at every tick with the
// definition.
func (y *tally) run(t *rapid.T, net *fixed.Network, target compile.Target, layOut func(*fixed.Network, compile.Target) (*compile.Program, error)) {
	const ticks = 90
	in := nettest.Input(t, net, rapid.IntRange(0, ticks+5).Draw(t, "columns"))
	p, err := layOut(net, target)
	var e *diag.Error
	if errors.As(err, &e) && e.Kind == diag.Limit {
		y.skipped++
		return
	}
	check(t, err)
	check(t, compile.Verify(p, target))
	back := throughArtifact(t, p)
	m, err := sim.New(back)
	check(t, err)
	apart, joined := sim.NewApart(back), sim.NewWithin(back, rapid.SampledFrom([]int{1 << 40, 1 << 40, 3000, 1000, 0}).Draw(t, "bytes"))
	want, err := net.Run(in, ticks, true)
	check(t, err)
	var counts []sim.Count
	var hash [sha256.Size]byte
	threads := rapid.IntRange(2, 4).Draw(t, "threads")
	for i, x := range []struct {
		m    *sim.Machine
		opts sim.Options
	}{{m, sim.Options{Slow: true}}, {m, sim.Options{Threads: threads}}, {apart, sim.Options{}}, {apart, sim.Options{Threads: threads}}, {joined, sim.Options{}}, {joined, sim.Options{Threads: threads}}} {
		o := x.opts
		o.States = true
		got, err := x.m.Run(context.Background(), in, ticks, o)
		check(t, err)
		d, compared, err := sim.FirstDivergence(p, in, want, got.Layers)
		check(t, err)
		if d != nil {
			t.Fatalf("%+v: %v", o, d)
		}
		for k := range want { // FirstDivergence may err
			if !want[k].Spikes.Equal(got.Layers[k].Spikes) || !slices.Equal(want[k].U, got.Layers[k].U) || !slices.Equal(want[k].V, got.Layers[k].V) {
				t.Fatalf("%+v: layer %d differs", o, k)
			}
		}
		if i == 0 {
			counts, hash = got.Cores, x.m.Hash()
		} else if x.m.Hash() != hash {
			t.Fatalf("%+v: the state at the end is not that of the reference path", o)
		} else if !slices.Equal(got.Cores, counts) {
			t.Fatalf("%+v: counts %v, by the reference path %v", o, got.Cores, counts)
		}
		y.values += compared
	}
	y.nets++
	cores, ways := apart.Ways()
	y.fast += cores
	y.joined += joined.Joined()
	y.buses += apart.Buses()
	for how, n := range ways {
		y.ways[how] += n
	}
	y.note(net, p, want)
}

// throughArtifact writes p and reads it back, and checks that nothing is lost.
func throughArtifact(t rapid.TB, p *compile.Program) *compile.Program {
	write := func(p *compile.Program) []byte {
		var b bytes.Buffer
		check(t, safetensors.Write(&b, compile.Encode(p)))
		return b.Bytes()
	}
	b := write(p)
	f, err := safetensors.Read(bytes.NewReader(b), int64(len(b)))
	check(t, err)
	back, err := compile.Decode(f)
	check(t, err)
	if !bytes.Equal(b, write(back)) {
		t.Fatal("the artifact changed the program")
	}
	return back
}

func (y *tally) note(net *fixed.Network, p *compile.Program, recs []fixed.Record) {
	y.cores += len(p.Cores)
	for i := range net.Layers {
		l := &net.Layers[i]
		if l.WeightBits == 9 {
			y.nine++
		}
		if l.NeuronExp != nil && slices.Min(l.NeuronExp) < slices.Max(l.NeuronExp) {
			y.exps++
		}
	}
	for _, r := range recs {
		y.spikes += int64(r.Spikes.Count())
		for i, u := range r.U {
			switch {
			case u == fixed.UMax:
				y.uTop++
			case r.V[i] == fixed.VMax:
				y.vTop++
			case r.V[i] == -fixed.VMax:
				y.vBottom++
			}
		}
	}
	for k := range net.Layers {
		l := &net.Layers[k]
		if recs[k].Spikes.Count() == 0 {
			continue
		}
		kind := l.Neuron.Kind()
		if kind == snn.SRM {
			y.srm++
		}
		if y.kinds == nil {
			y.kinds = map[string]int{}
		}
		y.kinds[kind]++
		if l.WeightImag != nil {
			y.kinds["complex weights"]++
		}
		if l.Graded {
			y.kinds["graded spikes"]++
		}
	}
	for _, c := range p.Cores {
		if c.DelayBits > 0 || slices.ContainsFunc(c.Route, func(r compile.Route) bool { return r.Delay > 0 }) {
			y.delayed++
		}
		if len(c.Profiles) > 1 {
			y.shared++
		}
		if len(c.Mode) < len(c.Row) {
			y.axons, y.rows = y.axons+len(c.Row), y.rows+len(c.Mode)
		}
		for _, b := range c.Base {
			if b > 0 {
				y.moved++
			}
		}
	}
	if net.Reset.Interval > 0 {
		y.resets++
	}
}

func (y *tally) report(t *testing.T, maxVTh int, shares bool) {
	t.Logf("%d nets on %d cores (%d nets did not fit): %d values compared, %d spikes; u at 2^23 %d times, v at its ends %d and %d times; "+
		"cores with delays %d, with several profiles %d; nets with reset %d; %d axons share %d rows, %d have a base; "+
		"layers of 9-bit weights %d, of several exponents %d; of srm neurons that spiked %d; %d cores on the fast path, %d joined, %d on buses, rows scattered, spread, contiguous and filled %d",
		y.nets, y.cores, y.skipped, y.values, y.spikes, y.uTop, y.vBottom, y.vTop, y.delayed, y.shared, y.resets, y.axons, y.rows, y.moved, y.nine, y.exps, y.srm, y.fast, y.joined, y.buses, y.ways)
	if y.values == 0 || y.spikes == 0 || y.uTop == 0 || y.vBottom == 0 || y.delayed == 0 || y.shared == 0 || y.nine == 0 || y.exps == 0 || y.nets < y.skipped || y.fast == 0 || shares && y.joined == 0 || y.ways[0]+y.ways[1] == 0 || slices.Min(y.ways[2:]) == 0 {
		t.Error("too little was compared")
	}
	if shares != (y.rows > 0) || shares != (y.moved > 0) {
		t.Error("rows are shared, or not, where they should not be")
	}
	if maxVTh == fixed.MaxVTh && y.vTop == 0 { // below, v spikes before it gets there
		t.Error("v was never at its top")
	}
}

func check(t interface{ Fatal(...any) }, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

func lookup(t testing.TB, name string) compile.Target {
	t.Helper()
	x, err := targets.Lookup(name)
	check(t, err)
	return x
}

// setting draws a target, and what networks are drawn for it.
type setting func(t *rapid.T) (compile.Target, nettest.Config)

// on is a setting of one target.
func on(target compile.Target, c nettest.Config) setting {
	c.MaxDelay, c.MaxVTh = 62, min(fixed.MaxVTh, target.Limits().MaxVTh)
	return func(t *rapid.T) (compile.Target, nettest.Config) {
		c := c
		c.MaxSynDelay = rapid.SampledFrom([]int{0, 3, 62}).Draw(t, "synaptic delay")
		return target, c
	}
}

// board is a setting of one core. A source takes an axon for every different delay, so long ones often do not fit.
func board(target compile.Target) setting {
	return func(t *rapid.T) (compile.Target, nettest.Config) {
		return target, nettest.Config{MaxVTh: fixed.MaxVTh, MaxDelay: 62, MaxSynDelay: rapid.SampledFrom([]int{0, 0, 1, 2, 3, 62}).Draw(t, "synaptic delay")}
	}
}

// tiny spreads the networks over many cores and chips.
func tiny(t *rapid.T) (compile.Target, nettest.Config) {
	return on(nettest.DrawTiny(t), nettest.Config{Reset: true})(t)
}

// orTiny spreads half of the networks of a setting over many cores.
func orTiny(s setting) setting {
	return func(t *rapid.T) (compile.Target, nettest.Config) {
		target, c := s(t)
		if rapid.Bool().Draw(t, "small cores") {
			target = nettest.DrawTiny(t)
		}
		return target, c
	}
}

// srm is a setting of a Loihi-style target on which neurons of two kinds share cores, and of many small cores.
func srm(t testing.TB) setting {
	chip, err := targets.Parse("both", []byte("inherits = \"loihi1\"\n[limits]\nneuron_kinds = [\"cuba\", \"srm\"]"))
	check(t, err)
	return orTiny(on(chip, nettest.Config{Reset: true, SRM: true}))
}

// kinds is a setting of sigma-delta, resonate-and-fire and adaptive neurons, with graded spikes and complex weights.
func kinds(t testing.TB) setting {
	return orTiny(on(lookup(t, "loihi2"), nettest.Config{Reset: true, Kinds: true}))
}

func loihi(t testing.TB, name string) setting {
	return on(lookup(t, name), nettest.Config{Reset: true})
}

// draw runs networks of a setting.
func (y *tally) draw(t *testing.T, s setting) {
	rapid.Check(t, func(t *rapid.T) {
		target, c := s(t)
		y.run(t, nettest.Network(t, c), target, compile.Compile)
	})
}

func TestLoihi(t *testing.T)  { testChip(t, "loihi1") }
func TestLoihi2(t *testing.T) { testChip(t, "loihi2") }

func testChip(t *testing.T, name string) {
	var y tally
	y.draw(t, loihi(t, name))
	y.report(t, lookup(t, name).Limits().MaxVTh, true)
}

func TestBoard(t *testing.T) {
	var y tally
	y.draw(t, board(lookup(t, "icebreaker")))
	y.report(t, fixed.MaxVTh, false)
}

func TestTiny(t *testing.T) {
	var y tally
	y.draw(t, tiny)
	if y.report(t, fixed.MaxVTh, true); y.buses == 0 {
		t.Error("no core is on a bus")
	}
}

func TestSRM(t *testing.T) {
	var y tally
	y.draw(t, srm(t))
	y.report(t, lookup(t, "loihi1").Limits().MaxVTh, true)
	if y.srm == 0 {
		t.Error("no srm neuron spiked")
	}
}

func TestKinds(t *testing.T) {
	var y tally
	y.draw(t, kinds(t))
	t.Logf("%d nets on %d cores (%d nets did not fit): %d values compared, %d spikes; layers that spiked %v", y.nets, y.cores, y.skipped, y.values, y.spikes, y.kinds)
	for _, what := range []string{"delta", "sigma", "sigma-delta", "rf", "rf-iz", "alif", "cuba", "complex weights", "graded spikes"} {
		if y.kinds[what] == 0 {
			t.Errorf("no layer of %s spiked", what)
		}
	}
	if y.values == 0 || y.nets < y.skipped || y.delayed == 0 || y.shared == 0 || y.resets == 0 {
		t.Error("too little was compared")
	}
}
