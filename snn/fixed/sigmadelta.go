package fixed

import "fmt"

// The kinds of neurons that send differences as graded messages.
const (
	kindDelta      = "delta"
	kindSigma      = "sigma"
	kindSigmaDelta = "sigma-delta"
)

// Activations of sigma-delta neurons.
const (
	ReLU     = "relu"
	Identity = "identity"
)

// maxGradedExp is the largest exponent of messages and of state, 3 bits each.
const maxGradedExp = 7

// Delta holds the parameters of neurons that send how much their input has changed
// since they sent last (Lava's Delta). An activation counts in 1/2^(SpikeExp+StateExp),
// a message in 1/2^SpikeExp.
//
// Registers of 32 bits that wrap: V the activation, W the residue, what of the change was
// not sent, X the error, the sum of changes since the last message.
type Delta struct {
	VTh      int32 // threshold mantissa: a message needs a change of at least VTh << (SpikeExp+StateExp)
	SpikeExp int32 // fraction bits of messages, 0..7
	StateExp int32 // further fraction bits of the state, which messages do not have, 0..7
	CumError bool  // the threshold is on the error instead of on the change
}

// Kind returns "delta".
func (Delta) Kind() string { return kindDelta }

func (p Delta) String() string {
	return fmt.Sprintf("v_th %d, spike_exp %d, state_exp %d, cum_error %v", p.VTh, p.SpikeExp, p.StateExp, p.CumError)
}

// Check returns what is wrong with the parameters.
func (p Delta) Check() error {
	return within(parameter{"v_th", p.VTh, 0, MaxVTh}, parameter{"spike_exp", p.SpikeExp, 0, maxGradedExp}, parameter{"state_exp", p.StateExp, 0, maxGradedExp})
}

// Advance sends the change of the input, which is the activation.
func (p Delta) Advance(s *State, in Drive) int32 {
	return p.encode(s, int32(in.Sum<<(p.SpikeExp+p.StateExp)))
}

// encode makes act the activation and returns the message that its change gives.
func (p Delta) encode(s *State, act int32) int32 {
	change := act - s.V + s.W
	measured := change
	if p.CumError {
		s.X += change
		measured = s.X
	}
	send := int32(0)
	if magnitude := max(int64(measured), -int64(measured)); magnitude >= int64(p.VTh)<<(p.SpikeExp+p.StateExp) {
		send = change
	}
	if send != 0 {
		s.X = 0
	}
	s.V, s.W = act, change-send
	return send >> p.StateExp
}

// Sigma is the neuron that sums up what arrives and sends the sum (Lava's Sigma): the end
// of a sigma-delta network. Registers of 32 bits that wrap: U and V both hold the sum.
type Sigma struct{}

// Kind returns "sigma".
func (Sigma) Kind() string { return kindSigma }

func (Sigma) String() string { return "no parameters" }

// Check returns nil.
func (Sigma) Check() error { return nil }

// Advance adds the input to the sum and sends it.
func (Sigma) Advance(s *State, in Drive) int32 {
	s.U += int32(in.Sum)
	s.V = s.U
	return s.U
}

// SigmaDelta holds the parameters of neurons that sum up the differences that arrive,
// apply an activation and send how much that has changed (Lava's SigmaDelta). The
// registers are those of Delta, and U the sum.
type SigmaDelta struct {
	VTh        int32 // as of Delta
	SpikeExp   int32
	StateExp   int32
	CumError   bool
	Activation string // ReLU or Identity
}

// Kind returns "sigma-delta".
func (SigmaDelta) Kind() string { return kindSigmaDelta }

func (p SigmaDelta) String() string { return p.delta().String() + ", activation " + p.Activation }

func (p SigmaDelta) delta() Delta { return Delta{p.VTh, p.SpikeExp, p.StateExp, p.CumError} }

// Check returns what is wrong with the parameters.
func (p SigmaDelta) Check() error {
	if p.Activation != ReLU && p.Activation != Identity {
		return badParameter("activation is %q, allowed are %s and %s", p.Activation, ReLU, Identity)
	}
	return p.delta().Check()
}

// Advance sends the change of the activation of sum and bias. The bias counts in
// 2^(SpikeExp+StateExp).
func (p SigmaDelta) Advance(s *State, in Drive) int32 {
	s.U += int32(in.Sum)
	act := s.U + int32(in.Bias<<(p.SpikeExp+p.StateExp))
	if p.Activation == ReLU {
		act = max(0, act)
	}
	return p.delta().encode(s, act)
}
