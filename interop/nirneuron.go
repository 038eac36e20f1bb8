package interop

import (
	"math"
	"slices"

	"github.com/isospike/isospike/quantize"
	"github.com/isospike/isospike/snn/fixed"
)

// perNeuronValues is a parameter of a population: one value for all, or one a neuron.
type perNeuronValues []float64

func (v perNeuronValues) at(o int) float64 {
	if len(v) == 1 {
		return v[0]
	}
	return v[o]
}

// varies is 0 where one value holds for all.
func (v perNeuronValues) varies() int { return min(1, len(v)-1) }

// values returns a parameter of a node for the neurons of r.shape: one number, one for each, or
// fewer that are repeated along rows and columns as NumPy broadcasts them.
func (r *nirReader) values(name string, n *NIRNode, key string) (perNeuronValues, error) {
	a := n.Arrays[key]
	size := r.shape.Size()
	switch {
	case len(a.Data) == 1 || len(a.Data) == size:
		return a.Data, nil
	case !r.spatial || len(a.Shape) > 3 || len(a.Data) == 0:
		return nil, nirError("nir-value", name, "%s has shape %v for %v neurons", key, a.Shape, r.shape)
	}
	extents := [3]int{r.shape.C, r.shape.H, r.shape.W}
	var steps [3]int // of a in each direction, 0 where it is repeated
	step := 1
	for i := range a.Shape {
		d := a.Shape[len(a.Shape)-1-i]
		if d != 1 && d != extents[2-i] {
			return nil, nirError("nir-value", name, "%s has shape %v for %v neurons", key, a.Shape, r.shape)
		}
		if d > 1 {
			steps[2-i] = step
		}
		step *= d
	}
	v := make(perNeuronValues, size)
	for o := range v {
		v[o] = a.Data[o/(extents[1]*extents[2])*steps[0]+o/extents[2]%extents[1]*steps[1]+o%extents[2]*steps[2]]
	}
	return v, nil
}

// single returns a parameter that all neurons of a layer share; otherwise where it is missing.
func (r *nirReader) single(name string, n *NIRNode, key string, otherwise float64) (float64, error) {
	if _, ok := n.Arrays[key]; !ok {
		return otherwise, nil
	}
	v, err := r.values(name, n, key)
	if err != nil {
		return 0, err
	}
	if least, most := slices.Min(v), slices.Max(v); least != most {
		return 0, nirError("nir-unsupported", name, "%s differs between neurons, from %v to %v, and those of a layer share it", key, least, most)
	}
	return v[0], nil
}

// decay returns what is lost in a tick, in 1/4096: by forward Euler dt/tau.
func (r *nirReader) decay(name string, n *NIRNode, key string) (float64, error) {
	tau, err := r.single(name, n, key, 0)
	if err == nil && !(tau >= r.dt*(1-1e-6)) {
		err = nirError("nir-value", name, "%s is %v s, shorter than a tick of %v s", key, tau, r.dt).WithFix("give a shorter tick with --dt")
	}
	return fixed.DecayOne * min(1, r.dt/tau), err
}

