package compile

import (
	"encoding/json"
	"slices"

	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

const headerKey = "isospike.program"

// header is what the artifact's metadata says of the program, as JSON.
type header struct {
	Target     string             `json:"target"`
	Source     string             `json:"source"`
	Input      snn.Shape          `json:"input"`
	Convention string             `json:"convention"`
	Encoding   string             `json:"encoding"`
	Readout    snn.Window         `json:"readout"`
	Layers     []layerHeader      `json:"layers"`
	Neurons    []fixed.NeuronJSON `json:"neurons"` // the different ones among the profiles
	Manifest   Manifest           `json:"manifest"`
}

type layerHeader struct {
	Name  string    `json:"name"`
	Shape snn.Shape `json:"shape"`
}

// Encode returns p as an artifact. Its tensors hold the tables of all cores one
// after another, cut by core.count:
//
//	home.core          [neurons]      home of every neuron, layer after layer
//	home.neuron        [neurons]
//	input.routes       [inputs]       routes of every input neuron
//	input.route.core   [routes]       also .axon, .delay
//	core.place         [cores, 4]     chip, x, y, slot
//	core.count         [cores, 6]     profiles, neurons, axons, rows, synapses, routes
//	core.delay_bits    [cores]
//	profile            [profiles, 5]  number of the neuron in the header, weight_exp, bias_exp, reset_interval, reset_phase
//	neuron.profile     [neurons]      also .bias, .routes (their number)
//	axon.row           [axons]        number of the core's row; also .base
//	axon.flags         [axons]        AxonFlags; empty where there are none
//	row.mode           [rows]         also .weight_bits, .format (0 plain, 1 sparse, 2 run-length, 3 dense), .synapses (their number)
//	synapse.target     [synapses]     also .code
//	synapse.delay      [synapses of the cores whose delay_bits are not 0]
//	route.core         [routes]       also .axon, .delay
func Encode(p *Program) *safetensors.File {
	var w columns
	h := header{Target: p.Target, Source: p.Source, Input: p.Input, Convention: p.Convention.String(), Encoding: p.Encoding, Readout: p.Readout, Manifest: p.Manifest}
	for k := range p.Layers {
		l := &p.Layers[k]
		h.Layers = append(h.Layers, layerHeader{l.Name, l.Shape})
		for _, place := range l.Home {
			w.homeCore, w.homeNeuron = append(w.homeCore, place.Core), append(w.homeNeuron, place.Neuron)
		}
	}
	flagged := slices.ContainsFunc(p.Cores, func(c Core) bool { return c.Flags != nil })
	w.inputRoutes = appendCounts(w.inputRoutes, p.InputStart)
	w.input.add(p.InputRoute)
	for i := range p.Cores {
		c := &p.Cores[i]
		w.place = append(w.place, int64(c.Chip), int64(c.X), int64(c.Y), int64(c.Slot))
		w.count = append(w.count, uint32(len(c.Profiles)), uint32(len(c.Profile)), uint32(len(c.Row)), uint32(len(c.Mode)), uint32(len(c.Target)), uint32(len(c.Route)))
		w.delayBits = append(w.delayBits, uint8(c.DelayBits))
		for _, f := range c.Profiles {
			n := slices.Index(h.Neurons, fixed.NeuronJSON{Neuron: f.Neuron})
			if n < 0 {
				n, h.Neurons = len(h.Neurons), append(h.Neurons, fixed.NeuronJSON{Neuron: f.Neuron})
			}
			w.profiles = append(w.profiles, int64(n), int64(f.WeightExp), int64(f.BiasExp), int64(f.ResetInterval), int64(f.ResetPhase))
		}
		w.profile = append(w.profile, c.Profile...)
		w.bias = append(w.bias, c.Bias...)
		w.neuronRoutes = appendCounts(w.neuronRoutes, c.OutStart)
		w.axonRow, w.axonBase = append(w.axonRow, c.Row...), append(w.axonBase, c.Base...)
		for _, m := range c.Mode {
			w.mode = append(w.mode, uint8(m))
		}
		w.weightBits = append(w.weightBits, c.WeightBits...)
		for a := range c.Row {
			if flagged {
				w.flags = append(w.flags, uint8(c.flags(a)))
			}
		}
		for _, f := range c.Format {
			w.format = append(w.format, uint8(f))
		}
		w.rowSynapses = appendCounts(w.rowSynapses, c.RowStart)
		w.target = append(w.target, c.Target...)
		w.code = append(w.code, c.Code...)
		w.delay = append(w.delay, c.Delay...)
		w.out.add(c.Route)
	}
	f := artifact.New(artifact.Program, p.Provenance)
	head, err := json.Marshal(h)
	if err != nil {
		panic(err) // the header holds only integers and strings
	}
	f.Meta[headerKey] = string(head)
	for _, c := range w.list() {
		f.Tensors = append(f.Tensors, c.tensor())
	}
	return f
}

// Write writes the program to the file at path, whole or not at all.
func (p *Program) Write(path string) error { return safetensors.WriteFile(path, Encode(p)) }

// Read reads the program in the file at path, which `isospike compile` wrote. The file may come from anywhere: see Decode; errors name it.
func Read(path string) (*Program, error) {
	f, err := artifact.Read(path)
	if err != nil {
		return nil, err
	}
	p, err := Decode(f)
	return p, diag.InFile(err, path)
}

// Decode reads what Encode wrote. The file may come from anywhere: Decode
// returns what Check returns, or an Input error for a file of another kind or
// with tables that do not fit together.
func Decode(f *safetensors.File) (*Program, error) {
	provenance, err := artifact.Expect(f, artifact.Program)
	if err != nil {
		return nil, err
	}
	var h header
	if err := json.Unmarshal([]byte(f.Meta[headerKey]), &h); err != nil {
		return nil, invalid("", "its header is unreadable: %v", err)
	}
	convention, err := fixed.ParseConvention(h.Convention)
	if err != nil {
		return nil, invalid("", "%v", err)
	}
	p := &Program{Target: h.Target, Source: h.Source, Input: h.Input, Convention: convention, Encoding: h.Encoding, Readout: h.Readout,
		Manifest: h.Manifest, Provenance: provenance}
	w := columns{neurons: h.Neurons}
	for _, c := range w.list() {
		if err := c.read(f); err != nil {
			return nil, err
		}
	}
	for _, l := range h.Layers {
		n, sane := shapeSize(l.Shape)
		if !sane {
			return nil, invalid("", "layer %q has shape %v", l.Name, l.Shape)
		}
		cores, neurons := cut(&w, &w.homeCore, n), cut(&w, &w.homeNeuron, n)
		home := make([]Place, min(len(cores), len(neurons)))
		for o := range home {
			home[o] = Place{Core: cores[o], Neuron: neurons[o]}
		}
		p.Layers = append(p.Layers, LayerMap{Name: l.Name, Shape: l.Shape, Home: home})
	}
	p.InputStart = w.starts(&w.inputRoutes, len(w.inputRoutes))
	p.InputRoute = w.routes(&w.input, len(w.input.core))
	for len(w.delayBits) > 0 && !w.unfit {
		p.Cores = append(p.Cores, w.nextCore())
	}
	for _, c := range w.list() {
		if c.left() > 0 || w.unfit {
			return nil, invalid("", "its tables do not fit together")
		}
	}
	if err := Check(p); err != nil {
		return nil, err
	}
	return p, nil
}

// appendCounts appends how many things each start of starts begins.
func appendCounts(to, starts []uint32) []uint32 {
	for i := range len(starts) - 1 {
		to = append(to, starts[i+1]-starts[i])
	}
	return to
}
