package fixed_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/isospike/isospike/compile/nettest"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
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

// TestStepperDelays: the longest delays, axonal and synaptic, from a neuron that always spikes.
func TestStepperDelays(t *testing.T) {
	const ticks = 400
	always := fixed.CUBA{IDecay: 4096, VDecay: 4096, VTh: 0, RefDelay: 1}
	net := &fixed.Network{Input: snn.Flat(1), Convention: fixed.Axonal, Layers: []fixed.Layer{
		{Name: "1", In: snn.Flat(1), Out: snn.Flat(1), Weight: []int16{0}, WeightBits: 8, Neuron: always, BiasMant: []int16{1}, Delay: []uint8{snn.MaxDelay}},
		{Name: "2", In: snn.Flat(1), Out: snn.Flat(1), Weight: []int16{100}, WeightBits: 8, Neuron: fixed.CUBA{IDecay: 4096, VTh: fixed.MaxVTh, RefDelay: 1}, SynDelay: []uint8{snn.MaxDelay}},
	}}
	want, err := net.Run(spike.NewRaster(1), ticks, true)
	if err != nil {
		t.Fatal(err)
	}
	s := fixed.NewStepper(net)
	for tick := range ticks {
		s.Step(nil, nil)
		if at := s.State(1, 0); at.V != want[1].V[tick] || at.U != want[1].U[tick] {
			t.Fatalf("tick %d: %+v, want u %d, v %d", tick, at, want[1].U[tick], want[1].V[tick])
		}
	}
	if first := 1 + 2*snn.MaxDelay; want[1].U[first-1] != 0 || want[1].U[first] == 0 || s.State(1, 0).V == 0 {
		t.Errorf("u is %d in tick %d, %d before", want[1].U[first], first, want[1].U[first-1])
	}
}

// TestRunContext: a run ends soon after its context, with an Interrupted error, in the middle of a layer.
func TestRunContext(t *testing.T) {
	net := &fixed.Network{Input: snn.Flat(1), Convention: fixed.Axonal, Layers: []fixed.Layer{{
		Name: "1", In: snn.Flat(1), Out: snn.Flat(1), Weight: []int16{80}, WeightBits: 8, Neuron: fixed.CUBA{IDecay: 4096, VTh: 80, RefDelay: 1}}}}
	in := spike.NewRaster(1)
	for range 100 {
		in.Append(0)
	}
	for after, stops := range map[int]bool{1: true, 50: true, 150: true, 1000: false} { // checks of the context until it ends: one a tick of arrivals, and of neurons
		ctx := &ends{Context: t.Context(), after: after}
		recs, err := net.RunContext(ctx, in, 100, true)
		var e *diag.Error
		if stopped := errors.As(err, &e) && e.Kind == diag.Interrupted && errors.Is(err, context.Canceled) && recs == nil; stopped != stops || !stops && err != nil {
			t.Errorf("after %d checks: %v", after, err)
		}
		if stops && ctx.checks > after+5 {
			t.Errorf("after %d checks it goes on for %d more", after, ctx.checks-after)
		}
	}
}

// ends is a context that ends once it was asked so many times.
type ends struct {
	context.Context
	after, checks int
}

func (e *ends) Err() error {
	if e.checks++; e.checks > e.after {
		return context.Canceled
	}
	return nil
}
