package npy

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io/fs"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/internal/shared"
	"pgregory.net/rapid"
)

// raw makes a .npy file of a header as given and data.
func raw(version byte, head, data string) []byte {
	b := append([]byte(magic), version, 0)
	if version == 1 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(head)))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(head)))
	}
	return append(b, head+data...)
}

func write(t testing.TB, a *Array) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, a); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestBytes compares with what numpy.save writes.
func TestBytes(t *testing.T) {
	for _, c := range []struct {
		a    *Array
		head string
		data string
	}{
		{Of([]int{2}, []int16{1, -2}), "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }", "\x01\x00\xfe\xff"},
		{Of([]int{1, 2}, []bool{true, false}), "{'descr': '|b1', 'fortran_order': False, 'shape': (1, 2), }", "\x01\x00"},
		{Of(nil, []uint8{7}), "{'descr': '|u1', 'fortran_order': False, 'shape': (), }", "\x07"},
		{OfText("é"), "{'descr': '<U1', 'fortran_order': False, 'shape': (), }", "\xe9\x00\x00\x00"},
	} {
		want := raw(1, c.head+strings.Repeat(" ", 117-len(c.head))+"\n", c.data)
		if got := write(t, c.a); !bytes.Equal(got, want) {
			t.Errorf("got\n%q\nwant\n%q", got, want)
		}
	}
}

func TestRead(t *testing.T) {
	const rest = "'fortran_order': False, 'shape': (2,), }\n"
	for _, c := range []struct {
		file []byte
		want []int64
	}{
		{raw(1, "{'descr': '|b1', "+rest, "\x00\x05"), []int64{0, 1}},
		{raw(2, "{'descr': '|i1', "+rest, "\x7f\x80"), []int64{127, -128}},
		{raw(3, "{'descr': '|u1', "+rest, "\x7f\x80"), []int64{127, 128}},
		{raw(1, "{'descr': '<u4', "+rest, "\x01\x00\x00\x00\xff\xff\xff\xff"), []int64{1, math.MaxUint32}},
		{raw(1, "{'shape':(2,2),'fortran_order':True,'descr':'<i2'}", "\x01\x00\x02\x00\x03\x00\xff\xff"), []int64{1, 3, 2, -1}},
		{raw(1, "{'descr': '<f8', 'fortran_order': True, 'shape': (3, 0, 2), }\n", ""), nil},
	} {
		a, err := Read(bytes.NewReader(c.file))
		if err != nil {
			t.Errorf("%q: %v", c.file, err)
			continue
		}
		if c.want == nil {
			if v, err := a.Floats(); len(v) != 0 || err != nil {
				t.Errorf("%v, %v", v, err)
			}
			continue
		}
		if v, err := a.Ints(); err != nil || cmp.Diff(c.want, v) != "" {
			t.Errorf("got %v, %v; want %v", v, err, c.want)
		}
		if v, err := a.Floats(); err != nil || v[1] != float64(c.want[1]) {
			t.Errorf("got %v, %v; want %v", v, err, c.want)
		}
	}
}

func TestTransposeMatchesIndexing(t *testing.T) {
	shape := []int{2, 3, 4}
	v := make([]int16, 24)
	for i := range v {
		v[i] = int16(i)
	}
	a := Of(shape, v)
	a.transpose()
	got, err := a.Ints()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for i := range 2 {
		for j := range 3 {
			for k := range 4 {
				if want := int64(i + 2*j + 6*k); got[n] != want {
					t.Fatalf("element %d,%d,%d is %d, want %d", i, j, k, got[n], want)
				}
				n++
			}
		}
	}
}

var hostile = [][]byte{
	nil,
	[]byte("\x93NUMPY\x01\x00"),
	raw(4, "", ""),
	raw(2, "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }", "\x01"),
	raw(1, "{'descr': '>i2', 'fortran_order': False, 'shape': (1,), }", "\x01\x02"),
	raw(1, "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", "\x80\x04"),
	raw(1, "{'descr': [('a', '<i2')], 'fortran_order': False, 'shape': (1,), }", "\x01\x02"),
	raw(1, "{'descr': '<i2', 'fortran_order': 0, 'shape': (1,), }", "\x01\x02"),
	raw(1, "{'descr': '<i2', 'fortran_order': 'True', 'shape': (1,), }", "\x01\x02"),
	raw(1, "{'descr': '<i2', 'shape': (1,), }", "\x01\x02"),
	raw(1, "{'descr': '<i2', 'descr': '<i2', 'shape': (1,), }", "\x01\x02"),
	raw(1, "{'descr': '<i2', 'fortran_order': False, 'shape': (-1,), }", ""),
	raw(1, "{'descr': '<i8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", ""),
	raw(1, "{'descr': '<i8', 'fortran_order': False, 'shape': (0, 4294967296, 4294967296), }", ""),
	raw(1, "{'descr': '<i8', 'fortran_order': False, 'shape': (99999999999999999999,), }", ""),
	raw(1, "{'descr': '<i8', 'fortran_order': False, 'shape': (1000000,), }", "short"),
	raw(1, "{'descr': '<U99999999999', 'fortran_order': False, 'shape': (), }", ""),
	raw(1, "{'descr': '<U1', 'fortran_order': False, 'shape': ("+strings.Repeat("1,", 33)+"), }", "a\x00\x00\x00"),
}

