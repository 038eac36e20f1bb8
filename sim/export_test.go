package sim

// Ways counts what the fast path does with m's program: the cores that it runs, and the rows of these by how they are added.
func (m *Machine) Ways() (cores int, rows [filled + 1]int) {
	for i := range m.cores {
		if f := m.cores[i].fast; f != nil {
			cores++
			for _, w := range f.ways {
				rows[w.how]++
			}
		}
	}
	return cores, rows
}

// Registers returns u, v, ref and the accumulators, to be spoilt.
func (m *Machine) Registers() [4][]int32 { return [4][]int32{m.u, m.v, m.ref, m.acc} }
