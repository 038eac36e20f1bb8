package interop

import (
	"slices"

	"github.com/isospike/isospike/snn/fixed"
)

// The exponents of sigma-delta neurons in netx.
const netxSpikeExp, netxStateExp = 6, 6

// lavaParams lists the parameters that each type of neurons has, messageBits apart. Others are
// refused.
var lavaParams = map[string][]string{
	// theta, tauRho and scaleRho of older files are the threshold once more and training's own.
	"CUBA":          {"iDecay", "vDecay", "vThMant", "refDelay", "gradedSpike", "wgtExp", "theta", "tauRho", "scaleRho"},
	"ALIF":          {"iDecay", "vDecay", "thDecay", "refDecay", "vThMant", "vThStep", "refDelay", "gradedSpike"},
	"SDNN":          {"vThMant", "sigma_output", "gradedSpike"},
	"RF_PHASE":      {"sinDecay", "cosDecay", "vThMant", "gradedSpike"},
	"RF_IZHIKEVICH": {"sinDecay", "cosDecay", "vThMant", "gradedSpike"},
}

// messageBits returns the width of the messages that netx lets neurons send: 0 where they
// count 1 whatever they are, as also where there are no neurons.
func messageBits(n *LavaNeuron) int {
	if n == nil {
		return 0
	}
	if bits, ok := n.Params["messageBits"]; ok {
		return int(bits)
	}
	if n.Type == "SDNN" {
		return 16
	}
	return 0
}

// neuron returns the neurons of the file's layer i.
func (b *lavaBuild) neuron(i int, n *LavaNeuron) (fixed.Neuron, error) {
	kind := n.Type
	if kind == "LOIHI" { // its older name
		kind = "CUBA"
	}
	known, ok := lavaParams[kind]
	if !ok {
		return nil, unsupported("neurons of type %s are not supported by import", n.Type)
	}
	v := map[string]int32{"refDelay": 1}
	for key, x := range n.Params {
		if !slices.Contains(known, key) && key != "messageBits" {
			return nil, unsupported("%s neurons have no parameter %s: it would be lost", n.Type, key)
		}
		if key == "tauRho" || key == "scaleRho" {
			continue
		}
		if x != float64(int32(x)) {
			return nil, badValue("neuron parameter %s is %v, not an integer", key, x)
		}
		v[key] = int32(x)
	}
	if v["gradedSpike"] != 0 && kind != "SDNN" {
		return nil, unsupported("graded spikes of %s neurons carry their voltage in SLAYER and 1 in netx", n.Type).
			WithFix("train with graded_spike=False")
	}
	switch kind {
	case "CUBA":
		if theta, ok := v["theta"]; ok && theta != v["vThMant"]<<fixed.ActShift {
			b.note(i, "theta is %d where vThMant %d makes it %d, which is taken", theta, v["vThMant"], v["vThMant"]<<fixed.ActShift)
		}
		if v["refDelay"] != 1 {
			b.note(i, "the refractory delay of %d ticks is kept, as trained; netx has none", v["refDelay"])
		}
		return fixed.CUBA{IDecay: v["iDecay"], VDecay: v["vDecay"], VTh: v["vThMant"], RefDelay: v["refDelay"]}, nil
	case "ALIF":
		if v["refDelay"] != 1 {
			return nil, unsupported("ALIF neurons with a refractory delay of %d; SLAYER's have 1", v["refDelay"])
		}
		b.note(i, "ALIF neurons follow SLAYER's source; netx does not run them")
		return fixed.ALIF{IDecay: v["iDecay"], VDecay: v["vDecay"], ThDecay: v["thDecay"], RefDecay: v["refDecay"], VTh: v["vThMant"], VThStep: v["vThStep"]}, nil
	case "SDNN":
		if _, ok := n.Params["sigma_output"]; ok { // netx looks no further
			return fixed.Sigma{}, nil
		}
		if n.Activation != "relu" && n.Activation != "" {
			return nil, unsupported("sigma-delta neurons with the activation %q, which netx would run as relu", n.Activation).WithFix("train with relu")
		}
		return fixed.SigmaDelta{VTh: v["vThMant"], SpikeExp: netxSpikeExp, StateExp: netxStateExp, Activation: fixed.ReLU}, nil
	}
	b.note(i, "the decays of the %s neurons are the file's; netx computes them anew from period and decay, which may lose 1 in 4096", n.Type)
	rf := fixed.RF{Sin: v["sinDecay"], Cos: v["cosDecay"], VTh: v["vThMant"]}
	if kind == "RF_PHASE" {
		return rf, nil
	}
	return fixed.RFIZ(rf), nil
}
