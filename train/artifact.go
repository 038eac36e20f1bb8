package train

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
)

const (
	experimentKey = "isospike.experiment"
	progressKey   = "isospike.progress"
)

// File returns the model as an artifact: for layer N the tensors N.weight (float32,
// 1.0 an integer weight of 64; dense [In, Out], conv [I, kH, kW, O/groups]), N.gain
// (with weight norm), N.delay (ticks), N.decay (where learned: of u and v, in 1/4096),
// and of each the moments .m and .v.
func (m *Model) File() *safetensors.File {
	progress, err := json.Marshal(m.Progress)
	if err != nil {
		panic(err) // NaN, which step refuses to produce
	}
	f := artifact.New(artifact.Model, m.Provenance)
	f.Meta[experimentKey] = m.Experiment.TOML()
	f.Meta[progressKey] = string(progress)
	for k, l := range m.Net.Layers {
		p := &m.Params[k]
		for _, t := range p.tensors(l) {
			for _, part := range t.slot.parts() {
				f.Tensors = append(f.Tensors, safetensors.Of(l.Name+t.suffix+part.suffix, t.shape, *part.values))
			}
		}
	}
	return f
}

// tensor is a parameter tensor of a layer, as a file holds it.
type tensor struct {
	suffix string
	slot   *Slot
	shape  []int
}

// tensors lists the parameters that p has, with their shapes.
func (p *Params) tensors(l snn.Layer) []tensor {
	shape := []int{l.In.Size(), l.Out.Size()}
	if l.Kind == snn.Conv {
		shape = []int{l.In.C, l.Kernel, l.Kernel, l.Out.C / l.Groups}
	}
	var all []tensor
	for _, t := range []tensor{
		{".weight", &p.Weight, shape},
		{".gain", &p.Gain, []int{len(p.Gain.Value)}},
		{".delay", &p.Delay, []int{len(p.Delay.Value)}},
		{".decay", &p.Decay, []int{len(p.Decay.Value)}},
	} {
		if len(t.slot.Value) > 0 {
			all = append(all, t)
		}
	}
	return all
}

type slotPart struct {
	suffix string
	values *[]float32
}

func (s *Slot) parts() []slotPart { return []slotPart{{"", &s.Value}, {".m", &s.M}, {".v", &s.V}} }

// Write writes the model to the file at path, whole or not at all.
func (m *Model) Write(path string) error { return safetensors.WriteFile(path, m.File()) }

// Read reads the model in the file at path, which `isospike train` or Write wrote. The file may come from anywhere:
// what is damaged, of another kind or no model is an Input error that names it.
func Read(path string) (*Model, error) {
	f, err := artifact.Read(path)
	if err != nil {
		return nil, err
	}
	m, err := FromFile(f)
	return m, diag.InFile(err, path)
}

// FromFile is the inverse of File. The network's shapes decide what tensors there
// must be; a missing, surplus or misshapen one is an error.
func FromFile(f *safetensors.File) (*Model, error) {
	provenance, err := artifact.Expect(f, artifact.Model)
	if err != nil {
		return nil, err
	}
	e, err := snn.ParseExperiment(f.Meta[experimentKey])
	if err != nil {
		return nil, err
	}
	if err := e.Validate(); err != nil {
		return nil, err
	}
	net, err := e.Network()
	if err != nil {
		return nil, err
	}
	if err := trainable(e, net); err != nil {
		return nil, err
	}
	m := &Model{Experiment: e, Net: net, Provenance: provenance}
	if err := json.Unmarshal([]byte(f.Meta[progressKey]), &m.Progress); err != nil {
		return nil, diag.Inputf("artifact-corrupt", "", "the model's progress is unreadable: %v", err)
	}
	if n := len(m.Progress.Units); n != 0 && n != len(net.Layers) {
		return nil, diag.Inputf("artifact-corrupt", "", "the model's progress has units for %d layers of %d", n, len(net.Layers))
	}
	if n := len(m.Progress.Scales); n != 0 && n != len(net.Layers) {
		return nil, diag.Inputf("artifact-corrupt", "", "the model's progress has scales for %d layers of %d", n, len(net.Layers))
	}
	used := 0
	for _, l := range net.Layers {
		p := newParams(e, l)
		for _, want := range p.tensors(l) {
			for _, part := range want.slot.parts() {
				used++
				name := l.Name + want.suffix + part.suffix
				t, err := f.Tensor(name)
				if err != nil {
					return nil, err
				}
				if !slices.Equal(t.Shape, want.shape) {
					return nil, &diag.Error{Kind: diag.Input, Code: "artifact-shape", Layer: l.Name, Msg: fmt.Sprintf("tensor %s is %v, the network needs %v", name, t.Shape, want.shape)}
				}
				if *part.values, err = safetensors.As[float32](t); err != nil {
					return nil, err
				}
				for i, x := range *part.values {
					if x-x != 0 {
						return nil, &diag.Error{Kind: diag.Input, Code: "artifact-nan", Layer: l.Name, Msg: fmt.Sprintf("tensor %s holds %v at position %d", name, x, i)}
					}
				}
			}
		}
		m.Params = append(m.Params, p)
	}
	if used != len(f.Tensors) {
		return nil, diag.Inputf("artifact-shape", "", "the file has %d tensors, the network %s needs %d", len(f.Tensors), net, used)
	}
	return m, nil
}
