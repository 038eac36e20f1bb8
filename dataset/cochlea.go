package dataset

import (
	"math"

	"github.com/isospike/isospike/snn/spike"
)

// The ear that turns sound into spikes: a bank of band-pass filters, spaced like the
// critical bands of hearing (Glasberg and Moore 1990: a band at f Hz is 24.7·(0.00437·f + 1)
// wide), the envelope of each, compressed, and a neuron a band that integrates it and fires.
const (
	earBands   = 64
	earLowest  = 100.0 // Hz, the middle of the first band
	earHighest = 0.45  // of the sampling rate, the middle of the last
	earSmooth  = 0.008 // s, time constant of the envelope
	earAdapt   = 0.1   // s, time constant with which a band gets used to its level
	earTail    = 0.4   // share of the level that it does not get used to
	earCharge  = 0.012 // s of full level that make a neuron fire
	earFloor   = 0.08  // compressed level below which there is silence
	earStep    = 1000  // levels are taken this often a second
)

// hear returns the events of a sound: band x, lowest first, at times in µs. It
// computes with + − × ÷ and √ alone, so that the same sound gives the same events on
// every machine.
func hear(s sound) []spike.Event {
	bands := make([][]float64, earBands)
	loudest := 0.0
	for b, f := range earMiddles(s.rate) {
		bands[b] = envelope(s, f)
		for _, v := range bands[b] {
			loudest = max(loudest, v)
		}
	}
	var events []spike.Event
	if loudest == 0 {
		return events
	}
	const dt = 1.0 / earStep
	const keep = 1 - dt/earAdapt
	for b, level := range bands {
		used, charge := 0.0, 0.0
		for t, v := range level {
			x := cubeRoot(v / loudest)
			if x < earFloor {
				x = 0
			}
			used = float64(keep*used) + float64((1-keep)*x)
			charge += dt * max(0, x-float64((1-earTail)*used))
			if charge >= earCharge {
				charge -= earCharge
				events = append(events, spike.Event{X: uint16(b), T: uint32(t * 1_000_000 / earStep)})
			}
		}
	}
	return events
}

// earMiddles returns the middle frequencies of the bands: evenly spaced in bands of
// hearing, of which the number below f grows like ln(0.00437·f + 1); so that
// 0.00437·f + 1 is a geometric sequence.
func earMiddles(rate int) []float64 {
	low, high := 0.00437*earLowest+1, 0.00437*earHighest*float64(rate)+1
	ratio := root(high/low, earBands-1)
	f := make([]float64, earBands)
	for i := range f {
		f[i] = (low - 1) / 0.00437
		low *= ratio
	}
	return f
}

// root returns the n-th root of x >= 1 by Newton's method.
func root(x float64, n int) float64 {
	y := x
	for range 600 {
		power := 1.0
		for range n - 1 {
			power *= y
		}
		if next := y - (y-x/power)/float64(n); next < y {
			y = next
		} else {
			break
		}
	}
	return y
}

// cubeRoot returns the cube root of x in 0..1 by Newton's method.
func cubeRoot(x float64) float64 {
	if x < 1e-9 {
		return 0
	}
	y := math.Sqrt(math.Sqrt(x)) // above the root, from where the steps fall
	for range 12 {
		y -= (y - x/float64(y*y)) / 3
	}
	return y
}

// envelope returns the level of the band around f Hz: a second-order band-pass filter
// (state variable form), rectified and smoothed, earStep values a second.
func envelope(s sound, f float64) []float64 {
	dt := 1 / float64(s.rate)
	g := tanHalf(2 * math.Pi * f * dt)
	width := 24.7 * (float64(0.00437*f) + 1) / f // 1/Q
	norm := 1 / (1 + float64(g*(g+width)))
	smooth := dt / (earSmooth + dt)
	var low, band, level float64
	var out []float64
	for t, x := range s.samples {
		// Trapezoidal integration of the two states (Zavalishin).
		high := (x - float64((width+g)*band) - low) * norm
		b := float64(g*high) + band
		l := float64(g*b) + low
		band, low = float64(g*high)+b, float64(g*b)+l
		level += float64(smooth * (max(0, b*width) - level))
		if (t+1)*earStep/s.rate > t*earStep/s.rate {
			out = append(out, level)
		}
	}
	return out
}

// tanHalf returns tan(x/2) for x in 0..3 by the continued fraction of the tangent.
func tanHalf(x float64) float64 {
	x /= 2
	square, y := float64(x*x), 25.0
	for n := 23; n > 0; n -= 2 {
		y = float64(n) - square/y
	}
	return x / y
}
