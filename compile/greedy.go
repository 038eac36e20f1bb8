package compile

// placeGreedily puts cores one by one where they are nearest to those that they talk to: the
// placement of EdgeCut, which is the initial mapping of NMAP (Murali and De Micheli 2004). The first
// core is the one that talks the most, in the middle of the plane; then comes the one that talks
// most with those that have a place, on the free spot where the sum of spikes × distance is least,
// on a chip where it causes no core too many axon-out entries if there is one.
func (b *build) placeGreedily() {
	q := b.newPlacer(func(t *tree) int64 { return t.spikes })
	n := len(q.at)
	g := &greedy{q, make([]bool, n), make([]bool, len(q.spots))}
	talk := make([]int64, n) // with the cores that have a place
	next, most := 0, int64(-1)
	for c := range n {
		q.entries[c] = len(b.prog.Cores[c].Route)
		sum := int64(0)
		for _, k := range q.links[c] {
			sum += k.pull
		}
		if sum > most {
			next, most = c, sum
		}
	}
	for range n {
		spot := g.nearest(int32(next), talk[next] > 0)
		g.done[next], g.taken[spot] = true, true
		q.at[next], q.x[next], q.y[next] = spot, q.spotX[spot], q.spotY[spot]
		b.prog.Cores[next].put(q.spots[spot])
		for _, k := range q.links[next] {
			talk[k.core] += k.pull
			if g.done[k.core] && q.spots[q.at[k.core]].chip != q.spots[spot].chip {
				q.entries[next] += q.extra * int(k.out)
				q.entries[k.core] += q.extra * int(k.in)
			}
		}
		next, most = -1, -1
		for c := range n {
			if !g.done[c] && talk[c] > most {
				next, most = c, talk[c]
			}
		}
	}
}

// greedy is the state of placeGreedily. Where a core is not done, what placer says of its place is
// not true.
type greedy struct {
	*placer
	done  []bool // by core: it has a place
	taken []bool // by spot
}

// nearest returns the best free spot for core c; if nothing pulls it, the one in the middle.
func (g *greedy) nearest(c int32, pulled bool) int32 {
	width, height := g.spotX[len(g.spots)-1], g.spotY[len(g.spots)-1]
	best, least, bestFits := int32(-1), int64(0), false
	fits := map[int]bool{} // by chip
	for i := range g.spots {
		if g.taken[i] {
			continue
		}
		chip := g.spots[i].chip
		fit, known := fits[chip]
		if !known {
			fit = g.fitsOn(c, chip)
			fits[chip] = fit
		}
		if bestFits && !fit {
			continue
		}
		sum := int64(0)
		if pulled {
			for _, k := range g.links[c] {
				if g.done[k.core] {
					sum += k.pull * int64(abs(g.spotX[i]-g.x[k.core])+abs(g.spotY[i]-g.y[k.core]))
				}
			}
		} else {
			sum = int64(abs(2*g.spotX[i]-width) + abs(2*g.spotY[i]-height))
		}
		if best < 0 || fit && !bestFits || sum < least {
			best, least, bestFits = int32(i), sum, fit
		}
	}
	return best
}

// fitsOn reports whether the entries of c and of the cores that have a place fit with c on a chip.
func (g *greedy) fitsOn(c int32, chip int) bool {
	if g.most == 0 {
		return true
	}
	mine := g.entries[c]
	for _, k := range g.links[c] {
		if g.done[k.core] && g.spots[g.at[k.core]].chip != chip {
			mine += g.extra * int(k.out)
			if k.in > 0 && g.entries[k.core]+g.extra*int(k.in) > g.most {
				return false
			}
		}
	}
	return mine <= g.most
}
