package spike

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/isospike/isospike/snn/diag"
)

// maxEvents bounds what is read from one file. The longest clock of the three
// layouts runs 16.8 s, so this is an event every microsecond, more than a
// sensor keeps up; an endless input stops here instead of filling the memory.
const maxEvents = 1 << 24

// layout is one of SLAYER's event files: big-endian records of one size, with
// neither header nor end mark.
type layout struct {
	name string
	size int   // bytes an event
	max  Event // largest value of each field
	get  func(b []byte) Event
	put  func(b []byte, e Event) []byte // appends
}

var bs1 = layout{"bs1", 5, Event{X: 1<<16 - 1, P: 1, T: 1<<23 - 1},
	func(b []byte) Event {
		return Event{X: binary.BigEndian.Uint16(b), P: b[2] >> 7, T: uint24(b[2:]) &^ (1 << 23)}
	},
	func(b []byte, e Event) []byte {
		return append24(binary.BigEndian.AppendUint16(b, e.X), uint32(e.P)<<23|e.T)
	},
}

var bs2 = layout{"bs2", 5, Event{X: 1<<8 - 1, Y: 1<<8 - 1, P: 1, T: 1<<23 - 1},
	func(b []byte) Event {
		return Event{X: uint16(b[0]), Y: uint16(b[1]), P: b[2] >> 7, T: uint24(b[2:]) &^ (1 << 23)}
	},
	func(b []byte, e Event) []byte {
		return append24(append(b, byte(e.X), byte(e.Y)), uint32(e.P)<<23|e.T)
	},
}

var bs3 = layout{"bs3", 7, Event{X: 1<<12 - 1, Y: 1<<12 - 1, P: 1<<8 - 1, T: 1<<24 - 1},
	func(b []byte) Event {
		xy := uint24(b)
		return Event{X: uint16(xy >> 12), Y: uint16(xy & 0xfff), P: b[3], T: uint24(b[4:])}
	},
	func(b []byte, e Event) []byte {
		return append24(append(append24(b, uint32(e.X)<<12|uint32(e.Y)), e.P), e.T)
	},
}

func uint24(b []byte) uint32 { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }

func append24(b []byte, v uint32) []byte { return append(b, byte(v>>16), byte(v>>8), byte(v)) }

// ReadBS1 reads a .bs1 file: 5 bytes an event, the neuron in 16 bits, one bit
// of sign and 23 bits of time in µs. Events keep the order of the file, which
// need not be that of time. A file that ends within an event, or has more than
// 2^24 events, is a *diag.Error that names no file; see diag.InFile.
func ReadBS1(r io.Reader) ([]Event, error) { return bs1.read(r) }

// ReadBS2 reads a .bs2 file, which is N-MNIST's .bin under another name:
// 5 bytes an event, x and y in 8 bits each, one bit of polarity and 23 bits of
// time in µs. Order and errors are as for ReadBS1.
func ReadBS2(r io.Reader) ([]Event, error) { return bs2.read(r) }

// ReadBS3 reads a .bs3 file: 7 bytes an event, x and y in 12 bits each, the
// channel in 8 and the time in µs in 24. Order and errors are as for ReadBS1.
func ReadBS3(r io.Reader) ([]Event, error) { return bs3.read(r) }

// WriteBS1 writes events in the given order. An event that the layout cannot
// hold, Y other than 0 included, is a *diag.Error and nothing is written.
func WriteBS1(w io.Writer, events []Event) error { return bs1.write(w, events) }

// WriteBS2 is WriteBS1 for .bs2 files.
func WriteBS2(w io.Writer, events []Event) error { return bs2.write(w, events) }

// WriteBS3 is WriteBS1 for .bs3 files.
func WriteBS3(w io.Writer, events []Event) error { return bs3.write(w, events) }

func (l *layout) read(r io.Reader) ([]Event, error) {
	b, err := io.ReadAll(io.LimitReader(r, int64(maxEvents*l.size+1)))
	if err != nil {
		return nil, err
	}
	if len(b) > maxEvents*l.size {
		return nil, diag.Inputf("too-many-events", "", "more than %d events", maxEvents).
			WithFix("cut the recording into shorter ones; or is this not a .%s file?", l.name)
	}
	if rest := len(b) % l.size; rest != 0 {
		return nil, diag.Inputf("cut-event", "", "byte %d: the last event has %d bytes instead of the %d of .%s", len(b)-rest, rest, l.size, l.name).
			WithFix("get the file anew; or is it in another format than .%s?", l.name)
	}
	events := make([]Event, len(b)/l.size)
	for i := range events {
		events[i] = l.get(b[i*l.size:])
	}
	return events, nil
}

func (l *layout) write(w io.Writer, events []Event) error {
	b := make([]byte, 0, len(events)*l.size)
	for i, e := range events {
		if e.X > l.max.X || e.Y > l.max.Y || e.P > l.max.P || e.T > l.max.T {
			return diag.Inputf("event-does-not-fit", "", "event %d (x %d, y %d, p %d, t %d µs) is more than .%s can hold (x %d, y %d, p %d, t %d µs)",
				i, e.X, e.Y, e.P, e.T, l.name, l.max.X, l.max.Y, l.max.P, l.max.T).
				WithFix("crop the recording, or write another of .bs1, .bs2 and .bs3")
		}
		b = l.put(b, e)
	}
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("write .%s: %w", l.name, err)
	}
	return nil
}
