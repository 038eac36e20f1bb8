package train

import (
	"fmt"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
)

// finite reports an error that is no number any more. The adjoint of a layer sums
// from the last tick to the first, so that what went wrong at any tick is in the
// first one.
func (v *view) finite(err []float32) error {
	for _, x := range err[:v.out] {
		if x-x != 0 {
			return (&diag.Error{Kind: diag.Input, Code: "gradient-nan", Layer: v.layer.Name, Msg: "the error is not a number any more"}).
				WithFix("train with a lower rate, or clip the gradient ([optimiser] clip)")
		}
	}
	return nil
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
