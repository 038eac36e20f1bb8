package fixed

import (
	"encoding/json"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func bigInt(x int64) *big.Int      { return big.NewInt(x) }
func plus(x, y *big.Int) *big.Int  { return new(big.Int).Add(x, y) }
func minus(x, y *big.Int) *big.Int { return new(big.Int).Sub(x, y) }

// scaled divides x·y by 4096 toward zero.
func scaled(x, y int64) *big.Int {
	return new(big.Int).Quo(new(big.Int).Mul(bigInt(x), bigInt(y)), bigInt(4096))
}

// shifted is x·2^e, floored.
func shifted(x *big.Int, e int) *big.Int {
	if e < 0 {
		return new(big.Int).Rsh(x, uint(-e))
	}
	return new(big.Int).Lsh(x, uint(e))
}

// signed takes x modulo 2^bits into [−2^(bits−1), 2^(bits−1)).
func signed(x *big.Int, bits uint) *big.Int {
	m := new(big.Int).Lsh(bigInt(1), bits)
	x = new(big.Int).Mod(x, m)
	if x.Bit(int(bits-1)) == 1 {
		x.Sub(x, m)
	}
	return x
}

// clipped keeps x within ±(2^23 − 1).
func clipped(x *big.Int) *big.Int {
	if top := bigInt(1<<23 - 1); x.CmpAbs(top) > 0 {
		return top.Mul(top, bigInt(int64(x.Sign())))
	}
	return x
}

var (
	reg24   = rapid.OneOf(rapid.Int32Range(-VMax, VMax), rapid.SampledFrom([]int32{VMax, VMax - 1, -VMax, 1 - VMax, 0, 1, -1}))
	reg32   = rapid.OneOf(rapid.Int32(), rapid.Int32Range(-1<<14, 1<<14), rapid.SampledFrom([]int32{1<<31 - 1, -1 << 31, 1 - 1<<31, 0, 1, -1}))
	decays  = rapid.OneOf(rapid.Int32Range(0, 4096), rapid.SampledFrom([]int32{0, 1, 4095, 4096}))
	vths    = rapid.OneOf(rapid.Int32Range(0, MaxVTh), rapid.Int32Range(0, 100), rapid.SampledFrom([]int32{0, 1, MaxVTh - 1, MaxVTh}))
	sums    = rapid.OneOf(rapid.Int64Range(-1<<23, 1<<23-1), rapid.Int64Range(-300, 300), rapid.SampledFrom([]int64{-1 << 30, 1<<30 - 128}))
	gradedE = rapid.Int32Range(0, 7)
)

// TestSigmaDeltaAgainstBigIntegers checks the neurons with graded messages against their
// formulas in integers of any size, with all registers drawn up to their ends.
func TestSigmaDeltaAgainstBigIntegers(t *testing.T) {
	sent, silent := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		d := Delta{vths.Draw(t, "v_th"), gradedE.Draw(t, "spike_exp"), gradedE.Draw(t, "state_exp"), rapid.Bool().Draw(t, "cum_error")}
		sigma := SigmaDelta{d.VTh, d.SpikeExp, d.StateExp, d.CumError, rapid.SampledFrom([]string{ReLU, Identity}).Draw(t, "activation")}
		s := State{U: reg32.Draw(t, "u"), V: reg32.Draw(t, "v"), W: reg32.Draw(t, "w"), X: reg32.Draw(t, "x")}
		in := Drive{Sum: sums.Draw(t, "sum"), Bias: rapid.Int64Range(-1<<15, 1<<15-1).Draw(t, "bias")}
		var p Neuron = d
		scale := int(d.SpikeExp + d.StateExp)
		sum, act := bigInt(int64(s.U)), signed(shifted(bigInt(in.Sum), scale), 32)
		if rapid.Bool().Draw(t, "sigma") {
			p = sigma
			sum = signed(plus(sum, bigInt(in.Sum)), 32)
			if act = signed(plus(sum, shifted(bigInt(in.Bias), scale)), 32); sigma.Activation == ReLU && act.Sign() < 0 {
				act = bigInt(0)
			}
		}
		change := signed(plus(minus(act, bigInt(int64(s.V))), bigInt(int64(s.W))), 32)
		err, measured := bigInt(int64(s.X)), change
		if d.CumError {
			err = signed(plus(err, change), 32)
			measured = err
		}
		message, left := bigInt(0), change
		if measured.CmpAbs(shifted(bigInt(int64(d.VTh)), scale)) >= 0 {
			message, left = change, bigInt(0)
		}
		if message.Sign() != 0 {
			err = bigInt(0)
			sent++
		} else {
			silent++
		}
		got := p.Advance(&s, in)
		if want := shifted(message, -int(d.StateExp)); want.Cmp(bigInt(int64(got))) != 0 {
			t.Fatalf("sends %d, want %d", got, want)
		}
		for name, r := range map[string]struct {
			got  int32
			want *big.Int
		}{"u": {s.U, sum}, "v": {s.V, act}, "w": {s.W, left}, "x": {s.X, err}} {
			if r.want.Cmp(bigInt(int64(r.got))) != 0 {
				t.Fatalf("%s is %d, want %d", name, r.got, r.want)
			}
		}
		whole := Sigma{}.Advance(&State{U: s.W}, in)
		if want := signed(plus(bigInt(int64(s.W)), bigInt(in.Sum)), 32); want.Cmp(bigInt(int64(whole))) != 0 {
			t.Fatalf("a sigma neuron sends %d, want %d", whole, want)
		}
	})
	t.Logf("%d neurons sent, %d did not", sent, silent)
	if sent == 0 || silent == 0 {
		t.Error("too little was compared")
	}
}

