package interop

import (
	"fmt"
	"slices"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// netxBiasExp is the exponent that Lava's netx gives every bias of a .net file.
const netxBiasExp = 6

// Fixed turns a lava-dl network into one that computes what netx.Network does,
// with the convention axonal. Delays are axonal, as SLAYER trained them; netx puts
// them on a layer's input synapses instead, which differs where neurons have bias
// or reset. The notes tell what had to be changed; without any, nothing was.
// Layers that isospike has no fixed form for yet are refused by name.
func (n *LavaNet) Fixed() (net *fixed.Network, notes []string, err error) {
	net = &fixed.Network{Convention: fixed.Axonal, Provenance: map[string]string{}}
	var in snn.Shape
	flat := false
	for i, l := range n.Layers {
		name := fmt.Sprint(i)
		refuse := func(format string, args ...any) error {
			return &diag.Error{Kind: diag.Input, Code: "lava-unsupported", Layer: name, Msg: fmt.Sprintf(format, args...)}
		}
		switch {
		case l.Type == "input" && i == 0 && l.Neuron == nil && l.Bias == nil:
			in = lavaShape(l.Shape)
			net.Input = in
		case l.Type == "flatten" && i > 0 && l.Neuron == nil:
			flat = true // keeps our order of neurons, (C, H, W), W fastest
		case (l.Type == "conv" || l.Type == "pool") && net.Input == (snn.Shape{}):
			return nil, nil, refuse("a %s layer is the first, and nothing says how many columns and rows its input has", l.Type)
		case (l.Type == "conv" || l.Type == "pool") && flat:
			return nil, nil, refuse("a %s layer over a flattened population is not supported by import", l.Type)
		case l.Type == "dense" || l.Type == "conv" || l.Type == "pool":
			if net.Input == (snn.Shape{}) {
				in = snn.Flat(l.InFeatures)
				net.Input = in
			}
			fl, note, err := l.fixed(name, in)
			if err != nil {
				return nil, nil, err
			}
			notes = append(notes, note...)
			net.Layers = append(net.Layers, fl)
			in = fl.Out
		case l.Type == "input":
			return nil, nil, refuse("an input layer with neurons or bias is not yet supported by import")
		default:
			return nil, nil, refuse("a %s layer is not yet supported by import", l.Type)
		}
	}
	return net, notes, net.Validate()
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

// fixed turns a dense, conv or pool layer into the fixed one. The input may keep its
// shape: a dense layer takes any population of the right size.
func (l *LavaLayer) fixed(name string, in snn.Shape) (fixed.Layer, []string, error) {
	var notes []string
	fl := fixed.Layer{Name: name, In: in, Out: snn.Flat(l.OutFeatures), WeightBits: 8, Mode: fixed.InferMode(widen(l.Weight.Data)),
		// netx's stand-in for a layer without neurons: an integrator that never spikes.
		Neuron: fixed.CUBA{IDecay: 0, VDecay: fixed.DecayOne, VTh: fixed.MaxVTh, RefDelay: 1}}
	bad := func(format string, args ...any) error {
		return &diag.Error{Kind: diag.Input, Code: "lava-value", Layer: name, Msg: fmt.Sprintf(format, args...)}
	}
	weights := l.Weight.Data
	switch l.Type {
	case "dense":
		if in.Size() != l.InFeatures {
			return fl, nil, bad("takes %d inputs and is fed %d", l.InFeatures, in.Size())
		}
	case "conv", "pool":
		fl.Kernel = &fixed.Kernel{Size: rowsFirst(l.Kernel), Stride: rowsFirst(l.Stride), Padding: rowsFirst(l.Padding), Dilation: rowsFirst(l.Dilation), Groups: l.Groups}
		fl.Out = lavaShape(l.Shape)
		channels := l.InChannels
		if l.Type == "pool" { // one kernel for every channel
			fl.Kernel.Groups, channels = in.C, fl.Out.C
			weights = slices.Repeat(weights, in.C)
		}
		if in.C != channels {
			return fl, nil, bad("takes %d channels and is fed %d", channels, in.C)
		}
		if want := fl.Kernel.Output(in); fl.Out.W != want.W || fl.Out.H != want.H {
			return fl, nil, bad("has %v neurons where its kernel over %v gives %d columns and %d rows", fl.Out, in, want.W, want.H)
		}
	}
	if l.WeightImag != nil {
		return fl, nil, bad("has complex weights, which are not yet supported by import")
	}
	if n := l.Neuron; n != nil {
		if n.Type != "CUBA" && n.Type != "LOIHI" {
			return fl, nil, bad("neurons of type %s are not yet supported by import", n.Type)
		}
		if n.Params["gradedSpike"] != 0 {
			return fl, nil, bad("graded spikes are not yet supported by import")
		}
		param := func(key string, missing int) (int32, error) {
			v, ok := n.Params[key]
			if !ok {
				return int32(missing), nil
			}
			if v != float64(int32(v)) {
				return 0, bad("neuron parameter %s is %v, not an integer", key, v)
			}
			return int32(v), nil
		}
		for _, p := range []struct {
			key     string
			missing int
			to      *int32
		}{
			{"iDecay", 0, &fl.Neuron.IDecay}, {"vDecay", 0, &fl.Neuron.VDecay}, {"vThMant", 0, &fl.Neuron.VTh}, {"refDelay", 1, &fl.Neuron.RefDelay},
		} {
			v, err := param(p.key, p.missing)
			if err != nil {
				return fl, nil, err
			}
			*p.to = v
		}
		exp, err := param("wgtExp", 0)
		if err != nil {
			return fl, nil, err
		}
		fl.WeightExp = int(exp)
	}
	if l.Type != "dense" { // Lava cuts no weights of convolutions; what they share is an exponent here
		if exp, ok := exponent(weights); ok {
			fl.WeightExp += exp
			weights = slices.Clone(weights)
			for i := range weights {
				weights[i] >>= exp
			}
		}
	}
	changed := 0
	fl.Weight = make([]int16, len(weights))
	for i, w := range weights {
		fl.Weight[i] = fixed.Truncate(int64(w), fl.WeightBits, fl.Mode)
		if int32(fl.Weight[i]) != w {
			changed++
		}
	}
	if changed > 0 {
		notes = append(notes, fmt.Sprintf("layer %s: %d of %d weights are not multiples of 2 in [-256, 254] and were truncated as Lava does", name, changed, len(fl.Weight)))
	}
	if l.Bias != nil {
		fl.BiasExp = netxBiasExp
		for o, b := range perNeuron(l.Bias, fl.Out) {
			if b < -fixed.MaxBias-1 || b > fixed.MaxBias {
				return fl, nil, bad("bias %d of neuron %d does not fit 13 bits", b, o)
			}
			fl.BiasMant = append(fl.BiasMant, int16(b))
		}
	}
	for _, d := range perNeuron(l.Delay, fl.Out) {
		fl.Delay = append(fl.Delay, uint8(d))
	}
	return fl, notes, nil
}

// exponent returns the smallest exponent with which 8 bits hold all weights as they are.
func exponent(weights []int32) (exp int, ok bool) {
	mode := fixed.InferMode(weights)
	for exp = range 8 {
		if !slices.ContainsFunc(weights, func(w int32) bool {
			return w>>exp<<exp != w || int32(fixed.Truncate(int64(w>>exp), 8, mode)) != w>>exp
		}) {
			return exp, true
		}
	}
	return 0, false
}

// perNeuron writes out what there is one of a neuron or a channel; nil stays nil.
func perNeuron(v []int32, s snn.Shape) (all []int32) {
	for i := range s.Size() * min(1, len(v)) {
		all = append(all, v[i*len(v)/s.Size()])
	}
	return all
}

func widen(v []int32) []int64 {
	w := make([]int64, len(v))
	for i := range v {
		w[i] = int64(v[i])
	}
	return w
}
