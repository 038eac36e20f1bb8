package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/spike"
	"pgregory.net/rapid"
)

// kernelOf lists a kernel as slayerPytorch makes it (_calculateAlphaKernel): in
// float64, up to the first value beyond τ that is below 0.01.
func kernelOf(alpha bool, tau, gain float64) (k []float64) {
	for t := 0.0; ; t++ {
		v := gain * math.Exp(1-t/tau)
		if alpha {
			v *= t / tau
		}
		if math.Abs(v) < 0.01 && t > tau {
			return k
		}
		k = append(k, v)
	}
}

// nuOf is the refractory kernel from ν(0) on.
func nuOf(r snn.Response) []float64 {
	return kernelOf(r.Refractory == "slayer", r.TauR, -r.ScaleRef*r.Theta)
}

func TestResponseIsCutAsSLAYERCutsIt(t *testing.T) {
	// By hand: t/10·exp(1 − t/10) is 0.0101 at 76 and 0.0093 at 77; 20·t·exp(1 − t) is
	// 0.0227 at 10+2 and so on: ν's cut counts its factor.
	if r := newResponse(true, 10, 1, 0); r.length != len(kernelOf(true, 10, 1)) || r.length != 77 {
		t.Errorf("ε of τ 10 has %d values, want 77", r.length)
	}
	rapid.Check(t, func(rt *rapid.T) {
		alpha := rapid.Bool().Draw(rt, "alpha")
		tau := rapid.Float64Range(0.3, 300).Draw(rt, "tau")
		gain := rapid.SampledFrom([]float64{1, -20, 0.5, -2000, 0}).Draw(rt, "gain")
		skip := rapid.IntRange(0, 1).Draw(rt, "skip")
		want := kernelOf(alpha, tau, gain)
		r := newResponse(alpha, tau, gain, skip)
		if r.length != max(0, len(want)-skip) {
			rt.Fatalf("%d values, want %d", r.length, len(want)-skip)
		}
		sum := 0.0
		for n := range r.length {
			got := (r.a + r.b*float64(n)) * math.Pow(r.q, float64(n))
			if math.Abs(got-want[n+skip]) > 1e-11*(1+math.Abs(gain)) {
				rt.Fatalf("value %d is %v, want %v", n, got, want[n+skip])
			}
			sum += want[n+skip]
		}
		if got := r.area(); math.Abs(got-sum) > 1e-9*(1+math.Abs(sum)) {
			rt.Fatalf("area %v, want %v", got, sum)
		}
	})
}

func randomRows(r *rand.Rand, ticks, n int, p float64) []float32 {
	x := make([]float32, ticks*n)
	for i := range x {
		if r.Float64() < p {
			x[i] = float32(r.NormFloat64())
		}
	}
	return x
}

