package train

import (
	"math"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// answer is what is wanted of the output for a sample.
type answer struct {
	label   int           // −1 without
	pattern *spike.Raster // the desired spike trains; nil without
	steps   []uint8       // a class for each tick, unlabelled where there is none; nil without
}

const unlabelled = 255

// lossFunction is a loss resolved for a number of ticks and outputs.
type lossFunction interface {
	// accepts reports an answer that lacks what the loss needs.
	accepts(a answer) error
	// value returns the loss of a sample with the given output spikes, which make
	// counts in the interval, and fills err (ticks×n, or nil) with its derivative by
	// every possible output spike.
	value(out *spike.Raster, counts []int, a answer, err []float32, s *lossScratch) float64
	// judge returns how many answers the sample gave and how many of them were right.
	judge(out *spike.Raster, counts []int, a answer) (correct, judged int)
	// rate returns the mean firing rate of an output at which training should start.
	rate(answers []answer) float64
}

// lossScratch is what losses need of memory.
type lossScratch struct {
	row, trace []float32
	filter     stream
}

func newLoss(l snn.Loss, ticks, n int) lossFunction { return newLossFor(l, ticks, n, 1) }

// newLossFor is newLoss for outputs that spike every rest ticks at most: targets that
// are chosen automatically depend on it.
func newLossFor(l snn.Loss, ticks, n, rest int) lossFunction {
	in := interval{n: n, ticks: ticks}
	in.from, in.to = l.Bounds(ticks)
	switch l.Kind {
	case "spike_train":
		return spikeTrain{ticks, n, newResponse(true, l.Tau, 1, 0)}
	case "nll":
		return likelihood{in, l.Scale}
	case "step_nll":
		return stepLikelihood{ticks, n, float32(exp(-1 / l.Tau)), l.Scale}
	}
	return newCountLoss(l, in, rest)
}

// interval is where the spikes of n outputs count: the ticks from up to, but not
// including, to.
type interval struct{ n, ticks, from, to int }

func (i interval) length() float64 { return float64(max(1, i.to-i.from)) }

// spread fills err with row at every tick of the interval, and 0 elsewhere.
func (i interval) spread(err, row []float32) {
	if err == nil {
		return
	}
	clear(err)
	for t := i.from; t < i.to; t++ {
		copy(err[t*i.n:][:i.n], row)
	}
}

func (i interval) judge(_ *spike.Raster, counts []int, a answer) (correct, judged int) {
	if a.label < 0 {
		return 0, 0
	}
	if spike.Classify(counts) == a.label {
		correct = 1
	}
	return correct, 1
}

func (i interval) accepts(a answer) error {
	if i.from == i.to {
		return diag.Inputf("loss", "", "no tick is in the interval in which output spikes count: it begins at tick %d of %d", i.from, i.ticks).
			WithFix("choose loss.from below %d", i.ticks)
	}
	if a.label >= 0 {
		return nil
	}
	return diag.Inputf("loss", "", "the data has no classes, which the loss needs").WithFix("for desired spike trains take the loss spike_train")
}

// countLoss compares the spike counts in the interval of T ticks to targets:
//
//	E = ½ Σ_o (count_o − target_o)²/T,  ∂E/∂s_o(t) = (count_o − target_o)/T in the interval
//
// which is SLAYER's count error, e (slayerPytorch, numSpikes, takes it once more
// through ε, which all ticks of the interval have in common). Outside the interval
// the kind rate has no error. For the kind count the spikes s' there, and they alone,
// are errors as in spikeTrain, against silence, and add ½ Σ (κ∗s')² over all ticks.
type countLoss struct {
	interval
	right, wrong float64 // spikes in the interval
	outside      bool
	filter       response
}

// Targets that are chosen automatically, in spikes a tick: a fifth of all ticks is
// far from what noise does and leaves neurons time to recover; a little activity in
// the others keeps their gradient alive. See autoTargets.
const (
	autoTrue  = 0.2
	autoFalse = 0.03
)

// autoTargets returns the targets, in spikes in the interval, where none are given:
//
//	true   0.2 a tick, but at most half of what the refractory delay lets through
//	false  3/20 of that: 0.03 a tick
//
// times the length of the interval. In one so short that they are less than a spike
// apart, true is false + 1, as far as the refractory delay lets so many through.
func autoTargets(length float64, rest int) (right, wrong float64) {
	right = min(autoTrue, 0.5/float64(rest))
	wrong = min(autoFalse, right*(autoFalse/autoTrue))
	right, wrong = float64(right*length), float64(wrong*length)
	most := math.Ceil(length / float64(rest))
	return min(most, max(right, wrong+1)), wrong
}

func newCountLoss(l snn.Loss, in interval, rest int) countLoss {
	c := countLoss{interval: in, right: l.True, wrong: l.False, filter: newResponse(true, l.Tau, 1, 0)}
	if l.Kind == "count" {
		c.outside = in.from > 0 || in.to < in.ticks
	}
	switch {
	case l.True == 0 && l.False == 0:
		c.right, c.wrong = autoTargets(in.length(), rest)
	case l.Kind == "rate":
		c.right, c.wrong = float64(c.right*in.length()), float64(c.wrong*in.length())
	}
	return c
}

func (c countLoss) rate([]answer) float64 {
	return (c.right + float64(c.wrong*float64(c.n-1))) / float64(c.n) / c.length()
}

func (c countLoss) value(out *spike.Raster, counts []int, a answer, err []float32, s *lossScratch) float64 {
	sum := 0.0
	s.row = resize(s.row, c.n)
	for o, n := range counts {
		want := c.wrong
		if o == a.label {
			want = c.right
		}
		d := float64(n) - want
		sum += float64(d*d) / (2 * c.length())
		s.row[o] = float32(d / c.length())
	}
	c.spread(err, s.row)
	if c.outside {
		sum += distance(out, nil, c.filter, c.ticks, s, err, func(t int) bool { return t < c.from || t >= c.to })
	}
	return sum
}

// spikeTrain is the van Rossum distance to the desired spike trains ŝ (the paper's
// loss with e = ε∗(s − ŝ); slayerPytorch, spikeTime):
//
//	E = ½ Σ_t Σ_o e(t)²,  e = κ∗(s − ŝ),  ∂E/∂s(t) = Σ_k κ(k)·e(t+k)
//
// with κ the response of loss.tau, in the form of ε.
type spikeTrain struct {
	ticks, n int
	kappa    response
}

func (l spikeTrain) accepts(a answer) error {
	if a.pattern == nil {
		return diag.Inputf("loss", "", "the data has no desired spike trains, which the loss spike_train needs").
			WithFix("for classes take the loss rate or nll")
	}
	if l.kappa.length <= 1 { // all of κ is below where it is cut
		return diag.Inputf("loss", "", "loss.tau is so short that spikes leave no trace").WithFix("take at least a tick")
	}
	if a.pattern.Neurons != l.n {
		return diag.Inputf("loss", "", "the desired spike trains have %d neurons, the output %d", a.pattern.Neurons, l.n).
			WithFix("end the network with %d", a.pattern.Neurons)
	}
	return nil
}

func (l spikeTrain) judge(*spike.Raster, []int, answer) (correct, judged int) { return 0, 0 }

func (l spikeTrain) rate(answers []answer) float64 {
	sum := 0
	for _, a := range answers {
		sum += a.pattern.Count()
	}
	return float64(sum) / float64(len(answers)*l.ticks*l.n)
}

func (l spikeTrain) value(out *spike.Raster, _ []int, a answer, err []float32, s *lossScratch) float64 {
	clear(err)
	return distance(out, a.pattern, l.kappa, l.ticks, s, err, func(int) bool { return true })
}

// distance returns ½ Σ (κ∗(out − want))², of the spikes at the ticks where alone, and
// adds its derivative by them to err unless that is nil. A want of nil is silence.
func distance(out, want *spike.Raster, kappa response, ticks int, s *lossScratch, err []float32, where func(t int) bool) float64 {
	n := out.Neurons
	s.row, s.trace = resize(s.row, n), resize(s.trace, ticks*n)
	s.filter.reset(kappa, n)
	sum := 0.0
	for t := range ticks {
		row := s.trace[t*n:][:n]
		clear(row)
		if where(t) {
			for _, o := range out.At(t) {
				row[o]++
			}
			if want != nil && t < want.Ticks() {
				for _, o := range want.At(t) {
					row[o]--
				}
			}
		}
		s.filter.push(row, row)
		for _, e := range row {
			sum += float64(float64(e) * float64(e))
		}
	}
	if err == nil {
		return sum / 2
	}
	s.filter.reset(kappa, n)
	for t := ticks - 1; t >= 0; t-- {
		s.filter.push(s.trace[t*n:][:n], s.row)
		if !where(t) {
			continue
		}
		for o, e := range s.row {
			err[t*n+o] += e
		}
	}
	return sum / 2
}
