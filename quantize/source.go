package quantize

import (
	"fmt"
	"math"
	"slices"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/train"
)

// Source is a network of float weights that is to be quantized: one that was trained here,
// or that another tool describes. Its neurons compute, without rounding,
//
//	u = u·(1 − IDecay/4096) + Σ W·s,  v = v·(1 − VDecay/4096) + u + Bias,  spike where v > Threshold
//
// with v = 0 after a spike and rest for RefDelay − 1 ticks, as fixed.CUBA does in integers, or are those of the
// SLAYER paper.
type Source struct {
	Input    snn.Shape
	Layers   []Layer
	Encoding string     // as of fixed.Network
	Readout  snn.Window // as of fixed.Network
}

// Layer is a layer of a Source. The units of Weight, Bias and Threshold are the layer's own:
// only their ratios count.
type Layer struct {
	Name           string
	In, Out        snn.Shape
	Kernel         *fixed.Kernel // nil is a dense layer
	Weight         []float64     // laid out as fixed.Layer.Weight
	Bias           []float64     // of each neuron, what v grows by in every tick; nil is none
	IDecay, VDecay float64       // in 1/4096 per tick, 0 to 4096
	Threshold      float64       // 0 or more, infinite for neurons that never spike; of SRM neurons θ, above 0
	RefDelay       int           // ticks, 1 is the plain reset
	Delay          []float64     // axonal, of each neuron, in ticks, of which the whole ones count; nil is none

	// SRM, where it is set, says that the neurons are the paper's, with these responses. Its Theta
	// does not count, nor do IDecay, VDecay and RefDelay; such layers have no Bias.
	SRM *snn.Response
	fit *fit // that stands in for them, once Options.As asked for it

	// Pool says that the layer only adds up: its weights are not among those that get fewer bits.
	Pool bool
	// Grid, where the weights are integers already, is how they are stored; nil searches for it.
	Grid *Grid
}

const (
	maxValue = 1e30 // bounds the numbers of a layer, so that no error of them overflows
	// maxConnections bounds what Prove goes through: what a program may have.
	maxConnections = 1 << 31
)

// Grid is how a layer's integer weights are stored: w is w·2^Exp.
type Grid struct {
	Bits snn.WeightBits
	Exp  []int          // one, or one for each output neuron (of a convolution: channel)
	Mode fixed.SignMode // the zero value is that of weights that are searched for, Mixed
}

// rows returns the number of rows of Weight, one an output neuron or channel.
func (l *Layer) rows() int {
	if l.Kernel == nil {
		return l.Out.Size()
	}
	return l.Out.C
}

// row returns the weights of an output neuron or channel.
func (l *Layer) row(r int) []float64 {
	n := len(l.Weight) / l.rows()
	return l.Weight[r*n:][:n]
}

// geometry is the layer without numbers, for its connections.
func (l *Layer) geometry() *fixed.Layer {
	return &fixed.Layer{Name: l.Name, In: l.In, Out: l.Out, Kernel: l.Kernel}
}

// SourceOf returns the network of a model as its forward pass sees it, weights in units of
// 1/64. Of one that was trained in integers, they are integers, and have their grid.
func SourceOf(m *train.Model) (*Source, error) {
	e := m.Experiment
	integer := e.Training.Arithmetic == "integer"
	s := &Source{Input: m.Net.Input, Encoding: e.Encoding, Readout: e.Loss.Window}
	in := s.Input // of the layer; l.In, where the notation flattens it, numbers the same neurons
	for k, l := range m.Net.Layers {
		if l.Kind != snn.Dense && l.In != in {
			return nil, (&diag.Error{Kind: diag.Input, Code: "not-yet-supported", Layer: l.Name, Msg: fmt.Sprintf("a %s of a flattened population is not yet supported by quantize", l.Kind)}).
				WithFix("flatten before dense layers alone")
		}
		p := m.Neuron(k)
		sl := Layer{Name: l.Name, In: in, Out: l.Out, IDecay: float64(p.IDecay), VDecay: float64(p.VDecay), Threshold: float64(p.VTh), RefDelay: p.RefDelay}
		if p.Kind == snn.SRM {
			sl.SRM, sl.Threshold = &p.SRM, p.SRM.Theta*train.WeightOne
		}
		switch {
		case l.Kind == snn.Pool:
			sl.Kernel = fixed.Square(l.Kernel, l.Stride, l.Padding, l.Dilation, l.In.C)
			weight := train.PoolGain * sl.Threshold
			if sl.SRM == nil {
				code, shift := train.PoolCode(l.Neuron)
				sl.Grid, weight = &Grid{Bits: 8, Exp: []int{int(shift)}}, float64(int(code)*train.WeightStep<<shift)
			}
			sl.Pool, sl.Weight = true, slices.Repeat([]float64{weight}, l.Out.C*l.Kernel*l.Kernel)
		case l.Kind == snn.Conv:
			sl.Kernel = fixed.Square(l.Kernel, l.Stride, l.Padding, l.Dilation, l.Groups)
			fallthrough
		default:
			sl.Weight = realWeights(m, k)
			if integer {
				sl.Grid = &Grid{Bits: l.Bits, Exp: l.Exp}
			}
		}
		if l.Delay {
			sl.Delay = make([]float64, l.Out.Size())
			delays := m.Params[k].Delay.Value // one a neuron or, of conv and pool layers, a channel
			for o := range sl.Delay {
				d := delays[o*len(delays)/len(sl.Delay)]
				if sl.Delay[o] = float64(d); integer {
					sl.Delay[o] = float64(train.DelayTicks(d))
				}
			}
		}
		s.Layers = append(s.Layers, sl)
		in = l.Out
	}
	return s, nil
}

