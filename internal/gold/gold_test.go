package gold

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/isospike/isospike/internal/npy"
	"github.com/isospike/isospike/internal/shared"
	"github.com/isospike/isospike/snn/spike"
)

// set is one .npz file of recorded arrays.
type set struct {
	t      *testing.T
	arrays map[string]*npy.Array
}

func open(t *testing.T, elem ...string) set {
	t.Helper()
	arrays, err := npy.ReadNPZ(shared.Dir(t, append([]string{"gold"}, elem...)...))
	if err != nil {
		t.Fatal(err)
	}
	return set{t, arrays}
}

func (s set) shape(name string) []int {
	s.t.Helper()
	a, ok := s.arrays[name]
	if !ok {
		s.t.Fatalf("no array %q", name)
	}
	return a.Shape
}

func (s set) ints(name string) []int64 {
	s.t.Helper()
	s.shape(name)
	v, err := s.arrays[name].Ints()
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

func (s set) meta(into any) {
	s.t.Helper()
	s.shape("meta")
	text, err := s.arrays["meta"].Text()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		s.t.Fatal(err)
	}
}

// raster reads an array of 0 and 1, neurons × ticks.
func (s set) raster(name string) *spike.Raster {
	s.t.Helper()
	v, n, ticks := s.ints(name), s.shape(name)[0], s.shape(name)[1]
	r := spike.NewRaster(n)
	for t := range ticks {
		var fired []int32
		for i := range n {
			if v[i*ticks+t] != 0 {
				fired = append(fired, int32(i))
			}
		}
		r.Append(fired...)
	}
	return r
}

// comparison counts what a test has compared. A test that compared nothing fails.
type comparison struct {
	t                    *testing.T
	elements, mismatches int
}

func compare(t *testing.T) *comparison {
	c := &comparison{t: t}
	t.Cleanup(func() {
		t.Helper()
		if c.elements == 0 && !t.Skipped() {
			t.Error("nothing was compared")
		}
		t.Logf("compared %d elements, %d mismatches", c.elements, c.mismatches)
	})
	return c
}

// values compares two arrays element by element and reports the first mismatch.
func (c *comparison) values(what string, got, want []int64) {
	c.t.Helper()
	if len(got) != len(want) {
		c.t.Errorf("%s: %d elements, want %d", what, len(got), len(want))
		return
	}
	bad := 0
	for i := range want {
		c.elements++
		if got[i] != want[i] {
			if bad == 0 {
				c.t.Errorf("%s: element %d is %d, want %d", what, i, got[i], want[i])
			}
			bad++
		}
	}
	c.mismatches += bad
}

func (c *comparison) spikes(what string, got, want *spike.Raster) {
	c.t.Helper()
	if got.Neurons != want.Neurons || got.Ticks() != want.Ticks() {
		c.t.Errorf("%s: %d×%d, want %d×%d", what, got.Neurons, got.Ticks(), want.Neurons, want.Ticks())
		return
	}
	c.elements += got.Neurons * got.Ticks()
	if n := got.Diff(want); n > 0 {
		c.mismatches += n
		c.t.Errorf("%s: %d of %d spikes differ", what, n, want.Count())
	}
}

func widen[T int16 | int32](v []T) []int64 {
	w := make([]int64, len(v))
	for i := range v {
		w[i] = int64(v[i])
	}
	return w
}

func narrow(v []int64) []int16 {
	w := make([]int16, len(v))
	for i := range v {
		w[i] = int16(v[i])
	}
	return w
}

func writeFile(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}
