package link

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// Serve is the board's side of the protocol: it answers on line for m until ctx ends or
// the line closes, and returns nil then. Other failures of the line, and a Machine
// whose Info is impossible, are errors. When ctx ends, line is closed if it is an
// io.Closer; otherwise Serve returns after the next read. Each call of Serve is one boot of the board:
// a host notices that the one it spoke to before is gone.
func Serve(ctx context.Context, line io.ReadWriter, m Machine) error {
	return serve(ctx, line, m, random)
}

// random returns an unpredictable number, for session ids and nonces.
func random() uint32 {
	var b [4]byte
	rand.Read(b[:]) // never fails
	return binary.LittleEndian.Uint32(b[:])
}

func serve(ctx context.Context, line io.ReadWriter, m Machine, nonce func() uint32) error {
	d, err := newDevice(line, m, nonce)
	if err != nil {
		return err
	}
	if c, ok := line.(io.Closer); ok {
		defer context.AfterFunc(ctx, func() { c.Close() })()
	}
	buf := make([]byte, maxFrame)
	for {
		n, err := line.Read(buf)
		for _, b := range buf[:n] {
			if ctx.Err() != nil {
				return nil
			}
			if raw, end := d.rx.feed(b); end {
				if err := d.handle(raw); err != nil {
					return quiet(ctx, err)
				}
			}
		}
		if err != nil || ctx.Err() != nil {
			return quiet(ctx, err)
		}
	}
}

// quiet hides the errors by which a line tells that Serve is to stop.
func quiet(ctx context.Context, err error) error {
	if ctx.Err() != nil || err == io.EOF {
		return nil
	}
	return err
}

// A mode is how far a session has come. Each mode allows what the ones before it allow.
type mode byte

const (
	modeClosed mode = iota // no session since power-up
	modeOpen               // HELLO
	modeLoaded             // COMMIT found the image in memory
	modeReady              // RESET
)

// device is the board's state machine. Everything but the memory, the ring and the
// frame being read is a register of the Verilog.
type device struct {
	m        Machine
	info     Info
	mem      [][]byte
	line     io.Writer
	newNonce func() uint32
	rx       decoder

	mode    mode
	session uint32 // the host's number
	nonce   uint32 // ours, drawn when the session opened
	next    uint32 // number of the command to be executed next
	pos     int    // bytes of its spike stream already executed
	halt    byte   // the fatal code that ended the session, or 0
	bad     byte   // damaged frames in this session, modulo 256

	ring             []byte // the output stream, offset o at o modulo its length
	tail, sent, head uint32 // confirmed by the host ≤ sent ≤ written
	in               gapReader

	axons, spikes []int32 // of the tick being gathered; in Verilog bits of the delay ring
	gaps, tx      []byte  // scratch
}

func newDevice(line io.Writer, m Machine, nonce func() uint32) (*device, error) {
	d := &device{m: m, info: m.Info(), mem: m.Memory(), line: line, newNonce: nonce}
	d.info.Regions = nil
	for _, r := range d.mem {
		d.info.Regions = append(d.info.Regions, len(r))
	}
	if flaw := d.info.flaw(); flaw != "" {
		return nil, fmt.Errorf("link: the machine describes itself wrongly: %s", flaw)
	}
	d.ring = make([]byte, d.info.OutBuffer)
	d.in.limit = int32(d.info.Axons)
	return d, nil
}

// handle takes one decoded frame, nil for one that COBS could not decode.
func (d *device) handle(raw []byte) error {
	f, ok := parseFrame(raw)
	if !ok || len(f.payload) > d.info.MaxPayload {
		d.bad++
		if d.mode == modeClosed {
			return nil
		}
		return d.report(codeLost, 0)
	}
	switch {
	case f.op&answer != 0: // an echo of our own
		return nil
	case f.op == opHello:
		return d.hello(f)
	case d.mode == modeClosed || f.key != d.key():
		return d.send(frame{opStatus, f.key, 0, status{code: codeNoSession, bad: d.bad}.append(nil)})
	case d.halt != 0:
		return d.report(d.halt, 0)
	case f.op&numbered != 0:
		return d.command(f)
	}
	return d.question(f)
}

