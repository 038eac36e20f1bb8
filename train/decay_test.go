package train

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"pgregory.net/rapid"
)

// cubaView is a dense layer with random weights, in integers or float.
func cubaView(r *rand.Rand, n snn.Neuron, in, out int, integer bool) *view {
	l := snn.Layer{Kind: snn.Dense, In: snn.Shape{W: in, H: 1, C: 1}, Out: snn.Shape{W: out, H: 1, C: 1}, Neuron: n}
	v := &view{layer: l, neuron: n, in: in, out: out, rows: in, cols: out, weight: make([]float32, in*out)}
	if integer {
		v.codes = make([]int8, in*out)
	}
	for i := range v.weight {
		c := int8(r.IntN(160) - 60)
		v.weight[i] = float32(c) * WeightStep / WeightOne
		if integer {
			v.codes[i] = c
		}
	}
	return v
}

func drawCUBA(rt *rapid.T) snn.Neuron {
	return snn.Neuron{
		IDecay: rapid.IntRange(0, 4096).Draw(rt, "i_decay"), VDecay: rapid.IntRange(0, 4096).Draw(rt, "v_decay"),
		VTh: rapid.IntRange(1, 600).Draw(rt, "v_th"), RefDelay: rapid.IntRange(1, 5).Draw(rt, "ref"),
	}
}

// TestPopulations holds integer neurons with scaled input, learned decays and the
// shift of pools to fixed.CUBA, and the recorded states to its states.
func TestPopulations(t *testing.T) {
	states, spikes := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		const in = 5
		out, ticks := rapid.IntRange(1, 40).Draw(rt, "out"), rapid.IntRange(1, 60).Draw(rt, "ticks")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		n := drawCUBA(rt)
		v := cubaView(r, n, in, out, true)
		p := newPopulation(v, n, testSurrogate)
		v.shift = uint(rapid.IntRange(0, 4).Draw(rt, "shift"))
		raster := randomRaster(r, in, ticks, 0.4)
		for _, run := range []struct {
			scale          int32
			record, learns bool
		}{{0, true, true}, {284, true, false}, {0, false, true}, {512, false, false}, {256, true, true}} {
			// The decays that count are those of the view at reset.
			v.neuron.IDecay, v.neuron.VDecay = r.IntN(4097), r.IntN(4097)
			par := Cuba(v.neuron)
			u, volt, rho := make([]float32, ticks*out), make([]float32, ticks*out), make([]float32, ticks*out)
			p.scaleInput(run.scale)
			if p.record(nil, nil); run.record {
				p.record(u, volt)
			}
			p.reset()
			state := make([]fixed.State, out)
			for k := range ticks {
				var row []float32
				if run.learns {
					row = rho[k*out:][:out]
				}
				fired := p.step(raster.At(k), row, nil)
				for o := range state {
					sum := int64(0)
					for _, i := range raster.At(k) {
						sum += int64(v.codes[int(i)*out+o])
					}
					if run.scale != 0 {
						sum = int64(math.Floor(float64(sum*int64(run.scale)) / 256))
					}
					spiked := par.Step(&state[o], sum*2<<v.shift, 0)
					if spiked != (len(fired) > 0 && fired[0] == int32(o)) {
						rt.Fatalf("%+v: neuron %d, tick %d: spike %v", run, o, k, !spiked)
					}
					if spiked {
						fired = fired[1:]
						spikes++
					}
					if !run.record {
						continue
					}
					if got := [2]float32{u[k*out+o] * 4096, volt[k*out+o] * 4096}; got != [2]float32{float32(state[o].U), float32(state[o].V)} {
						rt.Fatalf("%+v: neuron %d, tick %d: recorded %v, the state is %+v", run, o, k, got, state[o])
					}
					states++
				}
			}
		}
	})
	if spikes == 0 {
		t.Fatal("no spikes were compared")
	}
	t.Logf("compared %d spikes, %d states", spikes, states)
}

