package compile

import (
	"encoding/binary"
	"math"

	"github.com/isospike/isospike/snn/fixed"
)

// CoreBound returns how many cores no layout of net on t can go below: its neurons, as many a
// core as the delay accumulators leave at the bits that a neuron itself needs, its sources, and
// its synapses, every one as cheap as the cheapest of any row. Each is taken by itself. Where axons can share rows, a kernel
// counts once for the whole network, as do the equal columns of a dense layer's weights;
// different columns are taken to share nothing.
func CoreBound(net *fixed.Network, t Target) int {
	b := newBuild(net, t)
	net, l := b.net, b.limits
	neurons, sources, words := 0.0, 0, 0.0 // neurons in cores
	for k := range net.Layers {
		w := b.wiring(k)
		sends := make([]bool, w.fan)
		for o := range w.Out.Size() {
			late := 0
			for i, at := range w.Into(o) {
				if w.Weight[at] != 0 {
					sends[i] = true
					late = max(late, int(w.synapse(i, at).delay))
				}
			}
			each := l.Neurons
			if l.DelayAccumulators > 0 {
				each = min(each, max(1, l.DelayAccumulators>>delayBits(late)))
			}
			neurons += 1 / float64(each)
		}
		for _, s := range sends {
			if s {
				sources++
			}
		}
		words += float64(w.stored(l.SharedRows)) * leastWords(t, w.bits(), l.Neurons)
	}
	most := max(neurons, float64(sources)/float64(l.AxonsIn))
	if l.SynapseWords > 0 {
		most = max(most, words/float64(l.SynapseWords))
	}
	return max(1, int(math.Ceil(most-1e-6))) // what adding fractions may be off
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
