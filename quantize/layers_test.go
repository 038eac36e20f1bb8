package quantize

import (
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/train"
)

// TestLayerKinds: the fixed network of every kind of layer gives the spikes that
// training's forward pass saw, and is the same after writing and reading.
func TestLayerKinds(t *testing.T) {
	for _, net := range []string{
		"9x7x2-6c3-2a-12-5d",
		"9x7x2-6c3d-2ad-4c2g2d-3",
		"8x8x4-8c3s2p1g4d-3ad-7",
		"7x9x3-6c3p1e2g3-3a-flat-9d-4",
		"6x6-drop20-4c2d-drop10-2a-8c3",
		"5x5x2-2a-3c2d",
	} {
		for _, per := range []string{"channel", "neuron"} {
			e := snn.DefaultExperiment()
			e.Net, e.Training.DelayPer, e.Training.InitDelay, e.Training.InitGain, e.Seed = net, per, 20, 3, 7
			m, err := train.NewModel(e)
			if err != nil {
				t.Fatal(err)
			}
			n, r, err := Quantize(m, Options{})
			if err != nil {
				t.Fatal(net, err)
			}
			if !r.Lossless || len(r.Layers) != len(m.Net.Layers) {
				t.Errorf("%s: %+v", net, r)
			}
			rng := rand.New(rand.NewPCG(1, 2))
			const ticks = 60
			run, spikes := train.NewTrainer(m, ticks, 1).Runner(), make([]int, len(n.Layers))
			for range 3 {
				in := spike.NewRaster(n.Input.Size())
				for range ticks {
					var f []int32
					for i := range int32(in.Neurons) {
						if rng.Float64() < 0.2 {
							f = append(f, i)
						}
					}
					in.Append(f...)
				}
				want := run.Run(in)
				got, err := n.Run(in, ticks, false)
				if err != nil {
					t.Fatal(err)
				}
				for k := range want {
					spikes[k] += want[k].Count()
					if d := want[k].Diff(got[k].Spikes); d > 0 {
						t.Errorf("%s, delays by %s, layer %d: %d spikes differ", net, per, k+1, d)
					}
				}
			}
			t.Logf("%s: compared %v spikes", net, spikes)
			if spikes[0] == 0 {
				t.Errorf("%s: nothing was compared", net)
			}
		}
	}
}
