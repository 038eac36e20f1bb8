package interop

import (
	"slices"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
)

// synapses gives fl the shape, kernel and weights of the file's layer i.
func (b *lavaBuild) synapses(i int, l *LavaLayer, fl *fixed.Layer) error {
	weights := [2][]int32{l.Weight.Data}
	if l.WeightImag != nil {
		weights[1] = l.WeightImag.Data
	}
	kernel := &fixed.Kernel{Size: rowsFirst(l.Kernel), Stride: rowsFirst(l.Stride), Padding: rowsFirst(l.Padding), Dilation: rowsFirst(l.Dilation), Groups: l.Groups}
	fl.Out = lavaShape(l.Shape)
	channels := l.InChannels
	switch l.Type {
	case "dense":
		if fl.Out = snn.Flat(l.OutFeatures); b.in.Size() != l.InFeatures {
			return badValue("takes %d inputs and is fed %d", l.InFeatures, b.in.Size())
		}
	case "pool", "unpool": // one kernel for every channel
		kernel.Groups, channels = b.in.C, fl.Out.C
		if n := int64(len(l.Weight.Data)) * int64(b.in.C); n > snn.MaxNeurons {
			return badValue("a kernel of %d values for each of %d channels is more than %d weights", len(l.Weight.Data), b.in.C, snn.MaxNeurons)
		}
		for part := range weights {
			weights[part] = slices.Repeat(weights[part], b.in.C)
		}
	}
	if l.Type != "dense" && b.in.C != channels {
		return badValue("takes %d channels and is fed %d", channels, b.in.C)
	}
	switch l.Type {
	case "conv", "pool":
		fl.Kernel = kernel
		want, over := kernel.Output(b.in), b.in
		if l.Type == "pool" { // before which lava-dl appends columns and rows of zeros, as many as are left over
			over.W, over.H = over.W+over.W%kernel.Size[0], over.H+over.H%kernel.Size[1]
		}
		most := kernel.Output(over)
		if fl.Out.W != want.W && fl.Out.W != most.W || fl.Out.H != want.H && fl.Out.H != most.H {
			return badValue("has %v neurons where its kernel over %v gives %d columns and %d rows", fl.Out, b.in, most.W, most.H)
		}
	case "convT", "unpool":
		for a, n := range [2][2]int{{b.in.W, fl.Out.W}, {b.in.H, fl.Out.H}} {
			// What torch calls output padding adds less than a stride.
			least := (n[0]-1)*kernel.Stride[a] - 2*kernel.Padding[a] + kernel.Dilation[a]*(kernel.Size[a]-1) + 1
			if n[1] < least || n[1] >= least+kernel.Stride[a] {
				return badValue("has %v neurons, which its kernel does not give over %v", fl.Out, b.in)
			}
		}
		if n := int64(fl.Out.Size()) * int64(b.in.Size()); n > snn.MaxNeurons {
			return unsupported("a %s layer from %v to %v, which takes %d weights written out as a dense layer, %d at most", l.Type, b.in, fl.Out, n, snn.MaxNeurons).
				WithFix("train with a nearest-neighbour upsampling of fewer neurons, or without")
		}
		for part, w := range weights {
			if len(w) > 0 {
				weights[part] = transposed(kernel, b.in, fl.Out, w)
			}
		}
		b.note(i, "the %s layer is written out as a dense layer; netx does not run it", l.Type)
	}
	exp := int32(0)
	if l.Neuron != nil && l.Neuron.Params["wgtExp"] != 0 {
		exp = int32(l.Neuron.Params["wgtExp"])
		b.note(i, "the weight exponent %d is kept, as trained; netx drops it", exp)
	}
	fl.WeightExp = int(exp)
	return b.store(i, l.Type, weights, fl)
}

// transposed writes out a transposed convolution, whose weights are (I, O/groups, kH, kW): an
// input adds the kernel, scaled, to the outputs from its position times the stride on.
func transposed(k *fixed.Kernel, in, out snn.Shape, w []int32) []int32 {
	dense := make([]int32, out.Size()*in.Size())
	inGroup, outGroup := in.C/k.Groups, out.C/k.Groups
	for i := range in.Size() {
		x, y, c := i%in.W, i/in.W%in.H, i/(in.W*in.H)
		for n := range outGroup {
			for ky := range k.Size[1] {
				for kx := range k.Size[0] {
					ox, oy := x*k.Stride[0]-k.Padding[0]+kx*k.Dilation[0], y*k.Stride[1]-k.Padding[1]+ky*k.Dilation[1]
					if ox < 0 || oy < 0 || ox >= out.W || oy >= out.H {
						continue
					}
					o := ((c/inGroup*outGroup+n)*out.H+oy)*out.W + ox
					dense[o*in.Size()+i] = w[((c*outGroup+n)*k.Size[1]+ky)*k.Size[0]+kx]
				}
			}
		}
	}
	return dense
}

