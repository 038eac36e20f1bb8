package kernel_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/train"
	"github.com/isospike/isospike/train/kernel"
)

// noise is a classification task of random spikes.
type noise struct{}

func (noise) Len() int        { return 24 }
func (noise) Classes() int    { return 11 }
func (noise) Label(i int) int { return i % 11 }
func (noise) Raster(i, _, _ int) (*spike.Raster, error) {
	r := rand.New(rand.NewPCG(uint64(i%11), 0))
	in := spike.NewRaster(50)
	for range 60 {
		var f []int32
		for n := range int32(50) {
			if r.IntN(8) == 0 {
				f = append(f, n)
			}
		}
		in.Append(f...)
	}
	return in, nil
}

// TestModelIsTheSame trains on every instruction set: the model file must not
// differ in a bit.
func TestModelIsTheSame(t *testing.T) {
	for _, arithmetic := range []string{"integer", "float"} {
		for _, ref := range []int{1, 3} {
			var first []byte
			kernel.OnEvery(t, func(t *testing.T) {
				e := snn.DefaultExperiment()
				e.Net = "50x1-139d-86d-11"
				e.Training.Epochs, e.Training.Arithmetic, e.Training.Batch = 3, arithmetic, 8
				e.Training.GradReset, e.Neuron.RefDelay = ref > 1, ref
				m, err := train.NewModel(e)
				if err != nil {
					t.Fatal(err)
				}
				if err := train.NewTrainer(m, 60, 2).Fit(context.Background(), noise{}, train.Fit{}); err != nil {
					t.Fatal(err)
				}
				var b bytes.Buffer
				if err := safetensors.Write(&b, m.File()); err != nil {
					t.Fatal(err)
				}
				if first == nil {
					first = b.Bytes()
				}
				if !bytes.Equal(b.Bytes(), first) {
					t.Errorf("%s arithmetic, refractory %d: another model than from Go", arithmetic, ref)
				}
			})
		}
	}
}
