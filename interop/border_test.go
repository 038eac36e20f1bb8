package interop

import (
	"maps"
	"testing"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"pgregory.net/rapid"
)

// TestStandardKernels: a layer with as many neurons as there can be, some of whose windows reach over the
// border, and the kernel that others count as many neurons for give every neuron the same weights of the
// same inputs.
func TestStandardKernels(t *testing.T) {
	compared, wider := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		between := func(lo, hi int, what string) int { return rapid.IntRange(lo, hi).Draw(t, what) }
		l := fixed.Layer{In: snn.Shape{W: between(1, 9, "w"), H: between(1, 9, "h"), C: 1}, Kernel: &fixed.Kernel{Groups: 1}}
		l.Out.C = between(1, 2, "channels")
		most := [2]int{}
		for a, n := range [2]int{l.In.W, l.In.H} {
			k := l.Kernel
			k.Size[a], k.Stride[a], k.Padding[a], k.Dilation[a] = between(1, 4, "size"), between(1, 3, "stride"), between(0, 2, "padding"), between(1, 3, "dilation")
			most[a] = (n-1+k.Padding[a])/k.Stride[a] + 1 // windows that begin within the input and its padding
		}
		l.Out.W, l.Out.H = most[0], most[1]
		weights := make([]int32, l.Weights())
		for i := range weights {
			weights[i] = int32(i + 1)
		}
		k, front, err := standard(&l)
		if err != nil {
			return // padding on both sides, or what a wider kernel adds to it, gives more windows
		}
		wide := widened(weights, l.Kernel.Size, front)
		same := l
		same.Kernel = &k
		if out := k.Output(l.In); out.W != l.Out.W || out.H != l.Out.H || len(wide) != same.Weights() {
			t.Fatalf("%+v for %+v: %v neurons, %d weights", k, l, out, len(wide))
		}
		into := func(l *fixed.Layer, weights []int32, o int) map[int]int32 {
			m := map[int]int32{}
			for i, at := range l.Into(o) {
				if weights[at] != 0 {
					m[i] = weights[at]
				}
			}
			return m
		}
		for o := range l.Out.Size() {
			if a, b := into(&l, weights, o), into(&same, wide, o); !maps.Equal(a, b) {
				t.Fatalf("neuron %d has %v, and %v of %+v", o, a, b, k)
			} else {
				compared += len(a)
			}
		}
		for a := range front {
			if front[a] > 0 && k.Dilation[a] > 1 {
				wider++
			}
		}
	})
	t.Logf("compared %d synapses; %d dilated kernels were wider", compared, wider)
	if compared == 0 || wider == 0 {
		t.Error("nothing was compared")
	}
}
