package train

import (
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
)

// rhoEntries is the length of a surrogate table and rhoRange where it ends, in
// units of tau·θ: beyond, ρ is below e⁻¹⁶ of its peak and taken as 0.
const (
	rhoEntries = 2048
	rhoRange   = 16
)

// rhoTable tabulates ρ over |v − θ| in integer units, entry k for the distances
// k<<shift up to (k+1)<<shift. It is a table so that the same bits come out on
// every machine: exp is not the same function everywhere.
func rhoTable(s snn.Surrogate, n snn.Neuron) (table []float32, shift uint) {
	theta := float64(max(1, n.VTh)) / WeightOne // in training units
	width := s.Tau * theta
	span := rhoRange * width * WeightOne * (1 << fixed.ActShift)
	for span/float64(int64(1)<<shift) > rhoEntries && shift < 24 {
		shift++
	}
	entries := min(rhoEntries, int(span/float64(int64(1)<<shift))+1)
	step := float64(int64(1)<<shift) / (width * WeightOne * (1 << fixed.ActShift))
	// exp(−step) by its series, then powers of it: only + − × ÷, rounded alike everywhere.
	ratio, term := 1.0, 1.0
	for k := 1; k <= 30; k++ {
		term = -term * step / float64(k)
		ratio += term
	}
	table = make([]float32, entries)
	value := s.Scale / width
	for k := range table {
		table[k] = float32(value)
		value *= ratio
	}
	return table, shift
}
