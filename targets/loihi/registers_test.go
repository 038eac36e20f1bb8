package loihi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/compile/nettest"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/targets"
	"github.com/isospike/isospike/targets/loihi"
)

func chip(t testing.TB) *loihi.Chip {
	x, err := targets.Lookup("loihi1")
	if err != nil {
		t.Fatal(err)
	}
	return x.(*loihi.Chip)
}

// meaning is what tables compute: parameters of each neuron, connections and routes.
type meaning struct {
	Neurons     []neuron
	Connections []connection // by axon
	Out         [][2]int     // neuron; chip, core and axon as one number
	In          [][2]int
}

type neuron struct {
	Neuron           fixed.CUBA
	Bias             int64 // with its exponent
	Exp              int   // of its synapses; 0 where there are none
	Interval, Phase  int
	DelayAccumulator int
}

type connection struct{ Axon, Neuron, Weight, Delay int }

func number(chip, core, axon int) int { return (chip*128+core)<<16 | axon }

// ofProgram is the meaning of core i, and of the inputs.
func ofProgram(p *compile.Program, i int) (m meaning) {
	c := &p.Cores[i]
	has := make([]bool, len(c.Profile))
	for a, r := range c.Row {
		for s := c.RowStart[r]; s < c.RowStart[r+1]; s++ {
			x := connection{Axon: a, Neuron: int(c.Base[a] + c.Target[s]), Weight: int(c.Mode[r].Weight(c.Code[s]))}
			if c.Delay != nil {
				x.Delay = int(c.Delay[s])
			}
			has[x.Neuron] = true
			m.Connections = append(m.Connections, x)
		}
	}
	for n, f := range c.Profile {
		q := c.Profiles[f]
		x := neuron{q.Neuron.(fixed.CUBA), fixed.Shift(int64(c.Bias[n]), q.BiasExp), 0, q.ResetInterval, q.ResetPhase, 1 << c.DelayBits}
		if has[n] {
			x.Exp = q.WeightExp
		}
		m.Neurons = append(m.Neurons, x)
		for _, r := range c.Route[c.OutStart[n]:c.OutStart[n+1]] {
			to := &p.Cores[r.Core]
			m.Out = append(m.Out, [2]int{n, number(to.Chip, (to.Y*8+to.X)*4+to.Slot, int(r.Axon))})
		}
	}
	for n := range len(p.InputStart) - 1 {
		for _, r := range p.InputRoute[p.InputStart[n]:p.InputStart[n+1]] {
			to := &p.Cores[r.Core]
			m.In = append(m.In, [2]int{n, number(to.Chip, (to.Y*8+to.X)*4+to.Slot, int(r.Axon))})
		}
	}
	return m
}

// ofRegisters is the same from the registers alone.
func ofRegisters(r *loihi.Registers, i int) (m meaning) {
	c := &r.Cores[i]
	exp := make([]int, len(c.CxCfg))
	for a, x := range c.SynapseMap {
		for _, s := range c.Synapses[x.SynapsePtr:][:x.SynapseLen] {
			f := c.SynapseFmt[s.SynFmtID]
			n := x.CxBase + s.CIdx
			exp[n] = f.WgtExp
			m.Connections = append(m.Connections, connection{a, n, s.Wgt, s.Dly})
		}
	}
	for n, x := range c.CxCfg {
		q := c.CxProfileCfg[x.CxProfile]
		m.Neurons = append(m.Neurons, neuron{fixed.CUBA{IDecay: int32(q.DecayU + c.DendriteSharedCfg.DsOffset), VDecay: int32(q.DecayV + c.DendriteSharedCfg.DmOffsets),
			VTh: int32(c.VthProfileCfg[x.VthProfile].Vth), RefDelay: int32(q.RefractDelay)}, int64(x.Bias) << x.BiasExp, exp[n], 0, 0, 1 << c.DendriteAccumCfg.DelayBits})
	}
	for _, x := range c.PeriodicReset {
		m.Neurons[x.Cx].Interval, m.Neurons[x.Cx].Phase = x.Interval, x.Phase
	}
	for _, x := range c.CreateDiscreteAxon {
		m.Out = append(m.Out, [2]int{x.SrcCx, number(x.Chip, x.Core, x.Axon)})
	}
	for _, x := range r.Inputs {
		m.In = append(m.In, [2]int{x.Neuron, number(x.Chip, x.Core, x.Axon)})
	}
	return m
}

// TestRegisters: the registers, read back from their JSON, mean what the program does, and keep
// to what their fields hold.
func TestRegisters(t *testing.T) {
	c, connections, formats := chip(t), 0, 0
	rapid.Check(t, func(t *rapid.T) {
		net := nettest.Network(t, nettest.Config{MaxVTh: c.Limits().MaxVTh, MaxDelay: 62, MaxSynDelay: 3, Reset: true})
		p, err := compile.Compile(net, c)
		if err != nil {
			return
		}
		r, err := c.Registers(p)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var back loihi.Registers
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		for i := range p.Cores {
			want := ofProgram(p, i)
			if d := cmp.Diff(want, ofRegisters(&back, i)); d != "" {
				t.Fatal(d)
			}
			connections += len(want.Connections)
			fits(t, &back.Cores[i])
			formats += len(back.Cores[i].SynapseFmt) - 1
			if u := p.Manifest.Use; len(p.Cores) == 1 {
				for _, x := range u {
					if x.Resource == "synapse formats" && int(x.Used) != len(back.Cores[i].SynapseFmt)-1 {
						t.Fatalf("%d formats, the manifest says %d", len(back.Cores[i].SynapseFmt)-1, x.Used)
					}
				}
			}
		}
	})
	if t.Log(connections, "connections compared,", formats, "formats"); connections == 0 {
		t.Error("nothing was compared")
	}
}

