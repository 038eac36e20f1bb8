package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
)

// wholeExperiment has everything at once: conv, pool, groups, dropout, delays by
// channel, weight norm, learned decays, clipping and a schedule.
func wholeExperiment(arithmetic, optimiser string) *snn.Experiment {
	e := testExperiment("4x3-4c2p1d-drop20-2ad-6c2g2d-drop10-flat-3")
	e.Training.Epochs, e.Training.Batch, e.Training.Arithmetic = 4, 8, arithmetic
	e.Training.WeightNorm, e.Training.LearnDecay, e.Training.DelayGrad, e.Training.InitDelay = true, true, "centred", 4
	e.Loss.Kind, e.Loss.Scale = "nll", 0.5
	o := &e.Optimiser
	o.Kind, o.Clip, o.Anneal, o.Warmup, o.Rate = optimiser, 0.5, true, 3, 0.2
	return e
}

// TestWholeIsDeterministic checks for each optimiser that neither the number of threads
// nor a stop in the middle changes a bit, with every feature switched on.
func TestWholeIsDeterministic(t *testing.T) {
	for _, optimiser := range []string{"sgd", "rmsprop", "adam", "nadam"} {
		for _, arithmetic := range []string{"integer", "float"} {
			e := wholeExperiment(arithmetic, optimiser)
			want := fileBytes(t, trained(t, e, 1, Fit{}))
			for _, threads := range []int{2, 3} {
				if !bytes.Equal(fileBytes(t, trained(t, e, threads, Fit{})), want) {
					t.Errorf("%s, %s: %d threads give another model", optimiser, arithmetic, threads)
				}
			}
			m, err := NewModel(e)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			n := 0
			err = NewTrainer(m, 40, 2).Fit(ctx, blobs{50, 40}, Fit{OnBatch: func(int, int, Metrics) {
				if n++; n == 11 { // in the second epoch
					cancel()
				}
			}})
			var d *diag.Error
			if !errors.As(err, &d) || d.Kind != diag.Interrupted {
				t.Fatal(err)
			}
			b := fileBytes(t, m)
			file, err := safetensors.Read(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			if m, err = FromFile(file); err != nil {
				t.Fatal(err)
			}
			if err := NewTrainer(m, 40, 2).Fit(context.Background(), blobs{50, 40}, Fit{}); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(fileBytes(t, m), want) {
				t.Errorf("%s, %s: stopped and resumed, the model differs", optimiser, arithmetic)
			}
		}
	}
}

// TestSimpleOptimisers works sgd and rmsprop out in float64.
func TestSimpleOptimisers(t *testing.T) {
	sgd, rms := newSlot(1), newSlot(1)
	x, y, m, v := 0.0, 0.0, 0.0, 0.0
	for n, g := range []float64{0.5, -0.2, 0.3, 0.3} {
		newStep(snn.Optimiser{Kind: "sgd", Beta1: 0.9}, n+1).apply(&sgd, 0, []float32{float32(g)}, 0.1)
		newStep(snn.Optimiser{Kind: "rmsprop", Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8}, n+1).apply(&rms, 0, []float32{float32(g)}, 0.1)
		m = 0.9*m + g
		x -= 0.1 * m
		v = 0.99*v + 0.01*g*g
		y -= 0.1 * g / (math.Sqrt(v) + 1e-8)
		if math.Abs(float64(sgd.Value[0])-x) > 1e-6 || math.Abs(float64(rms.Value[0])-y) > 1e-5 {
			t.Errorf("step %d: sgd %g, want %g; rmsprop %g, want %g", n+1, sgd.Value[0], x, rms.Value[0], y)
		}
	}
}

func TestSchedule(t *testing.T) {
	for i := range 101 {
		if x := float64(i) / 100; math.Abs(cosPi(x)-math.Cos(math.Pi*x)) > 1e-14 {
			t.Errorf("cos(π·%g) is %g", x, cosPi(x))
		}
	}
	for _, c := range []struct {
		o           snn.Optimiser
		epoch, step int
		part, want  float64
	}{
		{snn.Optimiser{Decay: 1}, 7, 500, 0.7, 1},
		{snn.Optimiser{Decay: 0.5}, 3, 500, 0.7, 0.125},
		{snn.Optimiser{Decay: 1, Anneal: true}, 0, 1, 0, 1},
		{snn.Optimiser{Decay: 1, Anneal: true}, 0, 1, 0.5, 0.5},
		{snn.Optimiser{Decay: 1, Anneal: true}, 0, 1, 1, 0},
		{snn.Optimiser{Decay: 1, Warmup: 4}, 0, 1, 0, 0.2},
		{snn.Optimiser{Decay: 1, Warmup: 4}, 0, 4, 0, 0.8},
		{snn.Optimiser{Decay: 1, Warmup: 4}, 0, 5, 0, 1},
	} {
		if got := schedule(c.o, c.epoch, c.step, c.part); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%+v, epoch %d, step %d, part %g: %g, want %g", c.o, c.epoch, c.step, c.part, got, c.want)
		}
	}
}

