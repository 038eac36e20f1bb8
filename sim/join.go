package sim

import (
	"slices"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn/fixed"
)

// joined is the rows of a unit of several cores: those of a wire side by side, so that a spike adds one long row
// where the chip adds a short one on each core. They are copies.
type joined struct {
	matrices []matrix
	groups   [fixed.Inhibitory + 1]struct{ matrix, wire int } // the first of each
	wires    int
	first    int // wire in Machine.arrived
	codes    []uint8
	gaps     []uint8 // by wire and core of its matrix, how many neurons of the core it has no synapse to
	// Wires whose rows are not copied: axons[starts[i]:starts[i+1]] is those of the i-th.
	starts []uint32
	axons  []axon
}

// axon is one of a core, counted from the first of the unit.
type axon struct{ core, axon uint16 }

// matrix is the codes of consecutive wires of a group, as many for each; between synapses lie weights of 0. A matrix without columns
// is wires whose rows are not copied.
type matrix struct {
	wires  int
	to     int32 // first neuron in the unit
	cols   int32
	mode   fixed.SignMode
	lo, hi int // its cores
	codes  int // where they begin in joined.codes; without columns, the first wire in joined.starts
	gaps   int // and in joined.gaps
	rows   int // codes of the rows by themselves
}

const (
	// Cores are joined whose rows are shorter than this on average.
	shortRow = 256
	// A unit has at most so many neurons: their states stay in the L2 cache, and threads find several units.
	unitNeurons = 2048
	// A unit has at most so many codes of joined rows, which are counted in 32 bits.
	unitCodes = 1 << 30
	// A core of joined rows has at most so many neurons, which are counted in 8 bits.
	coreNeurons = 255
	// A wire is put into a matrix while that makes at most 1/wasteShare more codes than its row has, and all rows there.
	wasteShare = 16
)

// Bytes that a goal, a wire, a neuron and a core take: with the goal of a neuron and that of a wire, without the copies of rows.
const (
	goalSize   = 8
	wireSize   = 8
	neuronSize = 32   // and 4 for each set of accumulators
	coreSize   = 2560 // with what is lost between allocations
)

// budget is how many bytes the fast path may take besides the program, 3/10 of its tables, less what cores and neurons need in any case.
func budget(p *compile.Program) int {
	tables, needed, slots := 8*cap(p.InputRoute)+4*cap(p.InputStart), goalSize*len(p.InputStart), ringLength(p)
	for i := range p.Cores {
		c := &p.Cores[i]
		tables += 2*cap(c.Target) + cap(c.Code) + cap(c.Delay) + 2*(cap(c.Row)+cap(c.Base)) + 4*cap(c.RowStart) + cap(c.Mode) + cap(c.WeightBits) + cap(c.Format) +
			cap(c.Profile) + 2*cap(c.Bias) + 4*cap(c.OutStart) + 8*cap(c.Route)
		needed += coreSize + slots*len(c.Row)/8 + (neuronSize+4<<c.DelayBits)*len(c.Profile)
	}
	for k := range p.Layers {
		tables += 8 * cap(p.Layers[k].Home)
	}
	return 3*tables/10 - needed
}

// joins returns ranges of cores to be joined, ascending.
func joins(p *compile.Program, always bool) [][2]int {
	var ranges [][2]int
	for lo := 0; lo < len(p.Cores); {
		hi, neurons, codes := lo, 0, 0
		for ; hi < len(p.Cores) && joinable(&p.Cores[hi], always); hi++ {
			c := &p.Cores[hi]
			neurons, codes = neurons+len(c.Profile), codes+len(c.Row)*len(c.Profile)
			if hi > lo && (neurons > unitNeurons || codes > unitCodes) {
				break
			}
		}
		if hi-lo >= 2 {
			ranges = append(ranges, [2]int{lo, hi})
		}
		lo = max(hi, lo+1)
	}
	if always {
		return ranges
	}
	return worthwhile(p, ranges)
}

