package trace

import (
	"bufio"
	"fmt"
	"io"
)

// VCD writes a value change dump (IEEE 1364-2001, clause 18). A tick is a unit of its time, which it calls
// 1 ms. Each neuron is a scope, in that of its layer, of the variables spike, message, u, v and threshold.
func VCD(w io.Writer, signals []Signal) error {
	b := bufio.NewWriter(w)
	fmt.Fprint(b, "$version isospike $end\n$comment a unit of time is a tick $end\n$timescale 1 ms $end\n")
	list, from, ticks := variables(signals)
	scopes(list, func(format string, name any) {
		fmt.Fprintf(b, "$scope module "+format+" $end\n", name)
	}, func() {
		fmt.Fprintln(b, "$upscope $end")
	}, func(i int, v *variable) {
		kind := "integer 32"
		if v.bit {
			kind = "wire 1"
		}
		fmt.Fprintf(b, "$var %s %s %s $end\n", kind, identifier(i), v.name)
	})
	fmt.Fprintln(b, "$enddefinitions $end")
	for t := range ticks {
		fmt.Fprintf(b, "#%d\n", from+t)
		for i := range list {
			v := &list[i]
			if t >= v.ticks {
				continue
			}
			switch x := v.at(t); {
			case t > 0 && x == v.at(t-1):
			case v.bit:
				fmt.Fprintf(b, "%d%s\n", x, identifier(i))
			default:
				fmt.Fprintf(b, "b%b %s\n", uint32(x), identifier(i))
			}
		}
	}
	fmt.Fprintf(b, "#%d\n", from+ticks) // so that the last tick has its length
	return b.Flush()
}

// identifier returns the code of variable n: printable characters, of which there are 94.
func identifier(n int) string {
	id := []byte{byte('!' + n%94)}
	for n /= 94; n > 0; n /= 94 {
		id = append(id, byte('!'+n%94))
	}
	return string(id)
}
