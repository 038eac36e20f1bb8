package compile_test

import (
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
)

// TestDelayClusters: neurons of long delays share cores where that takes fewer of them. 256 of
// 1280 neurons have delays of 6 bits, of which a core has 128; the rest fit one core of 3 bits.
// In the order of their numbers each core of 128 or so has one.
func TestDelayClusters(t *testing.T) {
	l := fixed.Layer{Name: "1", In: snn.Flat(1), Out: snn.Flat(1280), WeightBits: 8, Neuron: fixed.CUBA{VTh: 1, RefDelay: 1}}
	for o := range l.Out.Size() {
		l.Weight = append(l.Weight, 2)
		l.SynDelay = append(l.SynDelay, uint8(1+o%5/4*50)) // every fifth is 51, the others 1
	}
	n := &fixed.Network{Input: snn.Flat(1), Convention: fixed.Axonal, Layers: []fixed.Layer{l}}
	p := compiled(t, n, lookup(t, "loihi1"))
	if len(p.Cores) != 3 || p.Cores[0].DelayBits != 2 || len(p.Cores[0].Profile) != 1024 || p.Cores[1].DelayBits != 6 {
		t.Errorf("%d cores", len(p.Cores))
	}
	// Where the order saves no core it stays.
	few := l
	few.Out, few.Weight, few.SynDelay = snn.Flat(10), l.Weight[:10], l.SynDelay[:10]
	for o, h := range compiled(t, &fixed.Network{Input: snn.Flat(1), Convention: fixed.Axonal, Layers: []fixed.Layer{few}}, lookup(t, "loihi1")).Layers[0].Home {
		if h != (compile.Place{Neuron: uint16(o)}) {
			t.Fatalf("neuron %d is at %v", o, h)
		}
	}
	for o := range l.SynDelay {
		l.SynDelay[o] = 51
	}
	for o, h := range compiled(t, n, lookup(t, "loihi1")).Layers[0].Home {
		if h != (compile.Place{Core: uint32(o / 128), Neuron: uint16(o % 128)}) {
			t.Fatalf("neuron %d is at %v", o, h)
		}
	}
}

// learned draws delays as training leaves them: most short, few long.
func learned(r *rand.Rand, n int) []uint8 {
	d := make([]uint8, n)
	for i := range d {
		d[i] = uint8(min(62, int(r.ExpFloat64()*8)))
	}
	return d
}

// TestClusteringMeasured logs the figures of docs/performance.md.
func TestClusteringMeasured(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	sizes := []int{2312, 512, 512, 10}
	for _, form := range []string{"axonal", "synaptic, one for each neuron", "axonal, 9 of 10 weights 0", "axonal, 49 of 50 weights 0"} {
		n := &fixed.Network{Input: snn.Shape{W: 34, H: 34, C: 2}, Convention: fixed.Axonal}
		for k, size := range sizes[1:] {
			l := fixed.Layer{Name: string(rune('1' + k)), In: snn.Flat(sizes[k]), Out: snn.Flat(size), WeightBits: 8, Neuron: fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: 80, RefDelay: 1}}
			if k == 0 {
				l.In = n.Input
			}
			density := map[string]float64{"axonal, 9 of 10 weights 0": 0.1, "axonal, 49 of 50 weights 0": 0.02}[form]
			for range sizes[k] * size {
				w := int16(2 * (1 + r.IntN(60)) * (1 - 2*r.IntN(2)))
				if density > 0 && r.Float64() > density {
					w = 0
				}
				l.Weight = append(l.Weight, w)
			}
			d := learned(r, size)
			if form == "synaptic, one for each neuron" {
				for o := range size {
					for range sizes[k] {
						l.SynDelay = append(l.SynDelay, d[o])
					}
				}
			} else if k < 2 {
				l.Delay = d
			}
			n.Layers = append(n.Layers, l)
		}
		target := lookup(t, "loihi1")
		plain, err := compile.CompileWith(n, target, compile.Options{Baseline: compile.Sequential})
		check(t, err)
		p := compiled(t, n, target)
		t.Logf("%s: %d cores in order, %d clustered, at least %d", form, len(plain.Cores), len(p.Cores), compile.CoreBound(n, target))
		if len(p.Cores) > len(plain.Cores) {
			t.Error("clustering costs cores")
		}
	}
}

// TestGroupClusters: the channels of a pool whose inputs are delayed differently lie on cores by
// the delay bits that they need. 8 channels of 16×16 neurons: 6 of 3 bits take 2 cores, 2 of 6 bits 4.
// Pieces of neighbouring channels would take 10.
func TestGroupClusters(t *testing.T) {
	in := snn.Shape{W: 16, H: 16, C: 8}
	layer := func(name string) fixed.Layer {
		return fixed.Layer{Name: name, In: in, Out: in, Kernel: fixed.Square(1, 1, 0, 1, 8), Weight: []int16{2, 2, 2, 2, 2, 2, 2, 2}, WeightBits: 8, Neuron: fixed.CUBA{VTh: 1, RefDelay: 1}}
	}
	n := &fixed.Network{Input: in, Convention: fixed.Axonal, Layers: []fixed.Layer{layer("1"), layer("2")}}
	for c := range 8 {
		for range 16 * 16 {
			n.Layers[0].Delay = append(n.Layers[0].Delay, uint8(4+c%4/3*50)) // channels 3 and 7 are delayed by 54
		}
	}
	n.Layers[1].SynDelay = []uint8{1, 1, 1, 1, 1, 1, 1, 1}
	p := compiled(t, n, lookup(t, "loihi1"))
	if len(p.Cores) != 2+2+4 {
		t.Errorf("%d cores", len(p.Cores))
	}
}
