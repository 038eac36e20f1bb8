package compile

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// improve moves cores so that their spikes pass fewer links. It starts from where they lie or
// from columns of tiles, whichever is better, and exchanges spots at random under a falling
// threshold of what an exchange may cost (threshold accepting: Dueck and Scheuer 1990): first by
// the pulled distances, which are quick to work out, then by the links themselves. Random numbers
// and arithmetic are those of integers, so that the outcome is the same on every machine. It is
// never worse than the start, and no core gets more axon-out entries than it may have.
func (b *build) improve() {
	if len(b.prog.Cores) < 2 {
		return
	}
	q := b.newPlacer(split)
	start := q.total()
	if start == 0 {
		return
	}
	inOrder := slices.Clone(q.at)
	if q.arrange(q.columns()); q.total() > start {
		q.arrange(inOrder)
	}
	s := &search{placer: q, random: rand.New(rand.NewPCG(1, 2)), seen: make([]int32, len(q.trees)), cost: make([]int64, len(q.trees))}
	s.run(byPulls)
	s.run(byLinks)
	if q.total() < start {
		for c := range b.prog.Cores {
			b.prog.Cores[c].put(q.spots[q.at[c]])
		}
	}
}

// columns returns the spots chip by chip, and on each tile by tile down its columns: cores that
// follow one another, and layers that do, are nearer to each other on them than along long rows.
func (q *placer) columns() []int32 {
	order := make([]int32, len(q.spots))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		a, b := q.spots[i], q.spots[j]
		return cmp.Or(cmp.Compare(a.chip, b.chip), cmp.Compare(a.x, b.x), cmp.Compare(a.y, b.y), cmp.Compare(a.slot, b.slot))
	})
	return order
}

// arrange puts core c on at[c].
func (q *placer) arrange(at []int32) {
	for i := range q.who {
		q.who[i] = -1
	}
	for c := range q.at {
		q.move(int32(c), at[c])
		q.who[at[c]] = int32(c)
	}
}

// criterion is what a search goes by.
type criterion int

const (
	byPulls criterion = iota // pulled distances
	byLinks                  // links passed, as Traffic counts them
)

// What a search may take: rounds of falling thresholds, exchanges tried for each core and round (no more than spots), and
// in all the links or trees looked at, so that networks in which all cores talk to all do not take long.
const (
	rounds    = 40
	triesEach = 100
	maxWork   = 1 << 31
)

// search exchanges spots.
type search struct {
	*placer
	random  *rand.Rand
	cost    []int64 // by tree: the links it passes
	seen    []int32 // by tree: the exchange that last touched it
	now     int32
	touched []int32 // trees of the exchange at hand
	fresh   []int64 // and their new costs
}

// run goes through all rounds.
func (s *search) run(by criterion) {
	for i := range s.trees {
		s.cost[i] = s.mesh.links(&s.trees[i])
	}
	cores := int64(len(s.at))
	first := s.total() / cores // threshold of the first round
	tries := min(int64(min(triesEach, len(s.spots)))*cores, s.work(by))
	for round := range int64(rounds) {
		left := rounds - 1 - round
		threshold := first * left / rounds * left / rounds
		for range tries {
			c := int32(s.random.Uint32N(uint32(cores)))
			i, j := s.at[c], s.near(c)
			if s.spotX[i] == s.spotX[j] && s.spotY[i] == s.spotY[j] || s.gain(i, j) < -threshold*pullScale {
				continue
			}
			if by == byPulls {
				s.swap(i, j)
			} else {
				s.try(i, j, threshold)
			}
		}
	}
}

// work returns how many exchanges a round may try.
func (s *search) work(by criterion) int64 {
	each := int64(1)
	for c := range s.links {
		each += int64(len(s.links[c]))
		if by == byLinks {
			for _, t := range s.of[c] {
				each += int64(len(s.trees[t].to))
			}
		}
	}
	return maxWork / rounds * int64(len(s.links)) / each
}

// near returns a spot at random, mostly one near a core that c has to do with.
func (s *search) near(c int32) int32 {
	const reach = 4 // spots
	spots := int32(len(s.spots))
	if k := s.links[c]; len(k) > 0 && s.random.Uint32N(8) > 0 {
		at := s.at[k[s.random.Uint32N(uint32(len(k)))].core]
		return min(max(at+s.random.Int32N(2*reach+1)-reach, 0), spots-1)
	}
	return s.random.Int32N(spots)
}

// try exchanges two spots unless that adds more than threshold to the links that spikes pass.
func (s *search) try(i, j int32, threshold int64) {
	s.now++
	s.touched, s.fresh = s.touched[:0], s.fresh[:0]
	for _, c := range [...]int32{s.who[i], s.who[j]} {
		if c < 0 {
			continue
		}
		for _, t := range s.of[c] {
			if s.seen[t] != s.now {
				s.seen[t] = s.now
				s.touched = append(s.touched, t)
			}
		}
	}
	if !s.swap(i, j) {
		return
	}
	gain := int64(0)
	for _, t := range s.touched {
		n := s.mesh.links(&s.trees[t])
		gain += s.trees[t].spikes * (s.cost[t] - n)
		s.fresh = append(s.fresh, n)
	}
	if gain < -threshold {
		s.exchange(i, j)
		return
	}
	for k, t := range s.touched {
		s.cost[t] = s.fresh[k]
	}
}
