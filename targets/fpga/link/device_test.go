package link

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"testing"
)

// A bench is a device on a table: frames go in one at a time, replies are looked at.
type bench struct {
	t   *testing.T
	f   *fake
	d   *device
	out bytes.Buffer
	rx  decoder

	image []Region
	key   uint32
	steps int
	boots uint32
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t}
	b.boot()
	b.image = b.f.image(rand.New(rand.NewPCG(5, 5)))[:2] // the last memory stays empty
	return b
}

// boot switches the board on, with memory that holds nothing.
func (b *bench) boot() {
	b.f = newFake(20, 30, 32, 64, 32, 256)
	b.f.onStep = func() { b.steps++ }
	b.steps = 0
	b.boots++
	nonce := 0x1000 * b.boots
	var err error
	if b.d, err = newDevice(&b.out, b.f, func() uint32 { nonce += 0x01010101; return nonce }); err != nil {
		b.t.Fatal(err)
	}
}

// send gives the device a frame and returns its replies.
func (b *bench) send(f frame) []frame {
	b.t.Helper()
	var fs []frame
	if err := b.d.handle(unstuff(b.t, appendFrame(nil, f))); err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.out.Bytes() {
		if raw, end := b.rx.feed(c); end {
			f, ok := parseFrame(slices.Clone(raw))
			if !ok {
				b.t.Fatal("the device sent a damaged frame")
			}
			fs = append(fs, f)
		}
	}
	b.out.Reset()
	return fs
}

// status sends a frame and returns the last reply, which must be a STATUS.
func (b *bench) status(op byte, seq uint32, payload ...byte) (uint32, status) {
	b.t.Helper()
	fs := b.send(frame{op, b.key, seq, payload})
	if len(fs) == 0 || fs[len(fs)-1].op != opStatus {
		b.t.Fatalf("op 0x%02x: replies %v", op, fs)
	}
	last := fs[len(fs)-1]
	s, ok := parseStatus(last.payload)
	if !ok {
		b.t.Fatal("bad STATUS")
	}
	return last.seq, s
}

func (b *bench) expect(what string, code byte, next uint32, op byte, seq uint32, payload ...byte) status {
	b.t.Helper()
	n, s := b.status(op, seq, payload...)
	if s.code != code || n != next {
		b.t.Errorf("%s: code 0x%02x, next %d; want 0x%02x, %d", what, s.code, n, code, next)
	}
	return s
}

// hello opens a session and takes its key.
func (b *bench) hello(session uint32) {
	b.t.Helper()
	fs := b.send(frame{opHello, session, 9, append([]byte(magic), Version)})
	if len(fs) != 1 || fs[0].op != answer|opHello || fs[0].key != session || fs[0].seq != 9 {
		b.t.Fatalf("HELLO: %v", fs)
	}
	info, nonce, err := parseInfo(fs[0].payload)
	if err != nil || info.Neurons != 20 || len(info.Regions) != 3 || info.Regions[1] != 32 {
		b.t.Fatalf("INFO: %+v %v", info, err)
	}
	b.key = session ^ nonce
}

func write(addr uint32, data []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, addr), data...)
}

func commit(image []Region) []byte {
	sum := uint32(0)
	var p []byte
	for _, r := range image {
		sum = crc32.Update(sum, castagnoli, r.Data)
		p = appendSpan(p, span{uint32(r.ID)<<24 + uint32(r.Addr), uint32(len(r.Data))})
	}
	return append(binary.LittleEndian.AppendUint32(nil, sum), p...)
}

// run is the payload of RUN with the confirmation have.
func run(have uint32, stream ...byte) []byte { return write(have, stream) }

