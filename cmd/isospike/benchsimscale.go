package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"github.com/isospike/isospike/sim"
)

// benchSimScale measures ticks of two dense layers over one setting at a time, on loihi1.
func (a *app) benchSimScale(ctx context.Context, budget time.Duration) error {
	type setting struct {
		width, delay, threads int
		rate                  float64
	}
	base := setting{width: 512, threads: 1, rate: 0.1}
	var b strings.Builder
	for _, table := range []struct {
		title  string
		values []string
		change func(s *setting, i int)
	}{
		{"width: neurons, and synapses by its square", []string{"128", "512", "1024", "2048"}, func(s *setting, i int) { s.width = []int{128, 512, 1024, 2048}[i] }},
		{"input spiking in a tick", []string{"0", "1 %", "10 %", "40 %"}, func(s *setting, i int) { s.rate = []float64{0, 0.01, 0.1, 0.4}[i] }},
		{"axonal delays up to, ticks", []string{"0", "6", "30", "62"}, func(s *setting, i int) { s.delay = []int{0, 6, 30, 62}[i] }},
		{"threads for one sample", []string{"1", fmt.Sprint(runtime.GOMAXPROCS(0))}, func(s *setting, i int) { s.threads, s.width = 1+i*(runtime.GOMAXPROCS(0)-1), 2048 }},
	} {
		var ticks, operations strings.Builder
		for i, v := range table.values {
			s := base
			table.change(&s, i)
			a.note("%s %s", table.title, v)
			n := denseStack(s.width, s.width, s.width)
			if s.delay > 0 {
				for k := range n.Layers {
					for o := range s.width {
						n.Layers[k].Delay = append(n.Layers[k].Delay, uint8(o*7%(s.delay+1)))
					}
				}
			}
			p, err := benchProgram(ctx, "loihi1", "", n)
			if err != nil {
				return err
			}
			m, err := sim.New(p)
			if err != nil {
				return err
			}
			// Short runs: the best of them is one that nothing interrupted.
			in := randomSpikes(1, s.width, max(20, 100*512*512/(s.width*s.width)), s.rate)
			synapses := int64(0)
			seconds, err := repeat(budget, func() error {
				r, err := m.Run(ctx, in, in.Ticks(), sim.Options{Threads: s.threads, Slow: a.slow})
				if err != nil {
					return err
				}
				synapses = 0
				for _, c := range r.Cores {
					synapses += c.Synapses
				}
				return nil
			})
			if err != nil {
				return err
			}
			best := seconds[0]
			fmt.Fprintf(&ticks, " %.3g |", 1e6*best/float64(in.Ticks()))
			fmt.Fprintf(&operations, " %.3g |", float64(synapses)/best/1e9)
		}
		fmt.Fprintf(&b, "| %s | %s |\n|---|%s\n| µs a tick |%s\n| G synaptic operations/s |%s\n\n", table.title, strings.Join(table.values, " | "), strings.Repeat("---|", len(table.values)), &ticks, &operations)
	}
	return a.result(b.String(), func(w io.Writer) { fmt.Fprint(w, b.String()) })
}
