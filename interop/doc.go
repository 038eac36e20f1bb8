// Package interop reads networks of other programs as they are, without making
// isospike's own network of them: lava-dl's .net files and the text files in
// which slayerPytorch exports weights for Loihi.
//
// Reading is strict. A key that is not known, a weight that is not an integer or
// a shape that does not fit is an error that names the layer, never a guess:
// what is left out in silence here would be a different network there.
package interop
