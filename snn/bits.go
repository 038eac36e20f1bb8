package snn

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"

	"github.com/isospike/isospike/snn/diag"
)

// WeightBits is how many bits a weight of mixed sign is stored in: 1 to 9, or Ternary.
type WeightBits int

const (
	// Ternary weights are −1, 0 or 1 of a step. They are stored in 2 bits, whose fourth value,
	// −2 steps, none of them takes.
	Ternary WeightBits = -1
	// MaxTrainBits is the most bits of a weight that training computes with.
	MaxTrainBits WeightBits = 8
	// MaxExp is the largest exponent of weights.
	MaxExp = 7
)

// Stored returns the number of bits that the weight takes.
func (b WeightBits) Stored() int {
	if b == Ternary {
		return 2
	}
	return int(b)
}

// Levels returns the integer weights there are: from lo to hi, step apart.
func (b WeightBits) Levels() (lo, hi, step int) {
	switch b {
	case Ternary:
		return -128, 128, 128
	case 9:
		return -255, 255, 1
	}
	step = 512 >> b
	return -256, 256 - step, step
}

// MinExp returns the least exponent of such weights with which their sums are never rounded,
// and half of every sum is still whole, as the codes of weights are: 0 with 8 bits, less with fewer, since their steps are larger.
func (b WeightBits) MinExp() int {
	_, _, step := b.Levels()
	return min(0, 2-bits.Len(uint(step)))
}

// Valid reports whether there are weights of so many bits.
func (b WeightBits) Valid() bool { return b == Ternary || b >= 1 && b <= 9 }

// String returns the number, or "ternary".
func (b WeightBits) String() string {
	if b == Ternary {
		return "ternary"
	}
	return strconv.Itoa(int(b))
}

// ParseWeightBits is the inverse of String.
func ParseWeightBits(s string) (WeightBits, error) {
	if s == "ternary" {
		return Ternary, nil
	}
	n, err := strconv.Atoi(s)
	if b := WeightBits(n); err == nil && b != Ternary && b.Valid() {
		return b, nil
	}
	return 0, fmt.Errorf("weights of %s bits; allowed are 1 to 9, and ternary", s)
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *WeightBits) UnmarshalText(text []byte) (err error) {
	*b, err = ParseWeightBits(string(text))
	return err
}

// MarshalText implements encoding.TextMarshaler.
func (b WeightBits) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// Set and Type make it a flag.
func (b *WeightBits) Set(s string) error { return b.UnmarshalText([]byte(s)) }

// Type is what help calls the flag's value.
func (WeightBits) Type() string { return "bits" }

// MarshalTOML writes a number, or the string "ternary".
func (b WeightBits) MarshalTOML() ([]byte, error) {
	if b == Ternary {
		return []byte(`"ternary"`), nil
	}
	return []byte(b.String()), nil
}

// MaxDelayOf returns the longest delay in ticks that a delay field of so many bits holds:
// of the 2^bits accumulators of a neuron, one is being read and one is a tick away.
func MaxDelayOf(bits int) int { return min(MaxDelay, 1<<bits-2) }

// checkWeights reports what training cannot store weights in.
func (l *Layer) checkWeights() error {
	bad := func(format string, args ...any) *diag.Error {
		return &diag.Error{Kind: diag.Input, Code: "experiment", Layer: l.Name, Msg: fmt.Sprintf(format, args...)}
	}
	if !l.Bits.Valid() || l.Bits > MaxTrainBits {
		return bad("weight_bits is %v", l.Bits).WithFix(`allowed: 1 to 8, or "ternary"`)
	}
	channels := l.Out.Size()
	if l.Kind != Dense {
		channels = l.Out.C
	}
	if len(l.Exp) != 1 && len(l.Exp) != channels {
		return bad("weight_exp has %d numbers", len(l.Exp)).WithFix("give one, or one for each of %d neurons or channels", channels)
	}
	for _, x := range l.Exp {
		if x < l.Bits.MinExp() || x > MaxExp {
			return bad("a weight_exp is %d", x).WithFix("allowed with %v bits: %d to %d", l.Bits, l.Bits.MinExp(), MaxExp)
		}
	}
	return nil
}

// SetLayer makes a layer's neurons, and what its weights are stored in, settings of the experiment.
func (e *Experiment) SetLayer(l Layer) {
	n, bits := l.Neuron, l.Bits
	o := layer{IDecay: &n.IDecay, VDecay: &n.VDecay, VTh: &n.VTh, RefDelay: &n.RefDelay}
	if l.Kind != Pool {
		o.WeightBits, o.WeightExp = &bits, slices.Clone(l.Exp)
	}
	if e.Layer == nil {
		e.Layer = map[string]layer{}
	}
	e.Layer[l.Name] = o
}

// LayerBits returns the weight_bits that the experiment sets for a single layer.
func (e *Experiment) LayerBits(name string) (WeightBits, bool) {
	if b := e.Layer[name].WeightBits; b != nil {
		return *b, true
	}
	return 0, false
}

// HasScale reports whether the experiment sets the exponents of a layer's weights.
func (e *Experiment) HasScale(name string) bool { return len(e.Layer[name].WeightExp) > 0 }

// SetScale sets a layer's threshold and the exponents of its weights.
func (e *Experiment) SetScale(name string, vTh int, exp []int) {
	if e.Layer == nil {
		e.Layer = map[string]layer{}
	}
	l := e.Layer[name]
	l.VTh, l.WeightExp = &vTh, exp
	e.Layer[name] = l
}

// TakeScales takes over thresholds and exponents of layers from an experiment that has them,
// where this one sets no exponents of its own.
func (e *Experiment) TakeScales(from *Experiment) {
	for name, l := range from.Layer {
		if l.VTh != nil && from.HasScale(name) && !e.HasScale(name) {
			e.SetScale(name, *l.VTh, l.WeightExp)
		}
	}
}