// load brings the board to a committed image with commands 0, 1 and 2, and resets it
// with 3.
func (b *bench) load() {
	b.t.Helper()
	b.expect("WRITE", codeOK, 1, opWrite, 0, write(0, b.image[0].Data)...)
	b.expect("WRITE", codeOK, 2, opWrite, 1, write(1<<24, b.image[1].Data)...)
	b.expect("COMMIT", codeOK, 3, opCommit, 2, commit(b.image)...)
	b.expect("RESET", codeOK, 4, opReset, 3)
}

func TestHalfLoadedBoardRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(b *bench) // ends with the command that must be refused
	}{
		{"nothing loaded", func(b *bench) {
			b.expect("RESET", codeNotLoaded, 0, opReset, 0)
		}},
		{"nothing loaded, RUN", func(b *bench) {
			b.expect("RUN", codeNotLoaded, 0, opRun, 0, run(0, gapTick)...)
		}},
		{"no COMMIT", func(b *bench) {
			b.expect("WRITE", codeOK, 1, opWrite, 0, write(0, b.image[0].Data)...)
			b.expect("WRITE", codeOK, 2, opWrite, 1, write(1<<24, b.image[1].Data)...)
			b.expect("RESET", codeNotLoaded, 2, opReset, 2)
		}},
		{"a WRITE is missing", func(b *bench) {
			b.expect("WRITE", codeOK, 1, opWrite, 0, write(0, b.image[0].Data)...)
			b.expect("COMMIT", codeImage, 1, opCommit, 1, commit(b.image)...)
			b.expect("RESET", codeImage, 1, opReset, 2)
		}},
		{"the image changed after COMMIT", func(b *bench) {
			b.load()
			b.expect("WRITE", codeOK, 5, opWrite, 4, write(4, b.image[0].Data[4:8])...)
			b.expect("RUN", codeNotLoaded, 5, opRun, 5, run(0, gapTick)...)
		}},
		{"a failed COMMIT after a good one", func(b *bench) {
			b.load()
			p := commit(b.image)
			p[0]++
			b.expect("COMMIT", codeImage, 4, opCommit, 4, p...)
			b.expect("RUN", codeImage, 4, opRun, 4, run(0, gapTick)...)
		}},
		{"a new session", func(b *bench) {
			b.load()
			b.hello(0x77)
			b.expect("RESET", codeNotLoaded, 0, opReset, 0)
		}},
		{"a new session, RUN", func(b *bench) {
			b.load()
			b.hello(0x77)
			b.expect("RUN", codeNotLoaded, 0, opRun, 0, run(0, gapTick)...)
		}},
		{"COMMIT without RESET", func(b *bench) {
			b.load()
			b.expect("COMMIT", codeOK, 5, opCommit, 4, commit(b.image)...)
			b.expect("RUN", codeNotReset, 5, opRun, 5, run(0, gapTick)...)
		}},
		{"an empty COMMIT", func(b *bench) {
			b.expect("COMMIT", codeLength, 0, opCommit, 0, 0, 0, 0, 0)
		}},
		{"tables without sense", func(b *bench) {
			b.f.unusable = true
			b.expect("WRITE", codeOK, 1, opWrite, 0, write(0, b.image[0].Data)...)
			b.expect("WRITE", codeOK, 2, opWrite, 1, write(1<<24, b.image[1].Data)...)
			b.expect("COMMIT", codeTables, 2, opCommit, 2, commit(b.image)...)
			b.expect("RESET", codeTables, 2, opReset, 2)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.hello(0x51)
			c.do(b)
			if b.steps != 0 {
				t.Errorf("it ran %d ticks", b.steps)
			}
		})
	}
}

