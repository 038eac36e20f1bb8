package quantize

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/train"
	"pgregory.net/rapid"
)

var allBits = []snn.WeightBits{snn.Ternary, 1, 2, 3, 4, 5, 6, 7, 8, 9}

// drawSource draws a network of two layers, the first dense or a convolution. value
// draws a weight of an output neuron or channel.
func drawSource(rt *rapid.T, value func(r *rand.Rand, layer, row int) float64) *Source {
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
	s := &Source{Input: snn.Flat(12)}
	first := Layer{Name: "1", In: s.Input, Out: snn.Flat(9)}
	if rapid.Bool().Draw(rt, "conv") {
		s.Input = snn.Shape{W: 5, H: 4, C: 2}
		first = Layer{Name: "1", In: s.Input, Out: snn.Shape{W: 3, H: 2, C: 4}, Kernel: fixed.Square(3, 1, 0, 1, 2)}
	}
	s.Layers = []Layer{first, {Name: "2", In: first.Out, Out: snn.Flat(6)}}
	for k := range s.Layers {
		l := &s.Layers[k]
		l.Weight = make([]float64, l.geometry().Weights())
		for row := range l.rows() {
			for i := range l.row(row) {
				l.row(row)[i] = value(r, k, row)
			}
		}
		decays := rapid.SampledFrom([][2]float64{{4096, 4096}, {4096, 0}, {0, 4096}}).Draw(rt, "decays")
		l.IDecay, l.VDecay = decays[0], decays[1]
		l.Threshold = float64(rapid.SampledFrom([]int{1, 40, 256, 2000}).Draw(rt, "v_th"))
		l.RefDelay = rapid.IntRange(1, 3).Draw(rt, "ref_delay")
		for range l.Out.Size() {
			l.Delay = append(l.Delay, float64(r.IntN(7)))
			l.Bias = append(l.Bias, float64(r.IntN(64)-20)/4)
		}
	}
	return s
}

// What the bits hold exactly stays exact, for all bits, exponents of each channel, biases
// and delays: the integers give the spikes that the float network gives. Decays are all
// or nothing, so that neither rounds, and there are too few ticks for u to wrap or v to saturate.
func TestWhatFitsStaysExact(t *testing.T) {
	nets, spikes := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		each := rapid.Bool().Draw(rt, "each")
		var bits [2]snn.WeightBits
		var exp [2][16]int
		for k := range bits {
			bits[k] = rapid.SampledFrom(allBits).Draw(rt, "bits")
			for row := range exp[k] {
				if exp[k][row] = rapid.IntRange(bits[k].MinExp(), 1).Draw(rt, "exp"); !each {
					exp[k][row] = exp[k][0]
				}
			}
		}
		s := drawSource(rt, func(r *rand.Rand, k, row int) float64 {
			lo, hi, step := bits[k].Levels()
			return math.Ldexp(float64(lo+step*r.IntN((hi-lo)/step+1)), exp[k][row])
		})
		n, rep, err := s.Quantize(Options{Bits: bits[:], PerChannel: each, DelayBits: 3})
		if err != nil {
			rt.Fatal(err)
		}
		for k, l := range rep.Layers {
			if l.MaxError != 0 || l.Clipped != 0 || l.BiasError != 0 || l.BiasesClipped != 0 || l.DelayError != 0 || l.DecayError != 0 || l.Bits != bits[k].Stored() {
				rt.Fatalf("bits %v, exponents %v: %+v", bits, exp, l)
			}
		}
		in := noise(uint64(nets), s.Input.Size(), 12, 0.3)
		want := s.Run(in)
		got, err := n.Run(in, 12, false)
		if err != nil {
			rt.Fatal(err)
		}
		for k := range want {
			spikes += want[k].Count()
			if d := want[k].Diff(got[k].Spikes); d > 0 {
				rt.Fatalf("bits %v, layer %d: %d spikes differ", bits, k+1, d)
			}
		}
		nets++
	})
	t.Logf("compared %d networks, %d spikes", nets, spikes)
	if spikes == 0 {
		t.Error("no spikes were compared")
	}
}

