package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/snn/diag"
	"pgregory.net/rapid"
)

func sample() *File {
	return &File{
		Meta: map[string]string{"isospike.kind": "fixed", "note": "<é \"quoted\">\n"},
		Tensors: []Tensor{
			Of("w", []int{2, 3}, []int8{1, -2, 3, -4, 5, -128}),
			Of("empty", []int{0, 4}, []float32{}),
			Of("f", []int{2}, []float32{1.5, float32(math.Inf(-1))}),
			Of("scalar", nil, []int64{math.MinInt64}),
		},
	}
}

func encode(t testing.TB, f *File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decode(b []byte) (*File, error) { return Read(bytes.NewReader(b), int64(len(b))) }

// raw makes a file of a header as given and n bytes of data.
func raw(header string, n int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, n)...)
}

func code(err error) string {
	var e *diag.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// TestBytes pins the format, so that artifacts stay comparable by their bytes.
func TestBytes(t *testing.T) {
	f := &File{Meta: map[string]string{"b": "2", "a": "1"}, Tensors: []Tensor{Of("x", []int{2}, []uint16{1, 0x203})}}
	const want = `{"__metadata__":{"a":"1","b":"2",` +
		// sha256 of {"__metadata__":{"a":"1","b":"2"},"x":{…}} and 01 00 03 02
		`"isospike.sha256":"DIGEST"},"x":{"dtype":"U16","shape":[2],"data_offsets":[0,4]}}`
	const sum = "34b5a99d0f17723026cdcb1c91812cd07c61f9895eff935ad33fab8c19f9503d"
	got := encode(t, f)
	n := binary.LittleEndian.Uint64(got)
	head := string(got[8 : 8+n])
	if n%8 != 0 || strings.TrimRight(head, " ") != strings.Replace(want, "DIGEST", sum, 1) {
		t.Errorf("header of %d bytes\n%s", n, head)
	}
	if data := got[8+n:]; !bytes.Equal(data, []byte{1, 0, 3, 2}) {
		t.Errorf("data % x", data)
	}
}

func TestRoundTrip(t *testing.T) {
	f := sample()
	path := filepath.Join(t.TempDir(), "a.safetensors")
	if err := WriteFile(path, f); err != nil {
		t.Fatal(err)
	}
	got, err := ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Verified() {
		t.Error("not verified")
	}
	again := encode(t, got)
	if b, _ := os.ReadFile(path); !bytes.Equal(again, b) {
		t.Error("reading and writing changed the bytes")
	}
	delete(got.Meta, DigestKey)
	for i := range got.Tensors {
		if got.Tensors[i].Shape == nil {
			t.Error("nil shape")
		}
	}
	f.Tensors[3].Shape = []int{}
	if d := cmp.Diff(f.Meta, got.Meta) + cmp.Diff(f.Tensors, got.Tensors); d != "" {
		t.Error(d)
	}
	x, err := got.Tensor("w")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := As[int8](x); err != nil || cmp.Diff(v, []int8{1, -2, 3, -4, 5, -128}) != "" {
		t.Errorf("%v %v", v, err)
	}
	if _, err := As[uint8](x); code(err) != "tensor-type" {
		t.Errorf("As of another type: %v", err)
	}
	if _, err := got.Tensor("none"); code(err) != "tensor-missing" {
		t.Errorf("missing tensor: %v", err)
	}
}

func roundTrips[T Element](t *rapid.T, v []T) {
	x := Of("x", []int{len(v)}, v)
	back, err := decodeOne(x)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := As[T](back); err != nil || !bytes.Equal(Of("x", nil, got).Data, x.Data) || len(got) != len(v) {
		t.Fatalf("%v became %v: %v", v, got, err)
	}
}

func decodeOne(x Tensor) (Tensor, error) {
	var b bytes.Buffer
	if err := Write(&b, &File{Tensors: []Tensor{x}}); err != nil {
		return Tensor{}, err
	}
	f, err := decode(b.Bytes())
	if err != nil {
		return Tensor{}, err
	}
	return f.Tensor("x")
}

func TestEveryType(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		roundTrips(t, rapid.SliceOf(rapid.Int8()).Draw(t, "i8"))
		roundTrips(t, rapid.SliceOf(rapid.Int16()).Draw(t, "i16"))
		roundTrips(t, rapid.SliceOf(rapid.Int32()).Draw(t, "i32"))
		roundTrips(t, rapid.SliceOf(rapid.Int64()).Draw(t, "i64"))
		roundTrips(t, rapid.SliceOf(rapid.Uint8()).Draw(t, "u8"))
		roundTrips(t, rapid.SliceOf(rapid.Uint16()).Draw(t, "u16"))
		roundTrips(t, rapid.SliceOf(rapid.Uint32()).Draw(t, "u32"))
		roundTrips(t, rapid.SliceOf(rapid.Uint64()).Draw(t, "u64"))
		roundTrips(t, rapid.SliceOf(rapid.Float32()).Draw(t, "f32"))
		roundTrips(t, rapid.SliceOf(rapid.Float64()).Draw(t, "f64"))
	})
}

