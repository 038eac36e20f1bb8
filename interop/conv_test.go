package interop

import (
	"slices"
	"strings"
	"testing"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/spike"
)

// TestImportConv: a conv and a pool layer with kernels, strides and shapes that differ
// in columns and rows give what the definition of cross-correlation gives, with the
// delays and biases of the channels, which netx drops.
func TestImportConv(t *testing.T) {
	cuba := &LavaNeuron{Type: "CUBA", Params: map[string]float64{"iDecay": 1024, "vDecay": 128, "vThMant": 60, "refDelay": 1}}
	net := func() *LavaNet {
		return &LavaNet{Layers: []LavaLayer{
			{Type: "input", Shape: []int{2, 4, 6}},
			{Type: "conv", Shape: []int{4, 3, 3}, InChannels: 2, OutChannels: 4, Groups: 2, Kernel: [2]int{2, 3}, Stride: [2]int{1, 2}, Padding: [2]int{0, 1},
				Dilation: [2]int{1, 1}, Neuron: cuba, Weight: even(4, 1, 2, 3), Bias: []int32{1, 2, 3, 4}, Delay: []int32{0, 1, 2, 62}},
			{Type: "pool", Shape: []int{4, 2, 1}, Kernel: [2]int{2, 3}, Stride: [2]int{1, 3}, Dilation: [2]int{1, 1}, Neuron: cuba, Weight: even(1, 1, 2, 3), Delay: []int32{3, 4, 5, 6}},
			{Type: "flatten", Shape: []int{8, 1, 1}},
			{Type: "dense", Shape: []int{3}, InFeatures: 8, OutFeatures: 3, Weight: even(3, 8), Neuron: cuba},
		}}
	}
	n, notes, err := net().Fixed()
	if err != nil || len(notes) > 0 {
		t.Fatal(err, notes)
	}
	if n.Input != (snn.Shape{W: 6, H: 4, C: 2}) || len(n.Layers) != 3 {
		t.Fatalf("%v, %d layers", n.Input, len(n.Layers))
	}
	conv, pool := &n.Layers[0], &n.Layers[1]
	compared := 0
	for c := range 4 {
		for y := range 3 {
			for x := range 3 {
				o := (c*3+y)*3 + x
				if conv.Bias(o) != int64(c+1)<<netxBiasExp || conv.AxonDelay(o) != []int{0, 1, 2, 62}[c] {
					t.Errorf("channel %d has bias %d, delay %d", c, conv.Bias(o), conv.AxonDelay(o))
				}
				got := map[int]int16{}
				for i, at := range conv.Into(o) {
					got[i] = conv.Weight[at]
				}
				for ky := range 2 {
					for kx := range 3 {
						iy, ix := y+ky, 2*x-1+kx
						if ix < 0 || ix >= 6 {
							continue
						}
						want := int16(2*((c*2+ky)*3+kx) - 8)
						if w := got[(c/2*4+iy)*6+ix]; w != want {
							t.Errorf("neuron (%d, %d) of channel %d weighs input (%d, %d) with %d, want %d", x, y, c, ix, iy, w, want)
						}
						compared++
					}
				}
			}
		}
		for y := range 2 {
			o := c*2 + y
			for i, at := range pool.Into(o) {
				iy, ix := i/3%3, i%3
				if i/9 != c || pool.Weight[at] != int16(2*((iy-y)*3+ix)-8) || pool.AxonDelay(o) != 3+c {
					t.Errorf("neuron %d of the pool weighs input %d with %d", o, i, pool.Weight[at])
				}
				compared++
			}
		}
	}
	if compared != 4*(9*6-2*3)+4*2*6 {
		t.Errorf("compared %d synapses", compared)
	}
	in := spike.NewRaster(48)
	in.Append(1, 2, 3)
	if _, err := n.Run(in, 5, false); err != nil {
		t.Error(err)
	}

	for want, spoil := range map[string]func(n *LavaNet){
		"gives 3 columns and 3 rows": func(n *LavaNet) { n.Layers[1].Shape = []int{4, 3, 4} },
		"takes 3 channels":           func(n *LavaNet) { n.Layers[1].InChannels = 3 },
		"takes 3 channels and is":    func(n *LavaNet) { n.Layers[2].Shape = []int{3, 2, 1} },
		"over a flattened":           func(n *LavaNet) { n.Layers[2], n.Layers[3] = n.Layers[3], n.Layers[2] },
		"nothing says how many":      func(n *LavaNet) { n.Layers = n.Layers[1:] },
	} {
		bad := net()
		spoil(bad)
		if _, _, err := bad.Fixed(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestImportPool: a pool over columns or rows that its kernel does not divide has windows at the end that
// reach over the border, as lava-dl appends zeros there.
func TestImportPool(t *testing.T) {
	cuba := neuron("CUBA", map[string]float64{"iDecay": 4096, "vDecay": 4096, "vThMant": 60})
	compared := 0
	for _, c := range []struct{ in, kernel, out int }{{4, 2, 2}, {5, 2, 3}, {34, 4, 9}, {6, 4, 2}, {7, 3, 2}, {8, 3, 3}, {5, 2, 2}, {5, 2, 4}, {6, 2, 4}, {6, 2, 2}, {7, 3, 1}, {7, 3, 3}} {
		net := &LavaNet{Layers: []LavaLayer{
			{Type: "input", Shape: []int{2, 1, c.in}},
			{Type: "pool", Shape: []int{2, 1, c.out}, Kernel: [2]int{1, c.kernel}, Stride: [2]int{1, c.kernel}, Dilation: [2]int{1, 1}, Neuron: cuba,
				Weight: &LavaArray{[]int{1, 1, 1, c.kernel}, slices.Repeat([]int32{64}, c.kernel)}},
		}}
		n, _, err := net.Fixed()
		if most := (c.in+c.in%c.kernel-c.kernel)/c.kernel + 1; c.out != most && c.out != c.in/c.kernel {
			if err == nil {
				t.Errorf("%+v is taken, and has %d or %d", c, c.in/c.kernel, most)
			}
			continue
		}
		if err != nil {
			t.Errorf("%+v: %v", c, err)
			continue
		}
		for o := range 2 * c.out {
			var got, want []int
			for i := range n.Layers[0].Into(o) {
				got = append(got, i)
			}
			for x := o % c.out * c.kernel; x < min(c.in, (o%c.out+1)*c.kernel); x++ {
				want = append(want, o/c.out*c.in+x)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%+v: neuron %d takes inputs %v, want %v", c, o, got, want)
			}
			compared += len(want)
		}
	}
	if t.Logf("compared %d inputs of windows", compared); compared == 0 {
		t.Error("nothing was compared")
	}
}
