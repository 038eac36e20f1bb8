package compile

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
)

// Text writes p for people: what it is, where its layers lie, and what is used
// of every resource; with tables also every table of every core. p must have
// passed Check. The error is w's.
func Text(w io.Writer, p *Program, tables bool) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "program for %s\n", p.Target)
	fmt.Fprintf(b, "input %v, convention %v", p.Input, p.Convention)
	for _, x := range [][2]string{{"encoding", p.Encoding}, {"compiled from", p.Source}} {
		if x[1] != "" {
			fmt.Fprintf(b, ", %s %s", x[0], x[1])
		}
	}
	b.WriteString("\n")
	if p.Manifest.Unverified {
		fmt.Fprintln(b, Unverified)
	}
	b.WriteByte('\n')
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "layer\tshape\tneurons\tkind\tcores")
	for i := range p.Layers {
		l := &p.Layers[i]
		fmt.Fprintf(t, "%s\t%v\t%d\t%s\t%s\n", l.Name, l.Shape, len(l.Home), p.kind(l), coreSpans(l.Home))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(b, "\n%d connections, %d synapses stored; %d connections of weight 0 left out\n", p.Manifest.Synapses, p.Manifest.Stored, p.Manifest.ZeroWeight)
	if n := p.Manifest.OutputDelays; n > 0 {
		fmt.Fprintf(b, "%d axonal delays of the last layer left out: nothing listens to its axons\n", n)
	}
	b.WriteByte('\n')
	t.Init(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "resource\tused\tlimit\t%\tcore\t")
	for _, u := range p.Manifest.Use {
		limit, percent, core := "-", "-", "-"
		if u.Limit > 0 {
			limit = strconv.FormatInt(u.Limit, 10)
			percent = fmt.Sprintf("%.1f", 100*float64(u.Used)/float64(u.Limit))
		}
		if u.Core >= 0 {
			core = strconv.Itoa(u.Core)
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t\n", u.Resource, u.Used, limit, percent, core)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if tables {
		b.WriteString("\ninput\n")
		for i := range p.Input.Size() {
			writeRoutes(b, i, p.InputRoute[p.InputStart[i]:p.InputStart[i+1]])
		}
		for i := range p.Cores {
			p.Cores[i].text(b, i)
		}
	}
	return b.Flush()
}

// Unverified is what users are told of a program for a target with unverified limits.
const Unverified = "the limits of this target are unverified: no source confirms all of them"

// kind returns the kind of a layer's neurons.
func (p *Program) kind(l *LayerMap) string {
	if len(l.Home) == 0 {
		return "-"
	}
	c := &p.Cores[l.Home[0].Core]
	return c.Profiles[c.Profile[l.Home[0].Neuron]].Neuron.Kind()
}

// coreSpans lists the cores of a layer's neurons, ascending, runs as "first..last".
func coreSpans(home []Place) string {
	var cores []uint32
	for _, h := range home {
		if len(cores) == 0 || cores[len(cores)-1] != h.Core {
			cores = append(cores, h.Core)
		}
	}
	slices.Sort(cores)
	cores = slices.Compact(cores)
	s := ""
	for i := 0; i < len(cores); {
		first := cores[i]
		last := first
		for ; i < len(cores) && (cores[i] == last || cores[i] == last+1); i++ {
			last = cores[i]
		}
		if s != "" {
			s += ","
		}
		s += strconv.Itoa(int(first))
		if last > first {
			s += ".." + strconv.Itoa(int(last))
		}
	}
	return s
}

// writeRoutes writes where neuron n's spikes go: "n → core.axon@delay …".
func writeRoutes(b *bufio.Writer, n int, routes []Route) {
	if len(routes) == 0 {
		return
	}
	fmt.Fprintf(b, "  %d →", n)
	for _, r := range routes {
		fmt.Fprintf(b, " %d.%d", r.Core, r.Axon)
		if r.Delay > 0 {
			fmt.Fprintf(b, "@%d", r.Delay)
		}
	}
	b.WriteByte('\n')
}

func (c *Core) text(b *bufio.Writer, number int) {
	fmt.Fprintf(b, "\ncore %d (%s): %d neurons, %d axons, %d rows, %d synapses, %d delay bits\n",
		number, c.name(), len(c.Profile), len(c.Row), len(c.Mode), len(c.Target), c.DelayBits)
	for i, f := range c.Profiles {
		fmt.Fprintf(b, "profile %d: %s: %v, weights·2^%d, bias·2^%d", i, f.Neuron.Kind(), f.Neuron, f.WeightExp, f.BiasExp)
		if f.ResetInterval > 0 {
			fmt.Fprintf(b, ", zeroed when t ≡ %d mod %d", f.ResetPhase, f.ResetInterval)
		}
		b.WriteByte('\n')
	}
	b.WriteString("neurons: profile bias\n")
	for n, f := range c.Profile {
		fmt.Fprintf(b, "  %d: %d %d\n", n, f, c.Bias[n])
	}
	b.WriteString("axons in: row+base\n")
	for a, r := range c.Row {
		fmt.Fprintf(b, "  %d: %d+%d%v\n", a, r, c.Base[a], c.flags(a))
	}
	b.WriteString("rows: target:weight@delay\n")
	for r, mode := range c.Mode {
		fmt.Fprintf(b, "  %d (%v, %d bits, %v):", r, c.Format[r], c.WeightBits[r], mode)
		for s := c.RowStart[r]; s < c.RowStart[r+1]; s++ {
			fmt.Fprintf(b, " %d:%d", c.Target[s], mode.Weight(c.Code[s]))
			if c.Delay != nil {
				fmt.Fprintf(b, "@%d", c.Delay[s])
			}
		}
		b.WriteByte('\n')
	}
	b.WriteString("axons out: neuron → core.axon@delay\n")
	for n := range c.Profile {
		writeRoutes(b, n, c.Route[c.OutStart[n]:c.OutStart[n+1]])
	}
}
