package gold

import (
	"testing"

	"github.com/isospike/isospike/snn/fixed"
)

// fed runs a neuron for each row of an array on what the array and imag (nil for none)
// feed it tick by tick, and returns what it sends, and U and V.
func fed(p fixed.Neuron, a, imag []int64, bias func(o int) int64, ticks int) (sent, u, v []int64, end []fixed.State) {
	for o := range len(a) / ticks {
		var st fixed.State
		for t := range ticks {
			in := fixed.Drive{Sum: a[o*ticks+t], Bias: bias(o)}
			if imag != nil {
				in.Imag = imag[o*ticks+t]
			}
			sent = append(sent, int64(p.Advance(&st, in)))
			u, v = append(u, int64(st.U)), append(v, int64(st.V))
		}
		end = append(end, st)
	}
	return sent, u, v, end
}

// TestLavaRuntimeSigmaDelta runs Lava's Delta and SigmaDelta.
func TestLavaRuntimeSigmaDelta(t *testing.T) {
	for _, name := range append(sets(t, "delta_*"), sets(t, "sigmadelta_*")...) {
		t.Run(name, func(t *testing.T) {
			c, s := compare(t), open(t, "lava_runtime", name+".npz")
			var m struct {
				Kind       string
				VTh        int32 `json:"vth"`
				SpikeExp   int32 `json:"spike_exp"`
				StateExp   int32 `json:"state_exp"`
				CumError   int   `json:"cum_error"`
				Activation int   `json:"act_mode"`
			}
			s.meta(&m)
			bias := func(int) int64 { return 0 }
			var p fixed.Neuron = fixed.Delta{VTh: m.VTh, SpikeExp: m.SpikeExp, StateExp: m.StateExp, CumError: m.CumError != 0}
			if m.Kind == "SigmaDelta" {
				p = fixed.SigmaDelta{VTh: m.VTh, SpikeExp: m.SpikeExp, StateExp: m.StateExp, CumError: m.CumError != 0,
					Activation: []string{fixed.Identity, fixed.ReLU}[m.Activation]}
				biases := s.ints("bias")
				bias = func(o int) int64 { return biases[o] }
			}
			if err := p.Check(); err != nil {
				t.Fatal(err)
			}
			sent, _, _, end := fed(p, s.ints("a_in"), nil, bias, s.shape("a_in")[1])
			c.values("s_out", sent, s.ints("s_out"))
			if m.Kind == "SigmaDelta" {
				var sigma []int64
				for _, st := range end {
					sigma = append(sigma, int64(st.U))
				}
				c.values("sigma", sigma, s.ints("sigma_final"))
			}
		})
	}
}

// TestLavaRuntimeResonate runs Lava's RF and RF_IZ.
func TestLavaRuntimeResonate(t *testing.T) {
	for _, name := range sets(t, "rf_*") {
		t.Run(name, func(t *testing.T) {
			c, s := compare(t), open(t, "lava_runtime", name+".npz")
			var m struct {
				Kind      string
				Sin       int32 `json:"sin_decay_int"`
				Cos       int32 `json:"cos_decay_int"`
				VTh       int32 `json:"vth_int"`
				StateExp  int   `json:"state_exp"`
				DecayBits int   `json:"decay_bits"`
			}
			s.meta(&m)
			if m.StateExp != fixed.ActShift || m.DecayBits != fixed.DecayShift || m.VTh%(1<<fixed.ActShift) != 0 {
				t.Fatalf("%+v is not of this form", m)
			}
			rf := fixed.RF{Sin: m.Sin, Cos: m.Cos, VTh: m.VTh >> fixed.ActShift}
			p, ok := map[string]fixed.Neuron{"RF": rf, "RF_IZ": fixed.RFIZ(rf)}[m.Kind]
			if !ok {
				t.Fatalf("a recording of %q", m.Kind)
			}
			if err := p.Check(); err != nil {
				t.Fatal(err)
			}
			sent, re, im, _ := fed(p, s.ints("a_real"), s.ints("a_imag"), func(int) int64 { return 0 }, s.shape("a_real")[1])
			c.values("s_out", sent, s.ints("s_out"))
			c.values("real", re, s.ints("real"))
			c.values("imag", im, s.ints("imag"))
		})
	}
}
