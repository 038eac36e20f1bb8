package train

import (
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
)

// rhoTableSize returns where the table of a surrogate ends, in units of tau·θ, and how
// many entries it has at most. Beyond the end ρ is taken as 0; of its peak it is below
// e⁻¹⁶ there (exponential), below 1/16000 (fast sigmoid, whose tail is what it is taken
// for), or 0 (triangle). The table is above ρ by
// at most 1/64 of it (exponential), 1/32 (fast sigmoid), or 1/1024 of the peak (triangle).
func rhoTableSize(kind string) (end float64, entries int) {
	switch kind {
	case "fast_sigmoid":
		return 128, 1 << 14
	case "triangle":
		return 1, 1 << 11
	}
	return 16, 1 << 11
}

// rho returns the surrogate derivative at x = |v − θ|/(tau·θ), see snn.Surrogate.
func rho(kind string, x float64) float64 {
	switch kind {
	case "fast_sigmoid":
		return 1 / float64((1+x)*(1+x))
	case "triangle":
		return max(0, 1-x)
	}
	return exp(-x)
}

// rhoTable tabulates ρ over |v − θ|: entry k is ρ at k·step, for the distances from
// there up to (k+1)·step. It is a table so that training costs the same for all kinds.
func rhoTable(s snn.Surrogate, theta, step float64, entries int) []float32 {
	width := s.Tau * theta
	table := make([]float32, entries)
	for k := range table {
		table[k] = float32(rho(s.Kind, float64(k)*step/width) * s.Scale / width)
	}
	return table
}

// unitV is the integer voltage of one training unit.
const unitV = WeightOne << fixed.ActShift

// integerRho returns the table of integer neurons, by |v − θ| >> shift.
func integerRho(s snn.Surrogate, n snn.Neuron) (table []float32, shift uint) {
	theta := float64(max(1, n.VTh)) / WeightOne
	end, entries := rhoTableSize(s.Kind)
	span := end * s.Tau * theta * unitV
	for span/float64(int64(1)<<shift) > float64(entries) && shift < 31 {
		shift++
	}
	entries = min(entries, int(span/float64(int64(1)<<shift))+1)
	return rhoTable(s, theta, float64(int64(1)<<shift)/unitV, entries), shift
}

// floatRho is the table of neurons in float, by |v − θ| times scale.
type floatRho struct {
	table []float32
	scale float32
}

func newFloatRho(s snn.Surrogate, theta float64) floatRho {
	end, entries := rhoTableSize(s.Kind)
	step := end * s.Tau * theta / float64(entries)
	return floatRho{rhoTable(s, theta, step, entries), float32(1 / step)}
}

func (r *floatRho) at(distance float32) float32 {
	if k := distance * r.scale; k < float32(len(r.table)) {
		return r.table[int(k)]
	}
	return 0
}
