// Package snn is the vocabulary that every stage shares: shapes, layers,
// neuron parameters and the experiment they form.
//
// # Notation
//
// A network is written as in the SLAYER paper (Shrestha and Orchard, NeurIPS
// 2018): fields joined by '-', the first one the input shape.
//
//	34x34x2-512d-512d-10
//
//	WxH, WxHxC   input: W columns, H rows, C channels (polarities); WxH is one channel
//	N, No        dense layer of N neurons ("o" marks the output, and is optional)
//	NcK          convolution, N kernels of K×K; after K, in this order, "s2" sets the stride,
//	             "p1" the padding, "e2" the dilation (expansion) and "g4" the groups
//	Ka           sum-pool ("aggregation") over K×K
//	d            after any layer: axonal delays, learned
//	flat         flattens what comes before; a dense layer does so anyway
//	dropN        dropout: training silences N % of the neurons before, each for a whole sample
//
// # Order of neurons
//
// Neuron (x, y, c) of a W×H×C population has number c·W·H + y·W + x: channel
// slowest, column fastest. A dense layer of N neurons has shape 1×1×N.
//
// # Units
//
// Integer weights count in 1/64 of the training unit: a weight of 1.0 is 64. A
// threshold of VThMant is compared as VThMant·64 against v. Decays are in
// 1/4096 per tick. Delays are in ticks.
package snn
