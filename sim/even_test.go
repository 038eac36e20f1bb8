package sim_test

import (
	"testing"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn/fixed"
)

// TestEven runs a core that holds a dense layer, and ones that are the same but for one row, and compares them with the reference.
func TestEven(t *testing.T) {
	const inputs, neurons, odd = 70, 50, 67
	delays := func(c *compile.Core) {
		c.DelayBits, c.Delay = 2, make([]uint8, len(c.Target))
		for i := range c.Delay {
			c.Delay[i] = 3
		}
	}
	for name, x := range map[string]struct {
		change func(c *compile.Core)
		even   int
	}{
		"as it is":      {func(*compile.Core) {}, 1},
		"delayed":       {delays, 1},
		"another delay": {func(c *compile.Core) { delays(c); copy(c.Delay[odd*neurons:], make([]uint8, neurons)) }, 0},
		"another mode":  {func(c *compile.Core) { c.Mode[odd] = fixed.Inhibitory }, 0},
		"others' rows":  {func(c *compile.Core) { c.Row[odd], c.Row[3] = c.Row[3], c.Row[odd] }, 0},
		"the same row":  {func(c *compile.Core) { c.Row[odd] = 3 }, 0},
		"other neurons": {func(c *compile.Core) { c.RowStart[inputs]--; c.Base[inputs-1] = 1 }, 0},
		"shifted": {func(c *compile.Core) {
			c.Base[odd] = 1
			c.Profile = append(c.Profile, 0)
			c.Bias = append(c.Bias, 0)
			c.OutStart = append(c.OutStart, c.OutStart[neurons])
		}, 0},
		"a neuron fewer": {func(c *compile.Core) { c.RowStart[inputs]-- }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			net := dense(inputs, false, neurons)
			for i, w := range net.Layers[0].Weight {
				if w == 0 {
					net.Layers[0].Weight[i] = 2
				}
			}
			p, err := compile.Compile(net, lookup(t, "loihi1"))
			check(t, err)
			if len(p.Cores) != 1 || len(p.Cores[0].Row) != inputs {
				t.Fatal("the layer is not one core's")
			}
			x.change(&p.Cores[0])
			m := sim.NewApart(p)
			if m.Even() != x.even {
				t.Errorf("%d cores are even, want %d", m.Even(), x.even)
			}
			in := noise(inputs, 50, 0.2)
			var hashes [2][32]byte
			var results [2]*sim.Result
			for k := range hashes {
				results[k], err = m.Run(t.Context(), in, 50, sim.Options{Slow: k == 1})
				check(t, err)
				hashes[k] = m.Hash()
			}
			if hashes[0] != hashes[1] || results[0].Cores[0] != results[1].Cores[0] || results[0].Cores[0].Spikes == 0 {
				t.Errorf("fast %+v, reference %+v, or the states differ", results[0].Cores[0], results[1].Cores[0])
			}
		})
	}
}
