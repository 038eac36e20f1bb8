package interop

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"

	"github.com/isospike/isospike/internal/hdf5"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// ToLava returns the lava-dl network from which Lava's netx.hdf5.Network computes what n
// computes. What netx would drop, ignore or refuse is a "lava-export" error that names the
// layer, unless it can be rewritten without loss: weight exponents go into the weights, a
// pool becomes a convolution in as many groups as channels, and windows that reach over the
// border become larger kernels. The notes tell what a user has to know or do beside the file.
func ToLava(n *fixed.Network) (net *LavaNet, notes []string, err error) {
	net = &LavaNet{}
	if n.Input.W*n.Input.H > 1 || n.Layers[0].Kernel != nil {
		net.Layers = append(net.Layers, LavaLayer{Type: "input", Shape: []int{n.Input.C, n.Input.H, n.Input.W}})
	}
	for k := range n.Layers {
		l := &n.Layers[k]
		e := lavaExport{l: l, reset: n.Reset.Interval > 0}
		switch after := k > 0 && n.Layers[k-1].Kernel != nil; {
		case l.Kernel == nil && after:
			net.Layers = append(net.Layers, LavaLayer{Type: "flatten", Shape: []int{l.In.Size()}})
		case l.Kernel != nil && k > 0 && !after:
			return nil, nil, e.refuse("it is a convolution over a dense layer, whose neurons have no columns and rows in netx")
		}
		ll, err := e.layer()
		if err != nil {
			return nil, nil, err
		}
		net.Layers = append(net.Layers, ll)
		notes = append(notes, e.notes...)
	}
	if r := n.Reset; r.Interval > 0 {
		notes = append(notes, fmt.Sprintf("a .net file has no reset: give netx.hdf5.Network reset_interval=%d, reset_offset=%d", r.Interval, r.Offset))
	}
	return net, notes, nil
}

// lavaExport turns one layer into lava-dl's.
type lavaExport struct {
	l     *fixed.Layer
	reset bool
	notes []string
}

func (e *lavaExport) refuse(format string, args ...any) *diag.Error {
	return &diag.Error{Kind: diag.Input, Code: "lava-export", Layer: e.l.Name, Msg: "cannot be exported to lava: " + fmt.Sprintf(format, args...)}
}

func (e *lavaExport) note(format string, args ...any) {
	e.notes = append(e.notes, fmt.Sprintf("layer %s: ", e.l.Name)+fmt.Sprintf(format, args...))
}

func (e *lavaExport) layer() (ll LavaLayer, err error) {
	l := e.l
	p, err := plain(l)
	switch {
	case err != nil:
		return ll, e.refuse("%v", err)
	case l.SynDelay != nil:
		return ll, e.refuse("it has synaptic delays, for which a .net file has no place")
	case p.RefDelay != 1:
		return ll, e.refuse("its refractory delay is %d, and netx ignores refDelay: Lava's neurons have none", p.RefDelay)
	}
	// Of these netx reads iDecay, vDecay and vThMant.
	ll.Neuron = &LavaNeuron{Type: "CUBA", Params: map[string]float64{
		"iDecay": float64(p.IDecay), "vDecay": float64(p.VDecay), "vThMant": float64(p.VTh), "refDelay": 1, "gradedSpike": 0,
	}}
	weights, err := e.weights()
	if err != nil {
		return ll, err
	}
	if l.Kernel == nil {
		if err := e.netxDense(weights); err != nil {
			return ll, err
		}
		ll.Type, ll.Shape, ll.InFeatures, ll.OutFeatures = "dense", []int{l.Out.Size()}, l.In.Size(), l.Out.Size()
		ll.Weight = &LavaArray{[]int{l.Out.Size(), l.In.Size()}, weights}
	} else if err := e.conv(&ll, weights); err != nil {
		return ll, err
	}
	if ll.Bias, err = e.bias(); err != nil {
		return ll, err
	}
	ll.Delay, err = e.delay()
	return ll, err
}

// weights returns the weights with the exponents applied, as Lava keeps them.
func (e *lavaExport) weights() ([]int32, error) {
	l := e.l
	exps, err := exponents(l)
	if err != nil {
		return nil, e.refuse("%v", err)
	}
	weights := make([]int32, len(l.Weight))
	for i, w := range l.Weight {
		exp := exps[i/(len(weights)/len(exps))]
		x := fixed.Shift(int64(w), exp)
		if fixed.Shift(x, -exp) != int64(w) {
			return nil, e.refuse("its weight exponent is %d, which netx does not read, and weight %d, %d, is no multiple of %d", exp, i, w, 1<<-exp).WithFix(plainWeights)
		}
		weights[i] = int32(x)
	}
	mode := fixed.InferMode(weights)
	if _, ok := formatOf(weights, mode, l.Kernel != nil, false); ok {
		return weights, nil
	}
	i := slices.IndexFunc(weights, func(w int32) bool { return int32(fixed.Truncate(int64(w), 8, mode)) != w })
	return nil, e.refuse("weight %d is %d (exponent %d applied), and the %s weights that Lava takes it for do not hold it", i, weights[i], exps[i/(len(weights)/len(exps))], mode).WithFix(plainWeights)
}

