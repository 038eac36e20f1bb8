package snn

import (
	"fmt"

	"github.com/isospike/isospike/snn/diag"
)

// Kind is the kind of a layer.
type Kind string

// The layer kinds of the paper.
const (
	Dense Kind = "dense"
	Conv  Kind = "conv"
	Pool  Kind = "pool"
)

// MaxDelay is the longest axonal delay in ticks: Loihi's six delay bits less
// what its accumulators need, as Lava's NetX limits it.
const MaxDelay = 62

// MaxNeurons bounds one population; a notation beyond it is a typing error.
const MaxNeurons = 1 << 24

// Layer is one layer of a Network: its connections, then its neurons, then
// their axonal delays.
type Layer struct {
	Name    string // "1", "2", …: the position in the notation, counted from the first layer after the input
	Kind    Kind
	In, Out Shape
	Kernel  int  // conv, pool: extent in both directions
	Stride  int  // conv; a pool's stride is its kernel
	Padding int  // conv, on each side
	Delay   bool // the layer's spikes travel through learned axonal delays
	Neuron  Neuron
}

// Neuron holds the parameters of current-based leaky integrate-and-fire neurons
// (Loihi's CUBA), as integers of the hardware: decays in 1/4096 per tick.
type Neuron struct {
	IDecay   int `toml:"i_decay"`   // decay of the synaptic current u, 0..4096
	VDecay   int `toml:"v_decay"`   // decay of the voltage v, 0..4096
	VTh      int `toml:"v_th"`      // threshold mantissa; v spikes above v_th·64
	RefDelay int `toml:"ref_delay"` // refractory delay in ticks, 1 is the plain reset
}

// DefaultNeuron is what training starts from. Its threshold is higher than
// SLAYER's, so that the integer weights resolve what the neuron needs, and its
// memory shorter: both make training from integers converge in fewer steps. See
// docs/RATIONALE.md.
var DefaultNeuron = Neuron{IDecay: 2048, VDecay: 256, VTh: 256, RefDelay: 1}

// LoihiNeuron is what slayerPytorch exports for Loihi.
var LoihiNeuron = Neuron{IDecay: 1024, VDecay: 128, VTh: 80, RefDelay: 1}

// MaxVTh is the largest threshold mantissa the arithmetic has a meaning for.
// Loihi stores 17 bits (up to 131071); 1<<17 is Lava's "never spikes".
const MaxVTh = 1 << 17

// Validate reports the first parameter out of range.
func (n Neuron) Validate(layer string) error {
	for _, p := range []struct {
		name       string
		v, lo, top int
	}{
		{"i_decay", n.IDecay, 0, 4096}, {"v_decay", n.VDecay, 0, 4096},
		{"v_th", n.VTh, 0, MaxVTh}, {"ref_delay", n.RefDelay, 1, 64},
	} {
		if p.v < p.lo || p.v > p.top {
			return &diag.Error{Kind: diag.Input, Code: "neuron-parameter", Layer: layer,
				Msg: fmt.Sprintf("%s is %d, allowed are %d to %d", p.name, p.v, p.lo, p.top)}
		}
	}
	return nil
}

// Network is a feed-forward network: an input population and layers in order.
type Network struct {
	Input  Shape
	Layers []Layer
}

// Output returns the shape of the last layer.
func (n *Network) Output() Shape { return n.Layers[len(n.Layers)-1].Out }

// NeedsDense returns an error naming the first layer that is not dense, for
// stages that take dense layers alone.
func (n *Network) NeedsDense(stage string) error {
	for _, l := range n.Layers {
		if l.Kind != Dense {
			return (&diag.Error{Kind: diag.Input, Code: "not-yet-supported", Layer: l.Name,
				Msg: fmt.Sprintf("%s layers are not yet supported by %s", l.Kind, stage)}).
				WithFix("use dense layers, such as 34x34x2-512d-512d-10")
		}
	}
	return nil
}
