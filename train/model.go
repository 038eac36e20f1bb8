package train

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
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

// Params are the trainable parameters of a layer and their moments.
type Params struct {
	// Weight is input-major, and 1.0 an integer weight of 64: dense In×Out,
	// Weight[i*Out+o]; conv I×kH×kW×(O/groups), I the input channels; pool has none.
	Weight Slot
	// Gain is, with weight norm, the length of each output neuron's (conv: output
	// channel's) vector of weights, of which Weight then is the direction; else empty.
	Gain  Slot
	Delay Slot // in ticks, by output neuron in the order of package snn or by output channel; empty without delays
	Decay Slot // i_decay and v_decay where they are learned; else empty
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
	Units []float32
	// Scales holds, by layer, a factor of the error that it hands to the layer below,
	// measured before the first step: with it errors neither vanish nor explode on
	// their way down, however deep the network is. It is SLAYER's scaleRho, set by
	// measurement instead of by hand.
	Scales  []float32
	History []EpochMetrics
}

// Metrics sum up the samples seen since the epoch began.
type Metrics struct {
	Loss    float64
	Correct int // of Judged answers
	Judged  int // one a sample, or one a labelled tick; none where patterns are the aim
	Samples int
	Spikes  []int // by layer
}

// Accuracy returns the share of answers whose most active output was the label.
func (m Metrics) Accuracy() float64 {
	if m.Judged == 0 {
		return 0
	}
	return float64(m.Correct) / float64(m.Judged)
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
	drawDropout
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
	if err := trainable(e, net); err != nil {
		return nil, err
	}
	m := &Model{Experiment: e, Net: net, Provenance: map[string]string{}}
	for k, l := range net.Layers {
		r := random(e.Seed, drawInit, k, 0)
		p := newParams(e, l)
		fan := l.In.Size()
		if l.Kind == snn.Conv {
			fan = l.Kernel * l.Kernel * (l.In.C / l.Groups)
		}
		bound := e.Training.InitGain / math.Sqrt(float64(fan))
		for i := range p.Weight.Value {
			p.Weight.Value[i] = float32((2*r.Float64() - 1) * bound)
		}
		span, from := e.Training.InitDelay, 0.0
		switch e.Training.Delays {
		case "zero":
			span = 0
		case "random":
			from = float64(e.Training.MinDelay)
			span = float64(e.Training.MaxDelay+1) - from
		}
		for i := range p.Delay.Value {
			p.Delay.Value[i] = float32(from + float64(r.Float64()*span))
		}
		if e.Training.Delays != "zero" {
			clampDelays(p.Delay.Value, e.Training.MinDelay, e.Training.MaxDelay)
		}
		if e.Training.LearnDecay {
			p.Decay.Value[0], p.Decay.Value[1] = float32(l.Neuron.IDecay), float32(l.Neuron.VDecay)
		}
		m.Params = append(m.Params, p)
		m.initGain(k)
	}
	return m, nil
}

// newParams returns zero parameters of the sizes that layer l has.
func newParams(e *snn.Experiment, l snn.Layer) Params {
	var p Params
	channels := l.Out.Size()
	if l.Kind == snn.Conv {
		channels = l.Out.C
	}
	p.Weight = newSlot(weightCount(l))
	if e.Training.WeightNorm && l.Kind != snn.Pool {
		p.Gain = newSlot(channels)
	}
	if l.Delay {
		n := l.Out.Size()
		if l.Kind != snn.Dense && e.Training.DelayPer == "channel" {
			n = l.Out.C
		}
		p.Delay = newSlot(n)
	}
	if e.Training.LearnDecay {
		p.Decay = newSlot(2)
	}
	return p
}

// maxWeights bounds a layer: with both moments, and the views of the passes, a
// weight takes about 21 bytes.
const maxWeights = 1 << 28

