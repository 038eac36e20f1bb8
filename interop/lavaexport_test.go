package interop

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/isospike/isospike/internal/hdf5"
	"github.com/isospike/isospike/internal/shared"
	"github.com/isospike/isospike/internal/tool"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"pgregory.net/rapid"
)

// normal returns n as a .net file can hold it: exponents in the weights and none elsewhere,
// signs inferred, dense populations flat, nothing where all is 0.
func normal(n *fixed.Network) *fixed.Network {
	c := *n
	c.Reset, c.Layers = fixed.Reset{}, slices.Clone(n.Layers)
	for k := range c.Layers {
		l := &c.Layers[k]
		wide := make([]int32, len(l.Weight))
		plane, fan := 1, l.In.Size() // neurons and weights that share an exponent
		if l.Kernel != nil {
			plane, fan = l.Out.W*l.Out.H, len(wide)/l.Out.C
		}
		for i, w := range l.Weight {
			wide[i] = int32(fixed.Shift(int64(w), l.Exp(i/fan*plane)))
		}
		exp, bits := stored(wide)
		weights := make([]int16, len(wide))
		for i, w := range wide {
			weights[i] = int16(fixed.Shift(int64(w), -exp))
		}
		l.Name, l.Weight, l.WeightExp, l.WeightBits, l.Mode, l.NeuronExp = "", weights, exp, bits, fixed.InferMode(weights), nil
		var mants []int16
		for o := range l.Out.Size() {
			mants = append(mants, int16(l.Bias(o)>>netxBiasExp))
		}
		l.BiasMant, l.BiasExp = mants, netxBiasExp
		if !slices.ContainsFunc(mants, func(b int16) bool { return b != 0 }) {
			l.BiasMant, l.BiasExp = nil, 0
		}
		if !slices.ContainsFunc(l.Delay, func(d uint8) bool { return d > 0 }) {
			l.Delay = nil
		}
	}
	return &c
}

// stored returns the exponent and the bits of weights, by trying.
func stored(wide []int32) (exp, bits int) {
	least, most := slices.Min(wide), slices.Max(wide)
	if least >= 0 || most <= 0 {
		for max(most, -least)>>exp > 255 {
			exp++
		}
		return exp, 8
	}
	for ; ; exp++ {
		even, whole := true, true
		for _, w := range wide {
			even, whole = even && w%(2<<exp) == 0, whole && w%(1<<exp) == 0
		}
		switch {
		case even && least>>exp >= -256 && most>>exp <= 254:
			return exp, 8
		case exp == 0 && least >= -128 && most <= 127:
			return -1, 8
		case whole && least>>exp >= -255 && most>>exp <= 255:
			return exp, 9
		}
	}
}