// TestFloatPopulation holds float neurons to their definition in float64 while
// rounding does not decide: u, v, spikes and ρ.
func TestFloatPopulation(t *testing.T) {
	compared, spikes := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		const in = 5
		out, ticks := rapid.IntRange(1, 6).Draw(rt, "out"), rapid.IntRange(1, 60).Draw(rt, "ticks")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		n := drawCUBA(rt)
		v := cubaView(r, n, in, out, false)
		p := newPopulation(v, n, testSurrogate)
		if rapid.Bool().Draw(rt, "used") { // it starts at rest all the same
			p.reset()
			for k := range 3 {
				p.step([]int32{0, 1, int32(k)}, nil, nil)
			}
		}
		v.neuron.IDecay, v.neuron.VDecay = 100+r.IntN(3996), 100+r.IntN(3996)
		ku, kv := 1-float64(v.neuron.IDecay)/4096, 1-float64(v.neuron.VDecay)/4096
		theta := float64(n.VTh) / 64
		scale := rapid.SampledFrom([]int32{0, 284, 512}).Draw(rt, "scale")
		gain := 1.0
		if scale != 0 {
			gain = float64(scale) / 256
		}
		raster := randomRaster(r, in, ticks, 0.4)
		u, volt, rho := make([]float32, ticks*out), make([]float32, ticks*out), make([]float32, ticks*out)
		p.scaleInput(scale)
		p.record(u, volt)
		p.reset()
		wantU, wantV, rest, doubt := make([]float64, out), make([]float64, out), make([]int, out), make([]bool, out)
		for k := range ticks {
			fired := p.step(raster.At(k), rho[k*out:][:out], nil)
			for o := range out {
				spiked := len(fired) > 0 && fired[0] == int32(o)
				if spiked {
					fired = fired[1:]
				}
				wantU[o] *= ku
				for _, i := range raster.At(k) {
					wantU[o] += gain * float64(v.weight[int(i)*out+o])
				}
				wantRho, want := 0.0, false
				if rest[o] > 0 {
					rest[o]--
				} else {
					wantV[o] = kv*wantV[o] + wantU[o]
					d := math.Abs(wantV[o] - theta)
					doubt[o] = doubt[o] || d < 1e-4*(1+theta)
					wantRho = math.Exp(-d/theta) / theta
					if want = wantV[o] > theta; want {
						wantV[o], rest[o] = 0, n.RefDelay-1
					}
				}
				if doubt[o] {
					continue
				}
				if want != spiked {
					rt.Fatalf("neuron %d, tick %d: spike %v", o, k, spiked)
				}
				if want {
					spikes++
				}
				gotU, gotV, gotRho := float64(u[k*out+o]), float64(volt[k*out+o]), float64(rho[k*out+o])
				if math.Abs(gotU-wantU[o]) > 1e-4*(1+math.Abs(wantU[o])) || math.Abs(gotV-wantV[o]) > 1e-4*(1+math.Abs(wantV[o])) || math.Abs(gotRho-wantRho) > 0.017/theta {
					rt.Fatalf("neuron %d, tick %d: u %v, v %v, ρ %v; want %v, %v, %v", o, k, gotU, gotV, gotRho, wantU[o], wantV[o], wantRho)
				}
				compared++
			}
		}
	})
	if spikes == 0 {
		t.Fatal("no spikes were compared")
	}
	t.Logf("compared %d states, %d spikes", compared, spikes)
}

// cubaTangent returns Σ e·ds for small changes of the summed input (da) and of the
// two decays (in 1/4096), along a recorded course, with ds = ρ·dv and
//
//	du(t) = ku·du(t−1) − di/4096·u(t−1) + da(t)
//	dv(t) = kv·dv(t−1) − dd/4096·v(t−1) + du(t)   with cut, 0 after a reset and at rest
func cubaTangent(n snn.Neuron, tr *trace, e, da []float32, ticks, out int, di, dd float64, cut bool) (sum, size float64) {
	ku, kv := 1-float64(n.IDecay)/4096, 1-float64(n.VDecay)/4096
	s := dense(tr.spikes)
	for o := range out {
		du, dv, lastU, lastV := 0.0, 0.0, 0.0, 0.0
		rest := 0
		for t := range ticks {
			at := t*out + o
			du = ku*du - di/4096*lastU + float64(da[at])
			if cut && rest > 0 {
				rest--
				dv = 0
			} else {
				dv = kv*dv - dd/4096*lastV + du
			}
			x := float64(e[at]) * float64(tr.rho[at]) * dv
			sum += x
			size += math.Abs(x)
			if cut && s[o][t] == 1 {
				dv, rest = 0, n.RefDelay-1
			}
			lastU, lastV = float64(tr.u[at]), float64(tr.v[at])
		}
	}
	return sum, size
}

