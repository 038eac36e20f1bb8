package compile

// manifest measures the finished tables.
func (b *build) manifest() {
	p, l := b.prog, &b.limits
	m := &p.Manifest
	m.Unverified = l.Unverified
	chips := map[int]bool{} // cores may have changed theirs
	for c := range p.Cores {
		chips[p.Cores[c].Chip] = true
	}
	m.Use = []Use{
		{Resource: "chips", Core: -1, Used: int64(len(chips)), Limit: int64(l.Chips)},
		{Resource: "cores", Core: -1, Used: int64(len(p.Cores)), Limit: int64(l.Chips * l.CoresPerChip)},
	}
	for c := range p.Cores {
		u := measure(p, c, b.target)
		for i, r := range u.resources(l) {
			switch {
			case c == 0:
				m.Use = append(m.Use, Use{Resource: r.name, Used: int64(r.used), Limit: int64(r.limit)})
			case int64(r.used) > m.Use[2+i].Used:
				m.Use[2+i].Core, m.Use[2+i].Used = c, int64(r.used)
			}
		}
		m.Synapses += int(p.Cores[c].Connections())
		m.Stored += len(p.Cores[c].Target)
	}
	for k := range b.net.Layers {
		m.ZeroWeight += b.net.Layers[k].Synapses()
	}
	m.ZeroWeight -= m.Synapses
	for _, d := range b.net.Layers[len(b.net.Layers)-1].Delay {
		if d > 0 {
			m.OutputDelays++
		}
	}
}
