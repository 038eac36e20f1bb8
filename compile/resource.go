package compile

import (
	"fmt"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// usage is what a core takes of its resources.
type usage struct {
	neurons, axonsIn, axonsOut, routes, synapseWords, rowWords int
	profiles, thresholds, delayAccumulators                    int
}

// resource is one line of the table that limits, manifest and errors share.
type resource struct {
	name, code  string
	used, limit int
	fix         string
}

// resources lists u against l, in the order in which errors report them.
func (u *usage) resources(l *Limits) [9]resource {
	return [...]resource{
		{"neurons", "neurons-exceeded", u.neurons, l.Neurons,
			"make the layers smaller or use a target with more cores"},
		{"delay accumulators", "delay-accumulators-exceeded", u.delayAccumulators, l.DelayAccumulators,
			"shorten the delays: each delay bit less doubles the neurons that a core can hold"},
		{"axons in", "axons-in-exceeded", u.axonsIn, l.AxonsIn,
			"prune connections, make the layers that feed this one smaller, or give the synapses of a source fewer different delays"},
		{"synapse words", "synapse-words-exceeded", u.synapseWords, l.SynapseWords,
			"prune connections, use fewer weight bits or shorter synaptic delays, or make the layers smaller"},
		{"words of one row", "row-words-exceeded", u.rowWords, l.RowWords,
			"prune connections, or use fewer weight bits or shorter synaptic delays"},
		{"profiles", "profiles-exceeded", u.profiles, l.Profiles,
			"give more layers the same neuron parameters and exponents"},
		{"thresholds", "thresholds-exceeded", u.thresholds, l.Thresholds,
			"give more layers the same threshold"},
		{"axon-out entries", "axons-out-exceeded", u.axonsOut, l.AxonsOut,
			"prune connections, or make the layers smaller so that a neuron's targets lie on fewer cores"},
		{"axon-out entries of one neuron", "routes-exceeded", u.routes, l.RoutesPerNeuron,
			"prune the neuron's connections, or make the next layer smaller so that it lies on fewer cores"},
	}
}

// over returns the first resource of which u takes more than l has.
func (u *usage) over(l *Limits) (resource, bool) {
	for _, r := range u.resources(l) {
		if r.limit != 0 && r.used > r.limit {
			return r, true
		}
	}
	return resource{}, false
}

// fail returns the error for a resource that ran out on a core ("" when the
// core has no place yet).
func (r resource) fail(layer, core, format string, args ...any) *diag.Error {
	return &diag.Error{Kind: diag.Limit, Code: r.code, Layer: layer, Core: core, Msg: fmt.Sprintf(format, args...),
		Resource: r.name, Used: int64(r.used), Limit: int64(r.limit), Fix: r.fix}
}

// name says where c lies, as errors and the text form do.
func (c *Core) name() string { return fmt.Sprintf("chip %d core %d,%d,%d", c.Chip, c.X, c.Y, c.Slot) }

// measure returns what core number ci of p takes.
func measure(p *Program, ci int, t Target) usage {
	c, l := &p.Cores[ci], t.Limits().bounded()
	u := usage{neurons: len(c.Profile), axonsIn: len(c.Mode), profiles: len(c.Profiles), thresholds: thresholds(c.Profiles)}
	u.delayAccumulators = u.neurons << c.DelayBits
	for a := range c.Mode {
		row := c.Target[c.RowStart[a]:c.RowStart[a+1]]
		if len(row) == 0 {
			continue
		}
		words := t.RowWords(len(row), int(row[len(row)-1]-row[0])+1, int(c.WeightBits[a]), c.DelayBits)
		u.synapseWords += words
		u.rowWords = max(u.rowWords, words)
	}
	u.axonsOut, u.routes, _ = p.out(ci, &l)
	return u
}

// thresholds counts the different thresholds among profiles.
func thresholds(profiles []Profile) int {
	n := 0
	for i := range profiles {
		n++
		for _, p := range profiles[:i] {
			if threshold(p.Neuron) == threshold(profiles[i].Neuron) {
				n--
				break
			}
		}
	}
	return n
}

// threshold returns the threshold mantissa of a neuron.
func threshold(n fixed.Neuron) int {
	switch p := n.(type) {
	case fixed.CUBA:
		return int(p.VTh)
	case fixed.SRM:
		return int(p.VTh)
	case fixed.Delta:
		return int(p.VTh)
	case fixed.SigmaDelta:
		return int(p.VTh)
	case fixed.RF:
		return int(p.VTh)
	case fixed.RFIZ:
		return int(p.VTh)
	case fixed.ALIF:
		return int(p.VTh)
	}
	return 0
}

// delayBits returns the width of a delay field for delays up to longest: the
// accumulators need a slot for now and one that is being cleared besides.
func delayBits(longest int) int {
	bits := 0
	for longest > 0 && 1<<bits < longest+2 {
		bits++
	}
	return bits
}
