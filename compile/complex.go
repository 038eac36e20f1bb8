package compile

import "github.com/isospike/isospike/snn/fixed"

// AxonFlags say what an axon does besides bringing spikes.
type AxonFlags uint8

// The flags of axons.
const (
	GradedAxon AxonFlags = 1 << iota // what a spike carries multiplies the weights of the row
	ImagAxon                         // the weights are imaginary parts
)

// String tells the flags as an addition to what an axon is: ", graded, imaginary".
func (f AxonFlags) String() string {
	s := ""
	if f&GradedAxon != 0 {
		s += ", graded"
	}
	if f&ImagAxon != 0 {
		s += ", imaginary"
	}
	return s
}

// realParts returns net with every layer of complex weights as one of real weights and twice
// the inputs: those of the real parts and, as further channels of each group, those of the
// imaginary ones. A source then takes an axon for each, and origin says which it is.
func realParts(net *fixed.Network) *fixed.Network {
	doubled := *net
	doubled.Layers = append([]fixed.Layer(nil), net.Layers...)
	for k := range doubled.Layers {
		l := &doubled.Layers[k]
		if l.WeightImag == nil {
			continue
		}
		block := l.In.Size() // weights of a neuron, or of a kernel
		if l.Kernel != nil {
			block = len(l.Weight) / l.Out.C
		}
		l.Weight = interleave(l.Weight, l.WeightImag, block)
		if l.SynDelay != nil {
			l.SynDelay = interleave(l.SynDelay, l.SynDelay, block)
		}
		l.WeightImag = nil
		l.In.C *= 2
	}
	return &doubled
}

// interleave puts blocks of a and of b one after the other.
func interleave[T any](a, b []T, block int) []T {
	both := make([]T, 0, len(a)+len(b))
	for at := 0; at < len(a); at += block {
		both = append(append(both, a[at:at+block]...), b[at:at+block]...)
	}
	return both
}

// origin returns the neuron of the population before layer k that an input of the layer
// comes from, and what is particular about the axons from there.
func (b *build) origin(k, input int) (source int, flags AxonFlags) {
	l := &b.net.Layers[k]
	if l.Graded && (k == 0 || fixed.Graded(b.net.Layers[k-1].Neuron)) {
		flags = GradedAxon
	}
	if !b.complex[k] {
		return input, flags
	}
	group := l.In.C // channels of a group, real ones before imaginary ones
	if l.Kernel != nil {
		group /= l.Kernel.Groups
	}
	area, half := l.In.W*l.In.H, group/2
	c := input / area
	if c%group >= half {
		flags |= ImagAxon
	}
	return (c/group*half+c%half)*area + input%area, flags
}
