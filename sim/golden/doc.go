// Package golden keeps runs of a network on disk, to hold later versions, other machines,
// targets and executors to them: the network, every input, every spike of every neuron
// and the state in which every neuron ended.
//
// # The folder
//
//	network.safetensors   the artifact that was run
//	000000.run …          a sample each
//	golden.json           what there is: written last, so a folder without it is not whole
//
// A .run file is a line "isospike run 1", then numbers as varints of encoding/binary: the
// input, then for each layer its spikes and final registers u and v. A raster is
//
//	neurons, 2·ticks + (1 if its spikes carry messages)
//	for each tick: number of spikes, the gaps between them, their messages
//
// where the first gap counts from −1 and the numbers with a sign (messages, registers) are
// zigzag. golden.json has the SHA-256 of every file, and every file is held to it. What is
// read may come from anywhere: no number in it allocates more than its file is long.
package golden
