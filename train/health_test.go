package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

func TestHealth(t *testing.T) {
	net, err := snn.Parse("5x1-4-4-4")
	if err != nil {
		t.Fatal(err)
	}
	found := Health(net, []float64{0.1, 0, 0.95})
	if len(found) != 2 || found[0].Code != "layer-silent" || found[0].Layer != "2" || found[1].Code != "layer-saturated" || found[1].Layer != "3" || found[1].Fix == "" {
		t.Errorf("%v", found)
	}
	net.Layers[0].Neuron.RefDelay = 10
	if found = Health(net, []float64{0.095, 0.1, 0.1}); len(found) != 1 || found[0].Layer != "1" {
		t.Errorf("at most every 10 ticks: %v", found)
	}
}

// TestFindingsOfAnEpoch checks what is only said of a whole epoch, and when it is not said.
func TestFindingsOfAnEpoch(t *testing.T) {
	net, err := snn.Parse("5x1-4-3")
	if err != nil {
		t.Fatal(err)
	}
	good, dead := EpochMetrics{Rates: []float64{0.1, 0.1}}, EpochMetrics{Rates: []float64{0.1, 0}}
	never := tally{seen: []int{9, 8, 3}, right: []int{9, 0, 0}} // of class 2 there were too few
	for _, c := range []struct {
		name    string
		history []EpochMetrics
		classes tally
		want    []string
	}{
		{"all is well", []EpochMetrics{good, good}, tally{seen: []int{9}, right: []int{1}}, nil},
		{"the first epoch", []EpochMetrics{good}, never, nil},
		{"a class", []EpochMetrics{good, good}, never, []string{"class-never-right"}},
		{"silent once", []EpochMetrics{good, dead}, tally{}, []string{"layer-silent"}},
		{"silent twice", []EpochMetrics{dead, dead}, never, []string{"layer-silent", "output-silent"}},
		{"back again", []EpochMetrics{dead, good}, tally{}, nil},
	} {
		var got []string
		for _, e := range findings(net, c.history, c.classes) {
			got = append(got, e.Code)
			if e.Layer == "" || e.Fix == "" {
				t.Errorf("%s: %v names no layer or no remedy", c.name, e)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if e := findings(net, []EpochMetrics{good, good}, never)[0]; e.Msg != "no sample was right of class 1" {
		t.Error(e.Msg)
	}
}

// hushed are blobs in which nothing spikes.
type hushed struct{ blobs }

func (h hushed) Raster(i, dx, dy int) (*spike.Raster, error) {
	r := spike.NewRaster(12)
	for range h.ticks {
		r.Append()
	}
	return r, nil
}

// TestFindingsWhileTraining sees the findings where they happen: silence before the
// first step and for two epochs, and a class that is never right.
func TestFindingsWhileTraining(t *testing.T) {
	count := func(src Source, change func(*snn.Experiment)) map[string]int {
		e := blobExperiment("integer")
		e.Training.Epochs = 2
		change(e)
		m, err := NewModel(e)
		if err != nil {
			t.Fatal(err)
		}
		found, steps := map[string]int{}, 0
		err = NewTrainer(m, 40, 2).Fit(context.Background(), src, Fit{
			OnFinding: func(e *diag.Error) {
				key := e.Code + " " + e.Layer
				if found[key]++; steps == 0 {
					found["at once: "+key]++
				}
			},
			OnBatch: func(int, int, Metrics) { steps++ },
		})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if found := count(blobs{50, 40}, func(*snn.Experiment) {}); len(found) > 0 {
		t.Errorf("a good network: %v", found)
	}
	found := count(hushed{blobs{50, 40}}, func(*snn.Experiment) {})
	for key, n := range map[string]int{"layer-silent 1": 3, "layer-silent 2": 3, "layer-silent 3": 3, "at once: layer-silent 1": 1, "output-silent 3": 1} {
		if found[key] != n {
			t.Errorf("silent input: %s %d times, want %d (%v)", key, found[key], n, found)
		}
	}
	found = count(blobs{50, 40}, func(e *snn.Experiment) { e.Loss.True, e.Loss.False, e.Optimiser.Rate = 0.03, 0.2, 0.5 })
	if found["class-never-right 3"] != 1 {
		t.Errorf("the wrong way round: %v", found)
	}
}

// TestNotANumber checks that a gradient which overflows is an error that names the
// layer, and that the parameters stay as they were.
func TestNotANumber(t *testing.T) {
	e := blobExperiment("float")
	e.Surrogate.Scale = 1e6
	m, err := NewModel(e)
	if err != nil {
		t.Fatal(err)
	}
	tr := NewTrainer(m, 40, 2)
	if err := tr.Step(context.Background(), blobs{50, 40}, []int{0, 1, 2}); err != nil {
		t.Fatal(err)
	}
	for i := range m.Params[2].Weight.Value {
		m.Params[2].Weight.Value[i] = 1e38
	}
	for k := range m.Progress.Scales {
		m.Progress.Scales[k] = 1e30
	}
	tr.Refresh()
	before := fileBytes(t, m)
	err = tr.Step(context.Background(), blobs{50, 40}, []int{0, 1, 2})
	var d *diag.Error
	if !errors.As(err, &d) || d.Code != "gradient-nan" || d.Layer == "" || d.Fix == "" {
		t.Fatalf("error %v", err)
	}
	if !bytes.Equal(fileBytes(t, m), before) {
		t.Fatal("the model changed")
	}
}

func TestFinite(t *testing.T) {
	v := view{layer: snn.Layer{Name: "1"}}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, bad := range []float32{nan, -nan, inf, -inf} {
		for at := range 70 {
			delta := make([]float32, 70)
			for i := range delta {
				delta[i] = -math.MaxFloat32
			}
			if err := v.finite(delta); err != nil {
				t.Fatal(err)
			}
			delta[at] = bad
			if v.finite(delta) == nil {
				t.Fatalf("%g at %d goes unseen", bad, at)
			}
			if bound(delta); delta[at] != delta[at] || max(delta[at], -delta[at]) > maxGradient || delta[(at+1)%70] != -maxGradient {
				t.Fatalf("%g is bound to %g", bad, delta[at])
			}
		}
	}
}

// TestLargeErrors checks that errors which are numbers, but have sums and squares that
// are none, leave numbers in all parameters and moments.
func TestLargeErrors(t *testing.T) {
	for _, optimiser := range []string{"sgd", "rmsprop", "adam", "nadam"} {
		for _, clip := range []float64{0, 1} {
			e := wholeExperiment("float", optimiser)
			e.Optimiser.Clip, e.Training.WeightNorm = clip, clip > 0
			m, err := NewModel(e)
			if err != nil {
				t.Fatal(err)
			}
			tr := NewTrainer(m, 40, 2)
			if err := tr.begin(context.Background(), blobs{50, 40}, nil); err != nil {
				t.Fatal(err)
			}
			m.Progress.Scales[len(m.Progress.Scales)-1] = 1e35
			tr.Refresh()
			if err := tr.Step(context.Background(), blobs{50, 40}, []int{0, 1, 2, 3}); err != nil {
				t.Fatal(err)
			}
			b := fileBytes(t, m)
			file, err := safetensors.Read(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := FromFile(file); err != nil {
				t.Errorf("%s: %v", optimiser, err)
			}
		}
	}
}

// stopping cancels when so many rasters were asked for.
type stopping struct {
	blobs
	left   *atomic.Int64
	cancel func()
}

func (s stopping) Raster(i, dx, dy int) (*spike.Raster, error) {
	if s.left.Add(-1) == 0 {
		s.cancel()
	}
	return s.blobs.Raster(i, dx, dy)
}

// stopLater is a context that is done when it was asked for the n-th time.
type stopLater struct {
	context.Context
	left *atomic.Int64
}

func (s stopLater) Done() <-chan struct{} {
	if s.left.Add(-1) <= 0 {
		c := make(chan struct{})
		close(c)
		return c
	}
	return nil
}

func (s stopLater) Err() error {
	if s.left.Load() <= 0 {
		return context.Canceled
	}
	return nil
}

// TestStopWhileCalibrating checks that a stop during calibration leaves a model from
// which training goes as if nothing had happened.
func TestStopWhileCalibrating(t *testing.T) {
	e := blobExperiment("integer")
	e.Training.Epochs, e.Training.WeightNorm = 1, true
	want := fileBytes(t, trained(t, e, 1, Fit{}))
	stopped := 0
	for n := int64(1); n < 2000; n += 7 {
		m, err := NewModel(e)
		if err != nil {
			t.Fatal(err)
		}
		fresh := fileBytes(t, m)
		var left atomic.Int64
		left.Store(n)
		tr := NewTrainer(m, 40, 1)
		err = tr.begin(stopLater{context.Background(), &left}, blobs{50, 40}, nil)
		if err == nil {
			break
		}
		if stopped++; !bytes.Equal(fileBytes(t, m), fresh) {
			t.Fatalf("stopped after %d looks at the context, the model is not fresh", n)
		}
		if n%5 > 0 {
			continue
		}
		if err := tr.Fit(context.Background(), blobs{50, 40}, Fit{}); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(fileBytes(t, m), want) {
			t.Fatalf("stopped after %d looks at the context and trained on, the model differs", n)
		}
	}
	if stopped < 10 {
		t.Errorf("stopped %d times", stopped)
	}
	// And through Fit, which says that it was stopped.
	m, err := NewModel(e)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	src := stopping{blobs{50, 40}, new(atomic.Int64), cancel}
	src.left.Store(20)
	var d *diag.Error
	if err := NewTrainer(m, 40, 2).Fit(ctx, src, Fit{}); !errors.As(err, &d) || d.Kind != diag.Interrupted {
		t.Errorf("error %v", err)
	}
}

func TestLearningRate(t *testing.T) {
	e := blobExperiment("integer")
	e.Training.Epochs, e.Training.Batch = 2, 25 // two steps an epoch
	e.Optimiser.Rate, e.Optimiser.Anneal, e.Optimiser.Warmup = 0.4, true, 1
	m, err := NewModel(e)
	if err != nil {
		t.Fatal(err)
	}
	tr := NewTrainer(m, 40, 1)
	var got []float64
	err = tr.Fit(context.Background(), blobs{50, 40}, Fit{
		OnBatch: func(int, int, Metrics) { got = append(got, tr.LearningRate()) },
		OnEpoch: func(EpochMetrics, bool) error { got = append(got, tr.LearningRate()); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	half := 0.2 * (1 + math.Sqrt2/2)
	last := 0.2 * (1 - math.Sqrt2/2)
	for i, want := range []float64{0.2, half, half, 0.2, last, last} {
		if math.Abs(got[i]-want) > 1e-9 {
			t.Errorf("rates %v", got)
		}
	}
}

// TestSaturated trains a network whose first layer spikes at every tick that it can.
func TestSaturated(t *testing.T) {
	e := testExperiment("12x1-4-3")
	e.Training.Epochs, e.Training.InitRate, e.Optimiser.Rate = 1, 0, 0
	e.Neuron.IDecay, e.Neuron.VDecay = 1, 1 // it hardly forgets
	m, err := NewModel(e)
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.Params[0].Weight.Value {
		m.Params[0].Weight.Value[i] = 3
	}
	var found []*diag.Error
	if err := NewTrainer(m, 200, 1).Fit(context.Background(), blobs{6, 200}, Fit{OnFinding: func(e *diag.Error) { found = append(found, e) }}); err != nil {
		t.Fatal(err)
	}
	if len(found) != 2 || found[0].Code != "layer-saturated" || found[0].Layer != "1" || found[1].Code != "layer-saturated" {
		t.Errorf("found %v at rates %v", found, m.Progress.History[0].Rates)
	}
}