// TestStreamIsTheConvolution compares the recursion with the sum over the kernel in
// float64, and checks that backwards in time it is the adjoint.
func TestStreamIsTheConvolution(t *testing.T) {
	worst, compared := 0.0, 0
	var s stream // its memory is used again by all
	rapid.Check(t, func(rt *rapid.T) {
		alpha := rapid.Bool().Draw(rt, "alpha")
		tau := rapid.SampledFrom([]float64{0.2, 0.5, 1, 3, 10, 40, 200, 1000}).Draw(rt, "tau")
		skip := rapid.IntRange(0, 1).Draw(rt, "skip")
		ticks, n := rapid.IntRange(1, 900).Draw(rt, "ticks"), rapid.IntRange(1, 3).Draw(rt, "n")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		x, z := randomRows(r, ticks, n, 0.3), randomRows(r, ticks, n, 1)
		k := kernelOf(alpha, tau, 1)
		k = k[min(skip, len(k)):]
		y := append([]float32(nil), x...)
		s.reset(newResponse(alpha, tau, 1, skip), n)
		for i := range ticks {
			s.push(y[i*n:][:n], y[i*n:][:n])
		}
		if rows := len(s.past) / n; rows > min(len(k), ticks) {
			rt.Fatalf("keeps %d rows for %d ticks and %d values", rows, ticks, len(k))
		}
		most := 0.0
		want := make([]float64, len(x))
		for i := range want {
			for j := 0; j < len(k) && i-j*n >= 0; j++ {
				want[i] += k[j] * float64(x[i-j*n])
			}
			most = max(most, math.Abs(want[i]))
		}
		for i := range want {
			d := math.Abs(float64(y[i]) - want[i])
			if d > 1e-6*most {
				rt.Fatalf("alpha %v, τ %v: tick %d is %v, want %v (largest %v)", alpha, tau, i/n, y[i], want[i], most)
			}
			if most > 0 {
				worst = max(worst, d/most)
			}
			compared++
		}
		// ⟨K·x, z⟩ = ⟨x, Kᵀ·z⟩.
		left, right, size := 0.0, 0.0, 0.0
		for i := range z {
			left += want[i] * float64(z[i])
			size += math.Abs(want[i] * float64(z[i]))
		}
		s.reset(newResponse(alpha, tau, 1, skip), n)
		for i := ticks - 1; i >= 0; i-- {
			s.push(z[i*n:][:n], z[i*n:][:n])
		}
		for i := range z {
			right += float64(x[i]) * float64(z[i])
		}
		if math.Abs(left-right) > 1e-5*(size+1e-3) {
			rt.Fatalf("⟨Kx, z⟩ = %v, ⟨x, Kᵀz⟩ = %v", left, right)
		}
	})
	t.Logf("compared %d values, worst relative error %.1e", compared, worst)
}

// TestStreamForgets runs one pulse far beyond the kernel: what is left is nothing.
func TestStreamForgets(t *testing.T) {
	for _, tau := range []float64{1, 10, 1000} {
		var s stream
		r := newResponse(true, tau, 1, 1)
		s.reset(r, 1)
		x := []float32{1}
		for i := range 3 * r.length {
			s.push(x, x)
			if i >= r.length && (x[0] > 1e-9 || x[0] < -1e-9) {
				t.Fatalf("τ %v: %v at tick %d, %d after the end", tau, x[0], i, i-r.length)
			}
			x[0] = 0
		}
	}
}

// srmCourse is the model by its definition in float64, on the input sums a of one
// neuron: spikes and the potential at which ρ is taken. least is how near the
// potential came to the threshold.
func srmCourse(n snn.Response, a []float64) (spikes []bool, potential []float64, least float64) {
	eps, nu := kernelOf(true, n.TauS, 1), nuOf(n)
	spikes, potential, least = make([]bool, len(a)), make([]float64, len(a)), math.Inf(1)
	for t := range a {
		u := 0.0
		for k := 1; k < len(eps) && t-k+1 >= 0; k++ {
			u += eps[k] * a[t-k+1]
		}
		for k := 1; k < len(nu) && t-k >= 0; k++ {
			if spikes[t-k] {
				u += nu[k]
			}
		}
		least = min(least, math.Abs(u-n.Theta)/n.Theta)
		if spikes[t] = u >= n.Theta; spikes[t] {
			u += nu[0]
		}
		potential[t] = u
	}
	return spikes, potential, least
}

func drawResponse(rt *rapid.T) snn.Response {
	return snn.Response{
		TauS:       rapid.SampledFrom([]float64{0.7, 1, 3, 10, 25}).Draw(rt, "tau_s"),
		TauR:       rapid.SampledFrom([]float64{0.5, 1, 4, 20}).Draw(rt, "tau_r"),
		ScaleRef:   rapid.SampledFrom([]float64{0, 0.3, 1, 2, 5}).Draw(rt, "scale_ref"),
		Theta:      rapid.SampledFrom([]float64{0.2, 1, 10, 100}).Draw(rt, "theta"),
		Refractory: rapid.SampledFrom([]string{"slayer", "paper"}).Draw(rt, "form"),
	}
}

