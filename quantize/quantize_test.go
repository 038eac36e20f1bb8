package quantize

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/train"
)

func model(t *testing.T, arithmetic string, gain float64) *train.Model {
	t.Helper()
	e := snn.DefaultExperiment()
	e.Net, e.Training.Arithmetic, e.Training.InitGain, e.Training.InitDelay = "6x5x2-30d-20d-7", arithmetic, gain, 30
	m, err := train.NewModel(e)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestLossless compares the fixed network with training's forward pass.
func TestLossless(t *testing.T) {
	m := model(t, "integer", 30)
	n, r, err := Quantize(m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Lossless {
		t.Error("a model trained in integers must be lossless")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	run := train.NewTrainer(m, 200, 1).Runner()
	spikes := 0
	for range 20 {
		in := spike.NewRaster(60)
		for range 200 {
			var f []int32
			for i := range int32(60) {
				if rng.Float64() < 0.1 {
					f = append(f, i)
				}
			}
			in.Append(f...)
		}
		want := run.Run(in)
		got, err := n.Run(in, 200, false)
		if err != nil {
			t.Fatal(err)
		}
		for k := range want {
			spikes += want[k].Count()
			if d := want[k].Diff(got[k].Spikes); d > 0 {
				t.Errorf("layer %d: %d spikes differ", k+1, d)
			}
		}
	}
	if spikes == 0 {
		t.Fatal("no spikes were compared")
	}
	t.Logf("compared %d spikes", spikes)
}

// Clipped delays are not what was trained.
func TestClippedIsNotLossless(t *testing.T) {
	m := model(t, "integer", 30)
	_, r, err := Quantize(m, Options{DelayBits: 3, ClipDelays: true})
	if err != nil {
		t.Fatal(err)
	}
	if r.Lossless || r.Layers[0].DelaysClipped == 0 {
		t.Errorf("%+v", r)
	}
}

func TestFloatReport(t *testing.T) {
	m := model(t, "float", 1)
	w := m.Params[0].Weight.Value
	w[0], w[1] = 5, -4.5 // 320 and −288: beyond what 8 bits hold
	_, r, err := Quantize(m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	l := r.Layers[0]
	// Two weights far beyond the others are worth clipping, or a coarser scale: whatever
	// costs less in the mean. Clipping them both to the least possible would leave an error of 320−254.
	if r.Lossless || l.MaxError > 320-254 || l.RMSError > math.Sqrt(2*66*66/(60.0*30)+1.0/3) {
		t.Errorf("lossless %v, clipped %d, largest error %v, %v in the mean", r.Lossless, l.Clipped, l.MaxError, l.RMSError)
	}
	// The other layer's weights are spread evenly up to a bound that 127 steps reach.
	bound := 0.0
	for _, x := range m.Params[1].Weight.Value {
		bound = max(bound, math.Abs(float64(x)*train.WeightOne))
	}
	if e, want := r.Layers[1].RMSError, bound/127/math.Sqrt(12); e > 1.1*want || e < want/8 {
		t.Errorf("rounding error %v, expected about %v or less", e, want)
	}
	if l.Weights != 60*30 || r.Layers[1].MaxDelay > 29 || r.Layers[1].MaxDelay < 20 {
		t.Errorf("report %+v", r.Layers)
	}
	if r.Layers[0].DelayError <= 0.5 || r.Layers[0].DelayError >= 1 {
		t.Errorf("flooring 30 delays drawn from [0, 30) takes up to %v ticks", r.Layers[0].DelayError)
	}
}

func TestProve(t *testing.T) {
	// 258 · 254 · 2^7 is just below 2^23; one input more is above.
	net := func(fan, exp int, decay int32) *fixed.Network {
		l := fixed.Layer{Name: "1", In: snn.Flat(fan), Out: snn.Flat(2), Weight: make([]int16, 2*fan), WeightBits: 8, WeightExp: exp, Neuron: fixed.CUBA{IDecay: decay, VTh: 1, RefDelay: 1}}
		for i := range fan {
			l.Weight[fan+i] = []int16{254, -254}[i%2]
		}
		return &fixed.Network{Input: snn.Flat(fan), Convention: fixed.Axonal, Layers: []fixed.Layer{l}}
	}
	r, err := Prove(net(258, 7, 4096))
	if err != nil {
		t.Fatal(err)
	}
	if r[0].Neuron != 1 || r[0].Accumulator != 258*254<<7 || r[0].WrapFree {
		t.Errorf("%+v", r[0])
	}
	var d *diag.Error
	if _, err := Prove(net(259, 7, 4096)); !errors.As(err, &d) || d.Kind != diag.Limit || d.Used != 259*254<<7 || d.Layer != "1" {
		t.Errorf("259 inputs of ±254·2^7: %v", err)
	}
	if r, err = Prove(net(258, -8, 4096)); err != nil || r[0].Accumulator != 258*254 {
		t.Errorf("a negative exponent does not shrink the sum before it is formed: %+v %v", r, err)
	}
	if r, _ = Prove(net(100, 0, 1024)); r[0].U != 12700*64*4 || !r[0].WrapFree || r[0].UNeuron != 1 {
		t.Errorf("bound of u: %+v", r[0])
	}
	if r, _ = Prove(net(100, 0, 0)); r[0].WrapFree || r[0].Wrap != 1 {
		t.Errorf("u without decay can grow without bound: %+v", r[0])
	}
}