// fits checks the widths of fields.
func fits(t *rapid.T, c *loihi.Core) {
	in := func(name string, v, lo, hi int) {
		if v < lo || v > hi {
			t.Fatalf("%s is %d, not %d to %d", name, v, lo, hi)
		}
	}
	for _, x := range c.CxCfg {
		in("bias", x.Bias, -4096, 4095)
		in("biasExp", x.BiasExp, 0, 7)
		in("cxProfile", x.CxProfile, 0, 31)
		in("vthProfile", x.VthProfile, 0, 7)
	}
	for _, x := range c.CxProfileCfg {
		in("decayU", x.DecayU, 0, 4095)
		in("decayV", x.DecayV, 0, 4095)
	}
	in("formats", len(c.SynapseFmt), 1, 16)
	for _, x := range c.SynapseFmt[1:] {
		in("wgtBits", x.WgtBits, 1, 7)
		in("wgtExp", x.WgtExp, -8, 7)
		in("skipBits", x.SkipBits, 0, 5)
		in("idxBits", x.IdxBits, 1, 7)
	}
	for _, x := range c.SynapseMap {
		in("cxBase", x.CxBase, 0, 255)
		in("length", x.Length, 0, 256)
		in("ptr", x.Ptr, 0, 16383)
	}
	for _, x := range c.Synapses {
		in("Wgt", x.Wgt, -256, 255)
		in("synFmtId", x.SynFmtID, 1, 15)
	}
}

// TestText pins the text of a small core.
func TestText(t *testing.T) {
	net := &fixed.Network{Input: snn.Flat(2), Convention: fixed.Axonal, Layers: []fixed.Layer{{Name: "1", In: snn.Flat(2), Out: snn.Flat(2), WeightBits: 9, WeightExp: 1,
		Weight: []int16{3, -5, 0, 7}, BiasMant: []int16{-9, 4}, BiasExp: -1, Neuron: fixed.CUBA{IDecay: 4096, VDecay: 128, VTh: 80, RefDelay: 1}}}}
	p, err := compile.Compile(net, chip(t))
	if err != nil {
		t.Fatal(err)
	}
	r, err := chip(t).Registers(p)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.Text(&b); err != nil {
		t.Fatal(err)
	}
	want := loihi.Label + `
target loihi1

inputs[0] neuron=0 dstChipId=0 dstCoreId=0 dstSynMapId=0
inputs[1] neuron=1 dstChipId=0 dstCoreId=0 dstSynMapId=1
inputs[2] neuron=1 dstChipId=0 dstCoreId=0 dstSynMapId=2

chip 0 core 0
cxCfg[0] bias=-5 biasExp=0 cxProfile=0 vthProfile=0
cxCfg[1] bias=2 biasExp=0 cxProfile=0 vthProfile=0
cxProfileCfg[0] decayU=4095 decayV=128 refractDelay=1
vthProfileCfg[0] vth=80
dendriteSharedCfg dsOffset=1 dmOffsets=0
dendriteAccumCfg delayBits=0
numUpdates 1
synapseFmt[0] wgtExp=0 wgtBits=0 dlyBits=0 numSynapses=0 idxBits=0 skipBits=0 cIdxOffset=0 cIdxMult=0 fanoutType=0 compression=0
synapseFmt[1] wgtExp=1 wgtBits=7 dlyBits=0 numSynapses=63 idxBits=5 skipBits=0 cIdxOffset=0 cIdxMult=0 fanoutType=2 compression=3
synapseFmt[2] wgtExp=1 wgtBits=7 dlyBits=0 numSynapses=63 idxBits=5 skipBits=0 cIdxOffset=0 cIdxMult=0 fanoutType=3 compression=3
synapses[0] CIdx=0 Wgt=3 Dly=0 synFmtId=1
synapses[1] CIdx=0 Wgt=7 Dly=0 synFmtId=1
synapses[2] CIdx=0 Wgt=-5 Dly=0 synFmtId=2
synapseMap[0] synapsePtr=0 synapseLen=1 ptr=0 length=1 cxBase=0
synapseMap[1] synapsePtr=1 synapseLen=1 ptr=1 length=1 cxBase=1
synapseMap[2] synapsePtr=2 synapseLen=1 ptr=2 length=1 cxBase=0
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
	if !strings.Contains(loihi.Label, "no loadable image") {
		t.Error(loihi.Label)
	}
}

// strange is a neuron that Loihi's registers do not describe.
type strange struct{ fixed.CUBA }

func (strange) Kind() string { return "strange" }

func TestRegistersOfOtherNeurons(t *testing.T) {
	p := &compile.Program{InputStart: []uint32{0}, Cores: []compile.Core{{Profiles: []compile.Profile{{Neuron: strange{}}}, OutStart: []uint32{0}}}}
	var e *diag.Error
	if _, err := chip(t).Registers(p); !errors.As(err, &e) || e.Code != "registers-neuron" {
		t.Error(err)
	}
}
