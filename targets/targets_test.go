package targets_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/targets"
	"github.com/isospike/isospike/targets/fpga"
)

// TestBuiltIn reads every built-in file.
func TestBuiltIn(t *testing.T) {
	names := targets.List()
	for _, name := range names {
		x, err := targets.Lookup(name)
		if err != nil || x.Name() != name || x.Limits().Neurons == 0 {
			t.Errorf("%s: %v %v", name, x, err)
		}
	}
	if want := []string{"arty-a7", "hx8k", "icebreaker", "icebreaker-srm", "kapohobay", "loihi1", "loihi2", "tangnano9k", "ulx3s-85f", "up5k"}; !slices.Equal(names, want) {
		t.Error(names)
	}
}

func TestLimits(t *testing.T) {
	loihi, err := targets.Lookup("loihi1")
	if err != nil {
		t.Fatal(err)
	}
	want := compile.Limits{CoresPerChip: 128, MeshWidth: 8, TileCores: 4, Neurons: 1024, AxonsIn: 4096, AxonsOut: 4096, CrossChipEntries: 2,
		RoutesPerNeuron: 511, SynapseWords: 16384, RowWords: 256, SharedRows: true, MaxBase: 255, Formats: 15, Profiles: 32, Thresholds: 8, DecayOffsets: 1, MaxVTh: 131071, SynapticDelay: true, MaxDelay: 62,
		DelayAccumulators: 8192, PeriodicReset: true, NeuronKinds: []string{"cuba"}}
	if d := cmp.Diff(want, loihi.Limits()); d != "" {
		t.Error(d)
	}
	kapoho, err := targets.Lookup("kapohobay")
	want.Chips = 2
	if d := cmp.Diff(want, kapoho.Limits()); err != nil || d != "" {
		t.Error(d, err)
	}
	want.NeuronKinds, want.GradedSpikes = []string{"cuba", "delta", "sigma", "sigma-delta", "rf", "rf-iz", "alif", "srm"}, true
	want.Chips, want.Unverified, want.CoresPerChip, want.Neurons, want.SynapseWords, want.DelayAccumulators = 0, true, 120, 8192, 24576, 65536
	loihi2, err := targets.Lookup("loihi2")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, loihi2.Limits()); d != "" {
		t.Error(d)
	}
	x, err := targets.Lookup("icebreaker")
	if err != nil {
		t.Fatal(err)
	}
	board := x.(*fpga.Board)
	if board.CoreHz/board.Baud != 12 || !board.LEDLow || board.ClockHz != 12_000_000 || board.FPGA != "up5k" || len(board.Pins) != 4 || board.Limits().AxonsIn != 512 {
		t.Errorf("%+v", board)
	}
}

