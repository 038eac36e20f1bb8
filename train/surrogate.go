package train

import (
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
)

// rhoEntries is the most entries that a surrogate table has. It ends where ρ is
// below e⁻¹⁶ of its peak (exponential), below 1/1000 (fast sigmoid), or 0 (triangle).
const rhoEntries = 2048

func rhoRange(kind string) float64 {
	switch kind {
	case "fast_sigmoid":
		return 32
	case "triangle":
		return 1
	}
	return 16
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

// rhoTable tabulates ρ over |v − θ| in training units, entry k for the distances from
// k·step up to (k+1)·step. step is a power of two times unit.
func rhoTable(s snn.Surrogate, theta, unit float64) (table []float32, shift uint) {
	width := s.Tau * theta
	span := rhoRange(s.Kind) * width / unit
	for span/float64(int64(1)<<shift) > rhoEntries && shift < 40 {
		shift++
	}
	entries := min(rhoEntries, int(span/float64(int64(1)<<shift))+1)
	step := float64(int64(1)<<shift) * unit / width
	table = make([]float32, entries)
	for k := range table {
		table[k] = float32(rho(s.Kind, float64(k)*step) * s.Scale / width)
	}
	return table, shift
}

// unitV is the integer voltage of one training unit.
const unitV = WeightOne << fixed.ActShift

// integerRho returns the table of integer neurons, by |v − θ| >> shift.
func integerRho(s snn.Surrogate, n snn.Neuron) (table []float32, shift uint) {
	return rhoTable(s, float64(max(1, n.VTh))/WeightOne, 1.0/unitV)
}

// floatRho is the table of neurons in float, by |v − θ| times scale.
type floatRho struct {
	table []float32
	scale float32
}

func newFloatRho(s snn.Surrogate, theta float64) floatRho {
	table, shift := rhoTable(s, theta, 1.0/unitV)
	return floatRho{table, float32(unitV) / float32(int64(1)<<shift)}
}

func (r *floatRho) at(distance float32) float32 {
	if k := distance * r.scale; k < float32(len(r.table)) {
		return r.table[int(k)]
	}
	return 0
}
