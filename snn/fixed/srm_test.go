package fixed

import (
	"bytes"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn"
	"pgregory.net/rapid"
)

func drawSRM(t *rapid.T) SRM {
	decay := rapid.OneOf(rapid.Int32Range(0, DecayOne), rapid.SampledFrom([]int32{0, 1, 390, 4095, 4096}))
	p := SRM{
		SDecay: decay.Draw(t, "s_decay"), SShift: rapid.Int32Range(0, MaxShift).Draw(t, "s_shift"),
		RDecay: decay.Draw(t, "r_decay"), RShift: rapid.Int32Range(0, MaxShift).Draw(t, "r_shift"),
		Kick: rapid.OneOf(rapid.Int32Range(0, MaxKick), rapid.SampledFrom([]int32{0, 1, MaxKick})).Draw(t, "kick"),
		VTh:  rapid.OneOf(rapid.Int32Range(1, MaxVTh), rapid.SampledFrom([]int32{1, 80, MaxVTh - 1, MaxVTh})).Draw(t, "v_th"),
	}
	p.XDecay = rapid.SampledFrom([]int32{p.RDecay, DecayOne, decay.Draw(t, "x_decay")}).Draw(t, "form")
	return p
}

// TestSRMAgainstBigIntegers checks a tick against the formulas of SRM's comment in integers
// of any size, from any state, and that every state saturated at both ends, where it can.
func TestSRMAgainstBigIntegers(t *testing.T) {
	n := func(x int64) *big.Int { return big.NewInt(x) }
	end := n(1<<23 - 1)
	compared, spikes, atThreshold := 0, 0, 0
	met := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		p := drawSRM(t)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		sat := func(name string, x *big.Int) *big.Int {
			if x.CmpAbs(end) <= 0 {
				return x
			}
			met[name+map[int]string{1: " top", -1: " bottom"}[x.Sign()]]++
			return new(big.Int).Mul(end, n(int64(x.Sign())))
		}
		keep := func(x *big.Int, decay int32) *big.Int { // Quo rounds toward zero
			return new(big.Int).Quo(new(big.Int).Mul(x, n(int64(4096-decay))), n(4096))
		}
		half := func(x *big.Int, shift int32) *big.Int {
			return new(big.Int).Quo(x, new(big.Int).Lsh(n(1), uint(shift)))
		}
		add := func(x ...*big.Int) *big.Int {
			sum := new(big.Int)
			for _, y := range x {
				sum.Add(sum, y)
			}
			return sum
		}
		for range 50 {
			state := func() int32 {
				switch r.IntN(3) {
				case 0:
					return []int32{VMax, VMax - 1, -VMax, 0, 1, -1, 4095, -4095}[r.IntN(8)]
				case 1:
					return r.Int32N(18001) - 9000
				}
				return r.Int32N(2*VMax+1) - VMax
			}
			s := State{U: state(), V: state(), Ref: state(), W: state(), X: state()}
			a := (r.Int64N(1<<24+1) - 1<<23) >> (15 * r.IntN(2))
			bias := []int64{0, 0, 1, -1, -4096 << 7, 4095 << 7}[r.IntN(6)]
			w := sat("w", add(keep(n(int64(s.W)), p.SDecay), n(a*64)))
			u := sat("u", add(keep(n(int64(s.U)), p.SDecay), half(w, p.SShift)))
			x := sat("x", add(keep(n(int64(s.X)), p.XDecay), half(n(int64(s.Ref)), p.RShift)))
			if r.IntN(4) == 0 { // v is exactly at it, or 1 below
				if want := int64(p.VTh)*64 - r.Int64N(2); want < 1<<23 {
					bias = new(big.Int).Sub(n(want), add(u, x)).Int64()
					atThreshold++
				}
			}
			v := sat("v", add(u, x, n(bias)))
			spike := v.Cmp(n(int64(p.VTh)*64)) >= 0
			ref := keep(n(int64(s.Ref)), p.RDecay)
			if spike {
				ref.Sub(ref, n(int64(p.Kick)*64))
				spikes++
			}
			ref = sat("ref", ref)
			want := State{U: int32(u.Int64()), V: int32(v.Int64()), Ref: int32(ref.Int64()), W: int32(w.Int64()), X: int32(x.Int64())}
			if got := p.Advance(&s, Drive{Sum: a, Bias: bias}); got != map[bool]int32{true: 1}[spike] || s != want {
				t.Fatalf("%v: message %d, %+v, want %v, %+v", p, got, s, spike, want)
			}
			compared++
		}
	})
	t.Logf("compared %d ticks, %d spikes, %d at the threshold; saturated: %v", compared, spikes, atThreshold, met)
	if compared == 0 || spikes == 0 || atThreshold == 0 || len(met) < 9 { // ref only falls
		t.Error("too little was compared")
	}
}

