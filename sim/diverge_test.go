package sim_test

import (
	"testing"

	"github.com/isospike/isospike/sim"
)

// TestDivergenceTells: a register by its values, a spike by whether it is there, a graded one by what it carries.
func TestDivergenceTells(t *testing.T) {
	for want, d := range map[string]sim.Divergence{
		"tick 3, layer 1, neuron 2: u is -5, should be 7":               {Register: "u", Want: 7, Got: -5},
		"tick 3, layer 1, neuron 2: it spikes, should not":              {Register: "s", Want: 0, Got: 1},
		"tick 3, layer 1, neuron 2: it does not spike, should":          {Register: "s", Want: 1, Got: 0},
		"tick 3, layer 1, neuron 2: it sends 4, should send 0":          {Register: "s", Want: 0, Got: 4},
		"tick 3, layer 1, neuron 2: it sends 0, should send -1":         {Register: "s", Want: -1, Got: 0},
		"tick 3, layer 1, neuron 2: v is 1, should be 0":                {Register: "v", Want: 0, Got: 1},
		"tick 3, layer 1, neuron 2: it sends 8388608, should send 8000": {Register: "s", Want: 8000, Got: 8388608},
	} {
		d.Tick, d.Layer, d.Neuron, d.Core = 3, "1", 2, -1
		if got := d.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
