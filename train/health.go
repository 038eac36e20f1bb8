package train

import (
	"fmt"
	"math"
	"strings"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
)

// finite reports an error δ that is no number any more.
func (v *view) finite(delta []float32) error {
	const infinite = 0xff << 24 // without the sign
	// Without their signs, the bits of numbers are in the order of the numbers, and
	// those of Inf and NaN above them. Four maxima, so that none waits for the last.
	var a, b, c, d uint32
	rest := delta
	for ; len(rest) >= 4; rest = rest[4:] {
		a = max(a, math.Float32bits(rest[0])<<1)
		b = max(b, math.Float32bits(rest[1])<<1)
		c = max(c, math.Float32bits(rest[2])<<1)
		d = max(d, math.Float32bits(rest[3])<<1)
	}
	for _, x := range rest {
		a = max(a, math.Float32bits(x)<<1)
	}
	if max(a, b, c, d) < infinite {
		return nil
	}
	return (&diag.Error{Kind: diag.Input, Code: "gradient-nan", Layer: v.layer.Name, Msg: "the error is not a number any more"}).
		WithFix("train with a lower rate, or clip the gradient ([optimiser] clip)")
}

// Silent and saturated layers pass no gradient on: rates below and above which
// Health speaks of them, in spikes a neuron and tick.
const (
	silentRate    = 1e-5
	saturatedRate = 0.9 // of what the refractory delay allows
)

// Health returns what is wrong with the layers at their firing rates of an epoch
// (see EpochMetrics.Rates), one finding a layer, each with the remedy.
func Health(net *snn.Network, rates []float64) (findings []*diag.Error) {
	for k, r := range rates {
		l := net.Layers[k]
		find := func(code, format string, args ...any) *diag.Error {
			e := &diag.Error{Kind: diag.Input, Code: code, Layer: l.Name, Msg: fmt.Sprintf(format, args...)}
			findings = append(findings, e)
			return e
		}
		most := 1.0
		if l.Neuron.Kind != snn.SRM {
			most = 1 / float64(max(1, l.Neuron.RefDelay))
		}
		switch {
		case r < silentRate:
			find("layer-silent", "the layer hardly spikes (%.2g spikes a neuron and tick): nothing can be learned through it", r).
				WithFix("raise training.init_rate, lower the layer's v_th or decays ([layer.%s]), or train with a lower rate", l.Name)
		case r > saturatedRate*most:
			find("layer-saturated", "the layer spikes nearly always (%.2f spikes a neuron and tick): it says nothing any more", r).
				WithFix("train with a lower rate, or raise the layer's v_th or decays ([layer.%s])", l.Name)
		}
	}
	return findings
}

// A class is only said to be never right when there were so many samples of it, and
// not in the first epoch.
const neverRight = 8

// tally counts, by class, the samples of an epoch and those that were right.
type tally struct{ seen, right []int }

func (t *tally) add(s *slot) {
	c := s.answer.label
	if c < 0 || s.judged != 1 {
		return
	}
	for len(t.seen) <= c {
		t.seen, t.right = append(t.seen, 0), append(t.right, 0)
	}
	t.seen[c]++
	t.right[c] += s.correct
}

// findings returns what is wrong at the end of an epoch whose metrics are the last of
// the history. Of t it may know only a part, when training was resumed in the middle.
func findings(net *snn.Network, history []EpochMetrics, t tally) []*diag.Error {
	m, last := history[len(history)-1], len(net.Layers)-1
	found := Health(net, m.Rates)
	if len(history) < 2 {
		return found
	}
	if m.Rates[last] < silentRate && history[len(history)-2].Rates[last] < silentRate {
		return append(found, (&diag.Error{Kind: diag.Input, Code: "output-silent", Layer: net.Layers[last].Name, Msg: "the output has not spiked for two epochs; it will hardly come back"}).
			WithFix("train anew with a lower rate, an optimiser.beta2 nearer to 0.9, or a higher loss.true"))
	}
	var never []string
	for c, n := range t.seen {
		if n >= neverRight && t.right[c] == 0 {
			never = append(never, fmt.Sprint(c))
		}
	}
	if len(never) > 0 {
		found = append(found, (&diag.Error{Kind: diag.Input, Code: "class-never-right", Layer: net.Layers[last].Name, Msg: "no sample was right of class " + strings.Join(never, ", ")}).
			WithFix("train longer or with a lower rate; check the labels; with the loss rate or count, raise loss.true"))
	}
	return found
}
