package dataset

import (
	"math/bits"
	"math/rand/v2"
)

// random draws integers in a way that is written down here, because only the
// generator of math/rand/v2 is specified, not what its other methods make of it.
type random struct{ pcg *rand.PCG }

// newRandom returns the given stream of a seed. Streams are often numbered 0,
// 1, 2…, which the odd factor sets far apart.
func newRandom(seed, stream uint64) random {
	return random{rand.NewPCG(seed, stream*0x9e3779b97f4a7c15)}
}

// below returns one of 0 … n-1.
func (r random) below(n int) int {
	hi, _ := bits.Mul64(r.pcg.Uint64(), uint64(n))
	return int(hi)
}

// about returns mid-spread … mid+spread, the middle more often than the ends.
func (r random) about(mid, spread int) int {
	return mid - spread + r.below(spread+1) + r.below(spread+1)
}
