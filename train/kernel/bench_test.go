package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/snn/fixed"
)

// benchLevels runs f as a sub-benchmark on every instruction set of this machine;
// work is what one call does, in units of the metric.
func benchLevels(b *testing.B, name string, work float64, metric string, f func()) {
	for l := pure; l <= best(); l++ {
		b.Run(fmt.Sprintf("%s/%s", name, l), func(b *testing.B) {
			defer force(l)()
			for b.Loop() {
				f()
			}
			b.ReportMetric(work*float64(b.N)/float64(b.Elapsed().Nanoseconds()), metric)
		})
	}
}

func someRows(r *rand.Rand, of, count int) []int32 {
	rows := make([]int32, 0, count)
	for i := range of { // ascending, as a tick's arrivals are
		if r.IntN(of-i) < count-len(rows) {
			rows = append(rows, int32(i))
		}
	}
	return rows
}

func BenchmarkAddRowsI8(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, s := range []struct{ in, out, active int }{{512, 512, 25}, {2312, 512, 115}, {16384, 512, 800}, {512, 10, 25}} {
		w := make([]int8, s.in*s.out)
		for i := range w {
			w[i] = int8(r.Uint32())
		}
		acc := make([]int32, s.out)
		var sets [][]int32
		for range 64 {
			sets = append(sets, someRows(r, s.in, s.active))
		}
		i := 0
		benchLevels(b, fmt.Sprintf("%dx%d", s.in, s.out), float64(s.out*s.active), "Gadd/s", func() {
			AddRowsI8(acc, w, sets[i&63])
			i++
		})
	}
}

func BenchmarkAddRowsF32(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, s := range []struct{ in, out, active int }{{100, 512, 10}, {300, 512, 15}, {9600, 512, 15}, {9600, 512, 480}, {300, 10, 15}} {
		w := make([]float32, s.in*s.out)
		acc := make([]float32, s.out)
		var sets [][]int32
		for range 1024 {
			sets = append(sets, someRows(r, s.in, s.active))
		}
		i := 0
		benchLevels(b, fmt.Sprintf("%dof%dx%d", s.active, s.in, s.out), float64(s.out*s.active), "Gadd/s", func() {
			AddRowsF32(acc, w, sets[i&1023])
			i++
		})
	}
}

func BenchmarkMulAdd(b *testing.B) {
	for _, s := range []struct{ m, k, n int }{{300, 512, 512}, {300, 10, 512}, {300, 512, 2048}, {299, 201, 203}} {
		c, x, y := make([]float32, s.m*s.n), make([]float32, s.m*s.k), make([]float32, s.k*s.n)
		for i := range x {
			x[i] = float32(i%7) + 1
		}
		benchLevels(b, fmt.Sprintf("%dx%dx%d", s.m, s.k, s.n), 2*float64(s.m*s.k*s.n), "GFLOP/s", func() {
			MulAdd(c, x, y, s.m, s.k, s.n)
		})
	}
}

func BenchmarkStep(b *testing.B) {
	for _, ref := range []int32{1, 3} {
		p, acc, rho := randomCUBA(rand.New(rand.NewPCG(1, 1)), 512)
		p.Par = fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: 80, RefDelay: ref}
		p.Rho, p.RhoShift = make([]float32, 2048), 4
		p.Ref = nil
		if ref > 1 {
			p.Ref = make([]int32, 512)
		}
		input := make([]int32, 512)
		for i := range input {
			input[i] = int32(i%64) - 28
		}
		fired := make([]int32, 0, 512)
		benchLevels(b, fmt.Sprintf("ref%d", ref), 512, "Gneuron/s", func() {
			copy(acc, input)
			fired = p.Step(acc, rho, fired[:0])
		})
	}
}

func BenchmarkAdjoint(b *testing.B) {
	const ticks = 300
	for _, n := range []int{512, 10} {
		e, rho, gv := make([]float32, ticks*n), make([]float32, ticks*n), make([]float32, n)
		for i := range e {
			rho[i] = 0.25 // with the decays of a half: e neither grows nor dies
			e[i] = float32(i%7) + 1
		}
		benchLevels(b, fmt.Sprint(n), float64(12*len(e)), "GB/s", func() {
			Adjoint(e, rho, gv, 0.5, 0.5, nil)
		})
	}
}

func BenchmarkAdam(b *testing.B) {
	p := Adam{Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, FromM: 1.1, FromV: 1.2, Rate: 1e-3}
	for _, n := range []int{512, 2312 * 512} {
		g := make([]float32, n)
		for i := range g {
			g[i] = float32(i%7) + 1
		}
		value, m, v := make([]float32, n), make([]float32, n), make([]float32, n)
		benchLevels(b, fmt.Sprint(n), float64(n), "Gparam/s", func() { p.Apply(value, m, v, g) })
	}
}
