package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/targets"
	"github.com/spf13/cobra"
)

func newCompile(a *app) *cobra.Command {
	var f compileFlags
	c := &cobra.Command{
		Use:   "compile FIXED --target TARGET -o FILE",
		Short: "Lay a fixed network out on the cores of a chip or board",
		Long: `compile writes a Program: per core the neuron, axon and synapse tables, and how much
of every resource they use. A network that does not fit is refused with the layer,
core, resource and amount, and what to change.

Cores that talk are placed close to each other. How much they talk is taken from spikes
that the network has on recordings (--data). Without them all neurons count alike, and
--rate says how often they spike in the traffic that is reported. Traffic is counted in
links of the mesh, those that copies of a spike share once; --map draws where it arises.

Targets: ` + strings.Join(targets.List(), ", ") + `, or the path of a TOML file that inherits from one.
The tables are Loihi-style: named after Loihi's, not packed as its vendor packs them.`,
		Example: `  isospike compile fixed.safetensors --target loihi1 -o program.safetensors
  isospike compile fixed.safetensors --target icebreaker -o board.safetensors
  isospike compile fixed.safetensors --target loihi1 --data test.tar.gz --map cores.svg -o program.safetensors`,
		Args: exactly("FIXED"),
		RunE: func(c *cobra.Command, args []string) error {
			file, err := artifact.Read(args[0])
			if err != nil {
				return err
			}
			n, err := fixed.FromFile(file)
			if err != nil {
				return diag.InFile(err, args[0])
			}
			return a.compile(c.Context(), n, artifact.Hash(file), &f)
		},
	}
	fl := c.Flags()
	fl.StringVarP(&f.out, "output", "o", "", "program to write")
	fl.StringVar(&f.target, "target", "", "chip or board: "+strings.Join(targets.List(), ", ")+", or a .toml file")
	fl.StringVar(&f.data.path, "data", "", "`DATA`: recordings whose spikes give the rates of the neurons (optional); see isospike data info --help")
	fl.StringVar(&f.data.labels, "labels", "", "`FILE` of lines id<TAB>class (default: class folders, or the .txt beside the archive)")
	encodingFlag(c, &f.encoding)
	fl.IntVar(&f.samples, "samples", 20, "recordings to run, spread over --data (0: all)")
	fl.Float64Var(&f.rate, "rate", 0.1, "spikes of every neuron in a tick, without --data")
	fl.StringVar(&f.drawing, "map", "", ".svg file to draw the cores in, by use and by traffic")
	_ = c.MarkFlagRequired("output")
	_ = c.MarkFlagRequired("target")
	return c
}

type compileFlags struct {
	out, target string
	data        dataFlags
	encoding    string
	samples     int
	rate        float64
	drawing     string
}

// compile compiles n, whose artifact has the hash parent, as the flags say.
func (a *app) compile(ctx context.Context, n *fixed.Network, parent string, f *compileFlags) error {
	if !(f.rate > 0 && f.rate <= 1) || f.samples < 0 {
		return diag.Usagef("usage", "--rate is %v and --samples %d; a rate is above 0 and at most 1, samples are not negative", f.rate, f.samples)
	}
	t, err := targets.Lookup(f.target)
	if err != nil {
		return err
	}
	var rates *compile.Rates
	tr := traffic{Rates: fmt.Sprintf("%g of every neuron, assumed", f.rate)}
	if f.data.path != "" {
		var samples int
		if rates, samples, err = a.rates(ctx, n, f); err != nil {
			return err
		}
		tr.Rates = fmt.Sprintf("%d recordings", samples)
	}
	p, err := compileAt(ctx, n, t, parent, rates)
	if err != nil {
		return err
	}
	links, err := p.CoreTraffic(t, rates)
	if err != nil {
		return err
	}
	for _, l := range links {
		tr.Links += float64(l)
	}
	if rates != nil {
		p.Provenance["rates"] = tr.Rates
		tr.Links /= float64(rates.Ticks)
	} else {
		tr.Links *= f.rate
	}
	if err := p.Write(f.out); err != nil {
		return err
	}
	if f.drawing != "" {
		unit := "links passed by one spike of every neuron"
		if rates != nil {
			unit = "links passed by the spikes of all recordings"
		}
		if err := writeMap(f.drawing, targetUse(p, t, links, unit)); err != nil {
			return err
		}
	}
	u := useOf(p)
	u.Traffic = &tr
	return a.result(u, func(w io.Writer) {
		printUse(w, p)
		fmt.Fprintf(w, "traffic: %.4g links a tick, rates of %s\n", tr.Links, tr.Rates)
	})
}

