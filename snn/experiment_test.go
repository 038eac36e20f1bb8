package snn

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/snn/diag"
)

func TestExperimentRoundTrip(t *testing.T) {
	e := DefaultExperiment()
	e.Net, e.Seed = "34x34x2-512d-10", 77
	th := 320
	e.Layer = map[string]layer{"2": {VTh: &th}}
	got, err := ParseExperiment(e.TOML())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(e, got, cmp.AllowUnexported(layer{})); d != "" {
		t.Error(d)
	}
	n, err := got.Network()
	if err != nil {
		t.Fatal(err)
	}
	if a, b := n.Layers[0].Neuron.VTh, n.Layers[1].Neuron.VTh; a != DefaultNeuron.VTh || b != 320 {
		t.Errorf("thresholds %d, %d; want the default, 320", a, b)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
}

// A seed that TOML cannot hold would make a model that nobody can read.
func TestSeedIsReadBack(t *testing.T) {
	e := DefaultExperiment()
	for seed, good := range map[uint64]bool{0: true, math.MaxInt64: true, math.MaxInt64 + 1: false, math.MaxUint64: false} {
		e.Seed = seed
		if err := e.Validate(); (err == nil) != good {
			t.Errorf("seed %d: %v", seed, err)
		}
		if back, err := ParseExperiment(e.TOML()); good && (err != nil || back.Seed != seed) {
			t.Errorf("seed %d: %v, %v", seed, back, err)
		}
	}
}

func TestExperimentRefuses(t *testing.T) {
	for text, code := range map[string]string{
		"net = 3":                                                         "toml",
		"nett = \"1x1-1\"":                                                "toml-key",
		"[training]\nbatches = 3":                                         "toml-key",
		"seed = \"x":                                                      "toml",
		"net = \"1x1-1\"\n[layer.7]\nv_th=3":                              "toml-key",
		"net = \"1x1-1\"\n[neuron]\nv_th=-3":                              "neuron-parameter",
		"net = \"2x2-2a-1\"\n[layer.1]\nweight_bits=3":                    "experiment",
		"net = \"2x2-2a-1\"\n[layer.1]\nweight_exp=[1]":                   "experiment",
		"net = \"1x1-1\"\n[neuron]\nkind=\"srm\"\n[layer.1]\nv_th=3":      "experiment",
		"net = \"1x1-1\"\n[neuron]\nkind=\"srm\"\n[layer.1]\nref_delay=3": "experiment",
		"net = \"1x1-1\"\n[neuron]\ni_decay=4097":                         "neuron-parameter",
		"net = \"1x1-1\"\n[training]\nbatch=0":                            "experiment",
		"net = \"1x1-1\"\n[loss]\nkind=\"mse\"":                           "experiment",
		"net = \"1x1-1\"\n[training]\nmax_delay=63":                       "experiment",
		"net = \"1x1-1\"\n[optimiser]\nrate=nan":                          "experiment",
	} {
		e, err := ParseExperiment(text)
		if err == nil {
			err = e.Validate()
		}
		if err == nil {
			_, err = e.Network()
		}
		var d *diag.Error
		if !errors.As(err, &d) || d.Code != code {
			t.Errorf("%q: %v, want code %s", text, err, code)
		}
	}
}

func FuzzParseExperiment(f *testing.F) {
	f.Add(DefaultExperiment().TOML())
	f.Add("[layer.1]\nv_th=3")
	f.Fuzz(func(t *testing.T, s string) {
		e, err := ParseExperiment(s)
		if err != nil || e.Validate() != nil {
			return
		}
		if _, err := ParseExperiment(e.TOML()); err != nil {
			t.Fatalf("%q is written as\n%s\nwhich is refused: %v", s, e.TOML(), err)
		}
	})
}
