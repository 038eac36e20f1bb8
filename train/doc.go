// Package train is SLAYER: it trains a spiking network by gradient descent,
// reassigning the output's error back over layers and over time.
//
// # Forward
//
// The forward pass runs the integers of the hardware: shadow weights and delays
// are kept in float, and every step quantizes them as the chip stores them, then
// computes exactly what snn/fixed defines. What training saw is therefore what
// a deployed network does. How many bits and which exponents the chip has for the
// weights are settings of the experiment; FromFixed takes them from a network that
// is quantized already, to fine-tune it. (Arithmetic "float" trains without rounding instead;
// quantize then reports what the rounding costs.)
//
// # Backward
//
// With e(t) = ∂L/∂s(t) the error at a layer's spikes, ρ(t) the surrogate
// derivative at its voltage, and the neuron's two decays as filter ε:
//
//	δ(t) = Σ_k ε(k)·ρ(t+k)·e(t+k)                      error at the summed input a(t)
//	∂L/∂W[i,o] = Σ over arrivals τ of spikes of i: δ_o(τ)
//	e_i(t) = Σ_o W[i,o]·δ_o(t + 1 + d_i)               error at the layer below
//	∂L/∂d_i = Σ over arrivals τ of spikes of i: E_i(τ+1) − E_i(τ),  E_i(τ) = Σ_o W[i,o]·δ_o(τ)
//
// which are equations 16 to 19 of the paper with the response kernel's filtering
// moved from the spikes to the error: the products are the same, but their cost
// follows the number of spikes. The gradient passes the quantization of weights
// and delays straight through.
//
// # Determinism
//
// Random numbers are drawn from (seed, epoch, sample) and never from a shared
// stream; samples of a batch run in parallel, but every sum over samples, spikes
// and ticks has a fixed order. The bits of a model do not depend on the number
// of threads, on a stop and resume, nor on the machine.
package train