// throughLava writes n as a .net file and reads that.
func throughLava(t interface{ Fatal(...any) }, l *LavaNet) *LavaNet {
	b := l.Bytes()
	root, err := hdf5.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	back, err := readLava(root)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// asNetx is the network of a file with the delays where netx puts them: on the synapses
// into the neuron.
func asNetx(n *fixed.Network) *fixed.Network {
	c := *n
	c.Layers = slices.Clone(n.Layers)
	for k := range c.Layers {
		l := &c.Layers[k]
		for i := range len(l.Weight) * min(1, len(l.Delay)) {
			l.SynDelay = append(l.SynDelay, l.Delay[i/l.In.Size()])
		}
		l.Delay = nil
	}
	return &c
}

// TestLavaRoundTrip: what is exported is read back as the same network, and computes the
// same spikes and states; with the delays at netx's place the same, each neuron's later
// by its delay. What is refused has a reason.
func TestLavaRoundTrip(t *testing.T) {
	equal, wider, spikes, moved, refused := 0, 0, 0, 0, map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		n := net(t)
		if err := n.Validate(); err != nil {
			t.Fatal(err)
		}
		l, notes, err := ToLava(n)
		if err != nil {
			var d *diag.Error
			if !errors.As(err, &d) || d.Code != "lava-export" || d.Layer == "" {
				t.Fatal(err)
			}
			refused[strings.Join(strings.Fields(d.Msg)[4:8], " ")]++
			return
		}
		back, changed, err := throughLava(t, l).Fixed()
		if err != nil || len(changed) > 0 {
			t.Fatal(err, changed)
		}
		if slices.ContainsFunc(notes, func(s string) bool { return strings.Contains(s, "border") }) {
			wider++
		} else {
			for k := range back.Layers {
				back.Layers[k].Name = ""
			}
			if d := cmp.Diff(normal(n), back, cmpopts.EquateEmpty()); d != "" {
				t.Fatal(d)
			}
			equal++
		}
		const ticks = 60
		in := noise(t, n.Input.Size(), ticks)
		if back.Reset = n.Reset; len(notes) == 0 && n.Reset.Interval > 0 {
			t.Fatal("nothing says that the reset is not in the file")
		}
		want, _ := n.Run(in, ticks, true)
		got, _ := back.Run(in, ticks, true)
		late, _ := asNetx(back).Run(in, ticks, false)
		for k := range want {
			if d := cmp.Diff(want[k].U, got[k].U) + cmp.Diff(want[k].V, got[k].V); d != "" || want[k].Spikes.Diff(got[k].Spikes) != 0 {
				t.Fatalf("layer %d: %s", k, d)
			}
			spikes += want[k].Spikes.Count()
			for tick := range ticks {
				for _, o := range want[k].Spikes.At(tick) {
					if d := n.Layers[k].AxonDelay(int(o)); tick+d < ticks && !slices.Contains(late[k].Spikes.At(tick+d), o) {
						t.Fatalf("layer %d: neuron %d fires at tick %d, and in netx not %d later", k, o, tick, d)
					} else if d > 0 {
						moved++
					}
				}
			}
			if late[k].Spikes.Count() > want[k].Spikes.Count() {
				t.Fatal("netx has spikes of its own")
			}
		}
	})
	t.Logf("compared %d networks exactly, %d with wider kernels, %d spikes, %d of delayed neurons; refused: %v", equal, wider, spikes, moved, refused)
	if equal == 0 || spikes == 0 {
		t.Error("nothing was compared")
	}
}

