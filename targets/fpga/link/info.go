package link

import (
	"bytes"
	"encoding/binary"
)

// Info is what a board says of itself in answer to HELLO.
type Info struct {
	Build      uint64 // first 8 bytes of the SHA-256 of the bitstream's sources, big endian
	Cores      int    // at most 255
	Neurons    int    // board neuron ids are 0 … Neurons−1; at most 65535
	Axons      int    // input ids are 0 … Axons−1; at most 65535
	Synapses   int    // entries in the synapse memory
	RingSlots  int    // slots of the delay ring: the longest delay in ticks is less than this
	RxBuffer   int    // bytes that may be on their way to the board unanswered; 256 … 65535
	MaxPayload int    // bytes of payload that the board takes; 64 … 240, of which boards here have rtl.MaxPayload
	OutBuffer  int    // bytes of the output ring: a power of two, at least Neurons + 1
	MaxBaud    int    // highest line rate that the board's UART was built for; 0: any
	Regions    []int  // bytes of each memory region: multiples of 4, at most 2^24
}

const (
	magic      = "ISPK"
	infoLen    = 40 // before the region sizes
	maxRegions = (maxPayload - infoLen) / 4
	minRx      = maxPayload + overhead
	maxRegion  = 1 << 24
	maxOut     = 1 << 30
)

// flaw names what makes the description unusable, "" for nothing.
func (i *Info) flaw() string {
	switch {
	case i.Cores < 0 || i.Cores > 0xFF, i.RingSlots < 0 || i.RingSlots > 0xFFFF,
		i.Synapses < 0 || i.MaxBaud < 0:
		return "a count is out of range"
	case i.Neurons < 1 || i.Neurons > 0xFFFF:
		return "the number of neurons is out of range"
	case i.Axons < 1 || i.Axons > 0xFFFF:
		return "the number of axons is out of range"
	case i.MaxPayload < minPayload || i.MaxPayload > maxPayload:
		return "the frame size is out of range"
	case i.RxBuffer < minRx || i.RxBuffer > 0xFFFF:
		return "the receive buffer cannot hold a frame"
	case i.OutBuffer <= i.Neurons || i.OutBuffer > maxOut || i.OutBuffer&(i.OutBuffer-1) != 0:
		return "the output buffer cannot hold a tick"
	case len(i.Regions) > maxRegions:
		return "there are too many memory regions"
	}
	for _, n := range i.Regions {
		if n < 0 || n > maxRegion || n%4 != 0 {
			return "a memory region has an impossible size"
		}
	}
	return ""
}

// append appends the payload of HELLO's answer.
func (i *Info) append(dst []byte, nonce uint32) []byte {
	le := binary.LittleEndian
	dst = append(append(dst, magic...), Version, byte(i.Cores))
	dst = le.AppendUint32(dst, nonce)
	dst = le.AppendUint16(dst, uint16(i.Neurons))
	dst = le.AppendUint16(dst, uint16(i.Axons))
	dst = le.AppendUint16(dst, uint16(i.RingSlots))
	dst = le.AppendUint16(dst, uint16(i.RxBuffer))
	dst = append(dst, byte(i.MaxPayload), byte(len(i.Regions)))
	dst = le.AppendUint32(dst, uint32(i.Synapses))
	dst = le.AppendUint32(dst, uint32(i.OutBuffer))
	dst = le.AppendUint32(dst, uint32(i.MaxBaud))
	dst = le.AppendUint64(dst, i.Build)
	for _, n := range i.Regions {
		dst = le.AppendUint32(dst, uint32(n))
	}
	return dst
}

// parseInfo is the inverse of append; its errors are meant for the user.
func parseInfo(p []byte) (i Info, nonce uint32, err error) {
	if len(p) < len(magic)+1 || !bytes.Equal(p[:len(magic)], []byte(magic)) {
		return Info{}, 0, errInfo("it does not say ISPK")
	}
	if v := p[4]; v != Version {
		return Info{}, 0, errVersion(v)
	}
	if len(p) < infoLen || len(p) != infoLen+4*int(p[19]) {
		return Info{}, 0, errInfo("its length is wrong")
	}
	le := binary.LittleEndian
	i = Info{
		Cores:      int(p[5]),
		Neurons:    int(le.Uint16(p[10:])),
		Axons:      int(le.Uint16(p[12:])),
		RingSlots:  int(le.Uint16(p[14:])),
		RxBuffer:   int(le.Uint16(p[16:])),
		MaxPayload: int(p[18]),
		Synapses:   int(le.Uint32(p[20:])),
		OutBuffer:  int(le.Uint32(p[24:])),
		MaxBaud:    int(le.Uint32(p[28:])),
		Build:      le.Uint64(p[32:]),
	}
	for q := p[infoLen:]; len(q) > 0; q = q[4:] {
		i.Regions = append(i.Regions, int(le.Uint32(q)))
	}
	if flaw := i.flaw(); flaw != "" {
		return Info{}, 0, errInfo(flaw)
	}
	return i, le.Uint32(p[6:]), nil
}
