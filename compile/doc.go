// Package compile lays a fixed network out on the cores of a target. What it
// makes is a Program: tables that the simulator, the RTL and a board execute
// without knowing of layers.
//
//	target, err := targets.Lookup("loihi1")
//	program, err := compile.Compile(net, target)
//	err = compile.Verify(program, target)
//	err = safetensors.WriteFile("program.safetensors", compile.Encode(program))
//	err = compile.Text(os.Stdout, program, false)
//
// # Tables
//
//	InputRoute  where the spikes of each input neuron go          Route: core, axon, delay
//	LayerMap    which compartment is which neuron of which layer  Place: core, neuron
//	Core        tables of one core:
//	  Profile(s), Bias               neuron table; parameters are shared
//	  RowStart, Mode, WeightBits     axons in: the row of synapses of each
//	  Target, Code, Delay            synapses
//	  OutStart, Route                axons out
//	Manifest    what is used of every resource
//
// # Delays
//
// A spike has an axonal delay d (of its source) and a synaptic delay e (of the
// connection); it arrives at t + 1 + d + e. A target that stores delays with the
// synapses gets d + e there and routes without delay: one axon for a source and
// core. Any other target gets d + e in the route, and as many axons for a source
// as its connections have different delays. A core with synaptic delays has
// 2^bits accumulators for each neuron, where 2^bits is at least the longest delay
// + 2 (one for now, one being cleared): so long delays leave fewer neurons a
// core, and each core pays for its own longest delay only.
//
// # Partition
//
// Cores are filled neuron by neuron in the order of the layers, which may share a
// core. Every resource is tracked as it fills; a neuron that would exceed one
// opens the next core, and one that does not fit on an empty core is an error
// naming it. How many axons out a core needs shows only once all neurons have
// their place. Where a core has too few, the layers on it are given fewer neurons
// a core, in proportion, and the layout begins again.
//
// # What is proved
//
// For every neuron Σ|w|·2^max(exp, 0) is below 2^23, so that no order of
// arrivals can wrap a 24-bit accumulator. Check holds a program of any origin to
// this and to the structure of the tables, Verify also to a target's limits.
package compile
