package slayerref

// Dropout silences inputs for the whole time and scales the summed input, as
// slayerPytorch's _dropoutLayer.
type Dropout struct {
	Mask  []float64 // 1 or 0 per input neuron
	Scale float64   // of the summed input
}

// Layer is one layer: synapses, neurons and their axonal delays.
type Layer struct {
	Synapses *Synapses
	Drop     *Dropout // nil: none
	Neuron   Neuron
	Delay    []int // per neuron, for its spikes to the next layer; nil: none. Of the last layer without effect
}

// Net is a feed-forward network.
type Net struct {
	Layers  []Layer
	Centred bool // the delays' gradient by centred differences
}

// Trace is what happened in one layer.
type Trace struct {
	X       Signal   // input spikes as they arrive, after dropout
	Courses []Course // per neuron
}

// Spikes returns the layer's spikes, as they are sent.
func (r Trace) Spikes() Signal {
	s := make(Signal, len(r.Courses))
	for n, c := range r.Courses {
		s[n] = c.S
	}
	return s
}

// Gradient is what comes back to one layer.
type Gradient struct {
	Err    Signal    // error at the layer's spikes from above
	Total  Signal    // the same with what comes back through ν; Err where that is off
	Delta  Signal    // error at the summed input
	Arrive Signal    // error at the arriving input spikes
	W      []float64 // of the weights, laid out as they are; for a pool that of its one weight
	Delay  []float64 // of the layer's delays; nil without delays
	Ku, Kv float64   // of the decays, summed over the layer's neurons
}

// Forward runs the network on input spikes, which take one tick to the first
// layer. forced gives the spikes of each layer, or nil for its own: forced itself
// may be nil.
func (n *Net) Forward(in Signal, forced []Signal) []Trace {
	var traces []Trace
	sent, delay := in, []int(nil)
	for k, l := range n.Layers {
		r := Trace{X: l.masked(Arrive(sent, delay))}
		a := l.Summed(r.X)
		for o := range a {
			var f []float64
			if forced != nil && forced[k] != nil {
				f = forced[k][o]
			}
			r.Courses = append(r.Courses, l.Neuron.Forward(a[o], f))
		}
		traces = append(traces, r)
		sent, delay = r.Spikes(), l.Delay
	}
	return traces
}

// Backward takes the error at the last layer's spikes down through the network.
func (n *Net) Backward(traces []Trace, e Signal) []Gradient {
	grads := make([]Gradient, len(n.Layers))
	for k := len(n.Layers) - 1; k >= 0; k-- {
		l, r, g := n.Layers[k], traces[k], &grads[k]
		g.Err = e
		for o, c := range r.Courses {
			b := l.Neuron.Backward(c, e[o])
			g.Total = append(g.Total, b.E)
			g.Delta = append(g.Delta, b.Delta)
			g.Ku += b.Ku
			g.Kv += b.Kv
		}
		scaled := l.scaled(g.Delta)
		g.W = l.Synapses.Gradient(scaled, r.X)
		g.Arrive = l.masked(l.Synapses.Back(scaled))
		if l.Delay != nil && g.Delay == nil { // the last layer's: no effect
			g.Delay = make([]float64, len(l.Delay))
		}
		if k == 0 {
			break
		}
		below := n.Layers[k-1]
		if below.Delay != nil {
			grads[k-1].Delay = DelayGradient(r.X, g.Arrive, n.Centred)
		}
		e = Depart(g.Arrive, below.Delay)
	}
	return grads
}

// Summed returns the summed input of arriving spikes x on which dropout acted.
func (l Layer) Summed(x Signal) Signal { return l.scaled(l.Synapses.Sum(x)) }

// masked applies dropout's mask, which is its own adjoint.
func (l Layer) masked(x Signal) Signal {
	if l.Drop == nil {
		return x
	}
	return each(x, func(n int) float64 { return l.Drop.Mask[n] })
}

// scaled applies dropout's scale.
func (l Layer) scaled(x Signal) Signal {
	if l.Drop == nil {
		return x
	}
	return each(x, func(int) float64 { return l.Drop.Scale })
}

// each returns x with the time course of every neuron multiplied by a factor.
func each(x Signal, factor func(n int) float64) Signal {
	y := NewSignal(len(x), x.Ticks())
	for n := range x {
		for t, v := range x[n] {
			y[n][t] = factor(n) * v
		}
	}
	return y
}