func TestUnknown(t *testing.T) {
	for name, fix := range map[string]string{
		"lohi1":         "did you mean loihi1? There are arty-a7, hx8k, icebreaker, icebreaker-srm, kapohobay, loihi1, loihi2, tangnano9k, ulx3s-85f, up5k",
		"icebraker":     "did you mean icebreaker? There are arty-a7, hx8k, icebreaker, icebreaker-srm, kapohobay, loihi1, loihi2, tangnano9k, ulx3s-85f, up5k",
		"spinnaker":     "use one of arty-a7, hx8k, icebreaker, icebreaker-srm, kapohobay, loihi1, loihi2, tangnano9k, ulx3s-85f, up5k, or the path of a .toml file",
		"../chips/up5k": "use one of arty-a7, hx8k, icebreaker, icebreaker-srm, kapohobay, loihi1, loihi2, tangnano9k, ulx3s-85f, up5k, or the path of a .toml file",
	} {
		_, err := targets.Lookup(name)
		var e *diag.Error
		if !errors.As(err, &e) || e.Code != "target-unknown" || e.Fix != fix {
			t.Errorf("%s: %v, %q", name, err, e.Fix)
		}
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.toml")
	if err := os.WriteFile(path, []byte("inherits = \"icebreaker\"\n[limits]\nneurons = 64\n[board]\ntitle = \"mine\"\n[board.pins]\nled = \"11\"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	x, err := targets.Lookup(path)
	if err != nil {
		t.Fatal(err)
	}
	b := x.(*fpga.Board)
	if b.Name() != "mine" || b.Limits().Neurons != 64 || b.Limits().AxonsIn != 512 || b.Baud != 3_000_000 || b.Pins["led"] != "11" || b.Pins["rx"] != "6" {
		t.Errorf("%+v", b)
	}
	// What it inherits from is as it was.
	if x, _ := targets.Lookup("icebreaker"); x.(*fpga.Board).Pins["led"] != "37" {
		t.Error("a child changed its parent")
	}
	var e *diag.Error
	if _, err := targets.Lookup(filepath.Join(t.TempDir(), "none.toml")); !errors.As(err, &e) || e.Code != "target-file" || !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	folder := filepath.Join(t.TempDir(), "folder.toml")
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := targets.Lookup(folder); !errors.As(err, &e) || e.Code != "not-a-file" {
		t.Error(err)
	}
}

func TestParseErrors(t *testing.T) {
	for text, code := range map[string]string{
		"inherits = \"loihi1\"\n[limits]\nneurens = 1":  "toml-key",
		"inherits = \"loihi1\"\nspeed = 1":              "toml-key",
		"inherits = \"icebreaker\"\n[board]\nled = 1":   "toml-key",
		"inherits = \"loihi1\"\n[board]\nbaud = 1":      "target-key",
		"inherits = \"loihi3\"":                         "target-unknown",
		"family = \"x\"":                                "target-family",
		"":                                              "target-family",
		"family = 3":                                    "toml",
		"a = \nb = ]":                                   "toml",
		"inherits = \"loihi1\"\n[limits]\nneurons = -1": "target-limits",
		"inherits = \"loihi1\"\n[limits]\nchips = 2000000000":        "target-limits",
		"inherits = \"loihi1\"\n[limits]\nneuron_kinds = [\"CUBA\"]": "target-limits",
		"inherits = \"icebreaker\"\n[limits]\nneurons = 257":         "target-limits",
		"inherits = \"icebreaker\"\n[limits]\naxons_in = 0":          "target-limits",
		"inherits = \"icebreaker\"\n[limits]\nchips = 2":             "target-limits",
		"inherits = \"icebreaker\"\n[limits]\nmax_delay = 63":        "target-limits",
		"inherits = \"icebreaker\"\n[limits]\nperiodic_reset = true": "target-limits",
		"inherits = \"icebreaker\"\n[board]\nbaud = 115200":          "target-baud",
		"inherits = \"icebreaker\"\n[board]\nbaud = 12000000":        "target-baud", // 3 clocks a bit
		"inherits = \"icebreaker\"\n[board]\nbaud = 8000":            "target-baud", // 4500 clocks a bit

		"inherits = \"icebreaker\"\n[limits]\nneuron_kinds = [\"cuba\", \"srm\"]": "target-limits",
		"inherits = \"icebreaker-srm\"\n[limits]\nneurons = 129":                  "target-limits",
	} {
		_, err := targets.Parse("x", []byte(text))
		var e *diag.Error
		if !errors.As(err, &e) || e.Kind != diag.Input || e.Code != code {
			t.Errorf("%q: %v", text, err)
		}
		if text == "a = \nb = ]" && e.Line != 1 {
			t.Errorf("%q: line %d in %v", text, e.Line, err)
		}
	}
}

// TestBaud: the fewest and the most clocks a bit that the serial line takes.
func TestBaud(t *testing.T) {
	for _, rate := range []string{"core_hz = 36_000_000\nbaud = 9_000_000", "core_hz = 36_864_000\nbaud = 9_000"} {
		if _, err := targets.Parse("x", []byte("inherits = \"icebreaker\"\n[board]\n"+rate)); err != nil {
			t.Error(err)
		}
	}
}

// FuzzParse: whatever passes names a target that can be compiled for or refuses
// the network with a limit.
func FuzzParse(f *testing.F) {
	for _, dir := range []string{"chips", "boards"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.toml"))
		if err != nil || len(files) == 0 {
			f.Fatal(files, err)
		}
		for _, path := range files {
			b, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		x, err := targets.Parse("x", text)
		var e *diag.Error
		switch {
		case err != nil && !errors.As(err, &e):
			t.Fatal(err)
		case err == nil:
			x.Limits()
			r := compile.RowShape{WeightBits: 8}
			r.Add(20, 0, 3)
			x.RowWords(&r)
		}
	})
}
