package train

import (
	"math"
	"math/rand/v2"

	"github.com/isospike/isospike/snn"
)

// Model is a network in training: parameters, optimiser state and progress. It
// is the content of model.safetensors.
type Model struct {
	Experiment *snn.Experiment
	Net        *snn.Network
	Params     []Params // by layer
	Progress   Progress
	Provenance map[string]string // free-form: command, data set, versions
}

// Params are the trainable parameters of a dense layer and their moments.
type Params struct {
	Weight Slot // In×Out, input-major: Weight[i*Out+o]; 1.0 is an integer weight of 64
	Delay  Slot // by output neuron, in ticks; empty without delays
}

// Slot is a parameter tensor with the optimiser's first and second moments.
type Slot struct{ Value, M, V []float32 }

func newSlot(n int) Slot {
	return Slot{make([]float32, n), make([]float32, n), make([]float32, n)}
}

// Progress is how far training has come.
type Progress struct {
	Epoch   int // finished epochs
	Batch   int // finished batches of the epoch under way
	Step    int // optimiser steps in all
	Best    float64
	BestAt  int // epoch of Best, from 1
	Running Metrics
	// Units holds, by layer, the change of a weight that, made in all weights of a
	// neuron at once, would move its steady voltage by one threshold, at the input
	// rate that was measured before the first step. The learning rate counts in it.
	Units   []float32
	History []EpochMetrics
}

// Metrics sum up the samples seen since the epoch began.
type Metrics struct {
	Loss    float64
	Correct int
	Samples int
	Spikes  []int // by layer
}

// Accuracy returns the share of samples whose most active output was the label.
func (m Metrics) Accuracy() float64 {
	if m.Samples == 0 {
		return 0
	}
	return float64(m.Correct) / float64(m.Samples)
}

// EpochMetrics is a line of the training history. Val fields are −1 without
// validation samples. Rates are spikes a neuron and tick of each layer.
type EpochMetrics struct {
	Epoch    int       `json:"epoch"`
	Loss     float64   `json:"loss"`
	Accuracy float64   `json:"accuracy"`
	ValLoss  float64   `json:"val_loss"`
	ValAcc   float64   `json:"val_accuracy"`
	Rates    []float64 `json:"rates"`
}

// Purposes separate the random streams that are drawn from one seed.
const (
	drawInit = iota
	drawShuffle
	drawAugment
)

func random(seed uint64, purpose, a, b int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(purpose)<<60|uint64(a)<<32|uint64(b)))
}

// NewModel makes a network with fresh parameters. It returns an error when the
// experiment is out of range or holds a layer that training does not have yet.
func NewModel(e *snn.Experiment) (*Model, error) {
	if err := e.Validate(); err != nil {
		return nil, err
	}
	net, err := e.Network()
	if err != nil {
		return nil, err
	}
	if err := net.NeedsDense("train"); err != nil {
		return nil, err
	}
	m := &Model{Experiment: e, Net: net, Provenance: map[string]string{}}
	for k, l := range net.Layers {
		in, out := l.In.Size(), l.Out.Size()
		r := random(e.Seed, drawInit, k, 0)
		p := Params{Weight: newSlot(in * out)}
		bound := e.Training.InitGain / math.Sqrt(float64(in))
		for i := range p.Weight.Value {
			p.Weight.Value[i] = float32((2*r.Float64() - 1) * bound)
		}
		if l.Delay {
			p.Delay = newSlot(out)
			for i := range p.Delay.Value {
				p.Delay.Value[i] = float32(r.Float64() * e.Training.InitDelay)
			}
			clampDelays(p.Delay.Value, e.Training.MaxDelay)
		}
		m.Params = append(m.Params, p)
	}
	return m, nil
}

// clampDelays keeps delays in [0, limit], the range a chip can hold: the floor
// of limit is limit itself, so the top is inclusive.
func clampDelays(d []float32, limit int) {
	for i := range d {
		d[i] = max(0, min(float32(limit), d[i]))
	}
}
