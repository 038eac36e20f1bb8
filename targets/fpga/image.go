package fpga

import (
	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/targets/fpga/link"
)

// Image is the content of the memories of each core.
type Image []Memory

// Encode returns what the memories of a board must hold to run p, for the cores that p
// has. p must have passed compile.Verify for a board; one that was compiled for another
// kind of target is an Input error. The routes of the input neurons stay with the host:
// see Stream.
func Encode(p *compile.Program) (Image, error) {
	kind := encodable(p)
	if kind == nil {
		return nil, diag.Inputf("image-target", "", "a program compiled for %q is not one for a board", p.Target).
			WithFix("compile with --target and the name of a board")
	}
	m := make(Image, len(p.Cores))
	for i := range m {
		if !m[i].encode(&p.Cores[i], kind) {
			return nil, &diag.Error{Kind: diag.Limit, Code: "synapse-words-exceeded", Msg: "the rows do not fit the synapse memory",
				Resource: "synapse words", Used: int64(len(m[i][Synapses]) / 2), Limit: MaxSynapses, Fix: "compile for this board"}
		}
	}
	return m, nil
}

// encode writes the tables of a core. It returns false when the rows exceed the synapse memory.
func (m *Memory) encode(c *compile.Core, kind *neuronKind) bool {
	m.put(Config, kind.config(len(c.Profile)))
	for f := range c.Profiles {
		for _, w := range kind.profile(&c.Profiles[f]) {
			m.put(Profiles, w)
		}
	}
	for n, f := range c.Profile {
		bias := fixed.Shift(int64(c.Bias[n]), c.Profiles[f].BiasExp)
		m.put(Neurons, neuronBias.set(int(bias))|neuronProfile.set(int(f)))
		base, end := int(c.OutStart[n]), int(c.OutStart[n+1])
		if base == end {
			m.put(RouteIndex, 0)
			continue
		}
		m.put(RouteIndex, indexBase.set(base)|indexRouted.set(1))
		for i, r := range c.Route[base:end] {
			more := 0
			if base+i+1 < end {
				more = 1
			}
			m.put(Routes, routeAxon.set(int(r.Axon))|routeDelay.set(int(r.Delay))|routeMore.set(more)|routeCore.set(int(r.Core)))
		}
	}
	for a, k := range c.Row {
		lo, hi := c.Synapses(a)
		if lo == hi {
			m.put(Axons, 0)
			continue
		}
		r := newRow(c.Target[lo:hi], c.Code[lo:hi])
		dense := 0
		if r.dense {
			dense = 1
		}
		line := len(m[Synapses]) / 2 / lineWords
		m.put(Axons, axonLine.set(line)|axonLines.set(len(r.words)/lineWords)|axonMode.set(int(c.Mode[k]))|axonDense.set(dense)|axonTarget.set(r.first))
		for _, w := range r.words {
			m.put(Synapses, uint64(w))
		}
	}
	return len(m[Synapses])/2 <= MaxSynapses
}

// encodable returns the kind of the neurons of p, nil where the fields of the map do not hold p.
func encodable(p *compile.Program) *neuronKind {
	if len(p.Cores) < 1 || len(p.Cores) > MaxCores || len(p.Cores[0].Profiles) < 1 {
		return nil
	}
	kind := kindOf(func(k *neuronKind) bool { return k.name == p.Cores[0].Profiles[0].Neuron.Kind() })
	fits := kind != nil
	for i := range p.Cores {
		c := &p.Cores[i]
		fits = fits && len(c.Profile) > 0 && len(c.Profile) <= kind.maxNeurons && len(c.Row) <= MaxAxons &&
			len(c.Profiles) <= MaxProfiles && len(c.Route) <= MaxRoutes && c.Delay == nil
		for _, f := range c.Profiles {
			fits = fits && f.Neuron.Kind() == kind.name && f.ResetInterval == 0
		}
		for _, b := range c.Base {
			fits = fits && b == 0
		}
	}
	if !fits {
		return nil
	}
	return kind
}

// Parts returns the image as the link loads it into a board: with no neurons on the cores
// that it has none for, and with an empty row for every axon that a stray event could name.
func (m Image) Parts(info link.Info) []link.Region {
	var parts []link.Region
	config, _ := m[0].word(Config, 0) // Encode has written it
	for core := range max(info.Cores, len(m)) {
		var tables Memory
		if core < len(m) {
			tables = m[core]
		} else {
			tables.put(Config, config&^configNeurons.set(-1))
		}
		for r, data := range tables {
			id := core*int(RegionCount) + r
			if Region(r) == Axons && core < len(m) && id < len(info.Regions) {
				data = append(data[:len(data):len(data)], make([]byte, max(0, info.Regions[id]-len(data)))...)
			}
			for len(data)%4 != 0 {
				data = append(data[:len(data):len(data)], 0)
			}
			if len(data) > 0 {
				parts = append(parts, link.Region{ID: id, Data: data})
			}
		}
	}
	return parts
}

