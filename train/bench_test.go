package train

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/snn/spike"
)

// noise is random input at a fixed rate, made once. With a pattern it has no classes.
type noise struct {
	in     []*spike.Raster
	wanted *spike.Raster
}

func (n noise) Len() int { return len(n.in) }
func (n noise) Classes() int {
	if n.wanted != nil {
		return 0
	}
	return 10
}
func (n noise) Label(i int) int                             { return i % 10 }
func (n noise) Raster(i, dx, dy int) (*spike.Raster, error) { return n.in[i], nil }
func (n noise) Pattern(int) (*spike.Raster, error)          { return n.wanted, nil }

// The workloads are those of `isospike bench train`, on noise: where nothing else is
// said 300 ticks with 5 % of the inputs spiking a tick, and hidden layers that start
// at 20 %.
func benchmark(b *testing.B, net string, batch, ticks int, density, rate float64, forward bool) {
	e := testExperiment(net)
	e.Training.Batch, e.Training.InitRate = batch, rate
	src := noise{}
	r := func(n int) *rand.Rand { return rand.New(rand.NewPCG(1, uint64(n))) }
	if net == oxfordNet {
		e.Loss.Kind = "spike_train"
		src.wanted = randomRaster(r(batch), 200, ticks, 10361.0/(200*1900))
	}
	m, err := NewModel(e)
	if err != nil {
		b.Fatal(err)
	}
	t := NewTrainer(m, ticks, 0)
	var index []int
	for i := range batch {
		src.in = append(src.in, randomRaster(r(i), m.Net.Input.Size(), ticks, density))
		index = append(index, i)
	}
	if err := t.Step(context.Background(), src, index); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if forward {
			_, err = t.Evaluate(context.Background(), src, nil)
		} else {
			err = t.Step(context.Background(), src, index)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "samples/s")
}

const (
	denseNet  = "34x34x2-512-512-10"
	delayNet  = "34x34x2-512d-512d-10"
	convNet   = "34x34x2-12c5-2a-64c5-2a-10o"
	oxfordNet = "200x1-256-200"
)

func BenchmarkDenseStep(b *testing.B)    { benchmark(b, denseNet, 32, 300, 0.05, 0.2, false) }
func BenchmarkDenseForward(b *testing.B) { benchmark(b, denseNet, 32, 300, 0.05, 0.2, true) }
func BenchmarkDelayStep(b *testing.B)    { benchmark(b, delayNet, 32, 300, 0.05, 0.2, false) }
func BenchmarkDelayForward(b *testing.B) { benchmark(b, delayNet, 32, 300, 0.05, 0.2, true) }
func BenchmarkConvStep(b *testing.B)     { benchmark(b, convNet, 8, 300, 0.05, 0.2, false) }
func BenchmarkConvForward(b *testing.B)  { benchmark(b, convNet, 8, 300, 0.05, 0.2, true) }
func BenchmarkOxfordStep(b *testing.B) {
	benchmark(b, oxfordNet, 1, 1900, 1889.0/(200*1900), 0.03, false)
}
