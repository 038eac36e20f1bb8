package fpga_test

import (
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/compile/nettest"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/targets"
	"github.com/isospike/isospike/targets/fpga"
)

func check(t interface{ Fatal(...any) }, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

func board(t testing.TB) *fpga.Board {
	x, err := targets.Lookup("icebreaker")
	check(t, err)
	return x.(*fpga.Board)
}

// draw compiles a random network for the board; ok is false when it does not fit.
func draw(t *rapid.T, target compile.Target) (*fixed.Network, *compile.Program, bool) {
	net := nettest.Network(t, nettest.Config{MaxVTh: fixed.MaxVTh, MaxDelay: 62, MaxSynDelay: rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "synaptic delay")})
	p, err := compile.Compile(net, target)
	var e *diag.Error
	if errors.As(err, &e) && e.Kind == diag.Limit {
		return net, nil, false
	}
	check(t, err)
	return net, p, true
}

// TestImage: what is read back from the memories is what was compiled.
func TestImage(t *testing.T) {
	target, compared := board(t), 0
	rapid.Check(t, func(t *rapid.T) {
		_, p, ok := draw(t, target)
		if !ok {
			return
		}
		m, err := fpga.Encode(p)
		check(t, err)
		back, err := fpga.DecodeImage(m)
		check(t, err)
		want, got := p.Cores[0], back.Cores[0]
		// The board has all its axons and no weight widths.
		axons := len(want.Row)
		for _, s := range got.RowStart[axons:] {
			if int(s) != len(want.Target) {
				t.Fatal("an axon that the program does not have has synapses")
			}
		}
		if len(got.Mode) != fpga.MaxAxons {
			t.Fatal(len(got.Mode))
		}
		got.RowStart, got.Mode = got.RowStart[:axons+1], got.Mode[:axons]
		got.Row, got.Base, got.Format = got.Row[:axons], got.Base[:axons], got.Format[:axons]
		want.WeightBits, got.WeightBits = nil, nil
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
			t.Fatal(d)
		}
		compared++
	})
	t.Log(compared, "programs compared")
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

// TestWords pins the bits of every word against docs/memorymap.md.
func TestWords(t *testing.T) {
	net := &fixed.Network{Input: snn.Flat(1), Layers: []fixed.Layer{
		{Name: "1", In: snn.Flat(1), Out: snn.Flat(1), Weight: []int16{-255}, WeightBits: 8, WeightExp: -8, Mode: fixed.Inhibitory,
			Neuron: fixed.CUBA{IDecay: 4096, VDecay: 1, VTh: 1 << 17, RefDelay: 64}, BiasMant: []int16{-4096}, BiasExp: -7, Delay: []uint8{62}},
		{Name: "2", In: snn.Flat(1), Out: snn.Flat(2), Weight: []int16{-2, 254}, WeightBits: 8, WeightExp: 7,
			Neuron: fixed.CUBA{IDecay: 1, VDecay: 4096, VTh: 3, RefDelay: 1}, BiasMant: []int16{-1, 4095}, BiasExp: 7},
	}}
	p, err := compile.Compile(net, board(t))
	check(t, err)
	m, err := fpga.Encode(p)
	check(t, err)
	for _, c := range []struct {
		region fpga.Region
		words  []uint64
	}{
		{fpga.Config, []uint64{1<<24 | 3}},
		{fpga.Profiles, []uint64{
			4096 | 1<<13 | 0b1000<<26 | 1<<17<<32 | 64<<50 | 0b1001<<57,
			1 | 4096<<13 | 7<<26 | 3<<32 | 1<<50 | 7<<57}},
		{fpga.Neurons, []uint64{0x1000, 0x1FFF | 1<<13, 0x0FFF | 1<<13, 0}},
		{fpga.Axons, []uint64{0 | 1<<16 | 2<<25, 1 | 2<<16 | 0<<25}},
		{fpga.Synapses, []uint64{0 | 255<<8, 1 | 0xFF<<8, 2 | 127<<8, 0}},
		{fpga.RouteIndex, []uint64{0 | 1<<9, 1, 1, 0}},
		{fpga.Routes, []uint64{1 | 62<<9, 0}},
	} {
		var got []uint64
		for b := m[c.region]; len(b) > 0; b = b[c.region.WordBits()/8:] {
			switch c.region.WordBits() {
			case 16:
				got = append(got, uint64(binary.LittleEndian.Uint16(b)))
			case 32:
				got = append(got, uint64(binary.LittleEndian.Uint32(b)))
			case 64:
				got = append(got, binary.LittleEndian.Uint64(b))
			}
		}
		if c.region == fpga.Axons {
			if len(got) != fpga.MaxAxons {
				t.Errorf("%d axon rows", len(got))
			}
			got = got[:2]
		}
		if !slices.Equal(got, c.words) {
			t.Errorf("%v: %#x, want %#x", c.region, got, c.words)
		}
	}
}

// TestFull fills fields to their ends: 63 routes of a neuron, 256 neurons.
func TestFull(t *testing.T) {
	net := &fixed.Network{Input: snn.Flat(64), Layers: []fixed.Layer{
		{Name: "1", In: snn.Flat(64), Out: snn.Flat(6), Weight: make([]int16, 6*64), WeightBits: 8, Neuron: fixed.CUBA{RefDelay: 1}},
		{Name: "2", In: snn.Flat(6), Out: snn.Flat(250), Weight: make([]int16, 250*6), WeightBits: 8, Neuron: fixed.CUBA{RefDelay: 1}, SynDelay: make([]uint8, 250*6)}}}
	for _, l := range net.Layers {
		for i := range l.Weight {
			l.Weight[i] = int16(2 * (i%100 + 1))
		}
		for i := range l.SynDelay {
			l.SynDelay[i] = uint8(i / 6 % 63)
		}
	}
	p, err := compile.Compile(net, board(t))
	check(t, err)
	m, err := fpga.Encode(p)
	check(t, err)
	back, err := fpga.DecodeImage(m)
	check(t, err)
	c := &back.Cores[0]
	if len(c.Profile) != 256 || c.OutStart[1] != 63 || len(c.Route) != 6*63 || len(c.Target) != 64*6+250*6 {
		t.Errorf("%d neurons, %d routes, %d synapses", len(c.Profile), len(c.Route), len(c.Target))
	}
	if d := cmp.Diff(p.Cores[0].Route, c.Route); d != "" {
		t.Error(d)
	}
}

