package sim_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/compile/nettest"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// layout returns the names and sizes of the layers of a network.
func layout(n *fixed.Network) (names []string, sizes []int) {
	for k := range n.Layers {
		names, sizes = append(names, n.Layers[k].Name), append(sizes, n.Layers[k].Out.Size())
	}
	return names, sizes
}

// TestLockstep runs the definition, the tables and recordings of every kind of network in lockstep, and then against a network in
// which one weight is another: where it stops is the first difference of the whole runs, and the synapse that differs is the one.
func TestLockstep(t *testing.T) {
	const ticks = 60
	nets, cells, synapses, planted, silent := 0, 0, 0, 0, 0
	var states int64
	spikes := 0
	rapid.Check(t, func(t *rapid.T) {
		syn := rapid.SampledFrom([]int{0, 3, 30}).Draw(t, "synaptic delay")
		net := nettest.Network(t, nettest.Config{MaxVTh: fixed.MaxVTh, MaxDelay: 62, MaxSynDelay: syn, Reset: true, Kinds: rapid.Bool().Draw(t, "kinds")})
		in := nettest.Input(t, net, rapid.IntRange(ticks/2, ticks).Draw(t, "columns"))
		p, err := compile.Compile(net, nettest.DrawTiny(t))
		if err != nil {
			t.Skip()
		}
		m, err := sim.New(p)
		check(t, err)
		names, sizes := layout(net)
		want, err := net.Run(in, ticks, true)
		check(t, err)
		lag := net.Convention.SpikeLag
		pair := func(a, b sim.Side) *sim.Stop {
			stop, c, err := sim.Lockstep(t.Context(), names, sizes, a, b, in, ticks)
			check(t, err)
			if stop == nil && c.Ticks != ticks {
				t.Fatalf("%d ticks were run", c.Ticks)
			}
			states += c.States
			spikes += c.Spikes
			return stop
		}
		slow := rapid.Bool().Draw(t, "slow")
		if stop := pair(sim.NetworkSide(net), m.Side(slow)); stop != nil {
			t.Fatalf("definition and tables: %+v", stop)
		}
		if stop := pair(m.Side(!slow), sim.RecordSide(want, ticks, lag)); stop != nil {
			t.Fatalf("tables and recording: %+v", stop)
		}
		for k, n := range sizes {
			for o := range n {
				a, b := sim.NetworkCell(net, k, o), sim.ProgramCell(p, k, o)
				for _, r := range sim.Match(a, b) {
					if r.Differs() {
						t.Fatalf("layer %d, neuron %d: %+v in the network, %+v in the tables", k, o, r.A, r.B)
					}
					synapses++
				}
				if a.Kind != b.Kind || a.Parameters != b.Parameters || a.Bias != b.Bias || a.ResetInterval != b.ResetInterval || a.ResetInterval > 0 && a.ResetPhase != b.ResetPhase {
					t.Fatalf("layer %d, neuron %d: %+v, in the tables %+v", k, o, a, b)
				}
				cells++
			}
		}
		nets++

		// One weight of the network is another.
		broken := *net
		broken.Layers = append([]fixed.Layer(nil), net.Layers...)
		k := rapid.IntRange(0, len(sizes)-1).Draw(t, "layer")
		l := &broken.Layers[k]
		if l.Kernel != nil { // one weight would be many synapses
			return
		}
		l.Weight = append([]int16(nil), l.Weight...)
		at := rapid.IntRange(0, len(l.Weight)-1).Draw(t, "weight")
		l.Weight[at] = fixed.Truncate(int64(l.Weight[at])+64, l.WeightBits, l.Mode)
		if l.Weight[at] == net.Layers[k].Weight[at] {
			return
		}
		got, err := broken.Run(in, ticks, true)
		check(t, err)
		d, _, err := sim.FirstDivergence(p, in, want, got)
		check(t, err)
		stop := pair(m.Side(slow), sim.NetworkSide(&broken))
		if d == nil { // it may never matter, and registers beside u and v may yet differ
			silent++
			return
		}
		if stop == nil || stop.Tick > d.Tick {
			t.Fatalf("runs differ (%v), lockstep stopped at %+v", d, stop)
		}
		if stop.Tick < d.Tick || stop.Register == "ref" || stop.Register == "w" || stop.Register == "x" {
			return // a register that records do not have
		}
		neuron, source := at/l.In.Size(), at%l.In.Size()
		if stop.Layer != d.Layer || stop.Neuron != d.Neuron || stop.Register != d.Register || stop.A != d.Want || stop.B != d.Got || stop.Neuron != neuron || stop.Layer != l.Name {
			t.Fatalf("stopped at %+v, the first difference is %v, layer %s neuron %d is broken", stop, d, l.Name, neuron)
		}
		if stop.AfterA[stop.Register] != stop.A || stop.AfterB[stop.Register] != stop.B || stop.CellA.Core != d.Core || stop.CellB.Core != -1 {
			t.Fatalf("%+v", stop)
		}
		if stop.Tick > 0 && (int32(stop.Before["u"]) != want[k].U[neuron*ticks+stop.Tick-1] || int32(stop.Before["v"]) != want[k].V[neuron*ticks+stop.Tick-1]) {
			t.Fatalf("before tick %d: %v", stop.Tick, stop.Before)
		}
		differ := 0
		for _, r := range stop.Rows {
			if !r.Differs() {
				continue
			}
			x := r.A
			if x == nil {
				x = r.B
			}
			if differ++; x.Source != source {
				t.Fatalf("%+v and %+v differ, source %d is broken", r.A, r.B, source)
			}
		}
		arrived := false
		for _, i := range stop.Inputs {
			arrived = arrived || i.Arrived == stop.Tick && i.Source == source
		}
		if differ != 1 || !arrived {
			t.Fatalf("%d rows differ; inputs %+v, source %d is broken", differ, stop.Inputs, source)
		}
		planted++
	})
	t.Logf("compared %d nets: %d states, %d spikes; %d neurons with %d synapses; found %d weights, %d never mattered", nets, states, spikes, cells, synapses, planted, silent)
	if states == 0 || spikes == 0 || synapses == 0 || planted < 10 {
		t.Error("too little was compared")
	}
}

