package compile

import (
	"testing"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
)

// TestHilbert: the curve reaches every place once and goes from each to a neighbour.
func TestHilbert(t *testing.T) {
	for side := uint32(1); side <= 64; side *= 2 {
		at := make([][2]uint32, side*side)
		seen := make([]bool, side*side)
		for y := range side {
			for x := range side {
				d := hilbert(side, x, y)
				if d >= uint64(side*side) || seen[d] {
					t.Fatalf("side %d: (%d, %d) is at %d, again or beyond the end", side, x, y, d)
				}
				at[d], seen[d] = [2]uint32{x, y}, true
			}
		}
		for d := 1; d < len(at); d++ {
			a, b := at[d-1], at[d]
			if dx, dy := int(a[0])-int(b[0]), int(a[1])-int(b[1]); dx*dx+dy*dy != 1 {
				t.Fatalf("side %d: from %v to %v", side, a, b)
			}
		}
	}
}

// TestLayerOrder: every neuron stands in the order once, the channels of a pixel together.
func TestLayerOrder(t *testing.T) {
	for _, s := range []snn.Shape{{W: 7, H: 3, C: 4}, {W: 1, H: 9, C: 2}, {W: 8, H: 8, C: 1}, {W: 1, H: 1, C: 5}, {W: 9, H: 1, C: 1}} {
		order := layerOrder(&fixed.Layer{Out: s, Kernel: fixed.Square(1, 1, 0, 1, 1)})
		if order == nil {
			if s.C > 1 && s.W*s.H > 1 {
				t.Errorf("%v has no order", s)
			}
			continue
		}
		seen := make([]bool, s.Size())
		for i, o := range order {
			if seen[o] {
				t.Fatalf("%v: neuron %d twice", s, o)
			}
			seen[o] = true
			if p := int(o) % (s.W * s.H); p != int(order[i/s.C*s.C])%(s.W*s.H) {
				t.Errorf("%v: position %d is pixel %d", s, i, p)
			}
		}
		if len(order) != s.Size() {
			t.Errorf("%v: %d positions", s, len(order))
		}
	}
	if layerOrder(&fixed.Layer{Out: snn.Shape{W: 3, H: 3, C: 2}}) != nil {
		t.Error("dense layers have the order of their numbers")
	}
}
