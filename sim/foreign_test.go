package sim_test

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/compile/nettest"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn/fixed"
	chip "github.com/isospike/isospike/targets/loihi"
)

// alter changes a table of a core into what the compiler would not have made, but Check may allow.
func alter(r *rand.Rand, p *compile.Program) {
	c := &p.Cores[r.IntN(len(p.Cores))]
	if len(c.Target) == 0 {
		return
	}
	s, a := r.IntN(len(c.Target)), r.IntN(len(c.Row))
	switch r.IntN(9) {
	case 0: // any weight, 0 included
		c.Code[s] = uint8(r.IntN(256)) &^ uint8(r.IntN(2)*255)
	case 1:
		c.Target[s] += uint16(r.IntN(5)) - 2
	case 2:
		c.Row[a] = c.Row[r.IntN(len(c.Row))]
	case 3:
		c.Base[a] += uint16(r.IntN(5)) - 2
	case 4: // delays of unlike length in a row, or in rows and routes together
		if c.Delay != nil {
			c.Delay[s] = uint8(r.IntN(1<<c.DelayBits - 1))
		}
		for i := range c.Route {
			c.Route[i].Delay = uint8(r.IntN(63))
		}
	case 5:
		m := fixed.SignMode(r.IntN(3))
		c.Mode[c.Row[a]] = m
	case 6: // several axons of one source
		if n := len(c.OutStart); n > 2 {
			k := 1 + r.IntN(n-2)
			c.OutStart[k] = c.OutStart[k+1-2*r.IntN(2)]
		}
	case 7:
		c.Profile[r.IntN(len(c.Profile))] = uint8(r.IntN(len(c.Profiles)))
	case 8: // a row without synapses
		k := 1 + r.IntN(len(c.Mode))
		c.RowStart[k-1] = c.RowStart[k]
		c.RowStart[0] = 0
	}
}

// TestForeign compares the paths on programs that no network was compiled to.
func TestForeign(t *testing.T) {
	programs, values, spikes, refused := 0, 0, 0, 0
	settings := []setting{loihi(t, "loihi1"), board(lookup(t, "icebreaker")), tiny, tiny, kinds(t)}
	rapid.Check(t, func(t *rapid.T) {
		target, c := rapid.SampledFrom(settings).Draw(t, "setting")(t)
		net := nettest.Network(t, c)
		in := nettest.Input(t, net, 40)
		p, err := compile.Compile(net, target)
		if err != nil {
			return
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "altered"), 4))
		for range 4 {
			q := throughArtifact(t, p)
			for range 1 + r.IntN(3) {
				alter(r, q)
			}
			m, err := sim.New(q)
			if err != nil {
				refused++
				continue
			}
			programs++
			v, s := allAlike(t, q, in, 50, m, sim.NewApart(q), sim.NewWithin(q, 1<<40), sim.NewWithin(q, 1000))
			values, spikes = values+v, spikes+s
		}
	})
	t.Logf("%d programs, compared %d values, %d spikes; %d refused", programs, values, spikes, refused)
	if values == 0 || spikes == 0 || refused > 3*programs {
		t.Error("too little was compared")
	}
}

// tinyChip is tiny with the rows of Loihi-style chips, and few formats, thresholds and decay offsets.
func tinyChip(t *rapid.T) (compile.Target, nettest.Config) {
	l := nettest.DrawTiny(t).L
	l.Formats, l.Thresholds, l.DecayOffsets = rapid.IntRange(2, 9).Draw(t, "formats"), rapid.IntRange(1, 2).Draw(t, "thresholds"), rapid.IntRange(0, 1).Draw(t, "decay offsets")
	return on(chip.New("tiny chip", l), nettest.Config{Reset: true})(t)
}

func TestTinyChip(t *testing.T) {
	var y tally
	formats := map[compile.RowFormat]int{}
	rapid.Check(t, func(t *rapid.T) {
		target, c := tinyChip(t)
		net := nettest.Network(t, c)
		y.run(t, net, target, func(n *fixed.Network, target compile.Target) (*compile.Program, error) {
			p, err := compile.Compile(n, target)
			if err == nil {
				for i := range p.Cores {
					for _, f := range p.Cores[i].Format {
						formats[f]++
					}
				}
			}
			return p, err
		})
	})
	y.report(t, fixed.MaxVTh, true)
	if formats[compile.Sparse] == 0 || formats[compile.RunLength] == 0 || formats[compile.Dense] == 0 {
		t.Errorf("rows of formats %v", formats)
	}
}
