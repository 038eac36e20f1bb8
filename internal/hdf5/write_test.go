package hdf5

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/internal/tool"
	"pgregory.net/rapid"
)

// everything returns a file of every kind of value, in groups of one, two and three
// levels of B-tree, and what a list of it must say.
func everything() (*Folder, []string) {
	f := NewFolder()
	var want []string
	put := func(path, name, kind, values string, v Value) {
		at := f
		if path != "" {
			at = f.Folder(path)
		}
		at.Put(name, v)
		want = append(want, fmt.Sprintf("%s %s %s", strings.TrimPrefix(path+"/"+name, "/"), kind, values))
	}
	put("numbers", "i1", "int8 (3,)", "-128 0 127", NumbersOf([]int{3}, []int8{-128, 0, 127}))
	put("numbers", "u1", "uint8 (1, 2)", "0 255", NumbersOf([]int{1, 2}, []uint8{0, 255}))
	put("numbers", "i2", "int16 (2, 1)", "-32768 32767", NumbersOf([]int{2, 1}, []int16{-32768, 32767}))
	put("numbers", "i4", "int32 (1,)", "-2147483648", NumbersOf([]int{1}, []int32{math.MinInt32}))
	put("numbers", "i8", "int64 ()", "-9007199254740992", Scalar(int64(-1<<53)))
	put("numbers", "f4", "float32 (2,)", "-0.5 inf", NumbersOf([]int{2}, []float32{-0.5, float32(math.Inf(1))}))
	put("numbers", "f8", "float64 (2, 1, 2)", "0.0 -1e-300 5e-324 1.5", NumbersOf([]int{2, 1, 2}, []float64{0, -1e-300, 5e-324, 1.5}))
	put("numbers", "none", "float32 (0, 3)", "", NumbersOf([]int{0, 3}, []float32{}))
	put("text/deep/er", "yes", "bool ()", "True", Bool(true))
	put("text/deep/er", "no", "bool ()", "False", Bool(false))
	put("text", "ten", "|S10 (1,)", "dense", FixedText(10, "dense"))
	put("text", "one", "object ()", "CUBA é", Text("CUBA é"))
	put("text", "empty", "object ()", "", Text(""))
	put("text", "pairs", "object (2, 2)", "a b b a", TextsOf([]int{2, 2}, []string{"a", "b", "b", "a"}))
	long := strings.Repeat("long ", 20000) + "end"
	put("text", "long", "object ()", long, Text(long))
	for i := range 1500 { // a group's B-tree of three levels, and several global heaps
		put("many", fmt.Sprintf("link %d", i), "object ()", fmt.Sprintf("value %d", i), Text(fmt.Sprintf("value %d", i)))
	}
	for i := range 40 { // two levels
		put("some", fmt.Sprint(i), "int64 ()", fmt.Sprint(i), Scalar(int64(i)))
	}
	f.Folder("vacant")
	put("", "z", "int64 ()", "1", Scalar(int64(1)))
	slices.Sort(want)
	return f, want
}

// TestWriteIsRead: our own reader finds in a file what was written to it.
func TestWriteIsRead(t *testing.T) {
	f, want := everything()
	b := Bytes(f)
	if again, _ := everything(); !bytes.Equal(b, Bytes(again)) {
		t.Error("the same folder gave other bytes")
	}
	root, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"many", "numbers", "some", "text", "vacant", "z"}, root.Names()); d != "" {
		t.Error(d)
	}
	compared := 0
	for _, line := range want {
		path, rest, _ := strings.Cut(line, " ")
		if strings.HasPrefix(path, "many/") {
			var n string
			n, rest, _ = strings.Cut(rest, " ")
			path += " " + n
		}
		d := dataset(t, root, path)
		kind, values, _ := strings.Cut(rest, ") ")
		_, dims, _ := strings.Cut(kind, "(")
		shape := []string{}
		for _, n := range d.Shape {
			shape = append(shape, fmt.Sprint(n))
		}
		if got := strings.Join(shape, ", "); got != strings.TrimSuffix(dims, ",") {
			t.Errorf("%s: shape %v, want %s", path, d.Shape, dims)
		}
		var got []string
		if d.Kind == String {
			got, err = d.Strings()
		} else {
			var v []float64
			v, err = d.Floats()
			for _, x := range v {
				got = append(got, fmt.Sprint(x))
			}
		}
		switch {
		case err != nil:
			t.Error(err)
		case d.Kind == String && strings.Join(got, " ") != values:
			t.Errorf("%s: %.80q, want %.80q", path, got, values)
		case d.Kind != String:
			for i, w := range strings.Fields(strings.NewReplacer("True", "1", "False", "0", "inf", "+Inf").Replace(values)) {
				var x float64
				if _, err := fmt.Sscan(w, &x); err != nil || fmt.Sprint(x) != got[i] {
					t.Errorf("%s: value %d is %s, want %s", path, i, got[i], w)
				}
			}
		}
		compared++
	}
	t.Logf("compared %d datasets", compared)
	if compared != len(want) || compared == 0 {
		t.Error("not all was compared")
	}
}

