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

// File returns the model as an artifact: for layer N the tensors N.weight (In×Out
// float32, 1.0 an integer weight of 64), N.delay (ticks), and of each the moments
// .m and .v.
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
		add := func(name string, shape []int, s *Slot) {
			for _, part := range s.parts() {
				f.Tensors = append(f.Tensors, safetensors.Of(name+part.suffix, shape, *part.values))
			}
		}
		add(l.Name+".weight", []int{l.In.Size(), l.Out.Size()}, &p.Weight)
		if l.Delay {
			add(l.Name+".delay", []int{l.Out.Size()}, &p.Delay)
		}
	}
	return f
}

type slotPart struct {
	suffix string
	values *[]float32
}

func (s *Slot) parts() []slotPart { return []slotPart{{"", &s.Value}, {".m", &s.M}, {".v", &s.V}} }

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
	if err := net.NeedsDense("train"); err != nil {
		return nil, err
	}
	m := &Model{Experiment: e, Net: net, Provenance: provenance}
	if err := json.Unmarshal([]byte(f.Meta[progressKey]), &m.Progress); err != nil {
		return nil, diag.Inputf("artifact-corrupt", "", "the model's progress is unreadable: %v", err)
	}
	if n := len(m.Progress.Units); n != 0 && n != len(net.Layers) {
		return nil, diag.Inputf("artifact-corrupt", "", "the model's progress has units for %d layers of %d", n, len(net.Layers))
	}
	used := 0
	for _, l := range net.Layers {
		var p Params
		load := func(name string, s *Slot, shape ...int) error {
			for _, part := range s.parts() {
				used++
				t, err := f.Tensor(name + part.suffix)
				if err != nil {
					return err
				}
				if !slices.Equal(t.Shape, shape) {
					return &diag.Error{Kind: diag.Input, Code: "artifact-shape", Layer: l.Name, Msg: fmt.Sprintf("tensor %s is %v, the network needs %v", name+part.suffix, t.Shape, shape)}
				}
				if *part.values, err = safetensors.As[float32](t); err != nil {
					return err
				}
				for i, x := range *part.values {
					if x-x != 0 {
						return &diag.Error{Kind: diag.Input, Code: "artifact-nan", Layer: l.Name, Msg: fmt.Sprintf("tensor %s holds %v at position %d", name+part.suffix, x, i)}
					}
				}
			}
			return nil
		}
		if err := load(l.Name+".weight", &p.Weight, l.In.Size(), l.Out.Size()); err != nil {
			return nil, err
		}
		if l.Delay {
			if err := load(l.Name+".delay", &p.Delay, l.Out.Size()); err != nil {
				return nil, err
			}
		}
		m.Params = append(m.Params, p)
	}
	if used != len(f.Tensors) {
		return nil, diag.Inputf("artifact-shape", "", "the file has %d tensors, the network %s needs %d", len(f.Tensors), net, used)
	}
	return m, nil
}
