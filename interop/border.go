package interop

import (
	"fmt"
	"slices"

	"github.com/isospike/isospike/snn/fixed"
)

// standard returns the kernel of a convolution as other tools have it, who count 1 + reach/stride
// neurons along an axis. Ours may have another one at the end, whose window reaches over the
// border: as a pool of the notation has over an odd number of columns. front columns and rows of
// zeros before the kernels, and as many places more of padding on every side, take the same
// inputs and have a longer reach.
func standard(l *fixed.Layer) (k fixed.Kernel, front [2]int, err error) {
	k = *l.Kernel
	for a, n := range [2][2]int{{l.In.W, l.Out.W}, {l.In.H, l.Out.H}} {
		reach := n[0] + 2*k.Padding[a] - k.Dilation[a]*(k.Size[a]-1) - 1
		lacks := (n[1]-1)*k.Stride[a] - reach
		front[a] = (max(0, lacks) + k.Dilation[a] - 1) / k.Dilation[a]
		if reach += front[a] * k.Dilation[a]; reach >= n[1]*k.Stride[a] {
			return k, front, fmt.Errorf("a convolution has %d neurons along axis %c there, where the layer has %d", reach/k.Stride[a]+1, "xy"[a], n[1])
		}
		k.Padding[a] += front[a] * k.Dilation[a]
		k.Size[a] += front[a]
	}
	return k, front, nil
}

// borderNote tells of front.
func borderNote(front [2]int) string {
	return fmt.Sprintf("its last windows reach over the border, as they cannot there; %d columns and %d rows of zeros in front of its kernels, and as much padding, give the same", front[0], front[1])
}

// widened returns kernels of size columns and rows with columns and rows of zeros before each.
func widened[T int32 | float64](weights []T, size, front [2]int) (wide []T) {
	for kernel := range slices.Chunk(weights, size[0]*size[1]) {
		wide = append(wide, make([]T, front[1]*(front[0]+size[0]))...)
		for row := range slices.Chunk(kernel, size[0]) {
			wide = append(append(wide, make([]T, front[0])...), row...)
		}
	}
	return wide
}

// rowsFirst swaps columns and rows: files of others have rows first, where ours come second.
func rowsFirst(v [2]int) [2]int { return [2]int{v[1], v[0]} }
