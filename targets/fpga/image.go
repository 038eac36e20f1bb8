package fpga

import (
	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// Encode returns what the memories of a board must hold to run p. p must have
// passed compile.Verify for a board; one that was compiled for another kind of
// target is an Input error. The routes of the input neurons stay with the host:
// see Stream.
func Encode(p *compile.Program) (*Image, error) {
	if err := encodable(p); err != nil {
		return nil, err
	}
	c := &p.Cores[0]
	m := &Image{}
	m.put(Config, configNeurons.set(len(c.Profile))|configVersion.set(mapVersion))
	for _, f := range c.Profiles {
		n := f.Neuron.(fixed.CUBA) // encodable has seen to it
		m.put(Profiles, profileIDecay.set(int(n.IDecay))|profileVDecay.set(int(n.VDecay))|profileVTh.set(int(n.VTh))|
			profileRefDelay.set(int(n.RefDelay))|profileWeightExp.set(f.WeightExp)|profileBiasExp.set(f.BiasExp))
	}
	for n, f := range c.Profile {
		m.put(Neurons, neuronBias.set(int(c.Bias[n]))|neuronProfile.set(int(f)))
		base, count := int(c.OutStart[n]), int(c.OutStart[n+1]-c.OutStart[n])
		m.put(RouteIndex, indexBase.set(base)|indexCount.set(count))
	}
	for a, r := range c.Row {
		lo, hi := c.Synapses(a)
		base, length := int(lo), int(hi-lo)
		m.put(Axons, axonBase.set(base)|axonLength.set(length)|axonMode.set(int(c.Mode[r])))
	}
	// Every axon that a stray event could name has a row, if an empty one.
	for len(m[Axons]) < Axons.Bytes() {
		m.put(Axons, 0)
	}
	for s, t := range c.Target {
		m.put(Synapses, synapseTarget.set(int(t))|synapseCode.set(int(c.Code[s])))
	}
	for _, r := range c.Route {
		m.put(Routes, routeAxon.set(int(r.Axon))|routeDelay.set(int(r.Delay)))
	}
	for r := range m {
		for len(m[r])%4 != 0 {
			m[r] = append(m[r], 0)
		}
	}
	return m, nil
}

// encodable returns an error when the fields of the map do not hold p.
func encodable(p *compile.Program) error {
	fits := len(p.Cores) == 1
	if fits {
		c := &p.Cores[0]
		fits = len(c.Profile) > 0 && len(c.Profile) <= MaxNeurons && len(c.Row) <= MaxAxons && len(c.Target) <= MaxSynapses &&
			len(c.Profiles) <= MaxProfiles && len(c.Route) <= MaxRoutes && c.Delay == nil
		for _, f := range c.Profiles {
			_, cuba := f.Neuron.(fixed.CUBA)
			fits = fits && cuba && f.ResetInterval == 0
		}
		for _, b := range c.Base {
			fits = fits && b == 0
		}
		for n := range c.Profile {
			fits = fits && c.OutStart[n+1]-c.OutStart[n] < 1<<indexCount.width
		}
	}
	if !fits {
		return diag.Inputf("image-target", "", "a program compiled for %q is not one for a board", p.Target).
			WithFix("compile with --target and the name of a board")
	}
	return nil
}

// DecodeImage reads the tables back as the core would: a program of one layer of
// all neurons, without input routes, whose axons are the board's. The bytes may
// be anything; tables that no program has, or that reach beyond the memories,
// are an Input error.
func DecodeImage(m *Image) (*compile.Program, error) {
	config, err := m.word(Config, 0)
	if err != nil {
		return nil, err
	}
	neurons := configNeurons.get(config)
	if v := configVersion.get(config); v != mapVersion || neurons < 1 || neurons > MaxNeurons {
		return nil, badImage("memory map version %d with %d neurons: expected version %d and 1 to %d neurons", v, neurons, mapVersion, MaxNeurons)
	}
	p := &compile.Program{Convention: fixed.Immediate, InputStart: []uint32{0}, Cores: make([]compile.Core, 1)}
	layer := compile.LayerMap{Name: "board", Shape: snn.Flat(neurons)}
	for n := range neurons {
		layer.Home = append(layer.Home, compile.Place{Neuron: uint16(n)})
	}
	p.Layers = []compile.LayerMap{layer}
	c := &p.Cores[0]
	for _, decode := range []func(*compile.Core, int) error{m.decodeNeurons, m.decodeRows, m.decodeRoutes} {
		if err := decode(c, neurons); err != nil {
			return nil, err
		}
	}
	if err := compile.Check(p); err != nil {
		return nil, err
	}
	return p, nil
}

// decodeNeurons reads the neuron table and the profiles up to the last that it uses.
func (m *Image) decodeNeurons(c *compile.Core, neurons int) error {
	profiles := 0
	for n := range neurons {
		w, err := m.word(Neurons, n)
		if err != nil {
			return err
		}
		c.Profile = append(c.Profile, uint8(neuronProfile.get(w)))
		c.Bias = append(c.Bias, int16(neuronBias.signed(w)))
		profiles = max(profiles, neuronProfile.get(w)+1)
	}
	for f := range profiles {
		w, err := m.word(Profiles, f)
		if err != nil {
			return err
		}
		c.Profiles = append(c.Profiles, compile.Profile{
			Neuron: fixed.CUBA{IDecay: int32(profileIDecay.get(w)), VDecay: int32(profileVDecay.get(w)),
				VTh: int32(profileVTh.get(w)), RefDelay: int32(profileRefDelay.get(w))},
			WeightExp: profileWeightExp.signed(w), BiasExp: profileBiasExp.signed(w)})
	}
	return nil
}

// decodeRows reads the row of every axon.
func (m *Image) decodeRows(c *compile.Core, _ int) error {
	c.RowStart = []uint32{0}
	for a := range MaxAxons {
		w, err := m.word(Axons, a)
		if err != nil {
			return err
		}
		base := axonBase.get(w)
		for s := base; s < base+axonLength.get(w); s++ {
			w, err := m.word(Synapses, s)
			if err != nil {
				return err
			}
			c.Target = append(c.Target, uint16(synapseTarget.get(w)))
			c.Code = append(c.Code, uint8(synapseCode.get(w)))
		}
		c.Row, c.Base, c.Format = append(c.Row, uint16(a)), append(c.Base, 0), append(c.Format, compile.Plain)
		c.RowStart = append(c.RowStart, uint32(len(c.Target)))
		c.Mode = append(c.Mode, fixed.SignMode(axonMode.get(w)))
		c.WeightBits = append(c.WeightBits, 8) // the width of a code
	}
	return nil
}

// decodeRoutes reads the routes of every neuron.
func (m *Image) decodeRoutes(c *compile.Core, neurons int) error {
	c.OutStart = []uint32{0}
	for n := range neurons {
		w, err := m.word(RouteIndex, n)
		if err != nil {
			return err
		}
		base := indexBase.get(w)
		for i := base; i < base+indexCount.get(w); i++ {
			w, err := m.word(Routes, i)
			if err != nil {
				return err
			}
			c.Route = append(c.Route, compile.Route{Axon: uint16(routeAxon.get(w)), Delay: uint8(routeDelay.get(w))})
		}
		c.OutStart = append(c.OutStart, uint32(len(c.Route)))
	}
	return nil
}
