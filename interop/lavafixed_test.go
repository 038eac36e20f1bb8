package interop

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"pgregory.net/rapid"
)

func neuron(kind string, params map[string]float64) *LavaNeuron {
	return &LavaNeuron{Type: kind, Params: params}
}

func array(v ...int32) *LavaArray { return &LavaArray{Shape: []int{len(v)}, Data: v} }

// oneDense is a dense layer of weights from in inputs.
func oneDense(in int, n *LavaNeuron, weights ...int32) *LavaNet {
	out := len(weights) / in
	return &LavaNet{Layers: []LavaLayer{{Type: "dense", Shape: []int{out}, InFeatures: in, OutFeatures: out, Weight: array(weights...), Neuron: n}}}
}

// An exponent that the weights need adds to the one the file has.
func TestImportExponents(t *testing.T) {
	cuba := func() *LavaNeuron {
		return neuron("CUBA", map[string]float64{"iDecay": 1, "vDecay": 2, "vThMant": 3, "wgtExp": 2})
	}
	conv := func(weights ...int32) *LavaNet {
		return &LavaNet{Layers: []LavaLayer{{Type: "input", Shape: []int{1, 1, 2}}, {Type: "conv", Shape: []int{1, 1, 2}, InChannels: 1, OutChannels: 1, Kernel: [2]int{1, len(weights)}, Stride: [2]int{1, 1},
			Padding: [2]int{0, 1}, Dilation: [2]int{1, 1}, Groups: 1, Neuron: cuba(), Weight: &LavaArray{[]int{1, 1, 1, len(weights)}, weights}}}}
	}
	for want, l := range map[int]*LavaNet{1: oneDense(2, cuba(), 1, -3), 2: oneDense(2, cuba(), 2, -4), 3: conv(508, 4, -4), 4: conv(-1024, 8, 16), 5: conv(2040, 8, -1000)} {
		n, _, err := l.Fixed()
		if err != nil || n.Layers[0].WeightExp != want {
			t.Errorf("exponent %d: %v, %+v", want, err, n)
		}
	}
}

func TestImportNeurons(t *testing.T) {
	for name, c := range map[string]struct {
		neuron *LavaNeuron
		want   fixed.Neuron
		notes  []string
	}{
		"CUBA": {neuron("CUBA", map[string]float64{"iDecay": 1, "vDecay": 2, "vThMant": 3, "refDelay": 1, "gradedSpike": 0}), fixed.CUBA{IDecay: 1, VDecay: 2, VTh: 3, RefDelay: 1}, nil},
		"older LOIHI": {neuron("LOIHI", map[string]float64{"iDecay": 1, "vDecay": 2, "vThMant": 25, "refDelay": 3, "theta": 1600, "wgtExp": 2, "tauRho": .5, "scaleRho": 10.5}),
			fixed.CUBA{IDecay: 1, VDecay: 2, VTh: 25, RefDelay: 3}, []string{"refractory delay of 3", "weight exponent 2"}},
		"another theta": {neuron("LOIHI", map[string]float64{"iDecay": 1, "vDecay": 2, "vThMant": 25, "theta": 1664}), fixed.CUBA{IDecay: 1, VDecay: 2, VTh: 25, RefDelay: 1}, []string{"theta is 1664"}},
		"ALIF": {neuron("ALIF", map[string]float64{"iDecay": 1, "vDecay": 2, "thDecay": 3, "refDecay": 4, "vThMant": 5, "vThStep": 6, "refDelay": 1, "gradedSpike": 0}),
			fixed.ALIF{IDecay: 1, VDecay: 2, ThDecay: 3, RefDecay: 4, VTh: 5, VThStep: 6}, []string{"netx does not run them"}},
		"SDNN":          {&LavaNeuron{Type: "SDNN", Activation: "relu", Params: map[string]float64{"vThMant": 13}}, fixed.SigmaDelta{VTh: 13, SpikeExp: 6, StateExp: 6, Activation: fixed.ReLU}, nil},
		"sigma output":  {&LavaNeuron{Type: "SDNN", Activation: "relu", Params: map[string]float64{"vThMant": 13, "sigma_output": 1}}, fixed.Sigma{}, nil},
		"RF_PHASE":      {neuron("RF_PHASE", map[string]float64{"sinDecay": 100, "cosDecay": 4000, "vThMant": 64}), fixed.RF{Sin: 100, Cos: 4000, VTh: 64}, []string{"decays of the RF_PHASE"}},
		"RF_IZHIKEVICH": {neuron("RF_IZHIKEVICH", map[string]float64{"sinDecay": 100, "cosDecay": 4000, "vThMant": 64}), fixed.RFIZ{Sin: 100, Cos: 4000, VTh: 64}, []string{"decays of the RF_IZ"}},
		"none":          {nil, fixed.CUBA{VDecay: 4096, VTh: fixed.MaxVTh, RefDelay: 1}, nil},
	} {
		n, notes, err := oneDense(1, c.neuron, 2).Fixed()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if n.Layers[0].Neuron != c.want || n.Convention != fixed.Axonal {
			t.Errorf("%s: %v, want %v", name, n.Layers[0].Neuron, c.want)
		}
		if len(notes) != len(c.notes) {
			t.Errorf("%s: notes %q, want %q", name, notes, c.notes)
			continue
		}
		for i := range notes {
			if !strings.Contains(notes[i], c.notes[i]) || !strings.HasPrefix(notes[i], "layer 0: ") {
				t.Errorf("%s: note %q, want %q", name, notes[i], c.notes[i])
			}
		}
	}
}

