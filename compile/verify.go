package compile

import (
	"fmt"
	"slices"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// Verify checks p as Check does and then every amount against the limits of t,
// the target that p was compiled for. A limit that does not hold is a Limit
// error naming core and resource.
func Verify(p *Program, t Target) error {
	if err := Check(p); err != nil {
		return err
	}
	if p.Target != t.Name() {
		return invalid("", "was compiled for %q, not for %q", p.Target, t.Name())
	}
	l := t.Limits().bounded()
	for i := range p.Cores {
		c := &p.Cores[i]
		u := measure(p, i, t)
		if r, over := u.over(&l); over {
			return r.fail(t, "", c.name(), "the core takes too much")
		}
		tile := c.Y*l.MeshWidth + c.X
		for _, a := range []resource{
			{name: "chip", used: c.Chip, limit: l.Chips},
			{name: "mesh column", used: c.X, limit: l.MeshWidth},
			{name: "core of the tile", used: c.Slot, limit: max(l.TileCores, 1)},
			{name: "core of the chip", used: tile*max(l.TileCores, 1) + c.Slot, limit: l.CoresPerChip},
		} {
			if a.limit > 0 && a.used >= a.limit {
				a.code, a.fix = "place-exceeded", "compile for this target"
				return a.fail(t, "", c.name(), "%s has no such place", t.Name())
			}
		}
		if err := c.verifyRows(t, &l); err != nil {
			return err
		}
		for _, f := range c.Profiles {
			if !l.has(f.Neuron.Kind()) {
				return invalid(c.name(), "a profile has a neuron of kind %s, which %s does not offer", f.Neuron.Kind(), t.Name())
			}
			if l.MaxVTh > 0 && threshold(f.Neuron) > l.MaxVTh || f.ResetInterval > 0 && !l.PeriodicReset {
				return invalid(c.name(), "a profile has threshold %d and reset interval %d, which %s does not offer",
					threshold(f.Neuron), f.ResetInterval, t.Name())
			}
		}
		if c.DelayBits > 0 && !l.SynapticDelay || longest(c.Delay) > l.MaxDelay {
			return invalid(c.name(), "synaptic delays of up to %d ticks, which %s does not offer", longest(c.Delay), t.Name())
		}
		if !l.GradedSpikes && slices.ContainsFunc(c.Flags, func(f AxonFlags) bool { return f&GradedAxon != 0 }) {
			return invalid(c.name(), "an axon takes graded spikes, which %s does not offer", t.Name())
		}
		if err := l.verifyDelays(c.Route, c.name(), t); err != nil {
			return err
		}
	}
	return l.verifyDelays(p.InputRoute, "", t)
}

// verifyRows checks what of c's axons and rows t does not have: bases, shared rows, formats
// other than the cheapest, and neurons of different weight exponents at the same synapse.
func (c *Core) verifyRows(t Target, l *Limits) error {
	first := make([]int, len(c.Mode)) // 1 + number of an axon of each row
	for a, r := range c.Row {
		if int(c.Base[a]) > l.MaxBase {
			return resource{"base of an axon", "base-exceeded", int(c.Base[a]), l.MaxBase, "compile for this target"}.fail(t, "", c.name(), "axon %d moves its row too far", a)
		}
		if first[r] == 0 {
			first[r] = a + 1
			continue
		}
		if !l.SharedRows {
			return invalid(c.name(), "axons %d and %d share a row, which %s does not offer", first[r]-1, a, t.Name())
		}
		for _, n := range c.Target[c.RowStart[r]:c.RowStart[r+1]] {
			if x, y := c.exp(c.Base[a]+n), c.exp(c.Base[first[r]-1]+n); x != y {
				return invalid(c.name(), "axons %d and %d share a row to neurons of weight exponents %d and %d", first[r]-1, a, x, y)
			}
		}
	}
	for r, h := range stored(t, c.rows(), l.Formats) {
		if _, f := t.RowWords(&h.shape); f != c.Format[r] {
			return invalid(c.name(), "row %d is %v, on %s it takes the fewest words %v", r, c.Format[r], t.Name(), f)
		}
	}
	return nil
}

// exp returns the weight exponent of neuron n.
func (c *Core) exp(n uint16) int { return c.Profiles[c.Profile[n]].WeightExp }

func longest(delays []uint8) int {
	most := uint8(0)
	for _, d := range delays {
		most = max(most, d)
	}
	return int(most)
}

// verifyDelays checks that routes have delays only where the target keeps them there.
func (l *Limits) verifyDelays(routes []Route, core string, t Target) error {
	for _, r := range routes {
		if r.Delay > 0 && l.SynapticDelay || int(r.Delay) > l.MaxDelay {
			return invalid(core, "a route delays by %d ticks, which %s does not offer", r.Delay, t.Name())
		}
	}
	return nil
}

// Check holds p against what every executor relies on: lengths and ranges,
// starts that only rise, one home for every neuron and one neuron for every
// compartment, at most one source for an axon, sums that cannot leave the
// accumulator. It is meant for programs from outside; memory is in proportion to their
// size, and time to their connections, of which there may be maxConnections.
func Check(p *Program) error {
	switch c := p.Convention; {
	case c != fixed.Axonal && c != fixed.Immediate && c != fixed.Slayer:
		return invalid("", "unknown convention: %v", c)
	case !p.Readout.Valid():
		return invalid("", "the readout window %v is empty", p.Readout)
	case len(p.Cores) == 0:
		return invalid("", "there are no cores")
	}
	places := map[[4]int]bool{}
	connections := int64(0)
	for i := range p.Cores {
		c := &p.Cores[i]
		at := [4]int{c.Chip, c.X, c.Y, c.Slot}
		if min(c.Chip, c.X, c.Y, c.Slot) < 0 || places[at] {
			return invalid(c.name(), "no such place, or two cores there")
		}
		places[at] = true
		err := c.checkTables()
		if err == nil {
			if connections += c.Connections(); connections > maxConnections {
				return invalid(c.name(), "there are more than %d connections over shared rows", int64(maxConnections))
			}
			err = c.checkRows()
		}
		if err != nil {
			err.Core = c.name()
			return err
		}
	}
	if err := p.checkHomes(); err != nil {
		return err
	}
	return p.checkRoutes()
}

func invalid(core, format string, args ...any) *diag.Error {
	return &diag.Error{Kind: diag.Input, Code: "program-invalid", Core: core, Msg: "the program is not valid: " + fmt.Sprintf(format, args...)}
}

// checkTables checks what concerns c alone, but for its rows.
func (c *Core) checkTables() *diag.Error {
	neurons, axons, rows := len(c.Profile), len(c.Row), len(c.Mode)
	switch {
	case neurons > maxNeurons || len(c.Bias) != neurons || len(c.Profiles) > maxProfiles:
		return invalid("", "%d neurons, %d biases, %d profiles", neurons, len(c.Bias), len(c.Profiles))
	case axons > maxAxons || len(c.Base) != axons || c.Flags != nil && len(c.Flags) != axons:
		return invalid("", "%d axons, %d bases, %d flags", axons, len(c.Base), len(c.Flags))
	case rows > axons || len(c.WeightBits) != rows || len(c.Format) != rows:
		return invalid("", "%d rows of %d axons, %d weight widths, %d formats", rows, axons, len(c.WeightBits), len(c.Format))
	case !starts(c.RowStart, rows, len(c.Target)) || len(c.Code) != len(c.Target):
		return invalid("", "%d rows do not cover %d targets and %d codes", rows, len(c.Target), len(c.Code))
	case c.DelayBits < 0 || c.DelayBits > delayBits(snn.MaxDelay) || c.DelayBits == 0 && c.Delay != nil,
		c.DelayBits > 0 && len(c.Delay) != len(c.Target):
		return invalid("", "%d delays of %d bits for %d synapses", len(c.Delay), c.DelayBits, len(c.Target))
	case !starts(c.OutStart, neurons, len(c.Route)):
		return invalid("", "the axons out of %d neurons do not cover %d routes", neurons, len(c.Route))
	}
	for _, f := range c.Profiles {
		if err := f.check(); err != nil {
			return err
		}
	}
	for n, f := range c.Profile {
		if int(f) >= len(c.Profiles) {
			return invalid("", "neuron %d has profile %d of %d", n, f, len(c.Profiles))
		}
		neuron := c.Profiles[f].Neuron
		if least, most := fixed.BiasRange(neuron); int(c.Bias[n]) < least || int(c.Bias[n]) > most {
			return invalid("", "neuron %d, of kind %s, has bias %d", n, neuron.Kind(), c.Bias[n])
		}
	}
	return nil
}

// Connections returns how many connections reach the core: the synapses of the row of every axon.
func (c *Core) Connections() (n int64) {
	for a, r := range c.Row {
		if int(r) < len(c.Mode) {
			lo, hi := c.Synapses(a)
			n += int64(hi - lo)
		}
	}
	return n
}

// starts reports whether s divides total things among n: n+1 rising numbers from 0 to total.
func starts(s []uint32, n, total int) bool {
	if len(s) != n+1 || s[0] != 0 || int64(s[n]) != int64(total) {
		return false
	}
	for i := range n {
		if s[i] > s[i+1] {
			return false
		}
	}
	return true
}

func (f Profile) check() *diag.Error {
	if f.Neuron == nil {
		return invalid("", "a profile has no neuron")
	}
	if err := f.Neuron.Check(); err != nil {
		return invalid("", "%v", err)
	}
	if f.WeightExp < -8 || f.WeightExp > 7 || f.BiasExp < -fixed.MaxBiasExp || f.BiasExp > fixed.MaxBiasExp ||
		f.ResetInterval < 0 || f.ResetPhase < 0 || f.ResetPhase >= max(f.ResetInterval, 1) {
		return invalid("", "a profile has weight exponent %d, bias exponent %d, reset phase %d of %d",
			f.WeightExp, f.BiasExp, f.ResetPhase, f.ResetInterval)
	}
	return nil
}

// checkRows checks the synapses and proves that no accumulator can wrap, but by graded spikes.
func (c *Core) checkRows() *diag.Error {
	for r, mode := range c.Mode {
		bits := c.WeightBits[r]
		if mode > fixed.Inhibitory || bits < 1 || bits > 8 || c.Format[r] > Dense {
			return invalid("", "row %d has sign mode %d, %d weight bits, format %d", r, mode, bits, c.Format[r])
		}
		before := -1
		for s := c.RowStart[r]; s < c.RowStart[r+1]; s++ {
			n := int(c.Target[s])
			if n <= before {
				return invalid("", "row %d has a synapse to neuron %d after %d", r, n, before)
			}
			before = n
			w := mode.Weight(c.Code[s])
			if fixed.Truncate(int64(w), int(bits), mode) != w {
				return invalid("", "row %d has weight %d, which %d %s bits cannot hold", r, w, bits, mode)
			}
			if c.Delay != nil && int(c.Delay[s])+2 > 1<<c.DelayBits {
				return invalid("", "row %d has a delay of %d in %d bits", r, c.Delay[s], c.DelayBits)
			}
		}
	}
	sum, used := make([]int64, len(c.Profile)), make([]bool, len(c.Mode))
	var imag []int64
	if c.Flags != nil {
		imag = make([]int64, len(sum))
	}
	for a, r := range c.Row {
		if int(r) >= len(used) {
			return invalid("", "axon %d has row %d of %d", a, r, len(used))
		}
		used[r] = true
		flags := c.flags(a)
		if flags > GradedAxon|ImagAxon {
			return invalid("", "axon %d has the flags %d", a, flags)
		}
		lo, hi := c.Synapses(a)
		if lo == hi {
			continue
		}
		first := int(c.Base[a])
		if last := first + int(c.Target[hi-1]); last >= len(sum) {
			return invalid("", "axon %d has a synapse to neuron %d of %d", a, last, len(sum))
		}
		part := sum[first:]
		if flags&ImagAxon != 0 {
			part = imag[first:]
			for _, n := range c.Target[lo:hi] {
				if neuron := c.Profiles[c.Profile[first+int(n)]].Neuron; !fixed.Complex(neuron) {
					return invalid("", "axon %d has an imaginary weight to a neuron of kind %s", a, neuron.Kind())
				}
			}
		}
		if flags&GradedAxon != 0 {
			continue
		}
		mode := c.Mode[r]
		for s, n := range c.Target[lo:hi] {
			w := int64(mode.Weight(c.Code[lo:hi][s]))
			part[n] += max(w, -w)
		}
	}
	if r := slices.Index(used, false); r >= 0 {
		return invalid("", "row %d has no axon", r)
	}
	for _, part := range [][]int64{sum, imag} {
		for n, s := range part {
			if err := checkSum(s, c.Profiles[c.Profile[n]].WeightExp); err != nil {
				err.Msg = fmt.Sprintf("neuron %d: %s", n, err.Msg)
				return err
			}
		}
	}
	return nil
}

// checkHomes checks that layers and compartments correspond one to one.
func (p *Program) checkHomes() error {
	taken := make([][]bool, len(p.Cores))
	free := 0
	for c := range p.Cores {
		taken[c] = make([]bool, len(p.Cores[c].Profile))
		free += len(taken[c])
	}
	for k := range p.Layers {
		l := &p.Layers[k]
		if size, ok := shapeSize(l.Shape); !ok || size != len(l.Home) {
			return invalid("", "layer %q of shape %v has %d neurons", l.Name, l.Shape, len(l.Home))
		}
		for o, h := range l.Home {
			if int64(h.Core) >= int64(len(taken)) || int(h.Neuron) >= len(taken[h.Core]) || taken[h.Core][h.Neuron] {
				return invalid("", "neuron %d of layer %q has no compartment of its own at core %d, %d", o, l.Name, h.Core, h.Neuron)
			}
			taken[h.Core][h.Neuron] = true
		}
		free -= len(l.Home)
	}
	if free != 0 {
		return invalid("", "%d compartments belong to no layer", free)
	}
	return nil
}

// shapeSize returns the number of neurons of a population, which may be empty.
func shapeSize(s snn.Shape) (int, bool) {
	if min(s.W, s.H, s.C) < 0 || max(s.W, s.H, s.C) > snn.MaxNeurons || s.W*s.H > snn.MaxNeurons {
		return 0, false
	}
	n := s.Size()
	return n, n <= snn.MaxNeurons
}

// checkRoutes checks that every route leads to an axon that no other leads to.
func (p *Program) checkRoutes() error {
	size, ok := shapeSize(p.Input)
	if !ok || !starts(p.InputStart, size, len(p.InputRoute)) {
		return invalid("", "the input of shape %v has %d routes", p.Input, len(p.InputRoute))
	}
	fed := make([][]bool, len(p.Cores))
	for c := range p.Cores {
		fed[c] = make([]bool, len(p.Cores[c].Row))
	}
	check := func(from string, start []uint32, routes []Route) error {
		for n := range len(start) - 1 {
			mine := routes[start[n]:start[n+1]]
			for i, r := range mine {
				if int64(r.Core) >= int64(len(fed)) || int(r.Axon) >= len(fed[r.Core]) || r.Delay > snn.MaxDelay {
					return invalid("", "%s neuron %d sends to core %d axon %d after %d ticks: no such axon or too late", from, n, r.Core, r.Axon, r.Delay)
				}
				if fed[r.Core][r.Axon] {
					return invalid("", "%s neuron %d sends to core %d axon %d, which has a source already", from, n, r.Core, r.Axon)
				}
				fed[r.Core][r.Axon] = true
				if i > 0 && (mine[i-1].Core > r.Core || mine[i-1].Core == r.Core && mine[i-1].Axon > r.Axon) {
					return invalid("", "%s neuron %d has routes out of order", from, n)
				}
			}
		}
		return nil
	}
	if err := check("input", p.InputStart, p.InputRoute); err != nil {
		return err
	}
	for c := range p.Cores {
		if err := check(p.Cores[c].name(), p.Cores[c].OutStart, p.Cores[c].Route); err != nil {
			return err
		}
	}
	return nil
}
