package dataset

import (
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"github.com/isospike/isospike/internal/atomicfile"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// layouts are the files that WriteDir writes, by their suffix.
var layouts = map[string]func(io.Writer, []spike.Event) error{
	"bin": spike.WriteBS2, // as N-MNIST calls it
	"bs1": spike.WriteBS1,
	"bs2": spike.WriteBS2,
	"bs3": spike.WriteBS3,
}

// WriteDir writes a set as N-MNIST is published, in files <class>/<id>.bin
// below dir, which Open reads back; instead of bin, layout may be one of SLAYER's own
// bs1, bs2 and bs3. In .bs1, which has no rows, the neuron is row × columns + column and
// the sign the polarity. A set of patterns becomes input.bs1 and output.bs1.
//
// The folder appears whole or not at all: a part of a set would be read as a smaller one. What a layout cannot
// hold, and a dir that has something in it, is a *diag.Error: two sets in one folder would be read as one.
func WriteDir(s Set, dir, layout string) error {
	switch old, err := os.ReadDir(dir); {
	case layouts[layout] == nil:
		return diag.Usagef("bad-layout", "there is no layout %q of event files", layout).WithFix("known are bin, bs1, bs2 and bs3")
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return unreadable(dir, err)
	case len(old) > 0:
		return diag.Inputf("not-empty", dir, "the folder is not empty").WithFix("name a new folder")
	}
	p, _, patterns := as[*pattern](s, 0)
	if patterns && (layout != "bs1" || s.Len() != 1) {
		return diag.Usagef("bad-layout", "patterns are one sample in .bs1 files, not %d in .%s", s.Len(), layout).WithFix("write one of them, as bs1")
	}
	err := atomicfile.Dir(dir, func(made string) error {
		f := eventFiles{made, dir, layout}
		if patterns {
			if err := f.write("input.bs1", p.input); err != nil {
				return err
			}
			return f.write("output.bs1", p.output)
		}
		for i := range s.Len() {
			events, err := s.Events(i)
			if err != nil {
				return err
			}
			name := filepath.Join(strconv.Itoa(s.Label(i)), s.ID(i)+"."+layout)
			if layout == "bs1" {
				if events, err = flatten(s.Shape(), events); err != nil {
					return diag.InFile(err, filepath.Join(dir, name))
				}
			}
			if err := f.write(name, events); err != nil {
				return err
			}
		}
		return nil
	})
	if e := (*diag.Error)(nil); err != nil && !errors.As(err, &e) {
		return unwritable(dir, err)
	}
	return err
}

// eventFiles are files in the folder made, which will be called dir.
type eventFiles struct{ made, dir, layout string }

func (f eventFiles) write(name string, events []spike.Event) error {
	path, shown := filepath.Join(f.made, name), filepath.Join(f.dir, name)
	err := os.MkdirAll(filepath.Dir(path), 0o777)
	if err == nil {
		err = atomicfile.Write(path, 0o666, func(w io.Writer) error { return layouts[f.layout](w, events) })
	}
	if e := (*diag.Error)(nil); errors.As(err, &e) {
		return diag.InFile(err, shown)
	}
	if err != nil {
		return unwritable(shown, err)
	}
	return nil
}

// flatten numbers the neurons of a shape for .bs1.
func flatten(s snn.Shape, events []spike.Event) ([]spike.Event, error) {
	if s.W*s.H > 1<<16 || s.C > 2 {
		return nil, diag.Inputf("event-does-not-fit", "", ".bs1 holds 65536 neurons with two signs, the set is %v", s).WithFix("write .bs3")
	}
	for i, e := range events {
		events[i] = spike.Event{X: uint16(int(e.Y)*s.W + int(e.X)), P: e.P, T: e.T}
	}
	return events, nil
}

// Spikes returns e as a set of events on the grid of its ticks: of what Raster gives,
// each spike as an event at the start of its tick.
func Spikes(e Encoded) Set { return spikes{e.Set, e} }

type spikes struct {
	Set
	of Encoded
}

func (s spikes) Shape() snn.Shape { return s.of.Encoding.Shape(s.Set.Shape()) }

func (s spikes) Events(i int) ([]spike.Event, error) {
	r, err := s.of.Raster(i, 0, 0)
	if err != nil {
		return nil, err
	}
	shape, tick := s.Shape(), s.of.Encoding.Tick
	if last := int64(r.Ticks()) * int64(tick); last > math.MaxUint32 {
		return nil, diag.Inputf("event-does-not-fit", "", "%d ticks of %d µs are more than events can tell apart, 2³² µs", r.Ticks(), tick).WithFix("encode shorter ticks")
	}
	events := make([]spike.Event, 0, r.Count())
	for t := range r.Ticks() {
		for _, n := range r.At(t) {
			at := int(n) / shape.W
			events = append(events, spike.Event{X: uint16(int(n) % shape.W), Y: uint16(at % shape.H), P: uint8(at / shape.H), T: uint32(t * tick)})
		}
	}
	return events, nil
}

func unwritable(name string, err error) *diag.Error {
	return &diag.Error{Kind: diag.Input, Code: "unwritable", File: name, Msg: "cannot write", Err: err, Fix: "check the path, its permissions and the space on the disk"}
}
