package compile_test

import (
	"errors"
	"testing"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/targets"
)

// box is a target of one core with synaptic delays, but for what l says, and of
// one word a synapse.
type box struct{ l compile.Limits }

func (box) Name() string             { return "box" }
func (b box) Limits() compile.Limits { return b.l }
func (box) RowWords(r *compile.RowShape) (int, compile.RowFormat) {
	return int(r.N), compile.Plain
}

func one(set func(l *compile.Limits, amount int), amount int) box {
	b := box{compile.Limits{Chips: 1, CoresPerChip: 1, SynapticDelay: true}}
	set(&b.l, amount)
	return b
}

// TestCoreLimits crosses every limit of a core by one: what a network takes is
// accepted as the limit, one less is refused, by Compile and by Verify.
func TestCoreLimits(t *testing.T) {
	net := network(5, 7, 9, 6)
	net.Layers[1].Mode = fixed.Excitatory
	for o, d := range net.Layers[0].Delay {
		net.Layers[0].Delay[o] = max(1, d) // one width of all rows of a layer
	}
	net.Layers[0].Neuron, net.Layers[1].Neuron = fixed.CUBA{IDecay: 0, VTh: 80, RefDelay: 1}, fixed.CUBA{IDecay: 4096, VTh: 81, RefDelay: 1}
	loose := compiled(t, net, one(func(*compile.Limits, int) {}, 0))
	used := map[string]int64{}
	for _, u := range loose.Manifest.Use {
		used[u.Resource] = u.Used
	}
	tried := 0
	for _, c := range []struct {
		resource, code string
		set            func(l *compile.Limits, amount int)
		want           int64 // by hand
	}{
		{"neurons", "neurons-exceeded", func(l *compile.Limits, n int) { l.Neurons = n }, 15},
		{"delay accumulators", "delay-accumulators-exceeded", func(l *compile.Limits, n int) { l.DelayAccumulators = n }, 15 << 3},
		{"axons in", "axons-in-exceeded", func(l *compile.Limits, n int) { l.AxonsIn = n }, 16},
		{"synapse words", "synapse-words-exceeded", func(l *compile.Limits, n int) { l.SynapseWords = n }, int64(loose.Manifest.Synapses)},
		{"words of one row", "row-words-exceeded", func(l *compile.Limits, n int) { l.RowWords = n }, 9},
		{"profiles", "profiles-exceeded", func(l *compile.Limits, n int) { l.Profiles = n }, 2},
		{"thresholds", "thresholds-exceeded", func(l *compile.Limits, n int) { l.Thresholds = n }, 2},
		{"decay offsets", "decay-offsets-exceeded", func(l *compile.Limits, n int) { l.DecayOffsets = n }, 2},
		{"synapse formats", "synapse-formats-exceeded", func(l *compile.Limits, n int) { l.Formats = n }, 2},
		{"axon-out entries", "axons-out-exceeded", func(l *compile.Limits, n int) { l.AxonsOut = n }, 9},
	} {
		if used[c.resource] != c.want {
			t.Errorf("%s: %d used, want %d", c.resource, used[c.resource], c.want)
		}
		p := compiled(t, net, one(c.set, int(c.want)))
		tight := one(c.set, int(c.want)-1)
		e := failure(t, net, tight)
		if e.Kind != diag.Limit || e.Code != c.code || e.Resource != c.resource || e.Used != c.want || e.Limit != c.want-1 || e.Fix == "" {
			t.Errorf("%s: %+v", c.resource, e)
		}
		t.Logf("%v\n\tfix: %s", e, e.Fix)
		err := compile.Verify(p, tight)
		if !errors.As(err, &e) || e.Kind != diag.Limit || e.Code != c.code || e.Core != "chip 0 core 0,0,0" || e.Used != c.want {
			t.Errorf("Verify, %s: %v", c.resource, err)
		}
		tried++
	}
	if tried != len(used)-3 { // less chips, cores, and axon-out entries of one neuron, for which see TestRoutesPerNeuron
		t.Errorf("%d limits tried of %d", tried, len(used))
	}
}

