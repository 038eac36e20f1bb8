package dataset

import "github.com/isospike/isospike/snn/spike"

// Encoded is a Set seen as rasters: what training and evaluation take their
// samples from. It is safe for concurrent use.
type Encoded struct {
	Set
	Encoding Encoding
}

// Raster returns sample i, moved by (dx, dy) pixels of the sensor before it is
// encoded. Events after the encoding's last tick are left out; see Late.
func (e Encoded) Raster(i, dx, dy int) (*spike.Raster, error) {
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

// Late counts the events of all samples, and those that the encoding leaves out
// because they come after its last tick.
func (e Encoded) Late() (events, late int, err error) {
	for i := range e.Len() {
		ev, err := e.Events(i)
		if err != nil {
			return 0, 0, err
		}
		_, n, err := e.Encoding.Raster(e.Shape(), ev)
		if err != nil {
			return 0, 0, err
		}
		events, late = events+len(ev), late+n
	}
	return events, late, nil
}
