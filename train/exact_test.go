package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"pgregory.net/rapid"
)

// expand writes a layer's synapses out as a dense In×Out matrix, both in the order of
// package snn, from its parameters, straight from the definition of each kind. A
// synapse that is not there is 0.
func expand[T int16 | float64](l snn.Layer, param []T, pool T) []T {
	in, out := l.In.Size(), l.Out.Size()
	if l.Kind == snn.Dense {
		return param
	}
	w := make([]T, in*out)
	at := func(s snn.Shape, x, y, c int) int { return c*s.W*s.H + y*s.W + x }
	for oy := range l.Out.H {
		for ox := range l.Out.W {
			for oc := range l.Out.C {
				o := at(l.Out, ox, oy, oc)
				for ky := range l.Kernel {
					for kx := range l.Kernel {
						y, x := oy*l.Stride-l.Padding+ky*l.Dilation, ox*l.Stride-l.Padding+kx*l.Dilation
						if y < 0 || y >= l.In.H || x < 0 || x >= l.In.W {
							continue
						}
						if l.Kind == snn.Pool {
							w[at(l.In, x, y, oc)*out+o] = pool
							continue
						}
						inGroup, outGroup := l.In.C/l.Groups, l.Out.C/l.Groups
						for j := range inGroup {
							ic := oc/outGroup*inGroup + j
							w[at(l.In, x, y, ic)*out+o] = param[((ic*l.Kernel+ky)*l.Kernel+kx)*outGroup+oc%outGroup]
						}
					}
				}
			}
		}
	}
	return w
}

// neuronDelays writes a layer's delay parameters out, one a neuron in the order of package snn.
func neuronDelays(l snn.Layer, param []float32) (d []uint8) {
	for o := range l.Out.Size() {
		switch len(param) {
		case 0:
		case l.Out.Size():
			d = append(d, DelayTicks(param[o]))
		default:
			d = append(d, DelayTicks(param[o/(l.Out.W*l.Out.H)]))
		}
	}
	return d
}

// integerWeight is the integer that the shadow weight w at position i of a layer's
// parameters stands for, from the definition: rounded half to even to whole steps, clamped.
func integerWeight(l snn.Layer, i int, w float32) int16 {
	channel := i % l.Out.Size()
	if l.Kind == snn.Conv {
		inGroup, outGroup := l.In.C/l.Groups, l.Out.C/l.Groups
		channel = i/(outGroup*l.Kernel*l.Kernel)/inGroup*outGroup + i%outGroup
	}
	lo, hi, step := -256, 256-512>>l.Bits.Stored(), 512>>l.Bits.Stored()
	if l.Bits == snn.Ternary {
		lo = -128
		hi = 128
	}
	unit := float64(step) * math.Pow(2, float64(l.Exp[channel%len(l.Exp)])) / 64
	return int16(max(lo, min(hi, step*int(math.RoundToEven(max(-1e6, min(1e6, float64(w)/unit)))))))
}

// drawWeights gives the layers of an experiment bits and exponents.
func drawWeights(rt *rapid.T, e *snn.Experiment) {
	net, err := e.Network()
	if err != nil {
		rt.Fatal(err)
	}
	for _, l := range net.Layers {
		if !rapid.Bool().Draw(rt, "few bits") {
			continue
		}
		l.Bits = rapid.SampledFrom([]snn.WeightBits{snn.Ternary, 1, 2, 3, 4, 5, 6, 7, 8}).Draw(rt, "bits")
		exp := rapid.OneOf(rapid.IntRange(l.Bits.MinExp(), 2), rapid.IntRange(l.Bits.MinExp(), 7))
		l.Exp = []int{exp.Draw(rt, "exp")}
		if rapid.Bool().Draw(rt, "an exponent each") {
			n := l.Out.Size()
			if l.Kind == snn.Conv {
				n = l.Out.C
			}
			l.Exp = rapid.SliceOfN(exp, n, n).Draw(rt, "exps")
		}
		e.SetLayer(l)
	}
}

// fixedOf builds the reference network of a model without quantize, which sits
// above this package: every layer as a dense one.
func fixedOf(m *Model) *fixed.Network {
	n := &fixed.Network{Input: m.Net.Input, Convention: fixed.Axonal}
	for k, l := range m.Net.Layers {
		in, out := l.In.Size(), l.Out.Size()
		fl := fixed.Layer{Name: l.Name, In: l.In, Out: l.Out, Weight: make([]int16, in*out), WeightBits: l.Bits.Stored(), Neuron: Cuba(m.Neuron(k))}
		var codes []int16
		for i, w := range m.Params[k].Weight.Value {
			codes = append(codes, integerWeight(l, i, w))
		}
		if fl.WeightExp = l.Exp[0]; len(l.Exp) > 1 {
			for o := range out {
				fl.NeuronExp = append(fl.NeuronExp, int8(l.Exp[o/(out/len(l.Exp))]))
			}
		}
		var pool int16
		if l.Kind == snn.Pool {
			code, shift := PoolCode(l.Neuron)
			pool, fl.WeightExp, fl.WeightBits = 2*int16(code), int(shift), 8
		}
		for i, w := range expand(l, codes, pool) {
			fl.Weight[i%out*in+i/out] = w
		}
		fl.Delay = neuronDelays(l, m.Params[k].Delay.Value)
		n.Layers = append(n.Layers, fl)
	}
	return n
}

