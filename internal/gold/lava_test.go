package gold

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/isospike/isospike/internal/shared"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
)

// sets lists the recordings of the Lava runtime whose names match a pattern.
func sets(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(shared.Dir(t, "gold", "lava_runtime"), pattern+".npz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings %s (%v)", pattern, err)
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".npz")
	}
	return files
}

func TestLavaRuntimeLIF(t *testing.T) {
	for _, name := range sets(t, "lif_*") {
		t.Run(name, func(t *testing.T) {
			c, s := compare(t), open(t, "lava_runtime", name+".npz")
			var m struct {
				DU      int `json:"du"`
				DV      int `json:"dv"`
				VTh     int `json:"vth"`
				BiasExp int `json:"bias_exp"`
			}
			s.meta(&m)
			a, mant := s.ints("a_in"), s.ints("bias_mant")
			n, ticks := s.shape("a_in")[0], s.shape("a_in")[1]
			p := fixed.CUBA{IDecay: int32(m.DU + 1), VDecay: int32(m.DV), VTh: int32(m.VTh), RefDelay: 1}
			spikes, u, v := make([]int64, n*ticks), make([]int64, n*ticks), make([]int64, n*ticks)
			for o := range n {
				var st fixed.State
				for t := range ticks {
					if p.Step(&st, a[o*ticks+t], fixed.Shift(mant[o], m.BiasExp)) {
						spikes[o*ticks+t] = 1
					}
					u[o*ticks+t], v[o*ticks+t] = int64(st.U), int64(st.V)
				}
			}
			c.values("s", spikes, s.ints("s_out"))
			c.values("u", u, s.ints("u"))
			c.values("v", v, s.ints("v"))
		})
	}
}

// synapses runs Lava's Dense and DelayDense: what a layer hands its neurons for
// (graded) input spikes that act one step after they are sent. Lava scales what
// was sent in one step by itself, delay by delay, before it adds it to what
// arrives at the same time from other steps; with a negative exponent that floors
// more than once. fixed scales the sum that arrives. See docs/numerics.md.
func synapses(s set, l *fixed.Layer, message int) []int64 {
	ticks := s.shape("s_in")[1]
	total := make([]int64, l.Out.Size()*ticks)
	sent := make([]int64, len(total))
	graded := s.ints("s_in")
	for t := range ticks {
		clear(sent)
		for i := range l.In.Size() {
			payload := graded[i*ticks+t]
			if payload != 0 && message == 0 {
				payload = 1
			}
			l.Deliver(sent, ticks, i, t+1, payload)
		}
		for i, a := range sent {
			total[i] += fixed.Shift(a, l.WeightExp)
		}
	}
	return total
}

func TestLavaRuntimeDense(t *testing.T) {
	for _, name := range append(sets(t, "dense_*"), sets(t, "delaydense_*")...) {
		t.Run(name, func(t *testing.T) {
			c, s := compare(t), open(t, "lava_runtime", name+".npz")
			var m struct {
				Bits    int `json:"num_weight_bits"`
				Exp     int `json:"weight_exp"`
				Message int `json:"num_message_bits"`
			}
			s.meta(&m)
			raw, shape := s.ints("weights"), s.shape("weights")
			l := fixed.Layer{Out: snn.Flat(shape[0]), In: snn.Flat(shape[1]), WeightBits: m.Bits, WeightExp: m.Exp, Mode: fixed.InferMode(raw)}
			for _, w := range raw {
				l.Weight = append(l.Weight, fixed.Truncate(w, m.Bits, l.Mode))
			}
			if _, ok := s.arrays["delays"]; ok {
				for _, d := range s.ints("delays") {
					l.SynDelay = append(l.SynDelay, uint8(d))
				}
			}
			c.values("a_out", synapses(s, &l, m.Message), s.ints("a_out"))
		})
	}
}