// TestLockstepPartial: what only one side tells is not compared, what it tells is.
func TestLockstepPartial(t *testing.T) {
	const ticks = 50
	net := dense(20, true, 12, 5)
	_, m := machine(t, net, "loihi1")
	in := noise(20, ticks, 0.3)
	names, sizes := layout(net)
	run := func(change func(r []fixed.Record)) (*sim.Stop, sim.Compared) {
		recs, err := net.Run(in, ticks, true)
		check(t, err)
		change(recs)
		stop, c, err := sim.Lockstep(t.Context(), names, sizes, m.Side(false), sim.RecordSide(recs, ticks, 0), in, ticks)
		check(t, err)
		return stop, c
	}
	spoilt := func(recs []fixed.Record) { spoil(recs, "v", 0, 3, 20); spoil(recs, "s", 0, 3, 30) }
	want, err := net.Run(in, ticks, true)
	check(t, err)
	before := func(tick int) bool { // A's, whatever B tells
		stop, _ := run(func(r []fixed.Record) { spoil(r, "s", 0, 3, tick); r[0].U, r[0].V = nil, nil })
		i := 3*ticks + tick - 1
		return stop != nil && len(stop.Before) == 3 && int32(stop.Before["u"]) == want[0].U[i] && int32(stop.Before["v"]) == want[0].V[i] && want[0].V[i] != 0
	}
	if !before(20) && !before(21) {
		t.Error("the registers before the tick are not those of A")
	}
	if stop, _ := run(spoilt); stop == nil || stop.Tick != 20 || stop.Register != "v" || stop.Neuron != 3 || stop.CellB != nil || len(stop.Rows) == 0 || stop.Rows[0].B != nil || len(stop.AfterB) != 3 {
		t.Errorf("%+v", stop)
	}
	if stop, c := run(func(r []fixed.Record) { spoilt(r); r[0].V = nil }); stop == nil || stop.Tick != 30 || stop.Register != "s" || stop.AfterB["s"] != stop.B || c.Ticks != 30 {
		t.Errorf("%+v", stop)
	}
	stop, c := run(func(r []fixed.Record) { spoilt(r); r[0] = fixed.Record{}; r[1].U = nil })
	if want := (sim.Compared{Ticks: ticks, Spikes: c.Spikes, States: 5 * ticks}); stop != nil || c != want || c.Spikes == 0 {
		t.Errorf("%+v, %+v", stop, c)
	}
	end := spike.NewRaster(20)
	if stop, _, err := sim.Lockstep(t.Context(), names, sizes, m.Side(false), sim.NetworkSide(net), end, 3); stop != nil || err != nil {
		t.Errorf("silence: %+v, %v", stop, err)
	}
}

// TestLockstepManyArrivals: all that arrives in the tick is told.
func TestLockstepManyArrivals(t *testing.T) {
	network := func(first int16) *fixed.Network {
		w := slices.Repeat([]int16{2}, 20)
		w[0] = first
		return &fixed.Network{Input: snn.Flat(20), Convention: fixed.Axonal, Layers: []fixed.Layer{{
			Name: "1", In: snn.Flat(20), Out: snn.Flat(1), Weight: w, WeightBits: 8, Neuron: fixed.CUBA{IDecay: 4096, VTh: 1000, RefDelay: 1}}}}
	}
	in := spike.NewRaster(20)
	in.Append(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19)
	stop, _, err := sim.Lockstep(t.Context(), []string{"1"}, []int{1}, sim.NetworkSide(network(2)), sim.NetworkSide(network(4)), in, 5)
	check(t, err)
	if stop == nil || len(stop.Inputs) != 20 || stop.Inputs[0].Source != 0 || stop.Inputs[0].Weight != 4 || stop.Inputs[1].Source != 1 {
		t.Errorf("%+v", stop)
	}
}
