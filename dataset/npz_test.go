package dataset

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/isospike/isospike/internal/npy"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/spike"
	"pgregory.net/rapid"
)

func TestNPZReadsBack(t *testing.T) {
	s := NewSynth(25, 2)
	file := filepath.Join(t.TempDir(), "set.npz")
	if err := WriteNPZ(s, file); err != nil {
		t.Fatal(err)
	}
	got, err := Open(file, "")
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, got, s)
	wantError(t, WriteNPZ(s, file), "exists", file)
}

// Spikes on ticks are events at the ticks' starts, in any shape.
func TestNPZSpikes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "set.npz")
	spikes := make([]uint8, 2*3*8) // 2 samples of 3 ticks of 2×2×2 inputs
	spikes[(0*3+2)*8+5] = 1        // x 1, y 0, p 1
	spikes[(1*3+0)*8+2] = 1        // x 0, y 1, p 0
	if err := npy.WriteNPZ(file, map[string]*npy.Array{
		"spikes": npy.Of([]int{2, 3, 8}, spikes), "labels": npy.Of([]int{2}, []int32{4, 0}), "shape": npy.Of([]int{3}, []int32{2, 2, 2}),
	}); err != nil {
		t.Fatal(err)
	}
	s, err := Open(file, "")
	if err != nil {
		t.Fatal(err)
	}
	want := [][]spike.Event{{{X: 1, Y: 0, P: 1, T: 2000}}, {{X: 0, Y: 1, P: 0, T: 0}}}
	for i, w := range want {
		if got, err := s.Events(i); err != nil || !slices.Equal(got, w) {
			t.Errorf("sample %d is %v, want %v (%v)", i, got, w, err)
		}
	}
	if s.Classes() != 5 || s.Shape() != (snn.Shape{W: 2, H: 2, C: 2}) || s.Label(0) != 4 {
		t.Errorf("%d classes, %v, label %d", s.Classes(), s.Shape(), s.Label(0))
	}
}

// Whatever numbers the arrays hold: an error, or a set with events inside its shape.
func TestNPZHostile(t *testing.T) {
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		samples, events := rapid.IntRange(1, 2).Draw(t, "samples"), rapid.IntRange(0, 3).Draw(t, "events")
		odd := rapid.SampledFrom([]int64{-1, 255, 256, 65535, 65536, 1 << 32, 1<<63 - 1})
		file := map[string]*npy.Array{}
		for _, of := range []struct {
			name string
			n    int
		}{{"t", events}, {"x", events}, {"y", events}, {"p", events}, {"offsets", samples + 1}, {"labels", samples}, {"shape", 3}} {
			name, n := of.name, of.n
			value := rapid.Int64Range(0, 3)
			if name == "shape" {
				value = rapid.Int64Range(3, 5)
			}
			v := rapid.SliceOfN(value, n, n).Draw(t, name)
			if name == "offsets" {
				slices.Sort(v)
				v[0], v[samples] = 0, int64(events)
			}
			switch rapid.IntRange(0, 19).Draw(t, "spoil "+name) {
			case 0:
				continue
			case 1:
				v = append(v, 0)
			case 2:
				if len(v) > 0 {
					v[len(v)/2] = odd.Draw(t, "odd")
				}
			}
			file[name] = npy.Of([]int{len(v)}, v)
		}
		if rapid.IntRange(0, 3).Draw(t, "dense") == 0 {
			s := rapid.SliceOfN(rapid.IntRange(0, 3), 2, 4).Draw(t, "dimensions")
			n := 1
			for _, d := range s {
				n *= d
			}
			file["spikes"] = npy.Of(s, rapid.SliceOfN(rapid.Int8Range(0, 1), n, n).Draw(t, "spikes"))
		}
		a := &arrays{}
		if a.parse(file) != nil {
			return
		}
		accepted++
		for i := range a.Len() {
			events, err := a.Events(i)
			if err != nil || a.Label(i) >= a.Classes() {
				t.Fatal(i, err)
			}
			for _, e := range events {
				if int(e.X) >= a.shape.W || int(e.Y) >= a.shape.H || int(e.P) >= a.shape.C {
					t.Fatalf("%v in %v", e, a.shape)
				}
			}
		}
	})
	if accepted == 0 {
		t.Error("every set was refused")
	}
}
