// Package spike holds spike trains and the address-event files they come from.
//
// A Raster is the discrete-time form every executor works on: which neurons
// spiked in which tick. An Event is one camera event before binning.
package spike

import (
	"fmt"
	"slices"
)

// Raster is the spike trains of a population over a number of ticks, stored by
// tick. The zero value is an empty raster of no neurons; use NewRaster.
type Raster struct {
	Neurons int     // size of the population
	Start   []int32 // spikes of tick t are Index[Start[t]:Start[t+1]]; len is Ticks()+1
	Index   []int32 // neuron numbers, strictly ascending within a tick
	// Message is what each spike of Index carries, never 0: graded spikes, as
	// sigma-delta neurons send them. It is nil where all are plain spikes, which count as 1.
	Message []int32
}

// NewRaster returns a raster of n neurons with no ticks yet, to be filled with Append.
func NewRaster(n int) *Raster { return &Raster{Neurons: n, Start: make([]int32, 1)} }

// Ticks returns the number of ticks.
func (r *Raster) Ticks() int { return len(r.Start) - 1 }

// At returns the neurons that spike at tick t, ascending. The slice aliases r.
func (r *Raster) At(t int) []int32 { return r.Index[r.Start[t]:r.Start[t+1]] }

// Messages returns what the spikes of At(t) carry, nil where all are plain. The slice aliases r.
func (r *Raster) Messages(t int) []int32 {
	if r.Message == nil {
		return nil
	}
	return r.Message[r.Start[t]:r.Start[t+1]]
}

// message returns what spike i of Index carries.
func (r *Raster) message(i int) int32 {
	if r.Message == nil {
		return 1
	}
	return r.Message[i]
}

// Count returns the number of spikes.
func (r *Raster) Count() int { return len(r.Index) }

// Append adds one tick. The neurons must be ascending and without repeats.
func (r *Raster) Append(neurons ...int32) {
	r.Index = append(r.Index, neurons...)
	r.Start = append(r.Start, int32(len(r.Index)))
}

// AppendGraded adds one tick of spikes with their messages, none of them 0. A raster is
// filled by this or by Append, not by both.
func (r *Raster) AppendGraded(neurons, messages []int32) {
	if r.Message == nil {
		r.Message = []int32{}
	}
	r.Message = append(r.Message, messages...)
	r.Append(neurons...)
}

// AppendFrom adds tick t of o, a raster of the same kind.
func (r *Raster) AppendFrom(o *Raster, t int) {
	if o.Message == nil {
		r.Append(o.At(t)...)
	} else {
		r.AppendGraded(o.At(t), o.Messages(t))
	}
}

// FromValues returns a raster of graded spikes from an array of neurons × ticks,
// row-major, in which 0 is no spike.
func FromValues(neurons, ticks int, values []int32) (*Raster, error) {
	if len(values) != neurons*ticks {
		return nil, fmt.Errorf("%d values for %d neurons × %d ticks", len(values), neurons, ticks)
	}
	r := NewRaster(neurons)
	r.Message = []int32{}
	for t := range ticks {
		for n := range neurons {
			if m := values[n*ticks+t]; m != 0 {
				r.Index, r.Message = append(r.Index, int32(n)), append(r.Message, m)
			}
		}
		r.Append()
	}
	return r, nil
}

// Reset empties r and keeps its memory.
func (r *Raster) Reset(neurons int) {
	r.Neurons = neurons
	r.Start = append(r.Start[:0], 0)
	r.Index = r.Index[:0]
	r.Message = nil
}

// Equal reports whether two rasters have the same neurons, ticks and spikes, which carry the same.
func (r *Raster) Equal(o *Raster) bool {
	if r.Neurons != o.Neurons || !slices.Equal(r.Start, o.Start) || !slices.Equal(r.Index, o.Index) {
		return false
	}
	for i := range r.Index {
		if r.message(i) != o.message(i) {
			return false
		}
	}
	return true
}

// Counts returns the number of spikes of every neuron in the ticks from up to,
// but not including, to, or of graded spikes the sum of what they carry. It uses the
// memory of into where that suffices.
func (r *Raster) Counts(from, to int, into []int) []int {
	if cap(into) < r.Neurons {
		into = make([]int, r.Neurons)
	}
	into = into[:r.Neurons]
	clear(into)
	for i := r.Start[from]; i < r.Start[to]; i++ {
		into[r.Index[i]] += int(r.message(int(i)))
	}
	return into
}

// Classify returns the class that the spike counts of an output layer stand for:
// the most active neuron, the lowest number on a tie.
func Classify(counts []int) int {
	best := 0
	for o, c := range counts {
		if c > counts[best] {
			best = o
		}
	}
	return best
}

// Diff counts the spikes that are in exactly one of two rasters of equal size, or carry
// something else in the other.
func (r *Raster) Diff(o *Raster) int {
	n := 0
	for t := range r.Ticks() {
		a, b := int(r.Start[t]), int(o.Start[t])
		aEnd, bEnd := int(r.Start[t+1]), int(o.Start[t+1])
		for a < aEnd || b < bEnd {
			switch {
			case b == bEnd || (a < aEnd && r.Index[a] < o.Index[b]):
				a++
				n++
			case a == aEnd || o.Index[b] < r.Index[a]:
				b++
				n++
			default:
				if r.message(a) != o.message(b) {
					n++
				}
				a++
				b++
			}
		}
	}
	return n
}

// FromPairs bins (tick, neuron) pairs given in any order, repeats allowed, into
// a raster of the given size. Pairs outside it are an error, not dropped.
func FromPairs(neurons, ticks int, tick, neuron []int32) (*Raster, error) {
	if len(tick) != len(neuron) {
		return nil, fmt.Errorf("%d ticks but %d neurons", len(tick), len(neuron))
	}
	keys := make([]int64, len(tick))
	for i := range tick {
		if tick[i] < 0 || int(tick[i]) >= ticks || neuron[i] < 0 || int(neuron[i]) >= neurons {
			return nil, fmt.Errorf("spike %d: neuron %d at tick %d is outside %d neurons × %d ticks", i, neuron[i], tick[i], neurons, ticks)
		}
		keys[i] = int64(tick[i])<<32 | int64(neuron[i])
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	r := &Raster{Neurons: neurons, Start: make([]int32, ticks+1), Index: make([]int32, len(keys))}
	for i, k := range keys {
		r.Index[i] = int32(k)
		r.Start[k>>32+1]++
	}
	for t := range ticks {
		r.Start[t+1] += r.Start[t]
	}
	return r, nil
}
