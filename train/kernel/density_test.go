package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// BenchmarkDensity compares the two ways to add up the errors at the arrivals of a
// block of inputs: row by row for each spike, and as a product with a matrix of 0 and 1.
func BenchmarkDensity(b *testing.B) {
	const inputs, ticks, cols = 64, 300, 512
	r := rand.New(rand.NewPCG(1, 2))
	e, g := make([]float32, ticks*cols), make([]float32, inputs*cols)
	for i := range e {
		e[i] = r.Float32() - 0.5
	}
	for _, density := range []float64{0.1, 0.3, 0.4, 0.5, 0.6, 0.8} {
		at := make([][]int32, inputs)
		a := make([]float32, inputs*ticks)
		for i := range at {
			for t := range int32(ticks) {
				if r.Float64() < density {
					at[i], a[i*ticks+int(t)] = append(at[i], t), 1
				}
			}
		}
		b.Run(fmt.Sprintf("sparse/%g", density), func(b *testing.B) {
			for range b.N {
				for i := range at {
					AddRowsF32(g[i*cols:][:cols], e, at[i])
				}
			}
		})
		b.Run(fmt.Sprintf("dense/%g", density), func(b *testing.B) {
			for range b.N {
				clear(a)
				for i := range at {
					for _, t := range at[i] {
						a[i*ticks+int(t)] = 1
					}
				}
				MulAdd(g, a, e, inputs, ticks, cols)
			}
		})
	}
}
