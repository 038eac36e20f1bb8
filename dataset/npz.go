package dataset

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/isospike/isospike/internal/npy"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// arrays is a Set in a NumPy .npz file, all of it in memory, in one of two forms:
//
//   - events: t (µs) and x, and where there are any y and p, one number an event;
//     offsets, n+1 numbers: sample i has the events offsets[i] to offsets[i+1]−1;
//   - spikes: n×ticks×inputs, in ticks of 1 ms, 0 for no spike and 1 for a spike.
//
// Both have labels, one number a sample, and may have shape: columns, rows, polarities.
// Without it the set is as large as its highest event asks for, or a row of inputs.
type arrays struct {
	name   string
	shape  snn.Shape
	labels []int
	most   int
	start  []int // by sample, and the end
	events []spike.Event
}

func openNPZ(path, part, _ string) (Set, error) {
	if part != "" {
		return nil, unknownPart(path, part)
	}
	file, err := npy.ReadNPZ(path)
	if sys := (*fs.PathError)(nil); errors.As(err, &sys) {
		return nil, unreadable(path, err)
	}
	if err != nil {
		return nil, err
	}
	a := &arrays{name: filepath.Base(path)}
	return a, diag.InFile(a.parse(file), path)
}

func badArrays(format string, args ...any) error {
	return diag.Inputf("npz", "", format, args...).WithFix("an .npz holds labels, and either spikes (n×ticks×inputs) or events as t, x and offsets; see `isospike data convert --help`")
}

func (a *arrays) parse(file map[string]*npy.Array) error {
	labels, err := vector(file, "labels", math.MaxUint16)
	if err != nil {
		return err
	}
	if len(labels) == 0 {
		return badArrays("there is no sample in it")
	}
	for _, l := range labels {
		a.labels = append(a.labels, int(l))
		a.most = max(a.most, int(l))
	}
	if file["shape"] != nil {
		s, err := vector(file, "shape", math.MaxUint16+1)
		if err != nil {
			return err
		}
		if len(s) != 3 {
			return badArrays("shape has %d numbers, not 3", len(s))
		}
		a.shape = snn.Shape{W: int(s[0]), H: int(s[1]), C: int(s[2])}
		if a.shape.W < 1 || a.shape.H < 1 || a.shape.C < 1 || a.shape.C > math.MaxUint8+1 {
			return badArrays("no set has inputs of shape %v", s)
		}
	}
	if file["spikes"] != nil {
		return a.dense(file["spikes"])
	}
	return a.sparse(file)
}

// sparse reads events.
func (a *arrays) sparse(file map[string]*npy.Array) error {
	offsets, err := vector(file, "offsets", math.MaxInt32)
	if err != nil {
		return err
	}
	t, err := vector(file, "t", math.MaxUint32)
	if err != nil {
		return err
	}
	a.events = make([]spike.Event, len(t))
	for i, v := range t {
		a.events[i].T = uint32(v)
	}
	var most snn.Shape
	for _, of := range []struct {
		name string
		most int64
		set  func(e *spike.Event, v int)
	}{
		{"x", math.MaxUint16, func(e *spike.Event, v int) { e.X = uint16(v); most.W = max(most.W, v+1) }},
		{"y", math.MaxUint16, func(e *spike.Event, v int) { e.Y = uint16(v); most.H = max(most.H, v+1) }},
		{"p", math.MaxUint8, func(e *spike.Event, v int) { e.P = uint8(v); most.C = max(most.C, v+1) }},
	} {
		v := make([]int64, len(t))
		if of.name == "x" || file[of.name] != nil {
			if v, err = vector(file, of.name, of.most); err != nil {
				return err
			}
		}
		if len(v) != len(t) {
			return badArrays("%s has %d numbers, t has %d", of.name, len(v), len(t))
		}
		for i, x := range v {
			of.set(&a.events[i], int(x))
		}
	}
	if a.shape == (snn.Shape{}) {
		a.shape = snn.Shape{W: max(1, most.W), H: max(1, most.H), C: max(1, most.C)}
	}
	if most.W > a.shape.W || most.H > a.shape.H || most.C > a.shape.C {
		return badArrays("there are events outside of its shape %v", a.shape)
	}
	if len(offsets) != len(a.labels)+1 || offsets[0] != 0 || offsets[len(offsets)-1] != int64(len(t)) {
		return badArrays("offsets are %d numbers, for %d samples and %d events they must be %d, from 0 to %d", len(offsets), len(a.labels), len(t), len(a.labels)+1, len(t))
	}
	for i, o := range offsets {
		if i > 0 && o < offsets[i-1] {
			return badArrays("offset %d is %d, after %d", i, o, offsets[i-1])
		}
		a.start = append(a.start, int(o))
	}
	return nil
}

