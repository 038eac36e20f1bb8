package main

import (
	"fmt"
	"io"
	"sync"

	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/quantize"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/train"
	"github.com/spf13/cobra"
)

func newQuantize(a *app) *cobra.Command {
	var out, labels, data, as string
	var bits []int
	var samples int
	c := &cobra.Command{
		Use:   "quantize MODEL -o FILE",
		Short: "Turn a trained model into integers, and prove their ranges",
		Long: `quantize writes the integer network of a model: 8-bit weights, whole-tick delays.

A model that was trained in integer arithmetic (the default) was trained on these
very integers; the conversion is lossless and says so. For a model trained with
--float it searches, layer by layer, for the scale (the exponent of the weights, and the
threshold) with the least mean square error of the weights, and reports what rounding and
clipping cost. Models of SRM neurons, the paper's, are trained in float; their decays are rounded
too, and a scale can be found that suits weights, threshold and refractory response. All come with a proof that no accumulator can overflow, or the neuron
where one can.

--bits asks for fewer bits a weight, or one number for each layer that has weights:
--bits 8,4,4, with scales that are searched for in any case. --data runs samples before and after: accuracy,
spikes of each layer, and the layer that is to blame for most of the difference.

--as cuba is for targets without SRM neurons: each layer of them becomes one of CUBA neurons with the
same weights, whose decays, threshold and refractory delay are fitted, without data, so that the
spikes under the response ε differ least. It is another neuron: --data says what that costs.`,
		Example: `  isospike quantize model.safetensors -o fixed.safetensors
  isospike quantize model.safetensors --bits 4 --data test.tar.gz -o fixed4.safetensors
  isospike quantize srm.safetensors --as cuba --data test.tar.gz -o fixed.safetensors`,
		Args: exactly("MODEL"),
		RunE: func(c *cobra.Command, args []string) error {
			file, err := artifact.Read(args[0])
			if err != nil {
				return err
			}
			m, err := train.FromFile(file)
			if err != nil {
				return diag.InFile(err, args[0])
			}
			o := quantize.Options{Bits: bits, As: as}
			n, r, err := quantize.Quantize(m, o)
			if err != nil {
				return err
			}
			n.Provenance["command"] = "isospike quantize"
			n.Provenance["parent"] = artifact.Hash(file)
			if data != "" {
				src, err := openData(a, data, labels, m.Experiment.Encoding)
				if err != nil {
					return err
				}
				if r.Effect, err = a.effect(c, m, n, src, samples); err != nil {
					return err
				}
				if o.As != "" {
					o.As = ""
					exact, _, err := quantize.Quantize(m, o)
					if err != nil {
						return err
					}
					if r.Exact, err = a.effect(c, m, exact, src, samples); err != nil {
						return err
					}
				}
			}
			if err := safetensors.WriteFile(out, n.File()); err != nil {
				return err
			}
			return a.result(r, func(w io.Writer) { printQuantize(w, r) })
		},
	}
	fl := c.Flags()
	fl.StringVarP(&out, "output", "o", "", "fixed network to write")
	fl.IntSliceVar(&bits, "bits", nil, "bits of the weights, 1 to 8, for all layers or each (default: 8)")
	fl.StringVar(&data, "data", "", "samples to run before and after; see `isospike data info --help`")
	fl.StringVar(&labels, "labels", "", "list of `id<TAB>class` lines for --data")
	fl.IntVar(&samples, "samples", 0, "number of samples to run (0: all)")
	fl.StringVar(&as, "as", "", "what srm neurons become: cuba (default: they stay)")
	_ = c.MarkFlagRequired("output")
	return c
}

