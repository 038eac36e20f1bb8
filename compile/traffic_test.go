package compile_test

import (
	"testing"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/compile/nettest"
	"pgregory.net/rapid"
)

// slowTraffic counts links one by one: every spike goes along its row and then along the
// column, and a link is counted once a spike.
func slowTraffic(p *compile.Program, width int) (total int64) {
	step := func(a, b int) int {
		if b < a {
			return -1
		}
		return 1
	}
	for c := range p.Cores {
		core := &p.Cores[c]
		for n := range len(core.OutStart) - 1 {
			seen := map[[3]int]bool{} // the lower end of a link, and whether it is vertical
			for _, r := range core.Route[core.OutStart[n]:core.OutStart[n+1]] {
				to := &p.Cores[r.Core]
				x, y, tx, ty := core.Chip*width+core.X, core.Y, to.Chip*width+to.X, to.Y
				for ; x != tx; x += step(x, tx) {
					seen[[3]int{min(x, x+step(x, tx)), y, 0}] = true
				}
				for ; y != ty; y += step(y, ty) {
					seen[[3]int{x, min(y, y+step(y, ty)), 1}] = true
				}
			}
			total += int64(len(seen))
		}
	}
	return total
}

// TestTraffic: Traffic is what the links count to, and exchanging cores changes neither
// how many there are on a chip nor where two of them could be at once.
func TestTraffic(t *testing.T) {
	total, better, worse := int64(0), 0, 0
	rapid.Check(t, func(t *rapid.T) {
		n := nettest.Network(t, nettest.Config{MaxVTh: 1000, MaxDelay: 62, MaxSynDelay: 5})
		tiny := nettest.DrawTiny(t)
		p, err := compile.Compile(n, tiny)
		if err != nil {
			return
		}
		got := p.Traffic(tiny)
		if want := slowTraffic(p, tiny.L.MeshWidth); got != want {
			t.Fatalf("traffic %d, counted %d", got, want)
		}
		total += got
		seen := map[[4]int]bool{}
		for i := range p.Cores {
			c := &p.Cores[i]
			place := [4]int{c.Chip, c.X, c.Y, c.Slot}
			if seen[place] {
				t.Fatalf("two cores are at %v", place)
			}
			if seen[place] = true; c.Chip != i/tiny.L.CoresPerChip {
				t.Fatalf("core %d is on chip %d", i, c.Chip)
			}
		}
		if s, err := compile.Sequential(n, tiny); err == nil {
			switch was := s.Traffic(tiny); {
			case got < was:
				better++
			case got > was:
				worse++
			}
		}
	})
	if t.Logf("%d links, less traffic than in sequence %d times, more %d times", total, better, worse); total == 0 || better <= worse {
		t.Error("placement does not help")
	}
}
