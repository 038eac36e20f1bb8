package snn

import (
	"bytes"
	"errors"
	"fmt"
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
}

// Training holds the settings of the training loop.
type Training struct {
	Arithmetic string  `toml:"arithmetic"`  // forward pass: "integer" (exactly what the hardware computes) or "float"
	Epochs     int     `toml:"epochs"`      // passes over the training samples
	Batch      int     `toml:"batch"`       // samples a step
	Shift      int     `toml:"shift"`       // augmentation: each sample moves by up to ±shift pixels of the sensor
	InitGain   float64 `toml:"init_gain"`   // weights start uniform in ±gain/√fan-in
	InitRate   float64 `toml:"init_rate"`   // then scaled, layer by layer, until hidden layers spike this often a tick; 0 leaves them
	InitDelay  float64 `toml:"init_delay"`  // delays start uniform in [0, init_delay) ticks
	MaxDelay   int     `toml:"max_delay"`   // longest delay that training may choose, in ticks
	EarlyStop  int     `toml:"early_stop"`  // stop after this many epochs without a better validation accuracy; 0 is never
	GradReset  bool    `toml:"grad_reset"`  // the reset after a spike cuts the gradient; off is SLAYER
	LearnDelay bool    `toml:"learn_delay"` // off freezes the delays at their start
}

// Loss says what the output is to do.
type Loss struct {
	Kind   string  `toml:"kind"`  // "rate": targets in spikes a tick; "count": spikes in the interval
	True   float64 `toml:"true"`  // target of the labelled class's neuron
	False  float64 `toml:"false"` // target of the others
	Window         // the interval, "from" and "to"
}

// Surrogate is the spike escape-rate function ρ that stands in for the derivative
// of the spike: scale/(tau·θ)·exp(−|v − θ|/(tau·θ)), θ the threshold (SLAYER's ρ).
type Surrogate struct {
	Tau   float64 `toml:"tau"`
	Scale float64 `toml:"scale"`
}

// Optimiser holds the settings of the gradient step.
type Optimiser struct {
	Kind    string  `toml:"kind"`       // "adam" or "nadam"
	Rate    float64 `toml:"rate"`       // learning rate of weights: how far one step may move a neuron's steady voltage, in thresholds
	DelayLR float64 `toml:"delay_rate"` // learning rate of delays, in ticks
	Beta1   float64 `toml:"beta1"`
	Beta2   float64 `toml:"beta2"`
	Epsilon float64 `toml:"epsilon"`
	Decay   float64 `toml:"decay"` // both rates are multiplied by it after every epoch
}

// DefaultExperiment returns the settings that train starts from.
func DefaultExperiment() *Experiment {
	return &Experiment{
		Encoding:  "tick=1000us ticks=300 downsample=1",
		Seed:      1,
		Neuron:    DefaultNeuron,
		Training:  Training{Arithmetic: "integer", Epochs: 20, Batch: 16, InitGain: 1, InitRate: 0.03, InitDelay: 1, MaxDelay: MaxDelay, LearnDelay: true},
		Loss:      Loss{Kind: "rate", True: 0.2, False: 0.03},
		Surrogate: Surrogate{Tau: 1, Scale: 1},
		Optimiser: Optimiser{Kind: "nadam", Rate: 0.1, DelayLR: 0.05, Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8, Decay: 1},
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
		{oneOf(t.Arithmetic, "integer", "float"), "training.arithmetic", "integer or float"},
		{t.Epochs >= 0 && t.Epochs <= 1e6, "training.epochs", "0 to 1e6"},
		{t.Batch >= 1 && t.Batch <= 1<<16, "training.batch", "1 to 65536"},
		{t.Shift >= 0 && t.Shift <= 1<<12, "training.shift", "0 to 4096"},
		{t.InitGain > 0 && t.InitGain <= 1e6, "training.init_gain", "above 0"},
		{t.InitRate >= 0 && t.InitRate < 1, "training.init_rate", "0 to below 1"},
		{t.MaxDelay >= 0 && t.MaxDelay <= MaxDelay, "training.max_delay", fmt.Sprintf("0 to %d", MaxDelay)},
		{t.InitDelay >= 0 && t.InitDelay <= float64(MaxDelay), "training.init_delay", fmt.Sprintf("0 to %d", MaxDelay)},
		{t.EarlyStop >= 0, "training.early_stop", "0 or more"},
		{oneOf(l.Kind, "rate", "count"), "loss.kind", "rate or count"},
		{l.True >= 0 && l.True <= 1e6, "loss.true", "0 or more"},
		{l.False >= 0 && l.False <= 1e6, "loss.false", "0 or more"},
		{l.Valid(), "loss.from, loss.to", "0 <= from < to"},
		{s.Tau > 0 && s.Tau <= 1e3, "surrogate.tau", "above 0"},
		{s.Scale > 0 && s.Scale <= 1e6, "surrogate.scale", "above 0"},
		{oneOf(o.Kind, "adam", "nadam"), "optimiser.kind", "adam or nadam"},
		{o.Rate >= 0 && o.Rate <= 1e3, "optimiser.rate", "0 or more"},
		{o.DelayLR >= 0 && o.DelayLR <= 1e3, "optimiser.delay_rate", "0 or more"},
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
