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

func board(t testing.TB) *fpga.Board { return named(t, "icebreaker") }

func named(t testing.TB, name string) *fpga.Board {
	x, err := targets.Lookup(name)
	check(t, err)
	return x.(*fpga.Board)
}

// draw compiles a random network for the board; ok is false when it does not fit.
func draw(t *rapid.T, target compile.Target) (*fixed.Network, *compile.Program, bool) {
	net := nettest.Network(t, nettest.Config{AllSRM: slices.Contains(target.Limits().NeuronKinds, snn.SRM), MaxVTh: fixed.MaxVTh, MaxDelay: 62, MaxSynDelay: rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "synaptic delay")})
	p, err := compile.Compile(net, target)
	var e *diag.Error
	if errors.As(err, &e) && e.Kind == diag.Limit {
		return net, nil, false
	}
	check(t, err)
	return net, p, true
}

// many returns a board of four small cores.
func many(t testing.TB) *fpga.Board {
	x, err := targets.Parse("many", []byte("inherits = \"up5k\"\n[limits]\ncores_per_chip = 4\nneurons = 16\naxons_in = 100\nsynapse_words = 4000"))
	check(t, err)
	return x.(*fpga.Board)
}

// TestImage: what is read back from the memories is what was compiled.
func TestImage(t *testing.T) {
	for name, target := range map[string]*fpga.Board{"one core": board(t), "four cores": many(t), "srm": named(t, "icebreaker-srm")} {
		t.Run(name, func(t *testing.T) {
			compared, cores := 0, 0
			rapid.Check(t, func(t *rapid.T) {
				_, p, ok := draw(t, target)
				if !ok {
					return
				}
				m, err := fpga.Encode(p)
				check(t, err)
				back, err := fpga.DecodeImage(m)
				check(t, err)
				if len(back.Cores) != len(p.Cores) {
					t.Fatal(len(back.Cores), "cores")
				}
				for i := range p.Cores {
					if d := cmp.Diff(tables(&p.Cores[i]), tables(&back.Cores[i]), cmpopts.EquateEmpty()); d != "" {
						t.Fatalf("core %d: %s", i, d)
					}
				}
				compared++
				cores += len(p.Cores)
			})
			t.Log(compared, "programs compared on", cores, "cores")
			if compared == 0 || target.Info().Cores > 1 && cores < 3*compared/2 {
				t.Error("too little was compared")
			}
		})
	}
}

// tables returns a core without what the memories do not say: weight widths, its place, and
// how a bias is split into mantissa and exponent.
func tables(c *compile.Core) any {
	bare := *c
	bare.WeightBits, bare.Slot, bare.Bias = nil, 0, nil
	bare.X, bare.Y, bare.Chip = 0, 0, 0
	bare.Profiles = slices.Clone(c.Profiles)
	for i := range bare.Profiles {
		bare.Profiles[i].BiasExp = 0
	}
	bias := make([]int64, len(c.Bias))
	for n, b := range c.Bias {
		bias[n] = fixed.Shift(int64(b), c.Profiles[c.Profile[n]].BiasExp)
	}
	return struct {
		Core compile.Core
		Bias []int64
	}{bare, bias}
}

// TestRows: a row is stored in the form that takes fewer words, which is what RowWords says,
// and comes back.
func TestRows(t *testing.T) {
	target := board(t)
	words := func(n, span int) int {
		w, _ := target.RowWords(&compile.RowShape{N: int32(n), Span: int32(span)})
		return w
	}
	for _, c := range []struct{ n, span, want int }{{0, 0, 0}, {1, 1, 4}, {4, 256, 4}, {5, 256, 8}, {5, 8, 4}, {64, 64, 32}, {64, 256, 64}, {256, 256, 128}} {
		if got := words(c.n, c.span); got != c.want {
			t.Errorf("%d synapses among %d: %d words, want %d", c.n, c.span, got, c.want)
		}
	}
	for span := 1; span <= 256; span++ {
		for n := 1; n <= span; n++ {
			if words(n, span) < words(n-1, span) || n < span && words(n, span) < words(n, span-1) {
				t.Fatal("RowWords falls at", n, span)
			}
		}
	}
	dense, compared := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.IntRange(0, 255).Draw(t, "first")
		c := &compile.Core{Profiles: []compile.Profile{{Neuron: fixed.CUBA{RefDelay: 1}}}, Profile: make([]uint8, 256), Bias: make([]int16, 256),
			OutStart: make([]uint32, 257), Row: []uint16{0}, RowStart: []uint32{0}, Mode: []fixed.SignMode{fixed.Excitatory}}
		skip := rapid.SampledFrom([]int{0, 1, 9}).Draw(t, "skip")
		for n := first; n < 256; n += 1 + rapid.IntRange(0, skip).Draw(t, "gap") {
			c.Target = append(c.Target, uint16(n))
			c.Code = append(c.Code, uint8(rapid.IntRange(1, 255).Draw(t, "code")))
		}
		c.RowStart = append(c.RowStart, uint32(len(c.Target)))
		m, err := fpga.Encode(&compile.Program{Cores: []compile.Core{*c}})
		check(t, err)
		if got, want := len(m[0][fpga.Synapses])/2, words(len(c.Target), int(c.Target[len(c.Target)-1])-first+1); got != want {
			t.Fatalf("%d words, RowWords says %d", got, want)
		}
		back, err := fpga.DecodeImage(m)
		check(t, err)
		if got := &back.Cores[0]; !slices.Equal(got.Target, c.Target) || !slices.Equal(got.Code, c.Code) {
			t.Fatal("the row changed")
		}
		dense += int(m[0][fpga.Axons][2] >> 6 & 1)
		compared++
	})
	t.Logf("compared %d rows, %d of them dense", compared, dense)
	if dense == 0 || dense == compared {
		t.Error("too little was compared")
	}
}

