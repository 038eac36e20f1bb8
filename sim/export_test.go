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
