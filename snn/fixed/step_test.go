package fixed_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/isospike/isospike/compile/nettest"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
)

// TestStepper: a tick at a time over all layers, every kind of network does what it does layer by layer.
func TestStepper(t *testing.T) {
	const ticks = 150 // more than arrivals are ahead
	nets, values, spikes, graded := 0, 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		syn := rapid.SampledFrom([]int{0, 3, snn.MaxDelay}).Draw(t, "synaptic delay")
		net := nettest.Network(t, nettest.Config{MaxVTh: fixed.MaxVTh, MaxDelay: snn.MaxDelay + syn, MaxSynDelay: syn,
			Reset: true, SRM: rapid.Bool().Draw(t, "srm"), Kinds: rapid.Bool().Draw(t, "kinds")})
		in := nettest.Input(t, net, ticks)
		want, err := net.Run(in, ticks, true)
		if err != nil {
			t.Fatal(err)
		}
		s, lag := fixed.NewStepper(net), net.Convention.SpikeLag
		for tick := range ticks {
			s.Step(in.At(tick), in.Messages(tick))
			for k, w := range want {
				for o := range w.Spikes.Neurons {
					if at, i := s.State(k, o), o*ticks+tick; at.U != w.U[i] || at.V != w.V[i] {
						t.Fatalf("layer %d, neuron %d, tick %d: %+v, want u %d, v %d", k+1, o, tick, at, w.U[i], w.V[i])
					}
					values += 2
				}
				if tick+lag >= ticks {
					continue
				}
				neurons, messages := s.Sent(k)
				if !slices.Equal(neurons, w.Spikes.At(tick+lag)) {
					t.Fatalf("layer %d, tick %d: %v send, want %v", k+1, tick, neurons, w.Spikes.At(tick+lag))
				}
				if carry := w.Spikes.Messages(tick + lag); carry != nil {
					graded += len(carry)
					if !slices.Equal(messages, carry) {
						t.Fatalf("layer %d, tick %d: %v are sent, want %v", k+1, tick, messages, carry)
					}
				}
				spikes += len(neurons)
			}
		}
		nets++
	})
	t.Logf("compared %d values and %d spikes, %d of them graded, of %d nets", values, spikes, graded, nets)
	if values == 0 || spikes == 0 || graded == 0 {
		t.Error("too little was compared")
	}
}
