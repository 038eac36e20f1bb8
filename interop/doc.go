// Package interop reads and writes networks of other programs: lava-dl's .net files, NIR graphs,
// and the text files in which slayerPytorch exports weights for Loihi (read only).
//
// Reading is strict. A key that is not known, a weight that is not an integer where integers
// belong, or a shape that does not fit is an error that names the layer or node, never a guess:
// what is left out in silence here would be a different network there. Writing is the same: what
// the other side would drop, ignore or compute otherwise is refused or, where it does not
// touch the spikes that the next layer gets, told in a note.
//
// # lava-dl
//
// [LavaNet.Fixed] gives what Lava's netx.hdf5.Network computes of a .net file, [ToLava] a file of
// which it computes the same. The file has a weight, a threshold and two decays for a
// neuron, biases in multiples of 64, and delays.
//
//	delays              netx puts a dense layer's on the synapses into the neuron, and drops a
//	                    convolution's. Read as axonal, as SLAYER trained them; written for dense
//	                    layers without bias or reset, where both give the next layer the same
//	weight exponents    wgtExp is not read by netx: written only where they go into the weights
//	other neurons       read (ALIF, SDNN, RF_PHASE, RF_IZHIKEVICH), and not written
//	refractory delay    not read by netx: written only where it is 1
//	pools               not in netx: written as convolutions of as many groups as channels; read with
//	                    the zeros that lava-dl appends where the kernel does not divide the input
//	dense weights       netx shifts and cuts them by a rule of its own, which ToLava follows to see
//	                    that they stay what they are; read, they stay, and a note tells which would not
//	reset               an argument of netx.hdf5.Network, not in the file: told in a note
//
// # NIR
//
// A NIR graph is in real numbers and in seconds; it does not say how long a tick is. A tick of
// dt seconds is a step of forward Euler, with the spikes of the tick as input x:
//
//	CubaLIF    u += dt/tau_syn·(w_in·x − u)     v += dt/tau_mem·(v_leak − v + r·u)
//	LIF        v += dt/tau·(v_leak − v + r·x)
//	IF         v += r·x
//	all        a spike, and v = 0, where v > v_threshold
//	Threshold  a spike where x > threshold
//	Delay      a spike delay/dt ticks later, rounded
//
// So do snnTorch (dt 1e-4), Norse (dt 1e-3 unless told otherwise) and the converters for Lava and
// lava-dl (decays dt/tau, weights scaled by w_in·dt/tau_syn); snnTorch and those ask for
// r = tau_mem/dt, which ours then is. Rockpool and sinabs decay by exp(−dt/tau) instead, which
// parts from this as dt/tau grows. IF takes its input without a dt, as in the converters for lava-dl.
// LI, CubaLI and I are the neurons above without spikes; they may only come last.
//
// In these terms a layer of ours with u and v divided by 64 is
//
//	tau_syn = dt·4096/IDecay   w_in = tau_syn/dt    weights = Weight·2^WeightExp
//	tau_mem = dt·4096/VDecay   r = tau_mem/dt       v_threshold = VTh, infinite where it never spikes
//	v_leak = Bias/64·4096/VDecay
//
// and a decay of 0 is a time constant of 2^40 ticks. IDecay 4096 gives LIF, with its biases in
// Affine or Conv2d where a channel has one; with VDecay 0 as well it gives IF. What NIR does not
// have is our rounding, wrapping and saturation; and there a spike passes all layers in its own tick,
// while here each layer takes one, which shifts spikes and does not change them, but for
// biases, that begin in tick 0 everywhere.
//
// [ToNIR] puts the artifact itself beside the graph, in a group that nir does not read, and
// [NIR.Fixed] gives it back bit for bit, or an error when the graph was changed since.
//
// [NIR.Source] reads the graph of another program, a chain of nodes, for package quantize to make
// integers of. Scale, SumPool2d, AvgPool2d and Flatten are folded into the weights beside them, gains and
// thresholds of single neurons or channels into their weights. A bias before CubaLIF charges its
// current in NIR, and acts on the voltage here, as much as that current does in the end; a note
// says so. Layers of which weights, threshold and biases are integers of the hardware, to the
// seven digits that float32 holds, are marked to stay so.
package interop