// TestWeightNormGradient compares the gradients of gains and directions with finite
// differences of L = Σ G·w(g, v), and the weights with their definition.
func TestWeightNormGradient(t *testing.T) {
	compared := 0
	for _, net := range []string{"5x1-4", "4x4x4-6c3g2"} {
		e := testExperiment(net)
		e.Training.WeightNorm = true
		m, err := NewModel(e)
		if err != nil {
			t.Fatal(err)
		}
		tr, p := NewTrainer(m, 5, 1), &m.Params[0]
		fresh, err := NewModel(testExperiment(net))
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range m.Weights(0) { // the initial gain changes nothing
			if d := float64(w - fresh.Params[0].Weight.Value[i]); math.Abs(d) > 1e-6 {
				t.Fatalf("weight %d differs by %g before training", i, d)
			}
		}
		r := rand.New(rand.NewPCG(1, 1))
		for i := range p.Gain.Value {
			p.Gain.Value[i] *= 0.5 + r.Float32()
		}
		upstream := make([]float64, len(p.Weight.Value))
		tr.grads = [][]float32{make([]float32, len(upstream))}
		for i := range upstream {
			upstream[i] = r.Float64() - 0.5
			tr.grads[0][i] = float32(upstream[i])
		}
		gain := tr.gainGradients()[0].g
		loss := func() float64 {
			sum := 0.0
			for i, w := range m.Weights(0) {
				sum += upstream[i] * float64(w)
			}
			return sum
		}
		check := func(what string, i int, x *float32, got float32) {
			const h = 1.0 / 64
			keep := *x
			*x = keep + h
			up := loss()
			*x = keep - h
			want := (up - loss()) / (2 * h)
			*x = keep
			if compared++; math.Abs(float64(got)-want) > 2e-3*(1+math.Abs(want)) {
				t.Errorf("%s: %s %d: gradient %g, finite difference %g", net, what, i, got, want)
			}
		}
		for i := range p.Gain.Value {
			check("gain", i, &p.Gain.Value[i], gain[i])
		}
		for i := range p.Weight.Value {
			check("direction", i, &p.Weight.Value[i], tr.grads[0][i])
		}
	}
	if compared == 0 {
		t.Fatal("nothing was compared")
	}
	t.Logf("compared %d gradients", compared)
}

func TestClip(t *testing.T) {
	e := testExperiment("2x1-2d-1")
	e.Optimiser.Clip = 5
	m, err := NewModel(e)
	if err != nil {
		t.Fatal(err)
	}
	tr := NewTrainer(m, 5, 1)
	tr.grads = [][]float32{{1, 2, 2, 4}, {4}} // of length √41
	if got := tr.clip(nil); math.Abs(got-5/math.Sqrt(41)) > 1e-9 {
		t.Errorf("factor %g", got)
	}
	if got := tr.clip([]gradient{{0, &m.Params[0].Delay, []float32{0, 40}}}); math.Abs(got-5/math.Sqrt(1641)) > 1e-9 {
		t.Errorf("factor %g with delays", got)
	}
	e.Optimiser.Clip = 7
	if got := tr.clip(nil); got != 1 {
		t.Errorf("a short gradient gets %g", got)
	}
}

// TestDeepStack shows that errors neither vanish nor explode on their way down
// through 16 layers with the default settings, and that they would without the
// scales that calibration measures.
func TestDeepStack(t *testing.T) {
	for _, arithmetic := range []string{"integer", "float"} {
		e := testExperiment("12x1-32-32-32-32-32-32-32-32-32-32-32-32-32-32-32-3")
		e.Training.Arithmetic = arithmetic
		m, err := NewModel(e)
		if err != nil {
			t.Fatal(err)
		}
		tr := NewTrainer(m, 60, 2)
		src := blobs{60, 60}
		if err := tr.calibrate(context.Background(), src); err != nil {
			t.Fatal(err)
		}
		size := func() []float64 { // root mean square of δ by layer
			sum := make([]float64, 16)
			for i := range 30 {
				s := slot{answer: answer{label: src.Label(i)}}
				in, _ := src.Raster(i, 0, 0)
				tr.forward(tr.workers[0], &s, in, true, nil)
				if err := tr.backward(tr.workers[0], &s); err != nil {
					t.Fatal(err)
				}
				for k := range sum {
					for _, x := range s.layers[k].err {
						sum[k] += float64(x) * float64(x)
					}
				}
			}
			for k := range sum {
				sum[k] = math.Sqrt(sum[k] / float64(30*60*tr.views[k].out))
			}
			return sum
		}
		with := size()
		for k, s := range with {
			if s < with[15]/4 || s > with[15]*4 {
				t.Errorf("%s: δ of layer %d has size %g, of layer 16 %g", arithmetic, k+1, s, with[15])
			}
		}
		m.Progress.Scales = nil
		tr.Refresh()
		without := size()
		if without[0] < 1e3*without[15] && without[0] > 1e-3*without[15] {
			t.Errorf("%s: without scales δ has the sizes %g, so the test shows nothing", arithmetic, without)
		}
		t.Logf("%s: δ of layers 1 and 16: %.3g, %.3g; without scales %.3g, %.3g", arithmetic, with[0], with[15], without[0], without[15])
	}
}