// joinable reports whether a core may be joined with others.
func joinable(c *compile.Core, always bool) bool {
	if !plain(c) || c.DelayBits > 0 || len(c.Profile) == 0 || len(c.Profile) > coreNeurons || len(c.Row) == 0 {
		return false
	}
	for r := range c.Mode {
		if c.RowStart[r] == c.RowStart[r+1] {
			return false
		}
	}
	return always || len(c.Target) < shortRow*len(c.Mode)
}

// rank orders the sources: those whose rows are joined come last. Inputs are first, from both ends on, because images have their borders there, where little happens.
func (t *tables) rank(source int) int {
	if n := t.inputs(); source < n {
		return 2*min(source, n-1-source) + 2*source/n
	}
	return source
}

// ranked is the inverse of rank.
func (t *tables) ranked(rank int) int {
	if n := t.inputs(); rank < n && rank%2 == 1 {
		return n - 1 - rank/2
	} else if rank < n {
		return rank / 2
	}
	return rank
}

// keepApart does not copy the rows of sources, by rank, until what the fast path takes is within some bytes, and returns how many are left.
func (t *tables) keepApart(bytes int) int {
	for source := range t.inputs() + t.neurons {
		bytes -= goalSize * len(t.routes(source))
	}
	for {
		left := bytes - t.measure()
		if left >= 0 || t.apart == t.inputs()+t.neurons {
			return left
		}
		for ; left < 0 && t.apart < t.inputs()+t.neurons; t.apart++ {
			t.wires(t.ranked(t.apart), func(w *wire) { left += w.end() - w.to() })
		}
	}
}

// worthwhile leaves the ranges in which a source reaches two cores or more on average.
func worthwhile(p *compile.Program, ranges [][2]int) [][2]int {
	number, last := make([]int, len(p.Cores)), make([]int, len(ranges))
	axons, sources := make([]int, len(ranges)), make([]int, len(ranges))
	for i := range number {
		number[i] = -1
	}
	for k, r := range ranges {
		for i := r[0]; i < r[1]; i++ {
			number[i] = k
			axons[k] += len(p.Cores[i].Row)
		}
	}
	source := 0
	count := func(routes []compile.Route) {
		source++
		for _, r := range routes {
			if k := number[r.Core]; k >= 0 && last[k] != source {
				last[k] = source
				sources[k]++
			}
		}
	}
	for i := range len(p.InputStart) - 1 {
		count(p.InputRoute[p.InputStart[i]:p.InputStart[i+1]])
	}
	for i := range p.Cores {
		c := &p.Cores[i]
		for n := range c.Profile {
			count(c.Route[c.OutStart[n]:c.OutStart[n+1]])
		}
	}
	var good [][2]int
	for k, r := range ranges {
		if sources[k] > 0 && axons[k] >= 2*sources[k] {
			good = append(good, r)
		}
	}
	return good
}

