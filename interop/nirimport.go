package interop

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/isospike/isospike/quantize"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// Fixed returns the network of a file that isospike exported, to the bit, and nil for a graph
// of another program. It is an error when the graph is no longer the one that was exported:
// somebody has changed it, and one of the two would be ignored.
func (g *NIR) Fixed() (*fixed.Network, error) {
	if g.Stored == nil {
		return nil, nil
	}
	stale := func(format string, args ...any) error {
		return diag.Inputf("nir-stale", "", "the graph is not that of the network stored beside it: "+format, args...).
			WithFix("delete the group %s from the file to import the graph itself", storedGroup)
	}
	values, neurons := 0, 0 // of the graph, which has several for each neuron
	for _, n := range g.Nodes {
		for _, a := range n.Arrays {
			values += len(a.Data)
		}
	}
	for k := range g.Stored.Layers {
		neurons += g.Stored.Layers[k].Out.Size()
	}
	if neurons > values {
		return nil, stale("it has %d values for %d neurons", values, neurons)
	}
	want, _, err := ToNIR(g.Stored, g.Dt)
	if err != nil {
		return nil, stale("%v", err)
	}
	if !slices.Equal(g.Edges, want.Edges) || len(g.Nodes) != len(want.Nodes) {
		return nil, stale("other nodes or edges")
	}
	for _, name := range slices.Sorted(maps.Keys(want.Nodes)) {
		w, n := want.Nodes[name], g.Nodes[name]
		if n == nil || n.Type != w.Type || len(n.Arrays) != len(w.Arrays) || len(n.Text) > 0 {
			return nil, stale("node %q", name)
		}
		for _, key := range slices.Sorted(maps.Keys(w.Arrays)) {
			a, b := w.Arrays[key], n.Arrays[key]
			same := func(x, y float64) bool { return float64(float32(x)) == float64(float32(y)) }
			if !slices.Equal(a.Shape, b.Shape) || !slices.EqualFunc(a.Data, b.Data, same) {
				return nil, stale("%s of node %q", key, name)
			}
		}
	}
	return g.Stored, nil
}

// Source returns the graph as a network to quantize, with ticks of dt seconds: see the package comment for
// what the numbers mean. Nodes without neurons of their own are folded into the next weights; of a
// layer whose numbers are integers of the hardware already it says so. The notes tell
// what is not exactly the same. Errors name the node: "nir-graph", "nir-unsupported", "nir-value".
func (g *NIR) Source(dt float64) (*quantize.Source, []string, error) {
	if !(dt > 0) || math.IsInf(dt, 0) {
		return nil, nil, diag.Usagef("usage", "a tick of %v seconds", dt).WithFix("give the seconds that a tick lasts, such as 0.001")
	}
	order, err := g.chain()
	if err != nil {
		return nil, nil, err
	}
	r := nirReader{dt: dt}
	for _, name := range order {
		if err := r.node(name, g.Nodes[name]); err != nil {
			return nil, nil, err
		}
	}
	if len(r.layers) == 0 {
		return nil, nil, diag.Inputf("nir-graph", "", "the graph has no neurons")
	}
	for k := range r.layers {
		r.wholeTicks(&r.layers[k])
		wholeNumbers(&r.layers[k])
	}
	return &quantize.Source{Input: r.input, Layers: r.layers}, r.notes, nil
}

// nirReader follows the chain.
type nirReader struct {
	dt      float64
	input   snn.Shape
	shape   snn.Shape // of what the last node gives
	spatial bool      // and whether it still has channels, rows and columns
	pending *synapses // since the last neuron; nil where nothing came since
	layers  []quantize.Layer
	notes   []string
	ended   bool // a layer that gives no spikes
}

func (r *nirReader) note(node, format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf("node %q: ", node)+fmt.Sprintf(format, args...))
}