// TestOneNeuron: a neuron that no core can hold is named.
func TestOneNeuron(t *testing.T) {
	net := network(0, 8, 5)
	for o := range 5 { // neuron 3 alone has 8 inputs
		for i := range 8 {
			net.Layers[0].Weight[o*8+i] = 2
			if o != 3 && i == 0 {
				net.Layers[0].Weight[o*8+i] = 0
			}
		}
	}
	b := box{compile.Limits{AxonsIn: 7}}
	e := failure(t, net, b)
	if e.Layer != "1" || e.Msg != "neuron 3 does not fit on an empty core of box" || e.Used != 8 || e.Limit != 7 {
		t.Error(e)
	}
	b.l.AxonsIn = 8
	if p := compiled(t, net, b); len(p.Cores) != 1 {
		t.Errorf("%d cores", len(p.Cores))
	}
}

func TestCoresAndChips(t *testing.T) {
	net := network(0, 4, 11)
	b := box{compile.Limits{Chips: 2, CoresPerChip: 3, TileCores: 2, MeshWidth: 1, Neurons: 2, Profiles: 1, DecayOffsets: 1}}
	p := compiled(t, net, b)
	want := [][4]int{{0, 0, 0, 0}, {0, 0, 0, 1}, {0, 0, 1, 0}, {1, 0, 0, 0}, {1, 0, 0, 1}, {1, 0, 1, 0}}
	for i, c := range p.Cores {
		if got := [4]int{c.Chip, c.X, c.Y, c.Slot}; got != want[i] {
			t.Errorf("core %d lies at %v, want %v", i, got, want[i])
		}
	}
	e := failure(t, network(0, 4, 13), b)
	if e.Kind != diag.Limit || e.Layer != "1" || e.Resource != "cores" || e.Used != 7 || e.Limit != 6 {
		t.Error(e)
	}
	if want := "cores fill up by their neurons: make the layers smaller or use a target with more cores"; e.Fix != want {
		t.Errorf("fix %q, want %q", e.Fix, want)
	}
	// Verify sees a place that is not there.
	small := b
	small.l.Chips = 1
	if err := compile.Verify(p, small); err == nil {
		t.Error("chip 1 of 1 passed")
	}
	small = b
	small.l.CoresPerChip, small.l.Chips = 2, 3
	if err := compile.Verify(p, small); err == nil {
		t.Error("core 2 of 2 passed")
	}
}

// TestOneCore: where there is but one core, the error tells all that is short.
func TestOneCore(t *testing.T) {
	e := failure(t, network(0, 20, 20, 30), box{compile.Limits{Chips: 1, CoresPerChip: 1, Neurons: 40, AxonsIn: 39, SynapseWords: 1000}})
	if e.Msg != "the network does not fit on the one core of box: it takes 50 neurons of 40, 40 axons in of 39" || e.Layer != "2" || e.Used != 50 {
		t.Error(e)
	}
}

// TestOneCoreShares: what is said of the one core counts shared rows once, and only neurons where they
// are more than a core can number.
func TestOneCoreShares(t *testing.T) {
	net := func(width int) *fixed.Network {
		in := snn.Shape{W: width, H: 1, C: 1}
		l := fixed.Layer{Name: "1", In: in, Out: in, Kernel: &fixed.Kernel{Size: [2]int{3, 1}, Stride: [2]int{1, 1}, Padding: [2]int{1, 0}, Dilation: [2]int{1, 1}, Groups: 1},
			Weight: []int16{2, 4, 6}, WeightBits: 8, Neuron: fixed.CUBA{VTh: 1, RefDelay: 1}}
		return &fixed.Network{Input: in, Convention: fixed.Axonal, Layers: []fixed.Layer{l}}
	}
	one := compile.Limits{Chips: 1, CoresPerChip: 1, SharedRows: true, MaxBase: 15}
	for _, c := range []struct {
		width, neurons, words int
		msg                   string
	}{
		{10, 9, 8, "10 neurons of 9"}, // rows of 2, 3, 2 words
		{10, 9, 6, "10 neurons of 9, 7 synapse words of 6"},
		{70000, 900, 999, "70000 neurons of 900"},
	} {
		one.Neurons, one.SynapseWords = c.neurons, c.words
		if e := failure(t, net(c.width), box{one}); e.Msg != "the network does not fit on the one core of box: it takes "+c.msg || e.Resource != "neurons" {
			t.Errorf("%v, want %s", e, c.msg)
		}
	}
}

