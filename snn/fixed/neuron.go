package fixed

import (
	"encoding/json"
	"fmt"

	"github.com/isospike/isospike/snn"
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
	Bias int64
}

// State is one neuron's state between ticks. The zero value is rest.
type State struct {
	U, V int32
	Ref  int32 // cuba: ticks for which v still rests
	W, X int32 // of neurons with further registers; the kinds say what they hold
}

// kinds read the parameters of the dynamics there are, by name.
var kinds = map[string]func([]byte) (Neuron, error){
	snn.CUBA: parameters[CUBA],
	snn.SRM:  parameters[SRM],
}

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
	return fmt.Appendf(nil, `{"kind":%q,%s`, n.Kind(), b[1:]), nil
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
