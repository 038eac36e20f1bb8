package link

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/isospike/isospike/targets/fpga/rtl"
)

// A twin is a device and a verilated board that get the same bytes.
type twin struct {
	t   *testing.T
	b   *rtlBoard
	d   *device
	f   *fake
	out bytes.Buffer
	rx  decoder // of the line to the device

	nonce    uint32
	compared int // bytes
	seq, key uint32
}

func newTwin(t *testing.T, program string, seed uint64) *twin {
	w := &twin{t: t, b: newRTLBoard(t, program, seed), f: newToy()}
	t.Cleanup(w.b.close)
	var err error
	if w.d, err = newDevice(&w.out, w.f, func() uint32 { return w.nonce }); err != nil {
		t.Fatal(err)
	}
	return w
}

// received decodes what a board sent.
func received(t testing.TB, line []byte) []frame {
	t.Helper()
	var rx decoder
	var fs []frame
	for _, c := range line {
		if raw, end := rx.feed(c); end {
			f, ok := parseFrame(slices.Clone(raw))
			if !ok {
				t.Fatalf("the board sent a damaged frame: % x", line)
			}
			fs = append(fs, f)
		}
	}
	return fs
}

// bytes gives both the same line and demands the same replies, byte for byte. The device
// takes the board's nonce.
func (w *twin) bytes(line []byte) []frame {
	w.t.Helper()
	got := received(w.t, w.b.bytes(line))
	for _, f := range got {
		if f.op == answer|opHello {
			w.nonce = binary.LittleEndian.Uint32(f.payload[6:])
		}
	}
	for _, c := range line {
		if raw, end := w.rx.feed(c); end {
			if len(raw) > maxFrame-maxPayload+w.d.info.MaxPayload {
				raw = nil
			}
			if err := w.d.handle(raw); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	want := received(w.t, w.out.Bytes())
	w.out.Reset()
	if len(got) != len(want) {
		w.t.Fatalf("% x:\n%d replies %v\nwant %d %v", line, len(got), got, len(want), want)
	}
	for i := range got {
		if got[i].op == answer|opCounters && len(got[i].payload) == 32 {
			clear(got[i].payload[24:])
		}
		if !bytes.Equal(appendFrame(nil, got[i]), appendFrame(nil, want[i])) {
			w.t.Fatalf("% x:\nreply %d: %x\nwant     %x", line, i, got[i], want[i])
		}
		w.compared += len(got[i].payload)
	}
	return got
}

func (w *twin) send(op byte, seq uint32, payload ...byte) []frame {
	w.t.Helper()
	return w.bytes(appendFrame(nil, frame{op, w.key, seq, payload}))
}

// hello opens a session on both.
func (w *twin) hello(session uint32) {
	w.t.Helper()
	w.key, w.seq = session, 0
	w.send(opHello, 7, []byte(magic+"\x01")...)
	w.key = session ^ w.nonce
}

func (w *twin) command(op byte, payload ...byte) []frame {
	w.t.Helper()
	defer func() { w.seq = w.d.next }()
	return w.send(op, w.seq, payload...)
}

// load writes an image.
func (w *twin) load(image []Region) {
	w.t.Helper()
	for _, r := range image {
		for at := 0; at < len(r.Data); at += 224 {
			w.command(opWrite, write(uint32(r.ID)<<24+uint32(at), r.Data[at:min(at+224, len(r.Data))])...)
		}
	}
}

// TestRTLEqualsDevice: random conversations, with much that makes no sense, get the same
// answers from the Verilog as from Serve.
func TestRTLEqualsDevice(t *testing.T) {
	program := verilated(t)
	compared, ops := 0, map[byte]int{}
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 99))
		w := newTwin(t, program, seed+100)
		pick := func(v ...int) int { return v[rng.IntN(len(v))] }
		word := func() []byte { return binary.LittleEndian.AppendUint32(nil, rng.Uint32()) }
		address := func() uint32 {
			return uint32(pick(0, 1, 2, 3, 3, 3, 4, 5, 6, 7, 8, 200))<<24 + uint32(4*rng.IntN(pick(2, 20, 160)))
		}
		someSpan := func() []byte {
			s := span{address(), uint32(4 * rng.IntN(pick(2, 10, 70)))}
			if rng.IntN(30) == 0 {
				s.addr++
			}
			if rng.IntN(30) == 0 {
				s.size += uint32(pick(1, 2, 256, 1<<16, 1<<24, 1<<31, -64, -64, -64))
			}
			return appendSpan(nil, s)
		}
		spans := func(most int) []byte {
			var p []byte
			for range rng.IntN(most) {
				p = append(p, someSpan()...)
			}
			return p
		}
		have := func() []byte {
			return binary.LittleEndian.AppendUint32(nil, w.d.head-uint32(rng.IntN(pick(1, 2, 200, 300))))
		}
		stream := func() []byte {
			var p []byte
			for range rng.IntN(20) {
				ids := sample(rng, toyAxons, 1, []float64{0, 0.02, 0.1, 0.5}[rng.IntN(4)]).At(0)
				p = appendTick(p, ids)
			}
			if rng.IntN(10) == 0 && len(p) > 0 {
				p[rng.IntN(len(p))] = byte(pick(0, 253, 254, 255))
			}
			p = p[:min(len(p), 224)]
			return p[:rng.IntN(len(p)+1)]
		}
		for round := range 6 {
			if rng.IntN(10) > 0 {
				w.hello(rng.Uint32())
			}
			if rng.IntN(4) > 0 {
				image := w.f.image(rng)
				binary.LittleEndian.PutUint32(image[0].Data, uint32(pick(10, 50, 255, 0x10A, 0x3FF, 0x2FF, toyRefuses)))
				w.load(image)
				c := commit(image)
				if round == 5 { // the CRC of another image
					c[0] ^= 1
				}
				w.command(opCommit, c...)
				if rng.IntN(4) > 0 {
					w.command(opReset)
				}
			}
			for range 40 {
				seq := w.seq
				var op byte
				var p []byte
				switch rng.IntN(12) {
				case 0:
					op, p, seq = opPoll, have(), rng.Uint32()
				case 1:
					op, p, seq = opRead, someSpan(), rng.Uint32()
				case 2:
					op, p, seq = opCRC, spans(8), rng.Uint32()
				case 3:
					op, seq = opCounters, rng.Uint32()
				case 4:
					op, p = opWrite, write(address(), bytes.Repeat(word(), rng.IntN(5)))
				case 5:
					op, p = opCommit, append(word(), spans(4)...)
				case 6:
					op = opReset
				default:
					op, p = opRun, append(have(), stream()...)
				}
				ops[op]++
				// What may go wrong, each now and then.
				if rng.IntN(40) == 0 {
					p = append(p, 0)
				}
				if rng.IntN(40) == 0 {
					p = p[:rng.IntN(len(p)+1)]
				}
				if rng.IntN(20) == 0 {
					seq += uint32(pick(1, -1, 1000, -1000, 1<<31))
				}
				if rng.IntN(60) == 0 {
					op = byte(rng.Uint32())
				}
				key := w.key
				if rng.IntN(60) == 0 {
					key ^= 1 << rng.IntN(32)
				}
				line := appendFrame(nil, frame{op, key, seq, p[:min(len(p), 240)]})
				if rng.IntN(15) == 0 {
					line[rng.IntN(len(line))] ^= 1 << rng.IntN(8)
				}
				if rng.IntN(30) == 0 {
					line = line[rng.IntN(len(line)):]
				}
				if rng.IntN(60) == 0 {
					line = append(line, appendFrame(nil, frame{op, key, seq + 1, make([]byte, pick(227, 228, 229, 240))})...)
				}
				w.bytes(line)
				w.seq = w.d.next
			}
		}
		compared += w.compared
	}
	t.Logf("compared %d bytes of replies; commands %v", compared, ops)
	if compared < 10000 {
		t.Error("too little was compared")
	}
}

