package compile

import (
	"math"
	"reflect"
	"slices"
)

// fillPatches puts a convolution on cores: what is left of the open core takes a slab of the
// plane if that saves a core, and the rest is cut into the fewest patches that fit.
func (f *filler) fillPatches() error {
	whole := patch{[2]int{0, f.wiring.Out.W}, [2]int{0, f.wiring.Out.H}, [2]int{0, f.wiring.Out.C}}
	if f.Baseline == Sequential {
		return f.fillSequential(whole)
	}
	if f.core.neurons > 0 && f.put(whole) {
		return nil
	}
	c, err := f.cut(whole)
	if err != nil {
		return err
	}
	if f.core.neurons > 0 && len(c.parts) > 1 {
		if slab, rest, ok := f.slab(whole); ok {
			if fewer, err := f.cut(rest); err == nil && len(fewer.parts) < len(c.parts) {
				f.mustPut(slab)
				c = fewer
			}
		}
	}
	for _, p := range c.parts {
		if f.core.neurons > 0 {
			f.open()
		}
		f.mustPut(p)
	}
	return nil
}

// fillSequential puts the plane on cores row by row, all channels of a row together.
func (f *filler) fillSequential(whole patch) error {
	for y := 0; y < whole.y[1]; {
		p := whole
		p.y = [2]int{y, y}
		rows := most(whole.y[1]-y, func(n int) bool { p.y[1] = y + n; return f.fits(p) })
		c := cuts{parts: []patch{p}}
		switch {
		case rows > 0:
			c.parts[0].y[1] = y + rows
		case f.core.neurons > 0:
			f.open()
			continue
		default: // one row is too much
			rows = 1
			p.y[1] = y + 1
			var err error
			if c, err = f.cut(p); err != nil {
				return err
			}
		}
		for _, p := range c.parts {
			if !f.put(p) {
				f.open()
				f.mustPut(p)
			}
		}
		y += rows
	}
	return nil
}

// most returns the largest n up to top for which ok holds, 0 if it does for none; ok holds up to some n.
func most(top int, ok func(n int) bool) int {
	lo := 0
	for lo < top {
		if n := (lo + top + 1) / 2; ok(n) {
			lo = n
		} else {
			top = n - 1
		}
	}
	return lo
}

// slab returns the largest slab of a patch, across its longer side, that fits the open core,
// and what it leaves.
func (f *filler) slab(p patch) (slab, rest patch, ok bool) {
	slab, rest = p, p
	a, b := &slab.x, &rest.x
	if p.y[1]-p.y[0] > p.x[1]-p.x[0] {
		a, b = &slab.y, &rest.y
	}
	lo := a[0]
	n := most(a[1]-lo-1, func(n int) bool { a[1] = lo + n; return f.fits(slab) })
	a[1], b[0] = lo+n, lo+n
	return slab, rest, n > 0
}

// fits reports whether a patch of the layer fits the open core.
func (f *filler) fits(p patch) bool {
	u, _ := f.withPatch(p)
	_, over := f.over(&u)
	return !over
}

// mustPut puts a patch on the open core, which it is known to fit.
func (f *filler) mustPut(p patch) {
	if !f.put(p) {
		panic("compile: a patch that fits does not fit")
	}
}

// put puts a patch on the open core if it fits.
func (f *filler) put(p patch) bool {
	u, x := f.withPatch(p)
	if _, over := f.over(&u); over {
		return false
	}
	c, order := f.core, &f.orders[f.layer]
	lo := len(*order)
	*order = append(*order, f.patchNeurons(f.layer, p)...)
	c.runs = append(c.runs, run{layer: f.layer, lo: lo, hi: len(*order), first: c.neurons, patch: &p})
	for _, a := range x.axons {
		a.row += int32(len(c.rows))
		c.axons = append(c.axons, a)
	}
	c.rows = append(c.rows, x.store.rows...)
	f.addProfiles(f.profiles(p))
	c.longest = max(c.longest, x.store.longest)
	c.usage = u
	return true
}