// drawNet draws a network of up to three layers of any kind.
func drawNet(rt *rapid.T) string {
	d := rapid.SampledFrom([]string{"", "d"})
	if rapid.Bool().Draw(rt, "dense") {
		size := rapid.IntRange(8, 70)
		net := fmt.Sprintf("%dx1", size.Draw(rt, "in"))
		for range rapid.IntRange(1, 3).Draw(rt, "layers") {
			net += fmt.Sprintf("-%d%s", size.Draw(rt, "n"), d.Draw(rt, "d"))
		}
		return net
	}
	channels := rapid.SampledFrom([]int{1, 2, 4, 6})
	net := fmt.Sprintf("%dx%dx%d", rapid.IntRange(3, 9).Draw(rt, "w"), rapid.IntRange(3, 9).Draw(rt, "h"), channels.Draw(rt, "c"))
	small := rapid.IntRange(1, 3)
	for range rapid.IntRange(1, 3).Draw(rt, "layers") {
		field := rapid.OneOf(
			rapid.Custom(func(rt *rapid.T) string {
				k := rapid.IntRange(1, 4).Draw(rt, "k")
				return fmt.Sprintf("%dc%ds%dp%de%dg%d", channels.Draw(rt, "n"), k, small.Draw(rt, "s"), rapid.IntRange(0, k-1).Draw(rt, "p"), small.Draw(rt, "e"), small.Draw(rt, "g"))
			}),
			rapid.Custom(func(rt *rapid.T) string {
				k := rapid.IntRange(1, 4).Draw(rt, "k")
				return fmt.Sprintf("%dc%dp%d", channels.Draw(rt, "n"), k, rapid.IntRange(0, k-1).Draw(rt, "p"))
			}),
			rapid.Custom(func(rt *rapid.T) string { return fmt.Sprintf("%da", small.Draw(rt, "a")) }),
			rapid.Custom(func(rt *rapid.T) string { return fmt.Sprintf("%d", rapid.IntRange(1, 20).Draw(rt, "n")) }),
			rapid.Just("flat-7"),
		).Draw(rt, "field") + d.Draw(rt, "d")
		if _, err := snn.Parse(net + "-" + field); err == nil {
			net += "-" + field
		}
	}
	if _, err := snn.Parse(net); err != nil {
		net += "-5d"
	}
	return net
}

// TestForwardIsFixed holds the forward pass of training to the definition, over
// random networks, neurons, delays and inputs, the register limits included.
func TestForwardIsFixed(t *testing.T) {
	nets, spikes := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		e := testExperiment(drawNet(rt))
		e.Training.DelayPer = rapid.SampledFrom([]string{"channel", "neuron"}).Draw(rt, "per")
		e.Seed = rapid.Uint64Max(math.MaxInt64).Draw(rt, "seed")
		decay := rapid.OneOf(rapid.IntRange(0, 4096), rapid.SampledFrom([]int{0, 1, 4095, 4096}))
		e.Neuron = snn.Neuron{
			IDecay: decay.Draw(rt, "i_decay"), VDecay: decay.Draw(rt, "v_decay"),
			VTh:      rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(0, 100), rapid.SampledFrom([]int{snn.MaxVTh - 1, snn.MaxVTh})).Draw(rt, "v_th"),
			RefDelay: rapid.IntRange(1, 6).Draw(rt, "ref"),
		}
		e.Training.InitGain = rapid.Float64Range(0.1, 400).Draw(rt, "gain")
		e.Training.InitDelay = rapid.Float64Range(0, 62).Draw(rt, "delay")
		drawWeights(rt, e)
		m, err := NewModel(e)
		if err != nil {
			rt.Fatal(err)
		}
		ticks := rapid.IntRange(1, 120).Draw(rt, "ticks")
		r := rand.New(rand.NewPCG(e.Seed, 1))
		in := randomRaster(r, m.Net.Input.Size(), ticks, rapid.Float64Range(0.05, 1).Draw(rt, "rate"))
		tr := NewTrainer(m, ticks, 1)
		var s slot
		tr.forward(tr.workers[0], &s, in, rapid.Bool().Draw(rt, "rho"), nil)
		got := tr.rasters(&s)
		want, err := fixedOf(m).Run(in, ticks, false)
		if err != nil {
			rt.Fatal(err)
		}
		for k := range want {
			if !want[k].Spikes.Equal(got[k]) {
				rt.Fatalf("%s, layer %d: %d spikes differ", m.Net, k+1, want[k].Spikes.Diff(got[k]))
			}
			spikes += want[k].Spikes.Count()
		}
		nets++
	})
	if spikes == 0 {
		t.Fatal("no spikes were compared")
	}
	t.Logf("compared %d networks, %d spikes", nets, spikes)
}

