package golden

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

func drawRaster(t *rapid.T) *spike.Raster {
	n, ticks := rapid.IntRange(0, 300).Draw(t, "neurons"), rapid.IntRange(0, 20).Draw(t, "ticks")
	graded := rapid.Bool().Draw(t, "graded")
	r := spike.NewRaster(n)
	for range ticks {
		var at, messages []int32
		for i := range n {
			if rapid.IntRange(0, 9).Draw(t, "spikes") == 0 {
				at = append(at, int32(i))
				messages = append(messages, rapid.OneOf(rapid.Int32Range(1, 1<<31-1), rapid.Int32Range(-1<<31, -1)).Draw(t, "message"))
			}
		}
		if graded {
			r.AppendGraded(at, messages)
		} else {
			r.Append(at...)
		}
	}
	return r
}

func drawRun(t *rapid.T) *Run {
	r := &Run{Input: drawRaster(t)}
	for range rapid.IntRange(0, 3).Draw(t, "layers") {
		s := drawRaster(t)
		states := rapid.SliceOfN(rapid.Int32(), s.Neurons, s.Neurons)
		r.Layers = append(r.Layers, Layer{s, states.Draw(t, "u"), states.Draw(t, "v")})
	}
	return r
}

// equal compares runs; an empty raster may have a nil index.
func equal(a, b *Run) bool {
	d, err := a.Compare(b)
	return err == nil && d == (Difference{}) && a.Input.Equal(b.Input)
}

func TestRoundTrip(t *testing.T) {
	spikes := 0
	rapid.Check(t, func(t *rapid.T) {
		r := drawRun(t)
		back, err := decode(r.encode())
		if err != nil {
			t.Fatal(err)
		}
		if !equal(r, back) {
			t.Fatal(cmp.Diff(r, back))
		}
		spikes += r.Spikes()
	})
	if t.Logf("compared %d spikes", spikes); spikes == 0 {
		t.Error("nothing was compared")
	}
}

