package interop

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/internal/npy"
	"github.com/isospike/isospike/internal/shared"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

func TestReadSlayerWeights(t *testing.T) {
	for _, text := range []string{"2\n-0\n-256\n254\n0\n4\n", "2\r\n-0\r\n-256\r\n254\r\n0\r\n4"} {
		got, err := ReadSlayerWeights(strings.NewReader(text), 2, 3)
		if err != nil || cmp.Diff([]int16{2, 0, -256, 254, 0, 4}, got) != "" {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestSlayerErrors(t *testing.T) {
	const huge = math.MaxInt
	for _, c := range []struct {
		text    string
		out, in int
		line    int
	}{
		{"2\n4\n6\n", 1, 2, 3},
		{"2\n", 1, 2, 0},
		{"", 1, 1, 0},
		{"2\n", huge, huge, 0},
		{"2\n\n4\n", 1, 2, 2},
		{"2\n1.5\n", 1, 2, 2},
		{"2 4\n", 1, 2, 1},
		{"2\n32768\n", 1, 2, 2},
		{"2\n" + strings.Repeat("0", 1<<17), 1, 2, 2},
	} {
		_, err := ReadSlayerWeights(strings.NewReader(c.text), c.out, c.in)
		var e *diag.Error
		if !errors.As(err, &e) || e.Code != "slayer-text" || e.Line != c.line {
			t.Errorf("%.20q: got %v, want line %d", c.text, err, c.line)
		}
	}
	if _, err := ReadSlayerWeights(strings.NewReader("1"), 0, -1); err == nil {
		t.Error("a layer of no neurons was read")
	}
	boom := errors.New("boom")
	if _, err := ReadSlayerWeights(iotest.ErrReader(boom), 1, 1); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
}

// TestSlayerGold writes recorded weights as slayerPytorch does and reads them back.
func TestSlayerGold(t *testing.T) {
	rec, err := npy.ReadNPZ(shared.Dir(t, "gold", "nmnist_loihi_GPL3", "data.npz"))
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, name := range []string{"fc1", "fc2"} {
		a := rec[name]
		want, err := a.Ints()
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		for _, w := range want {
			fmt.Fprintln(&text, w)
		}
		got, err := ReadSlayerWeights(&text, a.Shape[0], a.Shape[1])
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d weights, %v", len(got), err)
		}
		for i, w := range got {
			if int64(w) != want[i] {
				t.Fatalf("%s: weight %d is %d, want %d", name, i, w, want[i])
			}
			compared++
		}
	}
	t.Logf("%d weights compared", compared)
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

func FuzzSlayerWeights(f *testing.F) {
	f.Add("2\n-0\n-4\n6\n", 2, 2)
	f.Add("1\r\n", 1, 1)
	f.Add("x\n", 1, 1)
	f.Add("1\n", math.MaxInt, math.MaxInt)
	f.Fuzz(func(t *testing.T, text string, out, in int) {
		w, err := ReadSlayerWeights(strings.NewReader(text), out, in)
		if err == nil && len(w) != out*in {
			t.Errorf("%d weights for %d×%d", len(w), out, in)
		}
	})
}

// TestSlayerConv: kernels come as (out, in, rows, columns), a pool's as (rows, columns) for all
// channels, and where its file is left out it weighs what slayerPytorch works out.
func TestSlayerConv(t *testing.T) {
	net, err := snn.Parse("5x4x2-3c2p1-2a-4")
	if err != nil {
		t.Fatal(err)
	}
	var weights [][]int16
	for k, want := range [][2]int{{3, 8}, {1, 4}, {4, 27}} {
		out, in := SlayerWeights(net.Layers[k])
		if out != want[0] || in != want[1] {
			t.Fatalf("layer %d has %d×%d weights, want %v", k, out, in, want)
		}
		w := make([]int16, out*in)
		for i := range w {
			w[i] = int16(2*i - 6)
		}
		weights = append(weights, w)
	}
	cuba := fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: 80, RefDelay: 1}
	n, err := Slayer(net, weights, cuba, "")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for o := range n.Layers[0].Out.Size() {
		c, y, x := o/30, o/6%5, o%6
		seen := 0
		for i, at := range n.Layers[0].Into(o) {
			row, column := i/5%4-y+1, i%5-x+1
			if want := weights[0][((c*2+i/20)*2+row)*2+column]; n.Layers[0].Weight[at] != want {
				t.Errorf("neuron %d weighs input %d with %d, want %d", o, i, n.Layers[0].Weight[at], want)
			}
			seen++
		}
		compared += seen
	}
	for o := range n.Layers[1].Out.Size() {
		for i, at := range n.Layers[1].Into(o) {
			row, column := i/6%5-o/3%3*2, i%6-o%3*2
			if want := weights[1][row*2+column]; n.Layers[1].Weight[at] != want || i/30 != o/9 {
				t.Errorf("neuron %d of the pool weighs input %d with %d, want %d", o, i, n.Layers[1].Weight[at], want)
			}
			compared++
		}
	}
	if compared != 3*2*(5*2)*(4*2)+3*6*5 {
		t.Errorf("compared %d synapses", compared)
	}
	if n.Convention != fixed.Slayer || n.Layers[1].Kernel.Groups != 3 || n.Layers[2].In != (snn.Shape{W: 3, H: 3, C: 3}) {
		t.Errorf("%+v", n.Layers)
	}

	without, err := Slayer(net, [][]int16{weights[0], weights[2]}, cuba, "")
	if err != nil || without.Layers[1].Weight[11] != 28 || without.Layers[1].WeightExp != 0 {
		t.Error(err, without)
	}
	if w, exp := factored([]int16{255, 2}); w[0] != 255 || exp != 0 {
		t.Error(w, exp)
	}
	// Weights beyond 8 bits keep their value by the exponent.
	heavy := cuba
	heavy.VTh = 2834
	if n, err := Slayer(net, [][]int16{weights[0], weights[2]}, heavy, ""); err != nil || int(n.Layers[1].Weight[0])<<n.Layers[1].WeightExp != poolOf(heavy) {
		t.Error(err, n)
	}
	for want, run := range map[string]func() error{
		"3 layers, 1 of them pools, and there are 1 files": func() error { _, err := Slayer(net, weights[:1], cuba, ""); return err },
		"weight 0 of the kernels is 1084, which": func() error {
			heavy := cuba
			heavy.VTh = 3000
			_, err := Slayer(net, [][]int16{weights[0], weights[2]}, heavy, "")
			return err
		},
		"no weight of 16 bits": func() error { _, err := Slayer(net, weights[:2], fixed.CUBA{VTh: 80, RefDelay: 1}, ""); return err },
		"holds no delays": func() error {
			net, _ := snn.Parse("5x4x2-3c2d")
			_, err := Slayer(net, weights[:1], cuba, "")
			return err
		},
	} {
		if err := run(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func poolOf(p fixed.CUBA) int { w, _ := slayerPool(p); return int(w) }

// TestSlayerPool pins weights that the formulas in slayerLoihi.py gave in Python.
func TestSlayerPool(t *testing.T) {
	for p, want := range map[fixed.CUBA]int{
		{IDecay: 1024, VDecay: 128, VTh: 80}:   28,
		{IDecay: 4096, VDecay: 4096, VTh: 80}:  88,
		{IDecay: 2048, VDecay: 256, VTh: 256}:  174,
		{IDecay: 4096, VDecay: 1024, VTh: 25}:  28,
		{IDecay: 500, VDecay: 4000, VTh: 3000}: 3300,
	} {
		if got := poolOf(p); got != want {
			t.Errorf("%+v: %d, want %d", p, got, want)
		}
	}
}