func TestSRMByHand(t *testing.T) {
	// Half of every state is lost in a tick: t/2^t, a pulse of 16·64.
	p := SRM{SDecay: 2048, RDecay: 2048, XDecay: 2048, Kick: 100, VTh: 17}
	var s State
	for tick, want := range []int32{1024, 1024, 768, 512, 320, 192, 112, 64, 36, 20} {
		a := int64(0)
		if tick == 0 {
			a = 16
		}
		if p.Advance(&s, Drive{Sum: a}) != 0 || s.U != want || s.V != want || s.X != 0 {
			t.Errorf("tick %d: %+v, want u = %d", tick, s, want)
		}
	}
	// At the threshold of 16 it spikes, in the tick after that the potential is 1024 − 6400.
	p.VTh = 16
	s = State{}
	if p.Advance(&s, Drive{Sum: 16}) != 1 || s.V != 1024 || s.Ref != -6400 || s.X != 0 {
		t.Errorf("v = threshold must spike, and stays: %+v", s)
	}
	if p.Advance(&s, Drive{}) != 0 || s.V != 1024-6400 || s.Ref != -3200 {
		t.Errorf("the tick after: %+v", s)
	}
	p.Advance(&s, Drive{})
	if s.X != -6400 { // 2·q: as much as in the tick before
		t.Errorf("ν two ticks after is %d", s.X)
	}
	// The exponential of the paper: x is ref.
	p.XDecay = 4096
	s = State{}
	p.Advance(&s, Drive{Sum: 16})
	for _, want := range []int32{-6400, -3200, -1600} {
		if p.Advance(&s, Drive{}); s.X != want {
			t.Errorf("ν of the paper is %d, want %d", s.X, want)
		}
	}
	// A threshold of 1<<17 is never reached.
	p.VTh = MaxVTh
	s = State{W: VMax, U: VMax}
	if p.Advance(&s, Drive{Sum: 1 << 22, Bias: MaxBias << 7}) != 0 || s.V != VMax {
		t.Errorf("%+v", s)
	}
}

// response is what a pulse of 1 leaves of w and u, or of ref and x, without rounding, for n ticks.
func response(first, second, shift int32, n int) []float64 {
	var a, b float64
	k := make([]float64, n)
	for i := range k {
		a *= 1 - float64(first)/DecayOne
		if i == 0 {
			a = 1
		}
		b = b*(1-float64(second)/DecayOne) + math.Ldexp(a, -int(shift))
		k[i] = b
	}
	return k
}

// roundingBound bounds how far rounding toward zero takes v from the sum of the responses,
// in its units, on whatever input: a decay takes less than 1 off a state in a tick, and a shift
// less than 1 off what it passes on.
func (p SRM) roundingBound() float64 {
	cascade := func(first, second, shift int32) float64 {
		return (math.Ldexp(DecayOne/float64(first), -int(shift)) + 2) * DecayOne / float64(second)
	}
	return cascade(p.SDecay, p.SDecay, p.SShift) + cascade(p.RDecay, p.XDecay, p.RShift)
}

