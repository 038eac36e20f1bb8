package fixed

import (
	"bytes"
	"errors"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
	"pgregory.net/rapid"
)

// TestEdges pins the points where peers' "bit-accurate" models part.
func TestEdges(t *testing.T) {
	for _, c := range []struct{ x, want int64 }{
		{1 << 23, 1 << 23}, {-1 << 23, 1 << 23}, {1<<23 + 1, -1<<23 + 1}, {-1<<23 + 1, -1<<23 + 1},
		{-1<<23 - 1, 1<<23 - 1}, {1 << 24, 0}, {3 << 23, 1 << 23}, {0, 0}, {-1, -1},
	} {
		if got := Wrap(c.x); int64(got) != c.want {
			t.Errorf("Wrap(%d) = %d, want %d", c.x, got, c.want)
		}
	}
	for _, c := range []struct{ x, want int64 }{
		{4095, 0}, {-4095, 0}, {4096, 1}, {-4096, -1}, {-4097, -1}, {-8191, -1}, {-8192, -2}, {0, 0},
	} {
		if got := Tz(c.x); got != c.want {
			t.Errorf("Tz(%d) = %d, want %d", c.x, got, c.want)
		}
	}
	if Saturate(1<<23) != VMax || Saturate(-1<<23) != -VMax || Saturate(-5) != -5 {
		t.Error("Saturate does not clip to ±(2^23 − 1)")
	}
	if Shift(-5, -1) != -3 || Shift(5, -1) != 2 || Shift(-5, 2) != -20 {
		t.Error("Shift does not floor")
	}
	p := CUBA{IDecay: 4096, VDecay: 4096, VTh: 80, RefDelay: 1}
	if s := (State{}); p.Step(&s, 80, 0) || s.V != 5120 {
		t.Errorf("v = threshold must not spike: %+v", s)
	}
	if s := (State{}); !p.Step(&s, 80, 1) || s.V != 0 {
		t.Errorf("v = threshold + 1 must spike and reset: %+v", s)
	}
	p.RefDelay = 3
	s := State{}
	var spikes []int
	for t := range 9 {
		if p.Step(&s, 100, 0) {
			spikes = append(spikes, t)
		}
	}
	if d := cmp.Diff(spikes, []int{0, 3, 6}); d != "" {
		t.Errorf("refractory delay 3: %s", d)
	}
	never := CUBA{VTh: MaxVTh, RefDelay: 1}
	s = State{U: UMax, V: VMax}
	if never.Step(&s, 1<<17, MaxBias<<7) {
		t.Error("a threshold of 1<<17 must never be crossed")
	}
}

// TestStepAgainstBigIntegers checks Step against the formulas of the package
// comment written with integers of any size.
func TestStepAgainstBigIntegers(t *testing.T) {
	state := rapid.OneOf(rapid.Int32Range(-UMax+1, UMax), rapid.SampledFrom([]int32{UMax, UMax - 1, -UMax + 1, -UMax + 2, 0, 1, -1}))
	decay := rapid.OneOf(rapid.Int32Range(0, 4096), rapid.SampledFrom([]int32{0, 1, 4095, 4096}))
	tz := func(x *big.Int) *big.Int { return new(big.Int).Quo(x, big.NewInt(4096)) } // Quo truncates
	rapid.Check(t, func(t *rapid.T) {
		p := CUBA{decay.Draw(t, "iDecay"), decay.Draw(t, "vDecay"), rapid.Int32Range(0, MaxVTh).Draw(t, "vth"), 1}
		s := State{U: state.Draw(t, "u"), V: max(-VMax, min(VMax, state.Draw(t, "v")))}
		a := rapid.Int64Range(-1<<24, 1<<24).Draw(t, "a")
		bias := rapid.Int64Range(-4096<<7, 4095<<7).Draw(t, "bias")
		mul := func(x int32, d int32) *big.Int {
			return tz(new(big.Int).Mul(big.NewInt(int64(x)), big.NewInt(int64(4096-d))))
		}
		u := new(big.Int).Add(mul(s.U, p.IDecay), big.NewInt(a*64))
		for u.Cmp(big.NewInt(1<<23)) > 0 {
			u.Sub(u, big.NewInt(1<<24))
		}
		for u.Cmp(big.NewInt(-1<<23)) <= 0 {
			u.Add(u, big.NewInt(1<<24))
		}
		v := new(big.Int).Add(mul(s.V, p.VDecay), u)
		v.Add(v, big.NewInt(bias))
		if lim := big.NewInt(1<<23 - 1); v.Cmp(lim) > 0 {
			v = lim
		} else if neg := big.NewInt(-(1<<23 - 1)); v.Cmp(neg) < 0 {
			v = neg
		}
		spike := v.Cmp(big.NewInt(int64(p.VTh)*64)) > 0
		if spike {
			v = new(big.Int)
		}
		if got := p.Step(&s, a, bias); got != spike || int64(s.U) != u.Int64() || int64(s.V) != v.Int64() {
			t.Fatalf("spike %v u %d v %d, want %v %v %v", got, s.U, s.V, spike, u, v)
		}
	})
}

