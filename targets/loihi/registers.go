package loihi

import (
	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// Registers are a program's tables under the names that NxSDK gives to Loihi's registers, as
// nengo-loihi (hardware/builder.py) and NxTF (dnn_mapper.py) write them. They are
// Loihi-style: nothing here packs them into the bits that a chip loads.
type Registers struct {
	Label  string  `json:"label"` // Label
	Target string  `json:"target"`
	Source string  `json:"source"` // hash of the fixed network
	Inputs []Input `json:"inputs"` // axons that spikes of the input go to
	Cores  []Core  `json:"cores"`
}

// Label says what Registers are not.
const Label = "Loihi-style tables: register names of NxSDK as open tools use them, no loadable image"

// Input is one destination of an input neuron.
type Input struct {
	Neuron int `json:"neuron"`
	Destination
}

// Destination is an axon of a core.
type Destination struct {
	Chip int `json:"dstChipId"`
	Core int `json:"dstCoreId"`
	Axon int `json:"dstSynMapId"`
}

// Core are the registers of one core.
type Core struct {
	Chip int `json:"chipId"`
	Core int `json:"coreId"` // tile · cores of a tile + place in the tile

	CxCfg              []CxCfg           `json:"cxCfg"`
	CxProfileCfg       []CxProfileCfg    `json:"cxProfileCfg"`
	VthProfileCfg      []VthProfileCfg   `json:"vthProfileCfg"`
	DendriteSharedCfg  DendriteSharedCfg `json:"dendriteSharedCfg"`
	DendriteAccumCfg   DendriteAccumCfg  `json:"dendriteAccumCfg"`
	NumUpdates         int               `json:"numUpdates"`         // groups of 4 compartments
	SynapseFmt         []SynapseFmt      `json:"synapseFmt"`         // number 0 is unused
	Synapses           []Synapse         `json:"synapses"`           // before they are packed into words
	SynapseMap         []SynapseMap      `json:"synapseMap"`         // axons in, all discrete
	CreateDiscreteAxon []DiscreteAxon    `json:"createDiscreteAxon"` // axons out
	PeriodicReset      []PeriodicReset   `json:"periodicReset,omitempty"`
}

// CxCfg is a compartment: its bias is bias · 2^biasExp.
type CxCfg struct {
	Bias       int `json:"bias"`
	BiasExp    int `json:"biasExp"`
	CxProfile  int `json:"cxProfile"`
	VthProfile int `json:"vthProfile"`
}

// CxProfileCfg holds decays without the core's offsets.
type CxProfileCfg struct {
	DecayU       int `json:"decayU"`
	DecayV       int `json:"decayV"`
	RefractDelay int `json:"refractDelay"`
}

// VthProfileCfg is a threshold mantissa.
type VthProfileCfg struct {
	Vth int `json:"vth"`
}

// DendriteSharedCfg holds what is added to every decay of the core.
type DendriteSharedCfg struct {
	DsOffset  int `json:"dsOffset"`
	DmOffsets int `json:"dmOffsets"`
}

// DendriteAccumCfg sets how many of the delay accumulators each compartment has: 2^delayBits.
type DendriteAccumCfg struct {
	DelayBits int `json:"delayBits"`
}

// SynapseFmt is a synapse format. WgtBits and IdxBits are codes: weight widths 0 to 6 and 8 are 0
// to 7, index widths from 6 bits on 1, 2, ….
type SynapseFmt struct {
	WgtExp      int `json:"wgtExp"`
	WgtBits     int `json:"wgtBits"`
	DlyBits     int `json:"dlyBits"`
	NumSynapses int `json:"numSynapses"`
	IdxBits     int `json:"idxBits"`
	SkipBits    int `json:"skipBits"`
	CIdxOffset  int `json:"cIdxOffset"`
	CIdxMult    int `json:"cIdxMult"`
	FanoutType  int `json:"fanoutType"`  // 1 mixed, 2 excitatory, 3 inhibitory
	Compression int `json:"compression"` // 0 sparse, 1 run-length, 3 dense
}

// Synapse is an entry of a row before packing.
type Synapse struct {
	CIdx     int `json:"CIdx"`
	Wgt      int `json:"Wgt"`
	Dly      int `json:"Dly"`
	SynFmtID int `json:"synFmtId"`
}

// SynapseMap is an axon in: its row as synapses and as words of the synapse memory, and the
// base of a discrete entry.
type SynapseMap struct {
	SynapsePtr int `json:"synapsePtr"`
	SynapseLen int `json:"synapseLen"`
	Ptr        int `json:"ptr"`
	Length     int `json:"length"`
	CxBase     int `json:"cxBase"`
}

// DiscreteAxon is an axon out of a compartment.
type DiscreteAxon struct {
	SrcCx int `json:"srcCxId"`
	Destination
}

// PeriodicReset is no register: software on the chip zeroes these compartments before the
// update of every tick t with t ≡ phase modulo interval.
type PeriodicReset struct {
	Cx       int `json:"cxId"`
	Interval int `json:"interval"`
	Phase    int `json:"phase"`
}

// Registers returns p, which must have passed compile.Verify for c, under the names of
// registers. It is an Input error when a neuron is not of the kind that they describe.
func (c *Chip) Registers(p *compile.Program) (*Registers, error) {
	r := &Registers{Label: Label, Target: p.Target, Source: p.Source}
	to := func(x compile.Route) Destination {
		core := &p.Cores[x.Core]
		return Destination{core.Chip, c.number(core), int(x.Axon)}
	}
	for i := range len(p.InputStart) - 1 {
		for _, x := range p.InputRoute[p.InputStart[i]:p.InputStart[i+1]] {
			r.Inputs = append(r.Inputs, Input{i, to(x)})
		}
	}
	for i := range p.Cores {
		core := &p.Cores[i]
		x := Core{Chip: core.Chip, Core: c.number(core), DendriteAccumCfg: DendriteAccumCfg{core.DelayBits}, NumUpdates: (len(core.Profile) + 3) / 4}
		if err := x.neurons(core); err != nil {
			return nil, err
		}
		c.rows(&x, core)
		for n := range core.Profile {
			for _, route := range core.Route[core.OutStart[n]:core.OutStart[n+1]] {
				x.CreateDiscreteAxon = append(x.CreateDiscreteAxon, DiscreteAxon{n, to(route)})
			}
		}
		r.Cores = append(r.Cores, x)
	}
	return r, nil
}

// number returns a core's number on its chip.
func (c *Chip) number(core *compile.Core) int {
	return (core.Y*c.limits.MeshWidth+core.X)*max(1, c.limits.TileCores) + core.Slot
}

// neurons fills in compartments and profiles.
func (x *Core) neurons(core *compile.Core) error {
	for _, f := range core.Profiles {
		n, ok := f.Neuron.(fixed.CUBA)
		if !ok {
			return diag.Inputf("registers-neuron", "", "neurons of kind %q have no such registers", f.Neuron.Kind())
		}
		// A decay has 12 bits: 4096 is 4095 and the offset.
		if n.IDecay > 4095 {
			x.DendriteSharedCfg.DsOffset = 1
		}
		if n.VDecay > 4095 {
			x.DendriteSharedCfg.DmOffsets = 1
		}
	}
	for cx, number := range core.Profile {
		f := &core.Profiles[number]
		n := f.Neuron.(fixed.CUBA)
		cfg := CxCfg{Bias: int(core.Bias[cx]), BiasExp: f.BiasExp,
			CxProfile: index(&x.CxProfileCfg, CxProfileCfg{int(n.IDecay) - x.DendriteSharedCfg.DsOffset,
				int(n.VDecay) - x.DendriteSharedCfg.DmOffsets, int(n.RefDelay)}),
			VthProfile: index(&x.VthProfileCfg, VthProfileCfg{int(n.VTh)})}
		if f.BiasExp < 0 { // the register's exponent has no sign
			cfg.Bias, cfg.BiasExp = int(fixed.Shift(int64(cfg.Bias), f.BiasExp)), 0
		}
		x.CxCfg = append(x.CxCfg, cfg)
		if f.ResetInterval > 0 {
			x.PeriodicReset = append(x.PeriodicReset, PeriodicReset{cx, f.ResetInterval, f.ResetPhase})
		}
	}
	return nil
}

// rows fills in axons in, synapses and their formats.
func (c *Chip) rows(x *Core, core *compile.Core) {
	x.SynapseFmt = make([]SynapseFmt, 1)
	words := make([][2]int, len(core.Mode)) // where a row begins in the synapse memory, and its length
	axon, shapes := make([]int, len(core.Mode)), core.RowShapes(c)
	for a, r := range core.Row {
		axon[r] = a
	}
	next := 0
	for r, mode := range core.Mode {
		shape := &shapes[r]
		n, _ := c.RowWords(shape)
		words[r] = [2]int{next, n}
		next += n
		format := SynapseFmt{WgtBits: min(int(core.WeightBits[r]), 7), DlyBits: shape.DelayBits(), NumSynapses: 63, IdxBits: c.indexBits - 5,
			FanoutType: 1 + int(mode), Compression: [...]int{compile.Sparse: 0, compile.RunLength: 1, compile.Dense: 3}[core.Format[r]]}
		if core.Format[r] == compile.RunLength {
			format.SkipBits = int(compile.SkipBits(shape.Skip))
		}
		for s := core.RowStart[r]; s < core.RowStart[r+1]; s++ {
			format.WgtExp = core.Profiles[core.Profile[core.Base[axon[r]]+core.Target[s]]].WeightExp
			y := Synapse{CIdx: int(core.Target[s]), Wgt: int(mode.Weight(core.Code[s])), SynFmtID: index(&x.SynapseFmt, format)}
			if core.Delay != nil {
				y.Dly = int(core.Delay[s])
			}
			x.Synapses = append(x.Synapses, y)
		}
	}
	for a, r := range core.Row {
		lo, hi := core.Synapses(a)
		x.SynapseMap = append(x.SynapseMap, SynapseMap{int(lo), int(hi - lo), words[r][0], words[r][1], int(core.Base[a])})
	}
}

// index returns the place of v in a list, where it is put if it was not there.
func index[T comparable](list *[]T, v T) int {
	for i, x := range *list {
		if x == v {
			return i
		}
	}
	*list = append(*list, v)
	return len(*list) - 1
}
