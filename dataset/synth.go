package dataset

import (
	"fmt"
	"strconv"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/spike"
)

type synth struct {
	n      int
	seed   uint64
	camera *camera
}

// NewSynth returns a set of n recordings of handwritten digits as N-MNIST has
// them, for when N-MNIST is not at hand: 34 × 34 pixels, two polarities, about
// 4000 events in 0.3 s, while the camera moves along a triangle. Recording i
// shows the digit i%10 and is a function of seed and i alone, made anew each
// time that Events is called, in one or two milliseconds.
//
// Each digit has a few forms, written by a random hand: width, height, slant,
// turn, place, pen and every point of the strokes vary. A pixel sends an event
// when the logarithm of its brightness has changed by its threshold.
func NewSynth(n int, seed uint64) Set {
	// Recordings use the streams from 0 on, the camera another.
	return &synth{n, seed, newCamera(newRandom(seed, 1<<63))}
}

func (s *synth) Name() string     { return fmt.Sprintf("synth seed=%d", s.seed) }
func (s *synth) Len() int         { return s.n }
func (s *synth) Classes() int     { return digits }
func (s *synth) Shape() snn.Shape { return nmnist }
func (s *synth) Label(i int) int  { return i % digits }
func (s *synth) ID(i int) string  { return strconv.Itoa(i) }

func (s *synth) Events(i int) ([]spike.Event, error) {
	r := newRandom(s.seed, uint64(i))
	return s.camera.record(r, draw(handwrite(r, s.Label(i)))), nil
}
