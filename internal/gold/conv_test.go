package gold

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/isospike/isospike/internal/npy"
	"github.com/isospike/isospike/internal/shared"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
)

// TestLavaRuntimeConv runs Lava's Conv: its arrays are (x, y, channel), its weights
// (channel, x, y, channel of the group). It convolves: the kernel is flipped in both
// directions.
func TestLavaRuntimeConv(t *testing.T) {
	for _, name := range sets(t, "conv_*") {
		t.Run(name, func(t *testing.T) {
			c, s := compare(t), open(t, "lava_runtime", name+".npz")
			var m struct {
				Stride, Padding, Dilation [2]int
				Groups                    int
				Message                   int `json:"num_message_bits"`
			}
			s.meta(&m)
			in, out, w := s.shape("s_in"), s.shape("a_out"), s.shape("weight")
			l := fixed.Layer{In: snn.Shape{W: in[0], H: in[1], C: in[2]}, Out: snn.Shape{W: out[0], H: out[1], C: out[2]},
				Kernel: &fixed.Kernel{Size: [2]int{w[1], w[2]}, Stride: m.Stride, Padding: m.Padding, Dilation: m.Dilation, Groups: m.Groups}}
			weights := turned(s.ints("weight"), w)
			flip(weights, w)
			l.Weight = narrow(weights)
			ticks := in[3]
			sum := make([]int64, l.Out.Size()*ticks)
			for i, payload := range turnedIn(s.ints("s_in"), in) {
				if m.Message == 0 && payload != 0 {
					payload = 1
				}
				// What is sent in a step is summed in the next.
				l.Deliver(sum, ticks, i/ticks, i%ticks+1, payload)
			}
			for i := range sum {
				sum[i] = fixed.Accumulate(sum[i])
			}
			c.values("a_out", sum, turnedIn(s.ints("a_out"), out))
		})
	}
}

// turned brings weights (channel, x, y, channel of the group) into the order of fixed.Layer.
func turned(v []int64, s []int) []int64 {
	to := make([]int64, len(v))
	for at, x := range v {
		i, y, kx, o := at%s[3], at/s[3]%s[2], at/s[3]/s[2]%s[1], at/s[3]/s[2]/s[1]
		to[((o*s[3]+i)*s[2]+y)*s[1]+kx] = x
	}
	return to
}

// flip turns every kernel of turned weights around in both directions.
func flip(v []int64, s []int) {
	for area := s[1] * s[2]; len(v) > 0; v = v[area:] {
		slices.Reverse(v[:area])
	}
}

// turnedIn brings values (x, y, channel, tick) into the order of neurons, by tick.
func turnedIn[T int64 | float64](v []T, s []int) []T {
	to := make([]T, len(v))
	for at, value := range v {
		t, c, y, x := at%s[3], at/s[3]%s[2], at/s[3]/s[2]%s[1], at/s[3]/s[2]/s[1]
		to[((c*s[1]+y)*s[0]+x)*s[3]+t] = value
	}
	return to
}

// TestConvFloat holds the geometry of Kernel to the float convolutions that Lava was
// tested with, which flip the kernel.
func TestConvFloat(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared.Dir(t, "gold", "conv_float"), "*.npz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings (%v)", err)
	}
	compared := 0
	for _, file := range files {
		a, err := npy.ReadNPZ(file)
		if err != nil {
			t.Fatal(err)
		}
		ints := func(name string) []int {
			v, err := a[name].Ints()
			if err != nil {
				t.Fatal(err)
			}
			to := make([]int, len(v))
			for i, x := range v {
				to[i] = int(x)
			}
			return to
		}
		floats := func(name string) []float64 {
			v, err := a[name].Floats()
			if err != nil {
				t.Fatal(err)
			}
			return turnedIn(v, append(slices.Clone(a[name].Shape), 1))
		}
		in, out, w := a["input"].Shape, a["out_gt"].Shape, a["weights"].Shape
		l := fixed.Layer{In: snn.Shape{W: in[0], H: in[1], C: in[2]}, Out: snn.Shape{W: out[0], H: out[1], C: out[2]},
			Kernel: &fixed.Kernel{Size: [2]int(ints("kernel_size")), Stride: [2]int(ints("stride")), Padding: [2]int(ints("padding")), Dilation: [2]int(ints("dilation")), Groups: ints("groups")[0]}}
		weights, err := a["weights"].Ints()
		if err != nil {
			t.Fatal(err)
		}
		weights = turned(weights, w)
		flip(weights, w)
		input, want := floats("input"), floats("out_gt")
		for o, x := range want {
			sum := 0.0
			for i, at := range l.Into(o) {
				sum += float64(weights[at]) * input[i]
			}
			if math.Abs(sum-x) > 1.2e-3 {
				t.Fatalf("%s: neuron %d is %v, want %v", filepath.Base(file), o, sum, x)
			}
			compared++
		}
	}
	if t.Logf("compared %d values", compared); compared == 0 {
		t.Error("nothing was compared")
	}
}