// TestLavaExportOfGold: networks that lava-dl wrote come back as they were, keys, types
// and shapes of the datasets included.
func TestLavaExportOfGold(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(shared.Dir(t, "gold", "lava_runtime", "nets"), "*.net"))
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	python := tool.Python(t, "h5py")
	list := func(path string) string {
		out, err := exec.Command(python, "../internal/hdf5/testdata/list.py", path).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(out), " -0.0", " 0.0") // lava-dl rounds to -0 as well
	}
	compared := 0
	for _, path := range paths {
		want, err := ReadLavaNet(path)
		if err != nil {
			t.Fatal(err)
		}
		n, _, err := want.Fixed()
		if err != nil {
			t.Fatal(err)
		}
		got, notes, err := ToLava(n)
		if err != nil || len(notes) > 0 {
			t.Fatal(err, notes)
		}
		if d := cmp.Diff(want, throughLava(t, got)); d != "" {
			t.Error(d)
		}
		again := filepath.Join(t.TempDir(), "again.net")
		if err := os.WriteFile(again, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(list(path), list(again)); d != "" {
			t.Errorf("%s as h5py lists it: %.2000s", path, d)
		}
		for _, l := range n.Layers {
			compared += len(l.Weight)
		}
	}
	t.Logf("compared %d networks, %d weights", len(paths), compared)
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

// TestLavaExportRefuses: everything that netx drops, ignores or fails at is refused with the
// layer and the reason.
func TestLavaExportRefuses(t *testing.T) {
	cuba := fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: 80, RefDelay: 1}
	dense := func(weights ...int16) *fixed.Network {
		in := len(weights) / 2
		return &fixed.Network{Input: snn.Flat(in), Layers: []fixed.Layer{{Name: "fc", In: snn.Flat(in), Out: snn.Flat(2), Weight: weights,
			WeightBits: 8, Mode: fixed.InferMode(weights), Neuron: cuba}}}
	}
	conv := func() *fixed.Network {
		shape := snn.Shape{W: 3, H: 3, C: 1}
		n := &fixed.Network{Input: shape, Layers: []fixed.Layer{{Name: "c", In: shape, Out: shape, Kernel: fixed.Square(3, 1, 1, 1, 1),
			Weight: make([]int16, 9), WeightBits: 8, Mode: fixed.Excitatory, Neuron: cuba}}}
		n.Layers[0].Weight[4] = 100
		return n
	}
	for want, n := range map[string]*fixed.Network{
		"synaptic delays":                                  with(dense(2, 4), func(n *fixed.Network) { n.Layers[0].SynDelay = []uint8{1, 2} }),
		"refractory delay is 2":                            with(dense(2, 4), func(n *fixed.Network) { c := cuba; c.RefDelay = 2; n.Layers[0].Neuron = c }),
		"weight exponent is -2":                            with(dense(4, 6), func(n *fixed.Network) { n.Layers[0].WeightExp = -2 }),
		"weight 1 is 300":                                  with(dense(2, 150), func(n *fixed.Network) { n.Layers[0].WeightExp = 1 }),
		"all its weights are 0":                            dense(0, 0),
		"weight 0, -255, shifted left by 0 as one of 9":    dense(-255, 0),
		"weight 0, -128, shifted left by 1 as one of 1":    dense(-128, 0),
		"the bias of neuron 1 is 65":                       with(dense(2, 4), func(n *fixed.Network) { n.Layers[0].BiasMant = []int16{64, 65} }),
		"the bias of neuron 0 is 524160":                   with(dense(2, 4), func(n *fixed.Network) { n.Layers[0].BiasMant, n.Layers[0].BiasExp = []int16{4095, 0}, 7 }),
		"weight 0, -128, shifted left by 1 as one of 6 ":   dense(-128, -2),
		"the bias of neuron 0 is 262144":                   with(dense(2, 4), func(n *fixed.Network) { n.Layers[0].BiasMant, n.Layers[0].BiasExp = []int16{2048, 0}, 7 }),
		"a delay of 3 and a bias":                          with(dense(2, 4), func(n *fixed.Network) { n.Layers[0].BiasMant, n.Layers[0].Delay = []int16{64, 0}, []uint8{3, 0} }),
		"a delay of 4 and the network is reset":            with(dense(2, 4), func(n *fixed.Network) { n.Reset.Interval, n.Layers[0].Delay = 20, []uint8{0, 4} }),
		"netx drops the delays of convolutions":            with(conv(), func(n *fixed.Network) { n.Layers[0].Delay = make([]uint8, 9); n.Layers[0].Delay[8] = 1 }),
		"channel 0 have different biases":                  with(conv(), func(n *fixed.Network) { n.Layers[0].BiasMant = make([]int16, 9); n.Layers[0].BiasMant[8] = 64 }),
		"a convolution has 3 neurons along axis x":         with(conv(), func(n *fixed.Network) { n.Layers[0].Out.W = 2 }),
		"a convolution has 3 neurons along axis y":         with(conv(), func(n *fixed.Network) { n.Layers[0].Out.H = 1 }),
		"its neurons are srm, and only cuba ones":          with(dense(2, 4), func(n *fixed.Network) { n.Layers[0].Neuron = fixed.SRM{VTh: 80} }),
		"its neurons are rf, and only cuba ones":           with(dense(2, 4), func(n *fixed.Network) { n.Layers[0].Neuron = fixed.RF{VTh: 80} }),
		"it takes graded spikes":                           with(dense(2, 4), func(n *fixed.Network) { n.Layers[0].Graded = true }),
		"weight 0, -255, shifted left by 0 as one of 9 mi": dense(-255, 3),
		"weight 0, -3, shifted left by 0 as one of 9 mi":   with(dense(-3, 255), func(n *fixed.Network) { n.Layers[0].WeightBits = 9 }),
		"weight 1 is 512 (exponent 7 applied)":             with(dense(2, 4), func(n *fixed.Network) { n.Layers[0].NeuronExp = []int8{0, 7} }),
		"channel 0 have different weight exponents":        with(conv(), func(n *fixed.Network) { n.Layers[0].NeuronExp = make([]int8, 9); n.Layers[0].NeuronExp[8] = 1 }),
		"a convolution over a dense layer, whose neurons":  with(dense(2, 4), func(n *fixed.Network) { c := conv().Layers[0]; n.Layers = append(n.Layers, c) }),
	} {
		_, _, err := ToLava(n)
		var d *diag.Error
		if !errors.As(err, &d) || !strings.Contains(d.Msg, want) || d.Layer != n.Layers[len(n.Layers)-1].Name {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for _, n := range []*fixed.Network{
		with(dense(2, 4), func(n *fixed.Network) { n.Layers[0].NeuronExp = []int8{3, 1} }),
		with(dense(2, 4), func(n *fixed.Network) { n.Layers[0].BiasMant, n.Layers[0].BiasExp = []int16{-2048, 0}, 7 }),
		dense(64, -2), dense(-63, 62), dense(-254, 0), dense(-256, 254), dense(255, 1), dense(-126, 0), dense(-127, 0), dense(-255, -1), dense(-256, 2),
		with(dense(2, 4), func(n *fixed.Network) { n.Layers[0].BiasMant, n.Layers[0].Delay = []int16{64, 0}, []uint8{0, 3} }),
	} {
		if _, _, err := ToLava(n); err != nil {
			t.Error(err)
		}
	}
}

// TestLavaExportLayers: the layers that netx needs between others, and exponents that go into the weights.
func TestLavaExportLayers(t *testing.T) {
	in, cuba := snn.Shape{W: 2, H: 1, C: 1}, fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: 80, RefDelay: 1}
	n := &fixed.Network{Input: in, Layers: []fixed.Layer{
		{Name: "c", In: in, Out: in, Kernel: fixed.Square(1, 1, 0, 1, 1), Weight: []int16{6}, WeightBits: 8, WeightExp: -1, Neuron: cuba},
		{Name: "d", In: in, Out: snn.Flat(2), Weight: []int16{2, 4, 6, 8}, WeightBits: 8, NeuronExp: []int8{-1, 2}, Neuron: cuba},
		{Name: "e", In: snn.Flat(2), Out: snn.Flat(1), Weight: []int16{8, -4}, WeightBits: 8, WeightExp: -2, Neuron: cuba}}}
	l, _, err := ToLava(n)
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, x := range l.Layers {
		types = append(types, x.Type)
	}
	if want := []string{"input", "conv", "flatten", "dense", "dense"}; !slices.Equal(types, want) {
		t.Fatalf("%v, want %v", types, want)
	}
	for i, want := range map[int][]int32{1: {3}, 3: {1, 2, 24, 32}, 4: {2, -1}} {
		if got := l.Layers[i].Weight.Data; !slices.Equal(got, want) {
			t.Errorf("layer %d has weights %v, want %v", i, got, want)
		}
	}
}

func with(n *fixed.Network, change func(*fixed.Network)) *fixed.Network {
	change(n)
	return n
}

// TestPaperPools: the notation's pools over an odd number of rows, whose last windows are cut,
// export, and compute the same, with the weight that training gives them, of more than 8 bits.
func TestPaperPools(t *testing.T) {
	in := snn.Shape{W: 5, H: 7, C: 2}
	l := fixed.Layer{Name: "1", In: in, Out: snn.Shape{W: 3, H: 4, C: 2}, Kernel: fixed.Square(2, 2, 0, 1, 2), Weight: slices.Repeat([]int16{140}, 8),
		WeightBits: 8, WeightExp: 1, Mode: fixed.Mixed, Neuron: fixed.CUBA{IDecay: 4096, VDecay: 4096, VTh: 256, RefDelay: 1}}
	n := &fixed.Network{Input: in, Layers: []fixed.Layer{l}, Convention: fixed.Axonal}
	net, notes, err := ToLava(n)
	if err != nil || len(notes) != 1 || net.Layers[1].Kernel != [2]int{3, 3} || net.Layers[1].Padding != [2]int{1, 1} {
		t.Fatal(err, notes, net)
	}
	back, _, err := throughLava(t, net).Fixed()
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for i := range in.Size() {
		one := spike.NewRaster(in.Size())
		one.Append(int32(i))
		want, _ := n.Run(one, 3, true)
		got, _ := back.Run(one, 3, true)
		compared += want[0].Spikes.Count()
		if d := cmp.Diff(want[0].U, got[0].U); d != "" {
			t.Errorf("input %d: %s", i, d)
		}
	}
	if compared != in.Size() {
		t.Errorf("compared %d spikes", compared)
	}
}
