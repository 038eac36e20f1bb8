package dataset

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/isospike/isospike/internal/shared"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/spike"
)

// writeIDX writes an IDX file of bytes, compressed where the name ends in .gz.
func writeIDX(t *testing.T, name string, data []byte, dims ...int) {
	t.Helper()
	b := binary.BigEndian.AppendUint32(nil, uint32(0x800+len(dims)))
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, uint32(d))
	}
	b = append(b, data...)
	if filepath.Ext(name) == ".gz" {
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		w.Write(b)
		w.Close()
		b = z.Bytes()
	}
	if err := os.WriteFile(name, b, 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestMNISTCodings(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "digits[1]")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	pixels := make([]byte, 2*6) // two images of 3 columns and 2 rows
	copy(pixels[6:], []byte{255, 128, 40, 39, 1, 0})
	writeIDX(t, filepath.Join(dir, "train-images-idx3-ubyte.gz"), pixels, 2, 2, 3)
	writeIDX(t, filepath.Join(dir, "train-labels-idx1-ubyte.gz"), []byte{3, 9}, 2)
	writeIDX(t, filepath.Join(dir, "t10k-images.idx3-ubyte"), pixels[6:], 1, 2, 3)
	writeIDX(t, filepath.Join(dir, "t10k-labels.idx1-ubyte"), []byte{4}, 1)
	train, err := Open(dir+"#train", "")
	if err != nil {
		t.Fatal(err)
	}
	test, err := Open(dir+"#mnist:test", "")
	if err != nil {
		t.Fatal(err)
	}
	if train.Len() != 2 || train.Label(1) != 9 || train.Shape() != (snn.Shape{W: 3, H: 2, C: 1}) || test.Len() != 1 || test.Label(0) != 4 {
		t.Fatalf("train %d of %v, test %d", train.Len(), train.Shape(), test.Len())
	}
	counts := func(coding string, ticks, dx int) ([]int, *spike.Raster) {
		t.Helper()
		r, err := Encoded{Subset(train, []int{1}), Encoding{Tick: 500, Ticks: ticks, Downsample: 1, Coding: coding}}.Raster(0, dx, 0)
		if err != nil {
			t.Fatal(err)
		}
		return r.Counts(0, ticks, nil), r
	}
	if got, _ := counts("even", 100, 0); got[0] != 50 || got[1] != 25 || got[2] != 8 || got[5] != 0 {
		t.Errorf("even: %v", got)
	}
	if got, _ := counts("even", 100, 1); got[1] != 50 || got[2] != 25 || got[0] != 0 || got[3] != 0 {
		t.Errorf("even, moved right: %v", got)
	}
	got, _ := counts("rate", 4000, 0)
	for i, want := range []int{2000, 1004, 314} {
		if got[i] < want-150 || got[i] > want+150 {
			t.Errorf("rate: pixel %d has %d spikes, want about %d", i, got[i], want)
		}
	}
	got, r := counts("latency", 101, 0)
	if got[0] != 1 || got[1] != 1 || got[2] != 1 || got[3] != 0 || r.At(0)[0] != 0 || r.At(58)[0] != 1 || r.At(99)[0] != 2 {
		t.Errorf("latency: %v, starts %v", got, r.Start)
	}
	for ref, code := range map[string]string{
		dir: "which-part", dir + "#all": "no-part", dir + "#nosuch:": "no-format", dir + "#oxford:": "unreadable",
		filepath.Join(dir, "train-images-idx3-ubyte.gz") + "#train": "no-part",
	} {
		_, err := Open(ref, "")
		wantError(t, err, code)
	}
	writeIDX(t, filepath.Join(dir, "t10k-labels.idx1-ubyte"), []byte{4, 5}, 2)
	_, err = Open(dir+"#test", "")
	wantError(t, err, "idx", "2 labels for 1 images")
	writeIDX(t, filepath.Join(dir, "t10k-labels.idx1-ubyte"), []byte{4, 5}, 3)
	_, err = Open(dir+"#test", "")
	wantError(t, err, "idx", "2 bytes")
}

func FuzzParseIDX(f *testing.F) {
	f.Add([]byte{0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 5, 6})
	f.Add([]byte{0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 5, 6})
	f.Fuzz(func(t *testing.T, b []byte) {
		data, shape, err := parseIDX(bytes.NewReader(b), 3)
		if err == nil && len(data) != shape[0]*shape[1]*shape[2] {
			t.Fatalf("%d bytes for %v", len(data), shape)
		}
	})
}

