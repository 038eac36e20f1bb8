package compile

import (
	"cmp"
	"fmt"
	"strings"
)

// place puts cores on chips, tiles and slots one after another.
func (b *build) place() error {
	l := &b.limits
	perChip := l.CoresPerChip
	if perChip == 0 {
		perChip = len(b.prog.Cores)
	}
	if need, have := len(b.prog.Cores), l.Chips*perChip; have > 0 && need > have {
		return b.tooManyCores(need, have)
	}
	for i := range b.prog.Cores {
		b.prog.Cores[i].put(l.spot(i, perChip))
	}
	return nil
}

// spot is where a core can be.
type spot struct{ chip, x, y, slot int }

func (c *Core) spot() spot { return spot{c.Chip, c.X, c.Y, c.Slot} }

// spot returns where the core with the given number lies when cores are placed one after another.
func (l *Limits) spot(i, perChip int) spot {
	onChip, tileCores := i%perChip, max(l.TileCores, 1)
	tile := onChip / tileCores
	width := cmp.Or(l.MeshWidth, tile+1)
	return spot{i / perChip, tile % width, tile / width, onChip % tileCores}
}

// put places c.
func (c *Core) put(s spot) { c.Chip, c.X, c.Y, c.Slot = s.chip, s.x, s.y, s.slot }

// tooManyCores returns the error for a network that needs more cores than there
// are. Where there is one core, what it would need of each resource says more
// than a number of cores.
func (b *build) tooManyCores(need, have int) error {
	r := resource{name: "cores", code: "cores-exceeded", used: need, limit: have,
		fix: "make the layers smaller or use a target with more cores"}
	layer := b.net.Layers[b.shares[have].runs[0].layer].Name // the first that has no room
	if have > 1 {
		// The first core is as full as can be: the resource nearest its limit fills cores.
		fullest := b.shares[0].fullest(&b.limits)
		r.fix = fmt.Sprintf("cores fill up by their %s: %s", fullest.name, fullest.wayOut(b.target))
		return r.fail(b.target, layer, "", "the network needs %d cores and %s has %d", need, b.target.Name(), have)
	}
	all := usage{}
	for k := range b.net.Layers {
		all.neurons += b.net.Layers[k].Out.Size()
	}
	if all.neurons <= maxNeurons { // beyond, nothing can number them
		one, err := b.partition(Limits{SynapticDelay: b.limits.SynapticDelay, SharedRows: b.limits.SharedRows, MaxBase: b.limits.MaxBase}, make([]int, len(b.net.Layers)))
		if err != nil {
			return err
		}
		all = one[0].usage
	}
	var amounts []string
	for _, x := range all.resources(&b.limits) {
		if x.limit > 0 && x.used > x.limit {
			if len(amounts) == 0 {
				r = x
			}
			amounts = append(amounts, fmt.Sprintf("%d %s of %d", x.used, x.name, x.limit))
		}
	}
	if len(amounts) == 0 { // all neurons together, but some of them not: formats may fall as rows grow
		return r.fail(b.target, layer, "", "the network needs %d cores and %s has one", need, b.target.Name())
	}
	return r.fail(b.target, layer, "", "the network does not fit on the one core of %s: it takes %s", b.target.Name(), strings.Join(amounts, ", "))
}