func TestHostile(t *testing.T) {
	for _, b := range hostile {
		if _, err := Read(bytes.NewReader(b)); err == nil {
			t.Errorf("accepted %q", b)
		}
	}
	if err := Write(&bytes.Buffer{}, Of([]int{3}, []int8{1})); err == nil {
		t.Error("wrote one element as three")
	}
}

func TestConversionErrors(t *testing.T) {
	for name, f := range map[string]func() error{
		"float as int":    func() error { _, err := Of(nil, []float32{1}).Ints(); return err },
		"uint64 as int64": func() error { _, err := Of(nil, []uint64{1 << 63}).Ints(); return err },
		"int64 as float":  func() error { _, err := Of(nil, []int64{1<<53 + 1}).Floats(); return err },
		"text as int":     func() error { _, err := OfText("1").Ints(); return err },
		"int as text":     func() error { _, err := Of(nil, []int8{1}).Text(); return err },
		"surrogate":       func() error { _, err := (&Array{DType: "<U1", data: []byte{0, 0xd8, 0, 0}}).Text(); return err },
		"zero value":      func() error { _, err := new(Array).Ints(); return err },
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestNPZRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npz")
	rapid.Check(t, func(t *rapid.T) {
		in := map[string]*Array{
			"text":  OfText(strings.TrimRight(rapid.String().Draw(t, "text"), "\x00")),
			"bools": Of([]int{1, 1}, []bool{rapid.Bool().Draw(t, "b")}),
		}
		i := rapid.SliceOf(rapid.Int64()).Draw(t, "i")
		in["ints"] = Of([]int{len(i)}, i)
		f := rapid.SliceOf(rapid.Float64()).Draw(t, "f")
		in["floats"] = Of([]int{len(f), 1}, f)
		if err := WriteNPZ(path, in); err != nil {
			t.Fatal(err)
		}
		out, err := ReadNPZ(path)
		if err != nil {
			t.Fatal(err)
		}
		in["text"].Shape = []int{} // read as such
		if d := cmp.Diff(in, out, cmp.AllowUnexported(Array{}), cmp.Comparer(bytes.Equal)); d != "" {
			t.Fatal(d)
		}
	})
}

func zipped(t testing.TB, arrays map[string]*Array) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := writeNPZ(&b, arrays); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestNPZDamage(t *testing.T) {
	b := zipped(t, map[string]*Array{"x": Of([]int{64}, make([]int8, 64)), "y": OfText("a")})
	if again := zipped(t, map[string]*Array{"y": OfText("a"), "x": Of([]int{64}, make([]int8, 64))}); !bytes.Equal(b, again) {
		t.Error("not deterministic")
	}
	for n := range b {
		if _, err := readNPZ(bytes.NewReader(b[:n]), int64(n)); err == nil {
			t.Errorf("the first %d of %d bytes were accepted", n, len(b))
		}
	}
}

// TestGold reads every recorded vector; what the numbers mean is checked where
// they are used.
func TestGold(t *testing.T) {
	files, arrays, elements, texts := 0, 0, 0, 0
	err := filepath.WalkDir(shared.Dir(t, "gold"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".npz" {
			return err
		}
		files++
		z, err := ReadNPZ(path)
		if err != nil {
			return err
		}
		for name, a := range z {
			arrays++
			if a.DType[1] == 'U' {
				texts++
				if s, err := a.Text(); err != nil || !json.Valid([]byte(s)) {
					t.Errorf("%s: %s is %q: %v", path, name, s, err)
				}
				continue
			}
			v, err := a.Floats()
			if err != nil {
				t.Errorf("%s: %s: %v", path, name, err)
			}
			want := 1
			for _, d := range a.Shape {
				want *= d
			}
			if len(v) != want {
				t.Errorf("%s: %s has %d elements for shape %v", path, name, len(v), a.Shape)
			}
			elements += len(v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, %d arrays, %d elements, %d texts", files, arrays, elements, texts)
	if files == 0 || elements == 0 || texts == 0 {
		t.Error("nothing was read")
	}
}

func FuzzRead(f *testing.F) {
	for _, b := range hostile {
		f.Add(b)
	}
	f.Add(raw(1, "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 1), }\n", "\x01\x02\x03\x04"))
	f.Add(raw(3, "{'descr': '<U2', 'fortran_order': False, 'shape': (), }\n", "a\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		a.Ints()
		a.Floats()
		a.Text()
		back, err := Read(bytes.NewReader(write(t, a)))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(a, back, cmp.AllowUnexported(Array{}), cmp.Comparer(bytes.Equal)); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzNPZ(f *testing.F) {
	f.Add(zipped(f, map[string]*Array{"x": Of([]int{2, 1}, []float32{1, 2}), "meta": OfText("{}")}))
	f.Add(zipped(f, nil))
	f.Add([]byte("PK"))
	f.Fuzz(func(t *testing.T, b []byte) {
		readNPZ(bytes.NewReader(b), int64(len(b)))
	})
}

// TestNPZEntries: an array with something behind it, and one whose bytes are not those of its checksum, say which of the two they are.
func TestNPZEntries(t *testing.T) {
	array := write(t, Of([]int{3}, []uint8{1, 2, 3}))
	packed := func(body []byte) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.CreateHeader(&zip.FileHeader{Name: "a.npy", Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	damaged := packed(array)
	damaged[bytes.Index(damaged, []byte{1, 2, 3})] ^= 4
	for want, b := range map[string][]byte{
		`array "a": something follows the array`:        packed(append(array, 0)),
		`array "a": it is damaged: zip: checksum error`: damaged,
	} {
		if _, err := readNPZ(bytes.NewReader(b), int64(len(b))); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
