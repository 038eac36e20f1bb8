// Package sim runs a compiled Program bit-exactly. It reads the tables of the
// cores and nothing else, so that an error in them shows as a difference from
// snn/fixed, which runs the layers.
//
// # One tick
//
// A Machine keeps, for every core, a ring of slots with one bit an axon: a
// spike that arrives at tick t sets its axon's bit in slot t modulo their number. A tick
// drains its slot, adds the synapses of the rows to the accumulators of the
// neurons, steps every neuron (fixed.Neuron.Advance), and lets the spikes set bits in
// later slots. Cores with axons that take graded spikes have a slot of what those carry
// besides, and cores with imaginary weights accumulators of their own for them. Bits do not depend on the order in which they are set, so neither
// does anything else. Cores with synaptic delays have one set of accumulators
// for each tick that a delay can reach.
//
// That is reference.go. Cores of CUBA neurons with plain spikes take the fast path, fast.go, on the same state and to
// the same bits; Options.Slow switches it off. It joins cores whose rows are short (join.go).
//
//	m, err := sim.New(program)
//	res, err := m.Run(ctx, input, 300, sim.Options{})
//	res.Layers[2].Spikes // as fixed.Network.Run gives it
//
// Machines made by Clone share all tables. One goroutine may use each.
package sim
