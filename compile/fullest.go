package compile

// Fullest returns for every core the resource that is nearest to its limit on t: neurons have one on every
// target.
func (p *Program) Fullest(t Target) []Use {
	l := t.Limits().bounded()
	all := make([]Use, len(p.Cores))
	for c := range p.Cores {
		u := measure(p, c, t)
		for _, r := range u.resources(&l) {
			if r.limit > 0 && (all[c].Limit == 0 || int64(r.used)*all[c].Limit > all[c].Used*int64(r.limit)) {
				all[c] = Use{Resource: r.name, Core: c, Used: int64(r.used), Limit: int64(r.limit)}
			}
		}
	}
	return all
}
