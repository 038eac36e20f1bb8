package kernel

import "github.com/isospike/isospike/snn/fixed"

// Strip is a contiguous piece of a row of synapses: Len codes from From on belong to Len sums from To on.
type Strip struct{ To, Len, From int32 }

// Slack is how many sums there must be beyond those of the last strip. They are written, but do not change.
const Slack = 31

// Add adds weights to sums: acc[To+j] += mode.Weight(codes[From+j]) for j < Len of every strip. It
// panics where a strip is not within codes and acc, less Slack. It is quickest where strips with the same To and Len
// follow each other: their sums then stay in registers.
func Add(mode fixed.SignMode, acc []int32, codes []uint8, strips []Strip) {
	for _, s := range strips { // a negative number is a large one; three of them do not wrap in 64 bits
		to, from, n := uint64(uint32(s.To)), uint64(uint32(s.From)), uint64(uint32(s.Len))
		if to+n+Slack > uint64(len(acc)) || from+n > uint64(len(codes)) {
			panic("kernel: strip out of range")
		}
	}
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

// Scatter adds weights to sums at places of their own: acc[To+targets[From+j]] += mode.Weight(codes[From+j]) for j < Len of every
// strip. It panics where a strip is not within codes and targets, or a sum not within acc.
func Scatter(mode fixed.SignMode, acc []int32, targets []uint16, codes []uint8, strips []Strip) {
	for _, s := range strips {
		if s.To < 0 || uint64(uint32(s.From))+uint64(uint32(s.Len)) > uint64(min(len(targets), len(codes))) {
			panic("kernel: strip out of range")
		}
	}
	scatter(mode, acc, targets, codes, strips)
}

func scatterGo(mode fixed.SignMode, acc []int32, targets []uint16, codes []uint8, strips []Strip) {
	for _, s := range strips {
		row := codes[s.From:][:s.Len]
		to := acc[s.To:]
		for j, t := range targets[s.From:][:len(row)] {
			switch x := row[j]; mode {
			case fixed.Mixed:
				to[t] += 2 * int32(int8(x))
			case fixed.Excitatory:
				to[t] += int32(x)
			case fixed.Inhibitory:
				to[t] -= int32(x)
			}
		}
	}
}
