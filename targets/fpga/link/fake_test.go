package link

import (
	"errors"
	"hash/crc64"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/isospike/isospike/snn/spike"
)

// fake is a Machine whose spikes depend on every byte of its memory and on every tick and
// input since the last Reset, so that a command lost, repeated or out of order shows.
type fake struct {
	info     Info
	mem      [][]byte
	density  float64 // share of neurons that spike in a tick
	burst    int     // if > 0, as many silent ticks take turns with as many of 90 %
	unusable bool    // Start fails
	toy      bool    // it computes what rtl/sim/link/chip.v does
	work     time.Duration
	onStep   func() // called before each tick

	start, state uint64
	tick         int
	count        Counters
}

func newFake(neurons, axons, outBuffer int, regions ...int) *fake {
	f := &fake{density: 0.2, info: Info{
		Build: 0x0123456789abcdef, Cores: 1, Neurons: neurons, Axons: axons, Synapses: 65536, RingSlots: 64,
		RxBuffer: 2048, MaxPayload: maxPayload, OutBuffer: outBuffer, MaxBaud: 3000000,
	}}
	for _, n := range regions {
		f.mem = append(f.mem, make([]byte, n))
	}
	return f
}

func (f *fake) Info() Info         { return f.info }
func (f *fake) Memory() [][]byte   { return f.mem }
func (f *fake) Counters() Counters { return f.count }

func (f *fake) Reset() {
	f.state, f.tick = f.start, 0
	if f.toy {
		f.toyReset()
	}
}

func (f *fake) Start() error {
	if f.unusable {
		return errors.New("unusable")
	}
	if f.toy {
		return f.toyStart()
	}
	f.start = 1
	for _, m := range f.mem {
		f.start = mix(f.start, crc64.Checksum(m, crc64.MakeTable(crc64.ECMA)))
	}
	return nil
}

func mix(a, b uint64) uint64 {
	a = (a ^ b) * 0x9e3779b97f4a7c15
	return a ^ a>>29
}

func (f *fake) Step(axons, spikes []int32) []int32 {
	if f.onStep != nil {
		f.onStep()
	}
	if f.work > 0 {
		time.Sleep(f.work)
	}
	if f.toy {
		return f.toyStep(axons, spikes)
	}
	f.state = mix(f.state, uint64(len(axons)))
	for _, a := range axons {
		f.state = mix(f.state, uint64(a))
	}
	rng := rand.New(rand.NewPCG(f.state, 0))
	n := len(spikes)
	density := f.density
	if f.burst > 0 {
		density = float64(f.tick/f.burst%2) * 0.9
	}
	f.tick++
	for i := range f.info.Neurons {
		if rng.Float64() < density {
			spikes = append(spikes, int32(i))
		}
	}
	f.count.Ticks++
	f.count.Cycles += 77
	f.count.Synapses += uint64(3 * len(axons))
	f.count.Spikes += uint64(len(spikes) - n)
	return spikes
}

// image returns random contents for every byte of the fake's memory.
func (f *fake) image(rng *rand.Rand) []Region {
	var rs []Region
	for id, m := range f.mem {
		r := Region{ID: id, Data: make([]byte, len(m))}
		for i := range r.Data {
			r.Data[i] = byte(rng.Uint32() >> (rng.Uint32() % 9)) // plenty of zeros
		}
		rs = append(rs, r)
	}
	return rs
}

// holds reports whether the memory is the image.
func (f *fake) holds(image []Region) bool {
	for _, r := range image {
		if !slices.Equal(f.mem[r.ID][r.Addr:][:len(r.Data)], r.Data) {
			return false
		}
	}
	return true
}

// twin returns a fake of the same kind with memory of its own.
func (f *fake) twin() *fake {
	t := &fake{info: f.info, density: f.density, burst: f.burst, toy: f.toy}
	for _, m := range f.mem {
		t.mem = append(t.mem, make([]byte, len(m)))
	}
	return t
}

// direct runs a sample without any link.
func (f *fake) direct(image []Region, in *spike.Raster, ticks int) *spike.Raster {
	t := f.twin()
	for _, r := range image {
		copy(t.mem[r.ID][r.Addr:], r.Data)
	}
	t.Start()
	t.Reset()
	out := spike.NewRaster(f.info.Neurons)
	for i := range ticks {
		var in0 []int32
		if i < in.Ticks() {
			in0 = in.At(i)
		}
		out.Append(t.Step(in0, nil)...)
	}
	return out
}

// sample returns a random raster.
func sample(rng *rand.Rand, axons, ticks int, density float64) *spike.Raster {
	r := spike.NewRaster(axons)
	for range ticks {
		var ids []int32
		for a := range axons {
			if rng.Float64() < density {
				ids = append(ids, int32(a))
			}
		}
		r.Append(ids...)
	}
	return r
}

func TestFakeDependsOnEverything(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	f := newFake(50, 40, 64, 64, 32)
	image, in := f.image(rng), sample(rng, 40, 10, 0.1)
	want := f.direct(image, in, 12)
	other := sample(rng, 40, 10, 0.1)
	if f.direct(image, other, 12).Equal(want) {
		t.Error("the output does not depend on the input")
	}
	image[1].Data[31] ^= 1
	if f.direct(image, in, 12).Equal(want) {
		t.Error("the output does not depend on the memory")
	}
}