// TestCUBAAdjoint holds δ and the gradient of the decays to the tangent: with every
// da, ⟨e, ds⟩ = ⟨δ, da⟩, and likewise for each decay.
func TestCUBAAdjoint(t *testing.T) {
	compared, nonzero := 0, 0
	var scratch adjointScratch
	rapid.Check(t, func(rt *rapid.T) {
		const in = 5
		out, ticks := rapid.IntRange(1, 9).Draw(rt, "out"), rapid.IntRange(1, 60).Draw(rt, "ticks")
		cut, integer := rapid.Bool().Draw(rt, "cut"), rapid.Bool().Draw(rt, "integer")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		n := drawCUBA(rt)
		v := cubaView(r, n, in, out, integer)
		size := ticks * out
		tr := trace{rho: make([]float32, size), u: make([]float32, size), v: make([]float32, size)}
		forward(newPopulation(v, n, testSurrogate), v, randomRaster(r, in, ticks, 0.4), nil, ticks, &tr)
		e := randomRows(r, ticks, out, 0.8)
		da := randomRows(r, ticks, out, 1)
		tr.err = append([]float32(nil), e...)
		v.adjoint(&tr, ticks, snn.Training{GradReset: cut, LearnDecay: true}, &scratch)
		delta := 0.0
		rounding := 0.0 // of the v-decay's g, a difference of errors at u that may be nearly the same
		for i := range da {
			delta += float64(da[i]) * float64(tr.err[i])
			rounding += 1e-6 / 4096 * math.Abs(float64(tr.err[i])*float64(tr.v[i]))
		}
		none := make([]float32, size)
		for what, c := range map[string]struct {
			got    float64
			da     []float32
			di, dd float64
		}{
			"input":   {delta, da, 0, 0},
			"i_decay": {float64(tr.decay[0]), none, 1, 0},
			"v_decay": {float64(tr.decay[1]), none, 0, 1},
		} {
			want, size := cubaTangent(n, &tr, e, c.da, ticks, out, c.di, c.dd, cut)
			if math.Abs(c.got-want) > 2e-5*(size+1e-9)+1e-4*math.Abs(want)+rounding {
				rt.Fatalf("%+v, cut %v: %s: gradient %v, tangent %v (of %v)", n, cut, what, c.got, want, size)
			}
			if c.got != 0 {
				nonzero++
			}
			compared++
		}
	})
	if nonzero == 0 {
		t.Fatal("no gradient differed from 0")
	}
	t.Logf("compared %d gradients, %d of them not 0", compared, nonzero)
}

