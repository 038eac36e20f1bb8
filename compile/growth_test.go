package compile

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"pgregory.net/rapid"
)

// stack returns a network of dense layers with half of its weights 0, and rates of its neurons.
func stack(r *rand.Rand, sizes ...int) (*fixed.Network, *Rates) {
	n, rates := &fixed.Network{Input: snn.Flat(sizes[0]), Convention: fixed.Axonal}, &Rates{Ticks: 100}
	for k := range len(sizes) - 1 {
		l := fixed.Layer{In: snn.Flat(sizes[k]), Out: snn.Flat(sizes[k+1]), WeightBits: 8, Neuron: fixed.CUBA{VTh: 1, RefDelay: 1}}
		for range l.Weights() {
			l.Weight = append(l.Weight, 2*int16(r.IntN(2)))
		}
		s := make([]int64, sizes[k+1])
		for o := range s {
			s[o] = r.Int64N(100)
		}
		n.Layers, rates.Spikes = append(n.Layers, l), append(rates.Spikes, s)
	}
	return n, rates
}

// open is a target that holds anything.
type open struct{ l Limits }

func (open) Name() string                          { return "open" }
func (o open) Limits() Limits                      { return o.l }
func (open) RowWords(r *RowShape) (int, RowFormat) { return int(r.N), Plain }

// TestGrowth: the neuron that comes next is always one that lowers the cut as much as any other,
// worked out anew.
func TestGrowth(t *testing.T) {
	compared := 0
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		n, rates := stack(r, 2, 1+r.IntN(6), 1+r.IntN(6), 1+r.IntN(6))
		if r.IntN(3) == 0 {
			rates = nil
		}
		b := newBuild(n, open{})
		b.Options = Options{Rates: rates}
		g := b.newGrowth()
		inCore := make([]bool, len(g.placed))
		weight := func(v int32) int32 {
			if rates == nil {
				return 1
			}
			busiest := int64(1)
			for _, s := range rates.Spikes {
				busiest = max(busiest, slices.Max(s))
			}
			k := g.layer(v)
			return int32(max(1, 16*rates.Spikes[k][v-g.base[k]]/busiest))
		}
		// gain returns by how much the cut falls when v joins the core, and whether anything ties it.
		gain := func(v int32) (sum int32, tied bool) {
			g.edges(func(from, to int32) {
				other := from
				if from == v {
					other = to
				} else if to != v {
					return
				}
				if inCore[other] {
					sum, tied = sum+weight(from), true
				} else {
					sum -= weight(from)
				}
			})
			return sum, tied
		}
		for range g.placed {
			best, any := int32(0), false
			for v := range int32(len(g.placed)) {
				if s, tied := gain(v); tied && !g.placed[v] && (!any || s > best) {
					best, any = s, true
				}
			}
			v := g.queue.most()
			if v < 0 != !any {
				rt.Fatalf("next is %d, and there are candidates: %t", v, any)
			}
			if v < 0 {
				v = int32(slices.Index(g.placed, false))
			} else if s, tied := gain(v); g.placed[v] || !tied || s != best {
				rt.Fatalf("neuron %d lowers the cut by %d, another by %d", v, s, best)
			}
			g.take(v)
			inCore[v] = true
			compared++
			if r.IntN(5) == 0 {
				g.restart()
				clear(inCore)
			}
		}
	})
	if t.Logf("compared %d", compared); compared == 0 {
		t.Error("nothing was compared")
	}
}

// TestPlacerCountsEntries: after any exchanges, of cores and of free spots, across chips or not, the
// entries that the placer keeps are those that the routes take.
func TestPlacerCountsEntries(t *testing.T) {
	compared := 0
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		n, _ := stack(r, 2, 1+r.IntN(9), 1+r.IntN(9), 1+r.IntN(9))
		target := open{Limits{CoresPerChip: 1 + r.IntN(4), MeshWidth: 2, TileCores: 1, Neurons: 1 + r.IntN(3), CrossChipEntries: 1 + r.IntN(3)}}
		b := newBuild(n, target)
		b.Options = Options{Baseline: Sequential}
		if err := b.layout(make([]int, len(n.Layers))); err != nil {
			rt.Fatal(err)
		}
		q := b.newPlacer(split)
		for range 30 {
			q.exchange(r.Int32N(int32(len(q.spots))), r.Int32N(int32(len(q.spots))))
		}
		for c := range b.prog.Cores {
			if q.who[q.at[c]] != int32(c) {
				rt.Fatalf("core %d is on spot %d, where %d is", c, q.at[c], q.who[q.at[c]])
			}
			b.prog.Cores[c].put(q.spots[q.at[c]])
		}
		for c := range b.prog.Cores {
			if want, _, _ := b.prog.out(c, &b.limits); q.entries[c] != want {
				rt.Fatalf("core %d: %d entries, the routes take %d", c, q.entries[c], want)
			}
			compared++
		}
	})
	if t.Logf("compared %d", compared); compared == 0 {
		t.Error("nothing was compared")
	}
}

// TestImproveKeepsLimits: with no entry to spare, of a core or of a neuron, cores still move, and no limit breaks.
func TestImproveKeepsLimits(t *testing.T) {
	moved := 0
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		n, rates := stack(r, 2, 1+r.IntN(9), 1+r.IntN(9), 1+r.IntN(9))
		target := open{Limits{CoresPerChip: 1 + r.IntN(6), MeshWidth: 2, TileCores: 1, Neurons: 1 + r.IntN(2), CrossChipEntries: 2}}
		b := newBuild(n, target)
		b.Options = Options{Baseline: Sequential, Rates: rates}
		if err := b.layout(make([]int, len(n.Layers))); err != nil {
			rt.Fatal(err)
		}
		entries := func() (ofCore, ofNeuron int) {
			for c := range b.prog.Cores {
				all, most, _ := b.prog.out(c, &b.limits)
				ofCore, ofNeuron = max(ofCore, all), max(ofNeuron, most)
			}
			return ofCore, ofNeuron
		}
		if ofCore, ofNeuron := entries(); r.IntN(2) == 0 {
			b.limits.AxonsOut = ofCore
		} else {
			b.limits.RoutesPerNeuron = ofNeuron
		}
		before := make([]spot, len(b.prog.Cores))
		for c := range before {
			before[c] = b.prog.Cores[c].spot()
		}
		b.improve()
		ofCore, ofNeuron := entries()
		if l := &b.limits; l.AxonsOut > 0 && ofCore > l.AxonsOut || l.RoutesPerNeuron > 0 && ofNeuron > l.RoutesPerNeuron {
			rt.Fatalf("%d entries of a core, %d of a neuron, allowed are %d and %d", ofCore, ofNeuron, l.AxonsOut, l.RoutesPerNeuron)
		}
		for c := range before {
			if before[c].chip != b.prog.Cores[c].Chip {
				moved++
			}
		}
	})
	if t.Logf("%d cores on another chip", moved); moved == 0 {
		t.Error("no core has moved")
	}
}
