package link

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

func FuzzCOBS(f *testing.F) {
	f.Add([]byte{}, []byte{3, 1, 0, 0xFF, 1})
	f.Add(bytes.Repeat([]byte{1, 0}, 100), []byte{0, 0, 1})
	f.Fuzz(func(t *testing.T, raw, line []byte) {
		raw = raw[:min(len(raw), maxFrame)]
		enc := appendCOBS(nil, raw)
		if len(enc) != len(raw)+1 || bytes.IndexByte(enc, 0) >= 0 {
			t.Fatalf("% x encodes to % x", raw, enc)
		}
		// Whatever was on the line before, a delimiter makes the next frame whole.
		var d decoder
		for _, b := range line {
			d.feed(b)
		}
		d.feed(0)
		var got []byte
		ends := 0
		for _, b := range append(enc, 0) {
			if r, end := d.feed(b); end {
				got, ends = slices.Clone(r), ends+1
			}
		}
		if ends != 1 || !bytes.Equal(got, raw) {
			t.Fatalf("% x comes back as % x", raw, got)
		}
	})
}

func FuzzFrame(f *testing.F) {
	f.Add(appendFrame(nil, frame{opRun, 1, 2, run(0, 3, gapTick)})[1:])
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if fr, ok := parseFrame(raw); ok && len(raw) <= maxFrame {
			if again := unstuff(t, appendFrame(nil, fr)); !bytes.Equal(again, raw) {
				t.Fatalf("% x comes back as % x", raw, again)
			}
		}
		if s, ok := parseStatus(raw); ok && !bytes.Equal(s.append(nil), raw) {
			t.Fatal("STATUS does not come back")
		}
		if i, nonce, err := parseInfo(raw); err == nil {
			if again := i.append(nil, nonce); !bytes.Equal(again, raw) {
				t.Fatalf("% x comes back as % x", raw, again)
			}
		}
	})
}

// A tape is a line on which everything has been said already.
type tape struct{ io.Reader }

func (tape) Write(p []byte) (int, error) { return len(p), nil }
func (tape) Close() error                { return nil }

// wellFormed makes the input into frames with good CRCs, so that a fuzzer gets past them: op,
// number, length and payload each, and a zero op means a byte of noise.
func wellFormed(in []byte, key uint32) []byte {
	var line []byte
	for len(in) >= 3 {
		op, seq, n := in[0], in[1], min(int(in[2]), len(in)-3, maxPayload)
		if op == 0 {
			line = append(line, seq)
			in = in[2:]
			continue
		}
		line = appendFrame(line, frame{op, key, uint32(int8(seq)), in[3:][:n]})
		in = in[3+n:]
	}
	return line
}

// script of a fuzzer's frames.
func frames(fs ...frame) (in []byte) {
	for _, f := range fs {
		in = append(append(in, f.op, byte(f.seq), byte(len(f.payload))), f.payload...)
	}
	return in
}

func FuzzServe(f *testing.F) {
	m := newFake(20, 30, 32, 64, 32)
	empty := commit([]Region{{ID: 0, Data: make([]byte, 64)}, {ID: 1, Data: make([]byte, 32)}})
	f.Add(frames(frame{op: opCommit, payload: empty}, frame{op: opReset, seq: 1},
		frame{op: opRun, seq: 2, payload: run(0, 1, gapTick, 5, gapTick, gapTick, gapTick, gapTick)}, frame{op: opPoll, payload: run(0)},
		frame{op: opRun, seq: 2, payload: run(9, 1, gapTick, 5, gapTick, gapTick, gapTick, gapTick)}))
	f.Add(frames(frame{op: opWrite, payload: write(60, []byte{1, 2, 3, 4})}, frame{op: opRead, payload: appendSpan(nil, span{0, 64})},
		frame{op: opCRC, payload: appendSpan(nil, span{1 << 24, 32})}, frame{op: opCounters}))
	f.Fuzz(func(t *testing.T, in []byte) {
		const session, nonce = 0x51, 0x1234
		line := appendFrame(slices.Clone(in), frame{opHello, session, 1, append([]byte(magic), Version)})
		line = append(line, wellFormed(in, session^nonce)...)
		m := m.twin()
		ticks := 0
		m.onStep = func() { ticks++ }
		if err := serve(t.Context(), tape{bytes.NewReader(line)}, m, func() uint32 { return nonce }); err != nil {
			t.Fatal(err)
		}
		if ticks > len(in) {
			t.Fatalf("%d ticks for %d bytes", ticks, len(in))
		}
	})
}

func FuzzHost(f *testing.F) {
	info := newFake(20, 30, 32, 64, 32).info
	info.Regions = []int{64, 32}
	ok := status{data: []byte{3, gapTick, gapTick}}.append(nil)
	f.Add(frames(frame{op: answer | opCRC, seq: 2, payload: make([]byte, 8)}, frame{op: opStatus, seq: 1, payload: status{}.append(nil)},
		frame{op: opStatus, seq: 3, payload: ok}))
	f.Add(frames(frame{op: opStatus, seq: 2, payload: ok}))
	f.Fuzz(func(t *testing.T, in []byte) {
		const session, nonce = 0x51, 0x1234
		line := appendFrame(slices.Clone(in), frame{answer | opHello, session, 1, info.append(nil, nonce)})
		line = append(line, wellFormed(in, session^nonce)...)
		ctx := context.Background()
		for _, work := range []func(c *Conn) error{
			func(c *Conn) error {
				return c.Load(ctx, []Region{{ID: 0, Data: make([]byte, 64)}, {ID: 1, Data: make([]byte, 32)}})
			},
			func(c *Conn) error { _, err := c.Run(ctx, spike.NewRaster(30), 2); return err },
			func(c *Conn) error { _, err := c.Counters(ctx); return err },
			func(c *Conn) error { return c.Read(ctx, 0, 0, make([]byte, 64)) },
		} {
			c, err := dial(ctx, tape{bytes.NewReader(line)}, Options{}, session)
			if err == nil {
				err = work(c)
				c.Close()
			}
			var e *diag.Error
			if err != nil && !errors.As(err, &e) {
				t.Fatalf("not a clear error: %v", err)
			}
		}
	})
}
