package compile

import (
	"fmt"
	"strings"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// sumLimit bounds the weights that can meet in one neuron in one tick, so that a
// signed accumulator of fixed.StateBits bits holds every partial sum.
const sumLimit = 1 << (fixed.StateBits - 1)

// check holds the network against what the target and the number formats allow,
// apart from the amounts that depend on the layout.
func (b *build) check() error {
	l := &b.limits
	if b.net.Reset.Interval > 0 && !l.PeriodicReset {
		return &diag.Error{Kind: diag.Limit, Code: "reset-unsupported",
			Msg: fmt.Sprintf("%s cannot zero its neurons every %d ticks", b.target.Name(), b.net.Reset.Interval),
			Fix: "train without a periodic reset, or use a target that has one"}
	}
	connections := int64(0)
	for k := range b.net.Layers {
		layer := &b.net.Layers[k]
		if connections += int64(layer.Synapses()); connections > maxConnections {
			return &diag.Error{Kind: diag.Limit, Code: "connections-exceeded", Layer: layer.Name, Msg: "a program cannot have as many connections",
				Resource: "connections", Used: connections, Limit: maxConnections, Fix: "make the layers smaller"}
		}
		if kind := layer.Neuron.Kind(); !l.has(kind) {
			e := &diag.Error{Kind: diag.Limit, Code: "neuron-unsupported", Layer: layer.Name,
				Msg: fmt.Sprintf("%s has no %s neurons, only %s", b.target.Name(), kind, strings.Join(l.NeuronKinds, ", "))}
			if kind == snn.SRM && l.has(snn.CUBA) {
				return e.WithFix("quantize with --as cuba, or use a target that has %s neurons", kind)
			}
			return e.WithFix("use a target that has %s neurons", kind)
		}
		if _, flags := b.origin(k, 0); flags&GradedAxon != 0 && !l.GradedSpikes {
			return &diag.Error{Kind: diag.Limit, Code: "graded-unsupported", Layer: layer.Name,
				Msg: fmt.Sprintf("%s has no graded spikes, and the layer multiplies its weights by what spikes carry", b.target.Name()),
				Fix: "use a target that has graded spikes"}
		}
		if v := threshold(layer.Neuron); l.MaxVTh > 0 && v > l.MaxVTh {
			return &diag.Error{Kind: diag.Limit, Code: "threshold-exceeded", Layer: layer.Name,
				Msg: fmt.Sprintf("the threshold does not fit %s", b.target.Name()), Resource: "threshold mantissa",
				Used: int64(v), Limit: int64(l.MaxVTh), Fix: fmt.Sprintf("use a threshold of at most %d", l.MaxVTh)}
		}
		if err := b.checkSynapses(k); err != nil {
			return err
		}
	}
	return nil
}

// checkSynapses proves that the delays into layer k fit the target and that no
// sum of its weights can leave the accumulator. Messages of graded spikes have no bound; their
// sums are modulo 2^24 by definition.
func (b *build) checkSynapses(k int) error {
	w := b.wiring(k)
	if b.surelyFits(&w) {
		return nil
	}
	_, flags := b.origin(k, 0)
	for o := range w.Out.Size() {
		var sums [2]int64 // of real and imaginary parts
		for i, at := range w.Into(o) {
			if w.Weight[at] == 0 {
				continue
			}
			if b.complex[k] {
				_, flags = b.origin(k, i)
			}
			if flags&GradedAxon == 0 {
				sums[flags/ImagAxon] += int64(max(w.Weight[at], -w.Weight[at]))
			}
			if !w.delayed() {
				continue
			}
			x := w.synapse(i, at)
			if d := int(x.axonDelay + x.delay); d > b.limits.MaxDelay {
				return &diag.Error{Kind: diag.Limit, Code: "delay-exceeded", Layer: w.Name,
					Msg:      fmt.Sprintf("spikes of input %d reach neuron %d too late for %s, by axonal and synaptic delay together", i, o, b.target.Name()),
					Resource: "delay in ticks", Used: int64(d), Limit: int64(b.limits.MaxDelay),
					Fix: fmt.Sprintf("train with delays that add up to at most %d", b.limits.MaxDelay)}
			}
		}
		if err := checkSum(max(sums[0], sums[1]), w.Exp(o)); err != nil {
			err.Layer, err.Msg = w.Name, fmt.Sprintf("neuron %d: %s", o, err.Msg)
			return err
		}
	}
	return nil
}

// surelyFits reports whether the largest weights and delays of each of a convolution's kernels
// are such that no neuron need be looked at.
func (b *build) surelyFits(w *wiring) bool {
	if w.Kernel == nil {
		return false
	}
	late := 0
	for _, ds := range [][]uint8{w.sourceDelay, w.SynDelay} {
		late += longest(ds)
	}
	exp := w.WeightExp
	for _, e := range w.NeuronExp {
		exp = max(exp, int(e))
	}
	kernel := len(w.Weight) / w.Out.C
	for c := range w.Out.C {
		sum := int64(0)
		for _, x := range w.Weight[c*kernel : (c+1)*kernel] {
			sum += int64(max(x, -x))
		}
		if checkSum(sum, exp) != nil {
			return false
		}
	}
	return late <= b.limits.MaxDelay
}

// checkSum returns an error when weights whose magnitudes add up to sum could
// leave the accumulator, before or after the shift by the weight exponent.
func checkSum(sum int64, exp int) *diag.Error {
	if sum = fixed.Shift(sum, max(exp, 0)); sum < sumLimit {
		return nil
	}
	return &diag.Error{Kind: diag.Limit, Code: "sum-exceeded", Msg: "the sum of its inputs could wrap",
		Resource: "sum of weight magnitudes", Used: sum, Limit: sumLimit - 1,
		Fix: "use a smaller weight exponent, smaller weights or fewer inputs"}
}
