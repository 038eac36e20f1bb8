// Package compile lays a fixed network out on the cores of a target. What it
// makes is a Program: tables that the simulator, the RTL and a board execute
// without knowing of layers.
//
//	target, err := targets.Lookup("loihi1")
//	program, err := compile.Compile(net, target)
//	err = compile.Verify(program, target)
//	err = program.Write("program.safetensors")
//	err = compile.Text(os.Stdout, program, false)
//
// # Tables
//
//	InputRoute  where the spikes of each input neuron go          Route: core, axon, delay
//	LayerMap    which compartment is which neuron of which layer  Place: core, neuron
//	Core        tables of one core:
//	  Profile(s), Bias               neuron table; parameters are shared
//	  Row, Base                      axons in: the row of each, and how far it is moved
//	  RowStart, Mode, WeightBits, Format, Target, Code, Delay   rows of synapses
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
// The layers are put on cores in their order, and may share a core. A dense layer goes
// neuron by neuron: every resource is tracked as a core fills, and a neuron that would
// exceed one opens the next. A convolution is cut into patches, boxes of pixels and
// channels, as few as fit a core each: the plane is halved again and again, its channels
// in one piece or, where that gives fewer patches, in several. A neuron that does not
// fit on an empty core is an error naming it. How many axons out a core needs shows only once all neurons have
// their place. Where a core has too few, the layers on it are given fewer neurons
// a core, in proportion, and the layout begins again.
//
// # Rows that axons share
//
// Within a patch, sources that see the same part of a kernel reach the same pattern of
// neurons, each moved to where the source is. Their axons share one row: an axon has a base
// that is added to the row's targets. Bases are not negative and end at a limit of the target, so a
// pattern is stored once for every stretch of compartments that a base spans. What is
// equal is found by comparing the rows themselves, so equal rows of any origin are stored once.
//
// # What is proved
//
// For every neuron Σ|w|·2^max(exp, 0) is below 2^23, so that no order of
// arrivals can wrap a 24-bit accumulator. Check holds a program of any origin to
// this and to the structure of the tables, Verify also to a target's limits.
package compile
