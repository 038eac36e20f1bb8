package snn

// Sizes, and products of two of them, are ints and are checked against bounds beyond
// 2^32. Where an int has 32 bits they would wrap, so isospike does not build there.
const _ int = 1 << 62
