package compile

import (
	"cmp"
	"slices"
)

// groupDelays returns the groups of convolution k's kernel by the delay bits that their neurons
// need of a core, and these; nil where all need the same. Its channels are cut where they change.
func (b *build) groupDelays(k int) ([]int32, []int) {
	w := b.wiring(k)
	if w.Kernel == nil || !w.synaptic || !w.delayed() {
		return nil, nil
	}
	groups := w.Kernel.Groups
	order, width := make([]int32, groups), make([]int, groups)
	for g := range groups {
		order[g] = int32(g)
		late := 0
		if w.sourceDelay != nil {
			n := w.fan / groups
			late = longest(w.sourceDelay[g*n : (g+1)*n])
		}
		if w.SynDelay != nil {
			n := len(w.SynDelay) / groups
			late += longest(w.SynDelay[g*n : (g+1)*n])
		}
		width[g] = delayBits(late)
	}
	if slices.Min(width) == slices.Max(width) {
		return nil, nil
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(width[a], width[b]) })
	slices.Sort(width)
	return order, width
}

// delayOrder returns the neurons of dense layer k by the delay bits that each needs of its core,
// so that those with long delays share cores and leave the accumulators of the others; nil where
// all need the same, or where delays are not kept with the synapses.
func (b *build) delayOrder(k int) []int32 {
	w := b.wiring(k)
	if w.Kernel != nil || !w.synaptic || !w.delayed() {
		return nil
	}
	order, width := make([]int32, w.Out.Size()), make([]int, w.Out.Size())
	for o := range order {
		order[o] = int32(o)
		late := 0
		for i, at := range w.Into(o) {
			if w.Weight[at] != 0 {
				late = max(late, int(w.synapse(i, at).delay))
			}
		}
		width[o] = delayBits(late)
	}
	if slices.Min(width) == slices.Max(width) {
		return nil
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(width[a], width[b]) })
	return order
}