// TestDamage changes single bytes and cuts: what is read is refused, or is a run that
// writes itself as it was read, and never takes more memory than the file is long.
func TestDamage(t *testing.T) {
	refused := 0
	rapid.Check(t, func(t *rapid.T) {
		b := drawRun(t).encode()
		if rapid.Bool().Draw(t, "cut") {
			b = b[:rapid.IntRange(0, len(b)-1).Draw(t, "length")]
		} else {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		}
		r, err := decode(b)
		if err != nil {
			refused++
			return
		}
		if again, err := decode(r.encode()); err != nil || !equal(r, again) {
			t.Fatalf("%v", err)
		}
	})
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

func FuzzDecode(f *testing.F) {
	r := &Run{Input: spike.NewRaster(3), Layers: []Layer{{spike.NewRaster(1), []int32{-5}, []int32{7}}}}
	r.Input.Append(0, 2)
	f.Add(r.encode())
	f.Add([]byte(magic + "\x03\xff\xff\xff\xff\x0f"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := decode(b); err == nil {
			if again, err := decode(r.encode()); err != nil || !equal(r, again) {
				t.Fatal(err)
			}
		}
	})
}

// TestHugeNumbers: a length field allocates nothing that the file does not hold.
func TestHugeNumbers(t *testing.T) {
	huge := "\xff\xff\xff\x07" // 16 million
	for name, b := range map[string]string{
		"ticks": "\x01\xff\xff\xff\xff\x0f", "neurons": "\xff\xff\xff\xff\x0f\x00", "layers": "\x01\x00" + huge, "spikes": huge + "\x02" + huge, "registers": "\x01\x00\x01" + huge + "\x00\x00",
	} {
		if n := testing.AllocsPerRun(1, func() { _, _ = decode([]byte(magic + b)) }); n > 20 {
			t.Errorf("%s: %v allocations", name, n)
		}
		if _, err := decode([]byte(magic + b)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func network() *safetensors.File {
	f := artifact.New(artifact.Fixed, nil)
	f.Tensors = append(f.Tensors, safetensors.Of("x", []int{1}, []uint8{1}))
	return f
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "golden")
	w, err := Create(dir, network())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil {
		t.Error("a folder without its list was opened")
	}
	r := &Run{Input: spike.NewRaster(2), Layers: []Layer{{spike.NewRaster(1), []int32{3}, []int32{-4}}}}
	r.Input.Append(1)
	r.Layers[0].Spikes.Append(0)
	if err := errors.Join(w.Add("a", 2, r), w.Add("b", -1, r), w.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, network()); err == nil {
		t.Error("a folder that is there was taken")
	}
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Samples) != 2 || f.Samples[0].ID != "a" || f.Samples[0].Label != 2 || f.Samples[1].Label != -1 || f.Samples[1].Spikes != 1 {
		t.Errorf("%+v", f.Samples)
	}
	if back, err := f.Run(1); err != nil || !equal(r, back) {
		t.Errorf("%v", err)
	}
	refuses := func(what, file string, change func(b []byte) []byte, read func() error) {
		t.Helper()
		path := filepath.Join(dir, file)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, change([]byte(string(b))), 0o666); err != nil {
			t.Fatal(err)
		}
		var e *diag.Error
		if err := read(); !errors.As(err, &e) || e.Kind != diag.Input || !strings.HasSuffix(e.File, file) {
			t.Errorf("%s: %v", what, err)
		}
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	flip := func(b []byte) []byte { b[len(b)-1] ^= 1; return b }
	run := func() error { _, err := f.Run(0); return err }
	refuses("a damaged run", "000000.run", flip, run)
	refuses("a cut run", "000000.run", func(b []byte) []byte { return b[:len(b)-1] }, run)
	refuses("a damaged network", NetworkName, flip, func() error { _, err := f.Network(); return err })
	refuses("another format", manifestName, func(b []byte) []byte { return []byte(strings.Replace(string(b), `"format": 1`, `"format": 2`, 1)) },
		func() error { _, err := Open(dir); return err })
	refuses("a list that is none", manifestName, func([]byte) []byte { return []byte("[") }, func() error { _, err := Open(dir); return err })
	if _, err := f.Network(); err != nil {
		t.Error(err)
	}
	half := filepath.Join(filepath.Dir(dir), "half")
	wrong := network()
	wrong.Tensors = append(wrong.Tensors, wrong.Tensors[0]) // twice, which is not written
	if _, err := Create(half, wrong); err == nil {
		t.Error("a network that cannot be written was taken")
	}
	if _, err := os.Stat(half); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
	for _, made := range []bool{true, false} {
		if !made {
			if err := os.Mkdir(half, 0o777); err != nil {
				t.Fatal(err)
			}
		}
		w, err := Create(half, network())
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Add("a", 2, r), w.Add("b", -1, r), os.WriteFile(filepath.Join(half, "000002.run"), nil, 0o666), w.Discard()); err != nil {
			t.Error(err)
		}
		left, err := os.ReadDir(half)
		if made != errors.Is(err, fs.ErrNotExist) || len(left) > 0 {
			t.Errorf("left is %v, %v", left, err)
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	var e *diag.Error
	if err := w.Add("c", 0, r); !errors.As(err, &e) || e.Kind != diag.Input || filepath.Base(e.File) != "000002.run" {
		t.Errorf("a run that cannot be written: %v", err)
	}
}

func TestCompare(t *testing.T) {
	one := func() *Run {
		s := spike.NewRaster(2)
		s.Append(0)
		s.Append()
		return &Run{Input: spike.NewRaster(0), Layers: []Layer{{s, []int32{1, 2}, []int32{3, 4}}}}
	}
	for name, c := range map[string]struct {
		change func(r *Run)
		want   Difference
	}{
		"nothing":      {func(*Run) {}, Difference{}},
		"a u":          {func(r *Run) { r.Layers[0].U[1] = 9 }, Difference{0, 1, Register{0, 1, "u", 9, 2}}},
		"a v and a u":  {func(r *Run) { r.Layers[0].V[0], r.Layers[0].U[0] = 0, 0 }, Difference{0, 2, Register{0, 0, "u", 0, 1}}},
		"a spike":      {func(r *Run) { r.Layers[0].Spikes.Index[0] = 1 }, Difference{2, 0, Register{}}},
		"no registers": {func(r *Run) { r.Layers[0].U, r.Layers[0].V = nil, nil }, Difference{}},
	} {
		r := one()
		c.change(r)
		if d, err := one().Compare(r); err != nil || d != c.want {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
	r := one()
	r.Layers[0].Spikes.Append()
	if _, err := one().Compare(r); err == nil {
		t.Error("other ticks were compared")
	}
	if _, err := one().Compare(&Run{}); err == nil {
		t.Error("other layers were compared")
	}
}
