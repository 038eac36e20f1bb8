package compile_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/compile/nettest"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"pgregory.net/rapid"
)

// slowTraffic counts links one by one: every spike goes along its row and then along the
// column, and a link is counted once a spike.
func slowTraffic(p *compile.Program, width int, r *compile.Rates) (total int64) {
	step := func(a, b int) int {
		if b < a {
			return -1
		}
		return 1
	}
	for k := range p.Layers {
		for o, home := range p.Layers[k].Home {
			core := &p.Cores[home.Core]
			seen := map[[3]int]bool{} // the lower end of a link, and whether it is vertical
			for _, r := range core.Route[core.OutStart[home.Neuron]:core.OutStart[home.Neuron+1]] {
				to := &p.Cores[r.Core]
				x, y, tx, ty := core.Chip*width+core.X, core.Y, to.Chip*width+to.X, to.Y
				for ; x != tx; x += step(x, tx) {
					seen[[3]int{min(x, x+step(x, tx)), y, 0}] = true
				}
				for ; y != ty; y += step(y, ty) {
					seen[[3]int{x, min(y, y+step(y, ty)), 1}] = true
				}
			}
			spikes := int64(1)
			if r != nil {
				spikes = r.Spikes[k][o]
			}
			total += spikes * int64(len(seen))
		}
	}
	return total
}

// across returns the columns of a chip, and checks that tiles lie apart on the plane of all chips.
func across(t *rapid.T, p *compile.Program, l *compile.Limits) int {
	width := (l.CoresPerChip + l.TileCores - 1) / l.TileCores // tiles
	if l.MeshWidth > 0 {
		width = min(width, l.MeshWidth)
	}
	tiles := map[[2]int][3]int{}
	for i := range p.Cores {
		c := &p.Cores[i]
		x, y := c.On(l)
		tile := [3]int{c.Chip, c.X, c.Y}
		if other, taken := tiles[[2]int{x, y}]; taken && other != tile || x != c.Chip*width+c.X {
			t.Fatalf("tile %v lies at %d, %d, as %v does; a chip is %d tiles wide", tile, x, y, other, width)
		}
		tiles[[2]int{x, y}] = tile
	}
	return width
}

// drawRates draws rates of n's neurons, most of them small, or none.
func drawRates(t *rapid.T, n *fixed.Network) *compile.Rates {
	if rapid.Bool().Draw(t, "no rates") {
		return nil
	}
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "rates"), 3))
	rates := &compile.Rates{Ticks: 100}
	for k := range n.Layers {
		s := make([]int64, n.Layers[k].Out.Size())
		for o := range s {
			s[o] = r.Int64N(1 + r.Int64N(100))
		}
		rates.Spikes = append(rates.Spikes, s)
	}
	return rates
}

