package fixed

import (
	"fmt"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
)

// Layer is a layer in integers: synapses, neurons, axonal delays.
type Layer struct {
	Name    string
	In, Out snn.Shape
	Kernel  *Kernel // of a convolution; nil is a dense layer
	// Weight is Out×In, row-major: Weight[o*In+i]. A convolution's is O×I/groups×rows×columns
	// of the kernel, row-major; see Into.
	Weight     []int16
	WeightImag []int16  // imaginary parts of the weights, as Weight lies, of neurons with a complex state; nil is none
	WeightBits int      // 1..9; 9 only of mixed weights
	WeightExp  int      // −8..7; the summed weights are shifted by it
	NeuronExp  []int8   // WeightExp of each neuron where they differ; nil is one for all
	Mode       SignMode // which signs the weights may take
	SynDelay   []uint8  // ticks for each weight, 0..62; nil is no synaptic delays
	Graded     bool     // messages multiply the weights; otherwise any message counts 1
	Neuron     Neuron
	BiasMant   []int16 // per neuron, within BiasRange; nil is no bias
	BiasExp    int     // −7..7; a negative exponent floors the mantissa
	Delay      []uint8 // axonal delay of each neuron's spikes in ticks, 0..62; nil is none
}

// Exp returns the weight exponent of neuron o.
func (l *Layer) Exp(o int) int {
	if l.NeuronExp == nil {
		return l.WeightExp
	}
	return int(l.NeuronExp[o])
}

// Bias returns the bias that neuron o adds to v at every tick.
func (l *Layer) Bias(o int) int64 {
	if l.BiasMant == nil {
		return 0
	}
	return Shift(int64(l.BiasMant[o]), l.BiasExp)
}

// Imaginary returns the layer with its imaginary weights for real ones.
func (l *Layer) Imaginary() *Layer {
	im := *l
	im.Weight, im.WeightImag = l.WeightImag, nil
	return &im
}

// AxonDelay returns the axonal delay of neuron o.
func (l *Layer) AxonDelay(o int) int {
	if l.Delay == nil {
		return 0
	}
	return int(l.Delay[o])
}

// Convention fixes how columns of rasters and recordings map to ticks. It never
// changes what a network computes.
type Convention struct {
	// InputLatency is the number of ticks (0 or 1) from the column of an input
	// spike to its arrival at the first layer.
	InputLatency int
	// SpikeLag is the number of ticks (0 or 1) by which recorded spikes are
	// shown after the tick in which the neuron spiked.
	SpikeLag int
}

// The three conventions in use.
var (
	Axonal    = Convention{InputLatency: 1} // a(t) = W·s(t−1) for every layer: isospike's own, lava-dl's and Lava's netx
	Slayer    = Convention{SpikeLag: 1}     // slayerPytorch's Loihi export: a(t) = W·s(t), every layer's output delayed by 1
	Immediate = Convention{}                // input acts in its own tick: what a core sees of its axons
)

// ParseConvention returns the convention named axonal, immediate or slayer.
func ParseConvention(s string) (Convention, error) {
	for _, c := range []Convention{Axonal, Immediate, Slayer} {
		if c.String() == s {
			return c, nil
		}
	}
	return Convention{}, fmt.Errorf("convention %q: expected axonal, immediate or slayer", s)
}

// String returns the convention's name.
func (c Convention) String() string {
	switch c {
	case Axonal:
		return "axonal"
	case Immediate:
		return "immediate"
	case Slayer:
		return "slayer"
	}
	return fmt.Sprintf("input latency %d, spike lag %d", c.InputLatency, c.SpikeLag)
}

// Reset zeroes the neurons' state periodically, as Lava's LIFReset does: layer i
// (from 0) is zeroed before the update of step n when n ≡ Offset + 1 + i modulo
// Interval. Step n is tick n − 1: Lava counts from 1. Interval 0 is no reset.
type Reset struct{ Interval, Offset int }

// maxReset bounds the ticks of a reset, so that no sum of them overflows.
const maxReset = 1 << 40

// Network is a network in integers, the artifact between quantize and compile.
type Network struct {
	Input      snn.Shape
	Layers     []Layer
	Convention Convention
	Reset      Reset
	Encoding   string            // how events become input rasters, as dataset.ParseEncoding reads it; "" when unknown
	Readout    snn.Window        // the ticks in which output spikes count towards the class
	Provenance map[string]string // where the network comes from: command, parent's hash; free-form
}

