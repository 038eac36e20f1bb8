package compile

// route fills in where spikes go: the axons out of every compartment and of
// every input neuron, ordered by core and axon.
func (b *build) route() {
	p := b.prog
	p.InputStart = make([]uint32, b.net.Input.Size()+1)
	for c := range p.Cores {
		p.Cores[c].OutStart = make([]uint32, b.shares[c].neurons+1)
	}
	// First the number of routes of every source, then the routes, in the order of the cores.
	start := func(a *axon) *uint32 {
		source, _ := b.origin(int(a.layer), int(a.source))
		if a.layer == 0 {
			return &p.InputStart[source]
		}
		h := p.Layers[a.layer-1].Home[source]
		return &p.Cores[h.Core].OutStart[h.Neuron]
	}
	for _, s := range b.shares {
		for i := range s.axons {
			*start(&s.axons[i])++
		}
	}
	p.InputRoute = make([]Route, sumBefore(p.InputStart))
	for c := range p.Cores {
		p.Cores[c].Route = make([]Route, sumBefore(p.Cores[c].OutStart))
	}
	for c, s := range b.shares {
		for n := range s.axons {
			a := &s.axons[n]
			routes := p.InputRoute
			if a.layer > 0 {
				source, _ := b.origin(int(a.layer), int(a.source))
				routes = p.Cores[p.Layers[a.layer-1].Home[source].Core].Route
			}
			next := start(a)
			routes[*next] = Route{Core: uint32(c), Axon: uint16(n), Delay: a.delay}
			*next++
		}
	}
	shiftBack(p.InputStart)
	for c := range p.Cores {
		shiftBack(p.Cores[c].OutStart)
	}
}

// sumBefore replaces every count by the sum of the counts before it and returns
// the whole sum. The last element counts nothing.
func sumBefore(counts []uint32) uint32 {
	sum := uint32(0)
	for i, n := range counts {
		counts[i] = sum
		sum += n
	}
	return sum
}

// shiftBack turns ends into starts: each element takes the one before it.
func shiftBack(ends []uint32) {
	copy(ends[1:], ends)
	ends[0] = 0
}

// out returns the axon-out entries of core c of p, and those of the neuron that
// takes the most.
func (p *Program) out(c int, l *Limits) (entries, most, neuron int) {
	core := &p.Cores[c]
	for n := range len(core.OutStart) - 1 {
		mine := 0
		for _, r := range core.Route[core.OutStart[n]:core.OutStart[n+1]] {
			mine++
			if p.Cores[r.Core].Chip != core.Chip {
				mine += l.CrossChipEntries - 1
			}
		}
		entries += mine
		if mine > most {
			most, neuron = mine, n
		}
	}
	return entries, most, neuron
}

// checkRoutes returns the error for the first core with too few axon-out entries.
func (b *build) checkRoutes() error {
	for c, s := range b.shares {
		u := usage{}
		var most int
		u.axonsOut, u.routes, most = b.prog.out(c, &b.limits)
		r, over := u.over(&b.limits)
		if !over {
			continue
		}
		at := s.runs[0]
		for _, x := range s.runs {
			if x.first <= most {
				at = x
			}
		}
		return r.fail(b.target, b.net.Layers[at.layer].Name, b.prog.Cores[c].name(),
			"spikes go to too many axons of %s, most of them from neuron %d", b.target.Name(), b.neuron(at.layer, at.lo+most-at.first))
	}
	return nil
}

// lowerCaps lowers the neurons a core for the layers on cores that have too few
// axon-out entries, and reports whether that can mend every such core.
func (b *build) lowerCaps(caps []int) bool {
	last := len(caps) - 1
	for c, s := range b.shares {
		entries, most, _ := b.prog.out(c, &b.limits)
		if n := b.limits.RoutesPerNeuron; n > 0 && most > n {
			return false
		}
		if b.limits.AxonsOut == 0 || entries <= b.limits.AxonsOut {
			continue
		}
		senders := 0 // the last layer sends nothing
		for _, r := range s.runs {
			if r.layer < last {
				senders += r.hi - r.lo
			}
		}
		if senders == 1 {
			return false
		}
		lower := max(1, senders*b.limits.AxonsOut/entries)
		for _, r := range s.runs {
			if r.layer < last && (caps[r.layer] == 0 || caps[r.layer] > lower) {
				caps[r.layer] = lower
			}
		}
	}
	return true
}
