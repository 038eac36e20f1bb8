package link

import (
	"bytes"
	"slices"
	"testing"
)

// TestRTLRates: a break and a pulse of 8 bits set the rate of both directions; what is no such thing leaves
// the line at the bitstream's rate, or at the one that it had.
func TestRTLRates(t *testing.T) {
	const reset = eighths | 8*toyDivider
	rest := []uint16{low | 0x7FFF, low | 0x7FFF, low | 0x7FFF, pause | 20} // a break
	sync := func(e uint16) []uint16 { return slices.Concat(rest, []uint16{eighths | e, 0x80, pause | 3}) }
	pulse := func(clocks int) []uint16 {
		items := slices.Clone(rest)
		for ; clocks > 0x7FFF; clocks -= 0x4000 {
			items = append(items, low|0x4000)
		}
		return append(items, low|uint16(clocks), pause|20)
	}
	var poll []uint16
	type trial struct {
		name  string
		items []uint16 // then the POLL
		codes []byte
	}
	ok, none := []byte{codeOK}, []byte(nil)
	trials := []trial{
		{"a break that is too short", append(sync(160), low|0x7FFF, low|0x6F00, pause|20), ok},
		{"a break brings the first rate back, and a pulse of a clock ends that", slices.Concat(sync(160), rest, []uint16{reset, low | 1, pause | 20}), ok},
		{"two breaks", slices.Concat(rest, sync(96)), ok},
		{"of 3 clocks a bit", append(pulse(27), reset), ok},
		{"of 3 clocks", append(pulse(3), reset), ok},
		{"the longest", pulse(0x8003), none},
		{"a clock more", append(pulse(0x8004), reset), ok},
		{"nearly a break", append(pulse(0xFF00), reset), ok},
		{"within a frame", nil, nil}, // filled in below
		{"other rates are not understood", slices.Concat(sync(160), []uint16{eighths | 100}), none},
	}
	for _, e := range []uint16{32, 33, 64, 62, 63, 66, 67, 40, 96, 156, 163, 8 * 36, 2500, 4095} { // 2500: 115200 baud at 36 MHz
		trials = append(trials, trial{"eighths", sync(e), ok})
	}
	program := verilated(t)
	compared := 0
	for _, c := range trials {
		w := newTwin(t, program, uint64(compared)+3)
		w.hello(1)
		poll = poll[:0]
		for _, b := range appendFrame(nil, frame{opPoll, w.key, 3, run(0)}) {
			poll = append(poll, uint16(b))
		}
		if c.name == "within a frame" { // that ends it
			c.items, c.codes = slices.Concat(poll[:9], sync(160)), []byte{codeLost, codeOK}
		}
		var codes []byte
		var rx decoder
		for _, b := range w.b.line(slices.Concat(c.items, poll)) {
			if raw, end := rx.feed(b); end {
				if f, good := parseFrame(raw); good {
					codes = append(codes, f.payload[0])
				}
			}
		}
		if !bytes.Equal(codes, c.codes) {
			t.Errorf("%s %d: codes %v, want %v", c.name, len(c.items), codes, c.codes)
		}
		compared++

		// The reset has the last word.
		w.b.line([]uint16{pause | 20, reset})
		w.b.reset(100)
		if fs := received(t, w.b.bytes(appendFrame(nil, frame{opHello, 2, 7, []byte(magic + "\x01")}))); len(fs) != 1 || fs[0].op != answer|opHello {
			t.Errorf("%s: after a reset %v", c.name, fs)
		}
	}
	t.Logf("compared %d trials", compared)
}
