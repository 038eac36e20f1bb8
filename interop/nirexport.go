package interop

import (
	"fmt"
	"math"
	"slices"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// foreverTicks is the time constant, in ticks, of what does not decay: NIR divides by time
// constants, and no run is long enough to tell this one from infinity.
const foreverTicks = 1 << 40

// ToNIR returns n as a NIR graph, a tick being dt seconds, with n itself beside it. What NIR
// has no words for is a "nir-export" error that names the layer. The notes tell where a
// reader of the graph alone gets something else.
func ToNIR(n *fixed.Network, dt float64) (g *NIR, notes []string, err error) {
	if !(dt > 0) || math.IsInf(dt, 0) {
		return nil, nil, diag.Usagef("usage", "a tick of %v seconds", dt).WithFix("give the seconds that a tick lasts, such as 0.001")
	}
	e := nirExport{g: &NIR{Nodes: map[string]*NIRNode{}, Stored: n, Dt: dt}, last: "input"}
	e.g.Nodes["input"] = &NIRNode{Type: "Input", Arrays: map[string]NIRArray{"shape": nirShape(n.Input, n.Input.W*n.Input.H > 1 || n.Layers[0].Kernel != nil)}}
	for k := range n.Layers {
		if err := e.layer(n, k); err != nil {
			return nil, nil, err
		}
	}
	out := n.Layers[len(n.Layers)-1]
	e.add("output", &NIRNode{Type: "Output", Arrays: map[string]NIRArray{"shape": nirShape(out.Out, out.Kernel != nil)}})
	if n.Reset.Interval > 0 {
		e.notes = append(e.notes, fmt.Sprintf("NIR has no periodic reset: the graph alone does not zero its neurons every %d ticks", n.Reset.Interval))
	}
	return e.g, e.notes, nil
}

type nirExport struct {
	g     *NIR
	last  string // the node that has no successor yet
	notes []string
}

func (e *nirExport) add(name string, n *NIRNode) {
	e.g.Nodes[name] = n
	e.g.Edges = append(e.g.Edges, [2]string{e.last, name})
	e.last = name
}

// nirShape returns a population's extents: channels, rows, columns, or one number for all.
func nirShape(s snn.Shape, spatial bool) NIRArray {
	if spatial {
		return wholes(s.C, s.H, s.W)
	}
	return wholes(s.Size())
}

func wholes(v ...int) NIRArray {
	a := NIRArray{Shape: []int{len(v)}, whole: true}
	for _, x := range v {
		a.Data = append(a.Data, float64(x))
	}
	return a
}

func whole(x int) NIRArray { return NIRArray{Shape: []int{}, Data: []float64{float64(x)}, whole: true} }

// layer adds the nodes of layer k: [Flatten], weights, neuron, [Delay].
func (e *nirExport) layer(n *fixed.Network, k int) error {
	l := &n.Layers[k]
	refuse := func(format string, args ...any) error {
		return &diag.Error{Kind: diag.Input, Code: "nir-export", Layer: l.Name, Msg: "cannot be exported to NIR: " + fmt.Sprintf(format, args...)}
	}
	note := func(format string, args ...any) {
		e.notes = append(e.notes, fmt.Sprintf("layer %s: ", l.Name)+fmt.Sprintf(format, args...))
	}
	p, err := plain(l)
	switch {
	case err != nil:
		return refuse("%v", err)
	case l.SynDelay != nil:
		return refuse("it has synaptic delays, and a Delay node has one for a neuron")
	case p.RefDelay != 1:
		return refuse("its refractory delay is %d, and neurons of NIR have none", p.RefDelay)
	case l.Kernel != nil && k > 0 && n.Layers[k-1].Kernel == nil:
		return refuse("it is a convolution over a dense layer, whose neurons have no columns and rows in NIR")
	}
	exps, err := exponents(l)
	if err != nil {
		return refuse("%v", err)
	}
	if least := slices.Min(exps); least < 0 {
		note("its weight exponent %d rounds sums down, which the graph alone does not", least)
	}
	name := func(what string) string { return fmt.Sprintf("%d_%s", k+1, what) }
	weights := make([]float64, len(l.Weight))
	for i, w := range l.Weight {
		weights[i] = math.Ldexp(float64(w), exps[i/(len(weights)/len(exps))])
	}
	bias := make([]float64, l.Out.Size()) // in units of weights
	for o := range bias {
		bias[o] = float64(l.Bias(o)) / (1 << fixed.ActShift)
	}
	biased := slices.ContainsFunc(bias, func(b float64) bool { return b != 0 })
	// A bias before the synapse's current would be filtered by it; ours acts on the voltage. Where
	// there is no filter it may stand with the weights, as other tools like it best.
	channels := perChannel(bias, l)
	withWeights := biased && channels != nil && p.IDecay == fixed.DecayOne
	if l.Kernel == nil {
		if k > 0 && n.Layers[k-1].Kernel != nil || k == 0 && l.In.W*l.In.H > 1 {
			in := nirShape(l.In, true)
			e.add(name("flatten"), &NIRNode{Type: "Flatten", Arrays: map[string]NIRArray{"start_dim": whole(0), "end_dim": whole(-1), "input_type": in}})
		}
		node := &NIRNode{Type: "Linear", Arrays: map[string]NIRArray{"weight": {Shape: []int{l.Out.Size(), l.In.Size()}, Data: weights}}}
		if withWeights {
			node.Type = "Affine"
			node.Arrays["bias"] = NIRArray{Shape: []int{len(channels)}, Data: channels}
		}
		e.add(name("linear"), node)
	} else {
		kernel, front, err := standard(l)
		if err != nil {
			return refuse("%v", err)
		}
		if front != [2]int{} {
			note("%s", borderNote(front))
			weights = widened(weights, l.Kernel.Size, front)
		}
		if !withWeights {
			channels = make([]float64, l.Out.C)
		}
		pair := func(v [2]int) NIRArray { return wholes(v[1], v[0]) }
		e.add(name("conv"), &NIRNode{Type: "Conv2d", Arrays: map[string]NIRArray{
			"weight": {Shape: []int{l.Out.C, l.In.C / kernel.Groups, kernel.Size[1], kernel.Size[0]}, Data: weights},
			"bias":   {Shape: []int{l.Out.C}, Data: channels}, "groups": whole(kernel.Groups), "input_shape": wholes(l.In.H, l.In.W),
			"stride": pair(kernel.Stride), "padding": pair(kernel.Padding), "dilation": pair(kernel.Dilation),
		}})
	}
	if withWeights {
		bias = make([]float64, len(bias))
	}
	shape := []int{l.Out.C, l.Out.H, l.Out.W}
	if l.Kernel == nil {
		shape = []int{l.Out.Size()}
	}
	e.add(name("neuron"), nirNeuron(p, shape, bias, e.g.Dt))
	if l.Delay != nil {
		delay := NIRArray{Shape: shape}
		for o := range l.Out.Size() {
			delay.Data = append(delay.Data, float64(l.AxonDelay(o))*e.g.Dt)
		}
		e.add(name("delay"), &NIRNode{Type: "Delay", Arrays: map[string]NIRArray{"delay": delay}})
	}
	return nil
}

// perChannel returns one value a neuron of a dense layer or a channel of a convolution, nil
// where a channel has several.
func perChannel(v []float64, l *fixed.Layer) []float64 {
	if l.Kernel == nil {
		return v
	}
	var channels []float64
	for plane := range slices.Chunk(v, l.Out.W*l.Out.H) {
		if slices.Min(plane) != slices.Max(plane) {
			return nil
		}
		channels = append(channels, plane[0])
	}
	return channels
}

// nirNeuron returns the neuron whose forward Euler step of dt is p's step: see the package comment.
// bias is what is added to the voltage in a tick, in units of the weights.
func nirNeuron(p fixed.CUBA, shape []int, bias []float64, dt float64) *NIRNode {
	fill := func(x float64) NIRArray { return NIRArray{Shape: shape, Data: slices.Repeat([]float64{x}, len(bias))} }
	tau := func(decay int32) float64 {
		if decay == 0 {
			return dt * foreverTicks
		}
		return dt * fixed.DecayOne / float64(decay)
	}
	n := &NIRNode{Arrays: map[string]NIRArray{"v_threshold": fill(float64(p.VTh)), "v_reset": fill(0)}}
	if p.VTh == fixed.MaxVTh { // never spikes
		n.Arrays["v_threshold"] = fill(math.Inf(1))
	}
	biased := slices.ContainsFunc(bias, func(b float64) bool { return b != 0 })
	membrane := tau(p.VDecay)
	leak := fill(0)
	for o, b := range bias {
		leak.Data[o] = b * (membrane / dt)
	}
	switch {
	case p.IDecay == fixed.DecayOne && p.VDecay == 0 && !biased:
		n.Type = "IF"
		n.Arrays["r"] = fill(1)
		return n
	case p.IDecay == fixed.DecayOne:
		n.Type = "LIF"
		n.Arrays["tau"] = fill(membrane)
	default:
		n.Type = "CubaLIF"
		n.Arrays["tau_mem"], n.Arrays["tau_syn"], n.Arrays["w_in"] = fill(membrane), fill(tau(p.IDecay)), fill(tau(p.IDecay)/dt)
	}
	n.Arrays["r"], n.Arrays["v_leak"] = fill(membrane/dt), leak
	return n
}
