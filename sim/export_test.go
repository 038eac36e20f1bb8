package sim

import "github.com/isospike/isospike/compile"

// Ways counts what the fast path does with m's program: the cores that it runs, and the rows of these by how they are added.
func (m *Machine) Ways() (cores int, rows [filled + 1]int) {
	for i := range m.cores {
		if f := m.cores[i].fast; f != nil {
			cores++
			if f.joined != nil {
				continue
			}
			for _, w := range f.ways {
				rows[w.how]++
			}
		}
	}
	return cores, rows
}

// Joined counts the cores that are joined.
func (m *Machine) Joined() (cores int) {
	for i := range m.units {
		if u := &m.units[i]; u.hi-u.lo > 1 {
			cores += u.hi - u.lo
		}
	}
	return cores
}

// Registers returns u, v, ref and the accumulators, to be spoilt.
func (m *Machine) Registers() [4][]int32 { return [4][]int32{m.u, m.v, m.ref, m.acc} }

// NewWithin is New of a valid program with so many bytes for the fast path, that joins cores wherever that is possible.
func NewWithin(p *compile.Program, bytes int) *Machine {
	return newTables(p, joins(p, true), bytes).machine()
}

// NewApart is New of a valid program without regard to memory, that joins no cores.
func NewApart(p *compile.Program) *Machine { return newTables(p, nil, 1<<40).machine() }

// Bytes returns about what m takes besides its program, and 3/10 of the program's tables.
func (m *Machine) Bytes() (used, limit int) {
	n := len(m.program.Cores)
	for i := range m.units {
		f := m.units[i].fast
		used += len(f.ways)*waySize + len(f.runs)*runSize + len(f.filled)
		if j := f.joined; j != nil {
			used += len(j.codes) + len(j.gaps) + 4*len(j.starts) + 4*len(j.axons)
		}
	}
	used += coreSize*n/2 + goalSize*(len(m.goals)+len(m.bits)) + 8*len(m.arrived) + 12*len(m.homes) + 8*m.slots*m.words + 4*(len(m.acc)+3*len(m.u))
	limit = budget(m.program) + coreSize*n + goalSize*len(m.program.InputStart)
	for i := range m.program.Cores {
		c := &m.program.Cores[i]
		limit += m.slots*len(c.Row)/8 + (neuronSize+4<<c.DelayBits)*len(c.Profile)
	}
	return used, limit
}

// Even counts the cores whose rows are even.
func (m *Machine) Even() (cores int) {
	for i := range m.units {
		if f := m.units[i].fast; f != nil && f.even {
			cores++
		}
	}
	return cores
}

// Buses counts the cores that are on a bus.
func (m *Machine) Buses() (cores int) {
	for _, b := range m.buses {
		cores += b.hi - b.lo
	}
	return cores
}