func (d *device) key() uint32 { return d.session ^ d.nonce }

// hello opens a session. A repeated HELLO is only answered again.
func (d *device) hello(f frame) error {
	if len(f.payload) < len(magic)+1 || string(f.payload[:len(magic)]) != magic {
		return nil
	}
	if f.payload[len(magic)] == Version && (d.mode == modeClosed || f.key != d.session) {
		d.mode, d.session, d.nonce = modeOpen, f.key, d.newNonce()
		d.next, d.pos, d.halt, d.bad = 0, 0, 0, 0
		d.tail, d.sent, d.head = 0, 0, 0
	}
	return d.send(frame{answer | opHello, f.key, f.seq, d.info.append(nil, d.nonce)})
}

// question answers what changes nothing and is therefore not numbered.
func (d *device) question(f frame) error {
	p, le := f.payload, binary.LittleEndian
	var a []byte
	switch f.op {
	case opPoll:
		if len(p) != 4 {
			return d.fail(codeLength)
		}
		d.confirm(le.Uint32(p))
		d.sent = d.tail
		return d.report(codeOK, byte(f.seq))
	case opRead:
		if len(p) != spanLen {
			return d.fail(codeLength)
		}
		m, ok := d.span(p)
		switch {
		case !ok:
			return d.fail(codeAddress)
		case len(m) > d.info.MaxPayload:
			return d.fail(codeLength)
		}
		a = m
	case opCRC:
		if len(p) == 0 || len(p)%spanLen != 0 {
			return d.fail(codeLength)
		}
		for ; len(p) > 0; p = p[spanLen:] {
			m, ok := d.span(p)
			if !ok {
				return d.fail(codeAddress)
			}
			a = le.AppendUint32(a, crc32.Checksum(m, castagnoli))
		}
	case opCounters:
		c := d.m.Counters()
		for _, n := range []uint64{c.Ticks, c.Synapses, c.Spikes, c.Cycles} {
			a = le.AppendUint64(a, n)
		}
	default:
		return d.fail(codeOp)
	}
	return d.send(frame{answer | f.op, d.key(), f.seq, a})
}

// command executes a numbered command if it is the next one.
func (d *device) command(f frame) error {
	if f.seq != d.next {
		if int32(f.seq-d.next) < 0 { // a repeat of what was executed
			return d.report(codeOK, 0)
		}
		return d.report(codeLost, 0)
	}
	code := byte(codeOp)
	switch f.op {
	case opWrite:
		code = d.write(f.payload)
	case opCommit:
		code = d.commit(f.payload)
	case opReset:
		code = d.reset(f.payload)
	case opRun:
		var err error
		if code, err = d.run(f.payload); err != nil {
			return err
		}
	}
	switch {
	case code >= fatal:
		return d.fail(code)
	case code == codeOK:
		d.next++
		d.pos = 0
	}
	return d.report(code, 0)
}

func (d *device) write(p []byte) byte {
	if len(p) <= 4 {
		return codeLength
	}
	m, ok := d.memory(binary.LittleEndian.Uint32(p), uint32(len(p)-4))
	if !ok {
		return codeAddress
	}
	d.mode = modeOpen
	copy(m, p[4:])
	return codeOK
}

func (d *device) commit(p []byte) byte {
	if len(p) < 4+spanLen || (len(p)-4)%spanLen != 0 {
		return codeLength
	}
	d.mode = modeOpen
	sum := uint32(0)
	for q := p[4:]; len(q) > 0; q = q[spanLen:] {
		m, ok := d.span(q)
		if !ok {
			return codeAddress
		}
		sum = crc32.Update(sum, castagnoli, m)
	}
	if sum != binary.LittleEndian.Uint32(p) {
		return codeImage
	}
	if d.m.Start() != nil {
		return codeTables
	}
	d.mode = modeLoaded
	return codeOK
}

