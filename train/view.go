package train

import (
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/train/kernel"
)

// view is what a forward and backward pass sees of a layer: the parameters of
// one step, quantized once for all samples, and the order of its neurons.
//
// Populations of conv and pool layers keep the channels of a pixel side by side,
// as (y, x, c), so that a kernel's weights to neighbouring outputs are one run of
// memory; all others are in the order of package snn. Conv and pool take their
// inputs in that order too, dense layers in that of snn.
type view struct {
	layer   snn.Layer
	neuron  snn.Neuron // with the decays as learned so far
	in, out int

	// The weights as matrix, input-major: dense In×Out, conv (I·kH·kW)×(O/groups),
	// with the columns of a kernel from right to left: see geometry.
	rows, cols int
	codes      []int8    // half the integer weights; nil in float arithmetic
	weight     []float32 // the weights that the forward pass applied
	back       []float32 // the same times scale, for the error to the layer below: dense Out×In, conv see geometry.transpose
	scale      float32   // see Progress.Scales
	shift      uint      // the integer sum counts 2^shift: the exponent of the weights
	exp        []uint8   // or those of the neurons, where they differ
	grids      []Grid    // of each output neuron or channel, or one for all

	delay   []uint8 // of the layer's own spikes, by neuron; nil without delays
	delayOf []int32 // the delay parameter of each neuron; nil is its own number
	order   []int32 // where an input of the layer below stands in this layer's order of inputs; nil is its own number
	number  []int32 // the number in package snn's order of each neuron; nil is its own

	conv *geometry // of conv layers
	pool *pooling  // of pool layers
	// learns says that there is a parameter in a layer below, so that the error has to go on.
	learns bool
	decays bool // the layer learns its decays
}

// trained reports whether the layer has weights to learn.
func (v *view) trained() bool { return v.layer.Kind != snn.Pool }

// taught reports whether the error at the layer's spikes is of use: for its own parameters, or below.
func (v *view) taught() bool { return v.trained() || v.decays || v.learns }

// byPixel returns, for every neuron in the order (y, x, c), its number in package
// snn's order (c, y, x), or nil where both are the same.
func byPixel(s snn.Shape) []int32 {
	if s.C == 1 || s.W*s.H == 1 {
		return nil
	}
	number := make([]int32, 0, s.Size())
	for p := range s.W * s.H {
		for c := range s.C {
			number = append(number, int32(c*s.W*s.H+p))
		}
	}
	return number
}

func inverse(p []int32) []int32 {
	if p == nil {
		return nil
	}
	q := make([]int32, len(p))
	for i, x := range p {
		q[x] = int32(i)
	}
	return q
}

// newView prepares layer k, with below the view of the layer under it, or nil.
func newView(m *Model, k int, below *view) view {
	l := m.Net.Layers[k]
	v := view{layer: l, in: l.In.Size(), out: l.Out.Size(), decays: len(m.Params[k].Decay.Value) > 0}
	if below != nil {
		v.order = below.number
		v.learns = below.taught() || below.delay != nil
	}
	if l.Kind != snn.Dense {
		v.number = byPixel(l.Out)
		// From the order below to that of snn, and from there to pixels.
		if to := inverse(byPixel(l.In)); v.order == nil {
			v.order = to
		} else if to == nil {
			v.order = append([]int32(nil), v.order...)
		} else {
			order := make([]int32, v.in)
			same := true
			for i, n := range v.order {
				order[i] = to[n]
				same = same && order[i] == int32(i)
			}
			if v.order = order; same {
				v.order = nil
			}
		}
	}
	v.shape()
	switch l.Kind {
	case snn.Conv:
		v.conv = newGeometry(l)
	case snn.Pool:
		v.pool = newPooling(l)
	}
	if v.trained() {
		v.weight = make([]float32, v.rows*v.cols)
		if v.learns && v.conv != nil {
			v.back = make([]float32, v.conv.backSize())
		} else if v.learns {
			v.back = make([]float32, v.rows*v.cols)
		}
	}
	if m.Experiment.Training.Arithmetic == "integer" {
		v.codes = make([]int8, v.rows*v.cols) // none, but not nil, for a pool
		if v.trained() {
			v.exponents()
		}
	}
	if l.Delay {
		v.delay = make([]uint8, v.out)
		if n := len(m.Params[k].Delay.Value); n != v.out { // one a channel
			v.delayOf = make([]int32, v.out)
			for i := range v.delayOf {
				v.delayOf[i] = int32(i % l.Out.C)
			}
		} else {
			v.delayOf = v.number
		}
	}
	return v
}

