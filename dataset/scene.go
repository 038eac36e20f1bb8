package dataset

import "math"

// The image that the camera looks at is finer than its pixels, and larger by a
// margin, into which the camera moves.
const (
	sub    = 4 // image points along a pixel
	margin = 5 // pixels
	side   = (34 + 2*margin) * sub
	subLen = pixel / sub
)

// scene is the logarithm of the brightness in each point of the image, row by
// row, in 1/1000, as a pixel with its lens sees it. The paper is 0; ink is dark.
type scene [side * side]int32

// lnInk is 1000·ln of the brightness at 0 to 256 parts of ink in 256, of which
// full ink leaves an eighth. No value lies close enough to a half for the
// last bit of math.Log to matter, which a test checks.
var lnInk = func() (ln [257]int32) {
	for i := range ln {
		ln[i] = int32(math.Round(lnBrightness(i)))
	}
	return ln
}()

func lnBrightness(ink int) float64 { return 1000 * math.Log(float64(8*256-7*ink)/(8*256)) }

// draw puts strokes of a round pen, in units of 1/256 pixel around the middle of
// the camera, on the scene.
func draw(strokes [][]point, pen int) *scene {
	var ink, tmp [side * side]uint16
	for _, line := range strokes {
		for i := 1; i < len(line); i++ {
			segment(&ink, line[i-1], line[i], pen)
		}
	}
	// A pixel gathers light over its own area, and the lens spreads it about as
	// far again: two averages over the length of a pixel, in each direction.
	blur(&tmp, &ink, 1, side)
	blur(&ink, &tmp, 1, side)
	blur(&tmp, &ink, side, 1)
	blur(&ink, &tmp, side, 1)
	var s scene
	for i, v := range ink {
		s[i] = lnInk[v]
	}
	return &s
}

// segment inks the points of the image within pen of the line from a to b.
func segment(ink *[side * side]uint16, a, b point, pen int) {
	const middle = side / 2 * subLen
	first := func(v int) int { return max((v-pen+middle)/subLen, 0) }
	last := func(v int) int { return min((v+pen+middle)/subLen, side-1) }
	dx, dy, r := int64(b.x-a.x), int64(b.y-a.y), int64(pen)
	length2 := dx*dx + dy*dy
	for j := first(min(a.y, b.y)); j <= last(max(a.y, b.y)); j++ {
		for i := first(min(a.x, b.x)); i <= last(max(a.x, b.x)); i++ {
			px, py := int64(i*subLen-middle-a.x), int64(j*subLen-middle-a.y)
			// The distance is to the foot of the perpendicular, or to an end.
			along := px*dx + py*dy
			var far bool
			switch {
			case along <= 0:
				far = px*px+py*py > r*r
			case along >= length2:
				px, py = px-dx, py-dy
				far = px*px+py*py > r*r
			default:
				cross := px*dy - py*dx
				far = cross*cross > r*r*length2
			}
			if !far {
				ink[j*side+i] = 1
			}
		}
	}
}

// blur writes to dst the sums of sub points of src, step apart along lines that
// are across apart; the frame of the image, where there is no ink, stays empty.
func blur(dst, src *[side * side]uint16, step, across int) {
	for l := range side {
		at, sum := l*across, uint16(0)
		for i := range side {
			sum += src[at]
			if i >= sub {
				sum -= src[at-sub*step]
			}
			dst[at] = sum
			at += step
		}
	}
}
