package interop

import (
	"fmt"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// netxBiasExp is the exponent that Lava's netx gives every bias of a .net file.
const netxBiasExp = 6

// Fixed turns a lava-dl network into one that computes what netx.Network does. Delays are
// axonal, as SLAYER trained them; netx puts them on a layer's input synapses instead, which
// differs where neurons have bias or reset. The convention is axonal, or immediate where the
// file's input layer has neurons, which netx drives without a step between.
//
// The notes tell what had to be changed or is not netx's doing. What isospike has no form for
// is refused by name: "lava-unsupported", or "lava-value" for single values.
func (n *LavaNet) Fixed() (net *fixed.Network, notes []string, err error) {
	b := lavaBuild{net: &fixed.Network{Convention: fixed.Axonal, Provenance: map[string]string{}}, graded: n.GradedInput}
	for i := range n.Layers {
		if err := b.add(i, &n.Layers[i]); err != nil {
			return nil, nil, diag.InLayer(err, fmt.Sprint(i))
		}
	}
	return b.net, b.notes, b.net.Validate()
}

// lavaBuild is a network in the making.
type lavaBuild struct {
	net    *fixed.Network
	notes  []string
	in     snn.Shape // of the population that feeds the next layer
	flat   bool      // that population has been flattened
	graded bool      // its messages multiply weights, as its neurons' message bits say
}

func (b *lavaBuild) note(layer int, format string, args ...any) {
	b.notes = append(b.notes, fmt.Sprintf("layer %d: ", layer)+fmt.Sprintf(format, args...))
}

func unsupported(format string, args ...any) *diag.Error {
	return diag.Inputf("lava-unsupported", "", format, args...)
}

func badValue(format string, args ...any) *diag.Error {
	return diag.Inputf("lava-value", "", format, args...)
}

// add adds the file's layer i.
func (b *lavaBuild) add(i int, l *LavaLayer) error {
	switch l.Type {
	case "input":
		if i > 0 {
			return unsupported("an input layer can only be the first")
		}
		return b.input(l)
	case "flatten":
		if i == 0 || l.Neuron != nil {
			return unsupported("a flatten layer can neither be the first nor have neurons")
		}
		b.flat = true // keeps our order of neurons, (C, H, W), W fastest
		return nil
	case "dense_rec":
		return unsupported("recurrent connections (dense_rec) are not supported: layers feed forward").
			WithFix("train without the recurrent weights, with a dense layer")
	case "average":
		return unsupported("an average layer takes the mean rate of groups of neurons, in float; there are no neurons that do so").
			WithFix("export the network without it, and average the output spikes of the layer before")
	case "dense", "conv", "pool", "convT", "unpool":
	default:
		return unsupported("a %s layer is not supported by import", l.Type)
	}
	if b.net.Input == (snn.Shape{}) {
		if l.Type != "dense" {
			return unsupported("a %s layer is the first, and nothing says how many columns and rows its input has", l.Type)
		}
		b.in = snn.Flat(l.InFeatures)
		b.net.Input = b.in
	}
	if b.flat && l.Type != "dense" {
		return unsupported("a %s layer over a flattened population is not supported by import", l.Type)
	}
	return b.layer(i, l)
}

// input begins the network. Neurons of an input layer become a layer whose neurons take one
// input each, what netx hands them in the same step.
func (b *lavaBuild) input(l *LavaLayer) error {
	b.in = lavaShape(l.Shape)
	b.net.Input = b.in
	if l.Neuron == nil {
		if l.Weight != nil || l.Bias != nil {
			b.note(0, "weight and bias of an input without neurons have no effect, in netx neither")
		}
		return nil
	}
	fl := fixed.Layer{Name: "0", In: b.in, Out: b.in, Kernel: fixed.Square(1, 1, 0, 1, b.in.C), WeightBits: 8, Mode: fixed.Excitatory, Graded: true}
	for range b.in.C {
		fl.Weight = append(fl.Weight, 1)
	}
	var err error
	if fl.Neuron, err = b.neuron(0, l.Neuron); err != nil {
		return err
	}
	switch p := fl.Neuron.(type) {
	case fixed.CUBA:
		// netx writes the input into the bias, so that u is always 0. Driven instead, u has to be
		// forgotten after the tick; then it is the bias, times 2^netxBiasExp as well.
		p.IDecay = fixed.DecayOne
		fl.Neuron = p
	case fixed.SigmaDelta:
		fl.Neuron = fixed.Delta{VTh: p.VTh, SpikeExp: p.SpikeExp, StateExp: p.StateExp}
	default:
		return unsupported("an input layer of %s neurons is not supported by import", l.Neuron.Type)
	}
	weight, bias := int32(64), int32(0) // netx's defaults
	if l.Weight != nil {
		weight = l.Weight.Data[0]
	}
	if l.Bias != nil {
		bias = l.Bias[0]
	}
	b.note(0, "the input is what drives the neurons: of a value x, which the training saw, graded spikes of %d·x %+d", 2*weight, bias-weight)
	b.net.Convention = fixed.Immediate
	b.net.Layers = append(b.net.Layers, fl)
	b.graded = messageBits(l.Neuron) > 0
	return nil
}

// layer adds a layer of synapses and neurons. The input may keep its shape: a dense layer
// takes any population of the right size.
func (b *lavaBuild) layer(i int, l *LavaLayer) error {
	fl := fixed.Layer{Name: fmt.Sprint(i), In: b.in, Graded: b.graded}
	// netx's stand-in for a layer without neurons: an integrator that never spikes.
	fl.Neuron = fixed.CUBA{IDecay: 0, VDecay: fixed.DecayOne, VTh: fixed.MaxVTh, RefDelay: 1}
	if l.Neuron != nil {
		var err error
		if fl.Neuron, err = b.neuron(i, l.Neuron); err != nil {
			return err
		}
	}
	if err := b.synapses(i, l, &fl); err != nil {
		return err
	}
	if l.WeightImag != nil && !fixed.Complex(fl.Neuron) {
		return unsupported("complex weights into %s neurons", fl.Neuron.Kind())
	}
	if err := b.bias(i, l, &fl); err != nil {
		return err
	}
	for _, d := range perNeuron(l.Delay, fl.Out) {
		fl.Delay = append(fl.Delay, uint8(d))
	}
	b.net.Layers = append(b.net.Layers, fl)
	b.in, b.flat, b.graded = fl.Out, false, messageBits(l.Neuron) > 0
	return nil
}

// bias gives the neurons their biases: of exponent netxBiasExp, but that sigma-delta neurons
// shift theirs themselves.
func (b *lavaBuild) bias(i int, l *LavaLayer, fl *fixed.Layer) error {
	least, most := fixed.BiasRange(fl.Neuron)
	if l.Bias != nil && most == 0 {
		return unsupported("%s neurons with bias, which Lava's have none of", fl.Neuron.Kind())
	}
	if _, sdnn := fl.Neuron.(fixed.SigmaDelta); l.Bias != nil && !sdnn {
		fl.BiasExp = netxBiasExp
	}
	if _, alif := fl.Neuron.(fixed.ALIF); l.Bias != nil && alif {
		b.note(i, "the bias is added to v, as of CUBA neurons; SLAYER's ALIF has no bias")
	}
	for o, x := range perNeuron(l.Bias, fl.Out) {
		if int(x) < least || int(x) > most {
			return badValue("bias %d of neuron %d is not within %d to %d", x, o, least, most)
		}
		fl.BiasMant = append(fl.BiasMant, int16(x))
	}
	return nil
}

func lavaShape(s []int) snn.Shape {
	if len(s) == 3 { // C, H, W
		return snn.Shape{W: s[2], H: s[1], C: s[0]}
	}
	size := 1
	for _, n := range s {
		size *= n
	}
	return snn.Flat(size)
}

// perNeuron writes out what there is one of a neuron or a channel; nil stays nil.
func perNeuron(v []int32, s snn.Shape) (all []int32) {
	for i := range s.Size() * min(1, len(v)) {
		all = append(all, v[i*len(v)/s.Size()])
	}
	return all
}