func TestCommandsRunOnce(t *testing.T) {
	b := newBench(t)
	b.hello(0x51)
	b.load()
	tick := run(0, 3, 4, gapTick)
	first := b.expect("RUN", codeOK, 5, opRun, 4, tick...)
	for range 3 {
		if s := b.expect("RUN repeated", codeOK, 5, opRun, 4, tick...); len(s.data) != 0 {
			t.Error("a repeat made output")
		}
	}
	b.expect("RUN too early", codeLost, 5, opRun, 6, tick...)
	if b.steps != 1 {
		t.Errorf("%d ticks, want 1", b.steps)
	}
	s := b.expect("POLL", codeOK, 5, opPoll, 0xAB, 0, 0, 0, 0)
	if !bytes.Equal(s.data, first.data) || s.offset != 0 || s.echo != 0xAB {
		t.Errorf("POLL repeats %v, want %v", s, first)
	}
	n := uint32(len(first.data))
	if s = b.expect("POLL", codeOK, 5, opPoll, 1, write(n, nil)...); len(s.data) != 0 || s.offset != n {
		t.Errorf("confirmed output is sent again: %+v", s)
	}
	if s = b.expect("POLL of the past", codeOK, 5, opPoll, 2, 0, 0, 0, 0); len(s.data) != 0 || s.offset != n {
		t.Errorf("an old confirmation moves the stream back: %+v", s)
	}
	if s = b.expect("POLL of the future", codeOK, 5, opPoll, 2, write(n+1, nil)...); s.offset != n {
		t.Errorf("output that was never made is confirmed: %+v", s)
	}
}

// TestRunResumes: 20 neurons need up to 21 bytes a tick and the ring has 32, so a RUN of
// many ticks stops again and again, and is resumed by itself.
func TestRunResumes(t *testing.T) {
	b := newBench(t)
	b.hello(0x51)
	b.load()
	in := sample(rand.New(rand.NewPCG(1, 2)), 30, 25, 0.1)
	var stream []byte
	for i := range in.Ticks() {
		stream = appendTick(stream, in.At(i))
	}
	var got []byte
	busy := 0
	for {
		steps := b.steps
		next, s := b.status(opRun, 4, run(uint32(len(got)), stream...)...)
		if s.offset != uint32(len(got)) {
			t.Fatalf("output at %d, want %d", s.offset, len(got))
		}
		got = append(got, s.data...)
		if s.code == codeOK {
			if next != 5 || s.pos != 0 {
				t.Errorf("next %d at %d", next, s.pos)
			}
			break
		}
		if s.code != codeBusy || next != 4 || b.steps == steps {
			t.Fatalf("code %d, next %d, %d ticks", s.code, next, b.steps-steps)
		}
		if busy++; busy == 2 { // without room nothing moves
			b.expect("RUN", codeBusy, 4, opRun, 4, run(0, stream...)...)
		}
	}
	if b.steps != 25 || busy == 0 {
		t.Errorf("%d ticks, %d times busy", b.steps, busy)
	}
	var want []byte
	out := b.f.direct(b.image, in, 25)
	for i := range out.Ticks() {
		want = appendTick(want, out.At(i))
	}
	if !bytes.Equal(got, want) {
		t.Error("the output is wrong")
	}
}

// TestRingJustTooSmall: a tick needs neurons + 1 bytes, not one less.
func TestRingJustTooSmall(t *testing.T) {
	b := newBench(t)
	b.hello(0x51)
	b.load()
	b.f.density = 0
	b.expect("RUN", codeOK, 5, opRun, 4, run(0, bytes.Repeat([]byte{gapTick}, 12)...)...)
	b.f.density = 1
	b.expect("RUN with 20 bytes free", codeBusy, 5, opRun, 5, run(0, gapTick)...)
	if s := b.expect("RUN with 21 bytes free", codeOK, 6, opRun, 5, run(1, gapTick)...); len(s.data) != 21 {
		t.Errorf("%d bytes", len(s.data))
	}
}