// TestRTLStuckCore: a core that never ends what it does is reset, the session ends with a code,
// and the next session works.
func TestRTLStuckCore(t *testing.T) {
	program := verilated(t)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name  string
		first uint32
		hang  func(w *twin) []byte // the line that makes it hang
	}{
		{"access", toyMemoryHangs, func(w *twin) []byte {
			return appendFrame(nil, frame{opRead, w.key, 5, appendSpan(nil, span{1<<24 + 8, 20})})
		}},
		{"access of CRC", toyMemoryHangs, func(w *twin) []byte {
			return appendFrame(nil, frame{opCRC, w.key, 5, appendSpan(appendSpan(nil, span{0, 4}), span{1 << 24, 20})})
		}},
		{"clear", toyClearHangs, func(w *twin) []byte { return appendFrame(nil, frame{opReset, w.key, w.seq, nil}) }},
		{"event", toyEventHangs, func(w *twin) []byte {
			w.command(opReset)
			return appendFrame(nil, frame{opRun, w.key, w.seq, run(0, 3, gapTick)})
		}},
		{"step", toyStepHangs, func(w *twin) []byte {
			w.command(opReset)
			return appendFrame(nil, frame{opRun, w.key, w.seq, run(0, 3, gapTick, gapTick)})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newTwin(t, program, 3)
			w.t = t
			w.hello(1)
			image := w.f.image(rng)
			binary.LittleEndian.PutUint32(image[0].Data, c.first)
			w.load(image[1:])
			w.command(opWrite, write(0, image[0].Data)...)
			if c.first != toyMemoryHangs {
				w.command(opCommit, commit(image)...)
			}
			line := c.hang(w)
			for _, f := range [][]byte{line, appendFrame(nil, frame{opPoll, w.key, 3, run(0)})} {
				got := received(t, w.b.bytes(f))
				if len(got) != 1 || got[0].op != opStatus || got[0].payload[0] != codeCore {
					t.Fatalf("replies %v", got)
				}
			}
			w.d.halt = codeCore // the device cannot know
			w.f.count = Counters{}
			w.hello(2)
			binary.LittleEndian.PutUint32(image[0].Data, 100)
			w.load(image)
			w.command(opCommit, commit(image)...)
			w.command(opReset)
			w.command(opRun, run(0, 3, gapTick, gapTick)...)
			if w.compared < 300 {
				t.Errorf("compared %d bytes", w.compared)
			}
		})
	}
}

