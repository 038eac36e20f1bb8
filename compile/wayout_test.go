package compile_test

import (
	"testing"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/targets"
)

// TestWaysOut follows what errors advise: each way works on the target that it is told for, and no
// other is told.
func TestWaysOut(t *testing.T) {
	dense := func(in, out, bits, delays int) *fixed.Network {
		n := network(0, in, out, 4)
		for k := range n.Layers {
			l := &n.Layers[k]
			l.WeightBits = bits
			for i := range l.Weight {
				l.Weight[i] = 128
			}
			l.SynDelay = make([]uint8, len(l.Weight))
			for i := range l.SynDelay {
				l.SynDelay[i] = uint8(i / l.In.Size() % delays)
			}
		}
		return n
	}
	small := "prune connections or make the layers smaller"
	for _, c := range []struct {
		target    compile.Target
		bad, good *fixed.Network
		code, fix string
	}{
		{lookup(t, "hx8k"), dense(100, 100, 8, 1), dense(16, 100, 8, 1), "synapse-words-exceeded", small},
		{lookup(t, "hx8k"), dense(90, 40, 8, 3), dense(90, 40, 8, 1), "axons-in-exceeded",
			"prune connections or make the layers that feed this one smaller, or give the synapses of a source fewer different delays"},
		{lookup(t, "icebreaker"), dense(4, 100, 8, 4), dense(4, 100, 8, 2), "axons-out-exceeded",
			"prune connections or make the layers smaller, so that a neuron's targets lie on fewer cores, or give the synapses of a source fewer different delays"},
		{lookup(t, "loihi1"), dense(4097, 1, 8, 1), dense(4096, 1, 8, 1), "axons-in-exceeded", "prune connections or make the layers that feed this one smaller"},
		{loihiOf(t, "synapse_words = 60"), dense(61, 1, 8, 1), dense(60, 1, 8, 1), "synapse-words-exceeded", small + ", or use fewer weight bits, or shorten the delays"},
		{loihiOf(t, "synapse_words = 65\nchips = 1\ncores_per_chip = 1"), dense(20, 20, 8, 1), dense(20, 20, 2, 1), "synapse-words-exceeded", small + ", or use fewer weight bits, or shorten the delays"},
		{loihiOf(t, "synapse_words = 85\nchips = 1\ncores_per_chip = 1"), dense(20, 20, 8, 5), dense(20, 20, 8, 1), "synapse-words-exceeded", small + ", or use fewer weight bits, or shorten the delays"},
	} {
		compiled(t, c.good, c.target)
		if e := failure(t, c.bad, c.target); e.Code != c.code || e.Fix != c.fix || e.Used <= e.Limit {
			t.Errorf("%s: %v\n\tfix: %s", c.target.Name(), e, e.Fix)
		}
	}
}

// loihiOf returns loihi1 with other limits, whose axons share no rows.
func loihiOf(t *testing.T, limits string) compile.Target {
	t.Helper()
	x, err := targets.Parse("mine", []byte("inherits = \"loihi1\"\n[limits]\nshared_rows = false\n"+limits))
	check(t, err)
	return x
}
