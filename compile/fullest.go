package compile

// Fullest returns for every core the resource that is nearest to its limit on t: neurons have one on every
// target.
func (p *Program) Fullest(t Target) []Use {
	l := t.Limits().bounded()
	all := make([]Use, len(p.Cores))
	for c := range p.Cores {
		u := measure(p, c, t)
		r := u.fullest(&l)
		all[c] = Use{Resource: r.name, Core: c, Used: int64(r.used), Limit: int64(r.limit)}
	}
	return all
}

// fullest returns the resource of which u takes the largest share.
func (u *usage) fullest(l *Limits) (most resource) {
	used, limit := int64(-1), int64(1)
	for _, r := range u.resources(l) {
		x, of := int64(r.used), int64(r.limit)
		switch r.code {
		case "profiles-exceeded", "thresholds-exceeded", "decay-offsets-exceeded", "synapse-formats-exceeded":
			x, of = x-1, of-1 // every core has one: 1 of 1 decay offset says nothing
		}
		if of > 0 && x*limit > used*of {
			used, limit, most = x, of, r
		}
	}
	return most
}
