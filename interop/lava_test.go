package interop

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/internal/hdf5"
	"github.com/isospike/isospike/internal/npy"
	"github.com/isospike/isospike/internal/shared"
	"github.com/isospike/isospike/snn/diag"
)

// even returns the array -8, -6, … that testdata/make.py calls weights.
func even(shape ...int) *LavaArray {
	n := 1
	for _, d := range shape {
		n *= d
	}
	a := &LavaArray{Shape: shape, Data: make([]int32, n)}
	for i := range a.Data {
		a.Data[i] = int32(2*i - 8)
	}
	return a
}

func TestEveryLayerType(t *testing.T) {
	got, err := ReadLavaNet("testdata/layers.net")
	if err != nil {
		t.Fatal(err)
	}
	cuba := &LavaNeuron{Type: "CUBA", Params: map[string]float64{
		"iDecay": 1024, "vDecay": 128, "vThMant": 80, "refDelay": 1, "gradedSpike": 0,
	}}
	sdnn := &LavaNeuron{Type: "SDNN", Activation: "relu", Params: map[string]float64{"vThMant": 13, "sigma_output": 1}}
	rf := &LavaNeuron{Type: "RF_PHASE", Params: map[string]float64{"sinDecay": 100, "cosDecay": 4000, "vThMant": 64}}
	imag := even(2, 2)
	for i := range imag.Data {
		imag.Data[i] *= -1
	}
	kernel := LavaLayer{Kernel: [2]int{2, 3}, Stride: [2]int{1, 2}, Padding: [2]int{0, 1}, Dilation: [2]int{1, 1}, Neuron: cuba}
	conv, pool, convT, unpool := kernel, kernel, kernel, kernel
	conv.Type, conv.Shape, conv.InChannels, conv.OutChannels, conv.Groups = "conv", []int{4, 3, 3}, 2, 4, 2
	conv.Weight, conv.Bias, conv.Delay = even(4, 1, 2, 3), even(4).Data, []int32{0, 1, 2, 62}
	pool.Type, pool.Shape, pool.Weight = "pool", []int{4, 2, 2}, even(1, 1, 2, 3)
	convT.Type, convT.Shape, convT.InChannels, convT.OutChannels, convT.Groups = "convT", []int{6, 4, 4}, 4, 6, 2
	convT.Weight = even(4, 3, 2, 3)
	unpool.Type, unpool.Shape, unpool.Weight = "unpool", []int{6, 8, 8}, even(1, 1, 2, 3)
	want := &LavaNet{Ts: 1, TSample: 300, Layers: []LavaLayer{
		{Type: "input", Shape: []int{2, 4, 6}, Neuron: cuba, Weight: &LavaArray{Shape: []int{1}, Data: []int32{36}}, Bias: []int32{-34}},
		conv, pool, convT, unpool,
		{Type: "flatten", Shape: []int{384, 1, 1}},
		{Type: "dense", Shape: []int{3, 1, 1}, Neuron: sdnn, InFeatures: 2, OutFeatures: 3, Weight: even(3, 2), Bias: even(3).Data},
		{Type: "dense_rec", Shape: []int{2}, Neuron: cuba, InFeatures: 3, OutFeatures: 2, Weight: even(2, 3), WeightRec: even(2, 2)},
		{Type: "dense", Shape: []int{2}, Neuron: rf, InFeatures: 2, OutFeatures: 2, Weight: even(2, 2), WeightImag: imag},
		{Type: "dense", Shape: []int{2}, InFeatures: 2, OutFeatures: 2, Weight: even(2, 2)},
		{Type: "average", Shape: []int{2, 1, 1}},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestRefusals damages the n-th place in layers.net that holds from.
func TestRefusals(t *testing.T) {
	file, err := os.ReadFile("testdata/layers.net")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, from, to string
		n              int
		layer, code    string
	}{
		{"unknown type", "flatten", "latten!", 0, "5", "lava-type"},
		{"missing key", "inFeatures\x00", "outFeature\x00", 0, "6", "lava-key"},
		{"unknown key", "bias\x00", "gain\x00", 1, "1", "lava-key"},
		{"fraction", "\x00\x00\x00\xc1", "\x00\x00\x08\xc1", 0, "1", "lava-value"}, // −8 becomes −8.5
		{"not a number", "\x00\x00\x00\xc1", "\x00\x00\xc0\x7f", 0, "1", "lava-value"},
		{"delay of 64", "\x00\x00\x78\x42", "\x00\x00\x80\x42", 0, "1", "lava-value"}, // was 62
		{"shape", "\x80\x01\x00\x00\x00\x00\x00\x00\x01", "\x80\x01\x00\x00\x00\x00\x00\x00\x00", 0, "5", "lava-value"},
		{"layer number", "10\x00\x00\x00\x00\x00\x00", "11\x00\x00\x00\x00\x00\x00", 0, "", "lava-layers"},
	} {
		at := -1
		for i := 0; i <= c.n; i++ {
			next := bytes.Index(file[at+1:], []byte(c.from))
			if next < 0 {
				t.Fatalf("%s: %q is not in the file", c.name, c.from)
			}
			at += 1 + next
		}
		path := filepath.Join(t.TempDir(), "bad.net")
		bad := bytes.Clone(file)
		copy(bad[at:], c.to)
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := ReadLavaNet(path)
		var e *diag.Error
		if !errors.As(err, &e) || e.Code != c.code || e.Layer != c.layer || e.File != path {
			t.Errorf("%s: got %v (%+v)", c.name, err, e)
		} else {
			t.Log(e)
		}
	}
}

// A parameter may be there for each neuron, as lava-dl writes what neurons do not share, if it is the same for all.
func TestParameterOfEachNeuron(t *testing.T) {
	nan := math.NaN()
	for i, c := range []struct {
		values []float64
		good   bool
	}{{[]float64{7}, true}, {[]float64{7, 7, 7}, true}, {[]float64{7, 7, 8}, false}, {[]float64{8, 7, 8}, false}, {nil, false}, {[]float64{nan}, false}, {[]float64{nan, nan}, false}, {[]float64{math.Inf(1)}, false}} {
		root := hdf5.NewFolder()
		root.Put("iDecay", hdf5.NumbersOf([]int{len(c.values)}, c.values))
		b := hdf5.Bytes(root)
		g, err := hdf5.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		x, err := lavaNumber(g, "iDecay")
		if (err == nil) != c.good || c.good && x != 7 {
			t.Errorf("case %d, %v: %v, %v", i, c.values, x, err)
		}
	}
}

func TestChecks(t *testing.T) {
	good := func() *LavaLayer {
		return &LavaLayer{Type: "dense", Shape: []int{3}, InFeatures: 2, OutFeatures: 3, Weight: even(3, 2)}
	}
	if err := good().check(); err != nil {
		t.Fatal(err)
	}
	kernel := func(kind string, weight ...int) *LavaLayer {
		return &LavaLayer{
			Type: kind, Shape: []int{4, 1, 1}, InChannels: 2, OutChannels: 4, Groups: 2,
			Kernel: [2]int{2, 3}, Weight: even(weight...),
		}
	}
	for _, l := range []*LavaLayer{kernel("conv", 4, 1, 2, 3), kernel("convT", 2, 2, 2, 3), kernel("pool", 1, 1, 2, 3, 1)} {
		if err := l.check(); err != nil {
			t.Errorf("%s: %v", l.Type, err)
		}
	}
	for name, l := range map[string]*LavaLayer{
		"kernel":         kernel("conv", 4, 1, 3, 2),
		"groups":         kernel("conv", 4, 2, 2, 3),
		"time":           kernel("conv", 4, 1, 2, 3, 2),
		"pool's weight":  kernel("pool", 4, 1, 2, 3),
		"input's weight": {Type: "input", Shape: []int{4}, Weight: even(2)},
	} {
		if l.check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, damage := range map[string]func(*LavaLayer){
		"shape":    func(l *LavaLayer) { l.Shape = []int{4} },
		"rank":     func(l *LavaLayer) { l.Shape = []int{3, 1} },
		"no shape": func(l *LavaLayer) { l.Shape = nil },
		"huge":     func(l *LavaLayer) { l.Shape = []int{1 << 24, 1 << 24, 1 << 24} },
		"weight":   func(l *LavaLayer) { l.Weight = even(2, 3) },
		"imag":     func(l *LavaLayer) { l.WeightImag = even(2, 3) },
		"rec":      func(l *LavaLayer) { l.WeightRec = even(3, 2) },
		"bias":     func(l *LavaLayer) { l.Bias = make([]int32, 2) },
		"delays":   func(l *LavaLayer) { l.Delay = make([]int32, 2) },
		"delay":    func(l *LavaLayer) { l.Delay = []int32{0, -1, 0} },
	} {
		l := good()
		damage(l)
		if l.check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestGoldNets reads the recorded networks and checks what formats promise.
func TestGoldNets(t *testing.T) {
	nets, weights := 0, 0
	for file, layers := range map[string]int{
		"tinynet/tiny.net":                            3,
		"pilotnet_sdnn_square/square_network.net":     5,
		"lava_runtime/nets/trained_mnist_network.net": 3,
	} {
		net, err := ReadLavaNet(shared.Dir(t, "gold", filepath.FromSlash(file)))
		if err != nil {
			t.Error(err)
			continue
		}
		nets++
		if len(net.Layers) != layers {
			t.Errorf("%s: %d layers, want %d", file, len(net.Layers), layers)
		}
		for _, l := range net.Layers {
			if l.Weight == nil {
				continue
			}
			for _, w := range l.Weight.Data {
				if weights++; w%2 != 0 || w < -256 || w > 254 {
					t.Fatalf("%s: weight %d", file, w)
				}
			}
		}
	}
	t.Logf("%d networks, %d weights", nets, weights)
	if nets == 0 || weights == 0 {
		t.Error("nothing was read")
	}
}

// TestTinyNetMatchesRecording compares layer 1 with the recording's copy of it,
// which is in Lava's layout: (O, kx, ky, I), flipped for true convolution.
func TestTinyNetMatchesRecording(t *testing.T) {
	net, err := ReadLavaNet(shared.Dir(t, "gold", "tinynet", "tiny.net"))
	if err != nil {
		t.Fatal(err)
	}
	rec, err := npy.ReadNPZ(shared.Dir(t, "gold", "tinynet", "data.npz"))
	if err != nil {
		t.Fatal(err)
	}
	want, err := rec["layer1_kernel"].Ints()
	if err != nil {
		t.Fatal(err)
	}
	bias, err := rec["layer1_bias"].Ints()
	if err != nil {
		t.Fatal(err)
	}
	l := net.Layers[1]
	if d := cmp.Diff([]int{24, 3, 5, 5}, l.Weight.Shape); d != "" {
		t.Fatal(d)
	}
	compared := 0
	for o := range 24 {
		for x := range 5 {
			for y := range 5 {
				for i := range 3 {
					got := l.Weight.Data[((o*3+i)*5+4-y)*5+4-x]
					if w := want[((o*5+x)*5+y)*3+i]; int64(got) != w {
						t.Fatalf("weight %d,%d,%d,%d is %d, want %d", o, i, y, x, got, w)
					}
					compared++
				}
			}
		}
		if int64(l.Bias[o]) != bias[o] {
			t.Fatalf("bias %d is %d, want %d", o, l.Bias[o], bias[o])
		}
		compared++
	}
	t.Logf("%d values compared", compared)
	if n := l.Neuron; n.Type != "LOIHI" || n.Params["iDecay"] != 4096 || n.Params["tauRho"] != 0.5 || net.TSample != 64 {
		t.Errorf("%+v", net)
	}
}

func FuzzLavaNet(f *testing.F) {
	b, err := os.ReadFile("testdata/layers.net")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	if b, err = os.ReadFile("../cmd/isospike/testdata/graded.net"); err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		root, err := hdf5.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		net, err := readLava(root)
		if err != nil {
			return
		}
		if len(net.Layers) == 0 {
			t.Error("an empty network passed")
		}
		if n, _, err := net.Fixed(); err == nil && n.Validate() != nil {
			t.Error("a network that is not valid passed")
		}
	})
}
