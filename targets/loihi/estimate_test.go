package loihi_test

import (
	"context"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/compile/nettest"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets/loihi"
	"pgregory.net/rapid"
)

func model(t *testing.T, name string) *loihi.Model {
	m, err := loihi.ModelOf(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestEstimateByHand: neurons a and b repeat an input each, c repeats a and b, and d hears b and is
// silent. a and c are in one tile; b and d are in another, two tiles east and one south. a spikes in
// tick 1, b in 2, c in 2 and 3; each is active in the tick of an input and in the next, in which its
// current decays.
func TestEstimateByHand(t *testing.T) {
	repeat := fixed.CUBA{IDecay: 4096, VDecay: 4096, VTh: 5, RefDelay: 1}
	n := &fixed.Network{Input: snn.Flat(2), Convention: fixed.Axonal, Layers: []fixed.Layer{
		{Name: "1", In: snn.Flat(2), Out: snn.Flat(2), Weight: []int16{10, 0, 0, 10}, WeightBits: 8, Neuron: repeat},
		{Name: "2", In: snn.Flat(2), Out: snn.Flat(2), Weight: []int16{10, 10, 0, 2}, WeightBits: 8, Neuron: repeat}}}
	chip := loihi.New("three", compile.Limits{Neurons: 1, CoresPerChip: 16, MeshWidth: 4, TileCores: 2, SynapticDelay: true})
	p, err := compile.CompileWith(n, chip, compile.Options{Baseline: compile.Sequential})
	if err != nil {
		t.Fatal(err)
	}
	for i, at := range [][3]int{{0, 0, 0}, {2, 1, 0}, {0, 0, 1}, {2, 1, 1}} {
		p.Cores[i].X, p.Cores[i].Y, p.Cores[i].Slot = at[0], at[1], at[2]
	}
	machine, err := sim.New(p)
	if err != nil {
		t.Fatal(err)
	}
	in := spike.NewRaster(2)
	in.Append(0)
	in.Append(1)
	events := loihi.Events{Updates: 20, Active: 9, Spikes: 4, Dense: 5, Arrived: 5, Messages: 3, InTile: 2, EastWest: 2, NorthSouth: 1}
	parts := []loihi.Events{
		{Updates: 5, Active: 2, Spikes: 1, Dense: 1, Arrived: 1, Messages: 1, InTile: 1},
		{Updates: 5, Active: 2, Spikes: 1, Dense: 1, Arrived: 1, Messages: 2, InTile: 1, EastWest: 2, NorthSouth: 1},
		{Updates: 5, Active: 3, Spikes: 2, Dense: 2, Arrived: 2},
		{Updates: 5, Active: 2, Dense: 1, Arrived: 1}}
	for _, c := range []struct {
		model        string
		energy, time float64
		parts, busy  []float64
	}{
		// 20·52 + 9·29 + 5·23.6 + 2·1.7 + 2·3 + 4 pJ. Slowest: any 5.3 ns; a 8.4 + 3.5 + 2.1; b 8.4 + 3.5 and its longer way,
		// 2·4.1 + 6.5; c 8.4 + 3.5; c 8.4; and five barriers of 2 tiles, 124.3.
		{"davies2018", 1432.4, 66.2 + 5*124.3, []float64{260 + 58 + 23.6 + 1.7, 260 + 58 + 23.6 + 10 + 1.7, 260 + 87 + 47.2, 260 + 58 + 23.6},
			[]float64{26.5 + 6.2 + 3.5 + 2.1, 26.5 + 6.2 + 3.5 + 14.7, 26.5 + 9.3 + 7, 26.5 + 6.2 + 3.5}},
		// 20·51.2 + 9·21.6 + 4·69.3 + 5·35.5 + 3·111 + 2·3 + 4.2 pJ. Slowest: any 6 ns; a 9.7 + 16 + 3.8 + 30 + 5.1; b that, 5.1 more
		// and 2·4.1 + 6.5; c 9.7 + 16 + 3.8 + 30; c 9.7; and five barriers of 1000.
		{"sanafe", 2016.3, 224.2 + 5*1000, []float64{256 + 43.2 + 69.3 + 35.5 + 111, 256 + 43.2 + 69.3 + 35.5 + 222 + 10.2, 256 + 64.8 + 138.6 + 71, 256 + 43.2 + 35.5},
			[]float64{30 + 7.4 + 16 + 3.8 + 30 + 5.1, 30 + 7.4 + 16 + 3.8 + 30 + 10.2 + 14.7, 30 + 11.1 + 2*(16+3.8+30), 30 + 7.4 + 16 + 3.8}},
	} {
		m := loihi.NewMeter(p, chip, model(t, c.model))
		all := m.Clone()
		for range 2 { // samples
			one := m.Clone()
			if _, err := machine.Run(context.Background(), in, 5, sim.Options{Observer: one}); err != nil {
				t.Fatal(err)
			}
			all.Add(one)
		}
		e := all.Estimate(2)
		near := func(what string, got, want float64) {
			if math.Abs(got-want) > 1e-9*want {
				t.Errorf("%s: %s is %v, by hand %v", c.model, what, got, want)
			}
		}
		near("energy", e.Energy, c.energy)
		near("time", e.Time, c.time)
		twice := func(e loihi.Events) loihi.Events {
			return loihi.Events{Updates: 2 * e.Updates, Active: 2 * e.Active, Spikes: 2 * e.Spikes, Dense: 2 * e.Dense, Sparse: 2 * e.Sparse, Shared: 2 * e.Shared,
				Arrived: 2 * e.Arrived, Messages: 2 * e.Messages, InTile: 2 * e.InTile, EastWest: 2 * e.EastWest, NorthSouth: 2 * e.NorthSouth}
		}
		if d := cmp.Diff(twice(events), e.Events); d != "" || e.Ticks != 10 {
			t.Error(e.Ticks, d)
		}
		for i := range parts {
			near("a core's energy", e.Cores[i].Energy, c.parts[i])
			near("a core's time", e.Cores[i].Busy, c.busy[i])
			if d := cmp.Diff(twice(parts[i]), e.Cores[i].Events); d != "" {
				t.Error(d)
			}
		}
		near("a layer's energy", e.Layers[0].Energy, c.parts[0]+c.parts[1])
		near("a layer's energy", e.Layers[1].Energy, c.parts[2]+c.parts[3])
		if got := []int64{e.Cores[0].Slowest, e.Cores[1].Slowest, e.Cores[2].Slowest}; !cmp.Equal(got, []int64{4, 2, 4}) {
			t.Errorf("ticks that waited for a core: %v", got)
		}
	}
	if _, err := loihi.ModelOf("davies"); err == nil {
		t.Error("no error for an unknown model")
	}
}

// TestEstimateAddsUp: over networks of all kinds, cores and layers add up to the whole, and the counts are
// those of the simulator and of the recorded spikes.
func TestEstimateAddsUp(t *testing.T) {
	compared := int64(0)
	rapid.Check(t, func(rt *rapid.T) {
		n := nettest.Network(rt, nettest.Config{MaxVTh: 1000, MaxDelay: 62, MaxSynDelay: 5})
		tiny := nettest.DrawTiny(rt)
		p, err := compile.Compile(n, tiny)
		if err != nil {
			return
		}
		machine, err := sim.New(p)
		if err != nil {
			rt.Fatal(err)
		}
		const ticks = 30
		in := nettest.Raster(rt, n.Input.Size(), ticks)
		plain, err := machine.Run(context.Background(), in, ticks, sim.Options{States: true})
		if err != nil {
			rt.Fatal(err)
		}
		m := loihi.NewMeter(p, loihi.New("tiny", tiny.L), model(t, rapid.SampledFrom(loihi.Models()).Draw(rt, "model")))
		r, err := machine.Run(context.Background(), in, ticks, sim.Options{States: true, Observer: m})
		if err != nil {
			rt.Fatal(err)
		}
		if d := cmp.Diff(plain, r); d != "" {
			rt.Fatal("watching changes the run: ", d)
		}
		e := m.Estimate(1)
		for _, parts := range [][]loihi.Part{e.Cores, e.Layers} {
			var sum loihi.Events
			energy := 0.0
			for i := range parts {
				x := &parts[i].Events
				sum = loihi.Events{Updates: sum.Updates + x.Updates, Active: sum.Active + x.Active, Spikes: sum.Spikes + x.Spikes, Dense: sum.Dense + x.Dense,
					Sparse: sum.Sparse + x.Sparse, Shared: sum.Shared + x.Shared, Arrived: sum.Arrived + x.Arrived, Messages: sum.Messages + x.Messages,
					InTile: sum.InTile + x.InTile, EastWest: sum.EastWest + x.EastWest, NorthSouth: sum.NorthSouth + x.NorthSouth}
				energy += parts[i].Energy
			}
			if sum != e.Events || math.Abs(energy-e.Energy) > 1e-9*energy {
				rt.Fatalf("%v pJ of %+v are not %v pJ of %+v", energy, sum, e.Energy, e.Events)
			}
		}
		// A neuron that is not at rest before or after an update was active in it.
		restless := int64(0)
		for k := range r.Layers {
			l := &r.Layers[k]
			for at := range l.U {
				if l.U[at] != 0 || l.V[at] != 0 || at%ticks > 0 && (l.U[at-1] != 0 || l.V[at-1] != 0) {
					restless++
				}
			}
		}
		if e.Events.Active < restless {
			rt.Fatalf("%d active updates of at least %d", e.Events.Active, restless)
		}
		slowest := int64(0)
		for i, c := range r.Cores {
			x := e.Cores[i].Events
			if x.Updates != c.Updates || x.Spikes != c.Spikes || x.Dense+x.Sparse+x.Shared != c.Synapses || x.Active > x.Updates || x.InTile > x.Messages {
				rt.Fatalf("core %d: %+v, the simulator counts %+v", i, x, c)
			}
			slowest += e.Cores[i].Slowest
		}
		if slowest != ticks || e.Ticks != ticks {
			rt.Fatalf("%d ticks of %d waited for a core", slowest, e.Ticks)
		}
		compared += e.Events.Spikes
	})
	if t.Logf("compared %d spikes", compared); compared == 0 {
		t.Error("nothing was compared")
	}
}