// shape sets the extent of the layer's matrix of weights.
func (v *view) shape() {
	l := v.layer
	switch l.Kind {
	case snn.Dense:
		v.rows, v.cols = l.In.Size(), l.Out.Size()
	case snn.Conv:
		v.rows, v.cols = l.In.C*l.Kernel*l.Kernel, l.Out.C/l.Groups
	}
}

// exponents sets what the weights are rounded to, and the exponents of their sums.
func (v *view) exponents() {
	v.grids = Grids(v.layer)
	exp := v.layer.Exp
	if len(exp) == 1 {
		v.shift = uint(max(0, exp[0]))
		return
	}
	v.exp = make([]uint8, v.out)
	for i := range v.exp { // neurons of one channel are len(exp) apart, or there is one each
		v.exp[i] = uint8(max(0, exp[i%len(exp)]))
	}
}

// channel returns the output neuron (dense) or channel (conv) of the first weight
// of a row; the others of the row follow.
func (v *view) channel(row int) int {
	l := v.layer
	if l.Kind != snn.Conv {
		return 0
	}
	return row / (l.Kernel * l.Kernel) / (l.In.C / l.Groups) * v.cols
}

// refresh requantizes layer k of the model.
func (v *view) refresh(m *Model, k int) {
	p := &m.Params[k]
	v.neuron, v.scale = m.Neuron(k), 1
	if len(m.Progress.Scales) > 0 {
		v.scale = m.Progress.Scales[k]
	}
	for i := range v.delay {
		from := i
		if v.delayOf != nil {
			from = int(v.delayOf[i])
		}
		v.delay[i] = DelayTicks(p.Delay.Value[from])
	}
	if v.pool != nil {
		v.refreshPool(m.Experiment.Training.Arithmetic == "integer")
		return
	}
	value := m.Weights(k)
	for r := range v.rows {
		at, from := r*v.cols, v.row(r)*v.cols
		if v.codes == nil {
			copy(v.weight[at:at+v.cols], value[from:])
			continue
		}
		if len(v.grids) == 1 {
			v.grids[0].round(v.codes[at:at+v.cols], v.weight[at:at+v.cols], value[from:])
			continue
		}
		for j, g := range v.grids[v.channel(r):][:v.cols] {
			g.round(v.codes[at+j:at+j+1], v.weight[at+j:at+j+1], value[from+j:])
		}
	}
	if v.back == nil {
		return
	}
	if v.conv != nil {
		v.conv.transpose(v.back, v.weight, v.scale)
		return
	}
	transpose(v.back, v.weight, v.in, v.out, v.scale)
}

// row returns which row of the parameters stands in row r of the view: the
// columns of a conv kernel are mirrored.
func (v *view) row(r int) int {
	if v.conv == nil {
		return r
	}
	k := v.layer.Kernel
	return r - r%k + k - 1 - r%k
}

// round writes the codes of shadow weights, and the weights that these stand for.
func (g Grid) round(codes []int8, weight, value []float32) {
	value, weight = value[:len(codes)], weight[:len(codes)]
	for i, x := range value {
		c := g.Code(x)
		codes[i], weight[i] = c, g.Weight(c)
	}
}

// transpose writes the rows×cols matrix a times scale to b as cols×rows, in blocks that fit the cache.
func transpose(b, a []float32, rows, cols int, scale float32) {
	const block = 32
	for i0 := 0; i0 < rows; i0 += block {
		for o0 := 0; o0 < cols; o0 += block {
			for o := o0; o < min(o0+block, cols); o++ {
				for i := i0; i < min(i0+block, rows); i++ {
					b[o*rows+i] = a[i*cols+o] * scale
				}
			}
		}
	}
}

// deliverI8 adds the weight codes of the arriving inputs to acc, one sum a neuron.
func (v *view) deliverI8(acc []int32, inputs []int32) {
	switch {
	case v.conv != nil:
		g := v.conv
		for _, i := range inputs {
			to, from, strips := g.of(i)
			kernel.AddStripsI8(acc[to:], v.codes[from:], strips)
		}
	case v.pool != nil:
		for _, i := range inputs {
			acc[v.pool.to[i]] += int32(v.pool.code)
		}
	default:
		kernel.AddRowsI8(acc, v.codes, inputs)
	}
}

// deliverF32 does the same with the weights themselves.
func (v *view) deliverF32(acc []float32, inputs []int32) {
	switch {
	case v.conv != nil:
		g := v.conv
		for _, i := range inputs {
			to, from, strips := g.of(i)
			kernel.AddStripsF32(acc[to:], v.weight[from:], strips)
		}
	case v.pool != nil:
		for _, i := range inputs {
			acc[v.pool.to[i]] += v.pool.weight
		}
	default:
		kernel.AddRowsF32(acc, v.weight, inputs)
	}
}