// TestWords pins the bits of every word against docs/memorymap.md.
func TestWords(t *testing.T) {
	pin(t, board(t), &fixed.Network{Input: snn.Flat(1), Layers: []fixed.Layer{
		{Name: "1", In: snn.Flat(1), Out: snn.Flat(1), Weight: []int16{-255}, WeightBits: 8, WeightExp: -8, Mode: fixed.Inhibitory,
			Neuron: fixed.CUBA{IDecay: 4096, VDecay: 1, VTh: 1 << 17, RefDelay: 64}, BiasMant: []int16{-4096}, BiasExp: -7, Delay: []uint8{62}},
		{Name: "2", In: snn.Flat(1), Out: snn.Flat(2), Weight: []int16{-2, 254}, WeightBits: 8, WeightExp: 7,
			Neuron: fixed.CUBA{IDecay: 1, VDecay: 4096, VTh: 3, RefDelay: 1}, BiasMant: []int16{-1, 4095}, BiasExp: 7},
	}}, []words{
		{fpga.Config, []uint64{2<<24 | 3}},
		{fpga.Profiles, []uint64{
			0 | 4095<<13 | 0b1000<<26 | 1<<17<<32 | 63<<50,
			4095 | 0<<13 | 7<<26 | 3<<32 | 0<<50}},
		{fpga.Neurons, []uint64{0xFFFE0, 0xFFF80 | 1<<20, 4095<<7 | 1<<20}},
		{fpga.Axons, []uint64{0 | 1<<14 | 2<<20, 1 | 1<<14 | 0<<20}},
		{fpga.Synapses, []uint64{0 | 255<<8, 0, 0, 0, 1 | 0xFF<<8, 2 | 127<<8, 0, 0}},
		{fpga.RouteIndex, []uint64{0 | 1<<9, 0, 0}},
		{fpga.Routes, []uint64{1 | 62<<9}},
	})
	pin(t, named(t, "icebreaker-srm"), &fixed.Network{Input: snn.Flat(1), Layers: []fixed.Layer{
		{Name: "1", In: snn.Flat(1), Out: snn.Flat(1), Weight: []int16{-2}, WeightBits: 8, WeightExp: -8, BiasMant: []int16{-4096}, BiasExp: 7,
			Neuron: fixed.SRM{SDecay: 4096, SShift: 15, RDecay: 1, XDecay: 0, RShift: 1, Kick: 1<<17 - 1, VTh: 1 << 17}},
		{Name: "2", In: snn.Flat(1), Out: snn.Flat(1), Weight: []int16{4}, WeightBits: 8, WeightExp: 7,
			Neuron: fixed.SRM{SDecay: 1, SShift: 2, RDecay: 4096, XDecay: 4095, RShift: 14, Kick: 1, VTh: 3}},
	}}, []words{
		{fpga.Config, []uint64{3<<24 | 1<<16 | 2}},
		{fpga.Profiles, []uint64{
			0 | 4096<<13 | 0b1000<<26 | 1<<17<<32 | 15<<50 | 1<<54, 4095 | (1<<17-1)<<13,
			4095 | 1<<13 | 7<<26 | 3<<32 | 2<<50 | 14<<54, 0 | 1<<13}},
		{fpga.Neurons, []uint64{0x80000, 1 << 20}},
	})
}

// words are what a region must hold.
type words struct {
	region fpga.Region
	words  []uint64
}

