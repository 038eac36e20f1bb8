package dataset

import (
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/spike"
)

// Shift returns a copy of the events moved dx columns right and dy rows down on
// a camera of shape s, to train on recordings that are not all centred alike.
// Events that this moves off the camera are not in the copy.
func Shift(s snn.Shape, events []spike.Event, dx, dy int) []spike.Event {
	moved := make([]spike.Event, 0, len(events))
	for _, e := range events {
		x, y := int(e.X)+dx, int(e.Y)+dy
		if x < 0 || x >= s.W || y < 0 || y >= s.H {
			continue
		}
		e.X, e.Y = uint16(x), uint16(y)
		moved = append(moved, e)
	}
	return moved
}
