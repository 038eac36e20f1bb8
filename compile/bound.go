package compile

// CoreBound returns how many cores no layout of p's synapses on t can go below: its
// neurons, its sources and its synapses, each over what a core holds, with every row as
// cheap as the cheapest of any length.
func (p *Program) CoreBound(t Target) int {
	l := t.Limits().bounded()
	neurons := 0
	for i := range p.Layers {
		neurons += len(p.Layers[i].Home)
	}
	sources := map[[2]uint32]bool{} // that send anywhere, by core and neuron; inputs have no core
	var synapses [9]int             // by weight bits
	for c := range p.Cores {
		core := &p.Cores[c]
		for a := range core.Mode {
			synapses[min(8, int(core.WeightBits[a]))] += int(core.RowStart[a+1] - core.RowStart[a])
		}
		for n := range len(core.OutStart) - 1 {
			if core.OutStart[n+1] > core.OutStart[n] {
				sources[[2]uint32{uint32(c) + 1, uint32(n)}] = true
			}
		}
	}
	for i := range len(p.InputStart) - 1 {
		if p.InputStart[i+1] > p.InputStart[i] {
			sources[[2]uint32{0, uint32(i)}] = true
		}
	}
	words := 0.0
	for bits, n := range synapses {
		if n == 0 {
			continue
		}
		least := float64(t.RowWords(1, 1, bits, 0))
		for k := 2; k <= max(l.Neurons, 1); k++ {
			least = min(least, float64(t.RowWords(k, k, bits, 0))/float64(k))
		}
		words += float64(n) * least
	}
	bound := 1
	for _, x := range []struct {
		used  float64
		limit int
	}{{float64(neurons), l.Neurons}, {float64(len(sources)), l.AxonsIn}, {words, l.SynapseWords}} {
		if x.limit > 0 {
			bound = max(bound, int((x.used+float64(x.limit)-1)/float64(x.limit)))
		}
	}
	return bound
}
