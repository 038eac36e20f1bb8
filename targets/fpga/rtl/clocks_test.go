package rtl_test

import (
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// TestClocks measures ticks of 256 neurons with 50 events of 64 synapses. What bounds the sums:
// the synapse memory gives a line of 4 sparse or 8 dense synapses a clock, and the four banks
// add 4 synapses a clock.
func TestClocks(t *testing.T) {
	v := variants[0]
	board := v.board(t)
	m, err := start(v.program(t))
	check(t, err)
	c := &chip{model: m, board: board, info: board.Info()}
	const events, fan, neurons, ticks = 50, 64, 256, 4
	clocks := func(targets func(r *rand.Rand, i int) []int, columns int) int {
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
		for range columns {
			in.Append(func() (all []int32) {
				for i := range int32(events) {
					all = append(all, i)
				}
				return all
			}()...)
		}
		y := tally{}
		check(t, c.run(p, in, ticks, &y))
		return y.clocks / ticks
	}
	none := func(*rand.Rand, int) []int { return []int{0} }
	idle := clocks(none, 0)
	dense := clocks(func(_ *rand.Rand, i int) (all []int) {
		for k := range fan {
			all = append(all, i*(neurons-fan)/events+k)
		}
		return all
	}, ticks)
	sparse := clocks(func(r *rand.Rand, _ int) []int { return r.Perm(neurons)[:fan] }, ticks)
	check(t, m.stop())
	rate := func(clocks int) float64 { return float64(events*fan) / float64(clocks-idle) }
	t.Logf("256 neurons without events: %d clocks a tick", idle)
	t.Logf("50 events of 64 synapses, dense rows: %d clocks, %.2f synapses a clock; the banks' limit is 4, the memory's 8", dense, rate(dense))
	t.Logf("50 events of 64 synapses, sparse rows at random targets: %d clocks, %.2f synapses a clock; the limit of both is 4", sparse, rate(sparse))
	if dense > 1300 || sparse > 1500 || idle > 330 {
		t.Error("the core has become slower")
	}
}
