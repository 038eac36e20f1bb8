package link

import (
	"encoding/binary"
	"errors"

	"github.com/isospike/isospike/targets/fpga/rtl"
)

// The regions, neurons and axons of rtl/sim/link/chip.v and of the board that it is put on.
var (
	toyRegions = []int{4, 64, 128, 512, 0, 32, 256, 0}
	toyNeurons = 100
	toyAxons   = 300
	toyOut     = 256
)

// First words that break the toy.
const (
	toyRefuses     = 0xBB5A0000
	toyMemoryHangs = 0xDA5A0000
	toyClearHangs  = 0xDB5A0000
	toyStepHangs   = 0xDC5A0000
	toyEventHangs  = 0xDD5A0000
)

// newToy returns a fake that computes what rtl/sim/link/chip.v does.
func newToy() *fake {
	f := newFake(toyNeurons, toyAxons, toyOut, toyRegions...)
	f.info.RxBuffer, f.info.MaxPayload, f.toy = rtl.RxBuffer, rtl.MaxPayload, true
	return f
}

func toyMix(a, b uint32) uint32 {
	m := (a ^ b) * 0x9E3779B1
	return m ^ m>>15
}

func (f *fake) toyStart() error {
	if f.mem[0][2] == 0x5A && f.mem[0][3] == toyRefuses>>24 {
		return errors.New("refused")
	}
	return nil
}

func (f *fake) toyReset() {
	hash := uint32(1)
	for _, m := range f.mem {
		for ; len(m) > 0; m = m[4:] {
			hash = toyMix(hash, binary.LittleEndian.Uint32(m))
		}
	}
	f.state, f.tick = uint64(hash), 0
}

func (f *fake) toyStep(axons, spikes []int32) []int32 {
	hash := uint32(f.state)
	for _, a := range axons {
		hash = toyMix(hash, 1<<16|uint32(a))
	}
	hash = toyMix(hash, 0xFFFF)
	f.state = uint64(hash)
	density, burst := uint32(f.mem[0][0]), f.mem[0][1]&7
	active := burst == 0 || f.tick>>(burst-1)&1 != 0
	f.tick++
	before := len(spikes)
	for i := range f.info.Neurons {
		hash ^= hash << 13
		hash ^= hash >> 17
		hash ^= hash << 5
		if hash&0xFF < density && active {
			spikes = append(spikes, int32(i))
		}
	}
	f.count.Ticks++
	f.count.Synapses += uint64(3 * len(axons))
	f.count.Spikes += uint64(len(spikes) - before)
	return spikes
}