// neurons ends a layer with neurons: what came since the last ones are its synapses.
func (r *nirReader) neurons(name string, n *NIRNode) (err error) {
	r.begin()
	s := r.pending
	l := quantize.Layer{Name: name, In: s.in, Out: s.out, Kernel: s.kernel, IDecay: fixed.DecayOne, Threshold: math.Inf(1), RefDelay: 1}
	if reset, err := r.single(name, n, "v_reset", 0); err != nil {
		return err
	} else if reset != 0 {
		return nirError("nir-unsupported", name, "v_reset is %v, and neurons are reset to 0 here", reset)
	}
	factor := 1.0               // from what the synapses give to what enters the voltage: of time constants
	gains := []string{"r"}      // and of these parameters
	var current, voltage string // time constants
	switch n.Type {
	case "CubaLIF", "CubaLI":
		current, voltage = "tau_syn", "tau_mem"
		if _, ok := n.Arrays["w_in"]; ok {
			gains = append(gains, "w_in")
		}
	case "LIF", "LI":
		voltage = "tau"
	case "IF", "I":
	case "Threshold":
		l.VDecay, gains = fixed.DecayOne, nil
	}
	if current != "" {
		if l.IDecay, err = r.decay(name, n, current); err != nil {
			return err
		}
		factor *= l.IDecay / fixed.DecayOne
	}
	if voltage != "" {
		if l.VDecay, err = r.decay(name, n, voltage); err != nil {
			return err
		}
		factor *= l.VDecay / fixed.DecayOne
	}
	gain := slices.Repeat([]float64{factor}, s.rows())
	for _, key := range gains {
		f, err := r.channels(name, n, key)
		if err != nil {
			return err
		}
		for i := range gain {
			gain[i] *= f[i]
		}
	}
	relative, err := r.threshold(name, n, &l)
	if err != nil {
		return err
	}
	if err := r.bias(name, n, &l, gain, relative); err != nil {
		return err
	}
	for i, f := range relative {
		gain[i] *= f
	}
	s.scale(gain)
	for i, w := range s.weight {
		if math.IsInf(w, 0) || w != w {
			return nirError("nir-value", name, "with its parameters, weight %d before it is %v", i, w)
		}
	}
	l.Weight = s.weight
	r.layers, r.pending = append(r.layers, l), nil
	return nil
}

// threshold sets the layer's threshold, that of its first neuron, and returns what multiplies the
// weights and biases of each row so that it holds for all.
func (r *nirReader) threshold(name string, n *NIRNode, l *quantize.Layer) ([]float64, error) {
	relative := slices.Repeat([]float64{1}, r.pending.rows())
	key := "v_threshold"
	switch n.Type {
	case "I", "LI", "CubaLI":
		r.ended = true
		r.note(name, "it gives no spikes; what it integrates is the voltage")
		return relative, nil
	case "Threshold":
		key = "threshold"
	}
	v, err := r.channels(name, n, key)
	if err != nil {
		return nil, err
	}
	l.Threshold = v[0]
	for i, x := range v {
		if x < 0 || x != v[0] && (x == 0 || v[0] == 0 || math.IsInf(x, 0) || math.IsInf(v[0], 0)) {
			return nil, nirError("nir-unsupported", name, "%s is %v and %v: a layer has one above 0", key, v[0], x)
		}
		if x != v[0] {
			relative[i] = v[0] / x
		}
	}
	return relative, nil
}

// bias sets what is added to the voltage in every tick: the leak, and the bias before the neuron.
func (r *nirReader) bias(name string, n *NIRNode, l *quantize.Layer, gain, relative []float64) error {
	leak := perNeuronValues{0}
	if _, ok := n.Arrays["v_leak"]; ok {
		var err error
		if leak, err = r.values(name, n, "v_leak"); err != nil {
			return err
		}
	}
	before := r.pending.bias
	if before == nil && !slices.ContainsFunc(leak, func(x float64) bool { return x != 0 }) {
		return nil
	}
	if before == nil {
		before = make([]float64, len(gain))
	} else if l.IDecay == 0 {
		return nirError("nir-unsupported", name, "a bias enters its current, which never decays and so grows for ever")
	} else if l.IDecay < fixed.DecayOne {
		r.note(name, "the bias before it charges its current in %.3g ticks in NIR; here it acts on the voltage, at once, as much as that current does in the end", fixed.DecayOne/l.IDecay)
	}
	l.Bias = make([]float64, r.shape.Size())
	plane := len(l.Bias) / len(gain)
	for o := range l.Bias {
		i := o / plane
		l.Bias[o] = relative[i] * (leak.at(o)*l.VDecay/fixed.DecayOne + before[i]*gain[i]*fixed.DecayOne/l.IDecay)
		if math.IsInf(l.Bias[o], 0) || l.Bias[o] != l.Bias[o] {
			return nirError("nir-value", name, "the bias of neuron %d is %v", o, l.Bias[o])
		}
	}
	return nil
}
