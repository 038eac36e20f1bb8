package slayerref

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/snn"
	"pgregory.net/rapid"
)

var approx = cmp.Comparer(near)

func expect(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, approx); d != "" {
		t.Errorf("%s: -want +got\n%s", what, d)
	}
}

func flat(float64) float64 { return 1 }

func TestKernelEnd(t *testing.T) {
	// t·exp(1−t) is 0.0174 at 7 and 0.0073 at 8.
	k := Alpha(1, 1, 100)
	expect(t, "alpha", k, []float64{0, 1, 2 * math.Exp(-1), 3 * math.Exp(-2), 4 * math.Exp(-3), 5 * math.Exp(-4), 6 * math.Exp(-5), 7 * math.Exp(-6)})
	// The factor counts: 20·t·exp(1−t) is 0.0247 at 10 and 0.00999 at 11.
	if n := len(Alpha(1, -20, 100)); n != 11 {
		t.Errorf("ν of slayerPytorch with θ 10 has %d entries, want 11", n)
	}
	// −20·exp(1−t) is 0.0182 at 8 and 0.0067 at 9 (0.01 = 20·exp(−7.6)).
	if n := len(Exponential(1, -20, 100)); n != 9 {
		t.Errorf("ν of the paper with θ 10 has %d entries, want 9", n)
	}
	// Small values before the peak do not end the kernel: 0.001 at t = 1.
	if k := Alpha(2, 0.001*2*math.Exp(-0.5), 100); len(k) != 3 {
		t.Errorf("kernel below the cutoff has %d entries, want 3 up to its peak", len(k))
	}
	if n := len(Alpha(10, 1, 7)); n != 7 {
		t.Errorf("kernel of 7 ticks has %d entries", n)
	}
	if k := Alpha(0.1, 1, 100); len(k) != 1 || k[0] != 0 {
		t.Errorf("kernel that is over within a tick is %v, want [0]", k)
	}
}

func TestCubaByHand(t *testing.T) {
	a := []float64{0, 1.5, 0, 0, 0, 2}
	n := Cuba{Ku: 0.5, Kv: 0.5, Theta: 1, Refractory: 1, Rho: flat}
	c := n.Forward(a, nil)
	expect(t, "u", c.U, []float64{0, 1.5, 0.75, 0.375, 0.1875, 2.09375})
	expect(t, "v", c.V, []float64{0, 1.5, 0.75, 0.75, 0.5625, 2.375})
	expect(t, "v after", c.After, []float64{0, 0, 0.75, 0.75, 0.5625, 0})
	expect(t, "s", c.S, []float64{0, 1, 0, 0, 0, 1})

	n.Refractory = 3
	c = n.Forward(a, nil)
	expect(t, "v with refractory delay", c.V, []float64{0, 1.5, 0, 0, 0.1875, 2.1875})
	expect(t, "ρ with refractory delay", c.Rho, []float64{1, 1, 0, 0, 1, 1})
	expect(t, "s with refractory delay", c.S, []float64{0, 1, 0, 0, 0, 1})

	// Exactly at the threshold it is silent.
	if s := n.Forward([]float64{1, 0}, nil).S; s[0] != 0 {
		t.Error("v = θ spikes")
	}

	// Error 1 at the spike of tick 5. Ignoring the reset gv falls by kv a tick,
	// and δ(5−k) = Σ_{i+j=k} = (k+1)/2^k.
	e := []float64{0, 0, 0, 0, 0, 1}
	n.Refractory = 1
	c = n.Forward(a, nil)
	b := n.Backward(c, e)
	expect(t, "δ", b.Delta, []float64{6. / 32, 5. / 16, 4. / 8, 3. / 4, 1, 1})
	// Σ δ(t)·u(t−1) and Σ gv(t)·v(t−1), gv = 1/32 … 1 and v(0) = v(1) = 0.
	expect(t, "ku", b.Ku, 0.5*1.5+0.75*0.75+1*0.375+1*0.1875)
	expect(t, "kv", b.Kv, 0.25*0.75+0.5*0.75+1*0.5625)

	// With the cut at tick 1, v(5) hears of u(1) through u(2) alone: gv(1) = 0,
	// gv(2..5) = 1/8 … 1, gu(1) = gu(2)/2.
	n.GradReset = true
	b = n.Backward(c, e)
	expect(t, "δ cut", b.Delta, []float64{0.125, 0.25, 0.5, 0.75, 1, 1})
	// With rests at 2 and 3 v(5) is u(5) + u(4)/2.
	n.Refractory = 3
	b = n.Backward(n.Forward(a, nil), e)
	expect(t, "δ cut at rests", b.Delta, []float64{1. / 16, 1. / 8, 1. / 4, 1. / 2, 1, 1})
}