func TestTickMaySpanFrames(t *testing.T) {
	b := newBench(t)
	b.hello(0x51)
	b.load()
	first := b.expect("RUN", codeOK, 5, opRun, 4, run(0, 3, 4, gapTick)...)
	b.expect("RESET", codeOK, 6, opReset, 5)
	n := uint32(len(first.data))
	b.expect("RUN", codeOK, 7, opRun, 6, run(n, 3)...)
	b.expect("RUN", codeOK, 8, opRun, 7, run(n)...)
	if s := b.expect("RUN", codeOK, 9, opRun, 8, run(n, 4, gapTick)...); !bytes.Equal(s.data, first.data) {
		t.Error("a tick in two frames differs")
	}
	b.expect("RUN", codeOK, 10, opRun, 9, run(2*n, 5)...)
	b.expect("RESET", codeOK, 11, opReset, 10)
	if s := b.expect("RUN", codeOK, 12, opRun, 11, run(2*n, 3, 4, gapTick)...); !bytes.Equal(s.data, first.data) {
		t.Error("RESET leaves half a tick behind")
	}
}

func TestSessions(t *testing.T) {
	b := newBench(t)
	if fs := b.send(frame{opRun, 0x51, 0, run(0, gapTick)}); len(fs) != 1 || fs[0].key != 0x51 || fs[0].payload[0] != codeNoSession {
		t.Errorf("without a session: %v", fs)
	}
	b.hello(0x51)
	b.load()
	key := b.key
	b.hello(0x51) // repeated: the session goes on
	if b.key != key {
		t.Error("a repeated HELLO changed the key")
	}
	b.expect("RUN", codeOK, 5, opRun, 4, run(0, gapTick)...)

	b.hello(0x52)
	b.load()
	stale := frame{opRun, key, 4, run(0, 1, 2, gapTick)}
	if fs := b.send(stale); len(fs) != 1 || fs[0].key != key || fs[0].payload[0] != codeNoSession {
		t.Errorf("a frame of an old session: %v", fs)
	}
	if b.steps != 1 {
		t.Error("a frame of an old session was executed")
	}
	key = b.key
	b.expect("RUN", codeOK, 5, opRun, 4, run(0, gapTick)...)

	b.boot()
	b.expect("RUN after a reset", codeNoSession, 0, opRun, 5, run(0, gapTick)...)
	b.hello(0x52) // as when the line repeats the old HELLO
	if b.key == key {
		t.Error("the key survived a reset")
	}
	b.key = key
	b.expect("RUN after a reset and an old HELLO", codeNoSession, 0, opWrite, 0, write(0, b.image[0].Data)...)
	if fs := b.send(frame{opHello, 1, 0, []byte("ISPK\x02")}); len(fs) != 1 || fs[0].payload[4] != Version {
		t.Errorf("HELLO of another version: %v", fs)
	}
	for _, p := range []string{"", "ISP", "ISPQ\x01", "ISPK"} {
		if fs := b.send(frame{opHello, 1, 0, []byte(p)}); len(fs) != 0 {
			t.Errorf("HELLO %q: %v", p, fs)
		}
	}
	b.hello(0x53)
	if fs := b.send(frame{opStatus, b.key, 0, make([]byte, statusLen)}); len(fs) != 0 {
		t.Errorf("the device answers its own echo: %v", fs)
	}
}

