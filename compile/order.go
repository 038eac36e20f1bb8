package compile

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/isospike/isospike/snn/fixed"
)

// layerOrder returns the order in which a layer's neurons are put on cores, nil for that of
// their numbers. The neurons of a convolution go pixel by pixel, all channels of one
// together, along a Hilbert curve (Hilbert 1891): a core then holds a patch of the plane, whose
// inputs are the patch and its rim, and not rows of every input. The order serves the
// partition and, since cores are placed in it, the distance of their messages.
func layerOrder(l *fixed.Layer) []int32 {
	w, h, c := l.Out.W, l.Out.H, l.Out.C
	if l.Kernel == nil || w*h == 1 || c == 1 && (w == 1 || h == 1) {
		return nil
	}
	pixels, along := make([]int32, w*h), make([]uint64, w*h)
	side := uint32(1) << bits.Len32(uint32(max(w, h)-1))
	for i := range pixels {
		pixels[i], along[i] = int32(i), hilbert(side, uint32(i%w), uint32(i/w))
	}
	slices.SortFunc(pixels, func(a, b int32) int { return cmp.Compare(along[a], along[b]) })
	order := make([]int32, 0, w*h*c)
	for _, p := range pixels {
		for ch := range c {
			order = append(order, int32(ch*w*h)+p)
		}
	}
	return order
}

// hilbert returns where the curve through a square of the given side, a power of two,
// reaches (x, y).
func hilbert(side, x, y uint32) (d uint64) {
	for s := side / 2; s > 0; s /= 2 {
		right, up := x&s != 0, y&s != 0
		quarter := uint64(0)
		switch {
		case right && up:
			quarter = 2
		case right:
			quarter = 3
		case up:
			quarter = 1
		}
		d += quarter * uint64(s) * uint64(s)
		if !up { // the curve of this quarter is turned
			if right {
				x, y = s-1-x&(s-1), s-1-y&(s-1)
			}
			x, y = y, x
		}
		x, y = x&(s-1), y&(s-1)
	}
	return d
}

// neuron returns the neuron of a layer at a position of its order.
func (b *build) neuron(layer, position int) int {
	if order := b.orders[layer]; order != nil {
		return int(order[position])
	}
	return position
}
