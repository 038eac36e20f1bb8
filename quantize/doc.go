// Package quantize turns a trained model into a fixed network and proves what
// can be proved about its integers.
//
// A model trained in integer arithmetic was already trained on the quantized
// values, so the conversion is lossless: the fixed network computes, to the last
// spike, what training's forward pass computed. Of any other network of float
// weights, a Source, the weights get a scale that is searched for, and the report says
// what rounding and clipping cost, layer by layer, in weights and in spikes.
package quantize
