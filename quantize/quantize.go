package quantize

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/train"
)

// Options say how a network becomes integers.
type Options struct {
	// Bits of the weights, 1 to 9 or ternary, with scales that are searched for: one number for
	// all layers, or one for each layer that has weights to learn. nil keeps what a model was
	// trained in, and is 8 bits for one trained in float.
	Bits []snn.WeightBits
	// PerChannel gives every output neuron (of a convolution: channel) an exponent of its own.
	PerChannel bool
	// DelayBits is the width of the delay field that the delays have to fit, 1 to 6; 0 is 6.
	DelayBits int
	// ClipDelays sets delays that do not fit to the longest that does; without it they are refused.
	ClipDelays bool
	// As says what SRM neurons become: "" themselves, snn.CUBA what comes nearest of that kind.
	As string
	// Samples, where there are some, decide the scales instead of the square error of the weights:
	// layer by layer, the one with which the layer's spikes shift least (see LayerEffect), the
	// layers before being quantized already.
	Samples []Sample
	Threads int             // that run samples; 0 is one
	Context context.Context // that ends running samples; nil is none
}

// of returns the bits of the weights of the layer that is number i of those that have any.
func (o Options) of(i int) snn.WeightBits {
	if len(o.Bits) == 1 {
		return o.Bits[0]
	}
	return o.Bits[i]
}

func (o Options) check(s *Source) error {
	n, srm := 0, false
	for _, l := range s.Layers {
		srm = srm || l.SRM != nil
		if !l.Pool {
			n++
		}
	}
	if o.As != "" && o.As != snn.CUBA {
		return diag.Usagef("as", "neurons cannot become %q", o.As).WithFix("srm neurons can become cuba")
	}
	if o.As != "" && !srm {
		return diag.Usagef("as", "the model has no srm neurons to convert").WithFix("leave --as out")
	}
	if len(o.Bits) > 1 && len(o.Bits) != n {
		return diag.Usagef("bits", "bits for %d layers, %d have weights", len(o.Bits), n).WithFix("give one number, or %d", n)
	}
	for _, b := range o.Bits {
		if !b.Valid() {
			return diag.Usagef("bits", "weights of %v bits; allowed are 1 to 9, and ternary", int(b))
		}
	}
	if o.DelayBits < 0 || o.DelayBits > 6 {
		return diag.Usagef("bits", "delays of %d bits; allowed are 1 to 6", o.DelayBits)
	}
	return nil
}

// Quantize returns the fixed network of a model: with the zero Options, of one trained in integers,
// exactly what its forward pass computed.
func Quantize(m *train.Model, o Options) (*fixed.Network, *Report, error) {
	s, err := SourceOf(m)
	if err != nil {
		return nil, nil, err
	}
	return s.Quantize(o)
}

// Quantize returns the fixed network of a source, with weights of mixed sign and delays of whole
// ticks, and what that did to it. The network has been validated and its accumulators
// proved not to overflow.
func (s *Source) Quantize(o Options) (*fixed.Network, *Report, error) {
	if err := s.check(o); err != nil {
		return nil, nil, err
	}
	n := &fixed.Network{Input: s.Input, Convention: fixed.Axonal, Encoding: s.Encoding, Readout: s.Readout, Provenance: map[string]string{}}
	r := &Report{Lossless: o.Bits == nil && !o.PerChannel}
	fed := newFeed(o)
	weighted := 0
	for k := range s.Layers {
		l := &s.Layers[k]
		bits := snn.WeightBits(8)
		if !l.Pool {
			if o.Bits != nil {
				bits = o.of(weighted)
			} else if l.Grid != nil {
				bits = l.Grid.Bits
			}
			weighted++
		}
		lr := LayerReport{Name: l.Name}
		c := scale{bits: bits, ratio: 1, threshold: l.threshold()}
		given := l.Grid != nil && (l.Pool || o.Bits == nil && !o.PerChannel)
		if given {
			c.exp, c.mode = l.Grid.Exp, l.Grid.Mode
		} else {
			r.Lossless = false
			c = l.search(bits, o)
		}
		fl, err := l.integers(c, o, &lr)
		if err != nil {
			return nil, nil, err
		}
		if n.Layers = append(n.Layers, *fl); len(o.Samples) > 0 {
			if err := n.Validate(); err != nil {
				return nil, nil, err
			}
			if !given {
				if c, err = fed.choose(n, l, c, o); err != nil {
					return nil, nil, err
				}
				fl, _ = l.integers(c, o, &lr) // it succeeded on another scale
				n.Layers[k] = *fl
			}
			if err := fed.advance(n, k); err != nil {
				return nil, nil, err
			}
		}
		r.Layers = append(r.Layers, lr)
		if l.fit != nil && o.As != "" {
			r.Conversions = append(r.Conversions, Conversion{Name: l.Name, Neuron: n.Layers[k].Neuron.String(), Distance: l.fit.distance})
		}
	}
	if err := n.Validate(); err != nil {
		return nil, nil, err
	}
	ranges, err := Prove(n)
	if err != nil {
		return nil, nil, err
	}
	r.Ranges = ranges
	for _, l := range r.Layers {
		r.Lossless = r.Lossless && l.DelaysClipped == 0
	}
	return n, r, nil
}