// DecodeImage reads the tables back as the cores would: a program of one layer of
// all neurons, without input routes. The bytes may
// be anything; tables that no program has, or that reach beyond the memories,
// are an Input error.
func DecodeImage(m Image) (*compile.Program, error) {
	p := &compile.Program{Convention: fixed.Immediate, InputStart: []uint32{0}, Cores: make([]compile.Core, len(m))}
	layer := compile.LayerMap{Name: "board"}
	var kind *neuronKind
	for i := range m {
		config, err := m[i].word(Config, 0)
		if err != nil {
			return nil, err
		}
		neurons := configNeurons.get(config)
		version := configVersion.get(config)
		if i == 0 {
			kind = kindOf(func(k *neuronKind) bool { return k.version == version })
		}
		if kind == nil || version != kind.version || neurons < 1 && i == 0 || neurons > kind.maxNeurons {
			return nil, badImage("core %d has memory map version %d with %d neurons", i, version, neurons).
				WithFix("there are version 2 with 1 to %d cuba neurons and version 3 with 1 to %d srm neurons, one of them for all cores", neuronKinds[0].maxNeurons, neuronKinds[1].maxNeurons)
		}
		for n := range neurons {
			layer.Home = append(layer.Home, compile.Place{Core: uint32(i), Neuron: uint16(n)})
		}
		c := &p.Cores[i]
		c.Slot = i
		if err := m[i].decodeNeurons(c, neurons, kind); err != nil {
			return nil, err
		}
		for _, decode := range []func(*compile.Core, int) error{m[i].decodeRows, m[i].decodeRoutes} {
			if err := decode(c, neurons); err != nil {
				return nil, err
			}
		}
	}
	layer.Shape = snn.Flat(len(layer.Home))
	p.Layers = []compile.LayerMap{layer}
	if err := compile.Check(p); err != nil {
		return nil, err
	}
	return p, nil
}

// decodeNeurons reads the neuron table and the profiles up to the last that it uses.
func (m *Memory) decodeNeurons(c *compile.Core, neurons int, kind *neuronKind) error {
	profiles := 0
	bias := make([]int64, neurons)
	for n := range neurons {
		w, err := m.word(Neurons, n)
		if err != nil {
			return err
		}
		c.Profile = append(c.Profile, uint8(neuronProfile.get(w)))
		bias[n] = int64(neuronBias.signed(w))
		profiles = max(profiles, neuronProfile.get(w)+1)
	}
	for f := range profiles {
		words, err := m.words(Profiles, f*kind.words, kind.words)
		if err != nil {
			return err
		}
		c.Profiles = append(c.Profiles, compile.Profile{Neuron: kind.neuron(words), WeightExp: profileWeightExp.signed(words[0])})
	}
	return decodeBias(c, bias)
}

// decodeRows reads the row of every axon.
func (m *Memory) decodeRows(c *compile.Core, neurons int) error {
	c.RowStart = []uint32{0}
	if neurons == 0 {
		return nil
	}
	for a := range len(m[Axons]) * 8 / Axons.WordBits() {
		w, err := m.word(Axons, a)
		if err != nil {
			return err
		}
		r := row{dense: axonDense.get(w) == 1, first: axonTarget.get(w)}
		for s := range axonLines.get(w) * lineWords {
			w, err := m.word(Synapses, axonLine.get(w)*lineWords+s)
			if err != nil {
				return err
			}
			r.words = append(r.words, uint16(w))
		}
		for _, s := range r.synapses() {
			c.Target = append(c.Target, s.target)
			c.Code = append(c.Code, s.code)
		}
		format := compile.Sparse
		if r.dense {
			format = compile.Dense
		}
		c.Row, c.Base, c.Format = append(c.Row, uint16(a)), append(c.Base, 0), append(c.Format, format)
		c.RowStart = append(c.RowStart, uint32(len(c.Target)))
		c.Mode = append(c.Mode, fixed.SignMode(axonMode.get(w)))
		c.WeightBits = append(c.WeightBits, 8) // the width of a code
	}
	return nil
}

// decodeRoutes reads the routes of every neuron.
func (m *Memory) decodeRoutes(c *compile.Core, neurons int) error {
	c.OutStart = []uint32{0}
	for n := range neurons {
		w, err := m.word(RouteIndex, n)
		if err != nil {
			return err
		}
		at, more := indexBase.get(w), indexRouted.get(w)
		for ; more == 1; at++ {
			if len(c.Route) >= MaxRoutes {
				return badImage("neurons up to %d have more than %d routes", n, MaxRoutes)
			}
			w, err := m.word(Routes, at)
			if err != nil {
				return err
			}
			c.Route = append(c.Route, compile.Route{Core: uint32(routeCore.get(w)), Axon: uint16(routeAxon.get(w)), Delay: uint8(routeDelay.get(w))})
			more = routeMore.get(w)
		}
		c.OutStart = append(c.OutStart, uint32(len(c.Route)))
	}
	return nil
}

// decodeBias finds for every profile an exponent with which mantissas give the biases
// that the board holds.
func decodeBias(c *compile.Core, bias []int64) error {
	c.Bias = make([]int16, len(bias))
	for f := range c.Profiles {
		all, widest := int64(0), int64(0)
		for n, b := range bias {
			if int(c.Profile[n]) == f {
				all |= b
				widest = max(widest, b, ^b)
			}
		}
		exp := 0
		for widest>>exp > fixed.MaxBias {
			exp++
		}
		if all&(1<<exp-1) != 0 {
			return badImage("no exponent gives the biases of the neurons of profile %d", f)
		}
		c.Profiles[f].BiasExp = exp
		for n, b := range bias {
			if int(c.Profile[n]) == f {
				c.Bias[n] = int16(b >> exp)
			}
		}
	}
	return nil
}
