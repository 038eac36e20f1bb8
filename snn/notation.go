package snn

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/isospike/isospike/snn/diag"
)

var (
	inputField = regexp.MustCompile(`^(\d+)x(\d+)(?:x(\d+))?$`)
	denseField = regexp.MustCompile(`^(\d+)o?(d?)$`)
	convField  = regexp.MustCompile(`^(\d+)c(\d+)(?:s(\d+))?(?:p(\d+))?(?:e(\d+))?(?:g(\d+))?(d?)$`)
	poolField  = regexp.MustCompile(`^(\d+)a(d?)$`)
	dropField  = regexp.MustCompile(`^drop(\d+)$`)
)

// Parse reads the paper's notation (see the package comment) and works out
// every layer's shape. All neurons get DefaultNeuron.
func Parse(notation string) (*Network, error) {
	fields := strings.Split(strings.TrimSpace(notation), "-")
	fail := func(i int, format string, args ...any) error {
		e := diag.Inputf("notation", "", "network %q, field %d %q: %s", notation, i+1, fields[i], fmt.Sprintf(format, args...))
		return e.WithFix("write it like 34x34x2-512d-512d-10 or 28x28-12c5-2a-64c5-2a-10o")
	}
	n := &Network{}
	var overflow bool
	atoi := func(s string, def int) int {
		if s == "" {
			return def
		}
		v, err := strconv.Atoi(s)
		if err != nil || v > MaxNeurons {
			overflow = true
			return 1
		}
		return v
	}
	m := inputField.FindStringSubmatch(fields[0])
	if m == nil {
		return nil, fail(0, "the first field is the input, WxH or WxHxC")
	}
	n.Input = Shape{atoi(m[1], 1), atoi(m[2], 1), atoi(m[3], 1)}
	if overflow || !n.Input.Valid() {
		return nil, fail(0, "the input must have 1 to %d neurons", MaxNeurons)
	}
	if len(fields) < 2 {
		return nil, fail(0, "there are no layers after the input")
	}
	in, flat, drop := n.Input, false, 0
	for i, f := range fields[1:] {
		i++
		if f == "flat" {
			if flat {
				return nil, fail(i, "the input is flat already")
			}
			in, flat = Flat(in.Size()), true
			continue
		}
		if m := dropField.FindStringSubmatch(f); m != nil {
			if drop > 0 {
				return nil, fail(i, "there is a dropout already")
			}
			if drop = atoi(m[1], 0); overflow || drop < 1 || drop > 99 {
				return nil, fail(i, "dropout is 1 to 99 percent")
			}
			continue
		}
		l := Layer{Name: strconv.Itoa(len(n.Layers) + 1), In: in, Stride: 1, Dilation: 1, Groups: 1, Flat: flat, Drop: drop, Neuron: DefaultNeuron, Bits: 8, Exp: []int{0}}
		flat, drop = false, 0
		switch {
		case denseField.MatchString(f):
			m := denseField.FindStringSubmatch(f)
			l.Kind, l.Out, l.Delay = Dense, Flat(atoi(m[1], 0)), m[2] != ""
		case convField.MatchString(f):
			m := convField.FindStringSubmatch(f)
			l.Kind, l.Kernel, l.Stride, l.Padding, l.Delay = Conv, atoi(m[2], 0), atoi(m[3], 1), atoi(m[4], 0), m[7] != ""
			l.Dilation, l.Groups = atoi(m[5], 1), atoi(m[6], 1)
			if l.Kernel < 1 || l.Stride < 1 || l.Dilation < 1 || l.Groups < 1 {
				return nil, fail(i, "kernel, stride, dilation and groups must be at least 1")
			}
			channels, extent := atoi(m[1], 0), l.Dilation*(l.Kernel-1)+1
			if in.C%l.Groups != 0 || channels%l.Groups != 0 {
				return nil, fail(i, "%d groups divide neither or only one of %d input and %d output channels", l.Groups, in.C, channels)
			}
			// Padding beyond the kernel only adds positions that see nothing but zeros.
			if l.Padding >= extent {
				return nil, fail(i, "padding %d must be less than the kernel's extent %d", l.Padding, extent)
			}
			if extent > in.W+2*l.Padding || extent > in.H+2*l.Padding {
				return nil, fail(i, "a kernel over %d×%d does not fit on %s with padding %d", extent, extent, in, l.Padding)
			}
			l.Out = Shape{(in.W+2*l.Padding-extent)/l.Stride + 1, (in.H+2*l.Padding-extent)/l.Stride + 1, channels}
		case poolField.MatchString(f):
			m := poolField.FindStringSubmatch(f)
			l.Kind, l.Kernel, l.Delay = Pool, atoi(m[1], 0), m[2] != ""
			if l.Kernel < 1 || l.Kernel > in.W || l.Kernel > in.H {
				return nil, fail(i, "a pool of %d does not fit on %s", l.Kernel, in)
			}
			l.Stride = l.Kernel
			// As in SLAYER, a rest at the border forms a smaller window: no input is lost.
			l.Out = Shape{(in.W + l.Kernel - 1) / l.Kernel, (in.H + l.Kernel - 1) / l.Kernel, in.C}
		default:
			return nil, fail(i, "expected N, NcK or Ka, each with an optional d, or flat or dropN")
		}
		if overflow || !l.Out.Valid() {
			return nil, fail(i, "a layer must have 1 to %d neurons", MaxNeurons)
		}
		n.Layers = append(n.Layers, l)
		in = l.Out
	}
	if len(n.Layers) == 0 || flat || drop > 0 {
		return nil, fail(len(fields)-1, "the last field must be a layer of neurons")
	}
	return n, nil
}

// String returns the notation that Parse reads.
func (n *Network) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%dx%d", n.Input.W, n.Input.H)
	if n.Input.C != 1 {
		fmt.Fprintf(&b, "x%d", n.Input.C)
	}
	for _, l := range n.Layers {
		if l.Drop > 0 {
			fmt.Fprintf(&b, "-drop%d", l.Drop)
		}
		if l.Flat {
			b.WriteString("-flat")
		}
		switch l.Kind {
		case Dense:
			fmt.Fprintf(&b, "-%d", l.Out.Size())
		case Conv:
			fmt.Fprintf(&b, "-%dc%d", l.Out.C, l.Kernel)
			if l.Stride != 1 {
				fmt.Fprintf(&b, "s%d", l.Stride)
			}
			if l.Padding != 0 {
				fmt.Fprintf(&b, "p%d", l.Padding)
			}
			if l.Dilation != 1 {
				fmt.Fprintf(&b, "e%d", l.Dilation)
			}
			if l.Groups != 1 {
				fmt.Fprintf(&b, "g%d", l.Groups)
			}
		case Pool:
			fmt.Fprintf(&b, "-%da", l.Kernel)
		}
		if l.Delay {
			b.WriteByte('d')
		}
	}
	return b.String()
}