// integers returns a layer on a scale, and fills the report of it.
func (l *Layer) integers(c scale, o Options, lr *LayerReport) (*fixed.Layer, error) {
	fl := &fixed.Layer{Name: l.Name, In: l.In, Out: l.Out, Kernel: l.Kernel, WeightBits: c.bits.Stored(), Mode: c.mode}
	*lr = LayerReport{Name: l.Name, Bits: fl.WeightBits, Ternary: c.bits == snn.Ternary, Exp: c.exp[0], MaxExp: c.exp[0], Weights: len(l.Weight)}
	fl.WeightExp = c.exp[0]
	for _, e := range c.exp {
		lr.Exp, lr.MaxExp = min(lr.Exp, e), max(lr.MaxExp, e)
	}
	if lr.Exp < lr.MaxExp {
		fl.WeightExp, fl.NeuronExp = 0, make([]int8, l.Out.Size())
		for n := range fl.NeuronExp {
			fl.NeuronExp[n] = int8(c.row(n / (len(fl.NeuronExp) / l.rows())))
		}
	}
	l.weights(fl, c, lr)
	l.biases(fl, c, lr)
	l.neuron(fl, c, o, lr)
	return fl, l.delays(fl, o, lr)
}

// neuron fills in a layer's neurons.
func (l *Layer) neuron(fl *fixed.Layer, c scale, o Options, lr *LayerReport) {
	decay := func(d float64) int32 {
		x := math.RoundToEven(d)
		lr.DecayError = max(lr.DecayError, math.Abs(x-d))
		return int32(x)
	}
	switch {
	case l.SRM == nil:
		fl.Neuron, lr.VTh = fixed.CUBA{IDecay: decay(l.IDecay), VDecay: decay(l.VDecay), VTh: c.threshold, RefDelay: int32(l.RefDelay)}, int(c.threshold)
	case o.As == "":
		x := toResponses(*l.SRM)
		fl.Neuron, lr.VTh, lr.DecayError = x.neuron(c.threshold), int(c.threshold), x.decayError
	default:
		p := l.fit.neuron(c.threshold)
		fl.Neuron, lr.VTh = p, int(p.VTh)
	}
}

// weights fills a layer's integer weights.
func (l *Layer) weights(fl *fixed.Layer, c scale, lr *LayerReport) {
	var sumErr, sumSq float64
	fl.Weight = make([]int16, 0, len(l.Weight))
	for r := range l.rows() {
		exp := c.row(r)
		for _, real := range l.row(r) {
			w, err := c.round(real, exp)
			fl.Weight = append(fl.Weight, w)
			if w == 0 {
				lr.Zero++
			}
			if c.clips(real, exp) {
				lr.Clipped++
			}
			lr.MaxError = max(lr.MaxError, math.Abs(err))
			sumErr += float64(err * err)
			sumSq += float64(real * real)
		}
	}
	n := float64(lr.Weights)
	lr.RMSError, lr.RMSWeight = math.Sqrt(sumErr/n), math.Sqrt(sumSq/n)
}

// biases fills a layer's biases: mantissas with the least exponent that holds them all.
func (l *Layer) biases(fl *fixed.Layer, c scale, lr *LayerReport) {
	if l.Bias == nil {
		return
	}
	least, most := slices.Min(l.Bias)/c.ratio, slices.Max(l.Bias)/c.ratio
	for fl.BiasExp < fixed.MaxBiasExp && (mantissa(most, fl.BiasExp) > fixed.MaxBias || mantissa(least, fl.BiasExp) < -fixed.MaxBias-1) {
		fl.BiasExp++
	}
	for _, b := range l.Bias {
		want := mantissa(b/c.ratio, fl.BiasExp)
		m := max(-fixed.MaxBias-1, min(fixed.MaxBias, want))
		if m != want {
			lr.BiasesClipped++
		}
		fl.BiasMant = append(fl.BiasMant, int16(m))
		lr.BiasError = max(lr.BiasError, math.Abs(math.Ldexp(m, fl.BiasExp)*c.ratio/(1<<fixed.ActShift)-b))
	}
}

// delays fills a layer's delays: whole ticks, as many as the field holds.
func (l *Layer) delays(fl *fixed.Layer, o Options, lr *LayerReport) error {
	if l.Delay == nil {
		return nil
	}
	bits := o.DelayBits
	if bits == 0 {
		bits = train.DelayBits(snn.MaxDelay)
	}
	longest, asked, neuron := float64(snn.MaxDelayOf(bits)), 0.0, 0
	fl.Delay = make([]uint8, len(l.Delay))
	for o, d := range l.Delay {
		whole := math.Floor(d)
		if whole > asked {
			asked, neuron = whole, o
		}
		if whole > longest {
			lr.DelaysClipped++
			whole = longest
		}
		fl.Delay[o] = uint8(whole)
		lr.MaxDelay = max(lr.MaxDelay, int(whole))
		lr.DelayError = max(lr.DelayError, d-whole)
	}
	lr.DelayBits = bits
	if lr.DelaysClipped > 0 && !o.ClipDelays {
		return (&diag.Error{Kind: diag.Limit, Code: "delay-bits", Layer: l.Name, Msg: fmt.Sprintf("%d of %d delays do not fit %d bits, the longest is that of neuron %d", lr.DelaysClipped, len(l.Delay), bits, neuron),
			Resource: "ticks", Used: int64(min(asked, 1<<31)), Limit: int64(longest)}).
			WithFix("ask for more delay bits, clip the delays (--clip-delays), or train with shorter ones (--max-delay %d)", int(longest))
	}
	return nil
}