// TestFullest: what every core has one of does not fill it, until others of its kind come.
func TestFullest(t *testing.T) {
	n := network(0, 4, 11, 3)
	n.Layers[1].Neuron = n.Layers[0].Neuron
	fullest := func(limits string) compile.Use {
		target := loihiOf(t, limits)
		return compiled(t, n, target).Fullest(target)[0]
	}
	if got, want := fullest("synapse_formats = 0"), (compile.Use{Resource: "neurons", Used: 14, Limit: 1024}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got, want := fullest("synapse_formats = 0\nneurons = 28\naxons_in = 20"), (compile.Use{Resource: "axons in", Used: 15, Limit: 20}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	n.Layers[1].Neuron = fixed.CUBA{IDecay: 7, VTh: 81, RefDelay: 1}
	if got, want := fullest("thresholds = 2\nneurons = 15"), (compile.Use{Resource: "thresholds", Used: 2, Limit: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestLargeTargets: what a target could have costs nothing, only what is used of it.
func TestLargeTargets(t *testing.T) {
	net := network(0, 4, 12, 12)
	for _, l := range []compile.Limits{
		{Neurons: 1, CoresPerChip: 1 << 30, MeshWidth: 1 << 30},
		{Neurons: 1, CoresPerChip: 1 << 30, TileCores: 1 << 30},
		{Neurons: 1, CoresPerChip: 2, MeshWidth: 1 << 30, Chips: 1 << 30},
	} {
		if p := compiled(t, net, box{l}); len(p.Cores) != 24 {
			t.Errorf("%+v: %d cores", l, len(p.Cores))
		}
	}
}

// TestAxonsOut: too few axon-out entries give smaller cores, if there are cores.
func TestAxonsOut(t *testing.T) {
	net := network(0, 4, 12, 32, 3)
	for i := range net.Layers[1].Weight {
		net.Layers[1].Weight[i] = 2 // all 4 cores of layer 2 for every neuron of layer 1
	}
	b := box{compile.Limits{Neurons: 8, AxonsOut: 48}}
	entries := func(p *compile.Program) (most int) {
		for _, c := range p.Cores {
			most = max(most, len(c.Route))
		}
		return most
	}
	if p := compiled(t, net, b); entries(p) <= 24 || len(p.Cores) != 6 {
		t.Errorf("%d entries at most on %d cores", entries(p), len(p.Cores))
	}
	b.l.AxonsOut = 24
	if p := compiled(t, net, b); entries(p) > 24 || len(p.Cores) <= 6 {
		t.Errorf("%d entries at most on %d cores", entries(p), len(p.Cores))
	}
	b.l.AxonsOut = 3 // one neuron of layer 1 has more
	e := failure(t, net, b)
	if e.Code != "axons-out-exceeded" || e.Layer != "1" || e.Core == "" || e.Limit != 3 {
		t.Error(e)
	}
	b.l.AxonsOut, b.l.Chips, b.l.CoresPerChip = 24, 1, 6
	if e := failure(t, net, b); e.Code != "axons-out-exceeded" {
		t.Error(e)
	}
}

func TestRoutesPerNeuron(t *testing.T) {
	net := network(0, 1, 1, 16)
	for i := range net.Layers[1].Weight {
		net.Layers[1].Weight[i] = 2
	}
	b := box{compile.Limits{Neurons: 2, RoutesPerNeuron: 9}} // its own core and 8 more
	compiled(t, net, b)
	b.l.RoutesPerNeuron = 8
	e := failure(t, net, b)
	if e.Code != "routes-exceeded" || e.Layer != "1" || e.Used != 9 || e.Limit != 8 || e.Core != "chip 0 core 0,0,0" {
		t.Error(e)
	}
	t.Logf("%v\n\tfix: %s", e, e.Fix)
	// Four cores a chip: the first route of 9 stays, those to the other chips take two entries.
	b = box{compile.Limits{Neurons: 2, RoutesPerNeuron: 14, CoresPerChip: 4, CrossChipEntries: 2}}
	compiled(t, net, b)
	b.l.RoutesPerNeuron = 13
	if e := failure(t, net, b); e.Used != 14 {
		t.Error(e)
	}
}

// TestFormats crosses the limits of parameters rather than amounts.
func TestFormats(t *testing.T) {
	loihi := lookup(t, "loihi1")
	for _, c := range []struct {
		name, code, layer string
		used, limit       int64
		target            compile.Target
		good, bad         func(n *fixed.Network)
	}{
		{"threshold", "threshold-exceeded", "2", 131072, 131071, loihi,
			func(n *fixed.Network) { n.Layers[1].Neuron = fixed.CUBA{VTh: 131071, RefDelay: 1} },
			func(n *fixed.Network) { n.Layers[1].Neuron = fixed.CUBA{VTh: 131072, RefDelay: 1} }},
		{"delay", "delay-exceeded", "2", 63, 62, loihi,
			func(n *fixed.Network) { n.Layers[0].Delay = []uint8{0, 60}; n.Layers[1].SynDelay = []uint8{0, 2} },
			func(n *fixed.Network) { n.Layers[0].Delay = []uint8{0, 60}; n.Layers[1].SynDelay = []uint8{0, 3} }},
		{"delay in routes", "delay-exceeded", "2", 63, 62, lookup(t, "icebreaker"),
			func(n *fixed.Network) { n.Layers[0].Delay = []uint8{0, 60}; n.Layers[1].SynDelay = []uint8{0, 2} },
			func(n *fixed.Network) { n.Layers[0].Delay = []uint8{0, 60}; n.Layers[1].SynDelay = []uint8{0, 3} }},
		{"short delays", "delay-exceeded", "1", 4, 3, box{compile.Limits{MaxDelay: 3}},
			func(n *fixed.Network) { n.Layers[0].SynDelay = []uint8{0, 3, 0, 0} }, func(n *fixed.Network) { n.Layers[0].SynDelay = []uint8{0, 0, 4, 0} }},
		{"reset", "reset-unsupported", "", 0, 0, lookup(t, "icebreaker"),
			func(*fixed.Network) {}, func(n *fixed.Network) { n.Reset.Interval = 10 }},
	} {
		net := func(change func(n *fixed.Network)) *fixed.Network {
			n := network(0, 2, 2, 1)
			for k := range n.Layers {
				for i := range n.Layers[k].Weight {
					n.Layers[k].Weight[i] = 2
				}
			}
			change(n)
			return n
		}
		compiled(t, net(c.good), c.target)
		e := failure(t, net(c.bad), c.target)
		if e.Kind != diag.Limit || e.Code != c.code || e.Layer != c.layer || e.Used != c.used || e.Limit != c.limit || e.Fix == "" {
			t.Errorf("%s: %+v", c.name, e)
		}
		t.Logf("%v\n\tfix: %s", e, e.Fix)
	}
}

// TestConnections: what Check refuses is not made. The first layer has some 2^30 connections, the
// second 2^34.
func TestConnections(t *testing.T) {
	in := snn.Shape{W: 1 << 15, H: 1, C: 1}
	net := &fixed.Network{Input: in, Convention: fixed.Axonal}
	for k := range 3 {
		kernel := &fixed.Kernel{Size: [2]int{1 << 11, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Groups: 1}
		out := kernel.Output(in)
		out.C = 16
		l := fixed.Layer{Name: string(rune('1' + k)), In: in, Out: out, Kernel: kernel, WeightBits: 8, Neuron: fixed.CUBA{RefDelay: 1}}
		l.Weight = make([]int16, l.Weights())
		net.Layers = append(net.Layers, l)
		in = out
	}
	e := failure(t, net, box{})
	if e.Code != "connections-exceeded" || e.Layer != "2" || e.Limit != 1<<31 || e.Used <= e.Limit {
		t.Errorf("%+v", e)
	}
}

// TestSum crosses the accumulator by one step of the weights: 2^23 is 257 · 255 ·
// 2^7 and 128 more.
func TestSum(t *testing.T) {
	net := network(0, 258, 2)
	l := &net.Layers[0]
	l.WeightExp, l.Mode = 7, fixed.Inhibitory
	clear(l.Weight)
	for i := range 257 {
		l.Weight[258+i] = -255
	}
	p := compiled(t, net, lookup(t, "loihi1")) // 65535 · 128
	l.Weight[258+257] = -1
	e := failure(t, net, lookup(t, "loihi1"))
	if e.Kind != diag.Limit || e.Code != "sum-exceeded" || e.Layer != "1" || e.Msg != "neuron 1: the sum of its inputs could wrap" ||
		e.Used != 1<<23 || e.Limit != 1<<23-1 {
		t.Errorf("%+v", e)
	}
	// The same from the tables.
	c := &p.Cores[0]
	for i := range c.Mode {
		if s := c.RowStart[i]; s < c.RowStart[i+1] {
			c.Mode[i], c.Code[s] = fixed.Mixed, 0x80 // −256
		}
	}
	var d *diag.Error
	if err := compile.Check(p); !errors.As(err, &d) || d.Code != "sum-exceeded" {
		t.Error(err)
	}
	// A negative exponent shifts after the sum, which must fit by itself.
	l.WeightExp = -8
	compiled(t, net, lookup(t, "loihi1"))
	wide := network(0, 32897, 1) // · 255 is 2^23 and 127 more
	l = &wide.Layers[0]
	l.WeightExp, l.Mode = -8, fixed.Excitatory
	for i := range l.Weight {
		l.Weight[i] = 255
	}
	if e := failure(t, wide, box{}); e.Code != "sum-exceeded" || e.Used != 1<<23+127 {
		t.Errorf("%+v", e)
	}
	l.Weight[0] = 127
	compiled(t, wide, box{})
}

// TestKernelLimits crosses the limits of sums and delays by one where a kernel proves most neurons
// to be within them.
func TestKernelLimits(t *testing.T) {
	in := snn.Shape{W: 258, H: 1, C: 1}
	conv := fixed.Layer{Name: "2", In: in, Out: snn.Shape{W: 1, H: 1, C: 2}, Kernel: &fixed.Kernel{Size: [2]int{258, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Groups: 1},
		Weight: make([]int16, 2*258), SynDelay: make([]uint8, 2*258), WeightBits: 8, NeuronExp: []int8{-8, 7}, Mode: fixed.Inhibitory, Neuron: fixed.CUBA{RefDelay: 1}}
	for c := range 2 {
		for i := range 257 {
			conv.Weight[c*258+i] = -255
		}
	}
	before := fixed.Layer{Name: "1", In: in, Out: in, Kernel: fixed.Square(1, 1, 0, 1, 1), Weight: []int16{2}, WeightBits: 8, Neuron: fixed.CUBA{RefDelay: 1}, Delay: make([]uint8, 258)}
	n := &fixed.Network{Input: in, Convention: fixed.Axonal, Layers: []fixed.Layer{before, conv}}
	before.Delay[3], conv.SynDelay[258+3] = 60, 2
	target := lookup(t, "loihi1")
	compiled(t, n, target) // 65535 · 128, 62 ticks
	conv.Weight[257] = -1
	compiled(t, n, target) // as much, but shifted down
	conv.Weight[258+257] = -1
	if e := failure(t, n, target); e.Code != "sum-exceeded" || e.Msg != "neuron 1: the sum of its inputs could wrap" || e.Used != 1<<23 {
		t.Errorf("%+v", e)
	}
	conv.Weight[258+257] = 0
	conv.SynDelay[258+3] = 3
	if e := failure(t, n, target); e.Code != "delay-exceeded" || e.Layer != "2" || e.Used != 63 {
		t.Errorf("%+v", e)
	}
	conv.SynDelay[258+3], conv.SynDelay[4] = 0, 62 // late ones, but never both
	compiled(t, n, target)
}

// TestDelayTradeOff: 2^bits is at least the longest delay and 2 more, and the
// delay accumulators of a Loihi core are 8192.
func TestDelayTradeOff(t *testing.T) {
	for _, c := range []struct{ longest, bits, neurons int }{
		{0, 0, 1024}, {1, 2, 1024}, {2, 2, 1024}, {3, 3, 1024}, {6, 3, 1024}, {7, 4, 512}, {14, 4, 512}, {15, 5, 256}, {30, 5, 256}, {31, 6, 128}, {62, 6, 128},
	} {
		net := network(c.longest, 1, 1, 1300)
		for i := range net.Layers[1].Weight {
			net.Layers[1].Weight[i] = 2
		}
		p := compiled(t, net, lookup(t, "loihi1"))
		most := 0
		for _, core := range p.Cores {
			most = max(most, len(core.Profile))
		}
		// Layer 1 has no delayed inputs and shares the first core.
		if p.Cores[1].DelayBits != c.bits || most != c.neurons {
			t.Errorf("delay %d: %d bits and %d neurons, want %d and %d", c.longest, p.Cores[1].DelayBits, most, c.bits, c.neurons)
		}
	}
}

// TestNeuronKinds: a target that lists its neurons has no others, for Compile and for Verify.
func TestNeuronKinds(t *testing.T) {
	net := network(0, 4, 3, 2)
	net.Layers[1].Neuron = fixed.SRM{SDecay: 390, RDecay: 2589, XDecay: 2589, VTh: 80}
	all := box{compile.Limits{}}
	p := compiled(t, net, all)
	compiled(t, net, box{compile.Limits{NeuronKinds: []string{"srm", "cuba"}}})
	compiled(t, network(0, 4, 3), box{compile.Limits{NeuronKinds: []string{"cuba"}}})
	for _, c := range []struct {
		kinds           []string
		layer, msg, fix string
	}{
		{[]string{"cuba"}, "2", "box has no srm neurons, only cuba", "quantize with --as cuba, or use a target that has srm neurons"},
		{[]string{"rf", "srm"}, "1", "box has no cuba neurons, only rf, srm", "use a target that has cuba neurons"},
	} {
		b := box{compile.Limits{NeuronKinds: c.kinds}}
		e := failure(t, net, b)
		if e.Kind != diag.Limit || e.Code != "neuron-unsupported" || e.Layer != c.layer || e.Msg != c.msg || e.Fix != c.fix {
			t.Errorf("%+v", e)
		}
		if err := compile.Verify(p, b); err == nil {
			t.Errorf("%v: Verify passed", c.kinds)
		}
	}
	// The threshold of either kind counts.
	e := failure(t, net, box{compile.Limits{MaxVTh: 79}})
	if e.Code != "threshold-exceeded" || e.Used != 80 {
		t.Error(e)
	}
	net.Layers[0].Neuron = fixed.CUBA{VTh: 1, RefDelay: 1}
	if e = failure(t, net, box{compile.Limits{MaxVTh: 79}}); e.Layer != "2" || e.Used != 80 {
		t.Error(e)
	}
	compiled(t, net, box{compile.Limits{MaxVTh: 80}})
}

// TestOneCoreFormats: rows of one format on the whole core, but of two on its way there.
func TestOneCoreFormats(t *testing.T) {
	board, err := targets.Parse("one", []byte("inherits = \"icebreaker\"\n[limits]\nsynapse_formats = 1"))
	check(t, err)
	n := network(0, 2, 16)
	for o := range 16 {
		n.Layers[0].Weight[2*o], n.Layers[0].Weight[2*o+1] = 2, 2
	}
	for _, o := range []int{5, 6, 7, 8} { // of the first ten neurons, source 0 has a sparse row and source 1 a dense one
		n.Layers[0].Weight[2*o] = 0
	}
	e := failure(t, n, board)
	if e.Msg != "the network needs 2 cores and one has one" || e.Resource != "cores" || e.Fix == "" {
		t.Errorf("%+v", e)
	}
}
