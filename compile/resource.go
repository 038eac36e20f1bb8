package compile

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// usage is what a core takes of its resources.
type usage struct {
	neurons, axonsIn, axonsOut, routes, synapseWords, rowWords int
	profiles, thresholds, delayAccumulators, formats           int
	decayOffsets                                               int
	fineWords, fineRow                                         int // synapse words, and those of one row, before stored
}

// resource is one line of the table that limits, manifest and errors share.
type resource struct {
	name, code  string
	used, limit int
	fix         string
}

// resources lists u against l, in the order in which errors report them.
func (u *usage) resources(l *Limits) [11]resource {
	return [...]resource{
		{"neurons", "neurons-exceeded", u.neurons, l.Neurons,
			"make the layers smaller or use a target with more cores"},
		{"delay accumulators", "delay-accumulators-exceeded", u.delayAccumulators, l.DelayAccumulators,
			"shorten the delays: each delay bit less doubles the neurons that a core can hold"},
		{"axons in", "axons-in-exceeded", u.axonsIn, l.AxonsIn,
			"prune connections or make the layers that feed this one smaller"},
		{"synapse words", "synapse-words-exceeded", u.synapseWords, l.SynapseWords,
			"prune connections or make the layers smaller"},
		{"words of one row", "row-words-exceeded", u.rowWords, l.RowWords,
			"prune connections"},
		{"profiles", "profiles-exceeded", u.profiles, l.Profiles,
			"give more layers the same neuron parameters and exponents"},
		{"thresholds", "thresholds-exceeded", u.thresholds, l.Thresholds,
			"give more layers the same threshold"},
		{"decay offsets", "decay-offsets-exceeded", u.decayOffsets, l.DecayOffsets,
			"give the layers decays that are all at least 1, or all at most 4095"},
		{"synapse formats", "synapse-formats-exceeded", u.formats, l.Formats,
			"give more layers the same weight bits, signs and weight exponents, and neurons the exponent of their layer"},
		{"axon-out entries", "axons-out-exceeded", u.axonsOut, l.AxonsOut,
			"prune connections or make the layers smaller, so that a neuron's targets lie on fewer cores"},
		{"axon-out entries of one neuron", "routes-exceeded", u.routes, l.RoutesPerNeuron,
			"prune the neuron's connections or make the next layer smaller, so that it lies on fewer cores"},
	}
}

// over returns the first resource of which u takes more than l has.
func (u *usage) over(l *Limits) (resource, bool) {
	for _, r := range u.resources(l) {
		if r.limit != 0 && r.used > r.limit {
			return r, true
		}
	}
	return resource{}, false
}

// wayOut returns what to change where r ran out on t: its fix, and what else saves on this target.
func (r resource) wayOut(t Target) string {
	l := t.Limits()
	switch r.code {
	case "axons-in-exceeded", "axons-out-exceeded", "routes-exceeded":
		if !l.SynapticDelay {
			return r.fix + ", or give the synapses of a source fewer different delays"
		}
	case "synapse-words-exceeded", "row-words-exceeded":
		if narrowSaves(t) {
			r.fix += ", or use fewer weight bits"
		}
		if l.SynapticDelay {
			r.fix += ", or shorten the delays"
		}
	}
	return r.fix
}

// narrowSaves reports whether t stores weights of fewer bits in fewer words.
func narrowSaves(t Target) bool {
	wide, narrow := RowShape{WeightBits: 8}, RowShape{WeightBits: 1}
	for n := range EntrySynapses {
		wide.Add(n, 0, 0)
		narrow.Add(n, 0, 0)
	}
	most, _ := t.RowWords(&wide)
	least, _ := t.RowWords(&narrow)
	return least < most
}

// fail returns the error for a resource of t that ran out on a core ("" when the
// core has no place yet).
func (r resource) fail(t Target, layer, core, format string, args ...any) *diag.Error {
	return &diag.Error{Kind: diag.Limit, Code: r.code, Layer: layer, Core: core, Msg: fmt.Sprintf(format, args...),
		Resource: r.name, Used: int64(r.used), Limit: int64(r.limit), Fix: r.wayOut(t)}
}

// name says where c lies, as errors and the text form do.
func (c *Core) name() string { return fmt.Sprintf("chip %d core %d,%d,%d", c.Chip, c.X, c.Y, c.Slot) }

// measure returns what core number ci of p takes.
func measure(p *Program, ci int, t Target) usage {
	c, l := &p.Cores[ci], t.Limits().bounded()
	u := usage{neurons: len(c.Profile), axonsIn: len(c.Row), profiles: len(c.Profiles), thresholds: thresholds(c.Profiles), decayOffsets: decayOffsets(c.Profiles)}
	u.delayAccumulators = u.neurons << c.DelayBits
	rows := stored(t, c.rows(), l.Formats)
	u.synapseWords, u.rowWords = words(t, rows)
	u.formats = formats(t, rows)
	u.axonsOut, u.routes, _ = p.out(ci, &l)
	return u
}