// TestExponentsByChannel: the same with an exponent for every channel of grouped convolutions, and
// every neuron of a dense layer, in networks in which all layers spike.
func TestExponentsByChannel(t *testing.T) {
	spikes := make([]int, 4)
	for seed := range uint64(6) {
		e := testExperiment("7x6x4-8c3g2-2a-6c2p1g2-9")
		e.Seed, e.Training.InitGain = seed, 16
		net, err := e.Network()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range net.Layers {
			if l.Kind == snn.Pool {
				continue
			}
			l.Bits, l.Exp = []snn.WeightBits{3, 5, snn.Ternary}[seed%3], nil
			for c := range l.Out.C * (l.Out.W * l.Out.H) {
				if l.Kind == snn.Conv && c >= l.Out.C {
					break
				}
				l.Exp = append(l.Exp, max(l.Bits.MinExp(), (c*5+int(seed))%7-4))
			}
			e.SetLayer(l)
		}
		m, err := NewModel(e)
		if err != nil {
			t.Fatal(err)
		}
		in := randomRaster(rand.New(rand.NewPCG(seed, 1)), m.Net.Input.Size(), 50, 0.2)
		want, err := fixedOf(m).Run(in, 50, false)
		if err != nil {
			t.Fatal(err)
		}
		for k, got := range NewTrainer(m, 50, 1).Runner().Run(in) {
			if d := got.Diff(want[k].Spikes); d > 0 {
				t.Errorf("seed %d, layer %d: %d spikes differ", seed, k+1, d)
			}
			spikes[k] += got.Count()
		}
	}
	t.Logf("compared %v spikes", spikes)
	for k, n := range spikes {
		if n == 0 {
			t.Errorf("layer %d was silent", k+1)
		}
	}
}

// blobs is a small classification task: each class spikes on its own inputs.
type blobs struct{ n, ticks int }

func (b blobs) Len() int        { return b.n }
func (b blobs) Classes() int    { return 3 }
func (b blobs) Label(i int) int { return i % 3 }
func (b blobs) Raster(i, dx, dy int) (*spike.Raster, error) {
	r := rand.New(rand.NewPCG(uint64(i), uint64(dx*100+dy+1000)))
	in := spike.NewRaster(12)
	for range b.ticks {
		var f []int32
		for n := range 12 {
			p := 0.05
			if n%3 == i%3 {
				p = 0.35
			}
			if r.Float64() < p {
				f = append(f, int32(n))
			}
		}
		in.Append(f...)
	}
	return in, nil
}

func trained(t *testing.T, e *snn.Experiment, threads int, f Fit) *Model {
	t.Helper()
	m, err := NewModel(e)
	if err != nil {
		t.Fatal(err)
	}
	if err := NewTrainer(m, 40, threads).Fit(context.Background(), blobs{50, 40}, f); err != nil {
		t.Fatal(err)
	}
	return m
}

func blobExperiment(arithmetic string) *snn.Experiment {
	e := testExperiment("12x1-20d-16d-3")
	e.Training.Epochs, e.Training.Batch, e.Training.Shift, e.Training.Arithmetic, e.Training.InitGain = 6, 8, 1, arithmetic, 1
	e.Optimiser.Rate = 0.3
	return e
}

