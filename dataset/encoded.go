package dataset

import "github.com/isospike/isospike/snn/spike"

// Encoded is a Set seen as rasters: what training and evaluation take their
// samples from. It is safe for concurrent use.
type Encoded struct {
	Set
	Encoding Encoding
}

// What a Set may offer beside its events. Sets made of another pass it on.
type (
	// encoder makes its rasters itself, for every encoding anew; none of its spikes
	// is ever late.
	encoder interface {
		Encode(e Encoding, i, dx, dy int) (*spike.Raster, error)
	}
	// patterned has the output spike trains that are wanted for sample i; nil where there are none.
	patterned interface {
		Pattern(e Encoding, i int) (*spike.Raster, error)
	}
	// stepped has a class for each millisecond of sample i, 255 where unlabelled; nil
	// where there are none.
	stepped interface {
		Steps(i int) ([]uint8, error)
	}
)

// Raster returns sample i, moved by (dx, dy) pixels of the sensor before it is
// encoded. Events after the encoding's last tick are left out; see Late.
func (e Encoded) Raster(i, dx, dy int) (*spike.Raster, error) {
	if s, j, ok := as[encoder](e.Set, i); ok {
		return s.Encode(e.Encoding, j, dx, dy)
	}
	events, err := e.Events(i)
	if err != nil {
		return nil, err
	}
	if dx != 0 || dy != 0 {
		events = Shift(e.Shape(), events, dx, dy)
	}
	r, _, err := e.Encoding.Raster(e.Shape(), events)
	return r, err
}

// Pattern returns the output spike trains wanted for sample i, or nil.
func (e Encoded) Pattern(i int) (*spike.Raster, error) {
	if s, j, ok := as[patterned](e.Set, i); ok {
		return s.Pattern(e.Encoding, j)
	}
	return nil, nil
}

// Steps returns the class of sample i at each tick, 255 where unlabelled, or nil.
func (e Encoded) Steps(i int) ([]uint8, error) {
	s, j, ok := as[stepped](e.Set, i)
	if !ok {
		return nil, nil
	}
	by, err := s.Steps(j)
	if err != nil || by == nil || e.Encoding.Tick == 1000 {
		return by, err
	}
	steps := make([]uint8, e.Encoding.Ticks)
	for t := range steps {
		steps[t] = 255
		if ms := t * e.Encoding.Tick / 1000; ms < len(by) {
			steps[t] = by[ms]
		}
	}
	return steps, nil
}

// as finds what a set offers beside its events, through the sets made of others, and
// the number that its sample i has there.
func as[T any](s Set, i int) (t T, j int, ok bool) {
	for {
		if t, ok = s.(T); ok {
			return t, i, true
		}
		switch of := s.(type) {
		case subset:
			s, i = of.Set, of.index[i]
		case cached:
			s = of.Set
		case watched:
			s = of.Set
		case joined:
			s, i = of.at(i)
		default:
			return t, i, false
		}
	}
}

// Late counts the events of all samples, and those that the encoding leaves out
// because they come after its last tick. For sets that make their rasters
// themselves both are 0.
func (e Encoded) Late() (events, late int, err error) {
	if e.Len() > 0 {
		if _, _, ok := as[encoder](e.Set, 0); ok {
			return 0, 0, nil
		}
	}
	for i := range e.Len() {
		n, l, _, err := e.Extent(i)
		if err != nil {
			return 0, 0, err
		}
		events, late = events+n, late+l
	}
	return events, late, nil
}

// Extent returns the number of events of sample i, how many of them Raster leaves out,
// and the time in µs of the last one. All are 0 for sets that make their rasters themselves.
func (e Encoded) Extent(i int) (events, late int, last uint32, err error) {
	if _, _, ok := as[encoder](e.Set, i); ok {
		return 0, 0, 0, nil
	}
	ev, err := e.Events(i)
	if err != nil {
		return 0, 0, 0, err
	}
	for _, x := range ev {
		last = max(last, x.T)
	}
	_, late, err = e.Encoding.Raster(e.Shape(), ev)
	return len(ev), late, last, err
}
