package main

import (
	"context"
	"fmt"
	"io"

	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn/diag"
)

// agreement is what became of samples in lockstep.
type agreement struct {
	A       string       `json:"a"`
	B       string       `json:"b"`
	Samples int          `json:"samples"`
	Agreed  sim.Compared `json:"agreed"`
	Sample  string       `json:"sample,omitempty"` // in which they part
	Stop    *sim.Stop    `json:"stop,omitempty"`
}

// lockstep runs the samples until one parts two executors.
func (a *app) lockstep(ctx context.Context, x, y *executor, src joined) error {
	o := agreement{A: x.name, B: y.name}
	p := a.progress("lockstep", "samples", src.Len())
	defer p.end()
	for i := range src.Len() {
		in, err := src.Raster(i, 0, 0)
		if err != nil {
			return err
		}
		sides := make([]sim.Side, 2)
		for k, e := range []*executor{x, y} {
			if sides[k], err = e.side(ctx, in); err != nil {
				return err
			}
		}
		stop, c, err := sim.Lockstep(ctx, y.layers, y.sizes, sides[0], sides[1], in, in.Ticks())
		if err != nil {
			return err
		}
		o.Samples++
		o.Agreed.Ticks, o.Agreed.Spikes, o.Agreed.States = o.Agreed.Ticks+c.Ticks, o.Agreed.Spikes+c.Spikes, o.Agreed.States+c.States
		if stop != nil {
			o.Sample, o.Stop = src.ID(i), stop
			break
		}
		p.set(i+1, "")
	}
	failed := o.failed()
	err := a.result(map[string]any{"lockstep": o, "identical": failed == nil}, func(w io.Writer) {
		fmt.Fprintf(w, "%s and %s agreed in %d ticks of %d samples: %d spikes, %d registers\n", o.A, o.B, o.Agreed.Ticks, o.Samples, o.Agreed.Spikes, o.Agreed.States)
		if o.Stop != nil {
			printStop(w, o.A, o.B, o.Sample, o.Stop)
		}
	})
	if err != nil {
		return err
	}
	return failed
}

// failed is the error of samples of which one parts the executors, or in which there was nothing to compare.
func (o *agreement) failed() error {
	switch {
	case o.Stop != nil:
		return &diag.Error{Kind: diag.Mismatch, Code: "mismatch", Msg: fmt.Sprintf("%s and %s part in sample %s, tick %d", o.A, o.B, o.Sample, o.Stop.Tick)}
	case o.Agreed.Spikes == 0 && o.Agreed.States == 0:
		return mismatch([]pair{{A: o.A, B: o.B, Samples: o.Samples}})
	}
	return nil
}