func TestSRMByHand(t *testing.T) {
	// A spike at 0 arrives at 1 and is at its peak there: ε(1) = 1 = θ, which spikes.
	eps := func(t float64) float64 { return t * math.Exp(1-t) }
	in := Arrive(Signal{{1, 0, 0, 0}}, nil)[0]
	n := SRM{TauS: 1, TauR: 1, ScaleRef: 2, Theta: 1, Refractory: Slayer, Rho: flat}
	c := n.Forward(in, nil)
	expect(t, "s", c.S, []float64{0, 1, 0, 0})
	expect(t, "p", c.V, []float64{0, 1, eps(2) - 2, eps(3) - 2*eps(2)})
	n.Refractory = Paper
	c = n.Forward(in, nil)
	expect(t, "s of the paper", c.S, []float64{0, 1, 0, 0})
	expect(t, "p of the paper", c.V, []float64{0, 1 - 2*math.E, eps(2) - 2, eps(3) - 2*math.Exp(-1)})

	// The PSP at t of a spike at t0 over delay d is ε(t − t0 − d).
	in = Arrive(Signal{{0, 1, 0, 0, 0, 0}}, []int{2})[0]
	n.Theta = 100
	expect(t, "psp", n.Forward(in, nil).V, []float64{0, 0, 0, 0, 1, eps(2)})

	// Backward: δ(t) = Σ_k ε(k+1)·ρ·e(t+k); through ν an error at 3 reaches the
	// spikes at 2 and 1 as ν(1) and as ν(2) + ν(1)².
	n = SRM{TauS: 1, TauR: 1, ScaleRef: 0.5, Theta: 1, Refractory: Slayer, ThroughNu: true}
	b := n.Backward(Course{Rho: []float64{0, 1, 1, 1}}, []float64{0, 0, 0, 1})
	n1, n2 := -0.5, -0.5*eps(2)
	e1 := n2 + n1*n1
	expect(t, "e through ν", b.E[1:], []float64{e1, n1, 1})
	expect(t, "δ", b.Delta[1:], []float64{e1 + eps(2)*n1 + eps(3), n1 + eps(2), 1})
	n.ThroughNu = false
	expect(t, "δ of SLAYER", n.Backward(Course{Rho: []float64{1, 1, 1, 1}}, []float64{0, 0, 0, 1}).Delta, []float64{eps(4), eps(3), eps(2), 1})
}

func TestDelayByHand(t *testing.T) {
	s := Signal{{1, 0, 1, 0, 0, 1}, {1, 1, 0, 0, 0, 0}}
	x := Arrive(s, []int{1, 0})
	expect(t, "arrivals", x, Signal{{0, 0, 1, 0, 1, 0}, {0, 1, 1, 0, 0, 0}})
	e := Signal{{1, 2, 4, 8, 16, 32}, {1, 2, 4, 8, 16, 32}}
	expect(t, "departures", Depart(e, []int{1, 0}), Signal{{4, 8, 16, 32, 0, 0}, {2, 4, 8, 16, 32, 0}})
	expect(t, "backward difference", DelayGradient(x, e, false), []float64{4 + 16, 2 + 4})
	expect(t, "centred difference", DelayGradient(x, e, true), []float64{(8-2)/2. + (32-8)/2., (4-1)/2. + (8-2)/2.})
	// After the last tick the error is 0.
	last := Signal{{0, 0, 0, 0, 0, 1}}
	expect(t, "last tick", DelayGradient(last, e[:1], false), []float64{-32})
	expect(t, "last tick, centred", DelayGradient(last, e[:1], true), []float64{-8})
}

// TestNetByHand takes one spike through two layers of one neuron each, with a
// delay between them and dropout's scale, and the error back.
func TestNetByHand(t *testing.T) {
	cuba := Cuba{Ku: 0, Kv: 0, Theta: 1, Refractory: 1, Rho: flat}
	one := snn.Flat(1)
	n := Net{Layers: []Layer{
		{Synapses: Dense(snn.Flat(2), 1, []float64{3, 5}), Neuron: cuba, Delay: []int{2}, Drop: &Dropout{Mask: []float64{1, 0}, Scale: 2}},
		{Synapses: Dense(one, 1, []float64{7}), Neuron: cuba, Delay: []int{9}},
	}}
	traces := n.Forward(Signal{{1, 0, 0, 0, 0, 0, 0}, {0, 0, 1, 0, 0, 0, 0}}, nil)
	expect(t, "a1", traces[0].Courses[0].A, []float64{0, 6, 0, 0, 0, 0, 0})
	expect(t, "s1", traces[0].Spikes(), Signal{{0, 1, 0, 0, 0, 0, 0}})
	expect(t, "a2", traces[1].Courses[0].A, []float64{0, 0, 0, 0, 7, 0, 0})
	g := n.Backward(traces, Signal{{1, 2, 3, 4, 5, 6, 7}})
	expect(t, "w2", g[1].W, []float64{5})
	expect(t, "error at arrival 2", g[1].Arrive, Signal{{7, 14, 21, 28, 35, 42, 49}})
	expect(t, "delay 1", g[0].Delay, []float64{7})
	expect(t, "delay 2", g[1].Delay, []float64{0})
	expect(t, "error 1", g[0].Err, Signal{{28, 35, 42, 49, 0, 0, 0}})
	expect(t, "w1", g[0].W, []float64{2 * 35, 0})
	expect(t, "error at arrival 1", g[0].Arrive, Signal{{6 * 28, 6 * 35, 6 * 42, 6 * 49, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0}})
}