// Validate checks every field against its range and every slice against the
// shapes, and returns the first fault.
func (n *Network) Validate() error {
	bad := func(layer, format string, args ...any) error {
		return &diag.Error{Kind: diag.Input, Code: "fixed-network", Layer: layer, Msg: fmt.Sprintf(format, args...)}
	}
	if len(n.Layers) == 0 || !n.Input.Valid() {
		return bad("", "the network has no layers or no input")
	}
	if c := n.Convention; c != Axonal && c != Immediate && c != Slayer {
		return bad("", "unknown convention: %v", c)
	}
	if r := n.Reset; min(r.Interval, r.Offset) < 0 || max(r.Interval, r.Offset) > maxReset {
		return bad("", "reset interval %d, offset %d: allowed are 0 to %d", r.Interval, r.Offset, maxReset)
	}
	if !n.Readout.Valid() {
		return bad("", "the readout window %v is empty", n.Readout)
	}
	in := n.Input
	for k := range n.Layers {
		l := &n.Layers[k]
		size := l.Out.Size()
		if l.Kernel != nil && l.Out.Valid() {
			if err := l.Kernel.check(l.In, l.Out); err != nil {
				return bad(l.Name, "%v", err)
			}
		}
		switch {
		case l.In != in:
			return bad(l.Name, "takes %v but is fed %v", l.In, in)
		case !l.Out.Valid():
			return bad(l.Name, "has the shape %v; allowed are 1 to %d neurons", l.Out, snn.MaxNeurons)
		case len(l.Weight) != l.Weights():
			return bad(l.Name, "has %d weights, its shapes ask for %d", len(l.Weight), l.Weights())
		case l.WeightBits < 1 || l.WeightBits > MaxWeightBits(l.Mode) || l.Mode > Inhibitory:
			return bad(l.Name, "has %d weight bits, sign mode %d; allowed are 1 to 8 bits, of mixed weights 9", l.WeightBits, l.Mode)
		case l.WeightExp < minExp || l.WeightExp > maxExp:
			return bad(l.Name, "has weight exponent %d, allowed are %d to %d", l.WeightExp, minExp, maxExp)
		case l.NeuronExp != nil && len(l.NeuronExp) != size:
			return bad(l.Name, "has %d weight exponents for %d neurons", len(l.NeuronExp), size)
		case l.WeightImag != nil && len(l.WeightImag) != len(l.Weight):
			return bad(l.Name, "has %d imaginary weights for %d real ones", len(l.WeightImag), len(l.Weight))
		case l.SynDelay != nil && len(l.SynDelay) != len(l.Weight):
			return bad(l.Name, "has %d synaptic delays for %d weights", len(l.SynDelay), len(l.Weight))
		case l.BiasMant != nil && len(l.BiasMant) != size, l.Delay != nil && len(l.Delay) != size:
			return bad(l.Name, "has %d biases and %d delays for %d neurons", len(l.BiasMant), len(l.Delay), size)
		case l.BiasExp < -MaxBiasExp || l.BiasExp > MaxBiasExp:
			return bad(l.Name, "has bias exponent %d, allowed are -7 to 7", l.BiasExp)
		}
		if l.Neuron == nil {
			return bad(l.Name, "has no neurons")
		}
		if err := l.Neuron.Check(); err != nil {
			return diag.InLayer(err, l.Name)
		}
		if l.WeightImag != nil && !Complex(l.Neuron) {
			return bad(l.Name, "has complex weights, which %s neurons do not take", l.Neuron.Kind())
		}
		for o, e := range l.NeuronExp {
			if e < minExp || e > maxExp {
				return bad(l.Name, "neuron %d has weight exponent %d, allowed are %d to %d", o, e, minExp, maxExp)
			}
		}
		for _, weights := range [][]int16{l.Weight, l.WeightImag} {
			for i, w := range weights {
				if Truncate(int64(w), l.WeightBits, l.Mode) != w {
					if l.Kernel != nil {
						return bad(l.Name, "weight %d of the kernels is %d, which %d %s bits cannot hold", i, w, l.WeightBits, l.Mode)
					}
					return bad(l.Name, "synapse from %d to %d has weight %d, which %d %s bits cannot hold", i%l.In.Size(), i/l.In.Size(), w, l.WeightBits, l.Mode)
				}
			}
		}
		least, most := BiasRange(l.Neuron)
		for o, b := range l.BiasMant {
			if int(b) < least || int(b) > most {
				return bad(l.Name, "neuron %d has bias mantissa %d, allowed for %s neurons are %d to %d", o, b, l.Neuron.Kind(), least, most)
			}
		}
		for _, ds := range [][]uint8{l.Delay, l.SynDelay} {
			for i, d := range ds {
				if d > snn.MaxDelay {
					return bad(l.Name, "delay %d at position %d, allowed are 0 to %d", d, i, snn.MaxDelay)
				}
			}
		}
		in = l.Out
	}
	return nil
}
