package spike

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/isospike/isospike/snn/diag"
	"pgregory.net/rapid"
)

var layouts = []*layout{&bs1, &bs2, &bs3}

// The expected bytes are laid out by hand from the published description of the files.
func TestBytes(t *testing.T) {
	for _, c := range []struct {
		l *layout
		e Event
		b []byte
	}{
		{&bs1, Event{X: 0x1234, P: 1, T: 0x123456}, []byte{0x12, 0x34, 0x92, 0x34, 0x56}},
		{&bs2, Event{X: 33, Y: 7, P: 0, T: 0x7fffff}, []byte{33, 7, 0x7f, 0xff, 0xff}},
		{&bs2, Event{X: 255, Y: 0, P: 1, T: 1}, []byte{255, 0, 0x80, 0, 1}},
		{&bs3, Event{X: 0xabc, Y: 0xdef, P: 0x12, T: 0x345678}, []byte{0xab, 0xcd, 0xef, 0x12, 0x34, 0x56, 0x78}},
	} {
		var w bytes.Buffer
		if err := c.l.write(&w, []Event{c.e}); err != nil || !bytes.Equal(w.Bytes(), c.b) {
			t.Errorf("%s %v: wrote % x, %v; want % x", c.l.name, c.e, w.Bytes(), err, c.b)
		}
		if got, err := c.l.read(bytes.NewReader(c.b)); err != nil || !slices.Equal(got, []Event{c.e}) {
			t.Errorf("%s % x: read %v, %v; want %v", c.l.name, c.b, got, err, c.e)
		}
	}
}

func TestWriteReadsBack(t *testing.T) {
	for _, l := range layouts {
		rapid.Check(t, func(t *rapid.T) {
			event := rapid.Custom(func(t *rapid.T) Event {
				return Event{
					X: rapid.Uint16Max(l.max.X).Draw(t, "x"), Y: rapid.Uint16Max(l.max.Y).Draw(t, "y"),
					P: rapid.Uint8Max(l.max.P).Draw(t, "p"), T: rapid.Uint32Max(l.max.T).Draw(t, "t"),
				}
			})
			events := rapid.SliceOf(event).Draw(t, "events")
			var w bytes.Buffer
			if err := l.write(&w, events); err != nil {
				t.Fatal(err)
			}
			if got, err := l.read(&w); err != nil || !slices.Equal(got, events) {
				t.Fatalf("%s: %v, %v", l.name, got, err)
			}
		})
	}
}

func TestWriteNeverTruncates(t *testing.T) {
	for _, l := range layouts {
		x, y, p, tm := l.max, l.max, l.max, l.max
		x.X++ // wraps to 0 in .bs1, where every X fits
		y.Y++
		p.P++ // likewise in .bs3
		tm.T++
		for _, e := range []Event{x, y, p, tm} {
			var w bytes.Buffer
			err := l.write(&w, []Event{l.max, e})
			if fits := e.X == 0 && l == &bs1 || e.P == 0 && l == &bs3; fits != (err == nil) {
				t.Errorf("%s %v: %v", l.name, e, err)
			}
			if err != nil && (w.Len() != 0 || !strings.Contains(err.Error(), "event 1 ")) {
				t.Errorf("%s %v: wrote %d bytes, %v", l.name, e, w.Len(), err)
			}
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, l := range layouts {
		var e *diag.Error
		_, err := l.read(bytes.NewReader(make([]byte, 3*l.size+2)))
		if !errors.As(err, &e) || e.Code != "cut-event" || e.Fix == "" {
			t.Errorf("%s: %v", l.name, err)
		}
		if want := "byte " + map[int]string{5: "15", 7: "21"}[l.size]; !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v does not say %q", l.name, err, want)
		}
		boom := errors.New("boom")
		if _, err := l.read(errReader{boom}); !errors.Is(err, boom) {
			t.Errorf("%s: %v", l.name, err)
		}
	}
	if testing.Short() {
		return
	}
	if _, err := ReadBS2(endless{}); diag.ExitStatus(err) != int(diag.Input) || !strings.Contains(err.Error(), "more than") {
		t.Errorf("endless input: %v", err)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

func fuzzLayout(f *testing.F, read func(io.Reader) ([]Event, error), write func(io.Writer, []Event) error) {
	f.Add([]byte{})
	f.Add([]byte("1234567"))
	f.Add(bytes.Repeat([]byte{0xff, 0x80, 0x7f, 0, 1}, 7))
	f.Fuzz(func(t *testing.T, b []byte) {
		events, err := read(bytes.NewReader(b))
		if err != nil {
			if diag.ExitStatus(err) != int(diag.Input) {
				t.Fatal(err)
			}
			return
		}
		var w bytes.Buffer
		if err := write(&w, events); err != nil || !bytes.Equal(w.Bytes(), b) {
			t.Fatalf("% x was written back as % x, %v", b, w.Bytes(), err)
		}
	})
}

func FuzzBS1(f *testing.F) { fuzzLayout(f, ReadBS1, WriteBS1) }
func FuzzBS2(f *testing.F) { fuzzLayout(f, ReadBS2, WriteBS2) }
func FuzzBS3(f *testing.F) { fuzzLayout(f, ReadBS3, WriteBS3) }
