package rtl

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/isospike/isospike/snn/diag"
)

func TestMissingTool(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("PATH", t.TempDir())
	_, err := Verilate(context.Background(), &Design{Chip: "sim/link"}, nil)
	var e *diag.Error
	if !errors.As(err, &e) || e.Kind != diag.Tool || e.Code != "tool-missing" || !strings.Contains(e.Fix, "apt-get install verilator") {
		t.Errorf("%v", err)
	}
}

func TestNoChip(t *testing.T) {
	_, err := (&Design{Chip: "nowhere"}).Build()
	var e *diag.Error
	if !errors.As(err, &e) || e.Kind != diag.Tool {
		t.Errorf("%v", err)
	}
}

// TestBuild: the number of a build changes with every source and parameter.
func TestBuild(t *testing.T) {
	seen := map[uint64]bool{}
	for _, d := range []*Design{
		{Chip: "sim/link"},
		{Chip: "sim/link", Parameters: map[string]string{"DIVIDER": "4"}},
		{Chip: "sim/link", Parameters: map[string]string{"DIVIDER": "5"}},
		{Chip: "sim/link", Changed: map[string]string{"link/link.v": ""}},
	} {
		n, err := d.Build()
		if err != nil || seen[n] {
			t.Errorf("%+v: %x, %v", d, n, err)
		}
		seen[n] = true
	}
}

// TestLint: no warning of Verilator, for several sizes.
func TestLint(t *testing.T) {
	if _, err := exec.LookPath("verilator"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	var sources []string
	for _, pattern := range []string{"link/*.v", "sim/link/*.v", "top/board.v"} {
		m, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, m...)
	}
	for _, parameters := range [][]string{
		{"-GNEURONS=256"}, {"-GNEURONS=100", "-GAXONS=300", "-GOUT_BITS=8", "-GDIVIDER=4", "-GTICK_BITS=9"}, {"-GCORES=4", "-GOUT_BITS=11", "-GDIVIDER=20"},
	} {
		args := append([]string{"--lint-only", "-Wall", "--top-module", "board"}, parameters...)
		if out, err := exec.Command("verilator", append(args, sources...)...).CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%v: %v\n%s", parameters, err, out)
		}
	}
	t.Logf("linted %d files", len(sources))
}