func TestRefusals(t *testing.T) {
	word := []byte{1, 2, 3, 4}
	for _, c := range []struct {
		name    string
		op      byte
		payload []byte
		code    byte
	}{
		{"unknown command", 0x1F, nil, codeOp},
		{"unknown question", 0x0F, nil, codeOp},
		{"WRITE without data", opWrite, write(0, nil), codeLength},
		{"WRITE of half a word", opWrite, write(0, word[:2]), codeAddress},
		{"WRITE between words", opWrite, write(2, word), codeAddress},
		{"WRITE past the end", opWrite, write(64, word), codeAddress},
		{"WRITE to no memory", opWrite, write(3<<24, word), codeAddress},
		{"WRITE far away", opWrite, write(0xFFFFFFFC, word), codeAddress},
		{"COMMIT without CRC", opCommit, word[:2], codeLength},
		{"COMMIT past the end", opCommit, append(word, appendSpan(nil, span{0, 68})...), codeAddress},
		{"COMMIT that wraps", opCommit, append(word, appendSpan(nil, span{4, 0xFFFFFFFC})...), codeAddress},
		{"RESET with a payload", opReset, word, codeLength},
		{"RUN without confirmation", opRun, word[:3], codeLength},
		{"RUN of an axon too many", opRun, run(0, 30, gapTick), codeEvent},
		{"RUN of axons too many", opRun, run(0, gapSkip, 1), codeEvent},
		{"POLL without confirmation", opPoll, nil, codeLength},
		{"READ without length", opRead, word, codeLength},
		{"READ of too much", opRead, appendSpan(nil, span{2 << 24, 244}), codeLength},
		{"READ past the end", opRead, appendSpan(nil, span{1 << 24, 36}), codeAddress},
		{"CRC of nothing", opCRC, nil, codeLength},
		{"CRC of half a span", opCRC, word, codeLength},
		{"CRC past the end", opCRC, appendSpan(nil, span{32, 36}), codeAddress},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.hello(0x51)
			b.load()
			b.expect(c.name, c.code, 4, c.op, 4, c.payload...)
			b.expect("afterwards", c.code, 4, opRun, 4, run(0, gapTick)...)
			b.expect("POLL", c.code, 4, opPoll, 1, run(0)...)
			if b.steps != 0 {
				t.Errorf("it ran %d ticks", b.steps)
			}
			b.hello(0x52)
			b.load()
		})
	}
}

func TestQuestions(t *testing.T) {
	b := newBench(t)
	b.hello(0x51)
	b.load()
	b.expect("RUN", codeOK, 5, opRun, 4, run(0, 7, gapTick)...)
	ask := func(op byte, p []byte) []byte {
		fs := b.send(frame{op, b.key, 0x1234, p})
		if len(fs) != 1 || fs[0].op != answer|op || fs[0].seq != 0x1234 || fs[0].key != b.key {
			t.Fatalf("op 0x%02x: %v", op, fs)
		}
		return fs[0].payload
	}
	if got := ask(opRead, appendSpan(nil, span{4, 8})); !bytes.Equal(got, b.image[0].Data[4:12]) {
		t.Errorf("READ: %x", got)
	}
	spans := appendSpan(appendSpan(nil, span{0, 64}), span{1<<24 + 4, 28})
	want := binary.LittleEndian.AppendUint32(nil, crc32.Checksum(b.image[0].Data, castagnoli))
	want = binary.LittleEndian.AppendUint32(want, crc32.Checksum(b.image[1].Data[4:], castagnoli))
	if got := ask(opCRC, spans); !bytes.Equal(got, want) {
		t.Errorf("CRC: %x, want %x", got, want)
	}
	if got := ask(opCounters, nil); len(got) != 32 || got[0] != 1 || got[8] != 3 || got[24] != 77 {
		t.Errorf("COUNTERS: %x", got)
	}
}

func TestDamagedFrames(t *testing.T) {
	b := newBench(t)
	if err := b.d.handle(nil); err != nil || b.out.Len() != 0 {
		t.Error("a closed board answers noise")
	}
	b.hello(0x51)
	raw := unstuff(t, appendFrame(nil, frame{opPoll, b.key, 1, run(0)}))
	for bit := range 8 * len(raw) {
		raw[bit/8] ^= 1 << (bit % 8)
		b.d.handle(raw)
		raw[bit/8] ^= 1 << (bit % 8)
	}
	n := 8 * len(raw)
	b.out.Reset()
	if s := b.expect("POLL", codeOK, 0, opPoll, 1, run(0)...); s.bad != byte(n) {
		t.Errorf("%d damaged frames, %d counted", n, s.bad)
	}
	b.d.info.MaxPayload = 64
	b.expect("a frame above the limit", codeLost, 0, opPoll, 1, make([]byte, 65)...)
}