// Weights, thresholds and biases of any size: what is not clipped is off by half a step at most, and
// the report counts right.
func TestErrorsAreBounded(t *testing.T) {
	weights, clipped := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		bits := rapid.SampledFrom(allBits).Draw(rt, "bits")
		unit := math.Pow(10, rapid.Float64Range(-4, 4).Draw(rt, "unit"))
		s := drawSource(rt, func(r *rand.Rand, _, row int) float64 { return unit * r.NormFloat64() * float64(1+row) })
		for k := range s.Layers {
			l := &s.Layers[k]
			if l.Threshold *= unit * rapid.Float64Range(0, 2).Draw(rt, "threshold"); l.Threshold < 1e-30 {
				l.Threshold = 0
			}
			for i := range l.Bias {
				l.Bias[i] *= unit
			}
		}
		n, rep, err := s.Quantize(Options{Bits: []snn.WeightBits{bits}, PerChannel: rapid.Bool().Draw(rt, "each")})
		if err != nil {
			rt.Fatal(err)
		}
		for k := range n.Layers {
			l, f, lr := &s.Layers[k], &n.Layers[k], rep.Layers[k]
			th := float64(f.Neuron.(fixed.CUBA).VTh)
			if (th == 0) != (l.Threshold == 0) {
				rt.Fatalf("threshold %v became %v", l.Threshold, th)
			}
			if th == 0 {
				continue // the scale is not to be told from the integers
			}
			lo, hi, step := bits.Levels()
			off, over, rms := 0.0, 0, 0.0
			for row := range l.rows() {
				exp := f.Exp(row * (l.Out.Size() / l.rows()))
				real := math.Ldexp(l.Threshold/th, exp) // of an integer weight
				for i, w := range l.row(row) {
					e := math.Abs(float64(f.Weight[row*len(l.row(row))+i])*real - w)
					off, rms = max(off, e), rms+e*e
					weights++
					if x := w / real; x < float64(lo)-float64(step)/2 || x > float64(hi)+float64(step)/2 {
						over++
					} else if e > real*float64(step)/2*(1+1e-9) {
						rt.Fatalf("%v bits: weight %v became %d steps of %v", bits, w, f.Weight[row*len(l.row(row))+i], real)
					}
				}
			}
			clipped += over
			rms = math.Sqrt(rms / float64(len(l.Weight)))
			if lr.Clipped != over || math.Abs(lr.MaxError-off) > 1e-9*off || math.Abs(lr.RMSError-rms) > 1e-9*rms {
				rt.Fatalf("%d clipped, errors %v and %v; reported %+v", over, off, rms, lr)
			}
			for o, b := range l.Bias {
				got := float64(f.Bias(o)) / 64 * l.Threshold / th
				half := math.Ldexp(0.5, f.BiasExp) / 64 * l.Threshold / th
				if e := math.Abs(got-b) - 1e-9*math.Abs(b); e > lr.BiasError || e > half && lr.BiasesClipped == 0 {
					rt.Fatalf("bias %v became %v: %+v", b, got, lr)
				}
			}
		}
	})
	t.Logf("compared %d weights, of which %d were clipped", weights, clipped)
	if weights == 0 || clipped == 0 {
		t.Error("nothing was compared")
	}
}

func TestBiases(t *testing.T) {
	for _, c := range []struct {
		bias    []float64
		exp     int
		mant    []int16
		clipped int
	}{
		{[]float64{1, -2, 0.5}, 0, []int16{64, -128, 32}, 0},
		{[]float64{63.99, 0, 0}, 0, []int16{4095, 0, 0}, 0},
		{[]float64{64, 1, 0}, 1, []int16{2048, 32, 0}, 0},
		{[]float64{-64, 1, 0}, 0, []int16{-4096, 64, 0}, 0},
		{[]float64{-64.01, 1, 0}, 1, []int16{-2048, 32, 0}, 0},
		{[]float64{9000, -9000, 1}, 7, []int16{4095, -4096, 0}, 2},
	} {
		l := Layer{In: snn.Flat(1), Out: snn.Flat(3), Bias: c.bias}
		var f fixed.Layer
		var r LayerReport
		l.biases(&f, scale{ratio: 1}, &r)
		if f.BiasExp != c.exp || r.BiasesClipped != c.clipped || f.BiasMant[0] != c.mant[0] || f.BiasMant[1] != c.mant[1] || f.BiasMant[2] != c.mant[2] {
			t.Errorf("%v: %v·2^%d, %+v", c.bias, f.BiasMant, f.BiasExp, r)
		}
	}
}

