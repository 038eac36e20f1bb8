package snn

import (
	"errors"
	"strings"
	"testing"

	"github.com/isospike/isospike/snn/diag"
)

func TestParseShapes(t *testing.T) {
	for notation, want := range map[string]string{
		"34x34x2-512d-512d-10":                   "512 512 10",
		"28x28-12c5-2a-64c5-2a-10o":              "24x24x12 12x12x12 8x8x64 4x4x64 10",
		"34x34x2-12c5-2a-64c5-2a-10o":            "30x30x12 15x15x12 11x11x64 6x6x64 10",
		"128x128x2-4a-16c5d-2a-32c3d-2a-512d-11": "32x32x2 28x28x16 14x14x16 12x12x32 6x6x32 512 11",
		"34x34x2-16c5p2-32c3s2p1d-10":            "34x34x16 17x17x32 10",
		"9x9x2-128d-10":                          "128 10",
		"200x1-256-200":                          "256 200",
	} {
		n, err := Parse(notation)
		if err != nil {
			t.Errorf("%s: %v", notation, err)
			continue
		}
		var got []string
		for _, l := range n.Layers {
			got = append(got, l.Out.String())
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("%s: shapes %s, want %s", notation, g, want)
		}
		again, err := Parse(n.String())
		if err != nil || again.String() != n.String() {
			t.Errorf("%s: written as %s, which reads as %v, %v", notation, n, again, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for notation, field := range map[string]string{
		"":                   `field 1 ""`,
		"34x34x2":            "no layers",
		"34":                 "field 1",
		"0x3-5":              "field 1",
		"34x34x2-":           `field 2 ""`,
		"34x34x2-0":          "field 2",
		"34x34x2-5e":         `field 2 "5e"`,
		"4x4-1c5":            "does not fit",
		"4x4-1c3p3":          "padding",
		"4x4-1c0":            "at least 1",
		"4x4-5a":             "does not fit",
		"99999999999999x1-1": "field 1",
		"4096x4096x4096-1":   "field 1",
		"2x2-99999999999999": "field 2",
		"4x4-2a-10-3c3":      "does not fit",
	} {
		_, err := Parse(notation)
		var d *diag.Error
		if !errors.As(err, &d) || !strings.Contains(err.Error(), field) || d.Fix == "" {
			t.Errorf("%q: error %v, want one that says %q and the way out", notation, err, field)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"34x34x2-512d-512d-10", "28x28-12c5s2p1d-2a-10o", "1x1-1", "-", "x-1c1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse(s)
		if err != nil {
			return
		}
		again, err := Parse(n.String())
		if err != nil {
			t.Fatalf("%q is written as %q, which is refused: %v", s, n, err)
		}
		if again.String() != n.String() {
			t.Fatalf("%q: %q reads as %q", s, n, again)
		}
	})
}
