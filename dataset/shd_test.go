package dataset

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/isospike/isospike/snn/spike"
)

// wanted returns the events that testdata/make.py wrote for sample i, with times as the
// file's numbers hold them.
func wanted(i, units int, round func(float64) float64) (events []spike.Event) {
	for k := range []int{3, 0, 40, 5}[i] {
		t := round(float64(k)/1000 + float64(i))
		events = append(events, spike.Event{X: uint16((100*i + 7*k) % units), T: uint32(math.Round(t * 1e6))})
	}
	return events
}

// half rounds a number from 2^-14 to 2048 to 11 bits.
func half(x float64) float64 {
	frac, exp := math.Frexp(x)
	return math.Ldexp(math.RoundToEven(frac*2048), exp-11)
}

func TestHeidelberg(t *testing.T) {
	for ref, want := range map[string]struct {
		classes int
		labels  []int
		round   func(float64) float64
	}{
		"testdata#shd:train":    {20, []int{0, 19, 5, 5}, half},
		"testdata/shd_test.h5":  {35, []int{34, 1, 2, 3}, func(x float64) float64 { return x }},
		"testdata#shd:test":     {35, []int{34, 1, 2, 3}, func(x float64) float64 { return x }},
		"testdata/shd_train.h5": {20, []int{0, 19, 5, 5}, half},
	} {
		s, err := Open(ref, "")
		if err != nil {
			t.Fatal(err)
		}
		if s.Len() != 4 || s.Classes() != want.classes || s.Shape().Size() != 700 {
			t.Errorf("%s: %d samples, %d classes, %v", ref, s.Len(), s.Classes(), s.Shape())
		}
		for i, l := range want.labels {
			events, err := s.Events(i)
			if exp := wanted(i, 700, want.round); err != nil || !slices.Equal(events, exp) || s.Label(i) != l {
				t.Errorf("%s, sample %d, class %d: %v, want %v (%v)", ref, i, s.Label(i), events, exp, err)
			}
		}
	}
	_, err := Open("testdata#shd:valid", "")
	wantError(t, err, "which-part", "*valid*.h5")
	_, err = Open("testdata#shd:half", "")
	wantError(t, err, "no-part", "half")
	_, err = Open(save(t, "shd_train.h5.gz", nil), "")
	wantError(t, err, "hdf5-packed", "gz")
	_, err = Open(save(t, "shd_train.h5", []byte("text")), "")
	wantError(t, err, "hdf5-malformed", "signature")
}

func TestSpikeLists(t *testing.T) {
	events, err := listed([]float64{0.25, 0, 4294.967295}, []int64{699, 0, 3}, 700)
	if want := []spike.Event{{T: 0}, {X: 699, T: 250_000}, {X: 3, T: math.MaxUint32}}; err != nil || !slices.Equal(events, want) {
		t.Errorf("%v, %v", events, err)
	}
	for _, bad := range []struct {
		time float64
		unit int64
	}{{0, 700}, {0, -1}, {-0.001, 0}, {4294.968, 0}, {math.NaN(), 0}, {math.Inf(1), 0}} {
		_, err := listed([]float64{bad.time}, []int64{bad.unit}, 700)
		wantError(t, err, "spike-lists", "allowed are units 0 to 699")
	}
	_, err = listed([]float64{1}, nil, 700)
	wantError(t, err, "spike-lists", "1 times, 0 units")
}

func TestNTIDIGITS(t *testing.T) {
	for ref, want := range map[string][]struct {
		id           string
		class, count int
	}{
		"testdata/n-tidigits.hdf5":       {{"man-ae-1-o", 10, 0}, {"woman-bd-2-7", 7, 2}, {"man-xx-1-z", 0, 0}},
		"testdata/n-tidigits.hdf5#train": {{"man-ae-1-o", 10, 0}, {"woman-bd-2-7", 7, 2}},
		"testdata#ntidigits:test":        {{"man-xx-1-z", 0, 0}},
	} {
		s, err := Open(ref, "")
		if err != nil {
			t.Fatal(err)
		}
		if s.Len() != len(want) || s.Classes() != 11 || s.Shape().Size() != 64 {
			t.Errorf("%s: %d samples, %d classes, %v", ref, s.Len(), s.Classes(), s.Shape())
			continue
		}
		for i, w := range want {
			events, err := s.Events(i)
			exp := wanted(w.count, 64, func(x float64) float64 { return float64(float32(x)) })
			if err != nil || !slices.Equal(events, exp) || s.ID(i) != w.id || s.Label(i) != w.class {
				t.Errorf("%s, %s, class %d: %v, want %v (%v)", ref, s.ID(i), s.Label(i), events, exp, err)
			}
		}
	}
	_, err := Open("testdata/n-tidigits.hdf5#valid", "")
	wantError(t, err, "no-part", "valid")
}

// Any damaged byte of a file gives an error or a set whose events are in its shape.
func TestDamagedHDF5(t *testing.T) {
	refused, read := 0, 0
	for _, name := range []string{"shd_train.h5", "n-tidigits.hdf5"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(b); at += 37 {
			damaged := slices.Clone(b)
			damaged[at] ^= 0xff
			s, err := Open(save(t, name, damaged), "")
			for i := 0; err == nil && i < s.Len(); i++ {
				var events []spike.Event
				events, err = s.Events(i)
				for _, e := range events {
					if int(e.X) >= s.Shape().W || s.Label(i) >= s.Classes() {
						t.Fatalf("byte %d: %v", at, e)
					}
				}
			}
			if err == nil {
				read++
			} else {
				refused++
			}
		}
	}
	if t.Logf("%d refused, %d read", refused, read); refused == 0 || read == 0 {
		t.Error("not both were tried")
	}
}
