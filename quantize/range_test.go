package quantize

import (
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"pgregory.net/rapid"
)

// TestRangesHold drives neurons as hard as their inputs can, and at random: u and v stay
// within what is proved, and come near it where only decays round.
func TestRangesHold(t *testing.T) {
	steps, near, saturated, wrapped := 0, 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		decay := rapid.OneOf(rapid.IntRange(0, 4096), rapid.SampledFrom([]int{0, 1, 4095, 4096}))
		p := fixed.CUBA{IDecay: int32(decay.Draw(rt, "i_decay")), VDecay: int32(decay.Draw(rt, "v_decay")),
			VTh: int32(rapid.OneOf(rapid.IntRange(0, 3000), rapid.Just(snn.MaxVTh)).Draw(rt, "v_th")), RefDelay: int32(rapid.IntRange(1, 3).Draw(rt, "ref"))}
		fan := rapid.IntRange(1, 20).Draw(rt, "fan")
		l := fixed.Layer{Name: "1", In: snn.Flat(fan), Out: snn.Flat(1), WeightBits: 8, WeightExp: rapid.IntRange(-8, 7).Draw(rt, "exp"), Neuron: p}
		for range fan {
			l.Weight = append(l.Weight, 2*int16(rapid.IntRange(-128, 127).Draw(rt, "w")))
		}
		if rapid.Bool().Draw(rt, "biased") {
			l.BiasMant, l.BiasExp = []int16{int16(rapid.IntRange(-4096, 4095).Draw(rt, "bias"))}, rapid.IntRange(-7, 7).Draw(rt, "bias exp")
		}
		ranges, err := Prove(&fixed.Network{Input: l.In, Layers: []fixed.Layer{l}})
		if err != nil {
			rt.Fatal(err)
		}
		b, r := ranges[0], rand.New(rand.NewPCG(uint64(fan), 1))
		var plus, minus int64
		for _, w := range l.Weight {
			plus, minus = plus+max(0, int64(w)), minus+min(0, int64(w))
		}
		for _, drive := range []string{"plus", "minus", "random"} {
			var s fixed.State
			for range 400 {
				a := plus
				switch drive {
				case "minus":
					a = minus
				case "random":
					a = 0
					for _, w := range l.Weight {
						if r.IntN(2) == 0 {
							a += int64(w)
						}
					}
				}
				before := s
				u := fixed.Tz(int64(s.U)*int64(fixed.DecayOne-p.IDecay)) + fixed.Shift(a, l.WeightExp)<<fixed.ActShift
				p.Step(&s, fixed.Shift(a, l.WeightExp), l.Bias(0))
				steps++
				if int64(s.U) != u {
					if b.WrapFree {
						rt.Fatalf("u of %d wraps: %+v", u, b)
					}
					wrapped++
				}
				if b.WrapFree && max(u, -u) > b.U {
					rt.Fatalf("u is %d: %+v", u, b)
				}
				if before.Ref > 0 {
					continue
				}
				v := fixed.Tz(int64(before.V)*int64(fixed.DecayOne-p.VDecay)) + int64(s.U) + l.Bias(0)
				if v < b.VLow || v > b.VHigh {
					rt.Fatalf("v is %d: %+v", v, b)
				}
				if max(v, -v) > fixed.VMax {
					if b.SaturationFree {
						rt.Fatalf("v of %d saturates: %+v", v, b)
					}
					saturated++
				}
				if p.VDecay > 64 && p.IDecay > 64 && b.SaturationFree && b.VLow < -100000 && float64(v) < 0.9*float64(b.VLow) {
					near++
				}
			}
		}
	})
	t.Logf("compared %d ticks; %d near the lower bound, %d saturated, %d wrapped", steps, near, saturated, wrapped)
	if steps == 0 || near == 0 || saturated == 0 || wrapped == 0 {
		t.Error("not all ends were reached")
	}
}

// The bounds by hand, and the neuron that is to blame.
func TestRangeByHand(t *testing.T) {
	l := fixed.Layer{Name: "1", In: snn.Flat(2), Out: snn.Flat(3), WeightBits: 8, Neuron: fixed.CUBA{IDecay: 2048, VDecay: 1024, VTh: 100, RefDelay: 1},
		Weight: []int16{10, -20, 2, 4, 100, -2}, BiasMant: []int16{0, 0, 500}, BiasExp: 1}
	r, err := Prove(&fixed.Network{Input: l.In, Layers: []fixed.Layer{l}})
	if err != nil {
		t.Fatal(err)
	}
	// Neuron 0: u within −64·20·2 and 64·10·2, v above −2560·4. Neuron 2: u up to 64·100·2, on 3/4 of the threshold
	// and the bias of 1000; downward its bias is more than its u takes.
	want := Range{Name: "1", Kind: "cuba", Neuron: 2, Accumulator: 102, U: 12800, UNeuron: 2, WrapFree: true, VLow: -10240, VHigh: 4800 + 12800 + 1000, VNeuron: 2, SaturationFree: true}
	if r[0] != want {
		t.Errorf("%+v\n%+v", r[0], want)
	}
	l.Neuron = fixed.CUBA{IDecay: 2048, VDecay: 0, VTh: 100, RefDelay: 1} // v of the first, which u can pull down, does not decay
	r, _ = Prove(&fixed.Network{Input: l.In, Layers: []fixed.Layer{l}})
	if r[0].SaturationFree || r[0].Saturate != 1 || r[0].VNeuron != 0 || r[0].VLow != -unbounded {
		t.Errorf("%+v", r[0])
	}
}

// The first values that may wrap and saturate, and the last that may not.
func TestRangeEnds(t *testing.T) {
	net := func(weight int, bias int16) *fixed.Network {
		l := fixed.Layer{Name: "1", In: snn.Flat(600), Out: snn.Flat(1), WeightBits: 8, Mode: fixed.Excitatory, Neuron: fixed.CUBA{IDecay: 4096, VDecay: 4096, VTh: 1, RefDelay: 1}, BiasMant: []int16{bias}}
		for range 600 {
			w := min(255, weight)
			l.Weight, weight = append(l.Weight, int16(w)), weight-w
		}
		return &fixed.Network{Input: l.In, Layers: []fixed.Layer{l}}
	}
	for _, c := range []struct {
		weight         int
		bias           int16
		wrap, saturate bool
	}{{1<<17 - 1, 63, false, false}, {1<<17 - 1, 64, false, true}, {1 << 17, 0, true, true}, {1<<17 - 1, -4096, false, false}} {
		r, err := Prove(net(c.weight, c.bias))
		if err != nil {
			t.Fatal(err)
		}
		if r[0].WrapFree == c.wrap || r[0].SaturationFree == c.saturate {
			t.Errorf("%+v: %+v", c, r[0])
		}
	}
}
