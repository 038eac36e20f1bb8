package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/isospike/isospike/internal/atomicfile"
	"github.com/isospike/isospike/report"
	"github.com/isospike/isospike/sim/trace"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/spf13/cobra"
)

// probeFlags choose neurons and layers of a run, and the files that show them.
type probeFlags struct {
	neurons, vcd, fst, csv, plot string
	raster                       string
	layers                       []string

	list  []probed // what neurons names
	bands []int    // what layers names: 0 is the input
}

func (f *probeFlags) add(c *cobra.Command) {
	fl := c.Flags()
	fl.StringVar(&f.neurons, "probe", "", "neurons for --vcd, --fst, --csv and --plot: layer:neuron[,…], layers by the names that inspect shows, neurons from 0, a range as 0-9")
	fl.StringVar(&f.vcd, "vcd", "", "value change dump to write of the probed neurons, for GTKWave")
	fl.StringVar(&f.fst, "fst", "", "the same as --vcd in GTKWave's binary form")
	fl.StringVar(&f.csv, "csv", "", "CSV to write of the probed neurons")
	fl.StringVar(&f.plot, "plot", "", "figure to write of the probed neurons' u, v, threshold and spikes: .svg or .png")
	fl.StringVar(&f.raster, "raster", "", "figure to write of the spikes of layers: .svg")
	fl.StringSliceVar(&f.layers, "layers", nil, "layers of --raster: input, or the names that inspect shows (default: all)")
}

// maxProbes bounds the neurons of a dump, and maxPanels those of a figure, which has a panel for each.
const maxProbes, maxPanels = 1000, 64

// check returns what is wrong with the flags for layers of these names and sizes, before anything has run.
func (f *probeFlags) check(names []string, sizes []int) error {
	shown := f.vcd != "" || f.fst != "" || f.csv != "" || f.plot != ""
	switch {
	case shown && f.neurons == "":
		return diag.Usagef("usage", "--vcd, --fst, --csv and --plot show the neurons that --probe names, and there is no --probe").WithFix("name some: --probe 1:0,2:0-9")
	case !shown && f.neurons != "":
		return diag.Usagef("usage", "--probe chooses neurons, and nothing shows them").WithFix("add --vcd FILE, --fst FILE, --csv FILE or --plot FILE")
	case f.raster == "" && f.layers != nil:
		return diag.Usagef("usage", "--layers chooses layers of --raster, which is not there")
	}
	if err := f.parseNeurons(names, sizes); err != nil {
		return err
	}
	return f.parseLayers(names)
}

// probed is a neuron by the numbers of layer and neuron, both from 0.
type probed struct{ layer, neuron int }

// parseNeurons reads the list of neurons.
func (f *probeFlags) parseNeurons(names []string, sizes []int) error {
	if f.neurons == "" {
		return nil
	}
	seen := map[probed]bool{}
	for _, item := range strings.Split(f.neurons, ",") {
		item = strings.TrimSpace(item)
		colon := max(strings.LastIndexByte(item, ':'), 0) // names may have others
		layer, neurons := item[:colon], strings.TrimPrefix(item[colon:], ":")
		from, to, ranged := strings.Cut(neurons, "-")
		lo, err2 := strconv.Atoi(from)
		hi, err3 := lo, error(nil)
		if ranged {
			hi, err3 = strconv.Atoi(to)
		}
		if colon == 0 || err2 != nil || err3 != nil || lo > hi {
			return diag.Usagef("usage", "--probe: %q is no neuron", item).WithFix("write layer:neuron, as in 1:5, or a range, as in 1:0-9")
		}
		k := slices.Index(names, layer)
		if k < 0 {
			return diag.Usagef("usage", "--probe: there is no layer %q; there are %s", layer, strings.Join(names, ", "))
		}
		if n := sizes[k]; lo < 0 || hi >= n {
			return diag.Usagef("usage", "--probe: layer %s has neurons 0 to %d, not %s", layer, n-1, neurons)
		}
		if len(f.list)+hi-lo+1 > maxProbes {
			return diag.Usagef("usage", "--probe names more than %d neurons", maxProbes).WithFix("-o writes all of them")
		}
		for n := lo; n <= hi; n++ {
			x := probed{k, n}
			if seen[x] {
				return diag.Usagef("usage", "--probe names neuron %d of layer %s twice", n, layer)
			}
			seen[x] = true
			f.list = append(f.list, x)
		}
	}
	if f.plot != "" && len(f.list) > maxPanels {
		return diag.Usagef("usage", "--plot draws at most %d neurons, and --probe names %d", maxPanels, len(f.list)).WithFix("name fewer, or write --vcd, --fst or --csv")
	}
	return nil
}

