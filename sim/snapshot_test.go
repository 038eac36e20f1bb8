package sim_test

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/compile/nettest"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"pgregory.net/rapid"
)

// cut returns columns from to to−1 of a raster.
func cut(in *spike.Raster, from, to int) *spike.Raster {
	part := spike.NewRaster(in.Neurons)
	for t := from; t < to; t++ {
		if t < in.Ticks() {
			part.AppendFrom(in, t)
		} else {
			part.Append()
		}
	}
	return part
}

// TestSnapshot stops runs of every kind of network in the middle, takes the state to another machine, and
// goes on there, on either path: what both record is what one run records, and the states at the end are the same bytes.
func TestSnapshot(t *testing.T) {
	const ticks = 60
	nets, values, spikes, changed := 0, 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		net := nettest.Network(t, nettest.Config{MaxVTh: fixed.MaxVTh, MaxDelay: 62, MaxSynDelay: rapid.SampledFrom([]int{0, 3, 30}).Draw(t, "synaptic delay"),
			Reset: true, Kinds: rapid.Bool().Draw(t, "kinds")})
		in := nettest.Input(t, net, ticks)
		p, err := compile.Compile(net, nettest.DrawTiny(t))
		if err != nil {
			t.Skip()
		}
		m := sim.NewWithin(p, rapid.IntRange(0, 5000).Draw(t, "bytes"))
		options := func() sim.Options {
			return sim.Options{States: true, Slow: rapid.Bool().Draw(t, "slow"), Threads: rapid.IntRange(1, 2).Draw(t, "threads")}
		}
		want, err := m.Run(t.Context(), in, ticks, options())
		check(t, err)
		end := m.Snapshot()
		at := rapid.IntRange(0, ticks).Draw(t, "stop")
		first, err := m.Run(t.Context(), in, at, options())
		check(t, err)
		state := m.Snapshot()
		next := sim.NewWithin(p, rapid.IntRange(0, 5000).Draw(t, "bytes there"))
		check(t, next.Restore(state))
		if !bytes.Equal(next.Snapshot(), state) {
			t.Fatal("the state is another one after Restore")
		}
		if rapid.Bool().Draw(t, "same machine") {
			next = m
		}
		o := options()
		o.Continue = true
		second, err := next.Run(t.Context(), cut(in, at, ticks), ticks-at, o)
		check(t, err)
		if next.Tick() != ticks || !bytes.Equal(next.Snapshot(), end) || !slices.Equal(second.Cores, want.Cores) {
			t.Fatalf("stopped at %d, the run ends in another state", at)
		}
		for k, w := range want.Layers {
			a, b := first.Layers[k], second.Layers[k]
			for tick := range ticks {
				r, col := a.Spikes, tick
				if tick >= at {
					r, col = b.Spikes, tick-at
				}
				if !slices.Equal(r.At(col), w.Spikes.At(tick)) || !slices.Equal(r.Messages(col), w.Spikes.Messages(tick)) {
					t.Fatalf("layer %d, tick %d, stopped at %d: %v, want %v", k, tick, at, r.At(col), w.Spikes.At(tick))
				}
				spikes += len(w.Spikes.At(tick))
				for n := range w.Spikes.Neurons {
					u, v := a.U, a.V
					if tick >= at {
						u, v = b.U, b.V
					}
					i := n*r.Ticks() + col
					if u[i] != w.U[n*ticks+tick] || v[i] != w.V[n*ticks+tick] {
						t.Fatalf("layer %d, neuron %d, tick %d, stopped at %d: u and v differ", k, n, tick, at)
					}
					values += 2
				}
			}
		}
		if !bytes.Equal(state, end) {
			changed++
		}
		nets++
	})
	if t.Logf("compared %d values and %d spikes of %d nets, of which %d were stopped at another state", values, spikes, nets, changed); values == 0 || spikes == 0 || changed == 0 {
		t.Error("too little was compared")
	}
}

