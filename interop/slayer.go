package interop

import (
	"bufio"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// SlayerWeights returns how many weights the text file of a layer holds, as rows of so many
// each: of a dense layer (out, in), of a convolution (out, in/groups · rows · columns), of a pool
// one kernel, (1, rows · columns).
func SlayerWeights(l snn.Layer) (out, in int) {
	switch l.Kind {
	case snn.Conv:
		return l.Out.C, l.In.C / l.Groups * l.Kernel * l.Kernel
	case snn.Pool:
		return 1, l.Kernel * l.Kernel
	}
	return l.Out.Size(), l.In.Size()
}

// ReadSlayerWeights reads a layer's weights from slayerPytorch's text
// export for Loihi: one integer a line, C order of (out, in); "-0" is 0. It
// returns out·in weights, those of row o at o·in to o·in + in − 1. An error
// is a "slayer-text" diagnostic with the line, where one is to blame, or wraps r's.
func ReadSlayerWeights(r io.Reader, out, in int) ([]int16, error) {
	if out < 1 || in < 1 {
		return nil, diag.Usagef("slayer-shape", "a layer of %d inputs and %d neurons has no weights", in, out)
	}
	var w []int16 // grows with the file: the shape alone proves nothing
	full := func() bool { return len(w)/in >= out }
	lines := bufio.NewScanner(r)
	line := 0
	fail := func(format string, args ...any) *diag.Error {
		e := diag.Inputf("slayer-text", "", format, args...)
		e.Line = line
		return e
	}
	for lines.Scan() {
		line++
		if full() {
			return nil, fail("more than the %d×%d weights of the layer", out, in)
		}
		text := strings.TrimSpace(lines.Text())
		x, err := strconv.ParseInt(text, 10, 16)
		if err != nil {
			return nil, fail("%.40q is not an integer of 16 bits", text)
		}
		w = append(w, int16(x))
	}
	if err := lines.Err(); err != nil {
		line++
		e := fail("cannot read the line")
		e.Err = err
		return nil, e
	}
	if !full() {
		line = 0
		return nil, fail("%d weights, but the layer has %d×%d", len(w), out, in).
			WithFix("check the network's shape against the file")
	}
	return w, nil
}

// Slayer assembles the network of slayerPytorch's Loihi text export: the layers of net with the
// given weights (see SlayerWeights), one set of neuron parameters, the convention slayer.
// Weights may be left out for pools, whose weight slayerPytorch works out from the neuron.
func Slayer(net *snn.Network, weights [][]int16, neuron fixed.CUBA, encoding string) (*fixed.Network, error) {
	pools := 0
	for _, l := range net.Layers {
		if l.Kind == snn.Pool {
			pools++
		}
	}
	if len(weights) != len(net.Layers) && len(weights) != len(net.Layers)-pools {
		return nil, diag.Inputf("slayer-layers", "", "%s has %d layers, %d of them pools, and there are %d files of weights", net, len(net.Layers), pools, len(weights)).
			WithFix("give one file for each layer, first layer first; those of pools may be left out, all of them")
	}
	withPools := len(weights) == len(net.Layers)
	n := &fixed.Network{Input: net.Input, Convention: fixed.Slayer, Encoding: encoding, Provenance: map[string]string{}}
	in := n.Input // of the layer; l.In, where the notation flattens it, numbers the same neurons
	for _, l := range net.Layers {
		if l.Delay {
			return nil, (&diag.Error{Kind: diag.Input, Code: "slayer-delay", Layer: l.Name, Msg: "the text export holds no delays"}).WithFix("leave out the d in the notation")
		}
		fl := fixed.Layer{Name: l.Name, In: in, Out: l.Out, WeightBits: 8, Neuron: neuron}
		if l.Kind != snn.Pool || withPools {
			fl.Weight, weights = weights[0], weights[1:]
		} else if w, ok := slayerPool(neuron); ok {
			fl.Weight = slices.Repeat([]int16{w}, l.Kernel*l.Kernel)
		} else {
			return nil, (&diag.Error{Kind: diag.Input, Code: "slayer-pool", Layer: l.Name, Msg: "with this neuron slayerPytorch gives a pool no weight of 16 bits"}).
				WithFix("give the pools' files as well")
		}
		switch l.Kind {
		case snn.Conv:
			fl.Kernel = fixed.Square(l.Kernel, l.Stride, l.Padding, l.Dilation, l.Groups)
		case snn.Pool: // one kernel for every channel
			fl.Kernel = fixed.Square(l.Kernel, l.Stride, l.Padding, l.Dilation, l.In.C)
			fl.Weight = slices.Repeat(fl.Weight, l.In.C)
			fl.Weight, fl.WeightExp = factored(fl.Weight)
		}
		fl.Mode = fixed.InferMode(fl.Weight)
		n.Layers = append(n.Layers, fl)
		in = l.Out
	}
	return n, n.Validate()
}

// factored returns weights without the power of two that all have, where 8 bits hold them only so,
// and its exponent: pools may weigh much.
func factored(weights []int16) ([]int16, int) {
	for exp := range 8 {
		if small := slices.Clone(weights); !slices.ContainsFunc(weights, func(w int16) bool { return w>>exp<<exp != w || w>>exp > 255 }) {
			for i := range small {
				small[i] >>= exp
			}
			return small, exp
		}
	}
	return weights, 0 // which is refused
}

// slayerPool returns the weight that slayerPytorch's Loihi flavour gives its pools: 1.1
// thresholds over the peak of a neuron's response to a spike of weight 1, rounded to steps
// of 2. That response is counted in integers, for a spike of weight 2, rounding down. ok is
// false where there is no such weight of 16 bits.
func slayerPool(p fixed.CUBA) (w int16, ok bool) {
	if p.IDecay == 0 {
		return 0, false // the response grows for ever
	}
	u := int64(2 << fixed.ActShift)
	v, peak := u, u
	for u > 0 {
		u = u * int64(fixed.DecayOne-p.IDecay) >> fixed.DecayShift
		v = v*int64(fixed.DecayOne-p.VDecay)>>fixed.DecayShift + u
		peak = max(peak, v)
	}
	x := 2 * math.RoundToEven(1.1*float64(int64(p.VTh)<<fixed.ActShift)/(float64(peak)/2)/2)
	return int16(x), x <= math.MaxInt16
}
