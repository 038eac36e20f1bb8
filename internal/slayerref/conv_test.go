package slayerref

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/snn"
	"pgregory.net/rapid"
)

// column returns a signal of one tick.
func column(values ...float64) Signal {
	x := NewSignal(len(values), 1)
	for n, v := range values {
		x[n][0] = v
	}
	return x
}

func TestConvByHand(t *testing.T) {
	in := snn.Shape{W: 3, H: 2, C: 1}
	x := column(1, 2, 3, 4, 5, 6) // rows 1 2 3 and 4 5 6
	w := []float64{1, 10, 100, 1000}
	for _, c := range []struct {
		g    Geometry
		out  snn.Shape
		want Signal
	}{
		{Geometry{1, 2, 1, 0, 1, 1}, snn.Shape{W: 2, H: 1, C: 1}, column(1+20+400+5000, 2+30+500+6000)},
		{Geometry{1, 2, 2, 1, 1, 1}, snn.Shape{W: 2, H: 2, C: 1}, column(1000, 200+3000, 10*4, 5+60)},
		{Geometry{1, 2, 1, 1, 2, 1}, snn.Shape{W: 3, H: 2, C: 1}, column(5000, 400+6000, 500, 20, 1+30, 2)},
	} {
		s := Conv(in, c.g, w)
		if s.Out != c.out {
			t.Errorf("%+v: out %v, want %v", c.g, s.Out, c.out)
		}
		if d := cmp.Diff(c.want, s.Sum(x)); d != "" {
			t.Errorf("%+v: -want +got\n%s", c.g, d)
		}
	}

	// Two groups of one input and two output channels each, kernel 1: neuron (x, c) is c·W + x.
	s := Conv(snn.Shape{W: 2, H: 1, C: 2}, Geometry{4, 1, 1, 0, 1, 2}, []float64{1, 2, 3, 4})
	if d := cmp.Diff(column(5, 6, 10, 12, 21, 24, 28, 32), s.Sum(column(5, 6, 7, 8))); d != "" {
		t.Errorf("groups: -want +got\n%s", d)
	}
	// [O][I/g][kH][kW]: the second input channel's weight follows the first's.
	s = Conv(snn.Shape{W: 1, H: 1, C: 2}, Geometry{2, 1, 1, 0, 1, 1}, []float64{1, 2, 3, 4})
	if d := cmp.Diff(column(5+2*6, 3*5+4*6), s.Sum(column(5, 6))); d != "" {
		t.Errorf("channels: -want +got\n%s", d)
	}
}

func TestPoolByHand(t *testing.T) {
	s := Pool(snn.Shape{W: 3, H: 3, C: 2}, 2, 0.5)
	x := column(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 40, 50, 60, 70, 80, 90)
	if want := (snn.Shape{W: 2, H: 2, C: 2}); s.Out != want {
		t.Errorf("out %v, want %v", s.Out, want)
	}
	if d := cmp.Diff(column(6, 4.5, 7.5, 4.5, 60, 45, 75, 45), s.Sum(x)); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// TestConvByDefinition reduces every option of the convolution to one without it:
// padding to a larger input, dilation to a kernel with zeros between, groups to
// weights that are 0 across groups, and stride to every so many outputs of stride 1.
func TestConvByDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := source(t)
		in, g := drawConv(t)
		perIn, perOut := in.C/g.Groups, g.Channels/g.Groups
		w := normal(r, g.Channels*perIn*g.Kernel*g.Kernel)
		x := normals(r, in.Size(), 1)
		s := Conv(in, g, w)
		got := s.Sum(x)

		extent := g.Dilation*(g.Kernel-1) + 1
		wide := snn.Shape{W: in.W + 2*g.Padding, H: in.H + 2*g.Padding, C: in.C}
		padded := NewSignal(wide.Size(), 1)
		for c := range in.C {
			for y := range in.H {
				for col := range in.W {
					padded[number(wide, col+g.Padding, y+g.Padding, c)] = x[number(in, col, y, c)]
				}
			}
		}
		full := make([]float64, g.Channels*in.C*extent*extent)
		for o := range g.Channels {
			for i := range perIn {
				for ky := range g.Kernel {
					for kx := range g.Kernel {
						c := o/perOut*perIn + i
						full[((o*in.C+c)*extent+ky*g.Dilation)*extent+kx*g.Dilation] = w[((o*perIn+i)*g.Kernel+ky)*g.Kernel+kx]
					}
				}
			}
		}
		plain := Conv(wide, Geometry{g.Channels, extent, 1, 0, 1, 1}, full)
		all := plain.Sum(padded)
		for o := range g.Channels {
			for y := range s.Out.H {
				for col := range s.Out.W {
					a, b := got[number(s.Out, col, y, o)][0], all[number(plain.Out, col*g.Stride, y*g.Stride, o)][0]
					if !near(a, b) {
						t.Fatalf("output (%d, %d, %d) is %v, want %v", col, y, o, a, b)
					}
				}
			}
		}
		if w, h := (plain.Out.W+g.Stride-1)/g.Stride, (plain.Out.H+g.Stride-1)/g.Stride; s.Out.W != w || s.Out.H != h {
			t.Fatalf("out %v, want %d×%d", s.Out, w, h)
		}
	})
}
