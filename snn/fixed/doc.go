// Package fixed is the definition of the integer dynamics. Every executor
// (training's forward pass, the simulator, the RTL, a board) is held to it.
//
// It is written to be read, scalar and slow; docs/numerics.md says the same in
// prose. One tick of a CUBA leaky integrate-and-fire neuron:
//
//	u = wrap(tz(u·(4096 − IDecay)) + (a << 6))
//	v = sat(tz(v·(4096 − VDecay)) + u + bias)
//	s = v > VTh << 6;  on a spike v = 0 and v rests for RefDelay − 1 ticks
//
// tz(x) = sign(x)·(|x| >> 12), shift toward zero. wrap takes its argument modulo
// 2^24 into (−2^23, 2^23]. sat clips to ±(2^23 − 1). a is the sum of the weights
// of the spikes that arrive at this tick, shifted by the layer's weight exponent
// after the summation (a negative exponent floors).
//
// # Time
//
// Ticks count from 0. A spike of neuron i at tick t with axonal delay d and
// synaptic delay e reaches its target at t + 1 + d + e. An input spike in column
// t of the input raster reaches the first layer at t + InputLatency. See
// Convention for the three readings in use.
package fixed
