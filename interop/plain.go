package interop

import (
	"fmt"

	"github.com/isospike/isospike/snn/fixed"
)

// plain returns the neurons of a layer of the one kind that is written for other programs, CUBA
// neurons fed by spikes, or an error that tells what of the layer has no place there.
func plain(l *fixed.Layer) (fixed.CUBA, error) {
	p, ok := l.Neuron.(fixed.CUBA)
	switch {
	case !ok:
		return p, fmt.Errorf("its neurons are %s, and only cuba ones are written", l.Neuron.Kind())
	case l.Graded:
		return p, fmt.Errorf("it takes graded spikes, and only plain ones are written")
	}
	return p, nil
}

// exponents returns the weight exponent of each row of a layer's weights: of a neuron, or of a
// convolution's channel.
func exponents(l *fixed.Layer) ([]int, error) {
	rows := l.Out.Size()
	if l.Kernel != nil {
		rows = l.Out.C
	}
	exp, plane := make([]int, rows), l.Out.Size()/rows
	for o := range l.Out.Size() {
		if o%plane == 0 {
			exp[o/plane] = l.Exp(o)
		} else if exp[o/plane] != l.Exp(o) {
			return nil, fmt.Errorf("the neurons of channel %d have different weight exponents and one kernel", o/plane)
		}
	}
	return exp, nil
}