// TestResonateAgainstBigIntegers does the same for both resonate-and-fire neurons.
func TestResonateAgainstBigIntegers(t *testing.T) {
	turns := rapid.OneOf(rapid.Int32Range(-4096, 4096), rapid.SampledFrom([]int32{-4096, 0, 4096}))
	spikes := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		p := RF{turns.Draw(t, "sin"), turns.Draw(t, "cos"), vths.Draw(t, "v_th")}
		before := State{U: reg24.Draw(t, "re"), V: reg24.Draw(t, "im")}
		in := Drive{Sum: sums.Draw(t, "sum"), Imag: sums.Draw(t, "imag"), Bias: 1 << 20}
		x, y := int64(before.U), int64(before.V)
		re := clipped(plus(minus(scaled(int64(p.Cos), x), scaled(int64(p.Sin), y)), shifted(bigInt(in.Sum), 6)))
		im := clipped(plus(plus(scaled(int64(p.Sin), x), scaled(int64(p.Cos), y)), shifted(bigInt(in.Imag), 6)))
		th := bigInt(int64(p.VTh) * 64)

		s := before
		phase := re.Cmp(th) >= 0 && im.Sign() >= 0 && before.V < 0
		if m := p.Advance(&s, in); (m == 1) != phase || m&^1 != 0 || re.Cmp(bigInt(int64(s.U))) != 0 || im.Cmp(bigInt(int64(s.V))) != 0 {
			t.Fatalf("rf sends %d at %d, %d; want %v at %d, %d", m, s.U, s.V, phase, re, im)
		}
		s = before
		reaches := im.Cmp(th) >= 0
		if reaches {
			re, im = bigInt(0), minus(th, bigInt(1))
		}
		if m := RFIZ(p).Advance(&s, in); (m == 1) != reaches || m&^1 != 0 || re.Cmp(bigInt(int64(s.U))) != 0 || im.Cmp(bigInt(int64(s.V))) != 0 {
			t.Fatalf("rf-iz sends %d at %d, %d; want %v at %d, %d", m, s.U, s.V, reaches, re, im)
		}
		if phase {
			spikes["rf"]++
		}
		if reaches {
			spikes["rf-iz"]++
		}
	})
	if t.Logf("spikes %v", spikes); spikes["rf"] == 0 || spikes["rf-iz"] == 0 {
		t.Error("too few spikes")
	}
}

// TestALIFAgainstBigIntegers does the same for adaptive neurons.
func TestALIFAgainstBigIntegers(t *testing.T) {
	spikes, silent := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p := ALIF{decays.Draw(t, "i_decay"), decays.Draw(t, "v_decay"), decays.Draw(t, "th_decay"), decays.Draw(t, "ref_decay"), vths.Draw(t, "v_th"), vths.Draw(t, "v_th_step")}
		s := State{U: reg24.Draw(t, "u"), V: reg24.Draw(t, "v"), W: reg24.Draw(t, "r"), X: reg24.Draw(t, "th")}
		in := Drive{Sum: sums.Draw(t, "sum"), Bias: rapid.Int64Range(-4096<<7, 4095<<7).Draw(t, "bias")}
		u := plus(scaled(int64(s.U), int64(4096-p.IDecay)), shifted(bigInt(in.Sum), 6))
		if u = signed(u, 24); u.Cmp(bigInt(-1<<23)) == 0 {
			u = bigInt(1 << 23)
		}
		v := clipped(plus(plus(scaled(int64(s.V), int64(4096-p.VDecay)), u), bigInt(in.Bias)))
		r := scaled(int64(s.W), int64(4096-p.RefDecay))
		rest := bigInt(int64(p.VTh) * 64)
		th := plus(scaled(int64(s.X), int64(4096-p.ThDecay)), rest) // SLAYER's register is the whole threshold
		spike := v.Cmp(plus(th, r)) >= 0
		above := minus(th, rest)
		if spike {
			r = clipped(plus(r, shifted(th, 1)))
			above = clipped(plus(above, bigInt(int64(p.VThStep)*64)))
			spikes++
		} else {
			silent++
		}
		if m := p.Advance(&s, in); (m == 1) != spike || m&^1 != 0 || u.Cmp(bigInt(int64(s.U))) != 0 || v.Cmp(bigInt(int64(s.V))) != 0 ||
			r.Cmp(bigInt(int64(s.W))) != 0 || above.Cmp(bigInt(int64(s.X))) != 0 {
			t.Fatalf("sends %d with %+v; want %v with %d, %d, %d, %d", m, s, spike, u, v, r, above)
		}
	})
	t.Logf("%d neurons spiked, %d did not", spikes, silent)
	if spikes == 0 || silent == 0 {
		t.Error("too little was compared")
	}
}