func srmView(n snn.Response, in, out int) *view {
	l := snn.Layer{Kind: snn.Dense, In: snn.Shape{W: in, H: 1, C: 1}, Out: snn.Shape{W: out, H: 1, C: 1}}
	neuron := snn.Neuron{Kind: snn.SRM, SRM: n}
	return &view{layer: l, neuron: neuron, in: in, out: out, rows: in, cols: out, weight: make([]float32, in*out)}
}

var testSurrogate = snn.Surrogate{Kind: "exponential", Tau: 1, Scale: 1}

func TestSRMForward(t *testing.T) {
	spikes, runs, rhos := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		const in, out = 6, 4
		n := drawResponse(rt)
		v := srmView(n, in, out)
		ticks := rapid.IntRange(1, 250).Draw(rt, "ticks")
		scale := rapid.SampledFrom([]int32{0, 256, 320, 512}).Draw(rt, "scale")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		size := n.Theta / srmArea(n) * 4
		for i := range v.weight {
			v.weight[i] = float32(size * (r.NormFloat64() + 0.5))
		}
		raster := randomRaster(r, in, ticks, 0.3)
		p := newPopulation(v, v.neuron, testSurrogate)
		for range 2 { // the second run starts at rest too
			rho := make([]float32, ticks*out)
			evaluated, learned := trace{}, trace{rho: rho}
			forward(p, v, raster, nil, ticks, &evaluated)
			p.scaleInput(scale)
			p.reset()
			learned.spikes = spike.NewRaster(out)
			var fired []int32
			for i := range ticks {
				fired = p.step(evaluated.arr.at(i), rho[i*out:][:out], fired[:0])
				learned.spikes.Append(fired...)
			}
			if scale == 0 && !learned.spikes.Equal(evaluated.spikes) {
				rt.Fatal("with and without ρ, other spikes")
			}
			for o := range out {
				a := make([]float64, ticks)
				for i := range ticks {
					for _, j := range evaluated.arr.at(i) {
						a[i] += float64(v.weight[int(j)*out+o])
					}
					if scale != 0 {
						a[i] *= float64(scale) / 256
					}
				}
				want, potential, least := srmCourse(n, a)
				if least < 1e-5 {
					continue // rounding may decide
				}
				got := dense(learned.spikes)[o]
				for i := range ticks {
					if (got[i] == 1) != want[i] {
						rt.Fatalf("%+v: neuron %d, tick %d: spike %v, want %v", n, o, i, got[i], want[i])
					}
					if want[i] {
						spikes++
					}
					x := math.Abs(potential[i]-n.Theta) / n.Theta
					if d := math.Abs(float64(rho[i*out+o]) - math.Exp(-x)/n.Theta); d > 0.017/n.Theta {
						rt.Fatalf("%+v: neuron %d, tick %d: ρ %v, want %v", n, o, i, rho[i*out+o], math.Exp(-x)/n.Theta)
					}
					rhos++
				}
				runs++
			}
		}
	})
	if spikes == 0 {
		t.Fatal("no spikes were compared")
	}
	t.Logf("compared %d neurons, %d spikes, %d values of ρ", runs, spikes, rhos)
}

// TestSRMByHand: an input at tick 0 arrives at 1 and gives 12·t/4·exp(1 − t/4) at tick
// t: 6.35 at 1, 9.89 at 2, 11.56 at 3. At threshold 9 the neuron spikes at 2, and
// −2·9·t/1·exp(1−t) = −18 at 3 leaves −6.44; without the refractory response it goes on.
func TestSRMByHand(t *testing.T) {
	for _, c := range []struct {
		scaleRef float64
		theta    float64
		want     string
	}{{2, 9, "[2]"}, {0, 9, "[2 3 4 5 6 7]"}, {0, 12, "[4]"}, {0, 12.001, "[]"}} {
		n := snn.Response{TauS: 4, TauR: 1, ScaleRef: c.scaleRef, Theta: c.theta, Refractory: "slayer"}
		v := srmView(n, 1, 1)
		v.weight[0] = 12
		in := spike.NewRaster(1)
		in.Append(0)
		for range 29 {
			in.Append()
		}
		if c.theta == 12 {
			v.weight[0] = 12.0001
		}
		var tr trace
		forward(newPopulation(v, v.neuron, testSurrogate), v, in, nil, 30, &tr)
		var at []int
		for i := range 30 {
			if len(tr.spikes.At(i)) > 0 {
				at = append(at, i)
			}
		}
		if got := fmt.Sprint(at); got != c.want {
			t.Errorf("%+v: spikes at %v, want %v", c, got, c.want)
		}
	}
}

