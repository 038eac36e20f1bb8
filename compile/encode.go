package compile

import (
	"cmp"
	"slices"

	"github.com/isospike/isospike/snn/fixed"
)

// sortAxons orders the axons by layer, source and delay.
func (s *share) sortAxons() {
	slices.SortFunc(s.axons, func(a, b axon) int {
		return cmp.Or(cmp.Compare(a.layer, b.layer), cmp.Compare(a.source, b.source), cmp.Compare(a.delay, b.delay))
	})
}

// link chains the sorted axons of every source of a layer for find and returns the heads.
func (s *share) link(layer, fan int) []int32 {
	head := make([]int32, fan)
	for n := len(s.axons) - 1; n >= 0; n-- {
		if a := &s.axons[n]; int(a.layer) == layer {
			a.next = head[a.source]
			head[a.source] = int32(n + 1)
		}
	}
	return head
}

// encode fills the neuron tables and the synapse rows of every core.
func (b *build) encode() {
	for c, s := range b.shares {
		core := &b.prog.Cores[c]
		core.Profiles = s.profiles
		core.Profile = make([]uint8, s.neurons)
		core.Bias = make([]int16, s.neurons)
		core.DelayBits = delayBits(s.longest)
		core.RowStart = make([]uint32, len(s.axons)+1)
		core.Mode = make([]fixed.SignMode, len(s.axons))
		core.WeightBits = make([]uint8, len(s.axons))
		for n := range s.axons {
			a := &s.axons[n]
			core.RowStart[n] = uint32(a.n)
			core.Mode[n] = b.net.Layers[a.layer].Mode
			core.WeightBits[n] = a.weightBits
			if _, flags := b.origin(int(a.layer), int(a.source)); flags != 0 {
				if core.Flags == nil {
					core.Flags = make([]AxonFlags, len(s.axons))
				}
				core.Flags[n] = flags
			}
		}
		synapses := sumBefore(core.RowStart)
		core.Target = make([]uint16, synapses)
		core.Code = make([]uint8, synapses)
		if core.DelayBits > 0 {
			core.Delay = make([]uint8, synapses)
		}
		for _, r := range s.runs {
			b.encodeRun(s, core, r)
		}
		shiftBack(core.RowStart)
	}
}

// encodeRun writes the table entries of the neurons of one layer on a core.
// Until the last run is done, RowStart holds where the next synapse of each row goes.
func (b *build) encodeRun(s *share, core *Core, r run) {
	w := b.wiring(r.layer)
	head := s.link(r.layer, w.fan)
	for at := r.lo; at < r.hi; at++ {
		o, n := b.neuron(r.layer, at), r.first+at-r.lo
		core.Profile[n] = uint8(slices.Index(s.profiles, b.profile(r.layer, o)))
		if w.BiasMant != nil {
			core.Bias[n] = w.BiasMant[o]
		}
		for i, at := range w.Into(o) {
			x := w.Weight[at]
			if x == 0 {
				continue
			}
			axonDelay, delay := w.delays(i, at)
			next := &core.RowStart[s.find(head, i, axonDelay)]
			core.Target[*next], core.Code[*next] = uint16(n), w.Mode.Code(x)
			if core.Delay != nil {
				core.Delay[*next] = delay
			}
			*next++
		}
	}
}
