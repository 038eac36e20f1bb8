package train

import (
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// Rates at which outputs start that have no targets: enough spikes for a gradient,
// few enough to leave room.
const (
	likelihoodRate     = 0.05
	stepLikelihoodRate = 0.1
)

// likelihood is the negative log-likelihood of the label, with the outputs' spike
// counts in the interval, times scale, as logits (lava-dl's SpikeMax). There are no
// targets to choose.
type likelihood struct {
	interval
	scale float64
}

func (l likelihood) rate([]answer) float64 { return likelihoodRate }

func (l likelihood) value(_ *spike.Raster, counts []int, a answer, err []float32, s *lossScratch) float64 {
	s.row = resize(s.row, l.n)
	for o, c := range counts {
		s.row[o] = float32(l.scale * float64(c))
	}
	loss := crossEntropy(s.row, a.label)
	for o := range s.row {
		s.row[o] *= float32(l.scale)
	}
	l.spread(err, s.row)
	return loss
}

// crossEntropy returns −log softmax(logits)[label] and replaces the logits by its gradient.
func crossEntropy(logits []float32, label int) float64 {
	top := logits[0]
	for _, x := range logits {
		top = max(top, x)
	}
	sum := 0.0
	for _, x := range logits {
		sum += exp(float64(x - top))
	}
	loss := log(sum) - float64(logits[label]-top)
	for o, x := range logits {
		logits[o] = float32(exp(float64(x-top)) / sum)
	}
	logits[label]--
	return loss
}

// stepLikelihood is the same at every labelled tick, the mean over them. Logits are
// scale times the outputs' traces
//
//	x(t) = keep·x(t−1) + s(t),  keep = exp(−1/τ)
//
// so that scale is the logit of a spike now, as it is of any spike in likelihood. At a
// steady rate of r spikes a tick a trace settles about r·(τ + ½): with τ = 10, the 0.2
// and 0.03 at which counts aim are 2.1 and 0.3. A filter of unit gain would stay
// below 1 at any rate, and the softmax near uniform. The decision at a tick is the
// largest trace, the lowest number on a tie.
type stepLikelihood struct {
	ticks, n int
	keep     float32
	scale    float64
}

func (l stepLikelihood) rate([]answer) float64 { return stepLikelihoodRate }

func (l stepLikelihood) accepts(a answer) error {
	if a.steps == nil {
		return diag.Inputf("loss", "", "the data has no class for each tick, which the loss step_nll needs").
			WithFix("for one class a sample take the loss rate or nll")
	}
	for t, c := range a.steps {
		if c != unlabelled && int(c) >= l.n {
			return diag.Inputf("loss", "", "tick %d is of class %d, the network has %d outputs", t, c, l.n).WithFix("end the network with more outputs")
		}
	}
	return nil
}

// traces calls f at every tick with the outputs' traces.
func (l stepLikelihood) traces(out *spike.Raster, a answer, x []float32, f func(t, label int)) {
	clear(x)
	for t := range min(l.ticks, len(a.steps)) {
		for o := range x {
			x[o] = float32(x[o] * l.keep)
		}
		for _, o := range out.At(t) {
			x[o]++
		}
		if a.steps[t] != unlabelled {
			f(t, int(a.steps[t]))
		}
	}
}

func (l stepLikelihood) judge(out *spike.Raster, _ []int, a answer) (correct, judged int) {
	x := make([]float32, l.n)
	l.traces(out, a, x, func(_, label int) {
		judged++
		best := 0
		for o := range x {
			if x[o] > x[best] {
				best = o
			}
		}
		if best == label {
			correct++
		}
	})
	return correct, judged
}

func (l stepLikelihood) value(out *spike.Raster, _ []int, a answer, err []float32, s *lossScratch) float64 {
	labelled := 0
	for _, c := range a.steps[:min(l.ticks, len(a.steps))] {
		if c != unlabelled {
			labelled++
		}
	}
	clear(err)
	if labelled == 0 {
		return 0
	}
	s.row, s.trace = resize(s.row, l.n), resize(s.trace, l.n)
	sum := 0.0
	l.traces(out, a, s.row, func(t, label int) {
		for o, x := range s.row {
			s.trace[o] = float32(float32(l.scale) * x)
		}
		sum += crossEntropy(s.trace, label)
		if err != nil {
			for o, g := range s.trace {
				err[t*l.n+o] = float32(g * float32(l.scale/float64(labelled)))
			}
		}
	})
	if err != nil { // the adjoint of the trace
		for t := l.ticks - 2; t >= 0; t-- {
			for o := range l.n {
				err[t*l.n+o] += float32(l.keep * err[(t+1)*l.n+o])
			}
		}
	}
	return sum / float64(labelled)
}
