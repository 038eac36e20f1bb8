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
	Name     string // "1", "2", …: its number, counted from the first layer of neurons after the input
	Kind     Kind
	In, Out  Shape
	Kernel   int  // conv, pool: extent in both directions
	Stride   int  // conv; a pool's stride is its kernel
	Padding  int  // conv, on each side
	Dilation int  // conv: distance between the inputs of a kernel, 1 for neighbours
	Groups   int  // conv: input and output channels fall into as many groups, connected each to its own
	Flat     bool // the notation flattens the input; its neurons keep their numbers
	Drop     int  // training silences this share of the inputs for a whole sample, in percent
	Delay    bool // the layer's spikes travel through learned axonal delays
	Neuron   Neuron

	// What dense and conv layers store their weights in while training computes in integers.
	Bits WeightBits
	Exp  []int // the exponent of the weights, or one for each output neuron (conv: channel)
}

// The kinds of neuron.
const (
	CUBA = "cuba" // current-based leaky integrate-and-fire in the integers of the hardware
	SRM  = "srm"  // the paper's spike response model, in float
)

// Neuron holds the parameters of a layer's neurons. Those of current-based leaky
// integrate-and-fire neurons (Loihi's CUBA) are integers of the hardware: decays
// in 1/4096 per tick.
type Neuron struct {
	Kind     string `toml:"kind"`      // CUBA or SRM; "" is CUBA
	IDecay   int    `toml:"i_decay"`   // decay of the synaptic current u, 0..4096
	VDecay   int    `toml:"v_decay"`   // decay of the voltage v, 0..4096
	VTh      int    `toml:"v_th"`      // threshold mantissa; v spikes above v_th·64
	RefDelay int    `toml:"ref_delay"` // refractory delay in ticks, 1 is the plain reset

	SRM Response `toml:"srm"` // of SRM neurons, which have no use for the integers above
}

// Response holds the kernels of the paper's neuron. Its potential is the sum of
// the response ε(t) = t/τs·exp(1 − t/τs) to every weighted input spike and of the
// refractory response ν to every spike of its own; it spikes at Theta or above.
type Response struct {
	TauS     float64 `toml:"tau_s"`     // τs of ε in ticks
	TauR     float64 `toml:"tau_r"`     // τr of ν in ticks
	ScaleRef float64 `toml:"scale_ref"` // of ν, in thresholds
	Theta    float64 `toml:"theta"`     // threshold
	// Refractory is the form of ν: "slayer", the code's −scale_ref·θ·t/τr·exp(1 − t/τr),
	// which is 0 at the spike itself, or "paper", the printed −scale_ref·θ·exp(1 − t/τr).
	Refractory string `toml:"refractory"`
}

// DefaultNeuron is what training starts from. Its threshold is higher than
// SLAYER's, so that the integer weights resolve what the neuron needs, and its
// memory shorter: both make training from integers converge in fewer steps. See
// docs/RATIONALE.md.
var DefaultNeuron = Neuron{Kind: CUBA, IDecay: 2048, VDecay: 256, VTh: 256, RefDelay: 1, SRM: DefaultResponse}

// DefaultResponse is what the authors' code uses for N-MNIST.
var DefaultResponse = Response{TauS: 10, TauR: 1, ScaleRef: 2, Theta: 10, Refractory: "slayer"}

// LoihiNeuron is what slayerPytorch exports for Loihi.
var LoihiNeuron = Neuron{IDecay: 1024, VDecay: 128, VTh: 80, RefDelay: 1}

// MaxVTh is the largest threshold mantissa the arithmetic has a meaning for.
// Loihi stores 17 bits (up to 131071); 1<<17 is Lava's "never spikes".
const MaxVTh = 1 << 17

// Validate reports the first parameter out of range.
func (n Neuron) Validate(layer string) error {
	bad := func(format string, args ...any) error {
		return &diag.Error{Kind: diag.Input, Code: "neuron-parameter", Layer: layer, Msg: fmt.Sprintf(format, args...)}
	}
	if n.Kind == SRM {
		r := n.SRM
		for _, p := range []struct {
			name       string
			v, lo, top float64
		}{{"tau_s", r.TauS, 0.2, 1000}, {"tau_r", r.TauR, 0.2, 1000}, {"scale_ref", r.ScaleRef, 0, 1000}, {"theta", r.Theta, 1e-3, 1e6}} {
			if !(p.v >= p.lo && p.v <= p.top) {
				return bad("srm.%s is %v, allowed are %v to %v", p.name, p.v, p.lo, p.top)
			}
		}
		if !oneOf(r.Refractory, "slayer", "paper") {
			return bad("srm.refractory is %q, allowed are slayer and paper", r.Refractory)
		}
		return nil
	}
	if !oneOf(n.Kind, CUBA, "") {
		return bad("kind is %q, allowed are cuba and srm", n.Kind)
	}
	for _, p := range []struct {
		name       string
		v, lo, top int
	}{
		{"i_decay", n.IDecay, 0, 4096}, {"v_decay", n.VDecay, 0, 4096},
		{"v_th", n.VTh, 0, MaxVTh}, {"ref_delay", n.RefDelay, 1, 64},
	} {
		if p.v < p.lo || p.v > p.top {
			return bad("%s is %d, allowed are %d to %d", p.name, p.v, p.lo, p.top)
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