// printStop shows where two executors part.
func printStop(w io.Writer, a, b, sample string, s *sim.Stop) {
	fmt.Fprintf(w, "they part in sample %s, tick %d, layer %s, neuron %d", sample, s.Tick, s.Layer, s.Neuron)
	cell, other := s.CellA, s.CellB
	for _, c := range []*sim.Cell{s.CellA, s.CellB} {
		if c != nil && c.Core >= 0 {
			fmt.Fprintf(w, " (core %d, neuron %d there)", c.Core, c.CoreNeuron)
			break
		}
	}
	what := s.Register
	if what == "s" {
		what = "what it sends"
	}
	fmt.Fprintf(w, ": %s is %d in %s, %d in %s\n", what, s.A, a, s.B, b)

	width := max(len("before"), len(a), len(b))
	columns := []struct{ key, title string }{{"u", "u"}, {"v", "v"}, {"ref", "resting"}, {"w", "w"}, {"x", "x"}, {"s", "sent"}}
	fmt.Fprintf(w, "  %-*s", width, "")
	for _, c := range columns {
		fmt.Fprintf(w, " %11s", c.title)
	}
	for _, row := range []struct {
		name   string
		values map[string]int64
	}{{"before", s.Before}, {a, s.AfterA}, {b, s.AfterB}} {
		fmt.Fprintf(w, "\n  %-*s", width, row.name)
		for _, c := range columns {
			if v, known := row.values[c.key]; known {
				fmt.Fprintf(w, " %11d", v)
			} else {
				fmt.Fprintf(w, " %11s", "·")
			}
		}
	}
	fmt.Fprintln(w)

	parameters := func(c *sim.Cell) string {
		text := fmt.Sprintf("%s: %s, bias %d", c.Kind, c.Parameters, c.Bias)
		if c.ResetInterval > 0 {
			text += fmt.Sprintf(", zeroed in ticks ≡ %d modulo %d", c.ResetPhase, c.ResetInterval)
		}
		return text
	}
	switch {
	case cell == nil && other == nil:
		return
	case cell == nil || other == nil || parameters(cell) == parameters(other):
		if cell == nil {
			cell = other
		}
		fmt.Fprintf(w, "%s\n", parameters(cell))
	default:
		fmt.Fprintf(w, "%s in %s\n%s in %s\n", parameters(cell), a, parameters(other), b)
	}
	if len(s.Inputs) == 0 {
		fmt.Fprintln(w, "no spike had arrived")
	} else {
		fmt.Fprintf(w, "last arrivals:\n")
	}
	shown := shownInputs(s)
	for _, i := range shown {
		axon := ""
		if i.Axon >= 0 {
			axon = fmt.Sprintf(", axon %d", i.Axon)
		}
		fmt.Fprintf(w, "  tick %d: %v%s\n", i.Arrived, i, axon)
	}
	if n := len(s.Inputs) - len(shown); n > 0 {
		fmt.Fprintf(w, "  and %d more; --json has them\n", n)
	}
	printRows(w, a, b, s)
}

// shownInputs returns the arrivals that are shown: those over synapses that differ, and the last of the others.
func shownInputs(s *sim.Stop) (shown []sim.Input) {
	differ := map[sim.Synapse]bool{}
	for i := range s.Rows {
		if r := &s.Rows[i]; s.CellA != nil && s.CellB != nil && r.Differs() {
			for _, x := range []*sim.Synapse{r.A, r.B} {
				if x != nil {
					differ[*x] = true
				}
			}
		}
	}
	others := -shownRows
	for _, i := range s.Inputs {
		if !differ[i.Synapse] {
			others++
		}
	}
	for _, i := range s.Inputs {
		if !differ[i.Synapse] {
			if others--; others >= 0 {
				continue
			}
		}
		shown = append(shown, i)
	}
	return shown
}

// shownRows is how many arrivals and how many synapses are shown that do not differ; --json has all.
const shownRows = 12

// printRows shows a neuron's synapses: those that differ, and the others where they are few.
func printRows(w io.Writer, a, b string, s *sim.Stop) {
	both := s.CellA != nil && s.CellB != nil
	differ := 0
	for i := range s.Rows {
		if both && s.Rows[i].Differs() {
			differ++
		}
	}
	switch {
	case !both:
		fmt.Fprintf(w, "%d synapses\n", len(s.Rows))
	case differ == 0:
		fmt.Fprintf(w, "%d synapses, the same in both\n", len(s.Rows))
	default:
		fmt.Fprintf(w, "%d synapses, which differ in %d\n", len(s.Rows), differ)
	}
	weigh := func(x *sim.Synapse) string {
		if x == nil {
			return "none"
		}
		text := fmt.Sprintf("weight %d", x.Weight)
		if x.Exp != 0 {
			text += fmt.Sprintf("·2^%d", x.Exp)
		}
		if x.Imag {
			text += "·i"
		}
		if x.Axon >= 0 {
			text += fmt.Sprintf(" (axon %d)", x.Axon)
		}
		return text
	}
	for i := range s.Rows {
		r := &s.Rows[i]
		if !(both && r.Differs()) && len(s.Rows) > shownRows {
			continue
		}
		x := r.A
		if x == nil {
			x = r.B
		}
		fmt.Fprintf(w, "  %s neuron %d, delay %d: ", x.From, x.Source, x.Delay)
		if both && r.Differs() {
			fmt.Fprintf(w, "%s in %s, %s in %s\n", weigh(r.A), a, weigh(r.B), b)
		} else {
			fmt.Fprintln(w, weigh(x))
		}
	}
}