// measure shares the wires of all units out to matrices, and returns what these take.
func (t *tables) measure() (bytes int) {
	groups := make([][fixed.Inhibitory + 1][]matrix, len(t.units))
	for source := range t.inputs() + t.neurons {
		t.wires(source, func(w *wire) {
			matrices := &groups[t.cores[w.unit.lo].unit][w.group()]
			bytes += wireSize + t.slots/8 + (1-goalSize)*len(w.parts) // in place of a goal for each axon
			if len(t.routes(source)) > len(w.parts) {
				bytes += goalSize
			}
			to, end, lo, hi := w.to(), w.end(), w.parts[0].core, w.parts[len(w.parts)-1].core+1
			if w.apart {
				bytes += 3 * len(w.parts)
				if k := len(*matrices) - 1; k < 0 || (*matrices)[k].cols > 0 {
					*matrices = append(*matrices, matrix{})
				}
				(*matrices)[len(*matrices)-1].wires++
				return
			}
			if k := len(*matrices) - 1; k >= 0 {
				x := &(*matrices)[k]
				first, behind := min(to, int(x.to)), max(end, int(x.to+x.cols))
				fits := func(wires, rows int) bool { return wasteShare*wires*(behind-first) <= (wasteShare+1)*rows }
				if x.cols > 0 && fits(1, end-to) && fits(x.wires+1, x.rows+end-to) {
					x.wires++
					x.to, x.cols, x.rows = int32(first), int32(behind-first), x.rows+end-to
					x.lo, x.hi = min(x.lo, lo), max(x.hi, hi)
					return
				}
			}
			*matrices = append(*matrices, matrix{wires: 1, to: int32(to), cols: int32(end - to), mode: w.mode, lo: lo, hi: hi, rows: end - to})
		})
	}
	for i := range t.units {
		if u := &t.units[i]; u.isJoined() {
			j := u.fast.joined
			*j = joined{}
			for k, matrices := range groups[i] {
				j.groups[k].matrix, j.groups[k].wire = len(j.matrices), j.wires
				j.matrices = append(j.matrices, matrices...)
				for _, x := range matrices {
					j.wires += x.wires
					bytes += x.wires * int(x.cols)
				}
			}
		}
	}
	return bytes
}

func (j *joined) allocate() {
	codes, gaps, apart := 0, 0, 0
	for k := range j.matrices {
		x := &j.matrices[k]
		if x.cols == 0 {
			x.codes, apart = apart, apart+x.wires
			continue
		}
		x.codes, x.gaps = codes, gaps
		codes, gaps = codes+x.wires*int(x.cols), gaps+x.wires*(x.hi-x.lo)
	}
	j.matrices = slices.Clip(j.matrices)
	j.codes, j.gaps, j.starts = make([]uint8, codes), make([]uint8, gaps), make([]uint32, 1, apart+1)
}

// fill copies the rows of all wires to their matrices.
func (t *tables) fill() {
	next := make([][fixed.Inhibitory + 1]struct{ matrix, wire int }, len(t.units)) // matrix of each group, and wire of that
	for i := range t.units {
		if u := &t.units[i]; u.isJoined() {
			for k := range next[i] {
				next[i][k].matrix = u.fast.joined.groups[k].matrix
			}
		}
	}
	for source := range t.inputs() + t.neurons {
		t.wires(source, func(w *wire) {
			j, at := w.unit.fast.joined, &next[t.cores[w.unit.lo].unit][w.group()]
			if at.wire == j.matrices[at.matrix].wires {
				at.matrix, at.wire = at.matrix+1, 0
			}
			x := &j.matrices[at.matrix]
			at.wire++
			if w.apart {
				for _, p := range w.parts {
					j.axons = append(j.axons, axon{uint16(p.core - w.unit.lo), uint16(p.axon)})
				}
				j.starts = append(j.starts, uint32(len(j.axons)))
				return
			}
			number := at.wire - 1
			row := j.codes[x.codes+number*int(x.cols):][:x.cols]
			gaps := j.gaps[x.gaps+number*(x.hi-x.lo):][:x.hi-x.lo]
			for i := range gaps {
				gaps[i] = uint8(len(t.cores[x.lo+i].Profile))
			}
			for _, p := range w.parts {
				c := &t.cores[p.core]
				lo, hi := c.Synapses(p.axon)
				gaps[p.core-x.lo] -= uint8(hi - lo)
				base := c.neuron - w.unit.neuron + int(c.Base[p.axon]) - int(x.to)
				for s := lo; s < hi; s++ {
					row[base+int(c.Target[s])] = c.Code[s]
				}
			}
		})
	}
	for i := range t.units {
		if u := &t.units[i]; u.isJoined() {
			u.fast.joined.axons = slices.Clip(u.fast.joined.axons)
		}
	}
}
