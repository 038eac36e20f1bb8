package fixed

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
)

// Neuron is the dynamics of a neuron with its parameters. Values of the kinds here can
// be compared with ==.
type Neuron interface {
	// Kind is the name of the dynamics in artifacts and messages.
	Kind() string
	// String tells the parameters under their names in the artifacts.
	String() string
	// Check returns what is wrong with the parameters.
	Check() error
	// Advance advances s by one tick and returns the message that the neuron sends, 0 for none.
	Advance(s *State, in Drive) int32
}

// Drive is what moves a neuron in one tick.
type Drive struct {
	Sum  int64 // of the weights of the messages that arrive, the exponent applied
	Imag int64 // of the imaginary weights, for neurons with a complex state
	Bias int64
}

// State is one neuron's state between ticks. The zero value is rest. What U, V, W and X
// hold is each kind's own; runs record U and V.
type State struct {
	U, V int32
	Ref  int32 // cuba: ticks for which v still rests
	W, X int32 // of neurons with further registers
}

// Complex reports whether neurons have use for imaginary weights.
func Complex(n Neuron) bool {
	switch n.(type) {
	case RF, RFIZ:
		return true
	}
	return false
}

// Graded reports whether neurons send messages other than 1.
func Graded(n Neuron) bool {
	switch n.(type) {
	case Delta, Sigma, SigmaDelta:
		return true
	}
	return false
}

// BiasRange returns the bias mantissas that neurons can have: 13 bits signed, 16 of
// sigma-delta neurons, none where it returns 0, 0.
func BiasRange(n Neuron) (least, most int) {
	switch n.(type) {
	case RF, RFIZ, Sigma, Delta:
		return 0, 0
	case SigmaDelta:
		return -1 << 15, 1<<15 - 1
	}
	return -MaxBias - 1, MaxBias
}

type parameter struct {
	name        string
	v, lo, most int32
}

// within returns an error for the first parameter out of its range.
func within(ps ...parameter) error {
	for _, p := range ps {
		if p.v < p.lo || p.v > p.most {
			return badParameter("%s is %d, allowed are %d to %d", p.name, p.v, p.lo, p.most)
		}
	}
	return nil
}

func badParameter(format string, args ...any) error {
	return diag.Inputf("neuron-parameter", "", format, args...)
}

// kinds read the parameters of the dynamics there are, by name.
var kinds = map[string]func([]byte) (Neuron, error){
	snn.CUBA:       parameters[CUBA],
	snn.SRM:        parameters[SRM],
	kindDelta:      parameters[Delta],
	kindSigma:      parameters[Sigma],
	kindSigmaDelta: parameters[SigmaDelta],
	kindRF:         parameters[RF],
	kindRFIZ:       parameters[RFIZ],
	kindALIF:       parameters[ALIF],
}

// Kinds returns the names of the dynamics there are, sorted.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }

func parameters[T Neuron](b []byte) (Neuron, error) {
	var n T
	err := json.Unmarshal(b, &n)
	return n, err
}

// NeuronJSON is a Neuron in an artifact's header: an object of its parameters and, but
// of cuba neurons, its kind.
type NeuronJSON struct{ Neuron }

// MarshalJSON implements json.Marshaler.
func (n NeuronJSON) MarshalJSON() ([]byte, error) {
	b, err := json.Marshal(n.Neuron)
	if err != nil || n.Kind() == snn.CUBA {
		return b, err
	}
	kind := fmt.Appendf(nil, `{"kind":%q`, n.Kind())
	if len(b) > len("{}") {
		kind = append(kind, ',')
	}
	return append(kind, b[1:]...), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *NeuronJSON) UnmarshalJSON(b []byte) (err error) {
	k := struct{ Kind string }{snn.CUBA}
	if err := json.Unmarshal(b, &k); err != nil {
		return err
	}
	read, ok := kinds[k.Kind]
	if !ok {
		return fmt.Errorf("there are no neurons of kind %q", k.Kind)
	}
	n.Neuron, err = read(b)
	return err
}
