package sim

import (
	"context"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// A Side is one of two executors in lockstep, at rest before tick 0.
type Side interface {
	// Step runs tick t, the next one, with column t of the input, none past its end.
	Step(ctx context.Context, in *spike.Raster, t int) error
	// Sent returns the neurons of layer k that sent in the last tick, ascending, and what they sent, nil where all
	// are plain spikes. It is not known where ok is false. The slices are valid until the next Step.
	Sent(k int) (neurons, messages []int32, ok bool)
	// State returns the registers of a neuron after the last tick, and which of them are known.
	State(k, n int) (fixed.State, Known)
	// Cell returns what is known of a neuron's tables, nil for nothing.
	Cell(k, n int) *Cell
}

// Known says which registers of a layer's neurons a Side tells.
type Known uint8

// The registers of fixed.State.
const (
	KnownU Known = 1 << iota
	KnownV
	KnownRef
	KnownFurther // W and X
)

// registers are the names of all, in the order in which they are compared.
var registers = [...]string{"u", "v", "ref", "w", "x"}

// list returns the known registers of a state, by their place in registers.
func (k Known) list(s fixed.State) (values [len(registers)]int32, known [len(registers)]bool) {
	further := k&KnownFurther != 0
	return [...]int32{s.U, s.V, s.Ref, s.W, s.X}, [...]bool{k&KnownU != 0, k&KnownV != 0, k&KnownRef != 0, further, further}
}

// values returns the known registers of a state by name.
func (k Known) values(s fixed.State) map[string]int64 {
	m := map[string]int64{}
	values, known := k.list(s)
	for i, name := range registers {
		if known[i] {
			m[name] = int64(values[i])
		}
	}
	return m
}

// Stop is where two executors in lockstep part, with all that is known of the neuron.
type Stop struct {
	Tick     int    `json:"tick"`
	Layer    string `json:"layer"`
	Neuron   int    `json:"neuron"`
	Register string `json:"register"` // u, v, ref, w, x, or s: what it sent
	A        int64  `json:"a"`
	B        int64  `json:"b"`
	// The registers by name, and s, what the neuron sent, 0 for no spike: of A before the tick, in which both agreed as far as
	// both tell, and of each after it.
	Before map[string]int64 `json:"before"`
	AfterA map[string]int64 `json:"after_a"`
	AfterB map[string]int64 `json:"after_b"`
	CellA  *Cell            `json:"cell_a,omitempty"`
	CellB  *Cell            `json:"cell_b,omitempty"`
	// All spikes that arrived in Tick, and some before where these are few, oldest first, with B's weights where B has the synapse.
	Inputs []Input `json:"inputs"`
	Rows   []Row   `json:"rows"` // the synapses as A and B have them; of one side alone where only that tells
}

// Compared counts what two executors in lockstep agreed in.
type Compared struct {
	Ticks  int   `json:"ticks"`
	Spikes int   `json:"spikes"` // of A, where B tells as well
	States int64 `json:"states"` // registers
}

// lockstep is a run of two sides.
type lockstep struct {
	names []string
	sizes []int
	a, b  Side
	sent  []*spike.Raster // by A
	c     Compared
}

// Lockstep runs two executors of a network of these layers tick by tick, and stops where a neuron first sends something else
// or is in another state: by tick, layer and neuron, u before v before the other registers before what is sent. It returns nil when
// they agree in all ticks. What only one of them tells is not compared. It keeps the spikes of A, to tell what arrived, and nothing else of ticks
// that are over.
// A Side's errors are returned as they are.
func Lockstep(ctx context.Context, names []string, sizes []int, a, b Side, in *spike.Raster, ticks int) (*Stop, Compared, error) {
	l := lockstep{names: names, sizes: sizes, a: a, b: b}
	before := make([][]fixed.State, len(sizes)) // of A
	for k, n := range sizes {
		before[k] = make([]fixed.State, n)
		l.sent = append(l.sent, spike.NewRaster(n))
	}
	for t := range ticks {
		if ctx.Err() != nil {
			return nil, l.c, diag.Stopped("lockstep", ctx.Err())
		}
		for _, side := range []Side{a, b} {
			if err := side.Step(ctx, in, t); err != nil {
				return nil, l.c, err
			}
		}
		for k := range sizes {
			if s := l.layer(t, k, before[k]); s != nil {
				l.explain(s, k, in)
				return s, l.c, nil
			}
		}
		for k := range sizes {
			if neurons, messages, _ := a.Sent(k); messages == nil {
				l.sent[k].Append(neurons...)
			} else {
				l.sent[k].AppendGraded(neurons, messages)
			}
			for n := range before[k] {
				before[k][n], _ = a.State(k, n)
			}
		}
		l.c.Ticks++
	}
	return nil, l.c, nil
}

// layer compares a layer after tick t.
func (l *lockstep) layer(t, k int, before []fixed.State) *Stop {
	x, y := sentBy(l.a, k), sentBy(l.b, k)
	if x.known && y.known {
		l.c.Spikes += len(x.neurons)
	}
	for n := range l.sizes[k] {
		s, known := l.a.State(k, n)
		o, other := l.b.State(k, n)
		mine, theirs := x.next(n), y.next(n)
		name, p, q := "", int64(0), int64(0)
		values, compared := (known & other).list(s)
		others, _ := other.list(o)
		for i := range registers {
			if !compared[i] {
				continue
			}
			l.c.States++
			if name == "" && values[i] != others[i] {
				name, p, q = registers[i], int64(values[i]), int64(others[i])
			}
		}
		if name == "" && x.known && y.known && mine != theirs {
			name, p, q = "s", mine, theirs
		}
		if name == "" {
			continue
		}
		stop := &Stop{Tick: t, Layer: l.names[k], Neuron: n, Register: name, A: p, B: q,
			Before: known.values(before[n]), AfterA: known.values(s), AfterB: other.values(o)}
		if x.known {
			stop.AfterA["s"] = mine
		}
		if y.known {
			stop.AfterB["s"] = theirs
		}
		return stop
	}
	return nil
}

// explain adds the neuron's synapses and the last spikes that reached it.
func (l *lockstep) explain(s *Stop, k int, in *spike.Raster) {
	s.CellA, s.CellB = l.a.Cell(k, s.Neuron), l.b.Cell(k, s.Neuron)
	empty := &Cell{}
	a, b := s.CellA, s.CellB
	if a == nil {
		a = empty
	}
	if b == nil {
		b = empty
	}
	s.Rows = Match(a, b)
	latency := max(a.latency, b.latency)
	var synapses []Synapse
	for _, r := range s.Rows {
		if r.B != nil {
			synapses = append(synapses, *r.B)
		} else {
			synapses = append(synapses, *r.A)
		}
	}
	s.Inputs = arrivals(synapses, latency, in, l.sent, 0, s.Tick)
}

// sending goes through what a layer sent in a tick.
type sending struct {
	neurons, messages []int32
	known             bool
}

func sentBy(s Side, k int) (x sending) {
	x.neurons, x.messages, x.known = s.Sent(k)
	return x
}

// next returns what neuron n sent, the next one that is asked for; 0 is nothing.
func (s *sending) next(n int) int64 {
	if len(s.neurons) == 0 || int(s.neurons[0]) != n {
		return 0
	}
	message := int64(1)
	if s.messages != nil {
		message, s.messages = int64(s.messages[0]), s.messages[1:]
	}
	s.neurons = s.neurons[1:]
	return message
}