func (d *device) reset(p []byte) byte {
	switch {
	case len(p) != 0:
		return codeLength
	case d.mode < modeLoaded:
		return codeNotLoaded
	}
	d.m.Reset()
	d.in.next, d.axons = 0, d.axons[:0]
	d.mode = modeReady
	return codeOK
}

// run executes the spike stream from d.pos on. It stops, to be resumed by the same
// command, before a tick whose output might not fit the ring.
func (d *device) run(p []byte) (byte, error) {
	switch {
	case len(p) < 4:
		return codeLength, nil
	case d.mode < modeLoaded:
		return codeNotLoaded, nil
	case d.mode < modeReady:
		return codeNotReset, nil
	}
	d.confirm(binary.LittleEndian.Uint32(p))
	for p = p[4:]; d.pos < len(p); {
		b := p[d.pos]
		if b == gapTick && len(d.ring)-int(d.head-d.tail) <= d.info.Neurons {
			return codeBusy, nil
		}
		d.pos++
		id, ev := d.in.feed(b)
		switch ev {
		case gapBad:
			return codeEvent, nil
		case gapSpike:
			d.axons = append(d.axons, id)
		case gapEnd:
			d.tick()
			if err := d.flush(codeOK, 0); err != nil {
				return 0, err
			}
		}
	}
	return codeOK, nil
}

// tick runs the machine once and writes its spikes to the ring, which has room.
func (d *device) tick() {
	d.spikes = d.m.Step(d.axons, d.spikes[:0])
	d.axons = d.axons[:0]
	d.gaps = appendTick(d.gaps[:0], d.spikes)
	for _, b := range d.gaps {
		d.ring[int(d.head)&(len(d.ring)-1)] = b
		d.head++
	}
}

// confirm frees the output that the host has. A number from an old frame is out
// of range and does nothing.
func (d *device) confirm(have uint32) {
	if have-d.tail <= d.head-d.tail {
		d.tail = have
	}
}

// fail ends the session with a fatal code.
func (d *device) fail(code byte) error {
	d.halt = code
	return d.report(code, 0)
}

// flush sends the output that fills whole frames.
func (d *device) flush(code, echo byte) error {
	for d.head-d.sent >= maxOutput {
		if err := d.status(code, echo); err != nil {
			return err
		}
	}
	return nil
}

// report sends all output not yet sent, in one STATUS or more.
func (d *device) report(code, echo byte) error {
	if err := d.flush(code, echo); err != nil {
		return err
	}
	return d.status(code, echo)
}

func (d *device) status(code, echo byte) error {
	s := status{code: code, pos: byte(d.pos), echo: echo, bad: d.bad, offset: d.sent}
	for d.sent != d.head && len(s.data) < maxOutput {
		s.data = append(s.data, d.ring[int(d.sent)&(len(d.ring)-1)])
		d.sent++
	}
	return d.send(frame{opStatus, d.key(), d.next, s.append(nil)})
}

func (d *device) send(f frame) error {
	d.tx = appendFrame(d.tx[:0], f)
	_, err := d.line.Write(d.tx)
	return err
}

// span returns the memory that the span at the head of p names.
func (d *device) span(p []byte) ([]byte, bool) {
	return d.memory(binary.LittleEndian.Uint32(p), binary.LittleEndian.Uint32(p[4:]))
}

// memory returns size bytes at addr, if there are so many and both are whole words.
func (d *device) memory(addr, size uint32) ([]byte, bool) {
	region, off := int(addr>>24), addr&(maxRegion-1)
	if region >= len(d.mem) || addr%4 != 0 || size%4 != 0 ||
		uint64(off)+uint64(size) > uint64(len(d.mem[region])) {
		return nil, false
	}
	return d.mem[region][off:][:size], true
}
