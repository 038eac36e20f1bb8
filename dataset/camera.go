package dataset

import (
	"slices"

	"github.com/isospike/isospike/snn/spike"
)

// Time of a recording in µs. N-MNIST's camera makes three saccades, along the
// sides of a triangle.
const (
	step      = 4000 // the scene is sampled this often; events lie in between
	recordEnd = 308000
)

// corners of the triangle, where the digit stands before, between and after the
// saccades, in 1/256 pixel from the middle; and when it moves, in µs. Both are
// fitted to the rate and the mean place of events in N-MNIST. The margin of the
// scene holds the largest reach.
var (
	corners  = [4]point{{-660, -470}, {-60, 800}, {900, -500}, {-660, -440}}
	saccades = [3]struct{ start, end int }{{5000, 88000}, {98000, 190000}, {216000, 300000}}
)

// camera is what differs between the pixels of an event camera: the changes of
// the logarithm of brightness, in 1/1000 of the common threshold, at which each
// one sends an ON and an OFF event.
type camera [34 * 34]struct{ on, off int32 }

func newCamera(r random) *camera {
	var c camera
	for i := range c {
		c[i].on, c[i].off = int32(r.about(1000, 250)), int32(r.about(1000, 250))
	}
	return &c
}

// record returns the events of one recording of a scene, by time.
func (c *camera) record(r random, s *scene) []spike.Event {
	threshold := int32(r.about(400, 100)) // light and lens differ from day to day
	late := r.about(0, 5000)              // so do the motors
	reach := r.about(1000, 80)

	// An event as a number in the order of time.
	var events []uint64
	send := func(t, pixel, p int) {
		events = append(events, uint64(t)<<16|uint64(pixel)<<1|uint64(p))
	}
	var last, ref [34 * 34]int32 // brightness at the last sample, and at the last event
	for t := 0; t <= recordEnd; t += step {
		at := position(t - late)
		s.sample(at.x*reach/1000, at.y*reach/1000, func(i int, l int32) {
			if t == 0 {
				// A pixel may have come anywhere between its thresholds before.
				last[i], ref[i] = l, l+threshold*int32(r.about(0, 750))/1000
				return
			}
			if l == last[i] {
				return
			}
			on, off := c[i].on*threshold/1000, c[i].off*threshold/1000
			for l-ref[i] >= on {
				ref[i] += on
				send(t-step+crossing(ref[i]-last[i], l-last[i])+r.below(1500), i, 1)
			}
			for ref[i]-l >= off {
				ref[i] -= off
				send(t-step+crossing(ref[i]-last[i], l-last[i])+r.below(1500), i, 0)
			}
			last[i] = l
		})
	}
	// Noise, of which N-MNIST's camera makes more that is ON.
	for range r.about(75, 35) {
		send(r.below(recordEnd), r.below(34*34), min(r.below(4), 1))
	}

	slices.Sort(events)
	out := make([]spike.Event, len(events))
	for i, e := range events {
		pixel := uint16(e) >> 1
		out[i] = spike.Event{X: pixel % 34, Y: pixel / 34, P: uint8(e & 1), T: uint32(e >> 16)}
	}
	return out
}

// crossing is when, in a step, a brightness that changes by all has changed by part.
func crossing(part, all int32) int { return step * int(part) / int(all) }

// position is where the middle of the scene stands at time t. A saccade starts
// and ends gently: its way is 3s²-2s³ of its time s.
func position(t int) point {
	for k, m := range saccades {
		if t < m.end {
			from, to := corners[k], corners[k+1]
			s := max(t-m.start, 0) * 1024 / (m.end - m.start)
			way := s * s * (3*1024 - 2*s) >> 20 // in 1/1024
			return point{from.x + (to.x-from.x)*way/1024, from.y + (to.y-from.y)*way/1024}
		}
	}
	return corners[3]
}

// sample calls f with the brightness of every pixel, row by row, when the middle
// of the scene is (x, y) 1/256 pixel from that of the camera.
func (s *scene) sample(x, y int, f func(i int, l int32)) {
	// blur has moved the scene down and to the right by three points.
	x, y = (margin*sub+3)*subLen-x, (margin*sub+3)*subLen-y
	fx, fy := int32(x%subLen), int32(y%subLen)
	i := 0
	for row := range 34 {
		at := (y/subLen+row*sub)*side + x/subLen
		for range 34 {
			top := s[at]*(subLen-fx) + s[at+1]*fx
			low := s[at+side]*(subLen-fx) + s[at+side+1]*fx
			f(i, (top*(subLen-fy)+low*fy)/(subLen*subLen))
			at += sub
			i++
		}
	}
}
