package fpga

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/targets/fpga/link"
)

// A neuronKind is what the memory map says of the neurons of one kind. A core has neurons of one.
type neuronKind struct {
	name       string // as fixed.Neuron.Kind gives it
	number     int    // in the configuration word, where a core says what it has
	version    int    // of the map
	maxNeurons int
	words      int // of 64 bits, that a profile takes, and the state of a neuron
	profile    func(*compile.Profile) []uint64
	neuron     func(profile []uint64) fixed.Neuron // and back
	state      func(*fixed.State) []uint64
	// unstate returns the state after a tick, of a neuron with that bias.
	unstate func(words []uint64, bias int64) fixed.State
}

var neuronKinds = []*neuronKind{
	{
		name: snn.CUBA, number: 0, version: 2, maxNeurons: MaxNeurons, words: 1,
		profile: func(f *compile.Profile) []uint64 {
			n := f.Neuron.(fixed.CUBA)
			return []uint64{profileUKeep.set(keep(n.IDecay)) | profileVKeep.set(keep(n.VDecay)) |
				profileWeightExp.set(f.WeightExp) | profileVTh.set(int(n.VTh)) | profileRest.set(int(n.RefDelay-1))}
		},
		neuron: func(w []uint64) fixed.Neuron {
			return fixed.CUBA{IDecay: decay(profileUKeep.get(w[0])), VDecay: decay(profileVKeep.get(w[0])),
				VTh: int32(profileVTh.get(w[0])), RefDelay: int32(profileRest.get(w[0])) + 1}
		},
		state: func(s *fixed.State) []uint64 {
			return []uint64{stateLow.set(int(s.U)) | stateHigh.set(int(s.V)) | stateRef.set(int(s.Ref))}
		},
		unstate: func(w []uint64, _ int64) fixed.State {
			return fixed.State{U: fixed.Wrap(int64(stateLow.get(w[0]))), V: int32(stateHigh.signed(w[0])), Ref: int32(stateRef.get(w[0]))}
		},
	},
	{
		// The potential is not kept: it follows from what is.
		name: snn.SRM, number: 1, version: 3, maxNeurons: MaxNeurons / 2, words: 2,
		profile: func(f *compile.Profile) []uint64 {
			n := f.Neuron.(fixed.SRM)
			return []uint64{profileSKeep.set(keep(n.SDecay)) | profileXKeep.set(keep(n.XDecay)) | profileWeightExp.set(f.WeightExp) |
				profileVTh.set(int(n.VTh)) | profileSShift.set(int(n.SShift)) | profileRShift.set(int(n.RShift)),
				profileRKeep.set(keep(n.RDecay)) | profileKick.set(int(n.Kick))}
		},
		neuron: func(w []uint64) fixed.Neuron {
			return fixed.SRM{SDecay: decay(profileSKeep.get(w[0])), XDecay: decay(profileXKeep.get(w[0])), VTh: int32(profileVTh.get(w[0])),
				SShift: int32(profileSShift.get(w[0])), RShift: int32(profileRShift.get(w[0])),
				RDecay: decay(profileRKeep.get(w[1])), Kick: int32(profileKick.get(w[1]))}
		},
		state: func(s *fixed.State) []uint64 {
			return []uint64{stateLow.set(int(s.W)) | stateHigh.set(int(s.U)), stateLow.set(int(s.Ref)) | stateHigh.set(int(s.X))}
		},
		unstate: func(w []uint64, bias int64) fixed.State {
			s := fixed.State{W: int32(stateLow.signed(w[0])), U: int32(stateHigh.signed(w[0])), Ref: int32(stateLow.signed(w[1])), X: int32(stateHigh.signed(w[1]))}
			s.V = fixed.Saturate(int64(s.U) + int64(s.X) + bias)
			return s
		},
	},
}

// kindOf returns the kind for which is is true, nil where there is none.
func kindOf(is func(*neuronKind) bool) *neuronKind {
	for _, k := range neuronKinds {
		if is(k) {
			return k
		}
	}
	return nil
}

// config is the configuration word of a core of so many neurons.
func (k *neuronKind) config(neurons int) uint64 {
	return configNeurons.set(neurons) | configKind.set(k.number) | configVersion.set(k.version)
}

// onBoard returns an error when the cores of the board behind a connection have neurons of another kind.
func (k *neuronKind) onBoard(ctx context.Context, conn *link.Conn) error {
	var config [4]byte
	if err := conn.Read(ctx, int(Config), 0, config[:]); err != nil {
		return err
	}
	number := configKind.get(uint64(binary.LittleEndian.Uint32(config[:])))
	if has := kindOf(func(x *neuronKind) bool { return x.number == number }); has != k {
		return &diag.Error{Kind: diag.Limit, Code: "board-neurons", Msg: fmt.Sprintf("the program has %s neurons, the board's cores have %s neurons", k.name, has.name),
			Fix: "flash a bitstream with " + k.name + " neurons, or compile a network of " + has.name + " neurons for this board"}
	}
	return nil
}

// keep is what the map holds for a decay, and decay is the way back.
func keep(decay int32) int { return int(fixed.DecayOne - decay) }

func decay(keep int) int32 { return fixed.DecayOne - int32(keep) }