// rates runs n on recordings and counts spikes.
func (a *app) rates(ctx context.Context, n *fixed.Network, f *compileFlags) (*compile.Rates, int, error) {
	e := fixedExecutor(n)
	src, err := f.data.open(a, e.encodingOr(f.encoding))
	if err != nil {
		return nil, 0, err
	}
	if err := e.takes(src); err != nil {
		return nil, 0, err
	}
	samples := src.Len()
	if f.samples > 0 {
		samples = min(samples, f.samples)
	}
	r := &compile.Rates{}
	for k := range n.Layers {
		r.Spikes = append(r.Spikes, make([]int64, n.Layers[k].Out.Size()))
	}
	p := a.progress("rates", "samples", samples)
	defer p.end()
	run := e.start(false)
	err = ordered(ctx, a.threads, samples, func(i int) ([]fixed.Record, error) {
		in, err := src.Raster(i*src.Len()/samples, 0, 0)
		if err != nil {
			return nil, err
		}
		return run(ctx, in)
	}, func(i int, recs []fixed.Record) error {
		for k := range recs {
			for _, o := range recs[k].Spikes.Index {
				r.Spikes[k][o]++
			}
		}
		r.Ticks += int64(recs[0].Spikes.Ticks())
		p.set(i+1, "")
		return nil
	})
	return r, samples, err
}

// compileFor compiles n, whose artifact has the hash parent.
func compileFor(ctx context.Context, n *fixed.Network, target, parent string) (*compile.Program, error) {
	t, err := targets.Lookup(target)
	if err != nil {
		return nil, err
	}
	return compileAt(ctx, n, t, parent, nil)
}

// compileAt is compileFor at the given rates; nil is all alike.
func compileAt(ctx context.Context, n *fixed.Network, t compile.Target, parent string, rates *compile.Rates) (*compile.Program, error) {
	p, err := compileUntil(ctx, n, t, compile.Options{Rates: rates})
	if err != nil {
		return nil, err
	}
	p.Source = parent
	p.Provenance = map[string]string{"command": "isospike compile", "parent": parent}
	return p, nil
}

// compileUntil is CompileWith that does not wait for its end when ctx is done: the compiler
// touches nothing but its own memory, and the process ends.
func compileUntil(ctx context.Context, n *fixed.Network, t compile.Target, o compile.Options) (*compile.Program, error) {
	var p *compile.Program
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		p, err = compile.CompileWith(n, t, o)
	}()
	select {
	case <-done:
		return p, err
	case <-ctx.Done():
		return nil, diag.Stopped("compiling", context.Cause(ctx))
	}
}

// use is what --json says of a program.
type use struct {
	Target     string        `json:"target"`
	Cores      int           `json:"cores"`
	Synapses   int           `json:"synapses"`             // connections
	Stored     int           `json:"stored"`               // synapses in the tables; a shared row's count once
	Unverified bool          `json:"unverified,omitempty"` // the target's limits
	Resources  []resourceUse `json:"resources"`
	Traffic    *traffic      `json:"traffic,omitempty"`
}

// traffic is what passes the mesh.
type traffic struct {
	Links float64 `json:"links_per_tick"`
	Rates string  `json:"rates"` // of the neurons, where they come from
}

type resourceUse struct {
	Resource string `json:"resource"`
	Core     int    `json:"core"` // the fullest; −1 for the whole target
	Used     int64  `json:"used"`
	Limit    int64  `json:"limit"` // 0 is none
}

func useOf(p *compile.Program) use {
	u := use{Target: p.Target, Cores: len(p.Cores), Synapses: p.Manifest.Synapses, Stored: p.Manifest.Stored, Unverified: p.Manifest.Unverified}
	for _, r := range p.Manifest.Use {
		u.Resources = append(u.Resources, resourceUse{r.Resource, r.Core, r.Used, r.Limit})
	}
	return u
}

func printUse(w io.Writer, p *compile.Program) {
	fmt.Fprintf(w, "%s: %d cores, %d connections, %d synapses stored; %d connections of weight 0 left out\n", p.Target, len(p.Cores), p.Manifest.Synapses, p.Manifest.Stored, p.Manifest.ZeroWeight)
	if p.Manifest.Unverified {
		fmt.Fprintln(w, compile.Unverified)
	}
	fmt.Fprintf(w, "  %-28s %10s %10s %6s\n", "resource (fullest core)", "used", "limit", "")
	for _, u := range p.Manifest.Use {
		limit, share := "none", ""
		if u.Limit > 0 {
			limit, share = fmt.Sprint(u.Limit), fmt.Sprintf("%.1f %%", 100*float64(u.Used)/float64(u.Limit))
		}
		name := u.Resource
		if u.Core >= 0 {
			name = fmt.Sprintf("%s (%d)", name, u.Core)
		}
		fmt.Fprintf(w, "  %-28s %10d %10s %8s\n", name, u.Used, limit, share)
	}
}
