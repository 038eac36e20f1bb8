package snn

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"

	"github.com/BurntSushi/toml"
	"github.com/isospike/isospike/snn/diag"
)

// Experiment is everything that decides what training computes, apart from the
// data: the same experiment, data and seed give the same model, bit for bit.
// Its TOML form is what `isospike train --config` reads and what every model carries.
type Experiment struct {
	Net       string           `toml:"net"`      // in the paper's notation
	Encoding  string           `toml:"encoding"` // how events become ticks; see dataset.Encoding
	Seed      uint64           `toml:"seed"`
	Neuron    Neuron           `toml:"neuron"`
	Layer     map[string]layer `toml:"layer,omitempty"` // what differs in single layers, by name
	Training  Training         `toml:"training"`
	Loss      Loss             `toml:"loss"`
	Surrogate Surrogate        `toml:"surrogate"`
	Optimiser Optimiser        `toml:"optimiser"`
}

// layer is what one layer sets for itself; nil takes the network's.
type layer struct {
	IDecay   *int `toml:"i_decay,omitempty"`
	VDecay   *int `toml:"v_decay,omitempty"`
	VTh      *int `toml:"v_th,omitempty"`
	RefDelay *int `toml:"ref_delay,omitempty"`

	WeightBits *WeightBits `toml:"weight_bits,omitempty"`
	// WeightExp is the exponent of the weights, one, or one for each output neuron (conv: channel):
	// from 0, or WeightBits.MinExp, to 7. Without it, it is 0.
	WeightExp []int `toml:"weight_exp,omitempty"`
}

// unused returns an error for settings that would have no effect on layer l.
func (o layer) unused(l *Layer) error {
	switch {
	case l.Kind == Pool && (o.WeightBits != nil || len(o.WeightExp) > 0):
		return &diag.Error{Kind: diag.Input, Code: "experiment", Layer: l.Name, Msg: "a pool has one fixed weight, which weight_bits and weight_exp do not change",
			Fix: fmt.Sprintf("leave them out of [layer.%s]", l.Name)}
	case l.Neuron.Kind == SRM && (o.IDecay != nil || o.VDecay != nil || o.VTh != nil || o.RefDelay != nil):
		return &diag.Error{Kind: diag.Input, Code: "experiment", Layer: l.Name, Msg: "srm neurons have neither decays, v_th nor ref_delay of a layer's own",
			Fix: fmt.Sprintf("leave them out of [layer.%s]; [neuron.srm] is that of all layers", l.Name)}
	}
	return nil
}

// Training holds the settings of the training loop.
type Training struct {
	Arithmetic string  `toml:"arithmetic"`  // forward pass: "integer" (exactly what the hardware computes) or "float"; SRM neurons need "float"
	Epochs     int     `toml:"epochs"`      // passes over the training samples
	Batch      int     `toml:"batch"`       // samples a step
	Shift      int     `toml:"shift"`       // augmentation: each sample moves by up to ±shift pixels of the sensor
	InitGain   float64 `toml:"init_gain"`   // weights start uniform in ±gain/√fan-in
	InitRate   float64 `toml:"init_rate"`   // then scaled, layer by layer, until hidden layers spike this often a tick; 0 leaves them
	InitDelay  float64 `toml:"init_delay"`  // delays start uniform in [0, init_delay) ticks
	Delays     string  `toml:"delays"`      // "learned", "frozen" at their start, "random" (frozen, uniform from min_delay to max_delay) or "zero"
	DelayPer   string  `toml:"delay_per"`   // conv and pool: a delay per "channel" or per "neuron"
	DelayGrad  string  `toml:"delay_grad"`  // "slayer", the backward difference, or "centred", without its lag of half a tick
	MinDelay   int     `toml:"min_delay"`   // shortest delay that training may choose, in ticks
	MaxDelay   int     `toml:"max_delay"`   // longest delay that training may choose, in ticks
	EarlyStop  int     `toml:"early_stop"`  // stop after this many epochs without a better validation accuracy; 0 is never
	GradReset  bool    `toml:"grad_reset"`  // the gradient knows of the reset (CUBA) or flows through ν (SRM, EXODUS); off is SLAYER
	LearnDecay bool    `toml:"learn_decay"` // each layer learns its two decays
	WeightNorm bool    `toml:"weight_norm"` // weights are a direction times a gain, both learned

	// WeightBits are those of the weights in integer arithmetic, 1 to 8 or "ternary"; a layer's own come first.
	WeightBits WeightBits `toml:"weight_bits"`
}

// Loss says what the output is to do:
//
//	rate         targets in spikes a tick of the interval; nothing outside counts
//	count        targets in spikes in the interval; outside it spikes are errors (SLAYER)
//	spike_train  the output is to be the desired spike trains (van Rossum distance)
//	nll          negative log-likelihood of the label, from the counts in the interval
//	step_nll     the same at every tick with a label, from the filtered output there
type Loss struct {
	Kind   string  `toml:"kind"`
	True   float64 `toml:"true"`  // rate, count: target of the labelled class's neuron; 0 for both is chosen automatically
	False  float64 `toml:"false"` // rate, count: target of the others
	Tau    float64 `toml:"tau"`   // spike_train, step_nll, and count outside the interval: time constant of the filter, in ticks
	Scale  float64 `toml:"scale"` // nll, step_nll: logit of one spike more
	Window         // the interval, "from" and "to"
}

