package train

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
	"pgregory.net/rapid"
)

// energy is a loss by its definition, for spikes s[neuron][tick] of any real number.
func energy(l snn.Loss, s [][]float64, a answer) float64 {
	n, ticks := len(s), len(s[0])
	from, to := l.Bounds(ticks)
	count := func(o int) (c float64) {
		for _, x := range s[o][from:to] {
			c += x
		}
		return c
	}
	rossum := func(x []float64) (e float64) {
		k := kernelOf(true, l.Tau, 1)
		for t := range x {
			y := 0.0
			for j := 0; j < len(k) && j <= t; j++ {
				y += k[j] * x[t-j]
			}
			e += y * y / 2
		}
		return e
	}
	softmax := func(logit []float64, label int) float64 {
		sum := 0.0
		for _, x := range logit {
			sum += math.Exp(x)
		}
		return math.Log(sum) - logit[label]
	}
	e := 0.0
	switch l.Kind {
	case "rate", "count":
		for o := range s {
			want, outside := l.False, append([]float64(nil), s[o]...)
			if o == a.label {
				want = l.True
			}
			if l.Kind == "rate" {
				want *= float64(to - from)
			}
			e += (count(o) - want) * (count(o) - want) / float64(2*(to-from))
			clear(outside[from:to])
			if l.Kind == "count" {
				e += rossum(outside)
			}
		}
	case "spike_train":
		want := dense(a.pattern)
		for o := range s {
			x := append([]float64(nil), s[o]...)
			for t := range min(ticks, a.pattern.Ticks()) {
				x[t] -= want[o][t]
			}
			e += rossum(x)
		}
	case "nll":
		var logit []float64
		for o := range s {
			logit = append(logit, l.Scale*count(o))
		}
		return softmax(logit, a.label)
	case "step_nll":
		labelled, logit := 0, make([]float64, n)
		for t, label := range a.steps[:min(ticks, len(a.steps))] {
			if label == unlabelled {
				continue
			}
			labelled++
			for o := range s {
				logit[o] = 0
				for k := 0; k <= t; k++ {
					logit[o] += l.Scale * math.Exp(-float64(k)/l.Tau) * s[o][t-k]
				}
			}
			e += softmax(logit, int(label))
		}
		e /= float64(max(1, labelled))
	}
	return e
}

// TestLossesAgainstFiniteDifferences compares the value of every loss with its
// definition, and its error at every tick, spike or not, with central differences of it.
func TestLossesAgainstFiniteDifferences(t *testing.T) {
	compared, nonzero := 0, map[string]int{}
	var scratch lossScratch
	rapid.Check(t, func(rt *rapid.T) {
		for _, kind := range []string{"rate", "count", "spike_train", "nll", "step_nll"} {
			n, ticks := rapid.IntRange(2, 5).Draw(rt, "n"), rapid.IntRange(2, 40).Draw(rt, "ticks")
			l := snn.Loss{Kind: kind, Tau: rapid.SampledFrom([]float64{0.6, 1, 4, 10, 50}).Draw(rt, "tau"), Scale: rapid.SampledFrom([]float64{0.1, 1, 3}).Draw(rt, "scale")}
			l.True, l.False = rapid.Float64Range(0.01, 9).Draw(rt, "true"), rapid.Float64Range(0, 3).Draw(rt, "false")
			l.From = rapid.IntRange(0, ticks-1).Draw(rt, "from")
			l.To = rapid.SampledFrom([]int{0, l.From + 1, l.From + 7, 1000}).Draw(rt, "to")
			r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
			rate := rapid.SampledFrom([]float64{0, 0.1, 0.5}).Draw(rt, "rate")
			out := randomRaster(r, n, ticks, rate)
			a := answer{label: r.IntN(n), pattern: randomRaster(r, n, max(1, ticks+r.IntN(9)-4), 0.2)}
			for range max(1, ticks+r.IntN(9)-4) {
				a.steps = append(a.steps, uint8(r.IntN(n)))
				if r.IntN(3) == 0 {
					a.steps[len(a.steps)-1] = unlabelled
				}
			}
			f := newLoss(l, ticks, n)
			if err := f.accepts(a); err != nil {
				rt.Fatal(err)
			}
			from, to := l.Bounds(ticks)
			counts := out.Counts(from, to, nil)
			err := randomRows(r, ticks, n, 1) // of the sample before
			s := dense(out)
			want := energy(l, s, a)
			for _, e := range [][]float32{nil, err} {
				if got := f.value(out, counts, a, e, &scratch); !(math.Abs(got-want) <= 1e-5*(1e-3+want)) {
					rt.Fatalf("%+v: loss %v, want %v", l, got, want)
				}
			}
			const h = 1e-4
			for o := range s {
				for k := range s[o] {
					keep := s[o][k]
					s[o][k] = keep + h
					up := energy(l, s, a)
					s[o][k] = keep - h
					down := energy(l, s, a)
					s[o][k] = keep
					got, want := float64(err[k*n+o]), (up-down)/(2*h)
					if !(math.Abs(got-want) <= 1e-5*(1+math.Abs(want)+up)) {
						rt.Fatalf("%+v: neuron %d, tick %d: error %v, finite difference %v", l, o, k, got, want)
					}
					if got != 0 {
						nonzero[kind]++
					}
					compared++
				}
			}
		}
	})
	if len(nonzero) != 5 {
		t.Errorf("not 0 were %v", nonzero)
	}
	t.Logf("compared %d errors; not 0 were %v", compared, nonzero)
}

