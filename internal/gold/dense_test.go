package gold

import (
	"fmt"
	"testing"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

func layer(name string, w []int16, out, in int, n fixed.CUBA) fixed.Layer {
	return fixed.Layer{Name: name, In: snn.Flat(in), Out: snn.Flat(out), Weight: w, WeightBits: 8, Mode: fixed.InferMode(w), Neuron: n}
}

func TestGTSDense(t *testing.T) {
	c, s := compare(t), open(t, "gts_dense", "data.npz")
	in, want := s.raster("in"), s.raster("out")
	n := &fixed.Network{Input: snn.Flat(200), Convention: fixed.Axonal, Layers: []fixed.Layer{
		layer("1", narrow(s.ints("weight")), 256, 200, fixed.CUBA{IDecay: 4096, VDecay: 415, VTh: 6, RefDelay: 1}),
	}}
	c.values("current", fixed.Arrivals(&n.Layers[0], in, nil, 1, in.Ticks()), s.ints("current"))
	for name, recs := range executors(t, n, in, in.Ticks()) {
		c.spikes(name+" out", recs[0].Spikes, want)
		// No decay of u is left after a tick, so it is the scaled current.
		u := widen(recs[0].U)
		for i := range u {
			u[i] /= 64
		}
		c.values(name+" u", u, s.ints("current"))
	}
}

func TestLoihi1Chip(t *testing.T) {
	c, s := compare(t), open(t, "loihi1_chip_GPL3", "data.npz")
	const ticks = 500
	ev := s.ints("input_events")
	var tick, neuron []int32
	for i := 0; i < len(ev); i += 2 {
		tick, neuron = append(tick, int32(ev[i])), append(neuron, int32(ev[i+1]))
	}
	in, err := spike.FromPairs(250, ticks, tick, neuron)
	if err != nil {
		t.Fatal(err)
	}
	p := fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: 80, RefDelay: 1}
	n := &fixed.Network{Input: snn.Flat(250), Convention: fixed.Slayer, Layers: []fixed.Layer{
		layer("1", narrow(s.ints("w1")), 25, 250, p), layer("2", narrow(s.ints("w2")), 1, 25, p),
	}}
	recorded := func(name string, neurons int) *spike.Raster {
		var tick, neuron []int32
		for v := s.ints(name); len(v) > 0; v = v[2:] {
			neuron, tick = append(neuron, int32(v[0])), append(tick, int32(v[1]))
		}
		r, err := spike.FromPairs(neurons, ticks, tick, neuron)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for name, recs := range executors(t, n, in, ticks) {
		for k, want := range []*spike.Raster{recorded("hidden_spikes", 25), recorded("output_spikes", 1)} {
			c.spikes(fmt.Sprintf("%s layer %d", name, k+1), recs[k].Spikes, want)
		}
		for _, v := range []struct {
			array         string
			layer, neuron int
		}{{"v_hidden_0", 0, 0}, {"v_hidden_23", 0, 23}, {"v_hidden_24", 0, 24}, {"v_output", 1, 0}} {
			want := s.ints(v.array)
			got := widen(recs[v.layer].V[v.neuron*ticks:][:len(want)])
			// The chip's register reads 128 in the tick of a spike; the state is 0.
			for i := range want {
				if want[i] == 128 && got[i] == 0 {
					got[i] = 128
				}
			}
			c.values(name+" "+v.array, got, want)
		}
	}
}