func TestWeights(t *testing.T) {
	for _, c := range []struct {
		w    int64
		bits int
		mode SignMode
		want int16
	}{
		{255, 8, Mixed, 254}, {-255, 8, Mixed, -256}, {-300, 8, Mixed, -256}, {300, 8, Mixed, 254}, {-1, 8, Mixed, -2}, {1, 8, Mixed, 0},
		{255, 8, Excitatory, 255}, {-3, 8, Excitatory, 0}, {255, 3, Excitatory, 224}, {-255, 8, Inhibitory, -255}, {-255, 3, Inhibitory, -224}, {-31, 3, Inhibitory, 0},
		{-1, 1, Mixed, -256}, {255, 1, Mixed, 0},
	} {
		if got := Truncate(c.w, c.bits, c.mode); got != c.want {
			t.Errorf("Truncate(%d, %d, %v) = %d, want %d", c.w, c.bits, c.mode, got, c.want)
		}
	}
	n := 0
	for mode := Mixed; mode <= Inhibitory; mode++ {
		for bits := 1; bits <= 8; bits++ {
			for w := int64(-300); w <= 300; w++ {
				legal := Truncate(w, bits, mode)
				if Truncate(int64(legal), bits, mode) != legal {
					t.Errorf("%d is not stable at %d %v bits", legal, bits, mode)
				}
				if back := mode.Weight(mode.Code(legal)); back != legal {
					t.Errorf("%v weight %d packs to %d and unpacks to %d", mode, legal, mode.Code(legal), back)
				}
				n++
			}
		}
	}
	t.Logf("packed %d weights", n)
}

// TestArrivalTimes follows single spikes through every kind of delay.
func TestArrivalTimes(t *testing.T) {
	for _, conv := range []Convention{Axonal, Immediate, Slayer} {
		once := CUBA{IDecay: 4096, VDecay: 4096, VTh: 1, RefDelay: 1}
		n := &Network{Input: snn.Flat(1), Convention: conv, Layers: []Layer{
			{Name: "1", In: snn.Flat(1), Out: snn.Flat(1), Weight: []int16{2}, WeightBits: 8, Neuron: once, Delay: []uint8{62}, SynDelay: []uint8{5}},
			{Name: "2", In: snn.Flat(1), Out: snn.Flat(1), Weight: []int16{2}, WeightBits: 8, Neuron: once, SynDelay: []uint8{7}},
		}}
		if err := n.Validate(); err != nil {
			t.Fatal(err)
		}
		in := spike.NewRaster(1)
		in.Append()
		in.Append(0) // column 1
		recs, err := n.Run(in, 100, true)
		if err != nil {
			t.Fatal(err)
		}
		first := 1 + conv.InputLatency + 5
		second := first + 1 + 62 + 7
		for k, want := range []int{first, second} {
			for t0 := range 100 {
				if spiked := len(recs[k].Spikes.At(t0)) > 0; spiked != (t0 == want+conv.SpikeLag) {
					t.Errorf("%v: layer %d spikes at tick %d: %v; expected its spike at %d", conv, k+1, t0, spiked, want+conv.SpikeLag)
				}
			}
			if recs[k].U[want] != 128 {
				t.Errorf("%v: layer %d has u = %d when its input arrives, want 128", conv, k+1, recs[k].U[want])
			}
		}
	}
}