// realWeights returns the weights of a dense or conv layer that the forward pass of
// training applied, in units of 1/64, in the order of fixed.Layer.
func realWeights(m *train.Model, k int) []float64 {
	l := m.Net.Layers[k]
	shadows := m.Weights(k)
	_, cols, to := train.WeightOrder(l)
	w := make([]float64, len(shadows))
	grids := train.Grids(l)
	for at, x := range shadows {
		r, c := to(at)
		if m.Experiment.Training.Arithmetic == "integer" {
			g := grids[r%len(grids)]
			x = g.Weight(g.Code(x))
		}
		w[r*cols+c] = float64(x) * train.WeightOne
	}
	return w
}

// check returns what is wrong with a source, or with the options for it. Where they ask for other neurons, it finds them.
func (s *Source) check(o Options) error {
	if err := o.check(s); err != nil {
		return err
	}
	in := s.Input
	for k := range s.Layers {
		l := &s.Layers[k]
		bad := func(format string, args ...any) error {
			return &diag.Error{Kind: diag.Input, Code: "float-network", Layer: l.Name, Msg: fmt.Sprintf(format, args...)}
		}
		// The shapes are held against each other once the integers are there.
		if l.Kernel != nil && l.Kernel.Groups < 1 {
			return bad("has %d groups", l.Kernel.Groups)
		}
		if !l.Out.Valid() || l.In != in {
			return bad("takes %v but is fed %v, and gives %v", l.In, in, l.Out)
		}
		if n := l.geometry().Weights(); len(l.Weight) != n || n == 0 {
			return bad("has %d weights, its shapes ask for %d", len(l.Weight), n)
		}
		size := l.Out.Size()
		if c := int64(len(l.Weight)/l.rows()) * int64(size); c > maxConnections {
			return &diag.Error{Kind: diag.Limit, Code: "connections-exceeded", Layer: l.Name, Msg: "there are more connections than a program can have",
				Resource: "connections", Used: c, Limit: maxConnections, Fix: "make the layer or its kernel smaller"}
		}
		if l.Bias != nil && len(l.Bias) != size || l.Delay != nil && len(l.Delay) != size {
			return bad("has %d biases and %d delays for %d neurons", len(l.Bias), len(l.Delay), size)
		}
		if !(l.Threshold == 0 || math.IsInf(l.Threshold, 1) || l.Threshold >= 1/maxValue && l.Threshold <= maxValue) {
			return bad("has a threshold of %v, allowed are 0 and %v to %v", l.Threshold, 1/maxValue, maxValue)
		}
		if !(l.IDecay >= 0 && l.IDecay <= fixed.DecayOne && l.VDecay >= 0 && l.VDecay <= fixed.DecayOne) {
			return bad("has decays of %v and %v, allowed are 0 to %d", l.IDecay, l.VDecay, fixed.DecayOne)
		}
		if l.SRM != nil {
			n := snn.Neuron{Kind: snn.SRM, SRM: *l.SRM}
			n.SRM.Theta = 1
			if err := n.Validate(l.Name); err != nil {
				return err
			}
			if l.Threshold == 0 || math.IsInf(l.Threshold, 1) || l.Bias != nil {
				return bad("has srm neurons with a threshold of %v and %d biases, allowed are a finite one above 0 and none", l.Threshold, len(l.Bias))
			}
		}
		for _, values := range [][]float64{l.Weight, l.Bias, l.Delay} {
			for i, x := range values {
				if !(math.Abs(x) <= maxValue) {
					return bad("holds %v at position %d, allowed are ±%v", x, i, maxValue)
				}
			}
		}
		for o, d := range l.Delay {
			if d < 0 {
				return bad("neuron %d has a delay of %v", o, d)
			}
		}
		in = l.Out
	}
	if o.As != "" {
		s.fit()
	}
	return nil
}

// Run runs the network without rounding, and returns the spikes of its layers. A spike of
// column t arrives at t + 1 plus the delay of its neuron.
func (s *Source) Run(in *spike.Raster) []*spike.Raster {
	var all []*spike.Raster
	ticks, delay := in.Ticks(), []float64(nil)
	for k := range s.Layers {
		l := &s.Layers[k]
		all = append(all, l.run(in, delay, ticks))
		in, delay = all[k], l.Delay
	}
	return all
}

func (l *Layer) run(in *spike.Raster, delay []float64, ticks int) *spike.Raster {
	size := l.Out.Size()
	sum := make([]float64, size*ticks)
	geometry := l.geometry()
	for t := range ticks {
		for _, i := range in.At(t) {
			at := t + 1
			if delay != nil {
				at += int(min(delay[i], float64(ticks)))
			}
			if at >= ticks {
				continue
			}
			for o, w := range geometry.From(int(i)) {
				sum[at*size+o] += l.Weight[w]
			}
		}
	}
	if l.SRM != nil {
		return runSRM(*l.SRM, l.Threshold, sum, size)
	}
	out, u, v, rest := spike.NewRaster(size), make([]float64, size), make([]float64, size), make([]int, size)
	keepU, keepV := 1-l.IDecay/fixed.DecayOne, 1-l.VDecay/fixed.DecayOne
	var fired []int32
	for t := range ticks {
		fired = fired[:0]
		for o := range size {
			u[o] = float64(u[o]*keepU) + sum[t*size+o]
			if rest[o] > 0 {
				rest[o]--
				continue
			}
			v[o] = float64(v[o]*keepV) + u[o]
			if l.Bias != nil {
				v[o] += l.Bias[o]
			}
			if v[o] > l.Threshold {
				fired = append(fired, int32(o))
				v[o], rest[o] = 0, l.RefDelay-1
			}
		}
		out.Append(fired...)
	}
	return out
}
