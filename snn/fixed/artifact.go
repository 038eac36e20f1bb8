package fixed

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
)

const headerKey = "isospike.network"

// header is what the artifact's metadata says of the network, as JSON.
type header struct {
	Input      snn.Shape     `json:"input"`
	Convention string        `json:"convention"`
	Reset      Reset         `json:"reset"`
	Encoding   string        `json:"encoding"`
	Readout    snn.Window    `json:"readout"`
	Layers     []layerHeader `json:"layers"`
}

type layerHeader struct {
	Name       string     `json:"name"`
	Out        snn.Shape  `json:"out"`
	Kernel     *Kernel    `json:"kernel,omitempty"`
	WeightBits int        `json:"weight_bits"`
	WeightExp  int        `json:"weight_exp"`
	Mode       string     `json:"mode"`
	Neuron     NeuronJSON `json:"neuron"`
	BiasExp    int        `json:"bias_exp"`
	Graded     bool       `json:"graded,omitempty"`
}

// File returns the network as an artifact: for layer N the tensors N.weight
// (int16, Out×In or as Layer.Weight says) and, where the layer has them, N.weight_imag, N.delay, N.syn_delay (uint8,
// ticks), N.weight_exp (int8, by neuron) and N.bias (int16 mantissas).
func (n *Network) File() *safetensors.File {
	h := header{Input: n.Input, Convention: n.Convention.String(), Reset: n.Reset, Encoding: n.Encoding, Readout: n.Readout}
	f := artifact.New(artifact.Fixed, n.Provenance)
	for k := range n.Layers {
		l := &n.Layers[k]
		h.Layers = append(h.Layers, layerHeader{l.Name, l.Out, l.Kernel, l.WeightBits, l.WeightExp, l.Mode.String(), NeuronJSON{l.Neuron}, l.BiasExp, l.Graded})
		out := l.Out.Size()
		shape := []int{out, l.In.Size()}
		if c := l.Kernel; c != nil {
			shape = []int{l.Out.C, l.In.C / c.Groups, c.Size[1], c.Size[0]}
		}
		f.Tensors = append(f.Tensors, safetensors.Of(tensorName(k, "weight"), shape, l.Weight))
		if l.WeightImag != nil {
			f.Tensors = append(f.Tensors, safetensors.Of(tensorName(k, "weight_imag"), shape, l.WeightImag))
		}
		if l.SynDelay != nil {
			f.Tensors = append(f.Tensors, safetensors.Of(tensorName(k, "syn_delay"), shape, l.SynDelay))
		}
		if l.NeuronExp != nil {
			f.Tensors = append(f.Tensors, safetensors.Of(tensorName(k, "weight_exp"), []int{out}, l.NeuronExp))
		}
		if l.BiasMant != nil {
			f.Tensors = append(f.Tensors, safetensors.Of(tensorName(k, "bias"), []int{out}, l.BiasMant))
		}
		if l.Delay != nil {
			f.Tensors = append(f.Tensors, safetensors.Of(tensorName(k, "delay"), []int{out}, l.Delay))
		}
	}
	b, err := json.Marshal(h)
	if err != nil {
		panic(err) // the header holds only integers and strings
	}
	f.Meta[headerKey] = string(b)
	return f
}

// tensorName numbers layers from 1, as the notation does.
func tensorName(k int, what string) string { return fmt.Sprintf("%d.%s", k+1, what) }

// Write writes the network to the file at path, whole or not at all.
func (n *Network) Write(path string) error { return safetensors.WriteFile(path, n.File()) }

// Read reads the fixed network in the file at path, which `isospike quantize` or `isospike import` wrote. The file may come from anywhere:
// what is damaged, of another kind or no network is an Input error that names it.
func Read(path string) (*Network, error) {
	f, err := artifact.Read(path)
	if err != nil {
		return nil, err
	}
	n, err := FromFile(f)
	return n, diag.InFile(err, path)
}

// FromFile is the inverse of File, and validates what it has read.
func FromFile(f *safetensors.File) (*Network, error) {
	provenance, err := artifact.Expect(f, artifact.Fixed)
	if err != nil {
		return nil, err
	}
	var h header
	if err := json.Unmarshal([]byte(f.Meta[headerKey]), &h); err != nil {
		return nil, diag.Inputf("artifact-corrupt", "", "the network's header is unreadable: %v", err)
	}
	conv, err := ParseConvention(h.Convention)
	if err != nil {
		return nil, diag.Inputf("artifact-corrupt", "", "%v", err)
	}
	n := &Network{Input: h.Input, Convention: conv, Reset: h.Reset, Encoding: h.Encoding, Readout: h.Readout, Provenance: provenance}
	byName := map[string]safetensors.Tensor{}
	for _, t := range f.Tensors {
		byName[t.Name] = t
	}
	in := h.Input
	for k, lh := range h.Layers {
		mode, err := ParseSignMode(lh.Mode)
		if err != nil {
			return nil, &diag.Error{Kind: diag.Input, Code: "artifact-corrupt", Layer: lh.Name, Msg: err.Error()}
		}
		l := Layer{Name: lh.Name, In: in, Out: lh.Out, Kernel: lh.Kernel, WeightBits: lh.WeightBits, WeightExp: lh.WeightExp, Mode: mode, Neuron: lh.Neuron.Neuron, BiasExp: lh.BiasExp, Graded: lh.Graded}
		if l.Weight, err = take[int16](byName, tensorName(k, "weight")); err != nil {
			return nil, err
		}
		if l.WeightImag, err = take[int16](byName, tensorName(k, "weight_imag")); err != nil {
			return nil, err
		}
		if l.SynDelay, err = take[uint8](byName, tensorName(k, "syn_delay")); err != nil {
			return nil, err
		}
		if l.NeuronExp, err = take[int8](byName, tensorName(k, "weight_exp")); err != nil {
			return nil, err
		}
		if l.BiasMant, err = take[int16](byName, tensorName(k, "bias")); err != nil {
			return nil, err
		}
		if l.Delay, err = take[uint8](byName, tensorName(k, "delay")); err != nil {
			return nil, err
		}
		n.Layers = append(n.Layers, l)
		in = l.Out
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		return nil, diag.Inputf("artifact-shape", "", "tensor %q belongs to no layer", name)
	}
	return n, n.Validate()
}

// take removes a tensor from the set and returns its values, nil when it is not there.
func take[T int8 | int16 | uint8](set map[string]safetensors.Tensor, name string) ([]T, error) {
	t, ok := set[name]
	if !ok {
		return nil, nil
	}
	delete(set, name)
	return safetensors.As[T](t)
}
