package compile

// placeGreedily puts cores one by one where they are nearest to those that they talk to: the
// placement of EdgeCut, which is the initial mapping of NMAP (Murali and De Micheli 2004). The first
// core is the one that talks the most, in the middle of the plane; then comes the one that talks
// most with those that have a place, on the free spot where the sum of spikes × distance is least.
func (b *build) placeGreedily() {
	q := b.newPlacer(func(t *tree) int64 { return t.spikes })
	n := len(q.at)
	talk := make([]int64, n) // with the cores that have a place
	done, taken := make([]bool, n), make([]bool, len(q.spots))
	next, most := 0, int64(-1)
	for c := range n {
		sum := int64(0)
		for _, k := range q.links[c] {
			sum += k.pull
		}
		if sum > most {
			next, most = c, sum
		}
	}
	width, height := int32(0), int32(0)
	for i := range q.spots {
		width, height = max(width, q.spotX[i]), max(height, q.spotY[i])
	}
	for range n {
		best, least := -1, int64(0)
		for i := range q.spots {
			if taken[i] {
				continue
			}
			sum := int64(0)
			for _, k := range q.links[next] {
				if done[k.core] {
					sum += k.pull * int64(abs(q.spotX[i]-q.x[k.core])+abs(q.spotY[i]-q.y[k.core]))
				}
			}
			if talk[next] == 0 { // nothing pulls: to the middle
				sum = int64(abs(2*q.spotX[i]-width) + abs(2*q.spotY[i]-height))
			}
			if best < 0 || sum < least {
				best, least = i, sum
			}
		}
		done[next], taken[best] = true, true
		q.x[next], q.y[next] = q.spotX[best], q.spotY[best]
		b.prog.Cores[next].put(q.spots[best])
		for _, k := range q.links[next] {
			talk[k.core] += k.pull
		}
		next, most = -1, -1
		for c := range n {
			if !done[c] && talk[c] > most {
				next, most = c, talk[c]
			}
		}
	}
}
