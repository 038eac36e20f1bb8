package sim

import (
	"slices"

	"github.com/isospike/isospike/compile"
)

// rows says how the fast path adds each row of a core.
type rows struct {
	ways   []way
	runs   []codeRun // of rows that have several
	filled []uint8   // codes of rows that have been filled up
	even   bool      // axon i has row i, which is row 0 further on: as many codes behind it for each, to the same neurons
}

// way is how one row is added. All that a spike needs of its row lies together.
type way struct {
	from        uint32 // where its codes are or, where it has several runs, the first of them in rows.runs
	synapses    uint32
	first, last uint16 // of its targets
	runs        uint16
	how         uint8
	delay       uint8 // of all its synapses
}

// How a row is added.
const (
	scattered  = iota // synapse by synapse
	spread            // synapse by synapse, with delays of their own
	contiguous        // runs of its codes as they are
	filled            // runs of a copy of its codes, in which gaps between synapses are weights of 0
)

// codeRun is the codes from from on, of targets first to last.
type codeRun struct {
	from        uint32
	first, last uint16
}

const (
	// widest is the largest gap that is filled: below it another run takes longer.
	widest = 8
	// A row is filled where that takes at most a quarter more codes than it has, or the copies would
	// outgrow the tables.
	fillShare = 4
	// Runs pay where they are this long on average. Each takes runSize bytes.
	shortest, runSize = 4, 8
	waySize           = 16
)

// layOut chooses the way of every row. Copies and runs are taken off bytes, and not made where they do not fit.
func layOut(c *compile.Core, bytes *int) rows {
	t := rows{ways: make([]way, len(c.Mode))}
	for r := range t.ways {
		lo, hi := c.RowStart[r], c.RowStart[r+1]
		t.ways[r].synapses = hi - lo
		if lo == hi {
			continue
		}
		if c.Delay != nil {
			t.ways[r].delay = c.Delay[lo]
		}
		if t.ways[r].first, t.ways[r].last = c.Target[lo], c.Target[hi-1]; c.Delay != nil && !uniform(c.Delay[lo:hi]) {
			t.ways[r].how = spread
		} else {
			t.add(c, &t.ways[r], lo, bytes)
		}
	}
	t.runs, t.filled = slices.Clip(t.runs), slices.Clip(t.filled)
	t.even = t.areEven(c)
	return t
}

// areEven reports whether rows.even is true of c. It is of a core that holds a part of a dense layer.
func (t *rows) areEven(c *compile.Core) bool {
	if len(t.ways) == 0 || len(c.Row) != len(t.ways) || t.ways[0].runs != 1 {
		return false
	}
	next := t.ways[0]
	for i, w := range t.ways {
		if w != next || int(c.Row[i]) != i || c.Base[i] != 0 || c.Mode[i] != c.Mode[0] {
			return false
		}
		next.from += uint32(w.last-w.first) + 1
	}
	return true
}

// add lays out the row whose synapses begin at lo, or leaves it scattered.
func (t *rows) add(c *compile.Core, w *way, lo uint32, bytes *int) {
	targets, codes := c.Target[lo:lo+w.synapses], c.Code[lo:lo+w.synapses]
	apart, slots := 1, 1 // runs as the row is; codes with gaps filled
	for s := 1; s < len(targets); s++ {
		gap := int(targets[s]-targets[s-1]) - 1
		if gap > 0 {
			apart++
		}
		if slots++; gap <= widest {
			slots += gap
		}
	}
	gap, at := 0, lo // the largest gap within a run, and where the next code is
	switch {
	case apart == 1:
		w.how = contiguous
	case fillShare*(slots-len(targets)) <= len(targets) && slots <= *bytes:
		w.how, gap, at = filled, widest, uint32(len(t.filled))
		*bytes -= slots
	case len(targets) >= shortest*apart && runSize*apart <= *bytes:
		w.how = contiguous
		*bytes -= runSize * apart
	default:
		return
	}
	first := len(t.runs)
	for s, n := range targets {
		missing := 0
		if s > 0 {
			missing = int(n-targets[s-1]) - 1
		}
		if s == 0 || missing > gap {
			t.runs, missing = append(t.runs, codeRun{at, n, n}), 0
		}
		if w.how == filled {
			t.filled = append(append(t.filled, make([]uint8, missing)...), codes[s])
		}
		at += uint32(missing) + 1
		t.runs[len(t.runs)-1].last = n
	}
	w.runs, w.from = uint16(len(t.runs)-first), uint32(first)
	if w.runs == 1 {
		w.from, t.runs = t.runs[first].from, t.runs[:first]
	}
}

func uniform(v []uint8) bool {
	return !slices.ContainsFunc(v, func(x uint8) bool { return x != v[0] })
}