func TestImportRefuses(t *testing.T) {
	cuba := func() *LavaNeuron { return neuron("CUBA", map[string]float64{"iDecay": 1, "vDecay": 2, "vThMant": 3}) }
	rf := func() *LavaNeuron {
		return neuron("RF_PHASE", map[string]float64{"sinDecay": 100, "cosDecay": 4000, "vThMant": 64})
	}
	with := func(n *LavaNet, change func(l *LavaLayer)) *LavaNet {
		change(&n.Layers[0])
		return n
	}
	input := func(n *LavaNeuron) *LavaNet {
		return &LavaNet{Layers: []LavaLayer{{Type: "input", Shape: []int{2, 1, 1}, Neuron: n}}}
	}
	for want, net := range map[string]*LavaNet{
		"recurrent":                       with(oneDense(1, cuba(), 2), func(l *LavaLayer) { l.Type = "dense_rec" }),
		"mean rate":                       with(oneDense(1, cuba(), 2), func(l *LavaLayer) { l.Type = "average" }),
		"type ADRF are not supported":     oneDense(1, neuron("ADRF", nil), 2),
		"no parameter tau: it would":      oneDense(1, neuron("CUBA", map[string]float64{"tau": 1}), 2),
		"vDecay is 1.5":                   oneDense(1, neuron("CUBA", map[string]float64{"vDecay": 1.5}), 2),
		"graded spikes of CUBA":           oneDense(1, neuron("CUBA", map[string]float64{"gradedSpike": 1}), 2),
		"refractory delay of 2":           oneDense(1, neuron("ALIF", map[string]float64{"refDelay": 2}), 2),
		`activation "S4D"`:                oneDense(1, &LavaNeuron{Type: "SDNN", Activation: "S4D"}, 2),
		"complex weights into cuba":       with(oneDense(1, cuba(), 2), func(l *LavaLayer) { l.WeightImag = array(2) }),
		"rf neurons with bias":            with(oneDense(1, rf(), 2), func(l *LavaLayer) { l.Bias = []int32{1} }),
		"bias 4096 of neuron 0":           with(oneDense(1, cuba(), 2), func(l *LavaLayer) { l.Bias = []int32{4096} }),
		"weights from -257 to -1":         oneDense(2, cuba(), -257, -1),
		"weights from 0 to 256":           oneDense(2, cuba(), 0, 256),
		"an input layer of RF_PHASE":      input(rf()),
		"input layer can only be the fir": {Layers: append(input(nil).Layers, input(nil).Layers...)},
		"takes 3 inputs and is fed 2":     {Layers: append(input(nil).Layers, oneDense(3, cuba(), 2, 2, 2).Layers...)},
	} {
		_, _, err := net.Fixed()
		var e *diag.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), want) || e.Layer == "" {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestImportSigmaDelta: an input with delta neurons, its messages, and where they are unary.
func TestImportSigmaDelta(t *testing.T) {
	sdnn := func(params map[string]float64) *LavaNeuron {
		return &LavaNeuron{Type: "SDNN", Activation: "relu", Params: params}
	}
	conv := LavaLayer{Type: "conv", Shape: []int{2, 2, 1}, InChannels: 3, OutChannels: 2, Groups: 1, Kernel: [2]int{1, 2}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1},
		Weight: even(2, 3, 1, 2), Bias: []int32{-32768, 32767}, Neuron: sdnn(map[string]float64{"vThMant": 5})}
	for _, bits := range []float64{-1, 0, 24} {
		input := LavaLayer{Type: "input", Shape: []int{3, 2, 2}, Weight: array(36), Bias: []int32{-34}, Neuron: sdnn(map[string]float64{"vThMant": 9})}
		if bits >= 0 {
			input.Neuron.Params["messageBits"] = bits
		}
		n, notes, err := (&LavaNet{Layers: []LavaLayer{input, conv}}).Fixed()
		if err != nil {
			t.Fatal(err)
		}
		if len(notes) != 1 || !strings.Contains(notes[0], "graded spikes of 72·x -70") {
			t.Errorf("notes %q", notes)
		}
		in, l := &n.Layers[0], &n.Layers[1]
		if n.Convention != fixed.Immediate || !in.Graded || in.Neuron != (fixed.Delta{VTh: 9, SpikeExp: 6, StateExp: 6}) || in.In != in.Out || in.In != (snn.Shape{W: 2, H: 2, C: 3}) {
			t.Errorf("%v, %+v", n.Convention, in)
		}
		for o := range in.Out.Size() {
			for i, at := range in.Into(o) {
				if i != o || in.Weight[at] != 1 {
					t.Errorf("neuron %d takes input %d times %d", o, i, in.Weight[at])
				}
			}
		}
		if l.Graded != (bits != 0) || l.BiasExp != 0 || !slices.Equal(l.BiasMant, []int16{-32768, -32768, 32767, 32767}) {
			t.Errorf("bits %v: graded %v, bias %v of exponent %d", bits, l.Graded, l.BiasMant, l.BiasExp)
		}
	}
}

