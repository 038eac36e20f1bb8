package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/isospike/isospike/train"
	"github.com/isospike/isospike/train/kernel"
)

// machineRates are what one thread of this machine reaches, in operations a second.
type machineRates struct {
	adds8   float64 // int8 weights from the L2 cache added to sums
	adds32  float64 // float32 errors from the L2 cache added to sums
	mulAdds float64 // products added, within the L1 cache
	bytes   float64 // read and written within the L2 cache
}

// probe measures the rates, the best of several short runs each.
func probe() machineRates {
	best := func(ops float64, f func()) float64 {
		f()
		top := 0.0
		for range 20 {
			start := time.Now()
			for range 20 {
				f()
			}
			top = max(top, 20*ops/time.Since(start).Seconds())
		}
		return top
	}
	const n, rows = 512, 512
	var index []int32
	for i := range rows {
		index = append(index, int32(i*197%rows))
	}
	low := half(index)
	w8, acc := make([]int8, n*rows), make([]int32, n)
	w32, sum := make([]float32, n*rows/2), make([]float32, n)
	a, b, c := make([]float32, 48*64), make([]float32, 64*64), make([]float32, 48*64)
	from, to := make([]float32, 1<<15), make([]float32, 1<<15)
	return machineRates{
		adds8:   best(n*rows, func() { kernel.AddRowsI8(acc, w8, index) }),
		adds32:  best(n*rows, func() { kernel.AddRowsF32(sum, w32, low) }),
		mulAdds: best(48*64*64, func() { kernel.MulAdd(c, a, b, 48, 64, 64) }),
		bytes:   best(8<<15, func() { copy(to, from) }),
	}
}

// half returns the rows of the lower half of a matrix.
func half(index []int32) []int32 {
	low := make([]int32, 0, len(index))
	for _, i := range index {
		low = append(low, i/2)
	}
	return low
}

// Bytes that an update of one neuron moves at least: u, v and the summed input in and
// out, and in training ρ out; its adjoint takes e and ρ in and δ out. Adam reads a
// weight, its two moments and its gradient, and writes three.
const (
	forwardBytes = 24
	learnBytes   = 4
	adjointBytes = 12
	adamBytes    = 28
)

// least returns the least time that one thread needs for a sample, by stage.
func (r machineRates) least(w train.Work, batch int, forward bool) (seconds [train.Stages]float64) {
	seconds[train.StageForward] = w.Adds/r.adds8 + w.Updates*forwardBytes/r.bytes
	if !forward {
		seconds[train.StageForward] += w.Updates * learnBytes / r.bytes
		seconds[train.StageNeurons] = w.Updates * adjointBytes / r.bytes
		seconds[train.StageBelow] = w.MulAdds / r.mulAdds
		seconds[train.StageWeights] = w.Adds / r.adds32
		seconds[train.StageOptimiser] = w.Weights * adamBytes / r.bytes / float64(batch)
	}
	return seconds
}

// benchScale measures the dense step over one setting at a time.
func (a *app) benchScale(ctx context.Context, budget time.Duration) error {
	base := workloads[0]
	rates := probe()
	var b strings.Builder
	table := func(title string, values []string, change func(w *workload, i int) (threads int)) error {
		fmt.Fprintf(&b, "| %s | %s |\n|---|%s\n", title, strings.Join(values, " | "), strings.Repeat("---|", len(values)))
		fmt.Fprintf(&b, "| samples/s |")
		for i := range values {
			w := base
			threads := change(&w, i)
			a.note("%s %s", title, values[i])
			r, err := a.benchWorkload(ctx, w, "", threads, budget, rates)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %.0f |", r.Value)
		}
		b.WriteString("\n\n")
		return nil
	}
	var threads []string
	for n := 1; n <= runtime.GOMAXPROCS(0); n *= 2 {
		threads = append(threads, fmt.Sprint(n))
	}
	batch, ticks, density, width := []int{1, 8, 32, 64}, []int{100, 300, 900}, []float64{0.01, 0.05, 0.2}, []int{128, 512, 1024}
	for _, t := range []struct {
		title  string
		values []string
		change func(w *workload, i int) int
	}{
		{"threads", threads, func(_ *workload, i int) int { return 1 << i }},
		{"batch", words(batch), func(w *workload, i int) int { w.batch, w.samples = batch[i], batch[i]; return a.threads }},
		{"ticks", words(ticks), func(w *workload, i int) int { w.ticks = ticks[i]; return a.threads }},
		{"input density", words(density), func(w *workload, i int) int { w.density = density[i]; return a.threads }},
		{"hidden width", words(width), func(w *workload, i int) int {
			w.net = fmt.Sprintf("34x34x2-%d-%d-10", width[i], width[i])
			return a.threads
		}},
	} {
		if err := table(t.title, t.values, t.change); err != nil {
			return err
		}
	}
	return a.result(b.String(), func(w io.Writer) { fmt.Fprint(w, b.String()) })
}

func words[T any](values []T) (s []string) {
	for _, v := range values {
		s = append(s, fmt.Sprint(v))
	}
	return s
}