// store keeps real and imaginary weights as netx does. Of a dense layer's, netx clips what is
// beyond −256 to 254.
func (b *lavaBuild) store(i int, kind string, weights [2][]int32, fl *fixed.Layer) error {
	all := slices.Concat(weights[0], weights[1])
	least, most := slices.Min(all), slices.Max(all)
	if kind == "dense" && least < 0 && most > 0 && (least < -256 || most > 254) {
		clipped := 0
		for part := range weights {
			weights[part] = slices.Clone(weights[part]) // the file's stay as they are
			w := weights[part]
			for j, x := range w {
				if w[j] = max(-256, min(254, x)); w[j] != x {
					clipped++
				}
			}
		}
		b.note(i, "%d of %d weights are beyond -256 to 254 and were clipped, as netx does", clipped, len(all))
		all = slices.Concat(weights[0], weights[1])
	}
	conv := kind == "conv" || kind == "pool"
	mode := fixed.InferMode(all)
	f, ok := formatOf(all, mode, conv, fl.Graded)
	if !ok { // −256, which SLAYER gives and no inhibitory weight is
		mode = fixed.Mixed
		f, ok = formatOf(all, mode, conv, fl.Graded)
	}
	if !ok {
		return badValue("weights from %d to %d, which no format holds: mixed ones are within -256 to 254 where all are even and -255 to 255 otherwise, others within 255",
			least, most)
	}
	if kind == "dense" {
		b.unlikeNetx(i, weights)
	}
	fl.Mode, fl.WeightBits = mode, f.bits
	fl.WeightExp += f.exp
	for part, to := range []*[]int16{&fl.Weight, &fl.WeightImag} {
		for _, w := range weights[part] {
			*to = append(*to, int16(fixed.Shift(int64(w), -f.exp)))
		}
	}
	return nil
}

// unlikeNetx notes weights of a dense layer that do not come through netx unchanged, as those without a positive one may not.
func (b *lavaBuild) unlikeNetx(i int, weights [2][]int32) {
	for _, w := range weights {
		if !slices.ContainsFunc(w, func(x int32) bool { return x != 0 }) {
			continue // there are none, or netx fails at them
		}
		f := netxForm(w)
		if f.width == 9 && f.mode == fixed.Mixed { // nothing is cleared of them
			continue
		}
		if at := slices.IndexFunc(w, func(x int32) bool { return !f.holds(x) }); at >= 0 {
			b.note(i, "weights are kept, as trained; netx stores weight %d, %d, shifted left by %d as one of %d %s bits, which Lava does not hold", at, w[at], f.shift, f.width, f.mode)
		}
	}
}

// format is how integer weights are stored: shifted right by exp, in so many bits.
type format struct{ bits, exp int }

// formatOf returns the format that holds weights of a sign mode as they are: 8 bits, or where mixed weights are odd,
// twice the weights and an exponent less by 1, or 9 bits: those at once where spikes are graded, whose sums wrap before
// the exponent, and at half the size if they are of twice the weights. Lava cuts no weights of convolutions; a power
// of two that theirs have in common is an exponent here.
func formatOf(weights []int32, mode fixed.SignMode, conv, graded bool) (format, bool) {
	fits := func(f format) bool {
		return !slices.ContainsFunc(weights, func(w int32) bool {
			x := fixed.Shift(int64(w), -f.exp)
			return fixed.Shift(x, f.exp) != int64(w) || int64(fixed.Truncate(x, f.bits, mode)) != x
		})
	}
	all := []format{{8, 0}}
	if mode == fixed.Mixed && !graded {
		all = append(all, format{8, -1})
	}
	if mode == fixed.Mixed {
		all = append(all, format{9, 0})
	}
	for exp := 1; conv && exp < 8; exp++ {
		if all = append(all, format{8, exp}); mode == fixed.Mixed {
			all = append(all, format{9, exp})
		}
	}
	if i := slices.IndexFunc(all, fits); i >= 0 {
		return all[i], true
	}
	return format{}, false
}