// Surrogate is the spike escape-rate function ρ that stands in for the derivative
// of the spike. With x = |v − θ|/(tau·θ), θ the threshold:
//
//	exponential   scale/(tau·θ)·exp(−x)   SLAYER's ρ
//	fast_sigmoid  scale/(tau·θ)/(1 + x)²
//	triangle      scale/(tau·θ)·max(0, 1 − x)
type Surrogate struct {
	Kind  string  `toml:"kind"`
	Tau   float64 `toml:"tau"`
	Scale float64 `toml:"scale"`
}

// Optimiser holds the settings of the gradient step.
type Optimiser struct {
	Kind    string  `toml:"kind"`       // "sgd", "rmsprop", "adam" or "nadam"
	Rate    float64 `toml:"rate"`       // learning rate of weights: how far one step may move a neuron's steady voltage, in thresholds
	DelayLR float64 `toml:"delay_rate"` // learning rate of delays, in ticks
	DecayLR float64 `toml:"decay_rate"` // learning rate of the decays, in 1/4096 per tick
	Beta1   float64 `toml:"beta1"`      // momentum; rmsprop has none
	Beta2   float64 `toml:"beta2"`      // memory of the squared gradient; sgd has none
	Epsilon float64 `toml:"epsilon"`
	Clip    float64 `toml:"clip"`    // longest gradient over all parameters (L2 norm); 0 does not clip
	Decay   float64 `toml:"decay"`   // the rates are multiplied by it after every epoch
	Anneal  bool    `toml:"anneal"`  // and fall along half a cosine to 0 at the last epoch
	Warmup  int     `toml:"warm_up"` // and rise linearly over this many steps at the start
}

// DefaultExperiment returns the settings that train starts from.
func DefaultExperiment() *Experiment {
	return &Experiment{
		Encoding:  "tick=1000us ticks=300 downsample=1",
		Seed:      1,
		Neuron:    DefaultNeuron,
		Training:  Training{Arithmetic: "integer", Epochs: 20, Batch: 16, InitGain: 1, InitRate: 0.03, InitDelay: 1, Delays: "learned", DelayPer: "channel", DelayGrad: "slayer", MaxDelay: MaxDelay, WeightBits: 8},
		Loss:      Loss{Kind: "rate", Tau: 10, Scale: 1},
		Surrogate: Surrogate{Kind: "exponential", Tau: 1, Scale: 1},
		Optimiser: Optimiser{Kind: "nadam", Rate: 0.1, DelayLR: 0.05, DecayLR: 10, Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8, Decay: 1},
	}
}

// ReadExperiment reads a TOML file over DefaultExperiment. Unknown keys are errors.
func ReadExperiment(file string) (*Experiment, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, diag.Inputf("read", file, "cannot read the experiment: %v", err)
	}
	e, err := ParseExperiment(string(b))
	return e, diag.InFile(err, file)
}

// ParseExperiment reads TOML over DefaultExperiment. Unknown keys are errors.
func ParseExperiment(text string) (*Experiment, error) {
	e := DefaultExperiment()
	md, err := toml.Decode(text, e)
	if err != nil {
		d := diag.Inputf("toml", "", "%v", err)
		var p toml.ParseError
		if errors.As(err, &p) {
			d.Line, d.Msg = p.Position.Line, p.Message
		}
		return nil, d
	}
	if un := md.Undecoded(); len(un) > 0 {
		return nil, diag.Inputf("toml-key", "", "unknown key %q", un[0].String()).
			WithFix("`isospike train --print-config` lists every key with its default")
	}
	return e, nil
}

// TOML renders the experiment; ParseExperiment reads it back.
func (e *Experiment) TOML() string {
	var b bytes.Buffer
	enc := toml.NewEncoder(&b)
	enc.Indent = ""
	if err := enc.Encode(e); err != nil {
		panic(err) // only unsupported Go types can fail
	}
	return b.String()
}

// Network parses the notation and gives every layer its neuron parameters.
func (e *Experiment) Network() (*Network, error) {
	n, err := Parse(e.Net)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for i := range n.Layers {
		l := &n.Layers[i]
		known[l.Name] = true
		l.Neuron = e.Neuron
		o := e.Layer[l.Name]
		for _, s := range []struct {
			from *int
			to   *int
		}{{o.IDecay, &l.Neuron.IDecay}, {o.VDecay, &l.Neuron.VDecay}, {o.VTh, &l.Neuron.VTh}, {o.RefDelay, &l.Neuron.RefDelay}} {
			if s.from != nil {
				*s.to = *s.from
			}
		}
		if err := l.Neuron.Validate(l.Name); err != nil {
			return nil, err
		}
		if err := o.unused(l); err != nil {
			return nil, err
		}
		if l.Bits = e.Training.WeightBits; o.WeightBits != nil {
			l.Bits = *o.WeightBits
		}
		if l.Exp = o.WeightExp; len(l.Exp) == 0 {
			l.Exp = []int{0}
		}
		if err := l.checkWeights(); err != nil {
			return nil, err
		}
	}
	for name := range e.Layer {
		if !known[name] {
			return nil, diag.Inputf("toml-key", "", "[layer.%s]: the network has no layer %q", name, name).
				WithFix("layers are numbered from 1 to %d", len(n.Layers))
		}
	}
	return n, nil
}

