package fixed

import (
	"fmt"
	"iter"

	"github.com/isospike/isospike/snn"
)

// Kernel is the geometry of a convolution: which inputs a neuron takes its weights'
// spikes from. Pairs are columns and rows. A sum-pool is a convolution with as many
// groups as channels.
type Kernel struct {
	Size     [2]int `json:"size"`
	Stride   [2]int `json:"stride"`
	Padding  [2]int `json:"padding"`
	Dilation [2]int `json:"dilation"` // distance between the inputs of a kernel, 1 for neighbours
	Groups   int    `json:"groups"`   // input and output channels fall into as many, connected each to its own
}

// maxKernel bounds every number of a kernel, so that no product of them overflows.
const maxKernel = 1 << 12

// Square returns the kernel of the paper's notation: the same in both directions.
func Square(size, stride, padding, dilation, groups int) *Kernel {
	return &Kernel{[2]int{size, size}, [2]int{stride, stride}, [2]int{padding, padding}, [2]int{dilation, dilation}, groups}
}

// Output returns the population that the kernel gives over in where it never reaches
// beyond the padding, its channels left 0.
func (k *Kernel) Output(in snn.Shape) snn.Shape {
	n := [2]int{in.W, in.H}
	for a := range n {
		n[a] = max(0, n[a]+2*k.Padding[a]-k.Dilation[a]*(k.Size[a]-1)-1+k.Stride[a]) / k.Stride[a]
	}
	return snn.Shape{W: n[0], H: n[1]}
}

// check returns what is wrong with the kernel between two populations.
func (k *Kernel) check(in, out snn.Shape) error {
	if k.Groups < 1 || in.C%k.Groups != 0 || out.C%k.Groups != 0 {
		return fmt.Errorf("%d groups do not divide %d and %d channels", k.Groups, in.C, out.C)
	}
	for a, n := range [2][2]int{{in.W, out.W}, {in.H, out.H}} {
		size, stride, pad, dilation := k.Size[a], k.Stride[a], k.Padding[a], k.Dilation[a]
		if min(size, stride, dilation) < 1 || pad < 0 || max(size, stride, pad, dilation) > maxKernel {
			return fmt.Errorf("a kernel of size %v, stride %v, padding %v, dilation %v is out of range", k.Size, k.Stride, k.Padding, k.Dilation)
		}
		// The last kernel begins within the input and its padding, of which one may see nothing else.
		if (n[1]-1)*stride-pad >= n[0]+pad {
			return fmt.Errorf("%d neurons in a row are too many for %d inputs", n[1], n[0])
		}
	}
	return nil
}

// Weights returns the number of weights that the layer's shapes and kernel ask for.
func (l *Layer) Weights() int {
	if l.Kernel == nil {
		return l.Out.Size() * l.In.Size()
	}
	return l.Out.C * (l.In.C / l.Kernel.Groups) * l.Kernel.Size[0] * l.Kernel.Size[1]
}

// Synapses returns the number of connections, those of weight 0 included.
func (l *Layer) Synapses() int {
	if l.Kernel == nil {
		return l.Weights()
	}
	k := l.Kernel
	within := func(a, in, out int) (n int) {
		for o := range out {
			for x := range k.Size[a] {
				if i := o*k.Stride[a] - k.Padding[a] + x*k.Dilation[a]; i >= 0 && i < in {
					n++
				}
			}
		}
		return n
	}
	return within(0, l.In.W, l.Out.W) * within(1, l.In.H, l.Out.H) * l.Out.C * (l.In.C / k.Groups)
}

// Into yields the synapses of neuron o: the input neuron, ascending, and the position
// of its weight and synaptic delay.
func (l *Layer) Into(o int) iter.Seq2[int, int] {
	if l.Kernel == nil {
		fan := l.In.Size()
		return func(yield func(int, int) bool) {
			for i := range fan {
				if !yield(i, o*fan+i) {
					return
				}
			}
		}
	}
	return func(yield func(int, int) bool) {
		k, in := l.Kernel, l.In
		x0, y0, c := o%l.Out.W*k.Stride[0]-k.Padding[0], o/l.Out.W%l.Out.H*k.Stride[1]-k.Padding[1], o/(l.Out.W*l.Out.H)
		inGroup := in.C / k.Groups
		first := c / (l.Out.C / k.Groups) * inGroup // input channel of the group
		for j := range inGroup {
			for ky := range k.Size[1] {
				y := y0 + ky*k.Dilation[1]
				if y < 0 || y >= in.H {
					continue
				}
				for kx := range k.Size[0] {
					x := x0 + kx*k.Dilation[0]
					if x < 0 || x >= in.W {
						continue
					}
					if !yield(((first+j)*in.H+y)*in.W+x, ((c*inGroup+j)*k.Size[1]+ky)*k.Size[0]+kx) {
						return
					}
				}
			}
		}
	}
}

// From yields the synapses of input neuron i: the neuron, ascending, and the position
// of its weight and synaptic delay.
func (l *Layer) From(i int) iter.Seq2[int, int] {
	if l.Kernel == nil {
		fan := l.In.Size()
		return func(yield func(int, int) bool) {
			for o := range l.Out.Size() {
				if !yield(o, o*fan+i) {
					return
				}
			}
		}
	}
	return func(yield func(int, int) bool) {
		k, out := l.Kernel, l.Out
		x, y, c := i%l.In.W, i/l.In.W%l.In.H, i/(l.In.W*l.In.H)
		inGroup, outGroup := l.In.C/k.Groups, out.C/k.Groups
		for n := range outGroup {
			oc := c/inGroup*outGroup + n
			for ky := k.Size[1] - 1; ky >= 0; ky-- {
				oy, ok := k.Place(1, y, ky, out.H)
				if !ok {
					continue
				}
				for kx := k.Size[0] - 1; kx >= 0; kx-- {
					ox, ok := k.Place(0, x, kx, out.W)
					if !ok {
						continue
					}
					if !yield((oc*out.H+oy)*out.W+ox, ((oc*inGroup+c%inGroup)*k.Size[1]+ky)*k.Size[0]+kx) {
						return
					}
				}
			}
		}
	}
}

// Place returns which of n outputs takes input i through position x of the kernel.
func (k *Kernel) Place(axis, i, x, n int) (o int, ok bool) {
	d := i + k.Padding[axis] - x*k.Dilation[axis]
	return d / k.Stride[axis], d >= 0 && d%k.Stride[axis] == 0 && d/k.Stride[axis] < n
}