// pin compares what Encode makes of a network.
func pin(t *testing.T, b *fpga.Board, net *fixed.Network, want []words) {
	p, err := compile.Compile(net, b)
	check(t, err)
	m, err := fpga.Encode(p)
	check(t, err)
	for _, c := range want {
		var got []uint64
		for b := m[0][c.region]; len(b) > 0; b = b[c.region.WordBits()/8:] {
			switch c.region.WordBits() {
			case 16:
				got = append(got, uint64(binary.LittleEndian.Uint16(b)))
			case 32:
				got = append(got, uint64(binary.LittleEndian.Uint32(b)))
			case 64:
				got = append(got, binary.LittleEndian.Uint64(b))
			}
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
	up5k, err := targets.Lookup("up5k") // the icebreaker has fewer routes
	check(t, err)
	p, err := compile.Compile(net, up5k)
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
	net.Layers[0].SynDelay = nil
	p, err = compile.Compile(net, board(t))
	check(t, err)
	c := &p.Cores[0]
	c.Profile, c.Bias, c.OutStart = append(c.Profile, 1), append(c.Bias, 0), append(c.OutStart, 0)
	c.Profiles = append(c.Profiles, compile.Profile{Neuron: fixed.SRM{VTh: 1}}) // beside the CUBA neuron
	if _, err := fpga.Encode(p); !errors.As(err, &e) || e.Code != "image-target" {
		t.Error(err)
	}
}

func TestBadImage(t *testing.T) {
	good := func() fpga.Image {
		net := &fixed.Network{Input: snn.Flat(1), Layers: []fixed.Layer{
			{Name: "1", In: snn.Flat(1), Out: snn.Flat(1), Weight: []int16{2}, WeightBits: 8, Neuron: fixed.CUBA{RefDelay: 1}},
			{Name: "2", In: snn.Flat(1), Out: snn.Flat(1), Weight: []int16{2}, WeightBits: 8, Neuron: fixed.CUBA{RefDelay: 1}}}}
		p, err := compile.Compile(net, board(t))
		check(t, err)
		m, err := fpga.Encode(p)
		check(t, err)
		return m
	}
	for name, spoil := range map[string]func(m *fpga.Memory){
		"nothing":        func(m *fpga.Memory) { *m = fpga.Memory{} },
		"version":        func(m *fpga.Memory) { m[fpga.Config][3] = 1 },
		"no neurons":     func(m *fpga.Memory) { m[fpga.Config][0] = 0 },
		"many neurons":   func(m *fpga.Memory) { m[fpga.Config][0], m[fpga.Config][1] = 1, 1 },
		"neurons end":    func(m *fpga.Memory) { m[fpga.Config][0] = 3 },
		"profile":        func(m *fpga.Memory) { m[fpga.Neurons][4+2] = 1 << 4 },
		"bias":           func(m *fpga.Memory) { m[fpga.Neurons][0], m[fpga.Neurons][4+2] = 1, 4 },
		"decay":          func(m *fpga.Memory) { m[fpga.Profiles][0], m[fpga.Profiles][1] = 1, 0x10 },
		"threshold":      func(m *fpga.Memory) { m[fpga.Profiles][6] |= 3 },
		"mode":           func(m *fpga.Memory) { m[fpga.Axons][2] |= 3 << 4 },
		"row beyond end": func(m *fpga.Memory) { m[fpga.Axons][2] |= 15 },
		"target":         func(m *fpga.Memory) { m[fpga.Synapses][0] = 2 },
		"target twice":   func(m *fpga.Memory) { copy(m[fpga.Synapses][2:], m[fpga.Synapses][:2]) },
		"dense target":   func(m *fpga.Memory) { m[fpga.Axons][2] |= 1 << 6; m[fpga.Synapses][5] = 1 },
		"routes end":     func(m *fpga.Memory) { m[fpga.RouteIndex][0] = 9 },
		"routes go on":   func(m *fpga.Memory) { m[fpga.Routes][1] |= 1 << 7 },
		"delay":          func(m *fpga.Memory) { m[fpga.Routes][1] = 63 << 1 },
		"core":           func(m *fpga.Memory) { m[fpga.Routes][2] = 1 },
		"two sources":    func(m *fpga.Memory) { m[fpga.RouteIndex][4+1] = 1 << 1 },
	} {
		m := good()
		spoil(&m[0])
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
	var images []fpga.Image // the highest bit of r1 says which
	for _, name := range []string{"icebreaker", "icebreaker-srm"} {
		p, err := compile.Compile(net, named(f, name))
		check(f, err)
		image, err := fpga.Encode(p)
		check(f, err)
		for r, data := range image[0] {
			f.Add(byte(r|len(images)<<7), uint16(0), data[:min(len(data), 64)], byte(r+1), uint16(2), []byte{1, 2, 3})
		}
		images = append(images, image)
		net.Layers[0].Neuron, net.Layers[1].Neuron = fixed.SRM{SDecay: 900, SShift: 1, Kick: 20, VTh: 3}, fixed.SRM{VTh: 9}
	}
	f.Fuzz(func(t *testing.T, r1 byte, at1 uint16, d1 []byte, r2 byte, at2 uint16, d2 []byte) {
		m := make(fpga.Image, 1)
		for r := range fpga.RegionCount {
			m[0][r] = make([]byte, r.Words()*r.WordBits()/8)
			copy(m[0][r], images[r1>>7][0][r])
		}
		for _, o := range []struct {
			r  byte
			at uint16
			d  []byte
		}{{r1 & 0x7F, at1, d1}, {r2, at2, d2}} {
			region := m[0][int(o.r)%len(m[0])]
			copy(region[int(o.at)%len(region):], o.d)
		}
		p, err := fpga.DecodeImage(m)
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