// dense reads spikes on ticks.
func (a *arrays) dense(spikes *npy.Array) error {
	s := spikes.Shape
	if len(s) != 3 || s[0] != len(a.labels) || s[2] < 1 || int64(s[1])*1000 > math.MaxUint32 {
		return badArrays("spikes are of shape %v, for %d samples", s, len(a.labels))
	}
	ticks, inputs := s[1], s[2]
	if a.shape == (snn.Shape{}) {
		a.shape = snn.Shape{W: inputs, H: 1, C: 1}
	}
	if a.shape.W > math.MaxUint16+1 || a.shape.Size() != inputs {
		return badArrays("%d inputs of spikes are not of shape %v", inputs, a.shape)
	}
	v, err := spikes.Ints()
	if err != nil {
		return named(err, "spikes")
	}
	a.start = append(a.start, 0)
	for n, x := range v {
		if x != 0 && x != 1 {
			return badArrays("spikes hold %d, not just 0 and 1", x)
		}
		if in := n % inputs; x == 1 {
			at := in / a.shape.W
			a.events = append(a.events, spike.Event{X: uint16(in % a.shape.W), Y: uint16(at % a.shape.H), P: uint8(at / a.shape.H), T: uint32(n / inputs % ticks * 1000)})
		}
		if (n+1)%(ticks*inputs) == 0 {
			a.start = append(a.start, len(a.events))
		}
	}
	for len(a.start) <= len(a.labels) { // samples of no ticks
		a.start = append(a.start, 0)
	}
	return nil
}

// vector returns an array of whole numbers from 0 to most.
func vector(file map[string]*npy.Array, name string, most int64) ([]int64, error) {
	a := file[name]
	if a == nil {
		return nil, badArrays("it has no array %q", name)
	}
	if len(a.Shape) != 1 {
		return nil, badArrays("%s is of shape %v, not a row of numbers", name, a.Shape)
	}
	v, err := a.Ints()
	if err != nil {
		return nil, named(err, name)
	}
	for i, x := range v {
		if x < 0 || x > most {
			return nil, badArrays("%s[%d] is %d, allowed are 0 to %d", name, i, x, most)
		}
	}
	return v, nil
}

// named puts the name of an array before an error about it.
func named(err error, name string) error {
	if e := (*diag.Error)(nil); errors.As(err, &e) {
		e.Msg = name + ": " + e.Msg
	}
	return err
}

func (a *arrays) Name() string     { return a.name }
func (a *arrays) Len() int         { return len(a.labels) }
func (a *arrays) Classes() int     { return a.most + 1 }
func (a *arrays) Shape() snn.Shape { return a.shape }
func (a *arrays) Label(i int) int  { return a.labels[i] }
func (a *arrays) ID(i int) string  { return strconv.Itoa(i) }

func (a *arrays) Events(i int) ([]spike.Event, error) {
	return append([]spike.Event(nil), a.events[a.start[i]:a.start[i+1]]...), nil
}

// WriteNPZ writes the events of a set as an .npz file that Open reads back, whole or
// not at all.
func WriteNPZ(s Set, path string) error {
	if _, err := os.Stat(path); err == nil {
		return diag.Inputf("exists", path, "the file is there already").WithFix("name a new file")
	}
	var t []uint32
	var x, y []uint16
	var p []uint8
	labels, offsets := make([]int64, s.Len()), make([]int64, 1, s.Len()+1)
	for i := range s.Len() {
		events, err := s.Events(i)
		if err != nil {
			return err
		}
		for _, e := range events {
			t, x, y, p = append(t, e.T), append(x, e.X), append(y, e.Y), append(p, e.P)
		}
		if labels[i] = int64(s.Label(i)); labels[i] < 0 {
			return diag.Inputf("no-class", "", "sample %s of %s has no class", s.ID(i), s.Name()).WithFix("write patterns as bs1")
		}
		offsets = append(offsets, int64(len(t)))
	}
	n, shape := []int{len(t)}, s.Shape()
	err := npy.WriteNPZ(path, map[string]*npy.Array{
		"t": npy.Of(n, t), "x": npy.Of(n, x), "y": npy.Of(n, y), "p": npy.Of(n, p),
		"offsets": npy.Of([]int{len(offsets)}, offsets), "labels": npy.Of([]int{len(labels)}, labels),
		"shape": npy.Of([]int{3}, []int64{int64(shape.W), int64(shape.H), int64(shape.C)}),
	})
	if e := (*diag.Error)(nil); err != nil && !errors.As(err, &e) {
		return unwritable(path, err)
	}
	return err
}
