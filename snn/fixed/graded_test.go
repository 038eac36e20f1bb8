package fixed

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/spike"
	"pgregory.net/rapid"
)

// graded returns a network of a sigma neuron behind one weight each of two inputs.
func graded(weights ...int16) *Network {
	in := snn.Flat(len(weights))
	return &Network{Input: in, Convention: Axonal, Layers: []Layer{{Name: "1", In: in, Out: snn.Flat(1), Weight: weights, WeightBits: 8, Neuron: Sigma{}, Graded: true}}}
}

func raster(t *testing.T, neurons, ticks int, values ...int32) *spike.Raster {
	t.Helper()
	r, err := spike.FromValues(neurons, ticks, values)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestMessages: messages multiply the weights where the layer is graded and count 1 where
// it is not, travel through delays, and are recorded as the convention says.
func TestMessages(t *testing.T) {
	in := raster(t, 2, 3, 5, 0, -7, 0, 100, 1)
	for _, conv := range []Convention{Axonal, Slayer} {
		n := graded(2, -4)
		n.Convention = conv
		n.Layers[0].Delay = []uint8{3}
		n.Layers = append(n.Layers, Layer{Name: "2", In: snn.Flat(1), Out: snn.Flat(1), Weight: []int16{10}, SynDelay: []uint8{2}, WeightBits: 8, Neuron: Sigma{}, Graded: true})
		const ticks = 12
		first := func(values ...int64) []int64 { // what changes arrive, from the first arrival on
			v := make([]int64, ticks)
			sum := int64(0)
			for t := range v {
				if i := t - conv.InputLatency; i >= 0 && i < len(values) {
					sum += values[i]
				}
				v[t] = sum
			}
			return v
		}
		for _, isGraded := range []bool{true, false} {
			n.Layers[0].Graded, n.Layers[1].Graded = isGraded, isGraded
			if err := n.Validate(); err != nil {
				t.Fatal(err)
			}
			recs, err := n.Run(in, ticks, true)
			if err != nil {
				t.Fatal(err)
			}
			sums := first(10, -400, -18)
			if !isGraded {
				sums = first(2, -4, -2)
			}
			sigma := int64(0)
			for at := range ticks {
				if int64(recs[0].U[at]) != sums[at] {
					t.Fatalf("%v, graded %v: the sum is %d at tick %d, want %d", conv, isGraded, recs[0].U[at], at, sums[at])
				}
				if sent := at - 1 - 3 - 2; sent >= 0 && sums[sent] != 0 {
					if isGraded {
						sigma += 10 * sums[sent]
					} else {
						sigma += 10
					}
				}
				if int64(recs[1].U[at]) != sigma {
					t.Fatalf("%v, graded %v: layer 2 sums up to %d at tick %d, want %d", conv, isGraded, recs[1].U[at], at, sigma)
				}
				shown := recs[0].Spikes.Messages(at)
				if from := at - conv.SpikeLag; from >= 0 && sums[from] != 0 {
					if len(shown) != 1 || int64(shown[0]) != sums[from] {
						t.Fatalf("%v: messages %v in column %d, want %d", conv, shown, at, sums[from])
					}
				} else if len(shown) > 0 {
					t.Fatalf("%v: messages %v in column %d", conv, shown, at)
				}
			}
		}
	}
}

// TestAccumulator: the sum of weights times messages is taken modulo 2^24 before the exponent.
func TestAccumulator(t *testing.T) {
	for _, c := range []struct{ sum, want int64 }{
		{1<<23 - 1, 1<<23 - 1}, {1 << 23, -1 << 23}, {-1 << 23, -1 << 23}, {-1<<23 - 1, 1<<23 - 1}, {1 << 24, 0}, {-5, -5}, {1<<62 + 3, 3},
	} {
		if got := Accumulate(c.sum); got != c.want {
			t.Errorf("Accumulate(%d) = %d, want %d", c.sum, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.SliceOfN(rapid.Int16Range(-128, 127), 4, 4).Draw(t, "halves")
		m := rapid.SliceOfN(reg32, 4, 4).Draw(t, "messages")
		exp := rapid.IntRange(minExp, maxExp).Draw(t, "exp")
		sum := bigInt(0)
		for i := range w {
			w[i] *= 2
			sum = plus(sum, bigInt(int64(w[i])*int64(m[i])))
		}
		n := graded(w...)
		n.Layers[0].WeightExp = exp
		in, err := spike.FromValues(4, 1, m)
		if err != nil {
			t.Fatal(err)
		}
		recs, err := n.Run(in, 2, true)
		if err != nil {
			t.Fatal(err)
		}
		if want := shifted(signed(sum, 24), exp); want.Cmp(bigInt(int64(recs[0].U[1]))) != 0 {
			t.Fatalf("the sum is %d, want %d", recs[0].U[1], want)
		}
	})
}

// TestComplexWeights: the imaginary weights drive the imaginary part.
func TestComplexWeights(t *testing.T) {
	n := &Network{Input: snn.Flat(2), Convention: Immediate, Layers: []Layer{{Name: "1", In: snn.Flat(2), Out: snn.Flat(2), WeightBits: 8, WeightExp: 1,
		Weight: []int16{2, 4, 6, 8}, WeightImag: []int16{-10, 20, 30, -40}, SynDelay: []uint8{0, 0, 0, 1}, Neuron: RF{VTh: MaxVTh}}}}
	if err := n.Validate(); err != nil {
		t.Fatal(err)
	}
	in := spike.NewRaster(2)
	in.Append(0, 1)
	recs, err := n.Run(in, 2, true)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([][]int32{recs[0].U, recs[0].V}, [][]int32{{6 * 128, 0, 6 * 128, 8 * 128}, {10 * 128, 0, 30 * 128, -40 * 128}}); d != "" {
		t.Error(d)
	}
}

// TestComplexAccumulator: the imaginary sum wraps and is shifted as the real one, by each neuron's exponent.
func TestComplexAccumulator(t *testing.T) {
	n := &Network{Input: snn.Flat(1), Convention: Immediate, Layers: []Layer{{Name: "1", In: snn.Flat(1), Out: snn.Flat(2), WeightBits: 8, WeightExp: 5, NeuronExp: []int8{0, -1},
		Weight: []int16{2, 2}, WeightImag: []int16{4, 4}, Graded: true, Neuron: RF{VTh: MaxVTh}}}}
	if err := n.Validate(); err != nil {
		t.Fatal(err)
	}
	recs, err := n.Run(raster(t, 1, 1, 1<<23+3), 1, true)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([][]int32{recs[0].U, recs[0].V}, [][]int32{{6 * 64, 3 * 64}, {12 * 64, 6 * 64}}); d != "" {
		t.Error(d)
	}
}

// TestGradedArtifact takes a network of every kind through its file.
func TestGradedArtifact(t *testing.T) {
	n := &Network{Input: snn.Flat(2), Convention: Axonal, Provenance: map[string]string{}}
	for k, p := range everyKind {
		l := Layer{Name: string(rune('a' + k)), In: snn.Flat(2), Out: snn.Flat(2), Weight: []int16{2, 4, 6, 8}, WeightBits: 8, Neuron: p, Graded: k%2 == 0}
		if Complex(p) {
			l.WeightImag = []int16{-2, -4, -6, -8}
		}
		least, most := BiasRange(p)
		l.BiasMant = []int16{int16(least), int16(most)}
		n.Layers = append(n.Layers, l)
	}
	if err := n.Validate(); err != nil {
		t.Fatal(err)
	}
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
}

func TestValidateRefusesKinds(t *testing.T) {
	for name, spoil := range map[string]func(l *Layer){
		"complex weights of sigma":  func(l *Layer) { l.WeightImag = []int16{2, 4} },
		"too few imaginary weights": func(l *Layer) { l.Neuron, l.WeightImag = RF{}, []int16{2} },
		"odd imaginary weight":      func(l *Layer) { l.Neuron, l.WeightImag = RF{}, []int16{2, 3} },
		"bias of sigma":             func(l *Layer) { l.BiasMant = []int16{1} },
		"bias of delta":             func(l *Layer) { l.Neuron, l.BiasMant = Delta{}, []int16{-1} },
		"bias of rf":                func(l *Layer) { l.Neuron, l.BiasMant = RF{}, []int16{1} },
		"bias of alif":              func(l *Layer) { l.Neuron, l.BiasMant = ALIF{}, []int16{4096} },
		"parameters":                func(l *Layer) { l.Neuron = SigmaDelta{} },
	} {
		n := graded(2, 4)
		spoil(&n.Layers[0])
		if n.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
