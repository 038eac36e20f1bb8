package interop

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// chain returns the names of the nodes from the input to the output, or an error that
// names the node at which the graph is no chain.
func (g *NIR) chain() ([]string, error) {
	next, before := map[string]string{}, map[string]string{}
	for _, e := range g.Edges {
		for _, name := range e {
			if g.Nodes[name] == nil {
				return nil, nirError("nir-graph", name, "an edge names it, but there is no such node")
			}
		}
		if to, twice := next[e[0]]; twice {
			return nil, nirError("nir-graph", e[0], "it feeds both %q and %q: only a chain of nodes is supported by import", to, e[1])
		}
		if from, twice := before[e[1]]; twice {
			return nil, nirError("nir-graph", e[1], "both %q and %q feed it, as in a recurrent network or one with a shortcut: only a chain of nodes is supported by import", from, e[0])
		}
		next[e[0]], before[e[1]] = e[1], e[0]
	}
	var order []string
	for _, name := range slices.Sorted(maps.Keys(g.Nodes)) {
		switch _, fed := before[name]; {
		case g.Nodes[name].Type == "Input" && order != nil:
			return nil, nirError("nir-graph", name, "it is a second input")
		case g.Nodes[name].Type == "Input" && fed:
			return nil, nirError("nir-graph", name, "something feeds the input")
		case g.Nodes[name].Type == "Input":
			order = []string{name}
		}
	}
	if order == nil {
		return nil, diag.Inputf("nir-graph", "", "the graph has no Input node")
	}
	for name, ok := next[order[0]]; ok; name, ok = next[name] {
		order = append(order, name) // ends: no node has two predecessors, and the input has none
	}
	if last := order[len(order)-1]; g.Nodes[last].Type != "Output" {
		return nil, nirError("nir-graph", last, "nothing comes after it, and it is no Output node")
	}
	for _, name := range slices.Sorted(maps.Keys(g.Nodes)) {
		if !slices.Contains(order, name) {
			return nil, nirError("nir-graph", name, "it is not on the way from the input to the output")
		}
	}
	return order, nil
}

// synapses is a linear map between populations that the nodes since the last neuron amount to.
// Without Kernel, Weight is out×in; with one it is as in fixed.Layer.
type synapses struct {
	in, out snn.Shape
	kernel  *fixed.Kernel
	weight  []float64
	bias    []float64 // one a neuron or channel of out; nil is none
	mixes   bool      // there is a Linear, Affine or Conv2d in it; else channels stay apart
}

// through returns the map that changes nothing: a convolution of one weight for each channel.
func through(s snn.Shape) *synapses {
	return &synapses{in: s, out: s, kernel: fixed.Square(1, 1, 0, 1, s.C), weight: slices.Repeat([]float64{1}, s.C)}
}

// scale multiplies what comes out by factors, one a neuron or, of a convolution, a channel.
func (s *synapses) scale(factors []float64) {
	fan := len(s.weight) / len(factors)
	for i := range s.weight {
		s.weight[i] *= factors[i/fan]
	}
	for i := range s.bias {
		s.bias[i] *= factors[i]
	}
}

// rows returns how many factors scale takes.
func (s *synapses) rows() int {
	if s.kernel == nil {
		return s.out.Size()
	}
	return s.out.C
}

// layer is the geometry as package fixed has it.
func (s *synapses) layer() *fixed.Layer { return &fixed.Layer{In: s.in, Out: s.out, Kernel: s.kernel} }

// dense appends a matrix of rows out×s.out, with biases.
func (s *synapses) dense(weight []float64, out int, bias []float64) (*synapses, error) {
	in := s.in.Size()
	if k := s.kernel; out*in > maxNIRValues || s.out.Size()*k.Size[0]*k.Size[1] > maxFolding/out {
		return nil, fmt.Errorf("with the nodes before it folded in it has %d·%d weights, too many", out, in)
	}
	d := &synapses{in: s.in, out: snn.Flat(out), weight: make([]float64, out*in), bias: bias, mixes: true}
	l := s.layer()
	for q := range s.out.Size() {
		for i, at := range l.Into(q) {
			for o := range out {
				d.weight[o*in+i] += weight[o*s.out.Size()+q] * s.weight[at]
			}
		}
	}
	return d, nil
}

