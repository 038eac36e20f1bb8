package loihi

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Text writes r for people, a line for each register: its name and number, and its fields. The
// error is w's.
func (r *Registers) Text(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s\ntarget %s\n\n", r.Label, r.Target)
	lines(b, "inputs", r.Inputs)
	for i := range r.Cores {
		c := &r.Cores[i]
		fmt.Fprintf(b, "\nchip %d core %d\n", c.Chip, c.Core)
		lines(b, "cxCfg", c.CxCfg)
		lines(b, "cxProfileCfg", c.CxProfileCfg)
		lines(b, "vthProfileCfg", c.VthProfileCfg)
		fmt.Fprintf(b, "dendriteSharedCfg %s\ndendriteAccumCfg %s\nnumUpdates %d\n", fields(c.DendriteSharedCfg), fields(c.DendriteAccumCfg), c.NumUpdates)
		lines(b, "synapseFmt", c.SynapseFmt)
		lines(b, "synapses", c.Synapses)
		lines(b, "synapseMap", c.SynapseMap)
		lines(b, "createDiscreteAxon", c.CreateDiscreteAxon)
		lines(b, "periodicReset", c.PeriodicReset)
	}
	return b.Flush()
}

func lines[T any](b *bufio.Writer, name string, list []T) {
	for i, x := range list {
		fmt.Fprintf(b, "%s[%d] %s\n", name, i, fields(x))
	}
}

// fields returns the fields of a register as "name=value …".
func fields(x any) string {
	text, err := json.Marshal(x)
	if err != nil {
		panic(err) // registers hold only integers
	}
	return strings.NewReplacer("{", "", "}", "", `"`, "", ":", "=", ",", " ").Replace(string(text))
}