// everyKind has a neuron of each kind, with parameters that differ from the zero value.
var everyKind = []Neuron{
	CUBA{1, 2, 3, 4}, Delta{1, 2, 3, true}, Sigma{}, SigmaDelta{4, 5, 6, true, Identity}, SigmaDelta{4, 5, 6, false, ReLU},
	RF{-7, 8, 9}, RFIZ{-7, 8, 9}, ALIF{1, 2, 3, 4, 5, 6}, SRM{1, 2, 3, 4, 5, 6, 7},
}

func TestNeuronJSON(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range everyKind {
		if err := p.Check(); err != nil {
			t.Error(err)
		}
		b, err := json.Marshal(NeuronJSON{p})
		if err != nil {
			t.Fatal(err)
		}
		var back NeuronJSON
		if err := json.Unmarshal(b, &back); err != nil || back.Neuron != p {
			t.Errorf("%v became %s and %v (%v)", p, b, back.Neuron, err)
		}
		seen[p.Kind()] = true
	}
	for kind := range kinds {
		if !seen[kind] {
			t.Errorf("no neuron of kind %s was tried", kind)
		}
	}
	if json.Unmarshal([]byte(`{"kind":"quadratic"}`), new(NeuronJSON)) == nil {
		t.Error("an unknown kind was accepted")
	}
}

func TestNeuronParameters(t *testing.T) {
	for _, p := range []Neuron{
		Delta{VTh: -1}, Delta{VTh: MaxVTh + 1}, Delta{SpikeExp: 8}, Delta{StateExp: -1}, Delta{StateExp: 8}, SigmaDelta{}, SigmaDelta{Activation: "tanh"}, SigmaDelta{Activation: ReLU, VTh: -1},
		RF{Sin: 4097}, RF{Cos: -4097}, RF{VTh: MaxVTh + 1}, RFIZ{VTh: -1}, RFIZ{Sin: -4097},
		ALIF{IDecay: 4097}, ALIF{VDecay: -1}, ALIF{ThDecay: 4097}, ALIF{RefDecay: 4097}, ALIF{VTh: -1}, ALIF{VThStep: MaxVTh + 1},
	} {
		if p.Check() == nil {
			t.Errorf("%s neurons with %v were accepted", p.Kind(), p)
		}
	}
}

// TestThresholds: what each kind does exactly at its threshold, and one below.
func TestThresholds(t *testing.T) {
	for name, c := range map[string]struct {
		p    Neuron
		s    State
		in   Drive
		want int32
	}{
		"delta at":            {Delta{VTh: 5, SpikeExp: 1}, State{}, Drive{Sum: 5}, 10},
		"delta below":         {Delta{VTh: 5, SpikeExp: 1}, State{W: -1}, Drive{Sum: 5}, 0},
		"delta at, negative":  {Delta{VTh: 5, SpikeExp: 1}, State{}, Drive{Sum: -5}, -10},
		"error at":            {Delta{VTh: 5, CumError: true}, State{X: 3}, Drive{Sum: 2}, 2},
		"error below":         {Delta{VTh: 5, CumError: true}, State{X: 2}, Drive{Sum: 2}, 0},
		"rf at":               {RF{Cos: 4096, VTh: 5}, State{V: -64}, Drive{Sum: 5, Imag: 1}, 1},
		"rf below":            {RF{Cos: 4096, VTh: 5}, State{U: -1, V: -64}, Drive{Sum: 5, Imag: 1}, 0},
		"rf below the axis":   {RF{Cos: 4096, VTh: 5}, State{V: -65}, Drive{Sum: 5, Imag: 1}, 0},
		"rf from the axis":    {RF{Cos: 4096, VTh: 5}, State{V: 0}, Drive{Sum: 5, Imag: 1}, 0},
		"rf-iz at":            {RFIZ{Cos: 4096, VTh: 5}, State{}, Drive{Imag: 5}, 1},
		"rf-iz below":         {RFIZ{Cos: 4096, VTh: 5}, State{V: -1}, Drive{Imag: 5}, 0},
		"alif at":             {ALIF{VTh: 5}, State{W: 2, X: 3}, Drive{Bias: 5*64 + 5}, 1},
		"alif below":          {ALIF{VTh: 5}, State{W: 2, X: 3}, Drive{Bias: 5*64 + 4}, 0},
		"alif, negative rest": {ALIF{VTh: 0, VThStep: 1}, State{}, Drive{Bias: -1}, 0},
	} {
		if got := c.p.Advance(&c.s, c.in); got != c.want {
			t.Errorf("%s: sends %d, want %d", name, got, c.want)
		}
	}
}
