package quantize

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/train"
	"pgregory.net/rapid"
)

func drawResponse(t *rapid.T) snn.Response {
	return snn.Response{
		TauS:       rapid.OneOf(rapid.Float64Range(0.3, 100), rapid.SampledFrom([]float64{1, 10})).Draw(t, "tau_s"),
		TauR:       rapid.OneOf(rapid.Float64Range(0.3, 100), rapid.SampledFrom([]float64{1, 10})).Draw(t, "tau_r"),
		ScaleRef:   rapid.SampledFrom([]float64{0, 0.3, 2, 20}).Draw(t, "scale_ref"),
		Theta:      rapid.SampledFrom([]float64{0.2, 10, 1e4}).Draw(t, "theta"),
		Refractory: rapid.SampledFrom([]string{"slayer", "paper"}).Draw(t, "form"),
	}
}

// TestResponses runs single neurons: one pulse, which makes one spike, and the course of u and x
// is that of ε and ν, to within what rounding τ and the states can do.
func TestResponses(t *testing.T) {
	compared := 0
	worst := 0.0
	rapid.Check(t, func(t *rapid.T) {
		r := drawResponse(t)
		x := toResponses(r)
		n := x.neuron(x.limit())
		if err := n.Check(); err != nil {
			t.Fatal(err)
		}
		if x.peak < 1 || x.peak >= 2 {
			t.Fatalf("peak %v", x.peak)
		}
		// A weight whose response peaks at 1.2 thresholds.
		w := math.Ceil(1.2 * float64(n.VTh) / (x.peak * alphaPeak(r.TauS)))
		th := float64(n.VTh) * 64
		peak := w * 64 * x.peak
		var s fixed.State
		spike := -1
		for tick := range 300 {
			a := int64(0)
			if tick == 0 {
				a = int64(w)
			}
			if n.Advance(&s, fixed.Drive{Sum: a}) != 0 && spike < 0 {
				spike = tick
				n.VTh = fixed.MaxVTh // no more of them
			}
			at := float64(tick+1) / r.TauS
			// The decay is off by up to ½/4096, and with it the logarithm of qⁿ by n times as much over q; a rounding at each of
			// the gains' mantissas; what the states lose.
			want, decay := peak*at*math.Exp(1-at), float64(n.SDecay)
			if d := math.Abs(float64(s.U) - want); d > bound(want, peak, tick+1, decay) {
				t.Fatalf("%+v: tick %d: u is %d, ε %v", r, tick, s.U, want)
			} else {
				worst = max(worst, d/peak)
			}
			if spike >= 0 && tick > spike {
				k := float64(tick-spike) / r.TauR
				nu := math.Exp(1 - k)
				if r.Refractory == "slayer" {
					nu *= k
				}
				want := -r.ScaleRef * th * nu
				if d := math.Abs(float64(s.X) - want); d > bound(want, r.ScaleRef*th*max(1, math.Exp(1-1/r.TauR)), tick-spike, float64(n.RDecay)) {
					t.Fatalf("%+v: %d ticks after the spike x is %d, ν %v; %v", r, tick-spike, s.X, want, n)
				}
				compared++
			}
		}
		if spike < 0 {
			t.Fatalf("%+v: no spike at a peak of 1.2 thresholds", r)
		}
	})
	t.Logf("compared %d values of ν; u is at most %.4f of its peak off", compared, worst)
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

// bound bounds the error of a response's value n ticks after its cause: the decay is rounded to 1/4096,
// which changes qⁿ by up to n/2/4096/q, the peak likewise, and the states lose up to what
// TestSRMIsItsResponses of package fixed allows for.
func bound(value, peak float64, n int, decay float64) float64 {
	q := 1 - decay/4096
	drift := math.Expm1(0.51 / 4096 / q * (float64(n) + 4096/decay))
	return math.Abs(value)*drift + peak*0.01 + (4096/decay+2)*4096/decay*1.01 + 64
}

func TestDecayOf(t *testing.T) {
	// 4096·(1 − exp(−1/τ)): 389.785, 2589.165, 4.094; at least 1.
	for tau, want := range map[float64]int32{10: 390, 1: 2589, 1000: 4, 1e6: 1, 0.01: 4096} {
		if got := decayOf(tau); got != want {
			t.Errorf("τ %v: %d, want %d", tau, got, want)
		}
	}
	for _, r := range []snn.Response{{TauS: 10, TauR: 1000, Refractory: "slayer"}, {TauS: 1000, TauR: 10, Refractory: "paper"}} {
		if e := toResponses(r).decayError; math.Abs(e-0.215) > 1e-3 {
			t.Errorf("%+v: the decays are %v/4096 off", r, e)
		}
	}
}

func srmModel(t *testing.T, net string, r snn.Response) *train.Model {
	t.Helper()
	e := snn.DefaultExperiment()
	e.Net, e.Training.Arithmetic, e.Training.InitGain, e.Training.InitDelay = net, "float", 3, 12
	e.Neuron.Kind, e.Neuron.SRM = snn.SRM, r
	m, err := train.NewModel(e)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for k, l := range m.Net.Layers {
		w := m.Params[k].Weight.Value
		fan := float64(len(w)) / float64(l.Out.Size())
		if l.Kind == snn.Conv {
			fan = float64(len(w)) / float64(l.Out.C)
		}
		for i := range w { // potentials of ½ ± 1½ thresholds at one spike in ten ticks
			w[i] = float32(r.Theta / (r.TauS * math.E * 0.1) * (0.5/fan + 1.5/math.Sqrt(fan)*rng.NormFloat64()))
		}
	}
	return m
}

// round sets the weights of a model to what the fixed network holds.
func round(m *train.Model, n *fixed.Network) {
	for k, l := range m.Net.Layers {
		if l.Kind != snn.Dense {
			continue
		}
		x := toResponses(l.Neuron.SRM)
		fl, w := &n.Layers[k], m.Params[k].Weight.Value
		one := l.Neuron.SRM.Theta * x.peak / float64(fl.Neuron.(fixed.SRM).VTh)
		for o := range l.Out.Size() {
			for i := range l.In.Size() {
				w[i*l.Out.Size()+o] = float32(float64(int(fl.Weight[o*l.In.Size()+i])<<fl.WeightExp) * one)
			}
		}
	}
}

// TestSRMNetwork compares models in float with their fixed networks. With the weights rounded in both, what is left is the
// rounding of decays, gains and states, and the tails of responses that SLAYER cuts: it moves few spikes.
func TestSRMNetwork(t *testing.T) {
	spikes := 0
	for _, r := range []snn.Response{
		snn.DefaultResponse,
		{TauS: 4, TauR: 2, ScaleRef: 1, Theta: 0.5, Refractory: "slayer"},
		{TauS: 10, TauR: 3, ScaleRef: 0.7, Theta: 100, Refractory: "paper"},
	} {
		m := srmModel(t, "6x5x2-30d-20d-7", r)
		n, report, err := Quantize(m, Options{})
		if err != nil {
			t.Fatal(err)
		}
		first := effect(t, m, n).Layers[0]
		if first.Own*3 > first.Before+first.After {
			t.Errorf("%+v: with 8 bits %+v", r, first)
		}
		round(m, n)
		e := effect(t, m, n)
		for k, l := range e.Layers {
			all := float64(l.Before + l.After)
			t.Logf("%+v: layer %s: compared %d spikes, %.2f %% differ on the same input", r, l.Name, l.Before, 100*float64(l.Own)/all)
			spikes += l.Before
			if float64(l.Own) > 0.12*all || l.Before == 0 {
				t.Errorf("layer %s: %+v", l.Name, l)
			}
			if x := report.Layers[k]; x.RMSError == 0 || x.RMSError > 0.02*x.RMSWeight || x.MaxDelay == 0 && k < 2 || x.VTh != int(n.Layers[k].Neuron.(fixed.SRM).VTh) || x.VTh > maxSRM {
				t.Errorf("%+v", x)
			}
		}
		if first.Own <= e.Layers[0].Own {
			t.Errorf("rounding the weights changes nothing: %d and %d spikes of the first layer differ", first.Own, e.Layers[0].Own)
		}
		if report.Lossless || report.Conversions != nil {
			t.Errorf("%+v", report)
		}
		for _, x := range report.Ranges {
			if x.Kind != "srm" || x.U == 0 {
				t.Errorf("%+v", x)
			}
		}
	}
	t.Logf("compared %d spikes", spikes)
}

// TestSRMLayerKinds: convolutions and pools have their synapses where they belong.
func TestSRMLayerKinds(t *testing.T) {
	for _, net := range []string{"9x7x2-6c3d-2a-12-5d", "8x8x4-8c3s2p1g4d-3ad-7"} {
		m := srmModel(t, net, snn.DefaultResponse)
		n, _, err := Quantize(m, Options{})
		if err != nil {
			t.Fatal(net, err)
		}
		for _, l := range effect(t, m, n).Layers {
			all := float64(l.Before + l.After)
			t.Logf("%s: layer %s: compared %d spikes, %.1f %% differ on the same input", net, l.Name, l.Before, 100*float64(l.Own)/all)
			if l.Before == 0 || float64(l.Own) > 0.4*all {
				t.Errorf("%s: %+v", net, l)
			}
		}
	}
}

// TestSRMBits: fewer bits by layer, and more error.
func TestSRMBits(t *testing.T) {
	m := srmModel(t, "6x5x2-30d-20d-7", snn.DefaultResponse)
	n, r, err := Quantize(m, Options{Bits: []snn.WeightBits{8, 3, 5}})
	if err != nil {
		t.Fatal(err)
	}
	for k, bits := range []int{8, 3, 5} {
		if n.Layers[k].WeightBits != bits || r.Layers[k].Bits != bits {
			t.Errorf("layer %d has %d bits", k+1, n.Layers[k].WeightBits)
		}
	}
	// The search is not held back by a sum of inputs that only all of them together would give.
	if _, wide, err := Quantize(srmModel(t, "120x80-2", snn.DefaultResponse), Options{}); err != nil || wide.Layers[0].VTh < 2000 {
		t.Errorf("%+v, %v", wide.Layers, err)
	}
	if r.Layers[1].RMSError < 4*r.Layers[0].RMSError {
		t.Errorf("errors %v with 8 bits, %v with 3", r.Layers[0].RMSError, r.Layers[1].RMSError)
	}
}

// TestKickFits: however deep ν is, the kick fits its register, and the weights keep to the threshold.
func TestKickFits(t *testing.T) {
	for _, scaleRef := range []float64{0, 2, 40, 1000} {
		for _, form := range []string{"slayer", "paper"} {
			r := snn.Response{TauS: 10, TauR: 5, ScaleRef: scaleRef, Theta: 10, Refractory: form}
			m := srmModel(t, "6x5x2-30d-20d-7", r)
			n, rep, err := Quantize(m, Options{})
			if err != nil {
				t.Fatal(err)
			}
			for k, l := range n.Layers {
				p := l.Neuron.(fixed.SRM)
				x := toResponses(r)
				if want := x.kick * float64(p.VTh); math.Abs(float64(p.Kick)-want) > 0.5 || want > fixed.MaxKick+0.5 {
					t.Errorf("scale_ref %v: kick %d, want %v", scaleRef, p.Kick, want)
				}
				if x := rep.Layers[k]; x.RMSError > 0.05*x.RMSWeight && scaleRef < 1000 {
					t.Errorf("scale_ref %v: %+v", scaleRef, x)
				}
			}
		}
	}
	s := scale{bits: 8, exp: []int{3, 4}, threshold: 1001}
	for _, c := range []struct {
		limit int32
		want  scale
	}{{300, scale{bits: 8, exp: []int{1, 2}, ratio: 4, threshold: 250}}, {20, scale{bits: 8, exp: []int{0, 1}, ratio: 50, threshold: 20}}, {1001, scale{bits: 8, exp: []int{3, 4}, ratio: 1000.0 / 1001, threshold: 1001}}} {
		if got := s.within(c.limit, 1000); !reflect.DeepEqual(got, c.want) || s.exp[0] != 3 {
			t.Errorf("within %d: %+v, want %+v", c.limit, got, c.want)
		}
	}
}

// TestSRMSource: a source of SRM neurons runs, without rounding, as its model does but for the tails that SLAYER cuts; and an
// exponent for each channel has fewer errors than one for all, greedy scales no more shift.
func TestSRMSource(t *testing.T) {
	spikes := 0
	for _, r := range []snn.Response{snn.DefaultResponse, {TauS: 4, TauR: 2, ScaleRef: 1, Theta: 50, Refractory: "slayer"}, {TauS: 10, TauR: 3, ScaleRef: 0.7, Theta: 100, Refractory: "paper"},
		{TauS: 10, TauR: 5, ScaleRef: 200, Theta: 10, Refractory: "slayer"}, {TauS: 4, TauR: 5, ScaleRef: 100, Theta: 10, Refractory: "paper"}} {
		m := srmModel(t, "6x5x2-30d-20d-7", r)
		s, err := SourceOf(m)
		if err != nil {
			t.Fatal(err)
		}
		const ticks = 80
		run := train.NewTrainer(m, ticks, 1).Runner()
		o := Options{Bits: []snn.WeightBits{3}, PerChannel: true}
		for i := range 3 {
			in := noise(uint64(i), s.Input.Size(), ticks, 0.1)
			got := s.Run(in)
			for k, want := range run.Run(in)[:1] { // of the later ones the input differs
				d := want.Diff(got[k])
				spikes += want.Count()
				if want.Count() == 0 || d*10 > want.Count() {
					t.Errorf("%+v: %d of %d spikes differ", r, d, want.Count())
				}
			}
			o.Samples = append(o.Samples, Sample{in, got, i})
		}
		all, samples := o, o.Samples
		all.PerChannel, all.Samples, o.Samples = false, nil, nil
		n, each, err := s.Quantize(o)
		if err != nil {
			t.Fatal(err)
		}
		_, one, err := s.Quantize(all)
		if err != nil {
			t.Fatal(err)
		}
		if e, a := each.Layers[0], one.Layers[0]; e.RMSError >= a.RMSError || e.MaxExp <= e.Exp || n.Layers[0].NeuronExp == nil || e.DecayError == 0 || e.DecayError > 0.5 {
			t.Errorf("by channel %+v, one for all %+v", e, a)
		}
		o.Samples = samples
		greedy, _, err := s.Quantize(o)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range greedy.Layers {
			if p := l.Neuron.(fixed.SRM); p.VTh > toResponses(r).limit() {
				t.Errorf("greedy scales have no room: %v", p)
			}
		}
		shifts := func(n *fixed.Network) (sum int64) {
			for _, x := range samples {
				e, err := Measure(n, x)
				if err != nil {
					t.Fatal(err)
				}
				sum += e.Layers[0].Shift
			}
			return sum
		}
		if g, l := shifts(greedy), shifts(n); g > l {
			t.Errorf("greedy scales shift %d ticks, those of least error %d", g, l)
		}
	}
	t.Logf("compared %d spikes", spikes)
}

// TestGreedyLeavesRoomForKick: a threshold for which the kick does not fit is not tried, much as it would help.
func TestGreedyLeavesRoomForKick(t *testing.T) {
	r := snn.Response{TauS: 4, TauR: 5, ScaleRef: 1000, Theta: 1, Refractory: "paper"}
	x := toResponses(r)
	l := Layer{Name: "1", In: snn.Flat(40), Out: snn.Flat(1), Threshold: 10, SRM: &r}
	for range l.In.Size() { // that rounds to 0 at the largest threshold there is room for, and at twice that to 2
		l.Weight = append(l.Weight, 0.9*10*x.peak/float64(x.limit()))
	}
	s := &Source{Input: l.In, Layers: []Layer{l}}
	in := noise(1, l.In.Size(), 60, 0.3)
	before := s.Run(in)
	n, _, err := s.Quantize(Options{Samples: []Sample{{in, before, -1}}})
	if err != nil || before[0].Count() == 0 {
		t.Fatal(err, before[0].Count())
	}
	if p := n.Layers[0].Neuron.(fixed.SRM); p.VTh > x.limit() || n.Layers[0].Weight[0] != 0 {
		t.Errorf("%v, limit %d, weights of %d", p, x.limit(), n.Layers[0].Weight[0])
	}
}

// TestBadSRMSources: what cannot be is refused by the layer's name.
func TestBadSRMSources(t *testing.T) {
	for what, spoil := range map[string]func(l *Layer){
		"tau_s of 0":        func(l *Layer) { l.SRM.TauS = 0 },
		"no such response":  func(l *Layer) { l.SRM.Refractory = "none" },
		"a threshold of 0":  func(l *Layer) { l.Threshold = 0 },
		"biases":            func(l *Layer) { l.Bias = []float64{0, 1} },
		"a weight too many": func(l *Layer) { l.Weight = append(l.Weight, 1) },
	} {
		r := snn.DefaultResponse
		r.Theta = 0 // which does not count
		s := &Source{Input: snn.Flat(2), Layers: []Layer{{Name: "1", In: snn.Flat(2), Out: snn.Flat(2), Weight: make([]float64, 4), Threshold: 1, SRM: &r}}}
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

func TestAsCUBA(t *testing.T) {
	m := srmModel(t, "6x5x2-30d-20d-7", snn.DefaultResponse)
	exact, _, err := Quantize(m, Options{})
	if err != nil {
		t.Fatal(err)
	}
	n, r, err := Quantize(m, Options{As: "cuba"})
	if err != nil {
		t.Fatal(err)
	}
	e := effect(t, m, n)
	for k, l := range e.Layers {
		p, ok := n.Layers[k].Neuron.(fixed.CUBA)
		if !ok || r.Conversions[k].Neuron != p.String() || r.Conversions[k].Name != l.Name || r.Layers[k].VTh != int(p.VTh) || p.VTh > maxThreshold {
			t.Errorf("%+v, %+v, %+v", n.Layers[k].Neuron, r.Conversions, r.Layers[k])
		}
		// Another neuron: many spikes move, their number stays about the same.
		t.Logf("layer %s: compared %d spikes with %d, %d differ on the same input", l.Name, l.Before, l.After, l.Own)
		if ratio := float64(l.After) / float64(l.Before); l.Before == 0 || math.Abs(ratio-1) > 0.3 {
			t.Errorf("layer %s: %d spikes instead of %d", l.Name, l.After, l.Before)
		}
		if !cmp.Equal(n.Layers[k].Delay, exact.Layers[k].Delay) {
			t.Error("other delays")
		}
	}
	// A pool still gives about a spike for a spike.
	pools := srmModel(t, "9x7x2-6c3d-2a-12-5d", snn.DefaultResponse)
	p, _, err := Quantize(pools, Options{As: "cuba"})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range effect(t, pools, p).Layers[:2] {
		if ratio := float64(l.After) / float64(l.Before); l.Before == 0 || math.Abs(ratio-1) > 0.15 {
			t.Errorf("layer %s: %d spikes instead of %d", l.Name, l.After, l.Before)
		}
	}
	// What fewer bits do is measured on the neurons that are written.
	s, err := SourceOf(m)
	if err != nil {
		t.Fatal(err)
	}
	in := noise(1, s.Input.Size(), 60, 0.1)
	o := Options{As: "cuba", Samples: []Sample{{in, s.Run(in), -1}}}
	mix, err := s.Mix(o)
	if err != nil {
		t.Fatal(err)
	}
	few, _, err := s.Quantize(Options{As: "cuba", Bits: []snn.WeightBits{3, 8, 8}})
	if err != nil {
		t.Fatal(err)
	}
	if x, err := Measure(few, o.Samples[0]); err != nil || mix.Layers[0].Shift[5] != x.Layers[2].Shift || x.Layers[2].Shift == 0 {
		t.Errorf("%v, %v, %v", mix.Layers[0], x, err)
	}
	again, _, err := Quantize(m, Options{As: "cuba"})
	if err != nil || cmp.Diff(n, again) != "" {
		t.Error("not deterministic", err)
	}
	// The distance is 0 for the neuron itself, and the fit is much nearer than the neuron whose
	// response to a single spike is that of SRM.
	r0 := snn.DefaultResponse
	f, on := fitCUBA(r0), newBench(r0)
	same := fit{iDecay: on.n.SDecay, vDecay: on.n.SDecay, threshold: on.single(on.n.SDecay, on.n.SDecay), refDelay: 1}
	if d := on.distance(same); !(f.distance > 0 && f.distance < 0.2 && d > 3*f.distance) || f.distance != on.distance(f) || on.size == 0 {
		t.Errorf("%+v; with the response of SRM %v", f, d)
	}
	var d *diag.Error
	for _, c := range []struct {
		m  *train.Model
		as string
	}{{m, "rf"}, {model(t, "float", 1), "cuba"}, {model(t, "integer", 1), "cuba"}} {
		if _, _, err := Quantize(c.m, Options{As: c.as}); !errors.As(err, &d) || d.Kind != diag.Usage || d.Fix == "" {
			t.Errorf("%s: %v", c.as, err)
		}
	}
}

// TestProveSRM: the range report of a layer is that of its neurons' Bound at their sums.
func TestProveSRM(t *testing.T) {
	p := fixed.SRM{SDecay: 1024, SShift: 1, RDecay: 2048, XDecay: 2048, Kick: 10, VTh: 80}
	l := fixed.Layer{Name: "1", In: snn.Flat(2), Out: snn.Flat(2), Weight: []int16{2, 4, 120, -20}, WeightBits: 8, WeightExp: 1, Neuron: p}
	n := &fixed.Network{Input: snn.Flat(2), Convention: fixed.Axonal, Layers: []fixed.Layer{l}}
	r, err := Prove(n)
	if err != nil || r[0].Accumulator != 280 || r[0].Neuron != 1 || r[0].U != 240*64*4/2*4 || !r[0].SaturationFree {
		t.Errorf("%+v %v", r, err)
	}
	n.Layers[0].Weight = []int16{2, -4, -120, 20}
	if r, err := Prove(n); err != nil || r[0].U != 240*64*4/2*4 || r[0].UNeuron != 1 {
		t.Errorf("%+v %v", r, err)
	}
	n.Layers[0].Weight = l.Weight
	n.Layers[0].BiasMant, n.Layers[0].BiasExp = []int16{-4096, 0}, 7
	if r, _ = Prove(n); !r[0].SaturationFree {
		t.Errorf("%+v", r)
	}
	n.Layers[0].WeightExp = 7                                       // u reaches 2^23 less the bias
	if r, _ = Prove(n); r[0].U != 7864320 || !r[0].SaturationFree { // of neuron 1, which has no bias
		t.Errorf("%+v", r)
	}
	n.Layers[0].BiasMant[1] = -4096
	if r, _ = Prove(n); r[0].SaturationFree {
		t.Errorf("%+v", r)
	}
	n.Layers[0].BiasMant, p.Kick = nil, fixed.MaxKick
	n.Layers[0].Neuron = p
	if r, _ = Prove(n); r[0].U != 7864320 || r[0].SaturationFree { // ref saturates
		t.Errorf("%+v", r)
	}
	p.SDecay, p.Kick = 10, 0
	n.Layers[0].Neuron = p
	if r, _ = Prove(n); r[0].SaturationFree || r[0].U < fixed.UMax {
		t.Errorf("%+v", r)
	}
}
