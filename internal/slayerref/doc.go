// Package slayerref is SLAYER written a second time, slowly: the formulas of the
// paper as operations on whole time courses in float64, with every filter an
// explicit matrix over time. It shares no code with package train and exists to
// check it: both must give the same potentials, errors and gradients.
//
// # Formulas
//
// With x the spikes as they arrive, t0 + 1 + d for a spike sent at t0 over an
// axon of delay d, a layer computes
//
//	a = g·W·(m ⊙ x)             summed input; dropout mask m and scale g
//	p = H·a                     potential; H a lower triangular matrix over time
//	s = spikes of p             with reset (CUBA) or refractory response (SRM)
//
// and backward, from the error e = ∂L/∂s at its spikes,
//
//	δ = Hᵀ·(ρ(|p − θ|) ⊙ e)                          error at a
//	∂L/∂W[i,o] = g·Σ_τ δ_o(τ)·m_i·x_i(τ)
//	E = g·m ⊙ Wᵀ·δ                                   error at arrival
//	e_i(t) = E_i(t + 1 + d_i)                        error at the layer below
//	∂L/∂d_i = Σ_τ x_i(τ)·(E_i(τ+1) − E_i(τ))         or, centred, (E_i(τ+1) − E_i(τ−1))/2
//
// E counts as 0 outside the ticks 0 ≤ τ < T, and so do arrivals.
//
// # Sources
//
//   - S. B. Shrestha, G. Orchard: SLAYER: Spike Layer Error Reassignment in Time,
//     NeurIPS 2018, arXiv 1810.08646: the neuron, the losses and the backward pass.
//   - The authors' code, github.com/bamsumit/slayerPytorch: what the paper leaves
//     open. Each place says which function it follows.
//   - F. Bauer, G. Lenz, S. Haghighatshoar, S. Sheik: EXODUS, Frontiers in
//     Neuroscience 2023, doi 10.3389/fnins.2023.1110444: the gradient through the
//     refractory response.
package slayerref
