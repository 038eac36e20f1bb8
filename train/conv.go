package train

import (
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/train/kernel"
)

// geometry knows which outputs the spike of an input reaches through a convolution,
// and by which weights:
//
//	a[o, oy, ox] += W[o, i, ky, kx]   for every oy·s + ky·d = y + p, ox·s + kx·d = x + p
//
// (s stride, d dilation, p padding; a cross-correlation, as PyTorch's). Outputs are
// in the order (oy, ox, o), and the rows of a weight matrix (i, ky, mirrored kx):
// with stride and dilation 1, the outputs that a spike reaches through one row of a
// kernel are then one run of memory, and so are their weights.
type geometry struct {
	layer  snn.Layer
	cols   int              // output channels of a group
	strips [][]kernel.Strip // by pixel of the input: runs of the sums (To) and the weights (From) of a group's first channels
	swap   [][]kernel.Strip // the same with To and From exchanged, for the gradient
	inputs []input
	wide   int // input channels, rounded up to whole vectors: columns of the product that gives the error below
}

// input is where an input stands: its pixel, and the first output and weight of its
// group and channel.
type input struct{ pixel, to, from int32 }

func newGeometry(l snn.Layer) *geometry {
	g := &geometry{layer: l, cols: l.Out.C / l.Groups, wide: (l.In.C + 7) / 8 * 8}
	for i := range l.In.Size() {
		pixel, channel := i/l.In.C, i%l.In.C
		g.inputs = append(g.inputs, input{int32(pixel), int32(channel / (l.In.C / l.Groups) * g.cols), int32(channel * l.Kernel * l.Kernel * g.cols)})
	}
	run := l.Stride == 1 && l.Dilation == 1 && l.Groups == 1
	for y := range l.In.H {
		for x := range l.In.W {
			var strips []kernel.Strip
			for ky := range l.Kernel {
				oy, ok := output(y, ky, l, l.Out.H)
				if !ok {
					continue
				}
				for j := range l.Kernel {
					ox, ok := output(x, l.Kernel-1-j, l, l.Out.W)
					if !ok {
						continue
					}
					s := kernel.Strip{To: int32((oy*l.Out.W + ox) * l.Out.C), From: int32((ky*l.Kernel + j) * g.cols), Len: int32(g.cols)}
					if n := len(strips); run && n > 0 && strips[n-1].To+strips[n-1].Len == s.To && strips[n-1].From+strips[n-1].Len == s.From {
						strips[n-1].Len += s.Len
						continue
					}
					strips = append(strips, s)
				}
			}
			swap := make([]kernel.Strip, len(strips))
			for i, s := range strips {
				swap[i] = kernel.Strip{To: s.From, From: s.To, Len: s.Len}
			}
			g.strips, g.swap = append(g.strips, strips), append(g.swap, swap)
		}
	}
	return g
}

// output returns the output row (or column) that kernel row k connects to input row y.
func output(y, k int, l snn.Layer, rows int) (int, bool) {
	at := y + l.Padding - k*l.Dilation
	return at / l.Stride, at >= 0 && at%l.Stride == 0 && at/l.Stride < rows
}

// of returns the runs of input i and where the first output and weight of its
// group and channel stand.
func (g *geometry) of(i int32) (to, from int32, strips []kernel.Strip) {
	in := g.inputs[i]
	return in.to, in.from, g.strips[in.pixel]
}

// gradient adds to grad, laid out as the view's weights, the errors δ (ticks×out)
// at the arrivals of every input.
func (g *geometry) gradient(grad, delta []float32, arr *arrivals, ticks int) {
	out := g.layer.Out.Size()
	for t := range ticks {
		row := delta[t*out:][:out]
		for _, i := range arr.at(t) {
			in := g.inputs[i]
			kernel.AddStripsF32(grad[in.from:], row[in.to:], g.swap[in.pixel])
		}
	}
}

// runs reports whether the error to the layer below can be had as a matrix product.
func (g *geometry) runs() bool {
	return g.layer.Stride == 1 && g.layer.Dilation == 1 && g.layer.Groups == 1
}

// backSize is the length of what transpose writes.
func (g *geometry) backSize() int {
	if !g.runs() {
		return g.layer.In.C * g.layer.Kernel * g.layer.Kernel * g.cols
	}
	return g.wide * g.layer.Kernel * g.layer.Kernel * g.cols
}