// effect runs samples on the model and on the fixed network.
func (a *app) effect(c *cobra.Command, m *train.Model, n *fixed.Network, src dataset.Encoded, samples int) (*quantize.Effect, error) {
	if samples < 0 {
		return nil, diag.Usagef("usage", "--samples is %d", samples)
	}
	if samples == 0 || samples > src.Len() {
		samples = src.Len()
	}
	e, err := trainExecutor(m)
	if err != nil {
		return nil, err
	}
	if err := e.takes(src); err != nil {
		return nil, err
	}
	p := a.progress("compare", "samples", samples)
	defer p.end()
	all := quantize.NewEffect(n)
	idle := sync.Pool{New: func() any { return e.start(false) }}
	err = ordered(c.Context(), a.threads, samples, func(i int) (*quantize.Effect, error) {
		in, err := src.Raster(i, 0, 0)
		if err != nil {
			return nil, err
		}
		run := idle.Get().(runner)
		defer idle.Put(run)
		recs, err := run(c.Context(), in)
		if err != nil {
			return nil, err
		}
		var before []*spike.Raster
		for _, r := range recs {
			before = append(before, r.Spikes)
		}
		return quantize.Measure(n, in, before, src.Label(i))
	}, func(i int, x *quantize.Effect) error {
		all.Add(x)
		p.set(i+1, "")
		return nil
	})
	return all, err
}

func printQuantize(w io.Writer, r *quantize.Report) {
	if r.Lossless {
		fmt.Fprintln(w, "lossless: the model was trained on these integers")
	} else {
		fmt.Fprintln(w, "errors are in the integer weight units of training (1/64)")
	}
	fmt.Fprintf(w, "%-6s %10s %4s %4s %6s %8s %8s %10s %10s %10s %9s\n", "layer", "weights", "bits", "exp", "v_th", "zero", "clipped", "max error", "rms error", "rms weight", "max delay")
	for _, l := range r.Layers {
		fmt.Fprintf(w, "%-6s %10d %4d %4d %6d %8d %8d %10.3f %10.3f %10.3f %9d\n", l.Name, l.Weights, l.Bits, l.Exp, l.VTh, l.Zero, l.Clipped, l.MaxError, l.RMSError, l.RMSWeight, l.MaxDelay)
	}
	for _, p := range r.Ranges {
		u := fmt.Sprintf("u may wrap (bound %d), as the hardware does", p.U)
		switch srm := p.Kind == snn.SRM; {
		case srm && p.WrapFree:
			u = fmt.Sprintf("u ≤ %d, no state can saturate", p.U)
		case srm:
			u = fmt.Sprintf("states may saturate (u's bound without: %d)", p.U)
		case p.WrapFree:
			u = fmt.Sprintf("u ≤ %d cannot wrap", p.U)
		}
		fmt.Fprintf(w, "layer %s: accumulator ≤ %d of %d, proved for every input (neuron %d); %s\n", p.Name, p.Accumulator, fixed.UMax-1, p.Neuron, u)
	}
	for _, x := range r.Conversions {
		fmt.Fprintf(w, "layer %s: srm as cuba: %s; its spikes under ε are %.0f %% off, on the drive it was fitted to\n", x.Name, x.Neuron, 100*x.Distance)
	}
	if r.Exact != nil {
		fmt.Fprintln(w, "as srm neurons:")
		printEffect(w, r.Exact)
		fmt.Fprintln(w, "as cuba neurons:")
	}
	printEffect(w, r.Effect)
}

func printEffect(w io.Writer, e *quantize.Effect) {
	if e == nil {
		return
	}
	share := func(n, of int) float64 { return 100 * float64(n) / float64(max(1, of)) }
	if e.Labelled > 0 {
		fmt.Fprintf(w, "accuracy %.2f %% before, %.2f %% after, on %d samples\n", share(e.Before, e.Labelled), share(e.After, e.Labelled), e.Labelled)
	}
	fmt.Fprintf(w, "%-6s %12s %12s %10s %22s\n", "layer", "spikes", "after", "differ", "differ on same input")
	for _, l := range e.Layers {
		all := l.Before + l.After
		fmt.Fprintf(w, "%-6s %12d %12d %8.2f %% %20.2f %%\n", l.Name, l.Before, l.After, share(l.Differ, all), share(l.Own, all))
	}
	if k := e.Blame(); k >= 0 {
		fmt.Fprintf(w, "layer %s is to blame for most: %.2f %% of its spikes differ on the model's own input\n", e.Layers[k].Name, share(e.Layers[k].Own, e.Layers[k].Before+e.Layers[k].After))
	}
}
