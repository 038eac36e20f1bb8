package sim_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/compile/nettest"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets"
)

// FuzzFast compares both paths on layers wide enough for several chunks of neurons, with rows of every
// density, refractory times, biases and resets, and input that pauses.
func FuzzFast(f *testing.F) {
	for seed := range uint64(24) {
		f.Add(seed, uint8(seed), uint16(100+30*seed), uint8(2*seed))
	}
	target, err := targets.Lookup("loihi1")
	check(f, err)
	compared, spikes := 0, 0
	f.Fuzz(func(t *testing.T, seed uint64, density uint8, width uint16, pause uint8) {
		r := rand.New(rand.NewPCG(seed, 1))
		net := &fixed.Network{Input: snn.Flat(20), Convention: []fixed.Convention{fixed.Axonal, fixed.Immediate, fixed.Slayer}[seed%3]}
		if r.IntN(4) == 0 {
			net.Reset = fixed.Reset{Interval: 1 + r.IntN(30), Offset: r.IntN(5)}
		}
		in := net.Input
		for k, size := range []int{1 + int(width)%900, 1 + r.IntN(300)} {
			l := fixed.Layer{Name: string(rune('1' + k)), In: in, Out: snn.Flat(size), WeightBits: 8, WeightExp: r.IntN(10) - 5, Mode: fixed.SignMode(r.IntN(3)), Weight: make([]int16, in.Size()*size),
				Neuron: fixed.CUBA{IDecay: 1 + r.Int32N(4096), VDecay: r.Int32N(4097), VTh: r.Int32N(2000), RefDelay: 1 + r.Int32N(4)*r.Int32N(2)}}
			full := 0.1 + 0.9*float64((int(density)+97*k)%256)/255
			for i := range l.Weight {
				if r.Float64() < full {
					l.Weight[i] = fixed.Truncate(r.Int64N(512)-256, 8, l.Mode)
				}
			}
			if r.IntN(3) == 0 {
				l.NeuronExp = make([]int8, size)
				for o := range l.NeuronExp {
					l.NeuronExp[o] = int8(o / 50 % 3)
				}
			}
			if r.IntN(4) == 0 {
				l.BiasMant, l.BiasExp = make([]int16, size), r.IntN(8)
				for o := range l.BiasMant {
					l.BiasMant[o] = int16(r.IntN(400) - 200)
				}
			}
			if r.IntN(2) == 0 {
				l.Delay = make([]uint8, size)
				for o := range l.Delay {
					l.Delay[o] = uint8(r.IntN(6))
				}
			}
			net.Layers = append(net.Layers, l)
			in = l.Out
		}
		p, err := compile.Compile(net, target)
		if err != nil {
			t.Skip(err)
		}
		m, err := sim.New(p)
		check(t, err)
		raster := noise(20, 30, 0.2)
		for range min(int(pause), 200) {
			raster.Append()
		}
		for i := range 10 {
			raster.Append(int32(i))
		}
		joined := sim.NewWithin(p, int(seed%4)*10_000)
		c, s := allAlike(t, p, raster, raster.Ticks(), m, sim.NewApart(p), joined, joined)
		compared, spikes = compared+c, spikes+s
	})
	f.Cleanup(func() {
		if f.Logf("compared %d values, %d spikes", compared, spikes); flag.Lookup("test.fuzz").Value.String() == "" && (compared == 0 || spikes == 0) {
			f.Error("too little was compared")
		}
	})
}

// allAlike compares machines of p, on one thread and two in turn, with the first of them on its reference path. It returns how
// many values and spikes it compared.
func allAlike(t interface{ Fatal(...any) }, p *compile.Program, in *spike.Raster, ticks int, machines ...*sim.Machine) (values, spikes int) {
	want, err := machines[0].Run(context.Background(), in, ticks, sim.Options{States: true, Slow: true})
	check(t, err)
	hash := machines[0].Hash()
	for i, m := range machines {
		got, err := m.Run(context.Background(), in, ticks, sim.Options{States: true, Threads: 1 + i%2})
		check(t, err)
		for k, w := range want.Layers {
			if g := got.Layers[k]; !w.Spikes.Equal(g.Spikes) || !slices.Equal(w.U, g.U) || !slices.Equal(w.V, g.V) {
				d, _, err := sim.FirstDivergence(p, in, want.Layers, got.Layers)
				t.Fatal(i, k, d, err)
			}
			values, spikes = values+2*len(w.U), spikes+w.Spikes.Count()
		}
		if m.Hash() != hash || !slices.Equal(got.Cores, want.Cores) {
			t.Fatal("the states at the end or the counts differ")
		}
	}
	return values, spikes
}

// layOutSoon is Compile but for programs of many cores, whose places are not searched for: that may take
// seconds, and a fuzzing worker that takes ten for an input is given up as hung.
func layOutSoon(net *fixed.Network, target compile.Target) (*compile.Program, error) {
	p, err := compile.CompileWith(net, target, compile.Options{Baseline: compile.Sequential})
	if err != nil || len(p.Cores) > 24 {
		return p, err
	}
	return compile.Compile(net, target)
}

// FuzzNetworks runs small networks of every neuron and layer kind on targets of every kind, on all paths.
func FuzzNetworks(f *testing.F) {
	settings := []setting{loihi(f, "loihi1"), loihi(f, "loihi2"), board(lookup(f, "icebreaker")), tiny, srm(f), kinds(f)}
	for seed := range uint64(24) {
		b := make([]byte, 4096)
		rand.NewChaCha8([32]byte{byte(seed)}).Read(b)
		f.Add(b)
	}
	var y tally
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		target, c := rapid.SampledFrom(settings).Draw(t, "setting")(t)
		y.run(t, nettest.Network(t, c), target, layOutSoon)
	}))
	f.Cleanup(func() {
		if f.Logf("%d networks, compared %d values, %d spikes", y.nets, y.values, y.spikes); flag.Lookup("test.fuzz").Value.String() == "" && (y.values == 0 || y.spikes == 0) {
			f.Error("too little was compared")
		}
	})
}
