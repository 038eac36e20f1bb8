package rtl_test

import (
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// TestClocks measures ticks of 256 neurons with events of 64 synapses. What bounds the sums: the
// synapse memory gives a line of 4 sparse or 8 dense synapses a clock, and the four banks add
// 4 synapses a clock. The rate is that of 50 more events, so that what every tick takes is not in it.
func TestClocks(t *testing.T) {
	v := variants[0]
	board := v.board(t)
	m, err := start(v.program(t))
	check(t, err)
	c := &chip{model: m, board: board, info: board.Info()}
	const fan, neurons, ticks = 64, 256, 4
	clocks := func(events int, targets func(r *rand.Rand, i int) []int) int {
		r := rand.New(rand.NewPCG(3, 4))
		net := &fixed.Network{Input: snn.Flat(events), Convention: fixed.Immediate, Layers: []fixed.Layer{{Name: "1", In: snn.Flat(events), Out: snn.Flat(neurons),
			WeightBits: 8, Neuron: fixed.CUBA{VTh: fixed.MaxVTh, RefDelay: 1}, Weight: make([]int16, events*neurons)}}}
		for i := range events {
			for _, n := range targets(r, i) {
				net.Layers[0].Weight[n*events+i] = 2
			}
		}
		p, err := compile.Compile(net, board)
		check(t, err)
		check(t, c.load(p))
		in := spike.NewRaster(events)
		all := make([]int32, events)
		for i := range all {
			all[i] = int32(i)
		}
		for range ticks {
			in.Append(all...)
		}
		y := tally{}
		check(t, c.run(p, in, ticks, &y))
		return y.clocks / ticks
	}
	rows := func(_ *rand.Rand, i int) (all []int) {
		for k := range fan {
			all = append(all, 4*(i%48)+k)
		}
		return all
	}
	random := func(r *rand.Rand, _ int) []int { return r.Perm(neurons)[:fan] }
	idle := clocks(1, func(*rand.Rand, int) []int { return nil })
	dense, dense2 := clocks(50, rows), clocks(100, rows)
	sparse, sparse2 := clocks(50, random), clocks(100, random)
	check(t, m.stop())
	rate := func(clocks int) float64 { return 50 * fan / float64(clocks) }
	t.Logf("256 neurons, one event without synapses: %d clocks a tick", idle)
	t.Logf("50 events of 64 synapses, dense rows: %d clocks, %.2f synapses a clock; the banks' limit is 4, the memory's 8", dense, rate(dense2-dense))
	t.Logf("50 events of 64 synapses, sparse rows at random targets: %d clocks, %.2f synapses a clock; the limit of both is 4", sparse, rate(sparse2-sparse))
	if dense > 1100 || dense2-dense > 800 || sparse > 1400 || idle > 310 {
		t.Error("the core has become slower")
	}
}
