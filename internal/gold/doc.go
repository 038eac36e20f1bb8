// Package gold holds isospike to vectors that nobody of isospike made: recorded
// from Intel's Lava and lava-dl, from slayerPytorch, and from a Loihi chip. It
// has tests alone, named by set. The vectors are not part of the repository; see
// internal/shared for where the tests look for them.
package gold