// TestSRMIsItsResponses compares v, in runs of random input, with the sums over ε and ν in
// float64: it stays within the bound of rounding, and saturates nowhere, where Bound says so.
func TestSRMIsItsResponses(t *testing.T) {
	const ticks = 300
	compared, spikes, freed := 0, 0, 0
	worst, nearest := 0.0, 0.0
	rapid.Check(t, func(t *rapid.T) {
		decay := rapid.OneOf(rapid.Int32Range(30, DecayOne), rapid.SampledFrom([]int32{41, 390, 2589}))
		p := SRM{SDecay: decay.Draw(t, "s_decay"), RDecay: decay.Draw(t, "r_decay"), SShift: rapid.Int32Range(0, 6).Draw(t, "s_shift"),
			RShift: rapid.Int32Range(0, 6).Draw(t, "r_shift"), Kick: rapid.Int32Range(0, 900).Draw(t, "kick"), VTh: rapid.Int32Range(1, 500).Draw(t, "v_th")}
		p.XDecay = rapid.SampledFrom([]int32{p.RDecay, DecayOne}).Draw(t, "x_decay")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		size := rapid.SampledFrom([]int64{10, 300, 5000}).Draw(t, "size")
		in, out, sum := make([]float64, ticks), make([]float64, ticks), int64(0)
		var s State
		eps, nu := response(p.SDecay, p.SDecay, p.SShift, ticks), response(p.RDecay, p.XDecay, p.RShift, ticks)
		bound := p.roundingBound()
		run := make([]State, ticks)
		for i := range ticks {
			a := int64(0)
			if r.IntN(3) == 0 {
				a = r.Int64N(2*size+1) - size*2/3
			}
			in[i], sum = float64(a), max(sum, a, -a)
			out[i] = float64(p.Advance(&s, Drive{Sum: a}))
			run[i] = s
		}
		u, free := p.Bound(sum, 0)
		if !free {
			return
		}
		freed++
		for i := range ticks {
			want := 0.0
			for k := 0; k <= i; k++ {
				want += 64 * eps[k] * in[i-k]
				if k < i {
					want -= 64 * nu[k] * float64(p.Kick) * out[i-k-1]
				}
			}
			d := math.Abs(float64(run[i].V) - want)
			if d > bound {
				t.Fatalf("%v: tick %d: v is %d, the responses give %v, rounding at most %v", p, i, run[i].V, want, bound)
			}
			if (out[i] == 1) != (run[i].V >= p.VTh*64) {
				t.Fatalf("%v: spike %v at v = %d", p, out[i], run[i].V)
			}
			worst, nearest = max(worst, d/bound), max(nearest, math.Abs(float64(run[i].U))/float64(u))
			spikes += int(out[i])
			compared++
		}
	})
	t.Logf("compared %d values of v in %d runs, %d spikes; furthest %.2f of the bound of rounding, u at %.2f of its bound", compared, freed, spikes, worst, nearest)
	if compared == 0 || spikes == 0 || worst < 0.1 {
		t.Error("too little was compared")
	}
}

