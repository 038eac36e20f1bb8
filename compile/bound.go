package compile

import (
	"encoding/binary"

	"github.com/isospike/isospike/snn/fixed"
)

// CoreBound returns how many cores no layout of net on t can go below: its neurons, its
// sources, its delay accumulators and its synapses, each over what a core holds of them, with
// every synapse as cheap as the cheapest of any row. Where axons can share rows, a kernel
// counts once for the whole network, as do the equal columns of a dense layer's weights;
// different columns are taken to share nothing.
func CoreBound(net *fixed.Network, t Target) int {
	b := newBuild(net, t)
	net, l := b.net, b.limits
	neurons, sources, accumulators, words := 0, 0, 0, 0.0
	for k := range net.Layers {
		w := b.wiring(k)
		neurons += w.Out.Size()
		sends := make([]bool, w.fan)
		for o := range w.Out.Size() {
			late := 0
			for i, at := range w.Into(o) {
				if w.Weight[at] != 0 {
					sends[i] = true
					late = max(late, int(w.synapse(i, at).delay))
				}
			}
			accumulators += 1 << delayBits(late)
		}
		for _, s := range sends {
			if s {
				sources++
			}
		}
		words += float64(w.stored(l.SharedRows)) * leastWords(t, w.bits(), l.Neurons)
	}
	bound := 1
	for _, x := range []struct {
		used  float64
		limit int
	}{{float64(neurons), l.Neurons}, {float64(sources), l.AxonsIn}, {float64(accumulators), l.DelayAccumulators}, {words, l.SynapseWords}} {
		if x.limit > 0 {
			bound = max(bound, int((x.used+float64(x.limit)-1)/float64(x.limit)))
		}
	}
	return bound
}

// leastWords returns the fewest words that a synapse takes in any row.
func leastWords(t Target, weightBits uint8, neurons int) float64 {
	r := RowShape{WeightBits: weightBits}
	least := 0.0
	for n := range neurons {
		r.Add(n, 0, 0)
		words, _ := t.RowWords(&r)
		if each := float64(words) / float64(n+1); n == 0 || each < least {
			least = each
		}
	}
	return least
}

// stored returns how many synapses of the layer must be stored.
func (w *wiring) stored(shared bool) (n int) {
	if !shared {
		for o := range w.Out.Size() {
			for _, at := range w.Into(o) {
				if w.Weight[at] != 0 {
					n++
				}
			}
		}
		return n
	}
	columns := w.fan // of weights that a source has, with rows outputs × kernel
	if w.Kernel != nil {
		columns = w.In.C / w.Kernel.Groups
	}
	kernel := 1
	if w.Kernel != nil {
		kernel = w.Kernel.Size[0] * w.Kernel.Size[1]
	}
	seen := map[string]bool{}
	for i := range columns {
		var column []byte
		synapses := 0
		for o := range len(w.Weight) / (columns * kernel) {
			for x := range kernel {
				at := (o*columns+i)*kernel + x
				if w.Weight[at] != 0 {
					synapses++
				}
				column = binary.LittleEndian.AppendUint16(column, uint16(w.Weight[at]))
				if w.SynDelay != nil {
					column = append(column, w.SynDelay[at])
				}
			}
		}
		if !seen[string(column)] {
			seen[string(column)] = true
			n += synapses
		}
	}
	return n
}
