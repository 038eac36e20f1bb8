package sim_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn/spike"
)

// TestBus: cores are on a bus where they always get the same spikes on the same axons, and at any number of threads do what they do on the reference path,
// also when the run is cut in two by a snapshot.
func TestBus(t *testing.T) {
	for name, x := range map[string]struct {
		change func(p *compile.Program)
		cores  int
	}{
		"a layer of 24 cores, and one of 2": {func(*compile.Program) {}, 26},
		"another delay":                     {func(p *compile.Program) { route(p, 7, 3).Delay++ }, 25},
		"other axons": {func(p *compile.Program) {
			a, b := route(p, 7, 3), route(p, 8, 3)
			a.Axon, b.Axon = b.Axon, a.Axon
		}, 25},
		"a missing route": {func(p *compile.Program) {
			at := slices.Index(p.InputRoute, *route(p, 7, 3))
			p.InputRoute = slices.Delete(p.InputRoute, at, at+1)
			for i := 8; i < len(p.InputStart); i++ {
				p.InputStart[i]--
			}
		}, 25},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := compile.Compile(dense(40, true, 720, 60), smallCores(t))
			check(t, err)
			x.change(p)
			check(t, compile.Check(p))
			m := sim.NewApart(p)
			if len(p.Cores) != 26 || m.Buses() != x.cores {
				t.Fatalf("of %d cores %d are on buses, want %d", len(p.Cores), m.Buses(), x.cores)
			}
			in, rest := noise(40, 90, 0.2), spike.NewRaster(40)
			for i := 41; i < 90; i++ {
				rest.AppendFrom(in, i)
			}
			want, err := m.Run(t.Context(), in, 90, sim.Options{States: true, Slow: true})
			check(t, err)
			hash := m.Hash()
			for threads := 1; threads <= 5; threads++ {
				got, err := m.Run(t.Context(), in, 90, sim.Options{States: true, Threads: threads})
				check(t, err)
				for k, l := range want.Layers {
					if g := got.Layers[k]; !g.Spikes.Equal(l.Spikes) || !slices.Equal(g.U, l.U) || !slices.Equal(g.V, l.V) || l.Spikes.Count() == 0 {
						t.Fatalf("%d threads: layer %d differs, or none of its %d neurons spikes", threads, k, l.Spikes.Neurons)
					}
				}
				if m.Hash() != hash || !slices.Equal(got.Cores, want.Cores) {
					t.Fatalf("%d threads: counts, or the states at the end differ", threads)
				}
				first, err := m.Run(t.Context(), in, 41, sim.Options{Threads: threads})
				check(t, err)
				other := m.Clone()
				check(t, other.Restore(m.Snapshot()))
				second, err := other.Run(t.Context(), rest, 49, sim.Options{Threads: threads, Continue: true})
				check(t, err)
				if n := first.Layers[1].Spikes.Count() + second.Layers[1].Spikes.Count(); n != want.Layers[1].Spikes.Count() || other.Hash() != hash {
					t.Fatalf("%d threads: in two parts, the states at the end differ, or %d spikes, want %d", threads, n, want.Layers[1].Spikes.Count())
				}
			}
		})
	}
}

// route returns the way of an input to a core.
func route(p *compile.Program, input, core int) *compile.Route {
	for i := p.InputStart[input]; i < p.InputStart[input+1]; i++ {
		if p.InputRoute[i].Core == uint32(core) {
			return &p.InputRoute[i]
		}
	}
	panic(fmt.Sprintf("input %d has no way to core %d", input, core))
}
