package kernel

import "github.com/isospike/isospike/snn/fixed"

// Strip is a contiguous piece of a row of synapses: Len codes from From on belong to Len sums from To on.
type Strip struct{ To, From, Len int32 }

// Add adds weights to sums: acc[To+j] += mode.Weight(codes[From+j]) for j < Len of every strip. It
// panics where a strip is not within acc and codes.
func Add(mode fixed.SignMode, acc []int32, codes []uint8, strips []Strip) {
	add(mode, acc, codes, strips)
}

func addGo(mode fixed.SignMode, acc []int32, codes []uint8, strips []Strip) {
	for _, s := range strips {
		row := codes[s.From:][:s.Len]
		to := acc[s.To:][:len(row)]
		switch mode {
		case fixed.Mixed:
			for j, x := range row {
				to[j] += 2 * int32(int8(x))
			}
		case fixed.Excitatory:
			for j, x := range row {
				to[j] += int32(x)
			}
		case fixed.Inhibitory:
			for j, x := range row {
				to[j] -= int32(x)
			}
		}
	}
}