func TestForeignProgram(t *testing.T) {
	loihi, err := targets.Lookup("loihi1")
	check(t, err)
	net := &fixed.Network{Input: snn.Flat(1), Layers: []fixed.Layer{{Name: "1", In: snn.Flat(1), Out: snn.Flat(1), Weight: []int16{2},
		WeightBits: 8, SynDelay: []uint8{1}, Neuron: fixed.CUBA{RefDelay: 1}}}}
	p, err := compile.Compile(net, loihi)
	check(t, err)
	var e *diag.Error
	if _, err := fpga.Encode(p); !errors.As(err, &e) || e.Code != "image-target" {
		t.Error(err)
	}
}

func TestBadImage(t *testing.T) {
	good := func() *fpga.Image {
		net := &fixed.Network{Input: snn.Flat(1), Layers: []fixed.Layer{
			{Name: "1", In: snn.Flat(1), Out: snn.Flat(1), Weight: []int16{2}, WeightBits: 8, Neuron: fixed.CUBA{RefDelay: 1}},
			{Name: "2", In: snn.Flat(1), Out: snn.Flat(1), Weight: []int16{2}, WeightBits: 8, Neuron: fixed.CUBA{RefDelay: 1}}}}
		p, err := compile.Compile(net, board(t))
		check(t, err)
		m, err := fpga.Encode(p)
		check(t, err)
		return m
	}
	for name, spoil := range map[string]func(m *fpga.Image){
		"nothing":        func(m *fpga.Image) { *m = fpga.Image{} },
		"version":        func(m *fpga.Image) { m[fpga.Config][3] = 2 },
		"no neurons":     func(m *fpga.Image) { m[fpga.Config][0] = 0 },
		"many neurons":   func(m *fpga.Image) { m[fpga.Config][0], m[fpga.Config][1] = 1, 1 },
		"neurons end":    func(m *fpga.Image) { m[fpga.Config][0] = 3 },
		"profile":        func(m *fpga.Image) { m[fpga.Neurons][1] = 1 << 5 },
		"decay":          func(m *fpga.Image) { m[fpga.Profiles][0], m[fpga.Profiles][1] = 1, 0x10 },
		"refractory":     func(m *fpga.Image) { m[fpga.Profiles][6] = 0 },
		"threshold":      func(m *fpga.Image) { m[fpga.Profiles][6] |= 3 },
		"mode":           func(m *fpga.Image) { m[fpga.Axons][3] = 3 << 1 },
		"row beyond end": func(m *fpga.Image) { m[fpga.Axons][0] = 9 },
		"target":         func(m *fpga.Image) { m[fpga.Synapses][0] = 2 },
		"routes end":     func(m *fpga.Image) { m[fpga.RouteIndex][0] = 9 },
		"delay":          func(m *fpga.Image) { m[fpga.Routes][1] = 63 << 1 },
		"two sources":    func(m *fpga.Image) { m[fpga.RouteIndex][3] = 1 << 1; m[fpga.RouteIndex][2] = 0 },
	} {
		m := good()
		spoil(m)
		var e *diag.Error
		if _, err := fpga.DecodeImage(m); !errors.As(err, &e) || e.Kind != diag.Input {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzDecodeImage overlays the memories of a valid program with anything; what
// is accepted must run.
func FuzzDecodeImage(f *testing.F) {
	net := &fixed.Network{Input: snn.Flat(2), Layers: []fixed.Layer{
		{Name: "1", In: snn.Flat(2), Out: snn.Flat(3), Weight: []int16{20, 4, 60, 8, 10, 12}, WeightBits: 8, Neuron: fixed.CUBA{RefDelay: 1, VTh: 3}, Delay: []uint8{0, 1, 5}},
		{Name: "2", In: snn.Flat(3), Out: snn.Flat(2), Weight: []int16{2, 4, 6, 8, 10, 12}, WeightBits: 8, Neuron: fixed.CUBA{RefDelay: 2}}}}
	p, err := compile.Compile(net, board(f))
	check(f, err)
	valid, err := fpga.Encode(p)
	check(f, err)
	for r := range valid {
		f.Add(byte(r), uint16(0), valid[r][:min(len(valid[r]), 64)], byte(r+1), uint16(2), []byte{1, 2, 3})
	}
	f.Fuzz(func(t *testing.T, r1 byte, at1 uint16, d1 []byte, r2 byte, at2 uint16, d2 []byte) {
		m := fpga.Image{}
		for r := range m {
			m[r] = make([]byte, fpga.Region(r).Bytes())
			copy(m[r], valid[r])
		}
		for _, o := range []struct {
			r  byte
			at uint16
			d  []byte
		}{{r1, at1, d1}, {r2, at2, d2}} {
			region := m[int(o.r)%len(m)]
			copy(region[int(o.at)%len(region):], o.d)
		}
		p, err := fpga.DecodeImage(&m)
		if err != nil {
			return
		}
		machine, err := sim.New(p)
		check(t, err)
		for a := range 70 {
			check(t, machine.Inject(0, a))
			machine.Step()
		}
	})
}
