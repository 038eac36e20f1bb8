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
	cuts, err := f.cut(whole)
	if err != nil {
		return err
	}
	if f.core.neurons > 0 && len(cuts) > 1 {
		if slab, rest, ok := f.slab(whole); ok {
			if fewer, err := f.cut(rest); err == nil && len(fewer) < len(cuts) {
				f.put(slab)
				cuts = fewer
			}
		}
	}
	for _, p := range cuts {
		if f.core.neurons > 0 {
			f.open()
		}
		f.put(p)
	}
	return nil
}

// fillSequential puts the plane on cores row by row, all channels of a row together.
func (f *filler) fillSequential(whole patch) error {
	for y := 0; y < whole.y[1]; {
		p := whole
		p.y = [2]int{y, y}
		rows := most(whole.y[1]-y, func(n int) bool { p.y[1] = y + n; return f.fits(p) })
		cuts := []patch{p}
		switch {
		case rows > 0:
			cuts[0].y[1] = y + rows
		case f.core.neurons > 0:
			f.open()
			continue
		default: // one row is too much
			rows = 1
			p.y[1] = y + 1
			var err error
			if cuts, err = f.cut(p); err != nil {
				return err
			}
		}
		for _, p := range cuts {
			if !f.put(p) {
				f.open()
				f.put(p)
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

// put puts a patch on the open core if it fits.
func (f *filler) put(p patch) bool {
	u, x := f.withPatch(p)
	if _, over := f.over(&u); over {
		return false
	}
	c, order := f.core, &f.orders[f.layer]
	lo := len(*order)
	*order = append(*order, p.neurons(f.wiring.Layer)...)
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
	for _, o := range p.neurons(f.wiring.Layer) {
		if bit := 1 << (f.wiring.Exp(int(o)) + 8); seen&bit == 0 {
			seen |= bit
			ps = append(ps, f.build.profile(f.layer, int(o)))
		}
	}
	return ps
}

// cut returns patches that fit an empty core each: of those that halving a patch again and
// again gives, with its channels in one piece or in several, the ones that take the fewest cores,
// those for the axons out of the layer before included.
func (f *filler) cut(p patch) ([]patch, error) {
	key := cutKey{f.layer, f.caps[f.layer], p}
	if best := f.cuts[key]; best != nil && reflect.DeepEqual(f.limits, f.build.limits) {
		return best, nil
	}
	best, err := f.newCut(p)
	if reflect.DeepEqual(f.limits, f.build.limits) {
		f.cuts[key] = best
	}
	return best, err
}

// cutKey is what the cut of a patch depends on, so that rounds of the layout need not repeat it.
type cutKey struct {
	layer, cap int
	patch      patch
}

func (f *filler) newCut(p patch) ([]patch, error) {
	empty := &filler{build: f.build, limits: f.limits, caps: f.caps, layer: f.layer, wiring: f.wiring, core: &share{}}
	least := 1
	for _, l := range []int{f.limits.Neurons, f.caps[f.layer]} {
		if l > 0 {
			least = max(least, (p.size()+l-1)/l)
		}
	}
	before := f.feeding(0)
	var best []patch
	bound := math.MaxInt // cores of best
	channels := p.c[1] - p.c[0]
	for pieces := 1; pieces <= channels && max(pieces, least)+before < bound; pieces++ {
		parts, axons := empty.cutPieces(p, pieces, max(1, (least+pieces-1)/pieces), (bound-before-1)/pieces)
		if cores := len(parts) + f.feeding(axons); parts != nil && cores < bound {
			best, bound = parts, cores
		}
	}
	if best != nil {
		return best, nil
	}
	// Some neuron does not fit even by itself.
	for _, o := range p.neurons(f.wiring.Layer) {
		l := f.wiring.Out
		x, y, c := int(o)%l.W, int(o)/l.W%l.H, int(o)/(l.W*l.H)
		one := patch{[2]int{x, x + 1}, [2]int{y, y + 1}, [2]int{c, c + 1}}
		u, _ := empty.withPatch(one)
		if r, over := u.over(&f.limits); over {
			return nil, f.noRoom(r, int(o))
		}
	}
	panic("compile: every neuron fits a core, but no patch does")
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

// cutPieces cuts the channels of p into pieces and each into the fewest patches, from least to
// most, that fit, and returns also how many axons lead to them. It returns nil when none do.
func (f *filler) cutPieces(p patch, pieces, least, most int) (parts []patch, axons int) {
	try := func(n int) (parts []patch, axons int) {
		for i := range pieces {
			q := p
			q.c = [2]int{p.c[0] + (p.c[1]-p.c[0])*i/pieces, p.c[0] + (p.c[1]-p.c[0])*(i+1)/pieces}
			parts = q.halve(n, parts)
		}
		for _, q := range parts {
			u, _ := f.withPatch(q)
			if _, over := f.over(&u); over {
				return nil, 0
			}
			axons += u.axonsIn
		}
		return parts, axons
	}
	most = min(most, (p.x[1]-p.x[0])*(p.y[1]-p.y[0]))
	failed := least - 1
	for n := least; n <= most; n = min(most, n+1+n/8) {
		if parts, axons = try(n); parts == nil {
			if failed = n; n == most {
				break
			}
			continue
		}
		for n-failed > 1 { // fewer may do
			m := (failed + n) / 2
			if fewer, a := try(m); fewer != nil {
				n, parts, axons = m, fewer, a
			} else {
				failed = m
			}
		}
		return parts, axons
	}
	return nil, 0
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