// rows returns the shapes of c's rows.
func (c *Core) rows() []rowHead {
	rows := make([]rowHead, len(c.Mode))
	for a, n := range c.Row {
		r := &rows[n]
		if r.shape.N == 0 { // those who share a row have neurons of the same exponents
			*r = rowHead{c.Mode[n], c.WeightBits[n], c.shape(int(n), a)}
		}
	}
	return rows
}

// RowShapes returns the shapes of c's rows as t stores them.
func (c *Core) RowShapes(t Target) []RowShape {
	rows := stored(t, c.rows(), t.Limits().Formats)
	shapes := make([]RowShape, len(rows))
	for i := range rows {
		shapes[i] = rows[i].shape
	}
	return shapes
}

// stored returns a core's rows with the widths of their fields: each its own or, where that takes
// more synapse formats than there are, those of the delays and of a run-length entry's distances
// alike in all of them.
func stored(t Target, rows []rowHead, most int) []rowHead {
	if most == 0 || formats(t, rows) <= most {
		return rows
	}
	return alike(rows)
}

func alike(rows []rowHead) []rowHead {
	all, late := slices.Clone(rows), uint8(0)
	for i := range all {
		late = max(late, all[i].shape.Delay)
	}
	for i := range all {
		all[i].shape.Delay, all[i].shape.Skip = late, MaxSkip
	}
	return all
}

// words returns what rows take of the synapse memory together, and the longest of them.
func words(t Target, rows []rowHead) (all, most int) {
	for i := range rows {
		n, _ := t.RowWords(&rows[i].shape)
		all, most = all+n, max(most, n)
	}
	return all, most
}

// shape returns the shape of a row that belongs to an axon.
func (c *Core) shape(row, axon int) RowShape {
	s := RowShape{WeightBits: c.WeightBits[row]}
	for i := c.RowStart[row]; i < c.RowStart[row+1]; i++ {
		t, delay := c.Target[i], uint8(0)
		if c.Delay != nil {
			delay = c.Delay[i]
		}
		s.Add(int(t), c.exp(c.Base[axon]+t), delay)
	}
	return s
}

// formats counts the synapse formats of a core's rows: combinations of sign mode, weight
// bits, delay bits, format of the row, bits of a run-length entry's distances, and weight
// exponent. The bits of an index are the same for all rows of a target.
func formats(t Target, rows []rowHead) (n int) {
	var exps [3][9][7][4][6]uint16
	for i := range rows {
		r := &rows[i]
		_, f := t.RowWords(&r.shape)
		skip := uint8(0)
		if f == RunLength {
			skip = SkipBits(r.shape.Skip)
		}
		exps[r.mode][FieldBits(r.weightBits)][r.shape.DelayBits()][f][skip] |= r.shape.Exps
	}
	for i := range exps {
		for j := range exps[i] {
			for k := range exps[i][j] {
				for _, f := range exps[i][j][k] {
					for _, e := range f {
						n += bits.OnesCount16(e)
					}
				}
			}
		}
	}
	return n
}

// thresholds counts the different thresholds among profiles.
func thresholds(profiles []Profile) int {
	n := 0
	for i := range profiles {
		n++
		for _, p := range profiles[:i] {
			if threshold(p.Neuron) == threshold(profiles[i].Neuron) {
				n--
				break
			}
		}
	}
	return n
}

// decayOffsets returns how many values the offset of a decay must have on a core: a decay of
// 4096 has 12 bits only with an offset of 1, and one of 0 only without.
func decayOffsets(profiles []Profile) int {
	var none, full [2]bool
	for _, p := range profiles {
		n, ok := p.Neuron.(fixed.CUBA)
		if !ok {
			continue
		}
		for i, d := range [2]int32{n.IDecay, n.VDecay} {
			none[i], full[i] = none[i] || d == 0, full[i] || d == 4096
		}
	}
	if none[0] && full[0] || none[1] && full[1] {
		return 2
	}
	return 1
}

// threshold returns the threshold mantissa of a neuron.
func threshold(n fixed.Neuron) int {
	switch p := n.(type) {
	case fixed.CUBA:
		return int(p.VTh)
	case fixed.SRM:
		return int(p.VTh)
	case fixed.Delta:
		return int(p.VTh)
	case fixed.SigmaDelta:
		return int(p.VTh)
	case fixed.RF:
		return int(p.VTh)
	case fixed.RFIZ:
		return int(p.VTh)
	case fixed.ALIF:
		return int(p.VTh)
	}
	return 0
}

// delayBits returns the width of a delay field for delays up to longest: the
// accumulators need a slot for now and one that is being cleared besides.
func delayBits(longest int) int {
	width := 0
	for longest > 0 && 1<<width < longest+2 {
		width++
	}
	return width
}
