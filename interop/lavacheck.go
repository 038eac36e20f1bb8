package interop

import (
	"slices"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
)

// check compares what the layer's keys say about one another, and drops the
// trailing dimension of 1 (time) that older files have on kernels.
func (l *LavaLayer) check() error {
	if len(l.Shape) != 1 && len(l.Shape) != 3 {
		return diag.Inputf("lava-shape", "", "shape %v is neither C, H, W nor N", l.Shape)
	}
	neurons := 1
	for _, d := range l.Shape {
		if neurons *= d; neurons > snn.MaxNeurons { // d is at most that itself
			return diag.Inputf("lava-shape", "", "shape %v has more than %d neurons", l.Shape, snn.MaxNeurons)
		}
	}
	var weight []int // nil for any
	outputs := l.Shape[0]
	switch l.Type {
	case "input":
		outputs = 1
		if l.Weight != nil && len(l.Weight.Data) != 1 {
			return diag.Inputf("lava-shape", "", "the input's weight has shape %v, want one value", l.Weight.Shape)
		}
	case "dense", "dense_rec":
		outputs = l.OutFeatures
		weight = []int{l.OutFeatures, l.InFeatures}
		if neurons != l.OutFeatures {
			return diag.Inputf("lava-shape", "", "shape %v does not hold outFeatures %d", l.Shape, l.OutFeatures)
		}
	case "conv", "convT":
		if len(l.Shape) != 3 || l.Shape[0] != l.OutChannels || l.InChannels%l.Groups != 0 || l.OutChannels%l.Groups != 0 {
			return diag.Inputf("lava-shape", "", "shape %v, %d input and %d output channels do not fit %d groups",
				l.Shape, l.InChannels, l.OutChannels, l.Groups)
		}
		weight = []int{l.OutChannels, l.InChannels / l.Groups, l.Kernel[0], l.Kernel[1]}
		if l.Type == "convT" {
			weight[0], weight[1] = l.InChannels, l.OutChannels/l.Groups
		}
	case "pool", "unpool":
		if len(l.Shape) != 3 {
			return diag.Inputf("lava-shape", "", "shape %v of a layer of type %s is not C, H, W", l.Shape, l.Type)
		}
		weight = []int{1, 1, l.Kernel[0], l.Kernel[1]}
	}
	if weight != nil {
		for _, a := range []*LavaArray{l.Weight, l.WeightImag} {
			if err := a.hasShape("weight", weight); err != nil {
				return err
			}
		}
		if err := l.WeightRec.hasShape("weight_rec", []int{outputs, outputs}); err != nil {
			return err
		}
	}
	return l.checkOutputs(outputs)
}

// hasShape accepts the shape wanted, or for kernels that and a last dimension of
// 1, which it drops. A nil array has any shape.
func (a *LavaArray) hasShape(key string, want []int) error {
	if a == nil {
		return nil
	}
	if n := len(want); n == 4 && len(a.Shape) == 5 && a.Shape[4] == 1 {
		a.Shape = a.Shape[:4]
	}
	if !slices.Equal(a.Shape, want) {
		return diag.Inputf("lava-shape", "", "%s has shape %v, want %v", key, a.Shape, want)
	}
	return nil
}

// checkOutputs checks what there is one of for each output neuron or channel.
func (l *LavaLayer) checkOutputs(n int) error {
	if l.Bias != nil && len(l.Bias) != n {
		return diag.Inputf("lava-shape", "", "bias has %d values, want %d", len(l.Bias), n)
	}
	if l.Delay != nil && len(l.Delay) != n {
		return diag.Inputf("lava-shape", "", "delay has %d values, want %d", len(l.Delay), n)
	}
	for i, d := range l.Delay {
		if d < 0 || d > snn.MaxDelay {
			return diag.Inputf("lava-value", "", "delay %d is %d ticks, want 0 to %d", i, d, snn.MaxDelay).
				WithFix("train with max_delay=%d", snn.MaxDelay)
		}
	}
	return nil
}
