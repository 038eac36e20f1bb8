package compile

import "github.com/isospike/isospike/snn/diag"

// Rates are how often neurons spike: Spikes[k][o] times neuron o of layer k in Ticks ticks,
// of as many samples as there were. A nil *Rates is one spike of every neuron in one tick.
type Rates struct {
	Spikes [][]int64
	Ticks  int64
}

// maxSpikes bounds the spikes of all neurons, so that no sum of spikes × links overflows.
const maxSpikes = 1 << 40

// check holds r against layers of the given names and neurons.
func (r *Rates) check(layers int, layer func(k int) (name string, neurons int)) error {
	if r == nil {
		return nil
	}
	if len(r.Spikes) != layers || r.Ticks <= 0 {
		return diag.Inputf("rates", "", "the rates are of %d layers over %d ticks, the network has %d layers", len(r.Spikes), r.Ticks, layers)
	}
	sum := int64(0)
	for k, s := range r.Spikes {
		name, neurons := layer(k)
		if len(s) != neurons {
			return diag.Inputf("rates", "", "the rates are of %d neurons, layer %s has %d", len(s), name, neurons)
		}
		for o, n := range s {
			if n < 0 || n > maxSpikes-sum {
				return diag.Inputf("rates", "", "neuron %d of layer %s has %d spikes; from 0 on, all together may have 2^40", o, name, n)
			}
			sum += n
		}
	}
	return nil
}

func (b *build) checkRates() error {
	return b.Rates.check(len(b.net.Layers), func(k int) (string, int) { return b.net.Layers[k].Name, b.net.Layers[k].Out.Size() })
}

func (p *Program) checkRates(r *Rates) error {
	return r.check(len(p.Layers), func(k int) (string, int) { return p.Layers[k].Name, len(p.Layers[k].Home) })
}

// spikes returns the spikes of every compartment, by core.
func (p *Program) spikes(r *Rates) [][]int64 {
	s := make([][]int64, len(p.Cores))
	for c := range p.Cores {
		s[c] = make([]int64, len(p.Cores[c].OutStart)-1)
	}
	for k := range p.Layers {
		for o, h := range p.Layers[k].Home {
			n := int64(1)
			if r != nil {
				n = r.Spikes[k][o]
			}
			s[h.Core][h.Neuron] = n
		}
	}
	return s
}