func (r *nirReader) node(name string, n *NIRNode) error {
	unsupported := func(format string, args ...any) error { return nirError("nir-unsupported", name, format, args...) }
	if r.ended && n.Type != "Output" {
		return unsupported("it comes after neurons that give no spikes, which only the last may be")
	}
	switch n.Type {
	case "Input":
		var err error
		r.input, r.spatial, err = shapeOf(name, "shape", n.Arrays["shape"])
		r.shape = r.input
		return err
	case "Output":
		if r.pending != nil {
			return unsupported("what comes out is not spikes: the graph ends without neurons")
		}
		if s, _, err := shapeOf(name, "shape", n.Arrays["shape"]); err != nil || s.Size() != r.shape.Size() {
			return nirError("nir-value", name, "shape is %v, and %v neurons feed it", n.Arrays["shape"].Data, r.shape)
		}
		return nil
	case "Flatten":
		r.spatial = false // neurons keep their numbers
		return nil
	case "Linear", "Affine":
		return r.linear(name, n)
	case "Conv2d":
		return r.convolution(name, n)
	case "SumPool2d", "AvgPool2d":
		return r.pool(name, n)
	case "Scale":
		factors, err := r.channels(name, n, "scale")
		if err == nil {
			r.pending.scale(factors)
		}
		return err
	case "Delay":
		return r.delay(name, n)
	}
	return r.neurons(name, n)
}

// begin makes pending the map of nodes since the last neuron, if only one that changes nothing.
func (r *nirReader) begin() {
	if r.pending == nil {
		r.pending = through(r.shape)
	}
}

// follow takes the result of folding node name into what came before it.
func (r *nirReader) follow(name string, s *synapses, err error) error {
	if err != nil {
		return nirError("nir-unsupported", name, "%v", err)
	}
	r.pending, r.shape = s, s.out
	return nil
}

// mix returns an error where weights follow weights.
func (r *nirReader) mix(name string) error {
	if r.begin(); r.pending.mixes {
		return nirError("nir-unsupported", name, "it follows other weights without neurons between them")
	}
	return nil
}

func (r *nirReader) linear(name string, n *NIRNode) error {
	w := n.Arrays["weight"]
	if err := r.mix(name); err != nil {
		return err
	}
	switch {
	case r.spatial:
		return nirError("nir-value", name, "it takes a list of neurons and is fed %v; a Flatten node is missing", r.shape)
	case len(w.Shape) != 2 || len(w.Data) == 0 || w.Shape[1] != r.shape.Size():
		return nirError("nir-value", name, "its weights have shape %v, and %d neurons feed it", w.Shape, r.shape.Size())
	case w.Shape[0] > maxNIRSize:
		return nirError("nir-value", name, "it has %d neurons, more than %d", w.Shape[0], maxNIRSize)
	}
	bias, err := biasOf(name, n, w.Shape[0])
	if err != nil {
		return err
	}
	s, err := r.pending.dense(w.Data, w.Shape[0], bias)
	return r.follow(name, s, err)
}

// biasOf returns the biases of weights, nil where all are 0.
func biasOf(name string, n *NIRNode, rows int) ([]float64, error) {
	b, ok := n.Arrays["bias"]
	if ok && len(b.Data) != rows && len(b.Data) != 1 {
		return nil, nirError("nir-value", name, "it has %d biases for %d rows of weights", len(b.Data), rows)
	}
	if !slices.ContainsFunc(b.Data, func(x float64) bool { return x != 0 }) {
		return nil, nil
	}
	if len(b.Data) == 1 {
		return slices.Repeat(b.Data, rows), nil
	}
	return b.Data, nil
}

// places returns an error where the neurons no longer have rows and columns.
func (r *nirReader) places(name string) error {
	if r.spatial {
		return nil
	}
	return nirError("nir-value", name, "it takes rows and columns and is fed a list of %d neurons", r.shape.Size())
}

func (r *nirReader) convolution(name string, n *NIRNode) error {
	w := n.Arrays["weight"]
	if err := r.mix(name); err != nil {
		return err
	}
	if err := r.places(name); err != nil {
		return err
	}
	if len(w.Shape) != 4 || len(w.Data) == 0 {
		return nirError("nir-value", name, "its weights have shape %v, want (out, in/groups, rows, columns)", w.Shape)
	}
	groups, err := pairOf(name, "groups", n.Arrays["groups"], 1)
	if err != nil {
		return err
	}
	k := fixed.Kernel{Size: [2]int{w.Shape[3], w.Shape[2]}, Groups: groups[0]}
	if k.Dilation, err = pairOf(name, "dilation", n.Arrays["dilation"], 1); err != nil {
		return err
	}
	if size, ok := n.Arrays["input_shape"]; ok && !slices.Equal(size.Data, []float64{float64(r.shape.H), float64(r.shape.W)}) {
		return nirError("nir-value", name, "input_shape is %v, and it is fed %d rows of %d columns", size.Data, r.shape.H, r.shape.W)
	}
	if w.Shape[1]*k.Groups != r.shape.C || w.Shape[0]%k.Groups != 0 {
		return nirError("nir-value", name, "weights of shape %v in %d groups do not fit %d channels", w.Shape, k.Groups, r.shape.C)
	}
	bias, err := biasOf(name, n, w.Shape[0])
	if err != nil {
		return err
	}
	return r.windows(name, n, k, w.Data, w.Shape[0], bias, true)
}

