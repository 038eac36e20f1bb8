package compile

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
)

// TestHalve: the patches cover the box once, and are as many as asked for, or as pixels.
func TestHalve(t *testing.T) {
	patches := 0
	rapid.Check(t, func(t *rapid.T) {
		p := patch{c: [2]int{1, 1 + rapid.IntRange(1, 3).Draw(t, "channels")}}
		for _, s := range []*[2]int{&p.x, &p.y} {
			s[0] = rapid.IntRange(0, 3).Draw(t, "from")
			s[1] = s[0] + rapid.IntRange(1, 30).Draw(t, "side")
		}
		w, h := p.x[1]-p.x[0], p.y[1]-p.y[0]
		n := rapid.IntRange(1, 2*w*h).Draw(t, "patches")
		parts := p.halve(n, nil)
		if len(parts) != min(n, w*h) {
			t.Fatalf("%d patches of %v, want %d", len(parts), p, min(n, w*h))
		}
		seen := map[[2]int]bool{}
		for _, q := range parts {
			for y := q.y[0]; y < q.y[1]; y++ {
				for x := q.x[0]; x < q.x[1]; x++ {
					if at := [2]int{x, y}; seen[at] || x < p.x[0] || x >= p.x[1] || y < p.y[0] || y >= p.y[1] || q.c != p.c {
						t.Fatalf("pixel %v twice or outside", at)
					} else {
						seen[at] = true
					}
				}
			}
		}
		if len(seen) != w*h {
			t.Fatalf("%d pixels of %d", len(seen), w*h)
		}
		patches += len(parts)
	})
	if t.Log(patches, "patches"); patches == 0 {
		t.Error("nothing was compared")
	}
}

// TestPatchRows: the axons of a patch, with their rows and bases, are the layer's connections into
// it, with the delays of the layer before and its own.
func TestPatchRows(t *testing.T) {
	connections, shared := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		groups := rapid.SampledFrom([]int{1, 2}).Draw(t, "groups")
		in := snn.Shape{W: rapid.IntRange(1, 9).Draw(t, "width"), H: rapid.IntRange(1, 9).Draw(t, "height"), C: 2 * groups}
		k := &fixed.Kernel{Groups: groups}
		for a := range 2 {
			k.Size[a], k.Stride[a] = rapid.IntRange(1, 4).Draw(t, "kernel"), rapid.IntRange(1, 2).Draw(t, "stride")
			k.Padding[a], k.Dilation[a] = rapid.IntRange(0, 2).Draw(t, "padding"), rapid.IntRange(1, 2).Draw(t, "dilation")
		}
		out := k.Output(in)
		if out.C = 2 * groups; out.Size() == 0 {
			return
		}
		l := fixed.Layer{In: in, Out: out, Kernel: k, WeightBits: 9, Neuron: fixed.CUBA{RefDelay: 1}}
		for i := range l.Weights() {
			l.Weight = append(l.Weight, int16(i%5-1)*int16(1+i%37))
			l.SynDelay = append(l.SynDelay, uint8(i%3))
		}
		before := fixed.Layer{Out: in, Delay: make([]uint8, in.Size())}
		late := rapid.SampledFrom([]int{1, 2, 9}).Draw(t, "different delays")
		for i := range before.Delay {
			before.Delay[i] = uint8(i * 7 % late)
		}
		b := newBuild(&fixed.Network{Input: in, Layers: []fixed.Layer{before, l}},
			open{Limits{SynapticDelay: rapid.Bool().Draw(t, "synaptic delays"), SharedRows: rapid.Bool().Draw(t, "shared"), MaxBase: rapid.SampledFrom([]int{0, 2, 7, 255}).Draw(t, "largest base")}})
		if groups == 2 && rapid.Bool().Draw(t, "groups reversed") {
			b.groupOrder = [][]int32{nil, {1, 0}}
		}
		var p patch
		for _, s := range []struct {
			side *[2]int
			n    int
		}{{&p.x, out.W}, {&p.y, out.H}, {&p.c, out.C}} {
			s.side[0] = rapid.IntRange(0, s.n-1).Draw(t, "from")
			s.side[1] = rapid.IntRange(s.side[0]+1, s.n).Draw(t, "to")
		}
		first := rapid.IntRange(0, 20).Draw(t, "first compartment")
		x := b.patchRows(&b.limits, 1, p, first)
		got := map[[2]int][2]int{} // weight and delay, by source and neuron
		order := b.patchNeurons(1, p)
		for _, a := range x.axons {
			r := x.store.at(int(a.row))
			for i, n := range r.target {
				at := [2]int{int(a.source), int(order[int(n)+int(a.base)-first])}
				if _, ok := got[at]; ok || int(a.base) > b.limits.MaxBase || r.mode != a.mode {
					t.Fatalf("connection %v twice, base %d", at, a.base)
				}
				got[at] = [2]int{int(r.mode.Weight(r.code[i])), int(a.delay + r.delay[i])}
			}
		}
		if len(x.store.rows) < len(x.axons) {
			shared++
		}
		for _, o := range order {
			for i, at := range l.Into(int(o)) {
				if l.Weight[at] == 0 {
					continue
				}
				want := [2]int{int(l.Weight[at]), int(before.Delay[i] + l.SynDelay[at])}
				if x := got[[2]int{i, int(o)}]; x != want {
					t.Fatalf("from %d to %d: weight and delay %v, want %v", i, o, x, want)
				}
				connections++
				delete(got, [2]int{i, int(o)})
			}
		}
		if len(got) > 0 {
			t.Fatalf("%d connections too many", len(got))
		}
	})
	if t.Log(connections, "connections compared,", shared, "patches with shared rows"); connections == 0 || shared == 0 {
		t.Error("nothing was compared")
	}
}