// TestEveryBitIsCovered flips each bit of a file: either the damage is found or
// the file no longer passes for verified.
func TestEveryBitIsCovered(t *testing.T) {
	b := encode(t, sample())
	found := 0
	for i := range b {
		for bit := range 8 {
			b[i] ^= 1 << bit
			if f, err := decode(b); err != nil {
				found++
			} else if f.Verified() {
				t.Errorf("byte %d (%q) bit %d: damage not found", i, b[i], bit)
			}
			b[i] ^= 1 << bit
		}
	}
	t.Logf("%d flips of %d bits refused, the others unverified", found, 8*len(b))
	if found < 8*len(b)*9/10 {
		t.Error("too few")
	}
}

func TestForeignFile(t *testing.T) {
	// Order of the header is free, and so is white space.
	f, err := decode(raw(`{"b": {"shape":[1], "dtype":"I16", "data_offsets":[8,10]},
		"a": {"dtype":"F64","shape":[],"data_offsets":[0,8]}} `, 10))
	if err != nil {
		t.Fatal(err)
	}
	if f.Verified() || len(f.Tensors) != 2 || f.Tensors[0].Name != "a" {
		t.Errorf("%+v", f)
	}
}

var hostile = []struct {
	name, header string
	data         int
}{
	{"gap", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2},
	{"overlap", `{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3},
	{"tail", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 2},
	{"short", `{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 1},
	{"reversed", `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,-1]}}`, 1},
	{"shape", `{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}}`, 1},
	{"negative", `{"a":{"dtype":"U8","shape":[-1,-1],"data_offsets":[0,1]}}`, 1},
	{"overflow", `{"a":{"dtype":"I64","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0},
	{"overflow0", `{"a":{"dtype":"I64","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}`, 0},
	{"huge", `{"a":{"dtype":"I64","shape":[99999999999999999999],"data_offsets":[0,0]}}`, 0},
	{"fraction", `{"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,1]}}`, 1},
	{"names", `{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`, 0},
	{"metas", `{"__metadata__":{"k":"1","k":"1"}}`, 0},
	{"metadata twice", `{"__metadata__":{},"__metadata__":{}}`, 0},
	{"meta number", `{"__metadata__":{"k":1}}`, 0},
	{"fields", `{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}`, 0},
	{"field missing", `{"a":{"dtype":"U8","shape":[0]}}`, 0},
	{"field unknown", `{"a":{"dtype":"U8","Shape":[0],"data_offsets":[0,0]}}`, 0},
	{"offsets", `{"a":{"dtype":"U8","shape":[0],"data_offsets":[0]}}`, 0},
	{"dtype", `{"a":{"dtype":"BF16","shape":[0],"data_offsets":[0,0]}}`, 0},
	{"trailing", `{} {}`, 0},
	{"list", `[]`, 0},
	{"space", ` {}`, 0},
	{"cut", `{"a":{"dtype":"U8"`, 0},
	{"utf8", "{\"\xff\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0},
}

func TestHostile(t *testing.T) {
	for _, h := range hostile {
		if _, err := decode(raw(h.header, h.data)); err == nil {
			t.Errorf("%s: accepted", h.name)
		}
	}
	whole := encode(t, sample())
	for n := range whole {
		if _, err := decode(whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were accepted", n, len(whole))
		}
	}
}

func TestClaimedLengthAllocatesNothing(t *testing.T) {
	b := append(binary.LittleEndian.AppendUint64(nil, 1<<30), make([]byte, 92)...)
	avg := testing.Benchmark(func(bm *testing.B) {
		for bm.Loop() {
			if _, err := decode(b); code(err) != "artifact-malformed" {
				bm.Fatal(err)
			}
		}
	}).AllocedBytesPerOp()
	if avg > 4096 {
		t.Errorf("allocated %d bytes", avg)
	}
}

func TestWriteRefuses(t *testing.T) {
	for name, f := range map[string]*File{
		"shape":    {Tensors: []Tensor{Of("a", []int{3}, []int8{1})}},
		"twice":    {Tensors: []Tensor{Of("a", nil, []int8{1}), Of("a", nil, []int8{1})}},
		"reserved": {Tensors: []Tensor{Of("__metadata__", nil, []int8{1})}},
		"type":     {Tensors: []Tensor{{Name: "a", DType: "F16", Shape: []int{0}}}},
		"utf8":     {Meta: map[string]string{"a": "\xff"}},
	} {
		if err := Write(&bytes.Buffer{}, f); err == nil {
			t.Errorf("%s: written", name)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(encode(f, sample()))
	f.Add(encode(f, &File{}))
	for _, h := range hostile {
		f.Add(raw(h.header, h.data))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := decode(b)
		if err != nil {
			return
		}
		back, err := decode(encode(t, got))
		if err != nil || !back.Verified() {
			t.Fatalf("written again: %v", err)
		}
		if d := cmp.Diff(got.Tensors, back.Tensors); d != "" {
			t.Fatal(d)
		}
	})
}