func rasterOf(ticks int, trains ...[]int) *spike.Raster {
	var tick, neuron []int32
	for o, at := range trains {
		for _, t := range at {
			tick, neuron = append(tick, int32(t)), append(neuron, int32(o))
		}
	}
	r, err := spike.FromPairs(len(trains), ticks, tick, neuron)
	if err != nil {
		panic(err)
	}
	return r
}

func TestLossesByHand(t *testing.T) {
	e := math.E
	k1, k2 := 0.5*math.Exp(0.5), 1.0 // κ of τ 2 at 1 and 2
	steps := []uint8{unlabelled, 0, 1}
	p := func(x, y float64) float64 { return math.Exp(x) / (math.Exp(x) + math.Exp(y)) }
	q := math.Exp(-0.5)
	for name, c := range map[string]struct {
		l     snn.Loss
		out   *spike.Raster
		a     answer
		value float64
		err   [][]float64 // by neuron, then tick
	}{
		// Counts 2 and 1 in ticks 1..3 of targets 1 and 0.5: ½(1² + 0.5²)/2.
		"count in the interval": {snn.Loss{Kind: "count", True: 1, False: 0.5, Tau: 2, Window: snn.Window{From: 1, To: 3}},
			rasterOf(4, []int{1, 2}, []int{2}), answer{label: 0}, 0.3125,
			[][]float64{{0, 0.5, 0.5, 0}, {0, 0.25, 0.25, 0}}},
		// The last tick's spike leaves κ(0) = 0: no error. The first one's κ(1), κ(2) do.
		"count outside": {snn.Loss{Kind: "count", True: 9, False: 0, Tau: 2, Window: snn.Window{From: 1, To: 2}},
			rasterOf(3, []int{0, 2}), answer{label: -1}, (k1*k1 + k2*k2) / 2,
			[][]float64{{k1*k1 + k2*k2, 0, 0}}},
		"rate": {snn.Loss{Kind: "rate", True: 0.5, False: 0.25, Window: snn.Window{To: 4}},
			rasterOf(5, []int{0, 1, 2, 4}, []int{4}), answer{label: 1}, (4.0 + 4) / 8,
			[][]float64{{0.5, 0.5, 0.5, 0.5, 0}, {-0.5, -0.5, -0.5, -0.5, 0}}},
		// A spike a tick late: κ∗(s − ŝ) is 0, −κ(1), κ(1) − κ(2).
		"spike train": {snn.Loss{Kind: "spike_train", Tau: 2}, rasterOf(3, []int{1}), answer{label: -1, pattern: rasterOf(3, []int{0})},
			(k1*k1 + (k1-k2)*(k1-k2)) / 2,
			[][]float64{{-k1*k1 + k2*(k1-k2), k1 * (k1 - k2), 0}}},
		"nll": {snn.Loss{Kind: "nll", Scale: 0.5}, rasterOf(4, []int{0, 1, 3}, []int{2}), answer{label: 1}, math.Log(1 + e),
			[][]float64{{0.5 * e / (1 + e), 0.5 * e / (1 + e), 0.5 * e / (1 + e), 0.5 * e / (1 + e)},
				{-0.5 * e / (1 + e), -0.5 * e / (1 + e), -0.5 * e / (1 + e), -0.5 * e / (1 + e)}}},
		// Traces of τ 2 at ticks 1 and 2: neuron 0 has q and 1 + q², neuron 1 has 0 and 0.
		"step nll": {snn.Loss{Kind: "step_nll", Scale: 1, Tau: 2}, rasterOf(3, []int{0, 2}, nil), answer{label: -1, steps: steps},
			-(math.Log(p(q, 0)) + math.Log(p(0, 1+q*q))) / 2,
			[][]float64{
				{-p(0, q)/2*q + p(1+q*q, 0)/2*q*q, -p(0, q)/2 + p(1+q*q, 0)/2*q, p(1+q*q, 0) / 2},
				{p(0, q)/2*q - p(1+q*q, 0)/2*q*q, p(0, q)/2 - p(1+q*q, 0)/2*q, -p(1+q*q, 0) / 2}}},
		"step nll without a label": {snn.Loss{Kind: "step_nll", Scale: 1, Tau: 2}, rasterOf(2, []int{0}, nil), answer{label: -1, steps: []uint8{255, 255}},
			0, [][]float64{{0, 0}, {0, 0}}},
	} {
		n, ticks := c.out.Neurons, c.out.Ticks()
		f := newLoss(c.l, ticks, n)
		from, to := c.l.Bounds(ticks)
		err := make([]float32, ticks*n)
		if got := f.value(c.out, c.out.Counts(from, to, nil), c.a, err, &lossScratch{}); !(math.Abs(got-c.value) <= 1e-6) {
			t.Errorf("%s: %v, want %v", name, got, c.value)
		}
		for o := range c.err {
			for k, want := range c.err[o] {
				if got := float64(err[k*n+o]); !(math.Abs(got-want) <= 1e-6) {
					t.Errorf("%s: neuron %d, tick %d: error %v, want %v", name, o, k, got, want)
				}
			}
		}
	}
}