// TestImportGradedSums: sums of messages wrap where Lava's convolution has them wrap, whether weights are odd or even.
func TestImportGradedSums(t *testing.T) {
	sdnn := &LavaNeuron{Type: "SDNN", Params: map[string]float64{"sigma_output": 1}}
	compared := 0
	for _, w := range [][]int32{{126, -126}, {127, -127}, {127, -128}, {-1, 127}, {255, -3}} {
		net := &LavaNet{GradedInput: true, Layers: []LavaLayer{{Type: "input", Shape: []int{1, 1, 2}}, {Type: "conv", Shape: []int{1, 1, 1}, InChannels: 1, OutChannels: 1, Groups: 1,
			Kernel: [2]int{1, 2}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Weight: &LavaArray{[]int{1, 1, 1, 2}, w}, Neuron: sdnn}}}
		n, _, err := net.Fixed()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range [][]int32{{1, 2}, {16000, -16000}, {40000, 3}, {-40000, -30000}, {66052, 0}, {70000, -70000}} {
			in := spike.NewRaster(2)
			in.AppendGraded([]int32{0, 1}, m)
			records, err := n.Run(in, 2, true)
			if err != nil {
				t.Fatal(err)
			}
			want := w[0]*m[0] + w[1]*m[1]
			want = (want+1<<23)&(1<<24-1) - 1<<23
			if got := records[0].U[1]; int32(got) != want {
				t.Errorf("weights %d, messages %d: sum %d, want %d", w, m, got, want)
			}
			compared++
		}
	}
	if t.Logf("compared %d sums", compared); compared == 0 {
		t.Error("nothing was compared")
	}
}