// TestTraffic: Traffic is what the links count to. Improved places are places of the same
// chips, no two cores have one, the limits hold that Verify knows though the layout before was at
// them, the traffic is at most what it was, and all else stays.
func TestTraffic(t *testing.T) {
	total, better, moved := int64(0), 0, 0
	rapid.Check(t, func(t *rapid.T) {
		n := nettest.Network(t, nettest.Config{MaxVTh: 1000, MaxDelay: 62, MaxSynDelay: 5})
		tiny := nettest.DrawTiny(t)
		r := drawRates(t, n)
		ofCore := rapid.Bool().Draw(t, "tight cores")
		var was int64
		var before *compile.Program
		for i, layout := range []compile.Baseline{compile.Unimproved, compile.Unimproved, 0, compile.Sequential, compile.EdgeCut} {
			p, err := compile.CompileWith(n, tiny, compile.Options{Rates: r, Baseline: layout})
			if err != nil {
				if d, ok := err.(*diag.Error); !ok || d.Kind != diag.Limit {
					t.Fatal(err)
				}
				if layout == compile.Unimproved {
					return
				}
				continue
			}
			if err := compile.Verify(p, tiny); err != nil {
				t.Fatalf("layout %d: %v", layout, err)
			}
			got, err := p.Traffic(tiny, r)
			if want := slowTraffic(p, across(t, p, &tiny.L), r); err != nil || got != want {
				t.Fatalf("layout %d: traffic %d, counted %d, %v", layout, got, want, err)
			}
			chips := map[int]bool{}
			for i := range p.Cores {
				chips[p.Cores[i].Chip] = true
			}
			if used := p.Manifest.Use[0]; used.Resource != "chips" || used.Used != int64(len(chips)) {
				t.Fatalf("layout %d: %+v, cores are on %d chips", layout, used, len(chips))
			}
			total += got
			if layout == compile.Unimproved {
				before, was = p, got
			}
			if i == 0 { // from here on there is no entry to spare, of a core or of a neuron
				for _, u := range p.Manifest.Use {
					switch {
					case u.Resource == "axon-out entries" && ofCore:
						tiny.L.AxonsOut = int(u.Used)
					case u.Resource == "axon-out entries of one neuron" && !ofCore:
						tiny.L.RoutesPerNeuron = int(u.Used)
					}
				}
			}
			if layout != 0 {
				continue
			}
			// Within tighter limits another partition may be the one that fits: that is no exchange of cores.
			if len(p.Cores) != len(before.Cores) || !slices.EqualFunc(p.Layers, before.Layers, func(a, b compile.LayerMap) bool { return slices.Equal(a.Home, b.Home) }) {
				continue
			}
			if got > was {
				t.Fatalf("traffic %d, was %d before cores moved", got, was)
			}
			if got < was {
				better++
			}
			for i := range p.Cores {
				c, b := &p.Cores[i], &before.Cores[i]
				if c.Chip >= (len(p.Cores)+tiny.L.CoresPerChip-1)/tiny.L.CoresPerChip {
					t.Fatalf("core %d of %d is on chip %d", i, len(p.Cores), c.Chip)
				}
				if c.Chip != b.Chip {
					moved++
				}
				c.Chip, c.X, c.Y, c.Slot = b.Chip, b.X, b.Y, b.Slot
			}
			// What is left are the axon-out entries of axons that are now on one chip.
			if d := cmp.Diff(before.Cores, p.Cores); d != "" {
				t.Fatal(d)
			}
		}
	})
	if t.Logf("%d links, less traffic %d times, %d cores on another chip", total, better, moved); total == 0 || better == 0 || moved == 0 {
		t.Error("nothing was improved")
	}
}

// TestRatesLeadCores: of two listeners, the one that hears more spikes comes to lie nearer.
func TestRatesLeadCores(t *testing.T) {
	one := func(in, out int) fixed.Layer {
		l := fixed.Layer{In: snn.Flat(in), Out: snn.Flat(out), WeightBits: 8, Neuron: fixed.CUBA{VTh: 1, RefDelay: 1}, Weight: make([]int16, in*out)}
		for o := range out {
			l.Weight[o*in+o%in] = 2 // output o listens to input o alone
		}
		return l
	}
	n := &fixed.Network{Input: snn.Flat(1), Convention: fixed.Axonal, Layers: []fixed.Layer{one(1, 6), one(6, 6)}}
	target := nettest.Tiny{L: compile.Limits{CoresPerChip: 12, MeshWidth: 12, TileCores: 1, Neurons: 1, AxonsIn: 10, SynapseWords: 99, MaxVTh: 99, MaxDelay: 1}}
	compared := 0
	for busy := range 6 {
		r := &compile.Rates{Ticks: 10, Spikes: [][]int64{{1, 1, 1, 1, 1, 1}, make([]int64, 6)}}
		r.Spikes[0][busy] = 1000
		p, err := compile.CompileWith(n, target, compile.Options{Rates: r})
		if err != nil {
			t.Fatal(err)
		}
		a, b := p.Cores[p.Layers[0].Home[busy].Core], p.Cores[p.Layers[1].Home[busy].Core]
		if d := a.X - b.X; d != 1 && d != -1 {
			t.Errorf("the busy pair %d is %d apart", busy, d)
		}
		compared++
	}
	t.Logf("compared %d", compared)
	for _, bad := range []*compile.Rates{{Ticks: 1}, {Spikes: [][]int64{{1, 1, 1, 1, 1, 1}, {1}}, Ticks: 1}, {Spikes: [][]int64{make([]int64, 6), make([]int64, 6)}},
		{Spikes: [][]int64{{-1, 0, 0, 0, 0, 0}, make([]int64, 6)}, Ticks: 1}, {Spikes: [][]int64{{1 << 40, 1, 0, 0, 0, 0}, make([]int64, 6)}, Ticks: 1}} {
		_, err := compile.CompileWith(n, target, compile.Options{Rates: bad})
		if d, ok := err.(*diag.Error); !ok || d.Code != "rates" {
			t.Errorf("%v: %v", bad, err)
		}
		if p, err := compile.Compile(n, target); err != nil {
			t.Fatal(err)
		} else if _, err := p.Traffic(target, bad); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
}