func TestReset(t *testing.T) {
	hold := CUBA{IDecay: 4096, VTh: 1000, RefDelay: 1} // v sums its input
	l := func(name string) Layer {
		return Layer{Name: name, In: snn.Flat(1), Out: snn.Flat(1), Weight: []int16{0}, WeightBits: 8, Neuron: hold, BiasMant: []int16{1}}
	}
	n := &Network{Input: snn.Flat(1), Convention: Immediate, Reset: Reset{Interval: 5}, Layers: []Layer{l("1"), l("2")}}
	recs, err := n.Run(spike.NewRaster(1), 12, true)
	if err != nil {
		t.Fatal(err)
	}
	// Steps count from 1; layer i is zeroed before the steps ≡ 1 + i modulo 5.
	for k, want := range [][]int32{{1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2}, {1, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1}} {
		if d := cmp.Diff(recs[k].V, want); d != "" {
			t.Errorf("layer %d: %s", k+1, d)
		}
	}
}

func TestArtifactRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	n := &Network{Input: snn.Shape{W: 2, H: 3, C: 1}, Convention: Immediate, Reset: Reset{7, 2}, Encoding: "e", Readout: snn.Window{From: 3, To: 9}, Provenance: map[string]string{"command": "x"}}
	in := n.Input
	for k, out := range []int{4, 3} {
		l := Layer{Name: []string{"1", "2"}[k], In: in, Out: snn.Flat(out), WeightBits: 6, WeightExp: -2, Mode: Inhibitory, Neuron: CUBA{1, 2, 3, 4}, BiasExp: 3}
		for range in.Size() * out {
			l.Weight = append(l.Weight, Truncate(-int64(r.IntN(256)), 6, Inhibitory))
			l.SynDelay = append(l.SynDelay, uint8(r.IntN(63)))
		}
		for range out {
			l.BiasMant, l.Delay = append(l.BiasMant, int16(r.IntN(8192)-4096)), append(l.Delay, uint8(r.IntN(63)))
		}
		n.Layers = append(n.Layers, l)
		in = l.Out
	}
	n.Layers[1].BiasMant, n.Layers[1].Delay, n.Layers[1].SynDelay = nil, nil, nil
	var b bytes.Buffer
	if err := safetensors.Write(&b, n.File()); err != nil {
		t.Fatal(err)
	}
	f, err := safetensors.Read(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	got, err := FromFile(f)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(n, got); d != "" {
		t.Error(d)
	}
	path := filepath.Join(t.TempDir(), "network")
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	if got, err = Read(path); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(n, got); d != "" {
		t.Error(d)
	}
	b.Bytes()[b.Len()-1] ^= 1
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	var e *diag.Error
	if _, err := Read(path); !errors.As(err, &e) || e.Kind != diag.Input || e.File != path {
		t.Errorf("damaged: %v", err)
	}
}

func TestValidateRefuses(t *testing.T) {
	good := func() *Network {
		return &Network{Input: snn.Flat(2), Convention: Axonal, Layers: []Layer{{Name: "1", In: snn.Flat(2), Out: snn.Flat(1), Weight: []int16{2, 4}, WeightBits: 8, Neuron: CUBA{0, 0, 1, 1}}}}
	}
	if err := good().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Network){
		"no layers":      func(n *Network) { n.Layers = nil },
		"shape":          func(n *Network) { n.Layers[0].In = snn.Flat(3) },
		"weights":        func(n *Network) { n.Layers[0].Weight = []int16{2} },
		"odd weight":     func(n *Network) { n.Layers[0].Weight[0] = 3 },
		"weight range":   func(n *Network) { n.Layers[0].Weight[0] = 256 },
		"bits":           func(n *Network) { n.Layers[0].WeightBits = 10 },
		"exponent":       func(n *Network) { n.Layers[0].WeightExp = 8 },
		"bias":           func(n *Network) { n.Layers[0].BiasMant = []int16{4096} },
		"bias exponent":  func(n *Network) { n.Layers[0].BiasExp = 8 },
		"delay":          func(n *Network) { n.Layers[0].Delay = []uint8{63} },
		"synaptic delay": func(n *Network) { n.Layers[0].SynDelay = []uint8{63, 0} },
		"decay":          func(n *Network) { n.Layers[0].Neuron = CUBA{IDecay: 4097, RefDelay: 1} },
		"refractory":     func(n *Network) { n.Layers[0].Neuron = CUBA{} },
		"convention":     func(n *Network) { n.Convention.InputLatency = 2 },
		"reset":          func(n *Network) { n.Reset.Interval = -1 },
		"reset offset":   func(n *Network) { n.Reset = Reset{Interval: 5, Offset: 1<<63 - 1} },
	} {
		n := good()
		spoil(n)
		if n.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