// TestImportCubaInput: neurons of an input layer spike as if the input were their bias.
func TestImportCubaInput(t *testing.T) {
	p := fixed.CUBA{IDecay: 100, VDecay: 300, VTh: 25, RefDelay: 1}
	net := &LavaNet{Layers: []LavaLayer{{Type: "input", Shape: []int{3}, Neuron: neuron("CUBA", map[string]float64{"iDecay": 100, "vDecay": 300, "vThMant": 25})}}}
	n, notes, err := net.Fixed()
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0], "128·x -64") {
		t.Fatal(err, notes)
	}
	values := []int32{5, 9, 12, 1, 30, -4, 40, 40, -60, -60, 2, 99}
	in := graded(t, 3, 4, values)
	recs, err := n.Run(in, 4, true)
	if err != nil {
		t.Fatal(err)
	}
	spikes := 0
	for o := range 3 {
		var s fixed.State
		for at := range 4 {
			spiked := p.Step(&s, 0, int64(values[o*4+at])<<netxBiasExp)
			if spiked != slices.Contains(recs[0].Spikes.At(at), int32(o)) || s.V != recs[0].V[o*4+at] {
				t.Errorf("neuron %d at tick %d: v %d", o, at, recs[0].V[o*4+at])
			}
			if spiked {
				spikes++
			}
		}
	}
	if spikes == 0 {
		t.Error("no spikes")
	}
}

// TestImportWeights: weights keep their values whatever format holds them.
func TestImportWeights(t *testing.T) {
	cuba := neuron("CUBA", map[string]float64{"iDecay": 1, "vDecay": 2, "vThMant": 3, "wgtExp": 1})
	for _, c := range []struct {
		weights   []int32
		bits, exp int
		mode      fixed.SignMode
		want      []int16
	}{
		{[]int32{-256, 254}, 8, 1, fixed.Mixed, []int16{-256, 254}},
		{[]int32{-128, 127}, 8, 0, fixed.Mixed, []int16{-256, 254}},
		{[]int32{-3, 128}, 9, 1, fixed.Mixed, []int16{-3, 128}},
		{[]int32{-129, 5}, 9, 1, fixed.Mixed, []int16{-129, 5}},
		{[]int32{-255, 1}, 9, 1, fixed.Mixed, []int16{-255, 1}},
		{[]int32{0, 255}, 8, 1, fixed.Excitatory, []int16{0, 255}},
		{[]int32{-255, 0}, 8, 1, fixed.Inhibitory, []int16{-255, 0}},
		{[]int32{-128, 0}, 8, 1, fixed.Inhibitory, []int16{-128, 0}},
		{[]int32{-256, 0}, 8, 1, fixed.Mixed, []int16{-256, 0}},
		{[]int32{-256, -2}, 8, 1, fixed.Mixed, []int16{-256, -2}},
		{[]int32{-3, -1}, 8, 1, fixed.Inhibitory, []int16{-3, -1}},
		{[]int32{-300, 260}, 8, 1, fixed.Mixed, []int16{-256, 254}},
	} {
		before := slices.Clone(c.weights)
		n, notes, err := oneDense(2, cuba, c.weights...).Fixed()
		if err != nil {
			t.Errorf("%v: %v", c.weights, err)
			continue
		}
		if !slices.Equal(before, c.weights) {
			t.Errorf("%v became %v in the file", before, c.weights)
		}
		noted := func(want string) bool {
			return slices.ContainsFunc(notes, func(s string) bool { return strings.Contains(s, want) })
		}
		// Of -128 and 0 netx makes an inhibitory bit of -256, which Lava clips to -255.
		if noted("2 of 2 weights") != (c.weights[0] == -300) || noted("netx stores weight 0, ") != (slices.Max(c.weights) <= 0 && c.weights[0] != -3) {
			t.Errorf("%v: notes %q", c.weights, notes)
		}
		l := n.Layers[0]
		if d := cmp.Diff([]any{c.bits, c.exp, c.mode, c.want}, []any{l.WeightBits, l.WeightExp, l.Mode, l.Weight}); d != "" {
			t.Errorf("%v: %s", c.weights, d)
		}
	}
	rf := neuron("RF_IZHIKEVICH", map[string]float64{"sinDecay": 100, "cosDecay": 4000, "vThMant": 64})
	net := oneDense(2, rf, 1, 2)
	net.Layers[0].WeightImag = array(-3, 4)
	n, _, err := net.Fixed()
	if err != nil {
		t.Fatal(err)
	}
	l := n.Layers[0]
	if d := cmp.Diff([]any{8, -1, []int16{2, 4}, []int16{-6, 8}}, []any{l.WeightBits, l.WeightExp, l.Weight, l.WeightImag}); d != "" {
		t.Error(d)
	}
}

