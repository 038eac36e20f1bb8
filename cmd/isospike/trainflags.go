package main

import (
	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/snn"
	"github.com/spf13/cobra"
)

// experimentFlags registers the flags that set fields of the experiment.
func (f *trainFlags) experimentFlags(c *cobra.Command) {
	fl, e := c.Flags(), f.set
	t, o := &e.Training, &e.Optimiser
	fl.StringVar(&e.Net, "net", "", "the network in the paper's notation")
	fl.Uint64Var(&e.Seed, "seed", e.Seed, "seed of all randomness")
	fl.IntVar(&f.tick, "tick", 1000, "length of a tick in µs")
	fl.IntVar(&f.ticks, "ticks", 300, "ticks of a sample")
	fl.IntVar(&f.downsample, "downsample", 1, "merge this many by this many pixels")

	fl.IntVar(&t.Epochs, "epochs", t.Epochs, "passes over the training recordings")
	fl.IntVar(&t.Batch, "batch", t.Batch, "recordings a step")
	fl.IntVar(&t.Shift, "shift", t.Shift, "augmentation: move every recording by up to this many pixels")
	fl.IntVar(&t.EarlyStop, "early-stop", t.EarlyStop, "stop after this many epochs without a better accuracy (0: never)")

	fl.StringVar(&e.Neuron.Kind, "neuron", e.Neuron.Kind, "cuba, the neuron of the hardware, or srm, that of the paper (in float)")
	fl.StringVar(&t.Arithmetic, "arithmetic", t.Arithmetic, "forward pass in integer, as the hardware computes, or float")
	fl.BoolVar(&f.float, "float", false, "short for --arithmetic float")
	fl.StringVar(&e.Loss.Kind, "loss", e.Loss.Kind, "rate, count, spike_train, nll or step_nll")
	fl.StringVar(&e.Surrogate.Kind, "surrogate", e.Surrogate.Kind, "derivative of the spike: exponential, fast_sigmoid or triangle")
	fl.BoolVar(&t.GradReset, "grad-reset", t.GradReset, "let the gradient know of the reset after a spike")
	fl.BoolVar(&t.WeightNorm, "weight-norm", t.WeightNorm, "learn weights as a direction times a gain")
	fl.BoolVar(&t.LearnDecay, "learn-decay", t.LearnDecay, "learn the decays of each layer")

	fl.StringVar(&t.Delays, "delays", t.Delays, "learned, frozen at their start, random (and frozen) or zero")
	fl.StringVar(&t.DelayPer, "delay-per", t.DelayPer, "conv and pool layers: a delay per channel or per neuron")
	fl.StringVar(&t.DelayGrad, "delay-grad", t.DelayGrad, "slayer, the backward difference, or centred")
	fl.Float64Var(&t.InitDelay, "init-delay", t.InitDelay, "delays start uniform from 0 to this, in ticks")
	fl.IntVar(&t.MinDelay, "min-delay", t.MinDelay, "shortest delay, in ticks")
	fl.IntVar(&t.MaxDelay, "max-delay", t.MaxDelay, "longest delay, in ticks")
	fl.IntVar(&f.delayBits, "delay-bits", 6, "bits of the delays, 1 to 6: b bits hold 2^b − 2 ticks; sets --max-delay")

	fl.Var(&t.WeightBits, "bits", "bits of the weights, 1 to 8 or ternary, that integer arithmetic computes with")

	fl.StringVar(&o.Kind, "optimiser", o.Kind, "sgd, rmsprop, adam or nadam")
	fl.Float64Var(&o.Rate, "rate", o.Rate, "learning rate of the weights")
	fl.Float64Var(&o.DelayLR, "delay-rate", o.DelayLR, "learning rate of the delays, in ticks")
	fl.Float64Var(&o.DecayLR, "decay-rate", o.DecayLR, "learning rate of the decays, in 1/4096")
	fl.Float64Var(&o.Clip, "clip", o.Clip, "longest gradient over all parameters (0: any)")
	fl.BoolVar(&o.Anneal, "anneal", o.Anneal, "let the rates fall along a cosine to 0 at the last epoch")
	fl.IntVar(&o.Warmup, "warm-up", o.Warmup, "let the rates rise over this many steps at the start")
}

// apply writes the values of the flags that were given to e and enc.
func (f *trainFlags) apply(c *cobra.Command, e *snn.Experiment, enc *dataset.Encoding) {
	given := c.Flags().Changed
	s := f.set
	for name, set := range map[string]func(){
		"net":        func() { e.Net = s.Net },
		"seed":       func() { e.Seed = s.Seed },
		"tick":       func() { enc.Tick = f.tick },
		"ticks":      func() { enc.Ticks = f.ticks },
		"downsample": func() { enc.Downsample = f.downsample },

		"epochs":     func() { e.Training.Epochs = s.Training.Epochs },
		"batch":      func() { e.Training.Batch = s.Training.Batch },
		"shift":      func() { e.Training.Shift = s.Training.Shift },
		"early-stop": func() { e.Training.EarlyStop = s.Training.EarlyStop },

		"neuron":      func() { e.Neuron.Kind = s.Neuron.Kind },
		"loss":        func() { e.Loss.Kind = s.Loss.Kind },
		"surrogate":   func() { e.Surrogate.Kind = s.Surrogate.Kind },
		"grad-reset":  func() { e.Training.GradReset = s.Training.GradReset },
		"weight-norm": func() { e.Training.WeightNorm = s.Training.WeightNorm },
		"learn-decay": func() { e.Training.LearnDecay = s.Training.LearnDecay },

		"delays":     func() { e.Training.Delays = s.Training.Delays },
		"delay-per":  func() { e.Training.DelayPer = s.Training.DelayPer },
		"delay-grad": func() { e.Training.DelayGrad = s.Training.DelayGrad },
		"init-delay": func() { e.Training.InitDelay = s.Training.InitDelay },
		"min-delay":  func() { e.Training.MinDelay = s.Training.MinDelay },
		"max-delay":  func() { e.Training.MaxDelay = s.Training.MaxDelay },
		"bits":       func() { e.Training.WeightBits = s.Training.WeightBits },

		"optimiser":  func() { e.Optimiser.Kind = s.Optimiser.Kind },
		"rate":       func() { e.Optimiser.Rate = s.Optimiser.Rate },
		"delay-rate": func() { e.Optimiser.DelayLR = s.Optimiser.DelayLR },
		"decay-rate": func() { e.Optimiser.DecayLR = s.Optimiser.DecayLR },
		"clip":       func() { e.Optimiser.Clip = s.Optimiser.Clip },
		"anneal":     func() { e.Optimiser.Anneal = s.Optimiser.Anneal },
		"warm-up":    func() { e.Optimiser.Warmup = s.Optimiser.Warmup },
	} {
		if given(name) {
			set()
		}
	}
	if given("delay-bits") && !given("max-delay") {
		e.Training.MaxDelay = snn.MaxDelayOf(f.delayBits)
	}
	switch {
	case given("arithmetic"):
		e.Training.Arithmetic = s.Training.Arithmetic
	case given("float") && f.float:
		e.Training.Arithmetic = "float"
	case given("float"):
		e.Training.Arithmetic = "integer"
	case given("neuron") && s.Neuron.Kind == snn.SRM:
		e.Training.Arithmetic = "float" // they have no other
	}
}
