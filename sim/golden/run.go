package golden

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// maxLayers bounds the layers of a run: each takes more memory than bytes of the file.
const maxLayers = 1 << 12

// magic begins a .run file.
const magic = "isospike run 1\n"

// Run is what a network did on one input.
type Run struct {
	Input  *spike.Raster
	Layers []Layer
}

// Layer is what a layer did.
type Layer struct {
	Spikes *spike.Raster
	U, V   []int32 // registers after the last tick, by neuron
}

// New returns the run that an executor's records, with states, tell of.
func New(in *spike.Raster, recs []fixed.Record) *Run {
	r := &Run{Input: in}
	for _, rec := range recs {
		r.Layers = append(r.Layers, Layer{rec.Spikes, last(rec.U, rec.Spikes), last(rec.V, rec.Spikes)})
	}
	return r
}

// last returns a register after the last tick; nil stays nil.
func last(states []int32, of *spike.Raster) []int32 {
	if states == nil {
		return nil
	}
	ticks := of.Ticks()
	end := make([]int32, of.Neurons)
	for o := range end {
		if ticks > 0 {
			end[o] = states[o*ticks+ticks-1]
		}
	}
	return end
}

// Spikes returns the number of spikes of all layers.
func (r *Run) Spikes() (n int) {
	for _, l := range r.Layers {
		n += l.Spikes.Count()
	}
	return n
}

// encode returns the bytes of a .run file.
func (r *Run) encode() []byte {
	b := appendRaster([]byte(magic), r.Input)
	b = binary.AppendUvarint(b, uint64(len(r.Layers)))
	for _, l := range r.Layers {
		b = appendRaster(b, l.Spikes)
		for _, register := range [][]int32{l.U, l.V} {
			for _, x := range register {
				b = binary.AppendVarint(b, int64(x))
			}
		}
	}
	return b
}

func appendRaster(b []byte, r *spike.Raster) []byte {
	head := uint64(r.Ticks()) << 1
	if r.Message != nil {
		head |= 1
	}
	b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(r.Neurons)), head)
	for t := range r.Ticks() {
		at := r.At(t)
		b = binary.AppendUvarint(b, uint64(len(at)))
		before := int32(-1)
		for _, i := range at {
			b = binary.AppendUvarint(b, uint64(i-before-1))
			before = i
		}
		for _, m := range r.Messages(t) {
			b = binary.AppendVarint(b, int64(m))
		}
	}
	return b
}

// decode is the inverse of encode.
func decode(b []byte) (*Run, error) {
	if len(b) < len(magic) || string(b[:len(magic)]) != magic {
		return nil, fmt.Errorf("this is no run of isospike, or one of another version")
	}
	d := decoder{b: b[len(magic):]}
	r := &Run{Input: d.raster()}
	for range d.number(maxLayers) {
		if d.err != nil {
			break
		}
		l := Layer{Spikes: d.raster()}
		l.U, l.V = d.registers(l.Spikes.Neurons), d.registers(l.Spikes.Neurons)
		r.Layers = append(r.Layers, l)
	}
	if d.err == nil && len(d.b) > 0 {
		d.fail("%d bytes follow the last layer", len(d.b))
	}
	return r, d.err
}

// decoder takes numbers off b. After the first error it gives zeros.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
	d.b = nil
}

// number takes a number of at most most.
func (d *decoder) number(most uint64) int {
	x, n := binary.Uvarint(d.b)
	if n <= 0 || x > most {
		d.fail("a number is cut or larger than can be")
		return 0
	}
	d.b = d.b[n:]
	return int(x)
}

// value takes a 32-bit number with a sign.
func (d *decoder) value() int32 {
	x, n := binary.Varint(d.b)
	if n <= 0 || x < math.MinInt32 || x > math.MaxInt32 {
		d.fail("a value is cut or larger than 32 bits")
		return 0
	}
	d.b = d.b[n:]
	return int32(x)
}

// registers takes a value a neuron, each of at least a byte.
func (d *decoder) registers(neurons int) []int32 {
	if neurons > len(d.b) {
		d.fail("the registers of %d neurons are cut", neurons)
		return nil
	}
	v := make([]int32, neurons)
	for i := range v {
		v[i] = d.value()
	}
	return v
}

func (d *decoder) raster() *spike.Raster {
	r := spike.NewRaster(d.number(snn.MaxNeurons))
	head := d.number(2*math.MaxInt32 + 1)
	ticks, graded := head>>1, head&1 == 1
	if ticks > len(d.b) { // a tick takes a byte or more
		d.fail("the spikes of %d ticks are cut", ticks)
		return r
	}
	for range ticks {
		count := d.number(uint64(min(len(d.b), r.Neurons)))
		at := make([]int32, count)
		before := -1
		for i := range at {
			before += 1 + d.number(uint64(r.Neurons))
			if before >= r.Neurons {
				d.fail("a spike of neuron %d of %d", before, r.Neurons)
				return r
			}
			at[i] = int32(before)
		}
		if !graded {
			r.Append(at...)
			continue
		}
		messages := make([]int32, count)
		for i := range messages {
			if messages[i] = d.value(); messages[i] == 0 && d.err == nil {
				d.fail("a spike carries 0")
			}
		}
		r.AppendGraded(at, messages)
	}
	return r
}