// TestImportTransposed holds convT and unpool layers to the sum over inputs that reach an output.
func TestImportTransposed(t *testing.T) {
	compared := 0
	rapid.Check(t, func(t *rapid.T) {
		pair := func(label string, lo, hi int) [2]int {
			return [2]int{rapid.IntRange(lo, hi).Draw(t, label), rapid.IntRange(lo, hi).Draw(t, label)}
		}
		groups := rapid.IntRange(1, 2).Draw(t, "groups")
		l := LavaLayer{Type: "convT", Groups: groups, InChannels: 2 * groups, OutChannels: groups * rapid.IntRange(1, 2).Draw(t, "out"),
			Kernel: pair("kernel", 1, 3), Stride: pair("stride", 1, 3), Dilation: pair("dilation", 1, 2), Padding: pair("padding", 0, 1),
			Neuron: neuron("CUBA", map[string]float64{"vThMant": 3})}
		size := pair("input", 1, 4)
		extra := pair("output padding", 0, 2)
		var out [2]int
		for a := range out {
			out[a] = (size[a]-1)*l.Stride[a] - 2*l.Padding[a] + l.Dilation[a]*(l.Kernel[a]-1) + 1 + min(extra[a], l.Stride[a]-1)
			if out[a] < 1 {
				t.Skip("no output")
			}
		}
		perGroup := l.OutChannels / groups
		unpool := rapid.Bool().Draw(t, "unpool")
		if unpool {
			l.Type, l.OutChannels, perGroup = "unpool", l.InChannels, 1
			l.Weight = even(1, 1, l.Kernel[0], l.Kernel[1])
		} else {
			l.Weight = even(l.InChannels, perGroup, l.Kernel[0], l.Kernel[1])
		}
		l.Shape = []int{l.OutChannels, out[0], out[1]}
		n, notes, err := (&LavaNet{Layers: []LavaLayer{{Type: "input", Shape: []int{l.InChannels, size[0], size[1]}}, l}}).Fixed()
		if err != nil || len(notes) != 1 {
			t.Fatal(err, notes)
		}
		f := &n.Layers[0]
		for o := range f.Out.Size() {
			ox, oy, oc := o%out[1], o/out[1]%out[0], o/(out[0]*out[1])
			for i := range f.In.Size() {
				ix, iy, ic := i%size[1], i/size[1]%size[0], i/(size[0]*size[1])
				want := int16(0)
				for ky := range l.Kernel[0] {
					for kx := range l.Kernel[1] {
						if oy+l.Padding[0] != iy*l.Stride[0]+ky*l.Dilation[0] || ox+l.Padding[1] != ix*l.Stride[1]+kx*l.Dilation[1] {
							continue
						}
						at := ky*l.Kernel[1] + kx
						if !unpool {
							if oc/perGroup != ic/2 {
								continue
							}
							at += (ic*perGroup + oc%perGroup) * l.Kernel[0] * l.Kernel[1]
						} else if oc != ic {
							continue
						}
						want += int16(l.Weight.Data[at])
					}
				}
				if got := f.Weight[o*f.In.Size()+i]; got != want {
					t.Fatalf("output %d takes input %d times %d, want %d", o, i, got, want)
				}
				compared++
			}
		}
	})
	if t.Logf("compared %d weights", compared); compared == 0 {
		t.Error("nothing was compared")
	}
	if _, _, err := (&LavaNet{Layers: []LavaLayer{{Type: "input", Shape: []int{1, 4, 4}},
		{Type: "unpool", Shape: []int{1, 6, 8}, Kernel: [2]int{2, 2}, Stride: [2]int{1, 2}, Dilation: [2]int{1, 1}, Weight: even(1, 1, 2, 2)}}}).Fixed(); err == nil {
		t.Error("a shape that the kernel does not give was accepted")
	}
	if _, _, err := (&LavaNet{Layers: []LavaLayer{{Type: "input", Shape: []int{64, 64, 64}},
		{Type: "unpool", Shape: []int{64, 128, 128}, Kernel: [2]int{2, 2}, Stride: [2]int{2, 2}, Dilation: [2]int{1, 1}, Weight: even(1, 1, 2, 2)}}}).Fixed(); err == nil {
		t.Error("a layer of 2^38 weights was written out")
	}
}

func graded(t *testing.T, neurons, ticks int, values []int32) *spike.Raster {
	t.Helper()
	r, err := spike.FromValues(neurons, ticks, values)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
