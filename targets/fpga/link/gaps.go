package link

import "fmt"

// Spikes travel, in both directions, as a byte stream that knows nothing of
// frames. Within a tick the ids ascend, and each byte is
//
//	0…253  a spike, this many ids after the lowest id still possible
//	254    no spike in the next 254 ids, after which there are more
//	255    the tick ends
//
// A board needs one counter to write or read it, and a tick of n ids takes at
// most n + 1 bytes.
const (
	gapSkip = 254
	gapTick = 255
)

// appendTick appends one tick. The ids must ascend.
func appendTick(dst []byte, ids []int32) []byte {
	next := int32(0)
	for _, id := range ids {
		if id < next {
			panic(fmt.Sprintf("link: id %d follows %d in one tick", id, next-1))
		}
		for ; id-next >= gapSkip; next += gapSkip {
			dst = append(dst, gapSkip)
		}
		dst = append(dst, byte(id-next))
		next = id + 1
	}
	return append(dst, gapTick)
}

// gapReader reads the stream; ids are below limit.
type gapReader struct{ next, limit int32 }

type gapEvent int

const (
	gapNothing gapEvent = iota
	gapSpike
	gapEnd // of the tick
	gapBad // an id beyond the limit
)

// feed takes one byte; id is meaningful for gapSpike.
func (g *gapReader) feed(b byte) (id int32, ev gapEvent) {
	switch b {
	case gapTick:
		g.next = 0
		return 0, gapEnd
	case gapSkip:
		if g.next += gapSkip; g.next >= g.limit {
			return 0, gapBad
		}
		return 0, gapNothing
	}
	id = g.next + int32(b)
	if id >= g.limit {
		return 0, gapBad
	}
	g.next = id + 1
	return id, gapSpike
}