// TestSRMBound drives neurons with all that they can get, in every tick: where no state
// should saturate none does, and u comes near its bound.
func TestSRMBound(t *testing.T) {
	free, filled := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p := drawSRM(t)
		p.SDecay, p.RDecay, p.XDecay = max(p.SDecay, 16), max(p.RDecay, 16), max(p.XDecay, 16) // settle within the run
		sum := rapid.Int64Range(0, 1<<rapid.IntRange(0, 22).Draw(t, "size")).Draw(t, "sum")
		sign := rapid.SampledFrom([]int64{1, -1}).Draw(t, "sign")
		bound, ok := p.Bound(sum, 0)
		if !ok {
			return
		}
		free++
		var s State
		for range 3000 {
			p.Advance(&s, Drive{Sum: sign * sum})
			for _, x := range []int32{s.W, s.U, s.X, s.V, s.Ref} {
				if x == VMax || x == -VMax {
					t.Fatalf("%v: saturates at %+v", p, s)
				}
			}
			if int64(max(s.U, -s.U)) > bound {
				t.Fatalf("%v: u is %d, bound %d", p, s.U, bound)
			}
		}
		if float64(max(s.U, -s.U)) > 0.98*float64(bound) && bound > 1000 {
			filled++
		}
	})
	t.Logf("compared %d neurons, %d of them filled their bound", free, filled)
	if free == 0 || filled == 0 {
		t.Error("too little was compared")
	}
	for _, c := range []struct {
		p         SRM
		sum, bias int64
		u         int64
		free      bool
	}{
		{SRM{SDecay: 4096, RDecay: 4096, XDecay: 4096, VTh: 1}, 131071, 63, 131071 * 64, true}, // 2^23 − 64, and 63 more
		{SRM{SDecay: 4096, RDecay: 4096, XDecay: 4096, VTh: 1}, 131071, 64, 131071 * 64, false},
		{SRM{SDecay: 1024, SShift: 2, RDecay: 4096, XDecay: 4096, VTh: 1}, 100, 0, 100 * 64 * 4, true},
		{SRM{SDecay: 0, RDecay: 4096, XDecay: 4096, VTh: 1}, 1, 0, math.MaxInt64, false},
		{SRM{SDecay: 0, RDecay: 4096, XDecay: 4096, VTh: 1}, 0, 0, 0, true},
		{SRM{SDecay: 4096, RDecay: 4095, XDecay: 4096, RShift: 15, Kick: MaxKick, VTh: 1}, 0, 0, 0, false}, // ref alone
		{SRM{SDecay: 4096, RDecay: 4096, XDecay: 4096, Kick: 65536, VTh: 1}, 65535, 0, 65535 * 64, true},   // u and x together
		{SRM{SDecay: 4096, RDecay: 4096, XDecay: 4096, Kick: 65536, VTh: 1}, 65536, 0, 65536 * 64, false},
		{SRM{SDecay: 4096, RDecay: 0, XDecay: 4096, RShift: 15, Kick: 1, VTh: 1}, 0, 0, 0, false},
	} {
		if u, free := c.p.Bound(c.sum, c.bias); u != c.u || free != c.free {
			t.Errorf("%v: bound %d, %v, want %d, %v", c.p, u, free, c.u, c.free)
		}
	}
}

func TestSRMParameters(t *testing.T) {
	good := SRM{SDecay: 4096, SShift: 15, RDecay: 4096, XDecay: 4096, RShift: 15, Kick: 131071, VTh: 131072}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	if err := (SRM{VTh: 1}).Check(); err != nil {
		t.Error(err)
	}
	for _, spoil := range []func(p *SRM){
		func(p *SRM) { p.SDecay++ }, func(p *SRM) { p.SShift++ }, func(p *SRM) { p.RDecay++ }, func(p *SRM) { p.XDecay++ },
		func(p *SRM) { p.RShift++ }, func(p *SRM) { p.Kick++ }, func(p *SRM) { p.VTh++ }, func(p *SRM) { p.VTh = 0 },
		func(p *SRM) { p.SDecay = -1 }, func(p *SRM) { p.SShift = -1 }, func(p *SRM) { p.RDecay = -1 }, func(p *SRM) { p.XDecay = -1 },
		func(p *SRM) { p.RShift = -1 }, func(p *SRM) { p.Kick = -1 },
	} {
		p := good
		if spoil(&p); p.Check() == nil {
			t.Errorf("accepted %v", p)
		}
	}
	// Through the artifact of a network.
	n := &Network{Input: snn.Flat(2), Convention: Axonal, Provenance: map[string]string{}, Layers: []Layer{{Name: "1", In: snn.Flat(2), Out: snn.Flat(1), Weight: []int16{2, 4}, WeightBits: 8,
		Neuron: SRM{SDecay: 390, SShift: 2, RDecay: 2589, XDecay: 4096, RShift: 1, Kick: 400, VTh: 200}}}}
	var b bytes.Buffer
	if err := safetensors.Write(&b, n.File()); err != nil {
		t.Fatal(err)
	}
	f, err := safetensors.Read(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := FromFile(f); err != nil || cmp.Diff(n, got) != "" {
		t.Error(err, cmp.Diff(n, got))
	}
	n.Layers[0].Neuron = SRM{}
	if n.Validate() == nil {
		t.Error("a threshold of 0 was accepted")
	}
}
