package compile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// graded is a target of everything that Programs can say, of three neurons a core.
var graded = box{compile.Limits{Neurons: 3, SynapticDelay: true, MeshWidth: 2, GradedSpikes: true}}

// resonant is a network of graded inputs, sigma-delta neurons and resonate-and-fire neurons of
// complex weights; all weights are 2 and 4.
func resonant() *fixed.Network {
	n := network(0, 4, 3, 2)
	n.Layers[0].Graded, n.Layers[0].Neuron = true, fixed.SigmaDelta{VTh: 1, Activation: fixed.ReLU}
	n.Layers[0].BiasMant = []int16{1, -32768, 32767}
	n.Layers[1].Graded, n.Layers[1].Neuron = false, fixed.RF{Sin: 2103, Cos: 3273, VTh: 5}
	for i := range n.Layers[1].Weight {
		n.Layers[1].Weight[i] = 2
		n.Layers[1].WeightImag = append(n.Layers[1].WeightImag, 4)
	}
	return n
}

// TestAxonFlags: a graded layer's axons multiply, and a complex one's sources take two axons.
func TestAxonFlags(t *testing.T) {
	n := resonant()
	n.Layers[0].Delay = []uint8{1, 2, 3}
	n.Layers = append(n.Layers, fixed.Layer{Name: "3", In: snn.Flat(2), Out: snn.Flat(3), Weight: make([]int16, 6), WeightBits: 8, Neuron: fixed.Sigma{}})
	for i := range n.Layers[2].Weight {
		n.Layers[2].Weight[i] = 2
	}
	p := compiled(t, n, graded)
	for c, want := range []compile.AxonFlags{compile.GradedAxon, compile.ImagAxon} {
		seen := map[compile.AxonFlags]int{}
		for _, f := range p.Cores[c].Flags {
			seen[f]++
		}
		if c == 0 && seen[want] != 4 || c == 1 && (seen[want] != 3 || seen[0] != 3+2) {
			t.Errorf("core %d has axons of flags %v", c, seen)
		}
	}
	back, err := compile.Decode(compile.Encode(p))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p.Cores, back.Cores); d != "" {
		t.Error(d)
	}
	var text strings.Builder
	if err := compile.Text(&text, p, true); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sigma-delta: v_th 1", "rf: sin 2103", "+0, imaginary\n", "0:4@1", "+0, graded\n"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, &text)
		}
	}
	// Binary programs have none.
	for _, c := range compiled(t, network(3, 6, 5, 3), graded).Cores {
		if c.Flags != nil {
			t.Errorf("flags %v", c.Flags)
		}
	}
}

// TestGradedLimits: targets without graded spikes refuse them, and only where they multiply.
func TestGradedLimits(t *testing.T) {
	n := resonant()
	plain := graded
	plain.l.GradedSpikes = false
	e := failure(t, n, plain)
	if e.Kind != diag.Limit || e.Code != "graded-unsupported" || e.Layer != "1" || e.Fix == "" || !strings.Contains(e.Msg, "box has no graded spikes") {
		t.Errorf("%+v", e)
	}
	if err := compile.Verify(compiled(t, n, graded), plain); err == nil {
		t.Error("Verify passed graded spikes")
	}
	n.Layers[0].Graded = false
	compiled(t, n, plain) // the second layer takes spikes as 1 each
	n.Layers[1].Graded = true
	if e := failure(t, n, plain); e.Layer != "2" {
		t.Errorf("%+v", e)
	}
	n.Layers[0].Neuron, n.Layers[0].BiasMant = fixed.ALIF{VTh: 9}, nil
	compiled(t, n, plain) // whose spikes are all 1
	if e := failure(t, n, lookup(t, "loihi1")); e.Code != "neuron-unsupported" || e.Layer != "1" || !strings.Contains(e.Msg, "no alif neurons") {
		t.Errorf("%+v", e)
	}
}

// TestThresholds: the threshold of every kind counts against the target's largest.
func TestThresholds(t *testing.T) {
	for _, p := range []fixed.Neuron{fixed.CUBA{VTh: 80, RefDelay: 1}, fixed.Delta{VTh: 80}, fixed.SigmaDelta{VTh: 80, Activation: fixed.ReLU}, fixed.RF{VTh: 80}, fixed.RFIZ{VTh: 80}, fixed.ALIF{VTh: 80}} {
		n := network(0, 4, 3)
		n.Layers[0].Neuron, n.Layers[0].BiasMant = p, nil
		compiled(t, n, box{compile.Limits{MaxVTh: 80}})
		if e := failure(t, n, box{compile.Limits{MaxVTh: 79}}); e.Code != "threshold-exceeded" || e.Used != 80 {
			t.Errorf("%s: %+v", p.Kind(), e)
		}
	}
}

// TestGradedSums: the sums of graded spikes are modulo 2^24 and need no bound; those of the
// others do, imaginary ones too.
func TestGradedSums(t *testing.T) {
	const inputs = 1 << 15
	build := func(gradedSpikes bool, imag bool) *fixed.Network {
		l := fixed.Layer{Name: "1", In: snn.Flat(inputs), Out: snn.Flat(1), WeightBits: 8, WeightExp: 1, Graded: gradedSpikes, Neuron: fixed.RF{}}
		for range inputs {
			l.Weight = append(l.Weight, 2)
			if imag {
				l.WeightImag = append(l.WeightImag, -128)
			}
		}
		return &fixed.Network{Input: l.In, Convention: fixed.Axonal, Layers: []fixed.Layer{l}}
	}
	compiled(t, build(true, true), graded)
	compiled(t, build(false, false), graded)
	// Real and imaginary parts that would be too much together are two sums.
	n := build(false, true)
	l := &n.Layers[0]
	l.WeightExp = 0
	for i := range l.Weight {
		l.Weight[i], l.WeightImag[i] = 252, -252
	}
	compiled(t, n, graded)
	if e := failure(t, build(false, true), graded); e.Code != "sum-exceeded" {
		t.Errorf("%+v", e)
	}
	// What Check proves of a program from outside.
	p := compiled(t, build(true, true), graded)
	for i := range p.Cores[0].Flags {
		p.Cores[0].Flags[i] &^= compile.GradedAxon
	}
	var e *diag.Error
	if err := compile.Check(p); !errors.As(err, &e) || e.Code != "sum-exceeded" {
		t.Errorf("Check: %v", err)
	}
}

func TestCheckFlags(t *testing.T) {
	for name, spoil := range map[string]func(p *compile.Program){
		"too few flags":        func(p *compile.Program) { c := &p.Cores[1]; c.Flags = c.Flags[1:] },
		"unknown flag":         func(p *compile.Program) { p.Cores[0].Flags[0] = 4 },
		"imaginary to sigma":   func(p *compile.Program) { p.Cores[0].Flags[0] = compile.ImagAxon },
		"bias of a resonator":  func(p *compile.Program) { p.Cores[1].Bias[0] = 1 },
		"parameters of a kind": func(p *compile.Program) { p.Cores[1].Profiles[0].Neuron = fixed.RF{Sin: 4097} },
	} {
		p := compiled(t, resonant(), graded)
		spoil(p)
		var e *diag.Error
		if err := compile.Check(p); !errors.As(err, &e) || e.Code != "program-invalid" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