// plainWeights is the way out where weights do not fit.
const plainWeights = "train in integer arithmetic with 8 bits, which gives weights without exponents"

// netxDense refuses weights of a dense layer that do not come through netx unchanged.
func (e *lavaExport) netxDense(weights []int32) error {
	if !slices.ContainsFunc(weights, func(w int32) bool { return w != 0 }) {
		return e.refuse("all its weights are 0, and netx divides by the largest").WithFix("remove the layer, or prune fewer weights")
	}
	f := netxForm(weights)
	for i, w := range weights {
		if !f.holds(w) {
			return e.refuse("netx stores weight %d, %d, shifted left by %d as one of %d %s bits, and Lava does not hold that", i, w, f.shift, f.width, f.mode)
		}
	}
	return nil
}

// netxDense is how netx stores the weights of a dense layer.
type netxDense struct {
	shift, width int // to the left; bits
	mode         fixed.SignMode
}

// netxForm follows what netx does to the weights of a dense layer, of which not all are 0 (optimize_weight_bits: the
// largest shift to the left that fits, undone by the exponent, and as few bits as suffice).
func netxForm(weights []int32) netxDense {
	least, most := slices.Min(weights), slices.Max(weights)
	f := netxDense{mode: fixed.InferMode(weights)} // netx does not hand its own on
	signed := 0
	switch {
	case least >= 0:
		f.shift = log2(255, most)
	case most < 0:
		f.shift = log2(256, -least)
	default:
		signed = 1
		f.shift = log2(128, -least)
		if most > 0 {
			f.shift = min(f.shift, log2(127, min(254, most))) // clipped before
		}
		f.shift++
	}
	even := 0 // every weight is a multiple of 2^even
	for even < 8 && !slices.ContainsFunc(weights, func(w int32) bool { return w%(2<<even) != 0 }) {
		even++
	}
	f.width = 8 - f.shift - (even - signed)
	return f
}

// holds reports whether what Lava then does (clip to the sign mode, clear low bits) leaves a weight as it is.
func (f netxDense) holds(w int32) bool {
	stored := int64(w) << f.shift
	return f.width >= 1 && f.width <= 8 && int64(fixed.Truncate(stored, f.width, f.mode)) == stored
}

// log2 returns the largest s, which may be negative, with b·2^s <= a, for a and b above 0.
func log2(a, b int32) int {
	s := bits.Len32(uint32(a)) - bits.Len32(uint32(b))
	if s < 0 && b > a<<-s || s >= 0 && b<<s > a {
		s--
	}
	return s
}

// conv makes ll a convolution. A pool is one as well: netx has no pool layers.
func (e *lavaExport) conv(ll *LavaLayer, weights []int32) error {
	l := e.l
	k, front, err := standard(l)
	if err != nil {
		return e.refuse("%v", err)
	}
	if front != [2]int{} {
		e.note("%s", borderNote(front))
		weights = widened(weights, l.Kernel.Size, front)
	}
	ll.Type, ll.Shape, ll.InChannels, ll.OutChannels, ll.Groups = "conv", []int{l.Out.C, l.Out.H, l.Out.W}, l.In.C, l.Out.C, k.Groups
	ll.Kernel, ll.Stride, ll.Padding, ll.Dilation = rowsFirst(k.Size), rowsFirst(k.Stride), rowsFirst(k.Padding), rowsFirst(k.Dilation)
	ll.Weight = &LavaArray{[]int{l.Out.C, l.In.C / k.Groups, k.Size[1], k.Size[0]}, weights}
	return nil
}

