package compile_test

import (
	"testing"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/compile/nettest"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/targets"
	"pgregory.net/rapid"
)

// TestCoreBound: no layout has fewer cores than the bound; one that is full in a
// resource has as many.
func TestCoreBound(t *testing.T) {
	programs, met := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		n := nettest.Network(t, nettest.Config{MaxVTh: 1000, MaxDelay: 62, MaxSynDelay: 5, Reset: true})
		tiny := nettest.DrawTiny(t)
		tiny.L.SharedRows = false // parts of different columns could be equal
		p, err := compile.Compile(n, tiny)
		if err != nil {
			return
		}
		programs++
		bound := compile.CoreBound(n, tiny)
		if bound > len(p.Cores) || bound < 1 {
			t.Fatalf("%d cores, at least %d", len(p.Cores), bound)
		}
		if bound == len(p.Cores) {
			met++
		}
	})
	if t.Logf("%d programs, %d meet the bound", programs, met); programs == 0 || met == 0 {
		t.Error("the bound was not compared, or never met")
	}
	loihi, err := targets.Lookup("loihi1")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		n := nettest.Network(t, nettest.Config{MaxVTh: 1000, MaxDelay: 62})
		p, err := compile.Compile(n, loihi)
		if err == nil && compile.CoreBound(n, loihi) > len(p.Cores) {
			t.Fatal(len(p.Cores))
		}
	})
}

// TestCoreBoundIsTight: 100 synapses, of which two take a word, fill 50 words and one core.
func TestCoreBoundIsTight(t *testing.T) {
	l := fixed.Layer{Name: "1", In: snn.Flat(10), Out: snn.Flat(10), Weight: make([]int16, 100), WeightBits: 8, Neuron: fixed.CUBA{VTh: 1, RefDelay: 1}}
	for i := range l.Weight {
		l.Weight[i] = 2
	}
	n := &fixed.Network{Input: snn.Flat(10), Convention: fixed.Axonal, Layers: []fixed.Layer{l}}
	for words, want := range map[int]int{50: 1, 25: 2, 49: 2} {
		tiny := nettest.Tiny{L: compile.Limits{SynapseWords: words, Neurons: 100, AxonsIn: 100}}
		if _, err := compile.Compile(n, tiny); err != nil {
			t.Fatal(err)
		}
		if got := compile.CoreBound(n, tiny); got != want {
			t.Errorf("%d words: at least %d cores, want %d", words, got, want)
		}
	}
}
