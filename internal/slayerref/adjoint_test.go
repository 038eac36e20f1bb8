package slayerref

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/snn"
	"pgregory.net/rapid"
)

func source(t *rapid.T) *rand.Rand { return rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)) }

func normal(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}

func normals(r *rand.Rand, neurons, ticks int) Signal {
	x := NewSignal(neurons, ticks)
	for n := range x {
		x[n] = normal(r, ticks)
	}
	return x
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-10*(1+math.Abs(a)+math.Abs(b)) }

// adjoint checks <Ax, y> = <x, A'y>.
func adjoint(t *rapid.T, x, y, ax, aty Signal) {
	t.Helper()
	if a, b := Dot(ax, y), Dot(x, aty); !near(a, b) {
		t.Fatalf("<Ax,y> = %v, <x,A'y> = %v", a, b)
	}
}

func drawShape(t *rapid.T, label string, channels int) snn.Shape {
	side := rapid.IntRange(1, 7)
	return snn.Shape{W: side.Draw(t, label+".W"), H: side.Draw(t, label+".H"), C: channels}
}

// drawSynapses draws a dense, conv or pool layer with random weights.
func drawSynapses(t *rapid.T, r *rand.Rand) *Synapses {
	switch rapid.SampledFrom([]string{"dense", "conv", "pool"}).Draw(t, "kind") {
	case "dense":
		in, out := drawShape(t, "in", rapid.IntRange(1, 3).Draw(t, "C")), rapid.IntRange(1, 5).Draw(t, "out")
		return Dense(in, out, normal(r, in.Size()*out))
	case "pool":
		return Pool(drawShape(t, "in", rapid.IntRange(1, 3).Draw(t, "C")), rapid.IntRange(1, 4).Draw(t, "kernel"), r.NormFloat64())
	}
	in, g := drawConv(t)
	return Conv(in, g, normal(r, g.Channels*in.C/g.Groups*g.Kernel*g.Kernel))
}

func drawConv(t *rapid.T) (snn.Shape, Geometry) {
	small := rapid.IntRange(1, 3)
	g := Geometry{Kernel: small.Draw(t, "kernel"), Stride: small.Draw(t, "stride"), Dilation: small.Draw(t, "dilation"), Groups: small.Draw(t, "groups")}
	g.Channels = g.Groups * rapid.IntRange(1, 2).Draw(t, "channels per group")
	extent := g.Dilation*(g.Kernel-1) + 1
	g.Padding = rapid.IntRange(0, extent-1).Draw(t, "padding")
	in := drawShape(t, "in", g.Groups*rapid.IntRange(1, 2).Draw(t, "inputs per group"))
	in.W, in.H = max(in.W, extent-2*g.Padding), max(in.H, extent-2*g.Padding)
	return in, g
}

func TestSynapsesAdjoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := source(t)
		s := drawSynapses(t, r)
		const ticks = 3
		x, y := normals(r, s.In.Size(), ticks), normals(r, s.Out.Size(), ticks)
		adjoint(t, x, y, s.Sum(x), s.Back(y))

		// As a function of the weights the sum is linear too; Gradient is its adjoint.
		dot := 0.0
		for k, g := range s.Gradient(y, x) {
			dot += g * s.W[k]
		}
		if want := Dot(s.Sum(x), y); !near(dot, want) {
			t.Fatalf("<w,G> = %v, <Wx,y> = %v", dot, want)
		}
	})
}

func TestDropoutAdjoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := source(t)
		s := drawSynapses(t, r)
		l := Layer{Synapses: s, Drop: &Dropout{Scale: r.Float64() * 2}}
		for range s.In.Size() {
			l.Drop.Mask = append(l.Drop.Mask, float64(r.IntN(2)))
		}
		x, y := normals(r, s.In.Size(), 3), normals(r, s.Out.Size(), 3)
		adjoint(t, x, y, l.Summed(l.masked(x)), l.masked(s.Back(l.scaled(y))))
	})
}

func TestDelayAdjoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := source(t)
		neurons, ticks := rapid.IntRange(1, 4).Draw(t, "neurons"), rapid.IntRange(1, 12).Draw(t, "ticks")
		var delay []int
		if rapid.Bool().Draw(t, "delays") {
			delay = rapid.SliceOfN(rapid.IntRange(0, 14), neurons, neurons).Draw(t, "delay")
		}
		x, y := normals(r, neurons, ticks), normals(r, neurons, ticks)
		adjoint(t, x, y, Arrive(x, delay), Depart(y, delay))
	})
}

func drawSRM(t *rapid.T) SRM {
	tau := rapid.Float64Range(0.1, 12)
	return SRM{TauS: tau.Draw(t, "tau_s"), TauR: tau.Draw(t, "tau_r"), ScaleRef: rapid.Float64Range(0, 3).Draw(t, "scale_ref"),
		Theta: rapid.Float64Range(0.5, 12).Draw(t, "theta"), Refractory: rapid.SampledFrom([]string{Slayer, Paper}).Draw(t, "refractory")}
}

func TestResponsesAdjoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := source(t)
		ticks := rapid.IntRange(1, 30).Draw(t, "ticks")
		srm := drawSRM(t)
		x, y := normal(r, ticks), normal(r, ticks)
		for _, m := range []Matrix{srm.Psp(ticks), srm.Nu(ticks), Toeplitz(Alpha(srm.TauS, 1, ticks), ticks)} {
			adjoint(t, Signal{x}, Signal{y}, Signal{m.Times(x)}, Signal{m.Transposed(y)})
		}
		decay := rapid.Float64Range(0, 1)
		n := Cuba{Ku: decay.Draw(t, "ku"), Kv: decay.Draw(t, "kv")}
		keep := make([]float64, ticks)
		for i := range keep {
			keep[i] = float64(r.IntN(2))
		}
		for _, k := range [][]float64{nil, keep} {
			gu, _ := n.VoltageBack(y, k)
			adjoint(t, Signal{x}, Signal{y}, Signal{n.Voltage(x, k)}, Signal{gu})
		}
	})
}

// TestBackwardIsCorrelation compares the matrices with the sums of the paper:
// Psp and ν as convolutions, δ of SRM and of CUBA as correlations with their
// impulse response, ε(k+1) and Σ_{i+j=k} kv^i·ku^j.
func TestBackwardIsCorrelation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := source(t)
		ticks := rapid.IntRange(1, 25).Draw(t, "ticks")
		srm := drawSRM(t)
		decay := rapid.Float64Range(0, 1)
		cuba := Cuba{Ku: decay.Draw(t, "ku"), Kv: decay.Draw(t, "kv"), Refractory: 1}
		e, rho := normal(r, ticks), normal(r, ticks)
		eps, h := make([]float64, ticks), make([]float64, ticks)
		copy(eps, Alpha(srm.TauS, 1, ticks+1)[1:])
		for k := range h {
			for i := range k + 1 {
				h[k] += math.Pow(cuba.Kv, float64(i)) * math.Pow(cuba.Ku, float64(k-i))
			}
		}
		c := Course{Rho: rho, U: make([]float64, ticks), After: make([]float64, ticks)}
		gotSRM, gotCuba := srm.Backward(c, e).Delta, cuba.Backward(c, e).Delta
		for at := range ticks {
			wantSRM, wantCuba := 0.0, 0.0
			for k := 0; at+k < ticks; k++ {
				wantSRM += eps[k] * rho[at+k] * e[at+k]
				wantCuba += h[k] * rho[at+k] * e[at+k]
			}
			if !near(gotSRM[at], wantSRM) || !near(gotCuba[at], wantCuba) {
				t.Fatalf("tick %d: SRM %v, want %v; CUBA %v, want %v", at, gotSRM[at], wantSRM, gotCuba[at], wantCuba)
			}
		}
	})
}
