package trace

import (
	"bufio"
	"fmt"
	"io"
)

// VCD writes a value change dump (IEEE 1364-2001, clause 18). A tick is a unit of its time, which it calls
// 1 ms. Each neuron is a scope, in that of its layer, of
//
//	spike        1 for the tick in which it sends
//	message      what it sends, where signals of the trace send other than 1
//	u, v         registers, two's complement of 32 bits: show them as signed decimals
//	threshold    where it stays the same
func VCD(w io.Writer, signals []Signal) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "$version isospike $end\n$comment a unit of time is a tick $end\n$timescale 1 ms $end\n")
	d := dump{b: b}
	graded := false
	for _, s := range signals {
		for _, m := range s.Message {
			graded = graded || m != 0 && m != 1
		}
	}
	ticks, layer := 0, ""
	for i, s := range signals {
		if ticks = max(ticks, len(s.Message)); i == 0 || s.Layer != layer {
			if i > 0 {
				fmt.Fprintln(b, "$upscope $end")
			}
			layer = s.Layer
			fmt.Fprintf(b, "$scope module layer_%s $end\n", word(layer))
		}
		fmt.Fprintf(b, "$scope module neuron_%d $end\n", s.Neuron)
		d.declare("wire 1", "spike", func(t int) int32 { return fires(s.Message[t]) }, len(s.Message), true)
		if graded {
			d.declare("integer 32", "message", func(t int) int32 { return s.Message[t] }, len(s.Message), false)
		}
		if s.U != nil {
			d.declare("integer 32", "u", func(t int) int32 { return s.U[t] }, len(s.U), false)
			d.declare("integer 32", "v", func(t int) int32 { return s.V[t] }, len(s.V), false)
		}
		if s.Threshold != 0 {
			d.declare("integer 32", "threshold", func(int) int32 { return int32(s.Threshold) }, len(s.Message), false)
		}
		fmt.Fprintln(b, "$upscope $end")
	}
	if len(signals) > 0 {
		fmt.Fprintln(b, "$upscope $end")
	}
	fmt.Fprintln(b, "$enddefinitions $end")
	for t := range ticks {
		d.tick(t)
	}
	fmt.Fprintf(b, "#%d\n", ticks) // so that the last tick has its length
	return b.Flush()
}

// dump writes the values of variables as they change.
type dump struct {
	b    *bufio.Writer
	vars []variable
}

type variable struct {
	id    string
	at    func(t int) int32
	ticks int
	bit   bool
	last  int32
}

func (d *dump) declare(kind, name string, at func(t int) int32, ticks int, bit bool) {
	v := variable{id: identifier(len(d.vars)), at: at, ticks: ticks, bit: bit}
	fmt.Fprintf(d.b, "$var %s %s %s $end\n", kind, v.id, name)
	d.vars = append(d.vars, v)
}

func (d *dump) tick(t int) {
	fmt.Fprintf(d.b, "#%d\n", t)
	for i := range d.vars {
		v := &d.vars[i]
		if t >= v.ticks {
			continue
		}
		x := v.at(t)
		if t > 0 && x == v.last {
			continue
		}
		if v.last = x; v.bit {
			fmt.Fprintf(d.b, "%d%s\n", x, v.id)
		} else {
			fmt.Fprintf(d.b, "b%b %s\n", uint32(x), v.id)
		}
	}
}

// identifier returns the code of variable n: printable characters, of which there are 94.
func identifier(n int) string {
	id := []byte{byte('!' + n%94)}
	for n /= 94; n > 0; n /= 94 {
		id = append(id, byte('!'+n%94))
	}
	return string(id)
}

// word makes a name of a scope: letters, digits and _.
func word(s string) string {
	b := []byte(s)
	for i, c := range b {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			b[i] = '_'
		}
	}
	return string(b)
}

func fires(message int32) int32 {
	if message != 0 {
		return 1
	}
	return 0
}
