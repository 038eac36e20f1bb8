package compile

import (
	"cmp"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// sortAxons orders the axons by layer, source, delay and signs.
func (s *share) sortAxons() {
	slices.SortFunc(s.axons, func(a, b axon) int {
		return cmp.Or(cmp.Compare(a.layer, b.layer), cmp.Compare(a.source, b.source), cmp.Compare(a.delay, b.delay), cmp.Compare(a.mode, b.mode))
	})
}

// link chains the sorted axons of every source of a layer for find and returns the heads.
func (s *share) link(layer, fan int) []int32 {
	head := make([]int32, fan)
	for n := len(s.axons) - 1; n >= 0; n-- {
		if a := &s.axons[n]; int(a.layer) == layer {
			a.next = head[a.source]
			head[a.source] = int32(n + 1)
		}
	}
	return head
}

// encode fills the neuron tables, the axons in and the rows of every core. Cores do not depend
// on each other.
func (b *build) encode() {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0)) // what a core needs besides its tables is as large as they are
	for c := range b.shares {
		g.Go(func() error { b.encodeCore(b.shares[c], &b.prog.Cores[c]); return nil })
	}
	_ = g.Wait()
}

func (b *build) encodeCore(s *share, core *Core) {
	core.Profiles = s.profiles
	core.Profile = make([]uint8, s.neurons)
	core.Bias = make([]int16, s.neurons)
	core.DelayBits = delayBits(s.longest)
	store := newRowStore(&b.limits)
	number, base := make([]int32, len(s.rows)), make([]uint16, len(s.rows)) // in the store, by row of the share
	first := 0
	for _, r := range s.runs {
		rows := b.neuronRows
		if r.patch != nil {
			rows = b.patchRun
		}
		count := 0
		rows(s, r, first, func(n int, x *row) {
			number[first+n], base[first+n] = store.add(x)
			count++
		})
		first += count
		l := &b.net.Layers[r.layer]
		for at := r.lo; at < r.hi; at++ {
			o, n := b.neuron(r.layer, at), r.first+at-r.lo
			core.Profile[n] = uint8(slices.Index(s.profiles, b.profile(r.layer, o)))
			if l.BiasMant != nil {
				core.Bias[n] = l.BiasMant[o]
			}
		}
	}
	core.Row, core.Base = make([]uint16, len(s.axons)), make([]uint16, len(s.axons))
	for n, a := range s.axons {
		core.Row[n], core.Base[n] = uint16(number[a.row]), a.base+base[a.row]
		if _, flags := b.origin(int(a.layer), int(a.source)); flags != 0 {
			if core.Flags == nil {
				core.Flags = make([]AxonFlags, len(s.axons))
			}
			core.Flags[n] = flags
		}
	}
	core.RowStart, core.Target, core.Code = store.start, slices.Clone(store.target), slices.Clone(store.code)
	if core.DelayBits > 0 {
		core.Delay = slices.Clone(store.delay)
	}
	rows := stored(b.target, store.rows, b.limits.Formats)
	for i := range rows {
		h := &rows[i]
		_, format := b.target.RowWords(&h.shape)
		core.Mode, core.WeightBits, core.Format = append(core.Mode, h.mode), append(core.WeightBits, h.weightBits), append(core.Format, format)
	}
}

// patchRun gives the rows of a patch with their numbers in its part.
func (b *build) patchRun(_ *share, r run, _ int, add func(int, *row)) {
	x := b.patchRows(&b.limits, r.layer, *r.patch, r.first)
	for i := range x.store.rows {
		stored := x.store.at(i)
		add(i, &stored)
	}
}

// neuronRows gives the rows of a dense layer's neurons on a core, in the order of the axons. A
// row's number is that in the share, less first, that of the run's first.
func (b *build) neuronRows(s *share, r run, first int, add func(int, *row)) {
	w := b.wiring(r.layer)
	head := s.link(r.layer, w.fan)
	var mine []int // the run's rows
	for n := range s.axons {
		if int(s.axons[n].layer) == r.layer {
			mine = append(mine, int(s.axons[n].row)-first)
		}
	}
	total, next := 0, make([]int, len(mine)) // where the next synapse of each row goes
	for _, n := range mine {
		next[n] = total
		total += int(s.rows[first+n].shape.N)
	}
	all := row{target: make([]uint16, total), code: make([]uint8, total), delay: make([]uint8, total), exp: make([]int8, total)}
	for at := r.lo; at < r.hi; at++ {
		o, n := b.neuron(r.layer, at), r.first+at-r.lo
		exp := int8(w.Exp(o))
		for i, at := range w.Into(o) {
			if w.Weight[at] == 0 {
				continue
			}
			x := w.synapse(i, at)
			to := &next[int(s.axons[s.find(head, i, x)].row)-first]
			all.target[*to], all.code[*to], all.delay[*to], all.exp[*to] = uint16(n), x.code, x.delay, exp
			*to++
		}
	}
	lo := 0
	for _, n := range mine {
		h, hi := &s.rows[first+n], next[n]
		add(n, &row{h.mode, h.weightBits, all.target[lo:hi], all.code[lo:hi], all.delay[lo:hi], all.exp[lo:hi]})
		lo = hi
	}
}