// TestBadStates: damaged, cut and foreign states are refused, whether or not their hash is right.
func TestBadStates(t *testing.T) {
	_, m := machine(t, dense(30, true, 40, 10), "loihi1")
	_, err := m.Run(t.Context(), noise(30, 20, 0.3), 20, sim.Options{})
	check(t, err)
	state := m.Snapshot()
	sign := func(b []byte) []byte { sum := sha256.Sum256(b); return append(b, sum[:]...) }
	body := state[:len(state)-sha256.Size]
	_, other := machine(t, dense(30, true, 41, 10), "loihi1")
	for name, b := range map[string][]byte{
		"nothing": nil, "cut": state[:len(state)-1], "signed but cut": sign(slices.Clone(body[:len(body)-1])), "longer": sign(append(slices.Clone(body), 0)),
		"another version": sign(append([]byte("isospike state 3\n"), body[17:]...)), "foreign": other.Snapshot(),
	} {
		if err := m.Restore(b); err == nil {
			t.Errorf("%s: taken", name)
		}
		if m.Tick() != 0 || len(m.Step()) != 0 {
			t.Errorf("%s: not at rest", name)
		}
		m.Reset()
	}
	for register, values := range [4][]int32{{-fixed.UMax, fixed.UMax + 1, math.MinInt32}, {fixed.UMax, -fixed.UMax, math.MinInt32}, {-1, 1, math.MinInt32}, {fixed.UMax - 1, 1 - fixed.UMax, math.MinInt32}} {
		for _, x := range values {
			m.Reset()
			m.Registers()[register][3] = x
			if m.Restore(m.Snapshot()) == nil {
				t.Errorf("register %d of %d was taken", register, x)
			}
		}
	}
	// Without synaptic delays nothing is summed up for coming ticks.
	_, plain := machine(t, dense(30, true, 40, 10), "icebreaker")
	if err := plain.Restore(plain.Snapshot()); err != nil {
		t.Error(err)
	}
	plain.Registers()[3][3] = 1
	if plain.Restore(plain.Snapshot()) == nil {
		t.Error("a sum of a core without synaptic delays was taken")
	}
	// Any other byte, signed: an error, or a state that runs.
	r, refused := rand.New(rand.NewPCG(1, 1)), 0
	for range 300 {
		b := slices.Clone(body)
		b[17+32+r.IntN(len(b)-17-32)] ^= 1 << r.IntN(8)
		if m.Restore(sign(b)) != nil {
			refused++
			continue
		}
		_, err := m.Run(t.Context(), noise(30, 5, 0.3), 5, sim.Options{Continue: true})
		check(t, err)
	}
	if t.Logf("%d of 300 refused", refused); refused == 0 {
		t.Error("none was refused")
	}
}

var soakTicks = flag.Int("soak", 100_000, "ticks of TestSoak")

// TestSoak runs two layers with delays on random input for long, on one thread with joined cores and on two with each core by itself. Now and then the reference path runs a window
// from the state that the fast one was in, and all three have to be in the same state at its end.
func TestSoak(t *testing.T) {
	const window = 500
	p, err := compile.Compile(dense(40, true, 300, 20), smallCores(t))
	check(t, err)
	one, two := sim.NewWithin(p, 8_000), sim.NewApart(p)
	slow := one.Clone()
	if one.Joined() == 0 {
		t.Fatal("no cores are joined")
	}
	r := rand.New(rand.NewPCG(5, 6))
	windows, spikes := 0, int64(0)
	for from := 0; from < *soakTicks; from += window {
		in := spike.NewRaster(40)
		rate := max(0, r.Float64()*0.2-0.05) // silent at times
		for range window {
			var at []int32
			for i := range int32(40) {
				if r.Float64() < rate {
					at = append(at, i)
				}
			}
			in.Append(at...)
		}
		sampled := windows == 0 || r.IntN(20) == 0
		if sampled {
			check(t, slow.Restore(one.Snapshot()))
		}
		for _, x := range []struct {
			m    *sim.Machine
			opts sim.Options
			run  bool
		}{{one, sim.Options{}, true}, {two, sim.Options{Threads: 2}, true}, {slow, sim.Options{Slow: true}, sampled}} {
			if x.run {
				x.opts.Continue = true
				_, err := x.m.Run(t.Context(), in, window, x.opts)
				check(t, err)
			}
		}
		h := one.Hash()
		if two.Hash() != h || sampled && slow.Hash() != h {
			t.Fatalf("the states differ after tick %d", one.Tick())
		}
		if sampled {
			windows++
		}
	}
	for _, c := range one.Counts() {
		spikes += c.Spikes
	}
	if t.Logf("%d ticks, %d spikes, %d windows of %d ticks compared with the reference", one.Tick(), spikes, windows, window); windows == 0 || spikes == 0 {
		t.Error("too little was compared")
	}
}