// The largest and smallest numbers that are taken still give a network.
func TestExtremes(t *testing.T) {
	for _, th := range []float64{0, 1e-30, 0.37, 1 << 17, 1<<17 + 1, 1e30} {
		for _, w := range []float64{0, 1e-30, 1e30} {
			for _, each := range []bool{false, true} {
				s := &Source{Input: snn.Flat(2), Layers: []Layer{{Name: "1", In: snn.Flat(2), Out: snn.Flat(1), Weight: []float64{w, -w / 3}, Bias: []float64{w}, IDecay: 4096, Threshold: th, RefDelay: 1}}}
				n, r, err := s.Quantize(Options{PerChannel: each})
				if err != nil {
					t.Errorf("threshold %v, weight %v: %v", th, w, err)
				} else if l := r.Layers[0]; math.IsNaN(l.RMSError) || l.MaxError > w || w == 0 && n.Layers[0].Weight[0] != 0 {
					t.Errorf("threshold %v, weight %v: %+v", th, w, l)
				}
			}
		}
	}
}

// Where no threshold decides, or one is small beside the weights, the scale is still one on which the weights fit.
func TestScaleOfFreeThresholds(t *testing.T) {
	for _, c := range []struct {
		threshold, weight, bias float64
		vth                     int32 // 0 is any
	}{{0, 1e-9, 0, 0}, {0, 1e6, 0, 0}, {math.Inf(1), 3e-5, 0, fixed.MaxVTh}, {math.Inf(1), 1e9, 0, fixed.MaxVTh}, {math.Inf(1), 0, 7e8, fixed.MaxVTh}, {1e-3, 5, 0, 0}, {1000, 1e6, 0, 0}, {1, 32000, 0, 1}} {
		l := Layer{Name: "1", In: snn.Flat(2), Out: snn.Flat(1), Weight: []float64{c.weight, -c.weight * 0.7}, Bias: []float64{c.bias}, IDecay: 4096, VDecay: 100, Threshold: c.threshold, RefDelay: 1}
		s := &Source{Input: l.In, Layers: []Layer{l}}
		for _, each := range []bool{false, true} {
			n, r, err := s.Quantize(Options{PerChannel: each})
			if err != nil {
				t.Fatal(err)
			}
			if x := r.Layers[0]; x.Clipped+x.BiasesClipped > 0 || x.RMSError > 0.005*x.RMSWeight || x.BiasError > 0.005*c.bias {
				t.Errorf("%+v: %+v", c, x)
			}
			if th := n.Layers[0].Neuron.(fixed.CUBA).VTh; c.vth > 0 && th != c.vth || c.threshold == 0 && th != 0 {
				t.Errorf("%+v: threshold %d", c, th)
			}
		}
	}
}

// A bias bounds the scale: thresholds with which its mantissa would not fit are not tried.
func TestScaleLeavesRoomForBias(t *testing.T) {
	l := Layer{In: snn.Flat(2), Out: snn.Flat(1), Weight: []float64{0.37, 0.11}, Threshold: 8, IDecay: 4096}
	if s := l.search(8, Options{}); s.threshold < 1000 {
		t.Errorf("without a bias the threshold is %d", s.threshold)
	}
	l.Bias = []float64{100}
	s := l.search(8, Options{})
	if most := mantissa(100/s.ratio, fixed.MaxBiasExp); most > fixed.MaxBias {
		t.Errorf("threshold %d, mantissa %v", s.threshold, most)
	}
}

func TestDelayBits(t *testing.T) {
	s := &Source{Input: snn.Flat(1), Layers: []Layer{{Name: "1", In: snn.Flat(1), Out: snn.Flat(3), Weight: []float64{2, 2, 2}, IDecay: 1, VDecay: 1, Threshold: 1, RefDelay: 1, Delay: []float64{0.9, 6, 14.5}}}}
	for bits, longest := range []int{1: 0, 2: 2, 3: 6, 4: 14, 5: 30, 6: 62} {
		if bits == 0 {
			continue
		}
		n, r, err := s.Quantize(Options{DelayBits: bits, ClipDelays: true})
		if err != nil {
			t.Fatal(err)
		}
		want, clipped := []uint8{0, uint8(min(6, longest)), uint8(min(14, longest))}, 0
		for _, d := range []int{6, 14} {
			if d > longest {
				clipped++
			}
		}
		l := r.Layers[0]
		if d := n.Layers[0].Delay; d[0] != want[0] || d[1] != want[1] || d[2] != want[2] || l.DelaysClipped != clipped || l.DelayBits != bits || l.MaxDelay != min(14, longest) || l.DelayError != max(0.9, 14.5-float64(min(14, longest))) {
			t.Errorf("%d bits: %v, %+v", bits, d, l)
		}
		var d *diag.Error
		_, _, err = s.Quantize(Options{DelayBits: bits})
		if fits := longest >= 14; fits != (err == nil) || !fits && (!errors.As(err, &d) || d.Kind != diag.Limit || d.Used != 14 || d.Limit != int64(longest) || d.Layer != "1") {
			t.Errorf("%d bits: %v", bits, err)
		}
	}
	s.Layers[0].Delay[0] = 63
	if _, _, err := s.Quantize(Options{}); err == nil {
		t.Error("63 ticks were taken for 6 bits")
	}
}

