package dataset

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/isospike/isospike/internal/npy"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// qtdb is the QT database as spikes (Yin, Corradi and Bohté 2020): two leads of an ECG
// as up and down level crossings, and for every step one of six parts of the wave. A
// step is a tick of 1 ms here.
type qtdb struct {
	name     string
	steps    int
	first    int    // number of its first sequence in the files
	spikes   []byte // 4 a step, sequence after sequence
	label    []byte // one a step
	majority []int
}

const (
	qtdbChannels = 4
	qtdbClasses  = 6
	maxQTDB      = 1 << 26 // bytes of an array: a hundred times the real one
)

// openQTDB reads a folder with x (n×steps×4, int8: 1 is a spike, −1 an end mark) and y
// (n×steps, uint8: the class, 255 without) as NumPy files whose names end in _x.npy and
// _y.npy, compressed or not. The last fifth of the sequences is the part test, the
// others are train.
func openQTDB(path, part, _ string) (Set, error) {
	if part != "" && part != "train" && part != "test" {
		return nil, unknownPart(path, part, "train", "test")
	}
	x, file, err := readArray(path, "*_x.npy*", maxQTDB)
	if err != nil {
		return nil, err
	}
	y, labels, err := readArray(path, "*_y.npy*", maxQTDB)
	if err != nil {
		return nil, err
	}
	if len(x.Shape) != 3 || x.Shape[2] != qtdbChannels || len(y.Shape) != 2 || y.Shape[0] != x.Shape[0] || y.Shape[1] != x.Shape[1] || x.Shape[0] < 1 || x.Shape[1] > maxTicks {
		return nil, diag.Inputf("qtdb", file, "it is %v and %s is %v", x.Shape, filepath.Base(labels), y.Shape).WithFix("they must be n×steps×4 and n×steps, of at most %d steps", maxTicks)
	}
	q := &qtdb{name: filepath.Base(filepath.Clean(path)), steps: x.Shape[1]}
	if q.spikes, err = toBytes(x, func(v int64) bool { return v >= -1 && v <= 1 }); err != nil {
		return nil, diag.InFile(err, file)
	}
	if q.label, err = toBytes(y, func(v int64) bool { return v >= 0 && v < qtdbClasses || v == 255 }); err != nil {
		return nil, diag.InFile(err, labels)
	}
	from, to := 0, x.Shape[0]
	switch part {
	case "train":
		to = to * 4 / 5
	case "test":
		from = to * 4 / 5
	}
	q.first = from
	q.spikes, q.label = q.spikes[from*q.steps*qtdbChannels:to*q.steps*qtdbChannels], q.label[from*q.steps:to*q.steps]
	for i := range to - from {
		var count [256]int
		best := 0
		for _, c := range q.label[i*q.steps:][:q.steps] {
			if count[c]++; c != 255 && count[c] > count[best] {
				best = int(c)
			}
		}
		q.majority = append(q.majority, best)
	}
	return q, nil
}

// readArray reads the one NumPy file in a folder that a pattern finds.
func readArray(folder, pattern string, limit int64) (*npy.Array, string, error) {
	found := matching(folder, pattern)
	if len(found) != 1 {
		return nil, "", diag.Inputf("no-recordings", folder, "%d files are called %s", len(found), pattern).WithFix("name the folder with one of each kind")
	}
	f, err := os.Open(found[0])
	if err != nil {
		return nil, "", unreadable(found[0], err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(found[0], ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, "", diag.Inputf("npy", found[0], "cannot decompress: %v", err).WithFix("get the file anew")
		}
	}
	left := limit
	b, err := io.ReadAll(&bounded{r, &left, limit})
	if err != nil {
		return nil, "", diag.Inputf("npy", found[0], "cannot read: %v", err).WithFix("get the file anew")
	}
	a, err := npy.Read(bytes.NewReader(b))
	return a, found[0], diag.InFile(err, found[0])
}

// toBytes returns the values of an array, of which ok says which are allowed.
func toBytes(a *npy.Array, ok func(int64) bool) ([]byte, error) {
	v, err := a.Ints()
	if err != nil {
		return nil, err
	}
	b := make([]byte, len(v))
	for i, x := range v {
		if !ok(x) {
			return nil, diag.Inputf("qtdb", "", "value %d is %d", i, x).WithFix("spikes are −1, 0 and 1, classes 0 to %d and 255", qtdbClasses-1)
		}
		b[i] = byte(x)
	}
	return b, nil
}

func (q *qtdb) Name() string     { return q.name }
func (q *qtdb) Len() int         { return len(q.majority) }
func (q *qtdb) Classes() int     { return qtdbClasses }
func (q *qtdb) Shape() snn.Shape { return snn.Shape{W: qtdbChannels, H: 1, C: 1} }
func (q *qtdb) Label(i int) int  { return q.majority[i] } // the most frequent class
func (q *qtdb) ID(i int) string  { return strconv.Itoa(q.first + i) }

// Steps returns the class of each step, 255 where there is none.
func (q *qtdb) Steps(i int) ([]uint8, error) { return q.label[i*q.steps:][:q.steps], nil }

func (q *qtdb) Events(i int) ([]spike.Event, error) {
	var events []spike.Event
	for n, s := range q.spikes[i*q.steps*qtdbChannels:][:q.steps*qtdbChannels] {
		if s == 1 {
			events = append(events, spike.Event{X: uint16(n % qtdbChannels), T: uint32(n / qtdbChannels * 1000)})
		}
	}
	return events, nil
}