// TestSRMAdjoint holds the backward pass to its tangent, written as plain sums: for
// small changes da of the summed input, with ds = ρ·du,
//
//	du(t) = Σ_{k≥1} ε(k)·da(t−k+1) + [through ν] Σ_{k≥1} ν(k)·ds(t−k)
//
// ⟨e, ds⟩ = ⟨δ, da⟩ for all da.
func TestSRMAdjoint(t *testing.T) {
	compared := 0
	var s adjointScratch
	rapid.Check(t, func(rt *rapid.T) {
		n := drawResponse(rt)
		through := rapid.Bool().Draw(rt, "through")
		ticks, out := rapid.IntRange(1, 120).Draw(rt, "ticks"), rapid.IntRange(1, 3).Draw(rt, "n")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		v := srmView(n, 1, out)
		tr := trace{rho: randomRows(r, ticks, out, 0.7), err: randomRows(r, ticks, out, 0.8), spikes: spike.NewRaster(out)}
		da := randomRows(r, ticks, out, 1)
		largest := 0.0
		nu := nuOf(n)
		for _, x := range nu[1:] {
			largest += math.Abs(x)
		}
		for i := range tr.rho { // so small that the loop through ν does not blow up
			tr.rho[i] *= float32(0.3 / (1 + largest))
			if tr.rho[i] < 0 {
				tr.rho[i] = -tr.rho[i]
			}
		}
		e := append([]float32(nil), tr.err...)
		eps := kernelOf(true, n.TauS, 1)
		left, size := 0.0, 0.0
		for o := range out {
			ds := make([]float64, ticks)
			for i := range ticks {
				du := 0.0
				for k := 1; k < len(eps) && i-k+1 >= 0; k++ {
					du += eps[k] * float64(da[(i-k+1)*out+o])
				}
				for k := 1; through && k < len(nu) && i-k >= 0; k++ {
					du += nu[k] * ds[i-k]
				}
				ds[i] = float64(tr.rho[i*out+o]) * du
				left += float64(e[i*out+o]) * ds[i]
				size += math.Abs(float64(e[i*out+o]) * ds[i])
			}
		}
		v.adjoint(&tr, ticks, snn.Training{GradReset: through}, &s)
		right := 0.0
		for i := range da {
			right += float64(da[i]) * float64(tr.err[i])
		}
		if math.Abs(left-right) > 1e-5*(size+1e-6) {
			rt.Fatalf("%+v, through ν %v: ⟨e, ds⟩ = %v, ⟨δ, da⟩ = %v", n, through, left, right)
		}
		compared++
	})
	t.Logf("compared %d products", compared)
}

func BenchmarkStream(b *testing.B) {
	const n, ticks = 512, 300
	x := randomRows(rand.New(rand.NewPCG(1, 2)), ticks, n, 0.3)
	y := make([]float32, n)
	r := newResponse(true, 10, 1, 1)
	b.Run("recursion", func(b *testing.B) {
		var s stream
		for b.Loop() {
			s.reset(r, n)
			for t := range ticks {
				s.push(x[t*n:][:n], y)
			}
		}
	})
	b.Run("fir", func(b *testing.B) {
		k := kernelOf(true, 10, 1)[1:]
		for b.Loop() {
			for t := range ticks {
				clear(y)
				for j := 0; j < len(k) && j <= t; j++ {
					w := float32(k[j])
					for i, v := range x[(t-j)*n:][:n] {
						y[i] += w * v
					}
				}
			}
		}
	})
}
