package train

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/train/kernel"
)

// TestDenseGradient: with few and with many arrivals the gradient has the same bits,
// by whichever way it was added up.
func TestDenseGradient(t *testing.T) {
	const inputs, ticks, cols = 21, 70, 37
	v := &view{in: inputs, cols: cols}
	products := 0
	for _, density := range []float64{0, 0.2, 0.5, 0.8, 1} {
		r := rand.New(rand.NewPCG(uint64(100*density), 1))
		var arr arrivals
		arr.start = []int32{0}
		for range ticks {
			for i := range int32(inputs) {
				if r.Float64() < density {
					arr.index = append(arr.index, i)
				}
			}
			arr.start = append(arr.start, int32(len(arr.index)))
		}
		var from byNeuron
		from.fill(&arr, inputs)
		err := randomRows(r, ticks, cols, 0.9)
		for _, lo := range []int{0, 5} {
			const rows = 13
			got, want := make([]float32, rows*cols), make([]float32, rows*cols)
			for i := range rows {
				kernel.AddRowsF32(want[i*cols:][:cols], err, from.of(lo+i))
			}
			if !v.dense(&from, lo, got, err) {
				if density > 0.6 {
					t.Errorf("density %v is not taken as dense", density)
				}
				continue
			}
			if density < 0.3 {
				t.Errorf("density %v is taken as dense", density)
			}
			products++
			for i := range want {
				if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
					t.Fatalf("density %v, row %d, column %d: %v, want %v", density, lo+i/cols, i%cols, got[i], want[i])
				}
			}
		}
	}
	if products == 0 {
		t.Error("no product was compared")
	}
}
