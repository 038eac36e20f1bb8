package link

import (
	"encoding/binary"
	"hash/crc32"
)

// Version is the protocol version that this package speaks.
const Version = 1

const (
	headerLen  = 9   // op, key, seq
	crcLen     = 4   // CRC-32C of header and payload
	maxPayload = 240 // with header and CRC 253, so that COBS adds one byte
	minPayload = 64  // the least that a board may offer
	maxFrame   = headerLen + maxPayload + crcLen
	overhead   = headerLen + crcLen + 3 // with the COBS byte and two delimiters
)

// Requests. Those with bit 4 are numbered: executed in order, exactly once.
const (
	opHello    = 0x01
	opPoll     = 0x02
	opRead     = 0x03
	opCRC      = 0x04
	opCounters = 0x05
	opWrite    = 0x10
	opCommit   = 0x11
	opReset    = 0x12
	opRun      = 0x13

	numbered = 0x10
)

// Replies have bit 7. A question (HELLO, READ, CRC, COUNTERS) is answered by its own op with
// bit 7 set, everything else by STATUS.
const (
	answer   = 0x80
	opStatus = 0x80
)

// The codes of a STATUS. From fatal on they end the session.
const (
	codeOK        = 0x00
	codeBusy      = 0x01 // the output buffer is full
	codeLost      = 0x02 // a frame was damaged or is missing
	codeNoSession = 0x03 // the key is not that of the open session

	fatal         = 0x10
	codeOp        = 0x10 // unknown command
	codeLength    = 0x11 // the payload does not fit the command
	codeAddress   = 0x12 // outside the memory, or not whole words
	codeImage     = 0x13 // COMMIT: the memory has another CRC
	codeTables    = 0x14 // COMMIT: the CRC is right but the tables make no sense
	codeNotLoaded = 0x15 // RESET or RUN before COMMIT
	codeNotReset  = 0x16 // RUN before RESET
	codeEvent     = 0x17 // RUN: an axon that the board does not have
	codeCore      = 0x18 // the core did not end what it was doing
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A frame is one message in either direction.
type frame struct {
	op      byte
	key     uint32
	seq     uint32
	payload []byte
}

// appendFrame appends f as it goes over the line, delimiters included.
func appendFrame(dst []byte, f frame) []byte {
	raw := make([]byte, headerLen, maxFrame)
	raw[0] = f.op
	binary.LittleEndian.PutUint32(raw[1:], f.key)
	binary.LittleEndian.PutUint32(raw[5:], f.seq)
	raw = append(raw, f.payload...)
	raw = binary.LittleEndian.AppendUint32(raw, crc32.Checksum(raw, castagnoli))
	return append(appendCOBS(append(dst, 0), raw), 0)
}

// parseFrame checks a decoded frame. The payload aliases raw.
func parseFrame(raw []byte) (f frame, ok bool) {
	n := len(raw) - crcLen
	if n < headerLen || crc32.Checksum(raw[:n], castagnoli) != binary.LittleEndian.Uint32(raw[n:]) {
		return frame{}, false
	}
	return frame{
		op:      raw[0],
		key:     binary.LittleEndian.Uint32(raw[1:]),
		seq:     binary.LittleEndian.Uint32(raw[5:]),
		payload: raw[headerLen:n],
	}, true
}

// A status is the payload of STATUS. The frame's seq is the number of the next command
// to be executed.
type status struct {
	code   byte
	pos    byte   // bytes of that command's spike stream already executed
	echo   byte   // low byte of the seq of the POLL that this answers, else 0
	bad    byte   // damaged frames at the board in this session, modulo 256
	offset uint32 // place of data in the output stream
	data   []byte
}

const (
	statusLen = 8
	maxOutput = maxPayload - statusLen // output bytes in one STATUS
)

func (s status) append(dst []byte) []byte {
	dst = append(dst, s.code, s.pos, s.echo, s.bad)
	dst = binary.LittleEndian.AppendUint32(dst, s.offset)
	return append(dst, s.data...)
}

// parseStatus is the inverse of append. The data aliases p.
func parseStatus(p []byte) (s status, ok bool) {
	if len(p) < statusLen {
		return status{}, false
	}
	return status{p[0], p[1], p[2], p[3], binary.LittleEndian.Uint32(p[4:]), p[statusLen:]}, true
}

// A span is a range of board memory: the region number in the top byte of addr, the
// byte offset below it.
type span struct{ addr, size uint32 }

const spanLen = 8

func appendSpan(dst []byte, s span) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, s.addr)
	return binary.LittleEndian.AppendUint32(dst, s.size)
}