// parseLayers reads the list of layers; the default is all.
func (f *probeFlags) parseLayers(names []string) error {
	if f.layers == nil {
		for k := range len(names) + 1 {
			f.bands = append(f.bands, k)
		}
	}
	for _, l := range f.layers {
		k := slices.Index(names, l) + 1
		if k == 0 && l != "input" {
			return diag.Usagef("usage", "--layers: there is no layer %q; there are input, %s", l, strings.Join(names, ", "))
		}
		f.bands = append(f.bands, k)
	}
	return nil
}

// write makes the files of an executor's run from tick start on.
func (f *probeFlags) write(e *executor, start int, in *spike.Raster, recs []fixed.Record, class int) error {
	if f.list != nil {
		if err := f.writeProbes(e, start, recs); err != nil {
			return err
		}
	}
	if f.raster == "" {
		return nil
	}
	s := report.Sample{Name: e.name, From: start, Label: -1, Prediction: -1}
	for _, k := range f.bands {
		p := report.Population{Name: "input", Spikes: in}
		if k > 0 {
			p = report.Population{Name: "layer " + e.layers[k-1], Spikes: recs[k-1].Spikes}
		}
		s.Populations = append(s.Populations, p)
	}
	if f.bands[len(f.bands)-1] == len(recs) { // the outcome is shown beside the last
		s.Prediction = class
	}
	return atomicfile.Write(f.raster, 0o666, func(w io.Writer) error {
		_, err := w.Write(report.Raster(s).SVG)
		return err
	})
}

func (f *probeFlags) writeProbes(e *executor, start int, recs []fixed.Record) error {
	var signals []trace.Signal
	var probes []report.Probe
	for _, x := range f.list {
		var dynamics fixed.Neuron
		if e.neuron != nil {
			dynamics = e.neuron(x.layer, x.neuron)
		}
		s := trace.Of(e.layers[x.layer], x.neuron, &recs[x.layer], dynamics)
		s.From = start
		p := report.Probe{Name: fmt.Sprintf("layer %s, neuron %d", e.layers[x.layer], x.neuron), U: s.U, V: s.V, Threshold: s.Threshold, From: start, Ticks: len(s.Message)}
		for t, m := range s.Message {
			if m != 0 {
				p.Spikes = append(p.Spikes, start+t)
			}
		}
		signals, probes = append(signals, s), append(probes, p)
	}
	for _, out := range []struct {
		path  string
		write func(io.Writer) error
	}{
		{f.vcd, func(w io.Writer) error { return trace.VCD(w, signals) }},
		{f.fst, func(w io.Writer) error { return trace.FST(w, signals) }},
		{f.csv, func(w io.Writer) error { return trace.CSV(w, signals) }},
		{f.plot, func(w io.Writer) error {
			if filepath.Ext(f.plot) == ".png" {
				return report.ProbesPNG(w, probes)
			}
			_, err := w.Write(report.Probes(probes).SVG)
			return err
		}},
	} {
		if out.path == "" {
			continue
		}
		if err := atomicfile.Write(out.path, 0o666, out.write); err != nil {
			return err
		}
	}
	return nil
}
