package train

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/snn/spike"
)

// noise is random input at a fixed rate, made once.
type noise []*spike.Raster

func (n noise) Len() int        { return len(n) }
func (n noise) Classes() int    { return 10 }
func (n noise) Label(i int) int { return i % 10 }
func (n noise) Raster(i, dx, dy int) (*spike.Raster, error) {
	return n[i], nil
}

func benchmarkTrainer(b *testing.B, net string, batch int) (*Trainer, noise, []sample) {
	e := testExperiment(net)
	e.Training.Batch, e.Training.InitRate = batch, 0.2
	m, err := NewModel(e)
	if err != nil {
		b.Fatal(err)
	}
	t := NewTrainer(m, 300, 0)
	var src noise
	var batchOf []sample
	for i := range batch {
		src = append(src, randomRaster(rand.New(rand.NewPCG(1, uint64(i))), m.Net.Input.Size(), 300, 0.05))
		batchOf = append(batchOf, sample{index: i})
	}
	if err := t.calibrate(context.Background(), src); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	return t, src, batchOf
}

// Both run 300 ticks with 5 % of the inputs spiking a tick and hidden rates of 20 %.
func BenchmarkStep2312x512x512x10(b *testing.B) {
	t, src, batch := benchmarkTrainer(b, "34x34x2-512d-512d-10", 32)
	for b.Loop() {
		if err := t.step(context.Background(), src, batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(batch))/b.Elapsed().Seconds(), "samples/s")
}

func BenchmarkForward2312x512x512x10(b *testing.B) {
	t, src, _ := benchmarkTrainer(b, "34x34x2-512d-512d-10", 32)
	for b.Loop() {
		if _, err := t.Evaluate(context.Background(), src, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(src))/b.Elapsed().Seconds(), "samples/s")
}

func BenchmarkConvStep(b *testing.B) {
	t, src, batch := benchmarkTrainer(b, "34x34x2-12c5-2a-64c5-2a-10o", 8)
	for b.Loop() {
		if err := t.step(context.Background(), src, batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(batch))/b.Elapsed().Seconds(), "samples/s")
}

func BenchmarkConvForward(b *testing.B) {
	t, src, _ := benchmarkTrainer(b, "34x34x2-12c5-2a-64c5-2a-10o", 8)
	for b.Loop() {
		ev, err := t.Evaluate(context.Background(), src, nil)
		if err != nil {
			b.Fatal(err)
		}
		if b.N == 1 {
			b.Log(ev.Spikes)
		}
	}
	b.ReportMetric(float64(b.N*len(src))/b.Elapsed().Seconds(), "samples/s")
}
