package compile_test

import (
	"bytes"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/targets"
)

var update = flag.Bool("update", false, "write the golden files")

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// network returns dense layers of random weights, one in ten of them 0, with
// axonal delays up to longest.
func network(longest int, sizes ...int) *fixed.Network {
	r := rand.New(rand.NewPCG(1, 2))
	n := &fixed.Network{Input: snn.Flat(sizes[0]), Convention: fixed.Axonal, Encoding: "bin 1 ms"}
	for k, size := range sizes[1:] {
		l := fixed.Layer{Name: string(rune('1' + k)), In: snn.Flat(sizes[k]), Out: snn.Flat(size), WeightBits: 8,
			Neuron: fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: int32(80 + k), RefDelay: 1}, Weight: make([]int16, sizes[k]*size)}
		for i := range l.Weight {
			if r.IntN(10) > 0 {
				l.Weight[i] = int16(2 + 2*r.IntN(20))
			}
		}
		if longest > 0 {
			l.Delay = make([]uint8, size)
			for o := range l.Delay {
				l.Delay[o] = uint8(r.IntN(longest + 1))
			}
			l.Delay[0] = uint8(longest)
		}
		n.Layers = append(n.Layers, l)
	}
	return n
}

func lookup(t testing.TB, name string) compile.Target {
	t.Helper()
	x, err := targets.Lookup(name)
	check(t, err)
	return x
}

func compiled(t testing.TB, n *fixed.Network, target compile.Target) *compile.Program {
	t.Helper()
	p, err := compile.Compile(n, target)
	check(t, err)
	check(t, compile.Verify(p, target))
	return p
}

// failure returns the *diag.Error of compiling n.
func failure(t testing.TB, n *fixed.Network, target compile.Target) *diag.Error {
	t.Helper()
	_, err := compile.Compile(n, target)
	var e *diag.Error
	if !errors.As(err, &e) {
		t.Fatalf("no *diag.Error but %v", err)
	}
	return e
}

// TestGolden pins the text form, and with it what the passes decide.
func TestGolden(t *testing.T) {
	net := network(3, 6, 5, 3)
	net.Layers[1].BiasMant, net.Layers[1].BiasExp = []int16{-4096, 0, 4095}, -2
	net.Layers[1].SynDelay = make([]uint8, 15)
	net.Layers[1].SynDelay[4] = 2
	for _, name := range []string{"loihi1", "icebreaker"} {
		var b bytes.Buffer
		check(t, compile.Text(&b, compiled(t, net, lookup(t, name)), true))
		path := filepath.Join("testdata", name+".txt")
		if *update {
			check(t, os.WriteFile(path, b.Bytes(), 0o666))
		}
		want, err := os.ReadFile(path)
		check(t, err)
		if d := cmp.Diff(string(want), b.String()); d != "" {
			t.Errorf("%s, -want +got:\n%s", name, d)
		}
	}
}

// TestDeterministic: the same network gives the same bytes at any number of threads.
func TestDeterministic(t *testing.T) {
	net := network(5, 100, 300, 200)
	r := rand.New(rand.NewPCG(5, 6))
	in := snn.Shape{W: 10, H: 10, C: 2}
	net.Layers[1].Out = in
	l := fixed.Layer{Name: "3", In: in, Out: snn.Shape{W: 10, H: 10, C: 24}, Kernel: fixed.Square(3, 1, 1, 1, 1), WeightBits: 9, Neuron: fixed.CUBA{VTh: 80, RefDelay: 1}}
	for range l.Weights() {
		l.Weight = append(l.Weight, int16(r.IntN(511)-255))
	}
	net.Layers = append(net.Layers, l)
	write := func(threads int) []byte {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(threads))
		var b bytes.Buffer
		p := compiled(t, net, lookup(t, "loihi1"))
		if len(p.Cores) < 4 {
			t.Errorf("%d cores", len(p.Cores))
		}
		check(t, safetensors.Write(&b, compile.Encode(p)))
		return b.Bytes()
	}
	one := write(1)
	for _, n := range []int{1, 2, 3} {
		if !bytes.Equal(one, write(n)) {
			t.Errorf("another run with %d threads differs", n)
		}
	}
}

// TestResetPhase holds the phases of the program to the definition.
func TestResetPhase(t *testing.T) {
	compared := 0
	for _, c := range []fixed.Convention{fixed.Axonal, fixed.Immediate, fixed.Slayer} {
		for interval := 1; interval < 6; interval++ {
			for offset := range 8 {
				net := network(0, 2, 1, 1, 1)
				net.Convention, net.Reset = c, fixed.Reset{Interval: interval, Offset: offset}
				p := compiled(t, net, lookup(t, "loihi1"))
				for k, l := range p.Layers {
					core := &p.Cores[l.Home[0].Core]
					f := core.Profiles[core.Profile[l.Home[0].Neuron]]
					for tick := range 20 {
						compared++
						if want := net.ResetsAt(k, tick); want != (tick%f.ResetInterval == f.ResetPhase) {
							t.Errorf("%v %+v layer %d tick %d: %v", c, net.Reset, k, tick, want)
						}
					}
				}
			}
		}
	}
	t.Log(compared, "ticks compared")
}

func BenchmarkCompile(b *testing.B) {
	net, target := network(6, 2312, 512, 512, 10), lookup(b, "loihi1")
	for range b.N {
		if _, err := compile.Compile(net, target); err != nil {
			b.Fatal(err)
		}
	}
}