// withPatch returns what the open core would take with a patch of the layer on it. Where
// the neurons alone are too many, it does not count the rest.
func (f *filler) withPatch(p patch) (usage, *part) {
	c := f.core
	u := c.usage
	u.neurons += p.size()
	u.delayAccumulators = u.neurons << delayBits(c.longest)
	if _, over := f.over(&u); over {
		return u, nil
	}
	x := f.patchRows(&f.limits, f.layer, p, c.neurons)
	all, most := words(f.target, x.store.rows)
	u.fineWords += all
	u.fineRow = max(u.fineRow, most)
	u.synapseWords, u.rowWords = u.fineWords, u.fineRow
	u.axonsIn += len(x.axons)
	u.delayAccumulators = u.neurons << delayBits(max(c.longest, x.store.longest))
	profiles := f.profiles(p)
	f.countProfiles(&u, profiles)
	exps := uint16(0)
	for _, p := range profiles {
		exps |= 1 << (p.WeightExp + 8)
	}
	if f.manyFormats(exps) {
		f.countFormats(&u, append(slices.Clip(c.rows), x.store.rows...))
	}
	return u, x
}

// profiles returns the different parameters of a patch's neurons.
func (f *filler) profiles(p patch) (ps []Profile) {
	if f.wiring.NeuronExp == nil {
		return []Profile{f.build.profile(f.layer, 0)}
	}
	seen := 0
	for _, o := range f.patchNeurons(f.layer, p) {
		if bit := 1 << (f.wiring.Exp(int(o)) + 8); seen&bit == 0 {
			seen |= bit
			ps = append(ps, f.build.profile(f.layer, int(o)))
		}
	}
	return ps
}

// cuts is what a patch is cut into: patches that fit an empty core each, and how many axons lead to them.
type cuts struct {
	parts []patch
	axons int
}

// cutKey is what the cut of a patch depends on, so that rounds of the layout need not repeat it.
type cutKey struct {
	layer, cap int
	patch      patch
}

// cut returns patches that fit an empty core each: of those that halving a patch again and
// again gives, with its channels in one piece or in several, the ones that take the fewest cores,
// those for the axons out of the layer before included.
func (f *filler) cut(p patch) (cuts, error) {
	key := cutKey{f.layer, f.caps[f.layer], p}
	if best, ok := f.cuts[key]; ok && reflect.DeepEqual(f.limits, f.build.limits) {
		return best, nil
	}
	best, err := f.newCut(p)
	if err == nil && reflect.DeepEqual(f.limits, f.build.limits) {
		f.cuts[key] = best
	}
	return best, err
}

func (f *filler) newCut(p patch) (best cuts, err error) {
	bound := math.MaxInt // cores of best
	if classes := f.classes(p); len(classes) > 1 {
		for _, q := range classes {
			c, err := f.cut(q)
			if err != nil {
				return c, err
			}
			best.parts, best.axons = append(best.parts, c.parts...), best.axons+c.axons
		}
		bound = len(best.parts) + f.feeding(best.axons)
	}
	least, before, channels := f.least(p), f.feeding(0), p.c[1]-p.c[0]
	for pieces := 1; pieces <= channels && max(pieces, least)+before < bound; pieces++ {
		var all cuts
		for i := range pieces {
			q := p
			q.c = [2]int{p.c[0] + channels*i/pieces, p.c[0] + channels*(i+1)/pieces}
			c := f.cutPlane(q, bound-1-before-len(all.parts)-(pieces-1-i))
			if all.parts, all.axons = append(all.parts, c.parts...), all.axons+c.axons; c.parts == nil {
				all.parts = nil
				break
			}
		}
		if cores := len(all.parts) + f.feeding(all.axons); all.parts != nil && cores < bound {
			best, bound = all, cores
		}
	}
	if best.parts != nil {
		return best, nil
	}
	// Some neuron does not fit even by itself.
	empty := f.empty()
	for y := p.y[0]; y < p.y[1]; y++ {
		for x := p.x[0]; x < p.x[1]; x++ {
			for c := p.c[0]; c < p.c[1]; c++ {
				one := patch{[2]int{x, x + 1}, [2]int{y, y + 1}, [2]int{c, c + 1}}
				u, _ := empty.withPatch(one)
				if r, over := u.over(&f.limits); over {
					return best, f.noRoom(r, int(f.patchNeurons(f.layer, one)[0]))
				}
			}
		}
	}
	panic("compile: every neuron fits a core, but no patch does")
}

