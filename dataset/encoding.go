package dataset

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// Limits of an encoding and of the shapes it takes, so that a file cannot ask for
// more memory, by tick and by neuron, than a computer has.
const (
	maxTicks   = 1 << 20
	maxNeurons = 1 << 24
)

// Encoding is how events become a raster.
type Encoding struct {
	Tick       int // length of a tick in µs, at least 1
	Ticks      int // ticks in a raster, 1 to 2^20
	Downsample int // an input is Downsample × Downsample pixels; 1 keeps every pixel
	// Coding is how still images become spikes: CodingEven (also ""), CodingRate or
	// CodingLatency. Recordings of events have no use for it.
	Coding string
}

// Shape returns the shape of the rasters of a camera of shape s. Pixels left
// over at the right and lower edge count as an input: 34 pixels by 4 are 9. It
// wants an encoding that passes Check.
func (e Encoding) Shape(s snn.Shape) snn.Shape {
	f := e.Downsample
	return snn.Shape{W: (s.W + f - 1) / f, H: (s.H + f - 1) / f, C: s.C}
}

// Check returns an error for a field that is out of its range.
func (e Encoding) Check() error {
	for _, v := range []struct {
		name       string
		value, max int
	}{{"tick", e.Tick, math.MaxInt32}, {"ticks", e.Ticks, maxTicks}, {"downsample", e.Downsample, math.MaxUint16}} {
		if v.value < 1 || v.value > v.max {
			return diag.Inputf("bad-encoding", "", "encoding: %s is %d", v.name, v.value).WithFix("give %s a value from 1 to %d", v.name, v.max)
		}
	}
	if !slices.Contains([]string{"", CodingEven, CodingRate, CodingLatency}, e.Coding) {
		return diag.Inputf("bad-encoding", "", "encoding: coding is %q", e.Coding).WithFix("codings of images are even, rate and latency")
	}
	return nil
}

// Raster bins the events, in any order, of a camera of shape s as SLAYER does:
// the tick is T/Tick rounded to the nearest, halves to the even tick, the
// neuron is (x, y, p) of e.Shape(s) in the order of package snn, and several
// events on one neuron in one tick are one spike. Events at tick e.Ticks or
// later are left out and counted in late. An event outside s is an error.
func (e Encoding) Raster(s snn.Shape, events []spike.Event) (r *spike.Raster, late int, err error) {
	if err := e.Check(); err != nil {
		return nil, 0, err
	}
	out := e.Shape(s)
	// The sides first, as their product may overflow.
	if s.W < 1 || s.H < 1 || s.C < 1 || s.W > 1<<16 || s.H > 1<<16 || s.C > 1<<8 || int64(out.W)*int64(out.H)*int64(out.C) > maxNeurons {
		return nil, 0, diag.Inputf("bad-shape", "", "no raster can be made of a camera of shape %v", s).
			WithFix("downsample, so that at most %d inputs are left", maxNeurons)
	}

	// A counting sort by tick, and then an ordinary one of the few spikes of each.
	type at struct{ tick, neuron int32 }
	spikes := make([]at, 0, len(events))
	start := make([]int32, e.Ticks+1)
	factor := uint32(e.Downsample)
	for i, v := range events {
		if int(v.X) >= s.W || int(v.Y) >= s.H || int(v.P) >= s.C {
			return nil, 0, outside(i, v, s)
		}
		tick := roundHalfEven(v.T, uint32(e.Tick))
		if tick >= uint32(e.Ticks) {
			late++
			continue
		}
		x, y := int(uint32(v.X)/factor), int(uint32(v.Y)/factor)
		spikes = append(spikes, at{int32(tick), int32((int(v.P)*out.H+y)*out.W + x)})
		start[tick+1]++
	}
	for t := range e.Ticks {
		start[t+1] += start[t]
	}
	index := make([]int32, len(spikes))
	end := slices.Clone(start[:e.Ticks]) // of what is filled of each tick
	for _, k := range spikes {
		index[end[k.tick]] = k.neuron
		end[k.tick]++
	}
	// Several events of a neuron leave gaps, which the next tick closes.
	from, to := int32(0), int32(0)
	for t := range e.Ticks {
		tick := index[from:end[t]]
		slices.Sort(tick)
		start[t], from = to, end[t]
		to += int32(copy(index[to:], slices.Compact(tick)))
	}
	start[e.Ticks] = to
	return &spike.Raster{Neurons: out.Size(), Start: start, Index: index[:to]}, late, nil
}

// roundHalfEven is t/tick rounded. The one branch is for halves, which are
// rare: a branch on which side is nearer would cost more than the rest.
func roundHalfEven(t, tick uint32) uint32 {
	t2, tick2 := 2*uint64(t)+uint64(tick), 2*uint64(tick)
	q := t2 / tick2
	if q*tick2 == t2 && q%2 == 1 {
		q--
	}
	return uint32(q)
}

// outside is the error for event i, which is not on a camera of shape s.
func outside(i int, v spike.Event, s snn.Shape) *diag.Error {
	return diag.Inputf("event-outside", "", "event %d: x %d, y %d, polarity %d is outside the camera of %v", i, v.X, v.Y, v.P, s).
		WithFix("crop the recording to %d columns, %d rows and %d polarities", s.W, s.H, s.C)
}

// String returns the form in which models record an encoding:
// "tick=1000us ticks=300 downsample=4".
func (e Encoding) String() string {
	s := fmt.Sprintf("tick=%dus ticks=%d downsample=%d", e.Tick, e.Ticks, e.Downsample)
	if e.Coding != "" {
		s += " coding=" + e.Coding
	}
	return s
}

// ParseEncoding reads what String has written. Fields may come in any order,
// but each of them once, coding not at all or once; an error says which is missing, unknown or out of range.
func ParseEncoding(s string) (Encoding, error) {
	bad := func(format string, args ...any) (Encoding, error) {
		return Encoding{}, diag.Inputf("bad-encoding", "", "encoding %q: "+format, append([]any{s}, args...)...).
			WithFix("write it as in %q", standard)
	}
	var e Encoding
	seen := map[string]bool{}
	for _, field := range strings.Fields(s) {
		key, value, _ := strings.Cut(field, "=")
		if seen[key] {
			return bad("%q is there twice", key)
		}
		seen[key] = true
		var to *int
		switch key {
		case "tick":
			var ok bool
			if value, ok = strings.CutSuffix(value, "us"); !ok {
				return bad("%q does not end in us", field)
			}
			to = &e.Tick
		case "ticks":
			to = &e.Ticks
		case "downsample":
			to = &e.Downsample
		case "coding":
			e.Coding = value
			continue
		default:
			return bad("%q is not known", key)
		}
		n, err := strconv.Atoi(value)
		if err != nil {
			return bad("%q is not a whole number", field)
		}
		*to = n
	}
	for _, key := range []string{"tick", "ticks", "downsample"} {
		if !seen[key] {
			return bad("%s is missing", key)
		}
	}
	return e, e.Check()
}