// TestRTLSilence: the line may fall silent within a frame; what comes then is damaged only if the
// silence was long.
func TestRTLSilence(t *testing.T) {
	program := verilated(t)
	w := newTwin(t, program, 3)
	w.hello(1)
	line := appendFrame(nil, frame{opPoll, w.key, 3, run(0)})
	const tick = 1 << 9
	for _, c := range []struct {
		clocks  int
		damaged bool
	}{{30 * tick, false}, {34 * tick, true}} {
		w.b.bytes(line[:9])
		sent := append(w.b.run(c.clocks), w.b.bytes(nil)...)
		if c.damaged {
			if fs := received(t, sent); len(fs) != 1 || fs[0].payload[0] != codeLost {
				t.Errorf("after %d clocks: %v", c.clocks, fs)
			}
		} else if fs := received(t, w.b.bytes(line[9:])); len(fs) != 1 || fs[0].payload[0] != codeOK || len(sent) > 0 {
			t.Errorf("after %d clocks: %x, %v", c.clocks, sent, fs)
		}
	}
	w.d.bad = 1
	w.send(opPoll, 3, run(0)...)
}

// TestRTLOverflow: frames that do not fit the receive buffer while the board works are lost, and
// the board says so; the frames that did fit are executed, and it goes on as if nothing had been.
func TestRTLOverflow(t *testing.T) {
	program := verilated(t)
	rng := rand.New(rand.NewPCG(4, 4))
	lost := 0
	for seed := range uint64(20) {
		w := newTwin(t, program, seed)
		w.hello(1)
		image := w.f.image(rng)
		binary.LittleEndian.PutUint32(image[0].Data, 0)
		w.load(image)
		w.command(opCommit, commit(image)...)
		w.command(opReset)
		// 100 ticks take the toy some 30000 clocks, and a byte 40.
		line := appendFrame(nil, frame{opRun, w.key, w.seq, run(0, bytes.Repeat([]byte{gapTick}, 100)...)})
		n := 1 + rng.IntN(40)
		for i := range n {
			line = append(line, appendFrame(nil, frame{opWrite, w.key, w.seq + 1 + uint32(i), write(3<<24, make([]byte, 4*(1+rng.IntN(50))))})...)
		}
		fs := received(t, w.b.bytes(line))
		last := fs[len(fs)-1]
		if done := int(last.seq - w.seq); done < 1 || done > n+1 {
			t.Fatalf("%d of %d commands", done, n+1)
		} else if done < n+1 {
			lost++
			if last.payload[0] != codeLost || last.payload[3] == 0 {
				t.Errorf("seed %d: %d of %d commands, code %d, %d damaged", seed, done, n+1, last.payload[0], last.payload[3])
			}
		}
		ps := received(t, w.b.bytes(appendFrame(nil, frame{opPoll, w.key, 9, run(0)})))
		if len(ps) != 1 || ps[0].seq != last.seq || ps[0].payload[0] != codeOK {
			t.Fatalf("POLL: %v", ps)
		}
	}
	t.Logf("%d of 20 overflowed", lost)
	if lost == 0 || lost == 20 {
		t.Error("the test does not tell the two apart")
	}
}