func weightCount(l snn.Layer) int {
	switch l.Kind {
	case snn.Dense:
		return l.In.Size() * l.Out.Size()
	case snn.Conv:
		return l.In.C * l.Kernel * l.Kernel * (l.Out.C / l.Groups)
	}
	return 0
}

// trainable reports what the engine cannot train.
func trainable(e *snn.Experiment, net *snn.Network) error {
	for _, l := range net.Layers {
		if n := weightCount(l); n > maxWeights {
			return (&diag.Error{Kind: diag.Limit, Code: "weights", Layer: l.Name, Msg: fmt.Sprintf("the layer has %d weights, training takes %d", n, maxWeights)}).
				WithFix("pool or convolve before a dense layer")
		}
		srm := l.Neuron.Kind == snn.SRM
		if srm && e.Training.Arithmetic == "integer" {
			return (&diag.Error{Kind: diag.Input, Code: "experiment", Layer: l.Name, Msg: "srm neurons train in float alone"}).
				WithFix("train in float arithmetic (--float) and quantize afterwards, or train cuba neurons")
		}
		if srm && e.Training.LearnDecay {
			return (&diag.Error{Kind: diag.Input, Code: "experiment", Layer: l.Name, Msg: "srm neurons have no decays to learn"}).
				WithFix("switch learn_decay off, or train cuba neurons")
		}
	}
	return nil
}

// Neuron returns the parameters of layer k's neurons, with the decays as learned so far.
func (m *Model) Neuron(k int) snn.Neuron {
	n := m.Net.Layers[k].Neuron
	if d := m.Params[k].Decay.Value; len(d) > 0 {
		n.IDecay, n.VDecay = decayCode(d[0]), decayCode(d[1])
	}
	return n
}

// decayCode returns the integer decay that a shadow decay stands for.
func decayCode(d float32) int {
	return int(math.RoundToEven(float64(max(0, min(fixed.DecayOne, d)))))
}

// Weights returns the float weights of layer k, laid out as Params.Weight: the
// parameters themselves or, with weight norm, direction times gain.
func (m *Model) Weights(k int) []float32 {
	v := view{layer: m.Net.Layers[k]}
	v.shape()
	p := &m.Params[k]
	if len(p.Gain.Value) == 0 {
		return p.Weight.Value
	}
	w := make([]float32, len(p.Weight.Value))
	length := norms(p.Weight.Value, v.rows, v.cols, v.channel, len(p.Gain.Value))
	for r := range v.rows {
		c := v.channel(r)
		for j := range v.cols {
			w[r*v.cols+j] = p.Weight.Value[r*v.cols+j] * float32(p.Gain.Value[c+j]/length[c+j])
		}
	}
	return w
}

// initGain sets the gains to the lengths of the vectors of weights.
func (m *Model) initGain(k int) {
	p := &m.Params[k]
	if len(p.Gain.Value) == 0 {
		return
	}
	v := view{layer: m.Net.Layers[k]}
	v.shape()
	copy(p.Gain.Value, norms(p.Weight.Value, v.rows, v.cols, v.channel, len(p.Gain.Value)))
}

// norms returns the length of the vector of weights of each of n output neurons or
// channels, at least the smallest positive normal number.
func norms(w []float32, rows, cols int, channel func(row int) int, n int) []float32 {
	sum := make([]float64, n)
	for r := range rows {
		c := channel(r)
		for j, x := range w[r*cols:][:cols] {
			sum[c+j] += float64(float64(x) * float64(x))
		}
	}
	length := make([]float32, n)
	for i, s := range sum {
		length[i] = max(float32(math.Sqrt(s)), 1e-30)
	}
	return length
}

// clampDelays keeps delays in [lo, hi], the range that training may choose from:
// the floor of hi is hi itself, so the top is inclusive.
func clampDelays(d []float32, lo, hi int) {
	for i := range d {
		d[i] = max(float32(lo), min(float32(hi), d[i]))
	}
}