// TestDecayGradientAgainstFiniteDifferences moves each decay of the neuron itself,
// its spikes held where they were: with GradReset that loss is smooth, and the
// gradient exact.
func TestDecayGradientAgainstFiniteDifferences(t *testing.T) {
	compared := 0
	rapid.Check(t, func(rt *rapid.T) {
		const in, out, ticks = 5, 4, 50
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		n := drawCUBA(rt)
		n.IDecay, n.VDecay = 200+r.IntN(3600), 100+r.IntN(3600)
		v := cubaView(r, n, in, out, false)
		tr := trace{rho: make([]float32, ticks*out), u: make([]float32, ticks*out), v: make([]float32, ticks*out)}
		forward(newPopulation(v, n, testSurrogate), v, randomRaster(r, in, ticks, 0.4), nil, ticks, &tr)
		e := randomRows(r, ticks, out, 0.8)
		tr.err = append([]float32(nil), e...)
		v.adjoint(&tr, ticks, snn.Training{GradReset: true, LearnDecay: true}, &adjointScratch{})
		s := dense(tr.spikes)
		loss := func(i, d float64) (sum float64) {
			for o := range out {
				u, volt, rest := 0.0, 0.0, 0
				for t := range ticks {
					u *= 1 - i/4096
					for _, j := range tr.arr.at(t) {
						u += float64(v.weight[int(j)*out+o])
					}
					if rest > 0 {
						rest--
						continue
					}
					volt = (1-d/4096)*volt + u
					sum += float64(e[t*out+o]) * float64(tr.rho[t*out+o]) * volt
					if s[o][t] == 1 {
						volt, rest = 0, n.RefDelay-1
					}
				}
			}
			return sum
		}
		const h = 0.01
		i, d := float64(n.IDecay), float64(n.VDecay)
		for k, want := range []float64{(loss(i+h, d) - loss(i-h, d)) / (2 * h), (loss(i, d+h) - loss(i, d-h)) / (2 * h)} {
			if got := float64(tr.decay[k]); math.Abs(got-want) > 1e-3*math.Abs(want)+1e-5 {
				rt.Fatalf("%+v: decay %d: gradient %v, finite difference %v", n, k, got, want)
			}
			compared++
		}
	})
	t.Logf("compared %d gradients", compared)
}

// TestNothingIsAllocated runs every population, adjoint and loss twice on the same memory.
func TestNothingIsAllocated(t *testing.T) {
	const in, out, ticks = 6, 5, 80
	r := rand.New(rand.NewPCG(1, 1))
	raster := randomRaster(r, in, ticks, 0.4)
	srm := snn.DefaultNeuron
	srm.Kind = snn.SRM
	slow := snn.DefaultNeuron
	slow.RefDelay = 3
	for name, v := range map[string]*view{
		"integer": cubaView(r, snn.DefaultNeuron, in, out, true), "slow": cubaView(r, slow, in, out, true),
		"float": cubaView(r, snn.DefaultNeuron, in, out, false), "srm": cubaView(r, srm, in, out, false),
	} {
		p := newPopulation(v, v.neuron, testSurrogate)
		rows := func() []float32 { return make([]float32, ticks*out) }
		tr := trace{rho: rows(), u: rows(), v: rows(), err: rows(), spikes: spike.NewRaster(out)}
		fired := make([]int32, 0, out)
		var s adjointScratch
		run := func() {
			p.record(tr.u, tr.v)
			p.reset()
			tr.spikes.Reset(out)
			for k := range ticks {
				fired = p.step(raster.At(k), tr.rho[k*out:][:out], fired[:0])
				tr.spikes.Append(fired...)
			}
			for i := range tr.err {
				tr.err[i] = 1
			}
			v.adjoint(&tr, ticks, snn.Training{GradReset: true, LearnDecay: name != "srm"}, &s)
		}
		if n := testing.AllocsPerRun(5, run); n != 0 {
			t.Errorf("%s neurons: %v allocations a sample", name, n)
		}
		if tr.spikes.Count() == 0 {
			t.Errorf("%s neurons: no spikes", name)
		}
	}
	output := randomRaster(r, out, ticks, 0.3)
	counts := output.Counts(10, ticks, nil)
	a := answer{label: 1, pattern: randomRaster(r, out, ticks, 0.2), steps: make([]uint8, ticks)}
	err := make([]float32, ticks*out)
	for _, kind := range []string{"rate", "count", "spike_train", "nll", "step_nll"} {
		f := newLoss(snn.Loss{Kind: kind, Tau: 10, Scale: 1, Window: snn.Window{From: 10}}, ticks, out)
		var s lossScratch
		if n := testing.AllocsPerRun(5, func() { f.value(output, counts, a, err, &s) }); n != 0 {
			t.Errorf("loss %s: %v allocations a sample", kind, n)
		}
	}
}