// TestForeignStates: any entry of any table counts, so a state is refused by every other program.
func TestForeignStates(t *testing.T) {
	net := dense(30, true, 40, 10)
	p, m := machine(t, net, "loihi1")
	_, err := m.Run(t.Context(), noise(30, 20, 0.3), 20, sim.Options{})
	check(t, err)
	state := m.Snapshot()
	same, err := sim.New(throughArtifact(t, p))
	check(t, err)
	check(t, same.Restore(state))
	for name, change := range map[string]func(p *compile.Program, c *compile.Core){
		"a weight": func(_ *compile.Program, c *compile.Core) { c.Code[100] ^= 2 },
		"a bias":   func(_ *compile.Program, c *compile.Core) { c.Bias[3]++ },
		"a delay":  func(_ *compile.Program, c *compile.Core) { c.Route[0].Delay ^= 1 },
		"an input": func(p *compile.Program, _ *compile.Core) { p.InputRoute[5].Delay++ },
		"a threshold": func(_ *compile.Program, c *compile.Core) {
			c.Profiles[0].Neuron = fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: 81, RefDelay: 1}
		},
		"an exponent": func(_ *compile.Program, c *compile.Core) { c.Profiles[0].WeightExp = 1 },
		"a name":      func(p *compile.Program, _ *compile.Core) { p.Layers[0].Name = "other" },
		"a source":    func(p *compile.Program, _ *compile.Core) { p.Source = "other" },
		"two homes": func(p *compile.Program, _ *compile.Core) {
			h := p.Layers[0].Home
			h[0], h[1] = h[1], h[0]
		},
	} {
		other := throughArtifact(t, p)
		change(other, &other.Cores[0])
		o, err := sim.New(other)
		check(t, err)
		if o.Restore(state) == nil {
			t.Errorf("another program, by %s, takes the state", name)
		}
	}
}

// TestEdgeStates: states at the ends of the registers, which no run of the program need reach, go on alike on both paths or are refused.
func TestEdgeStates(t *testing.T) {
	compared, refused := 0, 0
	loihi := lookup(t, "loihi1")
	rapid.Check(t, func(t *rapid.T) {
		net := dense(30, true, 40, 10)
		for k := range net.Layers {
			net.Layers[k].WeightExp = rapid.IntRange(-8, 7).Draw(t, "exponent")
		}
		p, err := compile.Compile(net, loihi)
		check(t, err)
		m, err := sim.New(p)
		check(t, err)
		registers := m.Registers()
		for range rapid.IntRange(1, 4).Draw(t, "values") {
			r := registers[rapid.IntRange(0, 3).Draw(t, "register")]
			edge := rapid.SampledFrom([]int32{fixed.UMax, -fixed.UMax, 0, math.MaxInt32, math.MinInt32, 1 << 24, 3}).Draw(t, "edge")
			r[rapid.IntRange(0, len(r)-1).Draw(t, "place")] = edge + rapid.Int32Range(-2, 2).Draw(t, "beside")
		}
		state := m.Snapshot()
		var hashes [][sha256.Size]byte
		for _, slow := range []bool{true, false} {
			other := m.Clone()
			if other.Restore(state) != nil {
				refused++
				return
			}
			_, err = other.Run(t.Context(), noise(30, 20, 0.5), 20, sim.Options{Continue: true, Slow: slow})
			check(t, err)
			hashes = append(hashes, other.Hash())
		}
		if hashes[0] != hashes[1] {
			t.Fatal("the paths part")
		}
		compared++
	})
	if t.Logf("compared %d states, %d refused", compared, refused); compared == 0 || refused == 0 {
		t.Error("too little was compared")
	}
}