// TestWriteRandom: any tree of folders with any values comes back.
func TestWriteRandom(t *testing.T) {
	compared := 0
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-z0-9_.é ]{2,12}`)
		f, texts, numbers := NewFolder(), map[string][]string{}, map[string][]float64{}
		for range rapid.IntRange(0, 60).Draw(t, "values") {
			path := name.Draw(t, "folder")
			if rapid.Bool().Draw(t, "deeper") {
				path += "/" + name.Draw(t, "below")
			}
			key := "v" + name.Draw(t, "name") + "!"
			if _, taken := f.Folder(path).values[key]; taken {
				continue
			}
			if rapid.Bool().Draw(t, "text") {
				v := rapid.SliceOfN(rapid.StringN(0, 700, 900).Filter(func(s string) bool { return !strings.Contains(s, "\x00") }), 0, 9).Draw(t, "strings")
				f.Folder(path).Put(key, TextsOf([]int{len(v)}, v))
				texts[path+"/"+key] = v
			} else {
				v := rapid.SliceOfN(rapid.Float64(), 0, 9).Draw(t, "numbers")
				f.Folder(path).Put(key, NumbersOf([]int{1, len(v)}, v))
				numbers[path+"/"+key] = v
			}
		}
		b := Bytes(f)
		root, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range texts {
			d, err := root.Dataset(path)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := d.Strings(); err != nil || !slices.Equal(got, want) {
				t.Fatalf("%s: %q, %v; want %q", path, got, err, want)
			}
			compared++
		}
		for path, want := range numbers {
			d, err := root.Dataset(path)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := d.Floats(); err != nil || !slices.Equal(got, want) {
				t.Fatalf("%s: %v, %v; want %v", path, got, err, want)
			}
			compared++
		}
	})
	t.Logf("compared %d datasets", compared)
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

// TestWriteForOthers: h5py and h5dump, both HDF5's own library, read every value, and
// the types are those that h5py gives to such values.
func TestWriteForOthers(t *testing.T) {
	f, want := everything()
	path := filepath.Join(t.TempDir(), "everything.h5")
	if err := os.WriteFile(path, Bytes(f), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("h5py", func(t *testing.T) {
		out, err := exec.Command(tool.Python(t, "h5py"), "testdata/list.py", path).Output()
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%.2000s", d)
		}
		t.Logf("compared %d datasets", len(got))
	})
	t.Run("h5dump", func(t *testing.T) {
		out, err := exec.Command(tool.Path(t, "h5dump"), "-r", path).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %.500s", err, out)
		}
		if n := strings.Count(string(out), "DATASET"); n != len(want) {
			t.Errorf("%d datasets, want %d", n, len(want))
		}
		for _, part := range []string{`(0): "dense`, `(1,0): "b", "a"`, `STRSIZE 10`, `H5T_STR_NULLPAD`, `"TRUE"             1`, "H5T_STD_I64LE", "H5T_IEEE_F32LE"} {
			if !strings.Contains(string(out), part) {
				t.Errorf("h5dump does not show %s", part)
			}
		}
		t.Logf("compared %d datasets", len(want))
	})
}

func TestWriteNames(t *testing.T) {
	for _, name := range []string{"", ".", "a/b", "a\x00", "taken", "group", strings.Repeat("x", maxName)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("the name %.20q was accepted", name)
				}
			}()
			f := NewFolder()
			f.Put("taken", Scalar(int64(1)))
			f.Folder("group")
			f.Put(name, Scalar(int64(1)))
		}()
	}
}