func TestOxford(t *testing.T) {
	s, err := Open(filepath.Join(shared.Dir(t), "data", "oxford"), "")
	if err != nil {
		t.Fatal(err)
	}
	enc, err := DefaultEncoding(filepath.Join(shared.Dir(t), "data", "oxford"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Cache(Subset(s, []int{0}), 1)
	if err != nil {
		t.Fatal(err)
	}
	e := Encoded{c, enc}
	in, err := e.Raster(0, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	out, err := e.Pattern(0)
	if err != nil {
		t.Fatal(err)
	}
	events, late, err := e.Late()
	if err != nil || events != 1889 || late != 0 || in.Neurons != 200 || out.Neurons != 200 || out.Count() > 10361 || out.Count() < 10000 || e.Classes() != 0 {
		t.Errorf("%d events, %d late, %d→%d neurons, %d spikes wanted: %v", events, late, in.Neurons, out.Neurons, out.Count(), err)
	}
}

// TestRealMNIST counts what the data set's own documentation counts.
func TestRealMNIST(t *testing.T) {
	dir := filepath.Join(shared.Dir(t), "data", "mnist")
	s, err := Open(dir+"#train", "")
	if err != nil {
		t.Fatal(err)
	}
	var count [10]int
	for i := range s.Len() {
		count[s.Label(i)]++
	}
	if count != [10]int{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949} {
		t.Errorf("classes %v", count)
	}
	if s, err = Open(dir+"#test", ""); err != nil || s.Len() != 5000 {
		t.Errorf("%d test digits: %v", s.Len(), err)
	}
}

func TestRealGestures(t *testing.T) {
	path := filepath.Join(shared.Dir(t), "data", "dvsgesture", "dvsgesture_01-07.tar.gz")
	want := []int{63471, 84260, 113063, 151879, 181179, 124244, 159617}
	s, err := Open(path, "")
	if err != nil {
		t.Fatal(err)
	}
	if s.Len() != len(want) || s.Classes() != 11 || s.Shape() != (snn.Shape{W: 128, H: 128, C: 2}) {
		t.Fatalf("%d recordings of %d classes, %v", s.Len(), s.Classes(), s.Shape())
	}
	for i, n := range want {
		events, err := s.Events(i)
		if err != nil || len(events) != n || s.Label(i) != i {
			t.Errorf("recording %s: class %d, %d events, %v; want class %d, %d events", s.ID(i), s.Label(i), len(events), err, i, n)
		}
	}
}

func TestFoldsAndJoin(t *testing.T) {
	a, b := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	for dir, n := range map[string]int{a: 13, b: 4} {
		if err := WriteDir(NewSynth(n, 1), dir, "bin"); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := Open(a+"+"+b, "")
	if err != nil || whole.Len() != 17 {
		t.Fatalf("%v recordings joined: %v", whole, err)
	}
	seen := map[int]int{}
	for k, want := range []int{6, 6, 5} {
		test, err := Open(a+"+"+b+"#"+string(rune('0'+k))+"/3", "")
		if err != nil {
			t.Fatal(err)
		}
		train, err := Open(a+"+"+b+"#-"+string(rune('0'+k))+"/3", "")
		if err != nil {
			t.Fatal(err)
		}
		if test.Len() != want || train.Len() != 17-want {
			t.Errorf("fold %d: %d and %d", k, test.Len(), train.Len())
		}
		for i := range test.Len() {
			n := 3*i + k
			seen[n]++
			if test.ID(i) != whole.ID(n) || test.Label(i) != whole.Label(n) {
				t.Errorf("fold %d: sample %d is %s", k, i, test.ID(i))
			}
			x, _ := test.Events(i)
			y, _ := whole.Events(n)
			if len(x) == 0 || !slices.Equal(x, y) {
				t.Errorf("fold %d: the events of sample %d differ", k, i)
			}
		}
	}
	if len(seen) != 17 {
		t.Errorf("%d of 17 samples are in a fold", len(seen))
	}
	for _, part := range []string{"3/3", "0/1", "-1/2/3", "0/18"} {
		_, err := Open(a+"+"+b+"#"+part, "")
		wantError(t, err, "no-part")
	}
}