// TestHugeLogits: thousands of spikes of scale 1000 neither overflow nor lose the loss.
func TestHugeLogits(t *testing.T) {
	logits := []float32{1e6, 0, -1e6}
	if got := crossEntropy(logits, 1); got != 1e6 {
		t.Errorf("loss %v, want 1e6", got)
	}
	if logits[0] != 1 || logits[1] != -1 || logits[2] != 0 {
		t.Errorf("gradient %v", logits)
	}
}

func TestJudge(t *testing.T) {
	silent := rasterOf(2, nil, nil)
	if correct, judged := newLoss(snn.Loss{Kind: "step_nll", Tau: 1, Scale: 1}, 2, 2).judge(silent, nil, answer{steps: []uint8{0, 0}}); correct != 2 || judged != 2 {
		t.Errorf("silence is class 0: %d of %d", correct, judged)
	}
	out := rasterOf(6, []int{0, 1}, []int{1, 4, 5}, nil)
	steps := []uint8{0, 0, 1, 255, 1, 2}
	// Traces of a long τ: at ticks 0, 1 and 2 neuron 0 leads (2 spikes to 1); at 4 and 5
	// neuron 1 does, with 2 and 3 spikes of which the last ones are fresher.
	for _, c := range []struct {
		kind           string
		w              snn.Window
		a              answer
		correct, total int
	}{
		{"rate", snn.Window{}, answer{label: 1}, 1, 1},
		{"count", snn.Window{}, answer{label: 0}, 0, 1},
		{"nll", snn.Window{To: 2}, answer{label: 0}, 1, 1},
		{"rate", snn.Window{From: 3, To: 4}, answer{label: 0}, 1, 1}, // no spikes: the lowest number
		{"nll", snn.Window{From: 3, To: 4}, answer{label: 1}, 0, 1},
		{"rate", snn.Window{}, answer{label: -1}, 0, 0},
		{"spike_train", snn.Window{}, answer{label: 1, pattern: out}, 0, 0},
		{"step_nll", snn.Window{}, answer{label: 1, steps: steps}, 3, 5},
		{"step_nll", snn.Window{}, answer{label: 1, steps: steps[:1]}, 1, 1},
		{"step_nll", snn.Window{}, answer{label: 1, steps: []uint8{1, 1, 255, 2, 2, 2}}, 0, 5},
	} {
		l := snn.Loss{Kind: c.kind, Tau: 100, Scale: 1, Window: c.w}
		from, to := l.Bounds(6)
		correct, judged := newLoss(l, 6, 3).judge(out, out.Counts(from, to, nil), c.a)
		if correct != c.correct || judged != c.total {
			t.Errorf("%+v: %d of %d", c, correct, judged)
		}
	}
}

