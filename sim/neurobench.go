package sim

import (
	"slices"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// NeuroBench holds the metrics of the NeuroBench harness (Yik et al. 2025, version 2)
// under its own names, as its classes of these names count them. Where they leave room:
//
//   - Footprint: bytes of the program's tables and of the state it runs with, see Footprint.
//   - ConnectionSparsity: the share of connections whose weight is 0. The harness counts the weights
//     of a kernel once, and rounds to four digits.
//   - ClassificationAccuracy: of the samples that have a class; of no sample it is 0.
//   - ActivationSparsity: the share of neurons and ticks without a spike, all layers. The harness
//     averages it over batches, which differs where the last one is shorter.
//   - SynapticOperations: a sample's mean. Those of binary spikes are accumulations (ACs), those of
//     graded ones, which multiply, MACs. (The harness looks at the values of a layer's inputs, and finds
//     ACs also where graded ones all happen to be 1 or −1.) Dense counts every connection at every tick.
//     Spikes that are still on their way when the sample ends are not counted.
//   - MembraneUpdates: a sample's mean number of neurons whose v a tick changed, and in the
//     first tick all of them.
type NeuroBench struct {
	Footprint              int64   `json:"Footprint"`
	ConnectionSparsity     float64 `json:"ConnectionSparsity"`
	ClassificationAccuracy float64 `json:"ClassificationAccuracy"`
	ActivationSparsity     float64 `json:"ActivationSparsity"`
	SynapticOperations     struct {
		MACs  float64 `json:"Effective_MACs"`
		ACs   float64 `json:"Effective_ACs"`
		Dense float64 `json:"Dense"`
	} `json:"SynapticOperations"`
	MembraneUpdates float64 `json:"MembraneUpdates"`
}

// Metrics adds up samples for NeuroBench.
type Metrics struct {
	program                                   *compile.Program
	samples, labelled, correct                int64
	spikes, places, operations, dense, update int64
	graded                                    int64 // of the operations
}

// NewMetrics returns the metrics of no samples.
func NewMetrics(p *compile.Program) *Metrics { return &Metrics{program: p} }

// Add counts a run that kept its states; label is −1 where the sample has no class.
func (m *Metrics) Add(r *Result, ticks, label int) {
	m.samples++
	for _, c := range r.Cores {
		m.operations += c.Synapses
		m.graded += c.Graded
	}
	m.dense += int64(m.program.Manifest.Synapses+m.program.Manifest.ZeroWeight) * int64(ticks)
	for k := range r.Layers {
		l := &r.Layers[k]
		m.spikes += int64(l.Spikes.Count())
		m.places += int64(l.Spikes.Neurons) * int64(ticks)
		for o := range l.Spikes.Neurons {
			v := l.V[o*ticks:][:ticks]
			for t := range v {
				if t == 0 || v[t] != v[t-1] {
					m.update++
				}
			}
		}
	}
	if label >= 0 {
		out := r.Layers[len(r.Layers)-1].Spikes
		from, to := m.program.Readout.Bounds(out.Ticks())
		m.labelled++
		if spike.Classify(out.Counts(from, to, nil)) == label {
			m.correct++
		}
	}
}

// NeuroBench returns the metrics of the samples so far.
func (m *Metrics) NeuroBench() *NeuroBench {
	share := func(n, of int64) float64 { return float64(n) / float64(max(1, of)) }
	n := &NeuroBench{Footprint: Footprint(m.program), ClassificationAccuracy: share(m.correct, m.labelled),
		ActivationSparsity: 1 - share(m.spikes, m.places), MembraneUpdates: share(m.update, m.samples)}
	zero, stored := int64(m.program.Manifest.ZeroWeight), int64(m.program.Manifest.Synapses)
	n.ConnectionSparsity = share(zero, zero+stored)
	n.SynapticOperations.ACs, n.SynapticOperations.MACs = share(m.operations-m.graded, m.samples), share(m.graded, m.samples)
	n.SynapticOperations.Dense = share(m.dense, m.samples)
	return n
}

// Footprint returns the bytes of a program's tables as its artifact holds them (a synapse:
// 2 of target, 1 of weight code and where the core has them 1 of delay; a route 7; a neuron 1 of
// profile and 2 of bias; an axon 2 of row, 2 of base and 1 of flags where the core has them; a row 3 and
// 4 of length; a profile 64), and of the state: registers of 3 bytes (u and v; of alif neurons 4, of srm neurons 5) or 4 (of
// sigma-delta neurons 4, of delta neurons 3, of sigma neurons 1), and the ring of coming ticks, in
// which delays are: 64 bits an axon, and 64 messages of 4 bytes where it takes graded spikes; on cores with
// synaptic delays, accumulators of 3 bytes for each neuron and each of the 2^bits coming ticks, one
// elsewhere, and twice as many where weights have imaginary parts.
func Footprint(p *compile.Program) int64 {
	bytes := int64(len(p.InputRoute) * 7)
	for i := range p.Cores {
		c := &p.Cores[i]
		bytes += int64(len(c.Target)*3 + len(c.Delay) + len(c.Route)*7 + len(c.Profile)*(1+2) + len(c.Row)*(2+2+slots/8) + len(c.Mode)*(3+4) + len(c.Flags) + len(c.Profiles)*64)
		for _, f := range c.Profile {
			bytes += stateBytes(c.Profiles[f].Neuron)
		}
		accumulators := int64(len(c.Profile)) << c.DelayBits
		if slices.ContainsFunc(c.Flags, func(f compile.AxonFlags) bool { return f&compile.ImagAxon != 0 }) {
			accumulators *= 2
		}
		bytes += 3 * accumulators
		for _, f := range c.Flags {
			if f&compile.GradedAxon != 0 {
				bytes += slots * 4
			}
		}
	}
	return bytes
}

// stateBytes returns what the registers of a neuron take.
func stateBytes(n fixed.Neuron) int64 {
	switch n.(type) {
	case fixed.ALIF:
		return 4 * 3
	case fixed.SRM:
		return 5 * 3
	case fixed.SigmaDelta:
		return 4 * 4
	case fixed.Delta:
		return 3 * 4
	case fixed.Sigma:
		return 4
	}
	return 2 * 3
}