func TestLossesByHand(t *testing.T) {
	s := Signal{{1, 1, 0, 1}, {0, 0, 1, 0}}
	v, e := Rate(s, []float64{3, 0}, 1, 3)
	expect(t, "rate", v, (4.+1.)/4)
	expect(t, "rate error", e, Signal{{0, -1, -1, 0}, {0, 0.5, 0.5, 0}})

	v, e = NLL(s, 0, math.Log(3), 0, 4) // counts 3 and 1: p = 27/30 and 3/30
	expect(t, "nll", v, -math.Log(0.9))
	l := math.Log(3)
	expect(t, "nll error", e, Signal{{-0.1 * l, -0.1 * l, -0.1 * l, -0.1 * l}, {0.1 * l, 0.1 * l, 0.1 * l, 0.1 * l}})

	// κ of τ 1 begins 0, 1, 2/e: the missing spike at 1 is heard at 2 and 3.
	k2 := 2 / math.E
	v, e = SpikeTrain(Signal{{0, 0, 0, 0}}, Signal{{0, 1, 0, 0}}, 1)
	expect(t, "spike train", v, (1+k2*k2)/2)
	expect(t, "spike train error", e, Signal{{-k2 - 3*math.Exp(-2)*k2, -1 - k2*k2, -k2, 0}})

	// One spike outside, at 0, one as wanted inside.
	k3 := 3 * math.Exp(-2)
	s = Signal{{1, 0, 1, 0}}
	v, e = Count(s, []float64{1}, 1, 3, 1)
	expect(t, "count", v, (1+k2*k2+k3*k3)/2)
	expect(t, "count error", e, Signal{{1 + k2*k2 + k3*k3, 0, 0, 0}})
	v, e = NumSpikes(s, []float64{1}, 1, 3, 1)
	expect(t, "numSpikes", v, (1+k2*k2+k3*k3)/2)
	expect(t, "numSpikes error", e, Signal{{1 + k2*k2 + k3*k3, k2 + k2*k3, k3, 0}})
}

// TestForwardInClosedForm compares the spiking neurons, run tick by tick, with the
// matrices on their whole courses.
func TestForwardInClosedForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := source(t)
		ticks := rapid.IntRange(1, 40).Draw(t, "ticks")
		a := normal(r, ticks)
		for i := range a {
			a[i] += 0.3
		}
		decay := rapid.Float64Range(0, 1)
		cuba := Cuba{Ku: decay.Draw(t, "ku"), Kv: decay.Draw(t, "kv"), Theta: 1, Refractory: rapid.IntRange(1, 4).Draw(t, "refractory"), Rho: flat}
		c := cuba.Forward(a, nil)
		for i, v := range cuba.Voltage(a, c.Keep) {
			if c.Rho[i] != 0 && !near(v, c.V[i]) {
				t.Fatalf("v(%d) = %v, in closed form %v", i, c.V[i], v)
			}
			for j := max(0, i-cuba.Refractory+1); j < i; j++ {
				if c.S[i] != 0 && c.S[j] != 0 {
					t.Fatalf("spikes at %d and %d", j, i)
				}
			}
		}
		if d := cmp.Diff(c, cuba.Forward(a, c.S)); d != "" {
			t.Fatalf("forced to its own spikes: %s", d)
		}

		srm := drawSRM(t)
		srm.Theta, srm.Rho = min(srm.Theta, 2), flat
		c = srm.Forward(a, nil)
		nu := srm.Nu(ticks)
		psp, ref := srm.Psp(ticks).Times(a), nu.Times(c.S)
		for i := range a {
			if !near(c.V[i], psp[i]+ref[i]) {
				t.Fatalf("p(%d) = %v, in closed form %v", i, c.V[i], psp[i]+ref[i])
			}
			if p := psp[i] + ref[i] - nu[i][i]*c.S[i]; (p >= srm.Theta) != (c.S[i] == 1) && !near(p, srm.Theta) {
				t.Fatalf("potential %v before ν(0), spike %v", p, c.S[i])
			}
		}
		if d := cmp.Diff(c, srm.Forward(a, c.S)); d != "" {
			t.Fatalf("forced to its own spikes: %s", d)
		}
	})
}