// TestRTLNonce: no two boots have the same nonce, however alike they are, as long as the memory stays.
func TestRTLNonce(t *testing.T) {
	b := newRTLBoard(t, verilated(t), 3)
	defer b.close()
	seen := map[uint32]bool{}
	for range 50 {
		fs := received(t, b.bytes(appendFrame(nil, frame{opHello, 1, 1, []byte(magic + "\x01")})))
		if len(fs) != 1 || fs[0].op != answer|opHello {
			t.Fatalf("HELLO: %v", fs)
		}
		nonce := binary.LittleEndian.Uint32(fs[0].payload[6:])
		if seen[nonce] {
			t.Fatalf("nonce 0x%08x again", nonce)
		}
		seen[nonce] = true
		b.reset(100)
	}
}

// TestRTLPowerUp: whatever registers hold at power-up, what the board says of itself is whole.
func TestRTLPowerUp(t *testing.T) {
	program := verilated(t)
	want := newToy().info
	compared := 0
	for seed := range uint64(500) {
		b := newRTLBoard(t, program, seed+1000)
		fs := received(t, b.bytes(appendFrame(nil, frame{opHello, 1, 1, []byte(magic + "\x01")})))
		b.close()
		if len(fs) != 1 {
			t.Fatalf("seed %d: HELLO: %v", seed, fs)
		}
		got := want
		got.Regions = toyRegions
		if !bytes.Equal(fs[0].payload[10:], got.append(nil, 0)[10:]) {
			t.Errorf("seed %d: % x\nwant % x", seed, fs[0].payload[10:], got.append(nil, 0)[10:])
		}
		compared++
	}
	t.Logf("compared %d boards", compared)
}

