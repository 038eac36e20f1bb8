package hdf5

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/internal/shared"
	"github.com/isospike/isospike/snn/diag"
)

// open opens a file that testdata/make.py has written.
func open(t testing.TB, name string) *Group {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	g, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func dataset(t testing.TB, g *Group, path string) *Dataset {
	t.Helper()
	d, err := g.Dataset(path)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func ints(t testing.TB, d *Dataset) []int64 {
	t.Helper()
	v, err := d.Ints()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func wantCode(t *testing.T, err error, code, in string) {
	t.Helper()
	var e *diag.Error
	if !errors.As(err, &e) || e.Code != code || !strings.Contains(e.Msg, in) {
		t.Errorf("got %v, want %s with %q", err, code, in)
	}
}

// upTo returns 0, 1, … n−1.
func upTo(n int) []int64 {
	v := make([]int64, n)
	for i := range v {
		v[i] = int64(i)
	}
	return v
}

func TestNumbers(t *testing.T) {
	g := open(t, "types.h5")
	compared := 0
	for _, order := range []string{"le", "be"} {
		for _, size := range []int{1, 2, 4, 8} {
			for kind, want := range map[string][]int64{
				"i": {math.MinInt64 >> (64 - 8*size), 5, math.MaxInt64 >> (64 - 8*size)},
				"u": {0, 5, int64(min(uint64(math.MaxUint64)>>(64-8*size), math.MaxInt64))},
			} {
				d := dataset(t, g, fmt.Sprintf("%s/%s%d", order, kind, size))
				if got := ints(t, d); cmp.Diff(want, got) != "" || d.Kind != Int {
					t.Errorf("%s: got %v, want %v", d.path, got, want)
				}
				compared += len(want)
			}
		}
		for size, tenth := range map[int]float64{4: float64(float32(-0.1)), 8: -0.1} {
			d := dataset(t, g, fmt.Sprintf("%s/f%d", order, size))
			want := []float64{1.5, tenth, math.Inf(1)}
			if got, err := d.Floats(); err != nil || cmp.Diff(want, got) != "" || d.Kind != Float {
				t.Errorf("%s: got %v, %v; want %v", d.path, got, err, want)
			}
			compared += len(want)
			_, err := d.Ints()
			wantCode(t, err, "hdf5-type", d.path)
		}
	}
	t.Logf("%d numbers compared", compared)
	if _, err := dataset(t, g, "le/i8").Floats(); err == nil {
		t.Error("2^63-1 became a float64")
	}
	if v, err := dataset(t, g, "le/i4").Floats(); err != nil || v[0] != math.MinInt32 {
		t.Errorf("%v, %v", v, err)
	}
}

func TestShapesAndLayouts(t *testing.T) {
	g := open(t, "types.h5")
	for path, want := range map[string]struct {
		shape []int
		v     []int64
	}{
		"bool":      {[]int{3}, []int64{1, 0, 1}},
		"scalar":    {[]int{}, []int64{42}},
		"empty":     {[]int{0, 3}, []int64{}},
		"compact":   {[]int{3}, []int64{1, -2, 3}},
		"continued": {[]int{3}, []int64{0, 1, 2}},
	} {
		d := dataset(t, g, path)
		if got := ints(t, d); cmp.Diff(want.v, got)+cmp.Diff(want.shape, d.Shape) != "" {
			t.Errorf("%s: got %v %v, want %v", path, d.Shape, got, want)
		}
	}
	u := open(t, "userblock.h5")
	if got := ints(t, dataset(t, u, "d")); cmp.Diff(upTo(3), got) != "" {
		t.Errorf("after a user block: %v", got)
	}
}

func TestStrings(t *testing.T) {
	g := open(t, "types.h5")
	for path, want := range map[string][]string{
		"text/fixed":  {"dense", "", "0123456789"},
		"text/space":  {"ab"},
		"text/scalar": {"CUBA é"},
		"text/list":   {"a", "", "ccc"},
	} {
		d := dataset(t, g, path)
		if got, err := d.Strings(); err != nil || cmp.Diff(want, got) != "" || d.Kind != String {
			t.Errorf("%s: got %q, %v", path, got, err)
		}
		_, err := d.Floats()
		wantCode(t, err, "hdf5-type", path)
	}
	_, err := dataset(t, g, "scalar").Strings()
	wantCode(t, err, "hdf5-type", "scalar")
}

func TestGroups(t *testing.T) {
	g := open(t, "groups.h5")
	names := g.Names()
	if len(names) != 203 { // a, d, soft and 200 links
		t.Errorf("%d names: %q", len(names), names)
	}
	for i := range 200 {
		if got := ints(t, dataset(t, g, fmt.Sprintf("link %03d", i))); cmp.Diff(upTo(2), got) != "" {
			t.Errorf("link %d: %v", i, got)
		}
	}
	for _, path := range []string{"a/b/c", "/a/b/c", "a/root/a/root/a/b/c"} {
		if got := ints(t, dataset(t, g, path)); got[0] != 7 {
			t.Errorf("%s: %v", path, got)
		}
	}
	if a, err := g.Group("a"); err != nil || cmp.Diff([]string{"b", "root"}, a.Names()) != "" {
		t.Errorf("%v, %v", a.Names(), err)
	}
	for path, e := range map[string][2]string{
		"soft":   {"hdf5-unsupported", "/soft: a soft link"},
		"none":   {"hdf5-missing", "/none"},
		"a/none": {"hdf5-missing", "/a/none"},
		"d/x":    {"hdf5-malformed", "/d: not a group"},
		"a":      {"hdf5-malformed", "/a: not a dataset"},
		"":       {"hdf5-missing", ""},
	} {
		_, err := g.Dataset(path)
		wantCode(t, err, e[0], e[1])
	}
}

func TestChunks(t *testing.T) {
	g := open(t, "chunks.h5")
	for path, n := range map[string]int{
		"plain": 70, "gzip": 70, "shuffle": 70, "both": 70, "levels": 150,
	} {
		if got := ints(t, dataset(t, g, path)); cmp.Diff(upTo(n), got) != "" {
			t.Errorf("%s: %v", path, got)
		}
	}
	cube, err := dataset(t, g, "cube").Floats()
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range cube {
		if x != float64(i) || len(cube) != 60 {
			t.Fatalf("cube: %v", cube)
		}
	}
	if got, err := dataset(t, g, "strings").Strings(); err != nil || cmp.Diff([]string{"a", "bb", "ccc"}, got) != "" {
		t.Errorf("strings: %q, %v", got, err)
	}
	if got := ints(t, dataset(t, g, "mask")); cmp.Diff([]int64{1, 2, 3, 4}, got) != "" {
		t.Errorf("a chunk without its filter: %v", got)
	}
}

func TestUnsupported(t *testing.T) {
	g := open(t, "types.h5")
	for path, e := range map[string][2]string{
		"null":      {"hdf5-unsupported", "null dataspace"},
		"compound":  {"hdf5-unsupported", "datatype class 6"},
		"unwritten": {"hdf5-malformed", "no value was ever written"},
	} {
		d, err := g.Dataset(path)
		if err == nil {
			_, err = d.Ints()
		}
		wantCode(t, err, e[0], "/"+path)
		wantCode(t, err, e[0], e[1])
	}
	c := open(t, "chunks.h5")
	_, err := c.Dataset("checksum")
	wantCode(t, err, "hdf5-unsupported", "filter 3")
	_, err = dataset(t, c, "hole").Ints()
	wantCode(t, err, "hdf5-malformed", "1 of 2 chunks")
	for path, in := range map[string]string{"long": "floating-point type of 16 bytes", "nested": "a list of other things than numbers"} {
		_, err := open(t, "lists.h5").Dataset(path)
		wantCode(t, err, "hdf5-unsupported", in)
	}
	for name, in := range map[string]string{"latest.h5": "superblock version", "tracked.h5": "object header"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		_, err = Open(bytes.NewReader(b), int64(len(b)))
		wantCode(t, err, "hdf5-unsupported", in)
	}
}

// TestLists reads what h5py wrote, in any order and from many goroutines.
func TestLists(t *testing.T) {
	g := open(t, "lists.h5")
	long := make([]float64, 1000)
	for i := range long {
		long[i] = float64(i)
	}
	values := [][]float64{{0, 0.5, -2}, {}, {65504, math.Ldexp(1, -24), math.Copysign(0, -1), math.Inf(1)}, long}
	compared := 0
	for _, how := range []string{"plain", "chunks"} {
		for _, kind := range []string{"f2", "f4", "f8", "i8", "u2"} {
			d := dataset(t, g, how+"/"+kind)
			l, err := d.Lists()
			if err != nil || d.Kind != List || l.Len() != len(values) {
				t.Fatalf("%s: %d lists, %v", d.path, l.Len(), err)
			}
			if _, err := d.Ints(); err == nil {
				t.Error("lists are read as integers")
			}
			var all sync.WaitGroup
			for n := range 40 {
				all.Go(func() {
					i := n % len(values)
					got, err := l.Floats(i)
					if err != nil || len(got) != len(values[i]) {
						t.Errorf("%s[%d]: %d numbers, %v", d.path, i, len(got), err)
						return
					}
					for k, want := range values[i] {
						switch {
						case kind[0] == 'f':
							want = float64(float32(want))
						case want < 0 || want >= 1<<15:
							want = 7
						default:
							want = math.Trunc(math.Abs(want))
						}
						if math.Float64bits(got[k]) != math.Float64bits(want) {
							t.Errorf("%s[%d][%d] is %v, want %v", d.path, i, k, got[k], want)
						}
					}
				})
			}
			all.Wait()
			compared++
			if ints, err := l.Ints(0); (err == nil) != (kind[0] != 'f') || err == nil && cmp.Diff([]int64{0, 0, 7}, ints) != "" {
				t.Errorf("%s: %v, %v", d.path, ints, err)
			}
		}
	}
	if _, err := dataset(t, g, "text").Lists(); err == nil {
		t.Error("strings are read as lists")
	}
	t.Logf("compared %d datasets", compared)
}

// visit reads everything below g, at most left objects: links may go in a circle.
func visit(g *Group, left *int, found func(*Dataset, error)) {
	for _, name := range g.Names() {
		if *left--; *left < 0 {
			return
		}
		if d, err := g.Dataset(name); err == nil {
			switch d.Kind {
			case Int:
				_, err = d.Ints()
			case Float:
				_, err = d.Floats()
			case String:
				_, err = d.Strings()
			case List:
				var l *Lists
				if l, err = d.Lists(); err == nil {
					for i := range min(l.Len(), 8) {
						if _, err = l.Floats(i); err != nil {
							break
						}
					}
				}
			}
			found(d, err)
		} else if sub, err := g.Group(name); err == nil {
			visit(sub, left, found)
		}
	}
}

func TestTruncated(t *testing.T) {
	for _, name := range []string{"types.h5", "groups.h5", "chunks.h5"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < len(b); n += 1 + len(b)/300 {
			if _, err := Open(bytes.NewReader(b[:n]), int64(n)); err == nil {
				t.Errorf("the first %d of %d bytes were accepted", n, len(b))
			}
		}
	}
}

// TestDamaged overwrites bytes of good files, a check against panics and
// endless loops that runs always; FuzzOpen looks further.
func TestDamaged(t *testing.T) {
	bad := 0
	for _, name := range []string{"types.h5", "groups.h5", "chunks.h5"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(b); i += 1 + len(b)/150 {
			old := b[i]
			b[i] ^= byte(i*31) | 1
			if g, err := Open(bytes.NewReader(b), int64(len(b))); err == nil {
				left := 50
				visit(g, &left, func(_ *Dataset, err error) {
					if err != nil {
						bad++
					}
				})
			}
			b[i] = old
		}
	}
	t.Logf("%d datasets found damaged", bad)
}

// TestGold compares every dataset of the recorded networks with what h5py reads.
func TestGold(t *testing.T) {
	want, err := os.ReadFile("testdata/gold.txt")
	if err != nil {
		t.Fatal(err)
	}
	dir := shared.Dir(t, "gold")
	files := map[string]*Group{}
	compared, values := 0, 0
	for line := range strings.Lines(string(want)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		g, ok := files[f[0]]
		if !ok {
			b, err := os.ReadFile(filepath.Join(dir, f[0]))
			if err != nil {
				t.Fatal(err)
			}
			if g, err = Open(bytes.NewReader(b), int64(len(b))); err != nil {
				t.Fatal(err)
			}
			files[f[0]] = g
		}
		d := dataset(t, g, f[1])
		var shape []string
		for _, n := range d.Shape {
			shape = append(shape, strconv.Itoa(n))
		}
		if shape == nil {
			shape = []string{"-"}
		}
		var text, number = "", math.NaN()
		if d.Kind == String {
			s, err := d.Strings()
			if err != nil {
				t.Fatal(err)
			}
			text = strings.Join(s, "|")
		} else {
			v, err := d.Floats()
			if err != nil {
				t.Fatal(err)
			}
			number = 0
			for i, x := range v {
				number += x * float64(i%97+1)
			}
			values += len(v)
		}
		if n, err := strconv.ParseFloat(f[3], 64); strings.Join(shape, ",") != f[2] || text != f[3] && (err != nil || n != number) {
			t.Errorf("%s: got shape %v, %q or %v", line, shape, text, number)
		}
		compared++
	}
	all, left := 0, 1000
	for _, g := range files {
		visit(g, &left, func(d *Dataset, err error) {
			if all++; err != nil {
				t.Error(err)
			}
		})
	}
	t.Logf("%d files, %d datasets, %d values compared", len(files), compared, values)
	if compared == 0 || all != compared {
		t.Errorf("%d datasets in the files, %d compared", all, compared)
	}
}

func FuzzOpen(f *testing.F) {
	for _, name := range []string{"types.h5", "groups.h5", "chunks.h5", "userblock.h5", "latest.h5", "tracked.h5", "lists.h5"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		left := 50
		visit(g, &left, func(*Dataset, error) {})
	})
}
