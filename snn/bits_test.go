package snn

import (
	"errors"
	"fmt"
	"testing"

	"github.com/isospike/isospike/snn/diag"
)

func TestWeightBits(t *testing.T) {
	for _, c := range []struct {
		text                      string
		stored, lo, hi, step, exp int
	}{{"1", 1, -256, 0, 256, -7}, {"2", 2, -256, 128, 128, -6}, {"ternary", 2, -128, 128, 128, -6}, {"3", 3, -256, 192, 64, -5}, {"8", 8, -256, 254, 2, 0}, {"9", 9, -255, 255, 1, 0}} {
		b, err := ParseWeightBits(c.text)
		lo, hi, step := b.Levels()
		if err != nil || b.String() != c.text || b.Stored() != c.stored || lo != c.lo || hi != c.hi || step != c.step || b.MinExp() != c.exp || !b.Valid() {
			t.Errorf("%s: %v %v, %d bits, %d to %d by %d", c.text, b, err, b.Stored(), lo, hi, step)
		}
	}
	for _, bad := range []string{"0", "10", "-1", "", "4.5", "Ternary"} {
		if b, err := ParseWeightBits(bad); err == nil {
			t.Errorf("%q is taken for %v", bad, b)
		}
	}
	for bits, want := range []int{1: 0, 2: 2, 3: 6, 4: 14, 5: 30, 6: 62} {
		if got := MaxDelayOf(bits); bits > 0 && got != want {
			t.Errorf("%d bits hold %d ticks, want %d", bits, got, want)
		}
	}
}

// Bits and exponents of layers come back from TOML, and what training cannot store is refused.
func TestLayerWeights(t *testing.T) {
	e, err := ParseExperiment("net = \"4x4x2-3c2-5\"\n[training]\nweight_bits = 3\n[layer.1]\nweight_exp = [-5, 7, 2]\n[layer.2]\nweight_bits = \"ternary\"\nweight_exp = [1]\n")
	if err != nil {
		t.Fatal(err)
	}
	if e, err = ParseExperiment(e.TOML()); err != nil {
		t.Fatal(err)
	}
	n, err := e.Network()
	if err != nil {
		t.Fatal(err)
	}
	if a, b := n.Layers[0], n.Layers[1]; a.Bits != 3 || fmt.Sprint(a.Exp) != "[-5 7 2]" || b.Bits != Ternary || fmt.Sprint(b.Exp) != "[1]" {
		t.Errorf("%v %v, %v %v", a.Bits, a.Exp, b.Bits, b.Exp)
	}
	for _, bad := range []string{
		"[layer.1]\nweight_exp = [0, 1]", "[layer.1]\nweight_exp = [8]", "[layer.1]\nweight_exp = [-1]", "[layer.1]\nweight_bits = 3\nweight_exp = [-6]", "[layer.2]\nweight_exp = [0, 0, 0, 0]", "[layer.1]\nweight_bits = 9",
	} {
		e, err := ParseExperiment("net = \"4x4x2-3c2-5\"\n" + bad)
		if err != nil {
			t.Fatal(err)
		}
		var d *diag.Error
		if _, err := e.Network(); !errors.As(err, &d) || d.Kind != diag.Input || d.Layer != bad[7:8] || d.Fix == "" {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, bad := range []string{"weight_bits = 0", "weight_bits = 10", "weight_bits = \"few\""} {
		if _, err := ParseExperiment("[training]\n" + bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// A checkpoint's scales are taken over where an experiment has none of its own, and there alone.
func TestTakeScales(t *testing.T) {
	from, e := DefaultExperiment(), DefaultExperiment()
	from.SetScale("1", 300, []int{2})
	from.SetScale("2", 400, []int{3})
	i := 77
	from.Layer["3"] = layer{IDecay: &i}
	e.SetScale("2", 500, []int{4})
	e.TakeScales(from)
	a, b := e.Layer["1"], e.Layer["2"]
	if *a.VTh != 300 || a.WeightExp[0] != 2 || *b.VTh != 500 || b.WeightExp[0] != 4 || len(e.Layer) != 2 {
		t.Errorf("%+v", e.Layer)
	}
}