func (r *nirReader) pool(name string, n *NIRNode) error {
	size, err := pairOf(name, "kernel_size", n.Arrays["kernel_size"], 1)
	if err == nil {
		err = r.places(name)
	}
	if err != nil {
		return err
	}
	places := size[0] * size[1]
	if places > maxNIRValues/r.shape.C {
		return nirError("nir-value", name, "%d×%d places in %d channels are too many", size[0], size[1], r.shape.C)
	}
	weight := 1.0
	if n.Type == "AvgPool2d" {
		weight /= float64(places)
		if pad := n.Arrays["padding"]; slices.ContainsFunc(pad.Data, func(p float64) bool { return p != 0 }) {
			return nirError("nir-unsupported", name, "with padding, an average may count it or not, and NIR does not say which")
		}
	}
	r.begin()
	k := fixed.Kernel{Size: size, Dilation: [2]int{1, 1}, Groups: r.shape.C}
	return r.windows(name, n, k, slices.Repeat([]float64{weight}, places*r.shape.C), r.shape.C, nil, false)
}

// windows folds in a convolution, with stride and padding as the node has them.
func (r *nirReader) windows(name string, n *NIRNode, k fixed.Kernel, weight []float64, channels int, bias []float64, mixes bool) (err error) {
	if k.Stride, err = pairOf(name, "stride", n.Arrays["stride"], 1); err != nil {
		return err
	}
	out := snn.Shape{W: r.shape.W, H: r.shape.H, C: channels}
	switch word := n.Text["padding"]; word {
	case "same":
		if k.Stride != [2]int{1, 1} {
			return nirError("nir-value", name, "padding is \"same\" with a stride of %v", k.Stride)
		}
		for a := range k.Padding {
			k.Padding[a] = k.Dilation[a] * (k.Size[a] - 1) / 2 // an odd one more at the end, as PyTorch has it
		}
	case "", "valid":
		if word == "" {
			if k.Padding, err = pairOf(name, "padding", n.Arrays["padding"], 0); err != nil {
				return err
			}
		}
		size := k.Output(r.shape)
		out.W, out.H = size.W, size.H
	default:
		return nirError("nir-value", name, "padding is %q, want \"same\", \"valid\" or numbers", word)
	}
	if !out.Valid() || out.Size() > maxNIRSize {
		return nirError("nir-value", name, "a kernel of %d rows and %d columns over %v leaves %d×%d×%d neurons", k.Size[1], k.Size[0], r.shape, out.W, out.H, out.C)
	}
	s, err := r.pending.conv(k, weight, out, bias, mixes)
	return r.follow(name, s, err)
}

// channels returns the values of a parameter for each row of weights before it: of a
// convolution, for each channel.
func (r *nirReader) channels(name string, n *NIRNode, key string) ([]float64, error) {
	r.begin()
	v, err := r.values(name, n, key)
	if err != nil {
		return nil, err
	}
	rows := make([]float64, r.pending.rows())
	plane := r.shape.Size() / len(rows)
	for i := range rows {
		rows[i] = v.at(i * plane)
		for j := range plane * v.varies() {
			if v.at(i*plane+j) != rows[i] {
				return nil, nirError("nir-unsupported", name, "%s differs between the neurons of channel %d, which share their weights", key, i)
			}
		}
	}
	return rows, nil
}

func (r *nirReader) delay(name string, n *NIRNode) error {
	if len(r.layers) == 0 || r.pending != nil {
		return nirError("nir-unsupported", name, "it does not follow neurons: only their spikes can have delays here").WithFix("move it behind the neurons that come next, or before")
	}
	v, err := r.values(name, n, "delay")
	if err != nil {
		return err
	}
	l := &r.layers[len(r.layers)-1]
	if l.Delay == nil {
		l.Delay = make([]float64, r.shape.Size())
	}
	for o := range l.Delay {
		if l.Delay[o] += v.at(o) / r.dt; !(l.Delay[o] >= 0 && l.Delay[o] < snn.MaxDelay+0.5) {
			return nirError("nir-value", name, "neuron %d has a delay of %v ticks of %v s, allowed are 0 to %d", o, l.Delay[o], r.dt, snn.MaxDelay).
				WithFix("give a longer tick with --dt")
		}
	}
	return nil
}