// Decays of no whole 1/4096 are rounded to the nearest, and the report says how far.
func TestDecays(t *testing.T) {
	s := &Source{Input: snn.Flat(1), Layers: []Layer{{Name: "1", In: snn.Flat(1), Out: snn.Flat(1), Weight: []float64{2}, IDecay: 1000.75, VDecay: 4095.6, Threshold: 1, RefDelay: 1}}}
	n, r, err := s.Quantize(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p := n.Layers[0].Neuron.(fixed.CUBA); p.IDecay != 1001 || p.VDecay != 4096 || math.Abs(r.Layers[0].DecayError-0.4) > 1e-9 {
		t.Errorf("%+v, %+v", p, r.Layers[0])
	}
}

// A convolution of what was flattened before is refused by name.
func TestFlattenedConvolution(t *testing.T) {
	e := snn.DefaultExperiment()
	e.Net = "6x6x2-4c3-flat-4c3p1-5"
	m, err := train.NewModel(e)
	if err != nil {
		t.Fatal(err)
	}
	var d *diag.Error
	if _, _, err := Quantize(m, Options{}); !errors.As(err, &d) || d.Layer != "2" || d.Code != "not-yet-supported" {
		t.Error(err)
	}
}

func TestBadSources(t *testing.T) {
	for what, spoil := range map[string]func(l *Layer){
		"a weight too many":      func(l *Layer) { l.Weight = append(l.Weight, 1) },
		"fed something else":     func(l *Layer) { l.In = snn.Flat(3) },
		"a delay for one of two": func(l *Layer) { l.Delay = []float64{1} },
		"a bias for one of two":  func(l *Layer) { l.Bias = []float64{1} },
		"NaN":                    func(l *Layer) { l.Weight[0] = math.NaN() },
		"an infinite bias":       func(l *Layer) { l.Bias = []float64{0, math.Inf(1)} },
		"a weight of 1e31":       func(l *Layer) { l.Weight[3] = -1e31 },
		"a threshold of 1e-31":   func(l *Layer) { l.Threshold = 1e-31 },
		"a threshold of 1e31":    func(l *Layer) { l.Threshold = 1e31 },
		"a threshold of NaN":     func(l *Layer) { l.Threshold = math.NaN() },
		"a negative threshold":   func(l *Layer) { l.Threshold = -1 },
		"a decay above 1":        func(l *Layer) { l.IDecay = 4097 },
		"a negative delay":       func(l *Layer) { l.Delay = []float64{0, -1} },
		"no groups":              func(l *Layer) { l.Kernel = fixed.Square(1, 1, 0, 1, 0) },
		"a rest of 0 ticks":      func(l *Layer) { l.RefDelay = 0 },
	} {
		s := &Source{Input: snn.Flat(2), Layers: []Layer{{Name: "1", In: snn.Flat(2), Out: snn.Flat(2), Weight: make([]float64, 4), Threshold: 1, RefDelay: 1}}}
		if _, _, err := s.Quantize(Options{}); err != nil {
			t.Fatal(err)
		}
		spoil(&s.Layers[0])
		var d *diag.Error
		if _, _, err := s.Quantize(Options{}); !errors.As(err, &d) || d.Kind != diag.Input || d.Layer != "1" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A kernel over so many neurons that nobody could go through its connections is refused at once.
func TestConnections(t *testing.T) {
	in := snn.Shape{W: 1 << 11, H: 1 << 11, C: 1}
	l := Layer{Name: "1", In: in, Out: in, Kernel: fixed.Square(23, 1, 11, 1, 1), Weight: make([]float64, 23*23), Threshold: 1, RefDelay: 1}
	s := &Source{Input: in, Layers: []Layer{l}}
	var d *diag.Error
	if _, _, err := s.Quantize(Options{}); !errors.As(err, &d) || d.Code != "connections-exceeded" || d.Layer != "1" || d.Used != 23*23<<22 || d.Limit != 1<<31 {
		t.Error(err)
	}
	s.Layers[0].Kernel, s.Layers[0].Weight = fixed.Square(21, 1, 10, 1, 1), make([]float64, 21*21)
	if err := s.check(Options{}); err != nil {
		t.Error(err)
	}
}

// shift is the n-th spike of a neuron matched with its n-th, and what is left with the end.
func TestShift(t *testing.T) {
	seen := int64(0)
	rapid.Check(t, func(rt *rapid.T) {
		ticks := rapid.IntRange(1, 30).Draw(rt, "ticks")
		a, b := noise(rapid.Uint64().Draw(rt, "a"), 4, ticks, 0.3), noise(rapid.Uint64().Draw(rt, "b"), 4, ticks, 0.2)
		times := func(r *spike.Raster, n int32) (at []int) {
			for t := range ticks {
				for _, i := range r.At(t) {
					if i == n {
						at = append(at, t)
					}
				}
			}
			return at
		}
		want := 0
		for n := range int32(4) {
			x, y := times(a, n), times(b, n)
			for len(x) < len(y) {
				x = append(x, ticks)
			}
			for len(y) < len(x) {
				y = append(y, ticks)
			}
			for i := range x {
				want += max(x[i]-y[i], y[i]-x[i])
			}
		}
		if got := shift(a, b); got != int64(want) || shift(b, a) != got || shift(a, a) != 0 {
			rt.Fatalf("%d, want %d", got, want)
		}
		seen += int64(want)
	})
	t.Logf("compared %d ticks", seen)
	if seen == 0 {
		t.Error("nothing shifted")
	}
}

// A stop ends what runs samples.
func TestStop(t *testing.T) {
	s := &Source{Input: snn.Flat(1), Layers: []Layer{{Name: "1", In: snn.Flat(1), Out: snn.Flat(1), Weight: []float64{2}, Threshold: 1, RefDelay: 1}}}
	in := noise(1, 1, 9, 0.5)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	o := Options{Samples: []Sample{{in, s.Run(in), -1}}, Context: ctx}
	if _, _, err := s.Quantize(o); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := s.Mix(o); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Greedy scales shift the spikes of the first layer no more than those of the least error do.
func TestGreedy(t *testing.T) {
	better := 0
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 3))
		s := &Source{Input: snn.Flat(20), Layers: []Layer{
			{Name: "1", In: snn.Flat(20), Out: snn.Flat(12), Weight: make([]float64, 240), Threshold: 3, IDecay: 2048, VDecay: 300, RefDelay: 1},
			{Name: "2", In: snn.Flat(12), Out: snn.Flat(5), Weight: make([]float64, 60), Threshold: 3, IDecay: 2048, VDecay: 300, RefDelay: 1}}}
		for _, l := range s.Layers {
			for i := range l.Weight {
				l.Weight[i] = 0.2 + r.NormFloat64()
			}
		}
		var samples []Sample
		for i := range uint64(4) {
			in := noise(seed*10+i, 20, 60, 0.1)
			samples = append(samples, Sample{in, s.Run(in), -1})
		}
		measure := func(o Options) *Effect {
			n, _, err := s.Quantize(o)
			if err != nil {
				t.Fatal(err)
			}
			e := NewEffect(n)
			for _, x := range samples {
				m, err := Measure(n, x)
				if err != nil {
					t.Fatal(err)
				}
				e.Add(m)
			}
			return e
		}
		o := Options{Bits: []snn.WeightBits{snn.Ternary}, PerChannel: seed%2 == 1}
		mse := measure(o)
		o.Samples, o.Threads = samples, 2
		greedy := measure(o)
		if greedy.Layers[0].Shift > mse.Layers[0].Shift {
			t.Errorf("seed %d: greedy shifts %d ticks, least error %d", seed, greedy.Layers[0].Shift, mse.Layers[0].Shift)
		}
		if greedy.Layers[0].Shift < mse.Layers[0].Shift {
			better++
		}
		if l := greedy.Layers[1]; l.MeanShift != float64(l.Shift)/float64(max(l.Before, l.After)) || l.Shift == 0 {
			t.Errorf("%+v", l)
		}
	}
	if better < 4 {
		t.Errorf("greedy was better %d times of 8", better)
	}
}