// TestRTLDark: a board is not awake before its block RAMs are. Those of an iCE40 read as zero for 3 µs
// after configuration; here it is 15 µs, as others wait, at 48 MHz, the highest clock of a board with one.
func TestRTLDark(t *testing.T) {
	d := toyDesign()
	rom, err := rtl.Source("link/sequencer_rom.v")
	if err != nil {
		t.Fatal(err)
	}
	const read = "always @(posedge i_clk) if (i_read) o_word <= mem[i_addr];"
	if strings.Count(rom, read) != 1 {
		t.Fatal("the ROM is another one")
	}
	d.Changed = map[string]string{"link/sequencer_rom.v": strings.Replace(rom, read, `reg [9:0] dark = 10'd720;
    always @(posedge i_clk) begin
        if (i_read) o_word <= dark != 0 ? 16'd0 : mem[i_addr];
        if (dark != 0) dark <= dark - 1'b1;
    end`, 1)}
	b := newRTLBoard(t, simulation(t, d), 0)
	defer b.close()
	for seq := range uint32(3) {
		fs := received(t, b.bytes(appendFrame(nil, frame{opHello, 1, seq, []byte(magic + "\x01")})))
		if len(fs) != 1 || fs[0].op != answer|opHello || fs[0].seq != seq {
			t.Fatalf("HELLO %d: %v", seq, fs)
		}
	}
}

// TestRTLBits: what can go wrong with the bits of a byte. A short pulse between frames is nothing; a byte
// without a stop bit is lost, and so is its frame; after a break the line is as before.
func TestRTLBits(t *testing.T) {
	w := newTwin(t, verilated(t), 3)
	w.hello(1)
	poll := appendFrame(nil, frame{opPoll, w.key, 3, run(0)})
	good := make([]uint16, len(poll))
	for i, c := range poll {
		good[i] = uint16(c)
	}
	broken := slices.Clone(good)
	broken[7] |= noStop
	long := slices.Repeat([]uint16{noStop}, 5) // zeros without stop bits: low for 50 bits but for 5 short pulses
	for _, c := range []struct {
		name  string
		items []uint16
		codes []byte
	}{
		{"a pulse of a clock", append([]uint16{glitch, pause | 20}, good...), []byte{codeOK}},
		{"no stop bit", broken, []byte{codeLost}},
		{"breaks", append(long, good...), []byte{codeOK}},
		{"a pause", slices.Concat(good[:9], []uint16{pause | 255}, good[9:]), []byte{codeOK}},
		{"as before", good, []byte{codeOK}},
	} {
		fs := received(t, w.b.line(c.items))
		var codes []byte
		for _, f := range fs {
			codes = append(codes, f.payload[0])
		}
		if !bytes.Equal(codes, c.codes) {
			t.Errorf("%s: codes %v, want %v", c.name, codes, c.codes)
		}
	}
}

// TestRTLSpans: spans at the edges of the memory, and beyond.
func TestRTLSpans(t *testing.T) {
	w := newTwin(t, verilated(t), 3)
	w.hello(1)
	w.load(w.f.image(rand.New(rand.NewPCG(9, 9))))
	refused := 0
	for i, s := range []span{
		{0, 4}, {0, 8}, {0, 0}, {4, 0}, {8, 0}, {0, 2}, {2, 0}, {4, 0xFFFFFFFC}, {3<<24 + 8, 0xFFFFFFF8}, {3<<24 + 508, 4}, {3<<24 + 508, 8},
		{3<<24 + 8, 1 << 24}, {4 << 24, 0}, {4 << 24, 4}, {6<<24 + 252, 4}, {6<<24 + 256, 4}, {7 << 24, 0}, {7 << 24, 4}, {8 << 24, 0}, {0xFF << 24, 0},
		{0xFFFFFFFC, 4}, {3<<24 + 0xFFFFFC, 8},
	} {
		for _, op := range []byte{opRead, opCRC} {
			w.hello(uint32(2*i) + uint32(op)<<16)
			fs := w.send(op, 1, appendSpan(nil, s)...)
			if len(fs) != 1 {
				t.Fatalf("%x: %v", s, fs)
			}
			if fs[0].op == opStatus {
				refused++
			}
		}
	}
	if refused < 10 || refused > 40 {
		t.Errorf("%d refused", refused)
	}
	t.Logf("compared %d bytes, %d refused", w.compared, refused)
}