// bias returns the mantissas for netx's exponent, one a neuron or, of a convolution, a channel.
func (e *lavaExport) bias() ([]int32, error) {
	mants := make([]int32, e.l.Out.Size())
	for o := range mants {
		b := e.l.Bias(o)
		m := b >> netxBiasExp
		if m<<netxBiasExp != b || m < -fixed.MaxBias-1 || m > fixed.MaxBias {
			return nil, e.refuse("the bias of neuron %d is %d, and netx has multiples of %d from %d to %d", o, b, 1<<netxBiasExp, -(fixed.MaxBias+1)<<netxBiasExp, fixed.MaxBias<<netxBiasExp)
		}
		mants[o] = int32(m)
	}
	if !slices.ContainsFunc(mants, func(m int32) bool { return m != 0 }) {
		return nil, nil
	}
	if e.l.Kernel == nil {
		return mants, nil
	}
	plane := e.l.Out.W * e.l.Out.H
	var channels []int32
	for c := range e.l.Out.C {
		for _, m := range mants[c*plane : (c+1)*plane] {
			if m != mants[c*plane] {
				return nil, e.refuse("the neurons of channel %d have different biases, and netx has one a channel", c)
			}
		}
		channels = append(channels, mants[c*plane])
	}
	return channels, nil
}

// delay returns the axonal delays. netx puts them on the synapses into the neuron: all that it
// does comes as much later, and the next layer is sent the same, but only where nothing
// but its input drives it.
func (e *lavaExport) delay() ([]int32, error) {
	l := e.l
	delays := make([]int32, l.Out.Size())
	some := false
	for o := range delays {
		d := l.AxonDelay(o)
		delays[o] = int32(d)
		if d == 0 {
			continue
		}
		some = true
		switch {
		case l.Kernel != nil:
			return nil, e.refuse("neuron %d has a delay of %d, and netx drops the delays of convolutions", o, d).
				WithFix("train with delays on dense layers alone")
		case l.Bias(o) != 0:
			return nil, e.refuse("neuron %d has a delay of %d and a bias: netx delays what it receives, not what it sends, which a bias tells apart", o, d)
		case e.reset:
			return nil, e.refuse("neuron %d has a delay of %d and the network is reset periodically: netx delays what it receives, not what it sends, which a reset tells apart", o, d)
		}
	}
	if !some {
		return nil, nil
	}
	e.note("netx delays what its neurons receive; their recorded spikes come later there, each by its delay, and reach the next layer at the same tick")
	return delays, nil
}

// Bytes returns the network as a .net file with the keys, types and shapes that lava-dl's
// export_hdf5 gives.
func (n *LavaNet) Bytes() []byte {
	root := hdf5.NewFolder()
	for i := range n.Layers {
		n.Layers[i].write(root.Folder("layer/" + strconv.Itoa(i)))
	}
	return hdf5.Bytes(root)
}

func (l *LavaLayer) write(f *hdf5.Folder) {
	ints := func(v ...int) hdf5.Value {
		wide := make([]int64, len(v))
		for i, x := range v {
			wide[i] = int64(x)
		}
		return hdf5.NumbersOf([]int{len(v)}, wide)
	}
	floats := func(shape []int, v []int32) hdf5.Value {
		wide := make([]float32, len(v)) // exact: weights, mantissas and delays have 24 bits at most
		for i, x := range v {
			wide[i] = float32(x)
		}
		return hdf5.NumbersOf(shape, wide)
	}
	f.Put("type", hdf5.FixedText(10, l.Type))
	f.Put("shape", ints(l.Shape...))
	switch l.Type {
	case "dense":
		f.Put("inFeatures", hdf5.Scalar(int64(l.InFeatures)))
		f.Put("outFeatures", hdf5.Scalar(int64(l.OutFeatures)))
	case "conv":
		f.Put("inChannels", hdf5.Scalar(int64(l.InChannels)))
		f.Put("outChannels", hdf5.Scalar(int64(l.OutChannels)))
		f.Put("kernelSize", ints(l.Kernel[:]...))
		f.Put("stride", ints(l.Stride[:]...))
		f.Put("padding", ints(l.Padding[:]...))
		f.Put("dilation", ints(l.Dilation[:]...))
		f.Put("groups", hdf5.Scalar(int64(l.Groups)))
	}
	if l.Weight != nil {
		f.Put("weight", floats(l.Weight.Shape, l.Weight.Data))
	}
	if l.Bias != nil {
		f.Put("bias", floats([]int{len(l.Bias)}, l.Bias))
	}
	if l.Delay != nil {
		f.Put("delay", floats([]int{len(l.Delay)}, l.Delay))
	}
	if l.Neuron == nil {
		return
	}
	neuron := f.Folder("neuron")
	neuron.Put("type", hdf5.Text(l.Neuron.Type))
	for key, v := range l.Neuron.Params {
		if key == "gradedSpike" {
			neuron.Put(key, hdf5.Bool(v != 0))
		} else {
			neuron.Put(key, hdf5.Scalar(int64(v)))
		}
	}
}
