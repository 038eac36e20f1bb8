package compile_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// spread is a target on which network(3, 6, 5, 3) takes several cores.
var spread = box{compile.Limits{Neurons: 3, SynapticDelay: true, MeshWidth: 2}}

// TestCheck spoils a valid program in every way that Check looks for.
func TestCheck(t *testing.T) {
	for name, spoil := range map[string]func(p *compile.Program){
		"no cores":            func(p *compile.Program) { p.Cores = nil },
		"readout":             func(p *compile.Program) { p.Readout = snn.Window{From: 50, To: 3} },
		"convention":          func(p *compile.Program) { p.Convention.InputLatency = 2 },
		"negative place":      func(p *compile.Program) { p.Cores[0].X = -1 },
		"two cores a place":   func(p *compile.Program) { p.Cores[1].X = p.Cores[0].X },
		"biases":              func(p *compile.Program) { p.Cores[0].Bias = p.Cores[0].Bias[1:] },
		"bias":                func(p *compile.Program) { p.Cores[0].Bias[1] = 4096 },
		"profile number":      func(p *compile.Program) { p.Cores[0].Profile[1] = 9 },
		"too many profiles":   func(p *compile.Program) { p.Cores[0].Profiles = slices.Repeat(p.Cores[0].Profiles[:1], 257) },
		"decay":               func(p *compile.Program) { p.Cores[0].Profiles[0].Neuron = fixed.CUBA{IDecay: 4097, RefDelay: 1} },
		"refractory":          func(p *compile.Program) { p.Cores[0].Profiles[0].Neuron = fixed.CUBA{} },
		"weight exponent":     func(p *compile.Program) { p.Cores[0].Profiles[0].WeightExp = 8 },
		"bias exponent":       func(p *compile.Program) { p.Cores[0].Profiles[0].BiasExp = -8 },
		"reset phase":         func(p *compile.Program) { p.Cores[0].Profiles[0].ResetPhase = 1 },
		"reset interval":      func(p *compile.Program) { p.Cores[0].Profiles[0].ResetInterval = -1 },
		"rows short":          func(p *compile.Program) { p.Cores[0].RowStart = p.Cores[0].RowStart[1:] },
		"row number":          func(p *compile.Program) { c := &p.Cores[0]; c.Row[0] = uint16(len(c.Mode)) },
		"row without axon":    func(p *compile.Program) { p.Cores[0].Row[0] = 1 },
		"bases short":         func(p *compile.Program) { p.Cores[0].Base = nil },
		"base":                func(p *compile.Program) { p.Cores[0].Base[0] = 3 },
		"base just beyond":    func(p *compile.Program) { c := &p.Cores[0]; c.Base[0] = 3 - c.Target[c.RowStart[1]-1] },
		"base wraps":          func(p *compile.Program) { p.Cores[0].Base[0] = 1<<16 - 1 },
		"formats short":       func(p *compile.Program) { p.Cores[0].Format = nil },
		"format":              func(p *compile.Program) { p.Cores[0].Format[0] = 4 },
		"modes":               func(p *compile.Program) { c := &p.Cores[0]; c.Mode = append(c.Mode, 0) },
		"rows begin late":     func(p *compile.Program) { p.Cores[0].RowStart[0] = 1 },
		"rows fall":           func(p *compile.Program) { p.Cores[0].RowStart[1] = 1 << 20 },
		"rows end early":      func(p *compile.Program) { c := &p.Cores[0]; c.Target = append(c.Target, 0) },
		"codes":               func(p *compile.Program) { c := &p.Cores[0]; c.Code = c.Code[1:] },
		"target":              func(p *compile.Program) { p.Cores[0].Target[0] = 3 },
		"target twice":        func(p *compile.Program) { c := &p.Cores[0]; c.Target[1] = c.Target[0] },
		"mode":                func(p *compile.Program) { p.Cores[0].Mode[0] = 3 },
		"weight bits":         func(p *compile.Program) { p.Cores[0].WeightBits[0] = 0 },
		"weight":              func(p *compile.Program) { c := &p.Cores[0]; c.WeightBits[0], c.Code[0] = 1, 1 },
		"widths":              func(p *compile.Program) { p.Cores[0].WeightBits = nil },
		"delays missing":      func(p *compile.Program) { p.Cores[2].Delay = nil },
		"delays unexpected":   func(p *compile.Program) { p.Cores[0].Delay = make([]uint8, len(p.Cores[0].Target)) },
		"delay bits":          func(p *compile.Program) { p.Cores[2].DelayBits = 7 },
		"delay too long":      func(p *compile.Program) { p.Cores[2].Delay[0] = 7 },
		"axons out":           func(p *compile.Program) { p.Cores[0].OutStart[1] = 99 },
		"route's core":        func(p *compile.Program) { p.Cores[0].Route[0].Core = 99 },
		"route's axon":        func(p *compile.Program) { p.Cores[0].Route[0].Axon = 99 },
		"route's delay":       func(p *compile.Program) { p.Cores[0].Route[0].Delay = 63 },
		"two sources":         func(p *compile.Program) { p.Cores[0].Route[0].Axon = p.Cores[0].Route[1].Axon },
		"routes out of order": func(p *compile.Program) { r := p.InputRoute; r[0], r[1] = r[1], r[0] },
		"input routes":        func(p *compile.Program) { p.InputStart = p.InputStart[1:] },
		"input shape":         func(p *compile.Program) { p.Input = snn.Shape{W: 1 << 40, H: 1 << 40, C: 1 << 40} },
		"input's core":        func(p *compile.Program) { p.InputRoute[0].Core = 1 << 31 },
		"layer shape":         func(p *compile.Program) { p.Layers[0].Shape.C = 4 },
		"negative shape":      func(p *compile.Program) { p.Layers[0].Shape = snn.Shape{W: -1, H: -1, C: 5} },
		"home's core":         func(p *compile.Program) { p.Layers[0].Home[0].Core = 9 },
		"home's neuron":       func(p *compile.Program) { p.Layers[0].Home[0].Neuron = 9 },
		"home twice":          func(p *compile.Program) { h := p.Layers[0].Home; h[1] = h[0] },
		"homeless":            func(p *compile.Program) { p.Layers = p.Layers[:1] },
	} {
		p := compiled(t, network(3, 6, 5, 3), spread)
		spoil(p)
		var e *diag.Error
		if err := compile.Check(p); !errors.As(err, &e) || e.Code != "program-invalid" || e.Kind != diag.Input {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := compile.Decode(compile.Encode(p)); name != "convention" && err == nil {
			t.Errorf("%s: passed as an artifact", name)
		}
	}
}

// TestVerifyTarget spoils what only the target forbids.
func TestVerifyTarget(t *testing.T) {
	for name, c := range map[string]struct {
		target compile.Target
		spoil  func(p *compile.Program)
	}{
		"target":          {lookup(t, "loihi1"), func(*compile.Program) {}},
		"mesh column":     {spread, func(p *compile.Program) { p.Cores[0].X = 2 }},
		"slot":            {spread, func(p *compile.Program) { p.Cores[0].Slot = 1 }},
		"threshold":       {box{compile.Limits{MaxVTh: 79, SynapticDelay: true}}, func(*compile.Program) {}},
		"reset":           {spread, func(p *compile.Program) { p.Cores[0].Profiles[0].ResetInterval = 2 }},
		"synaptic delays": {box{}, func(*compile.Program) {}},
		"delay":           {box{compile.Limits{SynapticDelay: true, MaxDelay: 2}}, func(*compile.Program) {}},
		"base":            {box{compile.Limits{SynapticDelay: true}}, func(p *compile.Program) { moveRow(p) }},
		"format":          {box{compile.Limits{SynapticDelay: true}}, func(p *compile.Program) { p.Cores[0].Format[0] = compile.Dense }},
		"shared":          {box{compile.Limits{SynapticDelay: true}}, func(p *compile.Program) { shareRow(p) }},
		"route delay":     {box{compile.Limits{SynapticDelay: true, MaxDelay: 5}}, func(p *compile.Program) { p.InputRoute[0].Delay = 6 }},
	} {
		p := compiled(t, network(3, 6, 5, 3), spread)
		c.spoil(p)
		if compile.Check(p) != nil || compile.Verify(p, c.target) == nil {
			t.Errorf("%s: Check %v, Verify %v", name, compile.Check(p), compile.Verify(p, c.target))
		}
	}
}

// TestBaseLimit crosses the largest base by one.
func TestBaseLimit(t *testing.T) {
	p := compiled(t, network(3, 6, 5, 3), spread)
	base := moveRow(p)
	for limit, ok := range map[int]bool{int(base): true, int(base) - 1: false} {
		err := compile.Verify(p, box{compile.Limits{SynapticDelay: true, MaxBase: limit}})
		var e *diag.Error
		if ok != (err == nil) || !ok && (!errors.As(err, &e) || e.Code != "base-exceeded" || e.Used != int64(base) || e.Limit != int64(limit)) {
			t.Errorf("base %d, limit %d: %v", base, limit, err)
		}
	}
}

// moveRow stores a row that begins beyond neuron 0 as if it began there, with a base.
func moveRow(p *compile.Program) uint16 {
	for c := range p.Cores {
		core := &p.Cores[c]
		for a, r := range core.Row {
			if first := core.RowStart[r]; core.Target[first] > 0 {
				base := core.Target[first]
				core.Base[a] = base
				for s := first; s < core.RowStart[r+1]; s++ {
					core.Target[s] -= base
				}
				return base
			}
		}
	}
	panic("no such row")
}

// shareRow gives two axons of core 0 the first one's row.
func shareRow(p *compile.Program) {
	c := &p.Cores[0]
	n := c.RowStart[1]
	c.Target, c.Code = c.Target[:n], c.Code[:n]
	for a := range c.Row {
		c.Row[a] = 0
	}
	c.RowStart, c.Mode, c.WeightBits, c.Format = c.RowStart[:2], c.Mode[:1], c.WeightBits[:1], c.Format[:1]
	if c.Delay != nil {
		c.Delay = c.Delay[:n]
	}
}

// TestManyConnections: a small file cannot ask for endless work with shared rows.
func TestManyConnections(t *testing.T) {
	p := compiled(t, network(0, 6, 5), box{})
	c := &p.Cores[0]
	const n = 1 << 16
	*c = compile.Core{Profiles: c.Profiles, Profile: make([]uint8, n), Bias: make([]int16, n), OutStart: make([]uint32, n+1),
		Row: make([]uint16, n), Base: make([]uint16, n), RowStart: []uint32{0, n}, Mode: c.Mode[:1], WeightBits: c.WeightBits[:1], Format: c.Format[:1],
		Target: make([]uint16, n), Code: make([]uint8, n)}
	for i := range c.Target {
		c.Target[i] = uint16(i)
	}
	var e *diag.Error
	if err := compile.Check(p); !errors.As(err, &e) || e.Code != "program-invalid" || !strings.Contains(e.Msg, "connections") {
		t.Error(err)
	}
}

func TestNotAnArtifact(t *testing.T) {
	for name, spoil := range map[string]func(f *safetensors.File){
		"kind":          func(f *safetensors.File) { f.Meta["isospike.kind"] = "model" },
		"version":       func(f *safetensors.File) { f.Meta["isospike.version"] = "2" },
		"header":        func(f *safetensors.File) { f.Meta["isospike.program"] = "{" },
		"tensor gone":   func(f *safetensors.File) { f.Tensors = f.Tensors[1:] },
		"tensor's type": func(f *safetensors.File) { f.Tensors[0] = safetensors.Of(f.Tensors[0].Name, []int{8}, make([]int8, 8)) },
		"tensor's rank": func(f *safetensors.File) { f.Tensors[0].Shape = []int{4, 2} },
		"tensor long": func(f *safetensors.File) {
			f.Tensors[0] = safetensors.Of(f.Tensors[0].Name, []int{9}, make([]uint32, 9))
		},
		"tensor short": func(f *safetensors.File) {
			f.Tensors[0] = safetensors.Of(f.Tensors[0].Name, []int{7}, make([]uint32, 7))
		},
	} {
		f := compile.Encode(compiled(t, network(3, 6, 5, 3), spread))
		spoil(f)
		var e *diag.Error
		if _, err := compile.Decode(f); !errors.As(err, &e) || e.Kind != diag.Input {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRead: a program of a file is the one that was written; of another file the error names it.
func TestRead(t *testing.T) {
	p := compiled(t, network(3, 6, 5, 3), spread)
	path := filepath.Join(t.TempDir(), "program")
	if err := safetensors.WriteFile(path, compile.Encode(p)); err != nil {
		t.Fatal(err)
	}
	back, err := compile.Read(path)
	if err != nil || len(back.Cores) != len(p.Cores) || !slices.Equal(back.Cores[0].Code, p.Cores[0].Code) {
		t.Errorf("%+v, %v", back, err)
	}
	if err := safetensors.WriteFile(path, network(3, 6, 5, 3).File()); err != nil {
		t.Fatal(err)
	}
	var e *diag.Error
	if _, err := compile.Read(path); !errors.As(err, &e) || e.Kind != diag.Input || e.File != path {
		t.Errorf("a network: %v", err)
	}
}

// FuzzDecode replaces the header and two tensors of a valid artifact. Whatever
// passes must also pass Check and survive another round.
func FuzzDecode(f *testing.F) {
	net := network(3, 6, 5, 3)
	net.Convention = fixed.Slayer
	valid := compile.Encode(compiled(f, net, spread))
	head := valid.Meta["isospike.program"]
	for i, x := range valid.Tensors {
		f.Add(head, byte(i), x.Data, byte(i+1), valid.Tensors[(i+1)%len(valid.Tensors)].Data)
	}
	f.Fuzz(func(t *testing.T, head string, i byte, a []byte, j byte, b []byte) {
		file := compile.Encode(compiled(t, net, spread))
		file.Meta["isospike.program"] = head
		for _, r := range []struct {
			n    byte
			data []byte
		}{{i, a}, {j, b}} {
			x := &file.Tensors[int(r.n)%len(file.Tensors)]
			x.Data = r.data
			row := max(1, len(valid.Tensors[int(r.n)%len(file.Tensors)].Data)/max(1, x.Shape[0])) // bytes of a row
			x.Shape = append([]int{len(r.data) / row}, x.Shape[1:]...)
		}
		p, err := compile.Decode(file)
		if err != nil {
			return
		}
		if err := compile.Check(p); err != nil {
			t.Fatal(err)
		}
		if _, err := compile.Decode(compile.Encode(p)); err != nil {
			t.Fatal(err)
		}
	})
}
