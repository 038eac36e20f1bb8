package sim

import (
	"slices"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn/fixed"
)

// none is the offset of arrays that a core has no part of.
const none = -1

// sendsGraded reports whether the neurons of layer k of p send graded spikes.
func sendsGraded(p *compile.Program, k int) bool {
	if len(p.Layers[k].Home) == 0 {
		return false
	}
	h := p.Layers[k].Home[0]
	c := &p.Cores[h.Core]
	return fixed.Graded(c.Profiles[c.Profile[h.Neuron]].Neuron)
}

// has reports whether an axon of c has a flag.
func (c *core) has(flag compile.AxonFlags) bool {
	return slices.ContainsFunc(c.Flags, func(f compile.AxonFlags) bool { return f&flag != 0 })
}