func fileBytes(t *testing.T, m *Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := safetensors.Write(&b, m.File()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestThreadsNeverChangeABit(t *testing.T) {
	for _, arithmetic := range []string{"integer", "float"} {
		var first []byte
		for _, threads := range []int{1, 2, 3, 8} {
			m := trained(t, blobExperiment(arithmetic), threads, Fit{})
			b := fileBytes(t, m)
			if first == nil {
				first = b
				if acc := m.Progress.History[5].Accuracy; acc < 0.9 {
					t.Errorf("%s: accuracy %.2f after 6 epochs of an easy task", arithmetic, acc)
				}
			}
			if !bytes.Equal(b, first) {
				t.Errorf("%s: %d threads give another model than 1", arithmetic, threads)
			}
		}
	}
}

// TestResumeContinuesBitForBit stops training after every single batch in turn,
// saves, loads and goes on.
func TestResumeContinuesBitForBit(t *testing.T) {
	e := blobExperiment("integer")
	e.Training.Epochs = 2
	val := Fit{Val: blobs{9, 40}}
	want := fileBytes(t, trained(t, e, 2, val))
	batches := 2 * ((50 + 7) / 8)
	for stop := 1; stop < batches; stop++ {
		m, err := NewModel(e)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		n := 0
		f := val
		f.OnBatch = func(int, int, Metrics) {
			if n++; n == stop {
				cancel()
			}
		}
		err = NewTrainer(m, 40, 2).Fit(ctx, blobs{50, 40}, f)
		var d *diag.Error
		if !errors.As(err, &d) || d.Kind != diag.Interrupted {
			t.Fatalf("stop after batch %d: error %v", stop, err)
		}
		file, err := safetensors.Read(bytes.NewReader(fileBytes(t, m)), int64(len(fileBytes(t, m))))
		if err != nil {
			t.Fatal(err)
		}
		if m, err = FromFile(file); err != nil {
			t.Fatal(err)
		}
		if err := NewTrainer(m, 40, 1).Fit(context.Background(), blobs{50, 40}, val); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(fileBytes(t, m), want) {
			t.Errorf("stopped after batch %d and resumed, the model differs", stop)
		}
	}
}

func TestOptimisers(t *testing.T) {
	// Two steps of each on one parameter, worked out from the published formulas
	// in float64.
	for _, kind := range []string{"adam", "nadam"} {
		o := snn.Optimiser{Kind: kind, Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8}
		s := newSlot(1)
		s.Value[0] = 1
		x, m, v := 1.0, 0.0, 0.0
		for step, g := range []float64{0.5, -0.2, 0.3} {
			n := float64(step + 1)
			newStep(o, step+1).apply(&s, 0, []float32{float32(g)}, 0.1)
			m, v = 0.9*m+0.1*g, 0.99*v+0.01*g*g
			mHat := m / (1 - math.Pow(0.9, n))
			if kind == "nadam" {
				mHat = 0.9*m/(1-math.Pow(0.9, n+1)) + 0.1*g/(1-math.Pow(0.9, n))
			}
			x -= 0.1 * mHat / (math.Sqrt(v/(1-math.Pow(0.99, n))) + 1e-8)
			if math.Abs(float64(s.Value[0])-x) > 1e-6 {
				t.Errorf("%s step %d: %g, want %g", kind, step+1, s.Value[0], x)
			}
		}
	}
}

func TestEarlyStop(t *testing.T) {
	e := blobExperiment("integer")
	e.Optimiser.Rate, e.Optimiser.DelayLR = 0, 0
	e.Training.Epochs, e.Training.EarlyStop = 50, 3
	m := trained(t, e, 1, Fit{Val: blobs{9, 40}})
	if m.Progress.Epoch != 4 {
		t.Errorf("ran %d epochs: nothing improves, so 1 + 3 were due", m.Progress.Epoch)
	}
}

func TestWrongData(t *testing.T) {
	m, err := NewModel(testExperiment("12x1-2"))
	if err != nil {
		t.Fatal(err)
	}
	var d *diag.Error
	if err := NewTrainer(m, 40, 1).Fit(context.Background(), blobs{3, 40}, Fit{}); !errors.As(err, &d) || d.Code != "classes" {
		t.Errorf("three classes on two outputs: %v", err)
	}
	if m, err = NewModel(testExperiment("5x1-3")); err != nil {
		t.Fatal(err)
	}
	if err := NewTrainer(m, 40, 1).Fit(context.Background(), blobs{3, 40}, Fit{}); !errors.As(err, &d) || d.Code != "input-shape" {
		t.Errorf("twelve inputs on a network of five: %v", err)
	}
	e := testExperiment("12x1-3")
	e.Neuron.Kind = snn.SRM
	if _, err := NewModel(e); !errors.As(err, &d) || d.Layer != "1" || d.Fix == "" {
		t.Errorf("srm neurons in integers: %v", err)
	}
	if _, err := NewModel(testExperiment("4096x4096-512")); !errors.As(err, &d) || d.Code != "weights" {
		t.Errorf("8 billion weights: %v", err)
	}
}

func TestWeightsRoundHalfToEven(t *testing.T) {
	// In units of the code: SLAYER rounds to a step of 2/64, halves to the even code.
	for _, c := range []struct {
		code float32
		want int8
	}{{0.5, 0}, {1.5, 2}, {2.5, 2}, {-0.5, 0}, {-1.5, -2}, {0.51, 1}, {127.4, 127}, {127.6, 127}, {400, 127}, {-128, -128}, {-500, -128}} {
		if got := NewGrid(8, 0).Code(c.code * WeightStep / WeightOne); got != c.want {
			t.Errorf("weight of %v steps has code %d, want %d", c.code, got, c.want)
		}
	}
}