// Validate checks the settings of training against their ranges.
func (e *Experiment) Validate() error {
	t, o, l, s := e.Training, e.Optimiser, e.Loss, e.Surrogate
	for _, c := range []struct {
		ok   bool
		key  string
		want string
	}{
		{e.Seed <= math.MaxInt64, "seed", fmt.Sprintf("0 to %d, which TOML's numbers hold", math.MaxInt64)},
		{oneOf(t.Arithmetic, "integer", "float"), "training.arithmetic", "integer or float"},
		{t.Epochs >= 0 && t.Epochs <= 1e6, "training.epochs", "0 to 1e6"},
		{t.Batch >= 1 && t.Batch <= 1<<16, "training.batch", "1 to 65536"},
		{t.Shift >= 0 && t.Shift <= 1<<12, "training.shift", "0 to 4096"},
		{t.InitGain > 0 && t.InitGain <= 1e6, "training.init_gain", "above 0"},
		{t.InitRate >= 0 && t.InitRate < 1, "training.init_rate", "0 to below 1"},
		{oneOf(t.Delays, "learned", "frozen", "random", "zero"), "training.delays", "learned, frozen, random or zero"},
		{oneOf(t.DelayPer, "channel", "neuron"), "training.delay_per", "channel or neuron"},
		{oneOf(t.DelayGrad, "slayer", "centred"), "training.delay_grad", "slayer or centred"},
		{t.MinDelay >= 0 && t.MinDelay <= t.MaxDelay, "training.min_delay", "0 to max_delay"},
		{t.MaxDelay >= 0 && t.MaxDelay <= MaxDelay, "training.max_delay", fmt.Sprintf("0 to %d", MaxDelay)},
		{t.InitDelay >= 0 && t.InitDelay <= float64(MaxDelay), "training.init_delay", fmt.Sprintf("0 to %d", MaxDelay)},
		{t.WeightBits == Ternary || t.WeightBits >= 1 && t.WeightBits <= MaxTrainBits, "training.weight_bits", `1 to 8, or "ternary"`},
		{t.EarlyStop >= 0, "training.early_stop", "0 or more"},
		{oneOf(l.Kind, "rate", "count", "spike_train", "nll", "step_nll"), "loss.kind", "rate, count, spike_train, nll or step_nll"},
		{l.True >= 0 && l.True <= 1e6, "loss.true", "0 or more"},
		{l.False >= 0 && l.False <= 1e6, "loss.false", "0 or more"},
		{l.Tau >= 0.2 && l.Tau <= 1e3, "loss.tau", "0.2 to 1000"},
		{l.Scale > 0 && l.Scale <= 1e3, "loss.scale", "above 0 to 1000"},
		{l.Valid(), "loss.from, loss.to", "0 <= from < to"},
		{oneOf(s.Kind, "exponential", "fast_sigmoid", "triangle"), "surrogate.kind", "exponential, fast_sigmoid or triangle"},
		{s.Tau > 0 && s.Tau <= 1e3, "surrogate.tau", "above 0"},
		{s.Scale > 0 && s.Scale <= 1e6, "surrogate.scale", "above 0"},
		{oneOf(o.Kind, "sgd", "rmsprop", "adam", "nadam"), "optimiser.kind", "sgd, rmsprop, adam or nadam"},
		{o.Rate >= 0 && o.Rate <= 1e3, "optimiser.rate", "0 or more"},
		{o.DelayLR >= 0 && o.DelayLR <= 1e3, "optimiser.delay_rate", "0 or more"},
		{o.DecayLR >= 0 && o.DecayLR <= 1e4, "optimiser.decay_rate", "0 or more"},
		{o.Clip >= 0 && o.Clip <= 1e9, "optimiser.clip", "0 or more"},
		{o.Warmup >= 0 && o.Warmup <= 1e9, "optimiser.warm_up", "0 or more"},
		{o.Beta1 >= 0 && o.Beta1 < 1, "optimiser.beta1", "0 to below 1"},
		{o.Beta2 >= 0 && o.Beta2 < 1, "optimiser.beta2", "0 to below 1"},
		{o.Epsilon > 0 && o.Epsilon <= 1, "optimiser.epsilon", "above 0 to 1"},
		{o.Decay > 0 && o.Decay <= 1, "optimiser.decay", "above 0 to 1"},
	} {
		if !c.ok {
			return diag.Inputf("experiment", "", "%s is out of range", c.key).WithFix("allowed: %s", c.want)
		}
	}
	return nil
}

func oneOf(s string, allowed ...string) bool {
	return slices.Contains(allowed, s)
}