// conv appends a convolution with kernel k to out. Of the two maps one keeps channels apart.
func (s *synapses) conv(k fixed.Kernel, weight []float64, out snn.Shape, bias []float64, mixes bool) (*synapses, error) {
	c := &synapses{in: s.in, out: out, kernel: &fixed.Kernel{Groups: k.Groups}, mixes: s.mixes || mixes}
	if s.mixes {
		c.kernel.Groups = s.kernel.Groups
	}
	if err := s.borders(&k, out); err != nil {
		return nil, err
	}
	var step, first [2]int // of the second kernel's places, of the first's, counted in the new kernel
	for a := range 2 {
		f := s.kernel
		far, near := k.Dilation[a]*f.Stride[a], f.Dilation[a] // distance between places
		n := c.kernel
		n.Stride[a], n.Padding[a] = f.Stride[a]*k.Stride[a], k.Padding[a]*f.Stride[a]+f.Padding[a]
		switch {
		case k.Size[a] == 1:
			n.Size[a], n.Dilation[a], step[a], first[a] = f.Size[a], near, 1, 1
		case f.Size[a] == 1:
			n.Size[a], n.Dilation[a], step[a], first[a] = k.Size[a], far, 1, 1
		default:
			n.Size[a], n.Dilation[a], step[a], first[a] = (k.Size[a]-1)*far+(f.Size[a]-1)*near+1, 1, far, near
		}
	}
	inGroup := s.in.C / c.kernel.Groups
	outGroup := out.C / c.kernel.Groups
	if n := c.kernel.Size; n[0] > maxNIRValues || n[1] > maxNIRValues || n[0]*n[1] > maxNIRValues/(out.C*inGroup) {
		return nil, fmt.Errorf("with the nodes before it folded in its kernels have %d×%d places, too many", n[0], n[1])
	}
	c.weight = make([]float64, out.C*inGroup*c.kernel.Size[0]*c.kernel.Size[1])
	firstPlaces, secondPlaces := s.kernel.Size[0]*s.kernel.Size[1], k.Size[0]*k.Size[1]
	for o := range out.C {
		for j := range inGroup {
			channel := o/outGroup*inGroup + j
			one, two := channel, o*inGroup+j // the kernels: of the first map, which keeps channels apart, and of the second
			if s.mixes {
				one, two = o*inGroup+j, o
			}
			to := c.weight[(o*inGroup+j)*c.kernel.Size[0]*c.kernel.Size[1]:]
			for x := range secondPlaces {
				for y := range firstPlaces {
					row := x/k.Size[0]*step[1] + y/s.kernel.Size[0]*first[1]
					column := x%k.Size[0]*step[0] + y%s.kernel.Size[0]*first[0]
					to[row*c.kernel.Size[0]+column] += weight[two*secondPlaces+x] * s.weight[one*firstPlaces+y]
				}
			}
		}
	}
	c.bias = bias
	if s.bias != nil { // passes through the second map, which keeps channels apart
		if k.Padding != [2]int{} {
			return nil, fmt.Errorf("a bias before it reaches the neurons at its padding less than the others")
		}
		c.bias = make([]float64, out.C)
		for o := range c.bias {
			for x := range secondPlaces {
				c.bias[o] += s.bias[o] * weight[o*secondPlaces+x]
			}
		}
	}
	return c, nil
}

// borders returns an error where a kernel k over s.out reaches, in its padding, a place where s
// would still see inputs: for k they are zeros.
func (s *synapses) borders(k *fixed.Kernel, out snn.Shape) error {
	f := s.kernel
	for a, n := range [2][3]int{{s.in.W, s.out.W, out.W}, {s.in.H, s.out.H, out.H}} {
		sees := func(q int) bool { // s, at place q along the axis
			low := q*f.Stride[a] - f.Padding[a]
			y := max(0, (f.Dilation[a]-1-low)/f.Dilation[a]) // the first of its places that is not before the input
			return y < f.Size[a] && low+y*f.Dilation[a] < n[0]
		}
		reads := func(q int) bool { // k, at place q
			for x := range k.Size[a] {
				if d := q + k.Padding[a] - x*k.Dilation[a]; d >= 0 && d%k.Stride[a] == 0 && d/k.Stride[a] < n[2] {
					return true
				}
			}
			return false
		}
		for p := 1; p <= k.Padding[a]; p++ {
			if sees(-p) && reads(-p) || sees(n[1]-1+p) && reads(n[1]-1+p) {
				return fmt.Errorf("its padding lies where the nodes before it, which have no neurons of their own, would still see their input")
			}
		}
	}
	return nil
}

// shapeOf reads a shape parameter: N, or channels, rows and columns.
func shapeOf(name, key string, a NIRArray) (s snn.Shape, spatial bool, err error) {
	size := func(i int) int {
		if x := a.Data[i]; x == math.Trunc(x) && x >= 1 && x <= maxNIRSize {
			return int(x)
		}
		return 0
	}
	switch len(a.Data) {
	case 1:
		s = snn.Flat(size(0))
	case 3:
		s, spatial = snn.Shape{W: size(2), H: size(1), C: size(0)}, true
	}
	if !s.Valid() || s.Size() > maxNIRSize {
		return s, false, nirError("nir-value", name, "%s is %v; supported by import are [neurons] and [channels rows columns], up to %d in all", key, a.Data, maxNIRSize)
	}
	return s, spatial, nil
}

// pairOf reads a parameter of rows and columns, or one number for both, and returns columns first.
func pairOf(name, key string, a NIRArray, least int) (v [2]int, err error) {
	for i := range v {
		if len(a.Data) != 1 && len(a.Data) != 2 {
			return v, nirError("nir-value", name, "%s has %d values, want one or two", key, len(a.Data))
		}
		x := a.Data[(1-i)*(len(a.Data)-1)]
		if x != math.Trunc(x) || x < float64(least) || x > 1<<12 {
			return v, nirError("nir-value", name, "%s is %v, want whole numbers from %d to %d", key, a.Data, least, 1<<12)
		}
		v[i] = int(x)
	}
	return v, nil
}