func TestLossesRefuseWhatTheyCannotUse(t *testing.T) {
	none := answer{label: -1}
	two, three := rasterOf(4, nil, nil), rasterOf(4, nil, nil, nil)
	for _, c := range []struct {
		l  snn.Loss
		a  answer
		ok bool
	}{
		{snn.Loss{Kind: "rate"}, none, false}, {snn.Loss{Kind: "count"}, none, false}, {snn.Loss{Kind: "nll"}, none, false},
		{snn.Loss{Kind: "rate"}, answer{label: 0}, true}, {snn.Loss{Kind: "nll"}, answer{label: 1}, true},
		{snn.Loss{Kind: "rate", Window: snn.Window{From: 4}}, answer{label: 0}, false},
		{snn.Loss{Kind: "nll", Window: snn.Window{From: 9, To: 12}}, answer{label: 0}, false},
		{snn.Loss{Kind: "rate", Window: snn.Window{From: 3, To: 12}}, answer{label: 0}, true},
		{snn.Loss{Kind: "spike_train"}, answer{label: 1}, false},
		{snn.Loss{Kind: "spike_train"}, answer{label: -1, pattern: two}, false},
		{snn.Loss{Kind: "spike_train"}, answer{label: -1, pattern: three}, true},
		{snn.Loss{Kind: "spike_train", Tau: 0.1}, answer{label: -1, pattern: three}, false},
		{snn.Loss{Kind: "step_nll"}, answer{label: 1}, false},
		{snn.Loss{Kind: "step_nll"}, answer{label: 1, steps: []uint8{0, 2, 255, 1}}, true},
		{snn.Loss{Kind: "step_nll"}, answer{label: 1, steps: []uint8{0, 3}}, false},
	} {
		if c.l.Scale = 1; c.l.Tau == 0 {
			c.l.Tau = 10
		}
		err := newLoss(c.l, 4, 3).accepts(c.a)
		var d *diag.Error
		if c.ok != (err == nil) || err != nil && (!errors.As(err, &d) || d.Kind != diag.Input || d.Fix == "") {
			t.Errorf("%+v, %+v: %v", c.l, c.a, err)
		}
	}
}

func TestAutomaticTargets(t *testing.T) {
	for _, c := range []struct {
		ticks, rest  int
		right, wrong float64
	}{
		{300, 1, 60, 9}, {300, 2, 60, 9}, {1450, 1, 290, 43.5}, {40, 1, 8, 1.2},
		{300, 10, 15, 2.25}, {15, 10, 1.1125, 0.1125}, {300, 5, 30, 4.5}, {64, 64, 1, 0.075},
		{5, 1, 1.15, 0.15}, {2, 1, 1.06, 0.06}, {1, 1, 1, 0.03},
	} {
		for _, kind := range []string{"rate", "count"} {
			in := interval{3, c.ticks + 7, 4, 4 + c.ticks}
			l := newCountLoss(snn.Loss{Kind: kind, Tau: 10}, in, c.rest)
			if math.Abs(l.right-c.right) > 1e-9 || math.Abs(l.wrong-c.wrong) > 1e-9 {
				t.Errorf("%s, %d ticks, refractory delay %d: %v and %v, want %v and %v", kind, c.ticks, c.rest, l.right, l.wrong, c.right, c.wrong)
			}
			if got, want := l.rate(nil), (c.right+2*c.wrong)/3/float64(c.ticks); math.Abs(got-want) > 1e-12 {
				t.Errorf("mean rate %v, want %v", got, want)
			}
		}
	}
	// What is given is taken as it is: a rate a tick, or a count; one 0 counts as given.
	in := interval{3, 50, 10, 50}
	if l := newCountLoss(snn.Loss{Kind: "rate", True: 0.5, Tau: 10}, in, 1); l.right != 20 || l.wrong != 0 || l.outside {
		t.Errorf("rate: %+v", l)
	}
	if l := newCountLoss(snn.Loss{Kind: "count", False: 3, Tau: 10}, in, 1); l.right != 0 || l.wrong != 3 || !l.outside {
		t.Errorf("count: %+v", l)
	}
}

func TestStartingRates(t *testing.T) {
	answers := []answer{{pattern: rasterOf(10, []int{1, 2, 3}, []int{9})}, {pattern: rasterOf(10, nil, []int{0, 5})}}
	if got := newLoss(snn.Loss{Kind: "spike_train", Tau: 10}, 10, 2).rate(answers); got != 6.0/40 {
		t.Errorf("spike_train: %v", got)
	}
	for _, kind := range []string{"nll", "step_nll"} {
		if got := newLoss(snn.Loss{Kind: kind, Tau: 10, Scale: 1}, 10, 2).rate(answers); got <= 0 || got > 0.2 {
			t.Errorf("%s: %v", kind, got)
		}
	}
}
