package train

import (
	"bytes"
	"context"
	"testing"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/spike"
)

// richBlobs are blobs with desired spike trains and a class at every second tick.
type richBlobs struct{ blobs }

func (b richBlobs) Pattern(i int) (*spike.Raster, error) {
	p := spike.NewRaster(3)
	for t := range b.ticks {
		if t%5 == 4 {
			p.Append(int32(b.Label(i)))
		} else {
			p.Append()
		}
	}
	return p, nil
}

func (b richBlobs) Steps(i int) ([]uint8, error) {
	steps := bytes.Repeat([]byte{unlabelled, uint8(b.Label(i))}, b.ticks/2)
	for t := range 10 {
		steps[t] = unlabelled
	}
	return steps, nil
}

// TestEverythingLearns trains an easy task with every loss, surrogate and neuron.
func TestEverythingLearns(t *testing.T) {
	for _, c := range []struct{ name, neuron, loss, surrogate string }{
		{"rate", snn.CUBA, "rate", "exponential"}, {"count", snn.CUBA, "count", "exponential"},
		{"spike train", snn.CUBA, "spike_train", "exponential"}, {"nll", snn.CUBA, "nll", "exponential"}, {"step nll", snn.CUBA, "step_nll", "exponential"},
		{"fast sigmoid", snn.CUBA, "rate", "fast_sigmoid"}, {"triangle", snn.CUBA, "rate", "triangle"},
		{"srm", snn.SRM, "rate", "exponential"}, {"srm as printed", snn.SRM, "nll", "exponential"}, {"srm, EXODUS", snn.SRM, "spike_train", "fast_sigmoid"},
		{"learned decays", snn.CUBA, "rate", "exponential"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := blobExperiment("integer")
			e.Neuron.Kind, e.Loss.Kind, e.Surrogate.Kind = c.neuron, c.loss, c.surrogate
			e.Training.Epochs = 12
			e.Training.LearnDecay = c.name == "learned decays"
			if c.neuron == snn.SRM {
				e.Training.Arithmetic = "float"
			}
			if c.name == "srm as printed" {
				e.Neuron.SRM.Refractory = "paper"
			}
			e.Training.GradReset = c.name == "srm, EXODUS"
			if c.loss == "count" {
				e.Loss.From = 8
			}
			m, err := NewModel(e)
			if err != nil {
				t.Fatal(err)
			}
			src := richBlobs{blobs{50, 40}}
			if err := NewTrainer(m, 40, 2).Fit(context.Background(), src, Fit{}); err != nil {
				t.Fatal(err)
			}
			first, last := m.Progress.History[0], m.Progress.History[len(m.Progress.History)-1]
			t.Logf("loss %.4f → %.4f, accuracy %.2f", first.Loss, last.Loss, last.Accuracy)
			if !(last.Loss < 0.8*first.Loss) {
				t.Errorf("the loss went from %v to %v", first.Loss, last.Loss)
			}
			if c.loss == "spike_train" {
				return
			}
			if last.Accuracy < 0.85 {
				t.Errorf("accuracy %.2f", last.Accuracy)
			}
		})
	}
}

// TestPoolsLearnDecays: pools have no weights, and learn their decays all the same, also below all weights.
func TestPoolsLearnDecays(t *testing.T) {
	moved := 0
	for _, net := range []string{"4x3-2a-3", "4x3-2ad-3", "4x3-1ad-2a-3", "4x3-4c3p1-2a-3", "4x3-5-3"} {
		for _, arithmetic := range []string{"integer", "float"} {
			e := blobExperiment(arithmetic)
			e.Net, e.Training.Epochs, e.Training.LearnDecay = net, 2, true
			m := trained(t, e, 2, Fit{})
			for k, p := range m.Params {
				for i, first := range []int{m.Net.Layers[k].Neuron.IDecay, m.Net.Layers[k].Neuron.VDecay} {
					if p.Decay.Value[i] == float32(first) {
						t.Errorf("%s, %s: decay %d of layer %d stays %d", net, arithmetic, i, k+1, first)
					}
					moved++
				}
			}
		}
	}
	if t.Logf("compared %d decays", moved); moved == 0 {
		t.Error("nothing was compared")
	}
}