// empty returns a filler of the layer whose open core is empty.
func (f *filler) empty() *filler {
	return &filler{build: f.build, limits: f.limits, caps: f.caps, layer: f.layer, wiring: f.wiring, core: &share{}}
}

// least returns how many cores the neurons of a patch need.
func (f *filler) least(p patch) int {
	n := 1
	for _, l := range []int{f.limits.Neurons, f.caps[f.layer]} {
		if l > 0 {
			n = max(n, (p.size()+l-1)/l)
		}
	}
	return n
}

// classes returns the pieces of a patch whose channels need as many delay bits.
func (f *filler) classes(p patch) (pieces []patch) {
	width := f.groupBits[f.layer]
	if width == nil {
		return nil
	}
	channels := f.wiring.Out.C / len(width)
	for c := p.c[0]; c < p.c[1]; c++ {
		if n := len(pieces); n > 0 && width[c/channels] == width[(c-1)/channels] {
			pieces[n-1].c[1] = c + 1
			continue
		}
		q := p
		q.c = [2]int{c, c + 1}
		pieces = append(pieces, q)
	}
	return pieces
}

// feeding returns how many cores the layer before needs for its neurons and for axons out.
func (f *filler) feeding(axons int) int {
	n := 0
	if f.layer > 0 && f.limits.Neurons > 0 {
		n = (f.wiring.fan + f.limits.Neurons - 1) / f.limits.Neurons
	}
	if f.layer > 0 && f.limits.AxonsOut > 0 {
		n = max(n, (axons+f.limits.AxonsOut-1)/f.limits.AxonsOut)
	}
	return n
}

// cutPlane cuts the plane of p into the fewest patches that fit, up to most, all channels
// together. It returns none when there are more.
func (f *filler) cutPlane(p patch, most int) (c cuts) {
	empty := f.empty()
	try := func(n int) (c cuts) {
		c.parts = p.halve(n, nil)
		for _, q := range c.parts {
			u, _ := empty.withPatch(q)
			if _, over := empty.over(&u); over {
				return cuts{}
			}
			c.axons += u.axonsIn
		}
		return c
	}
	most = min(most, (p.x[1]-p.x[0])*(p.y[1]-p.y[0]))
	least := f.least(p)
	failed := least - 1
	for n := least; n <= most; n = min(most, n+1+n/8) {
		if c = try(n); c.parts == nil {
			if failed = n; n == most {
				break
			}
			continue
		}
		for n-failed > 1 { // fewer may do
			m := (failed + n) / 2
			if fewer := try(m); fewer.parts != nil {
				n, c = m, fewer
			} else {
				failed = m
			}
		}
		return c
	}
	return cuts{}
}

// halve appends n patches of nearly the same size that p falls into, as many as it has pixels
// where those are fewer.
func (p patch) halve(n int, to []patch) []patch {
	w, h := p.x[1]-p.x[0], p.y[1]-p.y[0]
	if n = min(n, w*h); n == 1 {
		return append(to, p)
	}
	lower := n / 2
	// Across the side that leaves the fewest pixels for the fuller half's patches, of equal ones the longer.
	least, longer, a, b := math.MaxFloat64, 0, p, p
	for axis, length := range [2]int{w, h} {
		if length < 2 {
			continue
		}
		m := min(length-1, max(1, (length*lower+n/2)/n))
		load := max(float64(m)/float64(lower), float64(length-m)/float64(n-lower)) * float64(w*h/length)
		if load > least || load == least && length <= longer {
			continue
		}
		least, longer, a, b = load, length, p, p
		if axis == 0 {
			a.x[1], b.x[0] = p.x[0]+m, p.x[0]+m
		} else {
			a.y[1], b.y[0] = p.y[0]+m, p.y[0]+m
		}
	}
	channels := p.c[1] - p.c[0]
	lower = min(max(lower, n-b.size()/channels), a.size()/channels)
	return b.halve(n-lower, a.halve(lower, to))
}