// transpose lays the weights out for below: (ky, mirrored kx, o)×wide where a
// matrix product is possible, and as they are elsewhere, in both cases times scale.
func (g *geometry) transpose(back, weight []float32, scale float32) {
	if !g.runs() {
		for i, w := range weight {
			back[i] = w * scale
		}
		return
	}
	k2, in := g.layer.Kernel*g.layer.Kernel*g.cols, g.layer.In.C
	for i := range in {
		for j := range k2 {
			back[j*g.wide+i] = weight[i*k2+j] * scale
		}
	}
}

// below computes arrive[t, y, x, i] = Σ W[o, i, ky, kx]·δ[t, oy, ox, o], the
// error of a spike that arrives at tick t. plane and sum are scratch.
func (g *geometry) below(arrive, delta, back []float32, ticks int, s *convScratch) {
	l := g.layer
	in, out := l.In.Size(), l.Out.Size()
	if !g.runs() {
		for t := range ticks {
			g.belowByStrip(arrive[t*in:][:in], delta[t*out:][:out], back)
		}
		return
	}
	// δ goes into a plane with as many zeros around it as the kernel reaches beyond
	// it; the part of the plane that a pixel of the input sees through one row of
	// the kernel is then a run of kW·O values, and those of the next pixel overlap it.
	k, oc, ic, cols := l.Kernel, l.Out.C, l.In.C, g.wide
	wide, margin := l.In.W+k-1, k-1-l.Padding
	s.plane = resize(s.plane, wide*(l.In.H+k-1)*oc)
	clear(s.plane)
	rows := l.In.H*wide - (k - 1)
	s.sum = resize(s.sum, l.In.H*wide*cols)
	for t := range ticks {
		src := delta[t*out:][:out]
		for oy := range l.Out.H {
			copy(s.plane[((oy+margin)*wide+margin)*oc:][:l.Out.W*oc], src[oy*l.Out.W*oc:])
		}
		clear(s.sum)
		for ky := range k {
			kernel.MulAddStrided(s.sum, s.plane[(k-1-ky)*wide*oc:], back[ky*k*oc*cols:][:k*oc*cols], rows, k*oc, cols, oc, cols)
		}
		dst := arrive[t*in:][:in]
		for y := range l.In.H {
			if row := s.sum[y*wide*cols:]; cols == ic {
				copy(dst[y*l.In.W*ic:][:l.In.W*ic], row)
			} else {
				for x := range l.In.W {
					copy(dst[(y*l.In.W+x)*ic:][:ic], row[x*cols:])
				}
			}
		}
	}
}

// convScratch is what below needs of memory.
type convScratch struct{ plane, sum []float32 }

// belowByStrip is below of one tick for any stride, dilation and groups.
func (g *geometry) belowByStrip(arrive, delta, weight []float32) {
	for i := range arrive {
		to, from, strips := g.of(int32(i))
		sum := float32(0)
		for _, s := range strips {
			d, w := delta[to+s.To:][:s.Len], weight[from+s.From:][:s.Len]
			for j, x := range d {
				sum += float32(x * w[j])
			}
		}
		arrive[i] = sum
	}
}

// pooling is the paper's aggregation: every input spike enters the neuron of its
// window with one fixed weight.
type pooling struct {
	to     []int32 // neuron of each input, both in the order (y, x, c)
	code   int8    // half the integer weight is code·2^shift
	weight float32
}

func newPooling(l snn.Layer) *pooling {
	p := &pooling{}
	for y := range l.In.H {
		for x := range l.In.W {
			for c := range l.In.C {
				p.to = append(p.to, int32((y/l.Kernel*l.Out.W+x/l.Kernel)*l.Out.C+c))
			}
		}
	}
	return p
}

// refreshPool sets the weight of a pool layer.
func (v *view) refreshPool(integer bool) {
	if v.neuron.Kind == snn.SRM {
		v.pool.weight = float32(PoolGain * v.neuron.SRM.Theta)
		return
	}
	code, shift := PoolCode(v.neuron)
	v.pool.weight = float32(int(code)<<shift) * (float32(WeightStep) / WeightOne)
	if integer {
		v.pool.code, v.shift = code, shift
	}
}
