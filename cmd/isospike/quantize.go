package main

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/quantize"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/train"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// weightFlags say how weights become integers.
type weightFlags struct {
	bits []string
	per  string
}

func (f *weightFlags) register(fl *pflag.FlagSet, otherwise string) {
	fl.StringSliceVar(&f.bits, "bits", nil, "bits of the weights, 1 to 9 or ternary, for all layers or each (default: "+otherwise+", or 8)")
	fl.StringVar(&f.per, "per", "layer", "an exponent of the weights per layer or per channel")
}

func (f *weightFlags) options() (o quantize.Options, err error) {
	for _, text := range f.bits {
		b, err := snn.ParseWeightBits(text)
		if err != nil {
			return o, diag.Usagef("bits", "%v", err)
		}
		o.Bits = append(o.Bits, b)
	}
	if f.per != "layer" && f.per != "channel" {
		return o, diag.Usagef("usage", "--per is %s", f.per).WithFix("layer or channel")
	}
	o.PerChannel = f.per == "channel"
	return o, nil
}

type quantizeFlags struct {
	weightFlags
	out, scale  string
	as          string // what srm neurons become
	data        dataFlags
	delayBits   int
	clipDelays  bool
	samples     int // to measure on; 0 is all
	calibration int // to search scales and bits on
	budget      float64
	pareto      string
}

func newQuantize(a *app) *cobra.Command {
	var f quantizeFlags
	c := &cobra.Command{
		Use:   "quantize MODEL -o FILE",
		Short: "Turn a trained model into integers, and prove their ranges",
		Long: `quantize writes the integer network of a model: 8-bit weights, whole-tick delays.

A model that was trained in integer arithmetic (the default) was trained on these
very integers; the conversion is lossless and says so. For a model trained with
--float it searches, layer by layer, for the scale (the exponent of the weights, and the
threshold) with the least mean square error of the weights, and reports what rounding and
clipping cost. Models of SRM neurons, the paper's, are trained in float; their decays are rounded
too, and a scale can be found that suits weights, threshold and refractory response. All come
with a proof that no accumulator can overflow, or the neuron where one can, and with bounds of
u and v.

--bits asks for other bits a weight, 1 to 9 or ternary, or one for each layer that has
weights: --bits 8,4,ternary, with scales that are searched for in any case. --per channel
gives every neuron, or channel of a convolution, an exponent of its own. --delay-bits is what the
delays have to fit: b bits hold 2^b − 2 ticks. --data runs samples before and after: accuracy,
spikes of each layer and how far they shift, and the layer that is to blame for most of the
difference. With --scale greedy the samples also choose the scales: layer by layer, the one
with which spikes shift least.

--budget gives every layer bits of its own, so that the weights take no more kB (of 1000
bytes, a kernel counted once) and the output's spikes shift least, by what each layer does to them
alone. --pareto measures the accuracy of such networks for all budgets, and of those with the
same bits in all layers: a table as .csv or a figure as .svg.

--as cuba is for targets without SRM neurons: each layer of them becomes one of CUBA neurons with the
same weights, whose decays, threshold and refractory delay are fitted, without data, so that the
spikes under the response ε differ least. It is another neuron: --data says what that costs.`,
		Example: `  isospike quantize model.safetensors -o fixed.safetensors
  isospike quantize model.safetensors --bits 4 --data test.tar.gz -o fixed4.safetensors
  isospike quantize model.safetensors --bits 3 --per channel --scale greedy --data train.tar.gz -o fixed3.safetensors
  isospike quantize model.safetensors --budget 12.5 --data train.tar.gz -o mixed.safetensors
  isospike quantize model.safetensors --pareto accuracy.svg --data test.tar.gz
  isospike quantize srm.safetensors --as cuba --data test.tar.gz -o fixed.safetensors`,
		Args: exactly("MODEL"),
		RunE: func(c *cobra.Command, args []string) error { return a.quantize(c, args[0], &f) },
	}
	fl := c.Flags()
	fl.StringVarP(&f.out, "output", "o", "", "fixed network to write")
	f.register(fl, "what the model was trained in")
	fl.StringVar(&f.scale, "scale", "mse", "scales by mse, the error of the weights, or greedy, by the spikes of --data")
	fl.IntVar(&f.delayBits, "delay-bits", 6, "bits of the delays, 1 to 6")
	fl.BoolVar(&f.clipDelays, "clip-delays", false, "set delays that do not fit to the longest that does")
	fl.StringVar(&f.as, "as", "", "what srm neurons become: cuba (default: they stay)")
	fl.StringVar(&f.data.path, "data", "", "`DATA`: samples to run before and after; see isospike data info --help")
	fl.StringVar(&f.data.labels, "labels", "", "`FILE` of lines id<TAB>class for --data")
	fl.IntVar(&f.samples, "samples", 0, "number of samples to run before and after (0: all)")
	fl.IntVar(&f.calibration, "calibration", 64, "number of samples, spread over --data, that --scale greedy, --budget and --pareto run")
	fl.Float64Var(&f.budget, "budget", 0, "kB of weights that bits by layer may take")
	fl.StringVar(&f.pareto, "pareto", "", "file for accuracy against kB: .csv or .svg")
	return c
}

// options reads the flags but for the samples.
func (f *quantizeFlags) options(a *app) (o quantize.Options, err error) {
	if o, err = f.weightFlags.options(); err != nil {
		return o, err
	}
	if f.scale != "mse" && f.scale != "greedy" {
		return o, diag.Usagef("usage", "--scale is %s", f.scale).WithFix("mse or greedy")
	}
	if f.scale == "greedy" && f.data.path == "" {
		return o, diag.Usagef("usage", "--scale greedy needs samples").WithFix("give --data")
	}
	if f.samples < 0 {
		return o, diag.Usagef("usage", "--samples is %d", f.samples)
	}
	if f.calibration < 1 {
		return o, diag.Usagef("usage", "--calibration is %d", f.calibration)
	}
	if f.out == "" && f.pareto == "" {
		return o, diag.Usagef("usage", "--output is missing").WithFix("give -o, or --pareto alone")
	}
	if mixed := f.mixed(); mixed && f.data.path == "" {
		return o, diag.Usagef("usage", "--budget and --pareto need samples").WithFix("give --data")
	} else if mixed && o.Bits != nil {
		return o, diag.Usagef("usage", "--bits says which bits there are to be, --budget and --pareto find them").WithFix("give one of them")
	}
	if ext := strings.ToLower(filepath.Ext(f.pareto)); f.pareto != "" && ext != ".csv" && ext != ".svg" {
		return o, diag.Usagef("usage", "--pareto is %s: it is not clear which form it is to have", f.pareto).WithFix("name a file that ends in .csv or .svg")
	}
	if !(f.budget >= 0 && f.budget <= 1e12) {
		return o, diag.Usagef("usage", "--budget is %v", f.budget)
	}
	if f.delayBits == 0 {
		return o, diag.Usagef("bits", "delays of 0 bits; allowed are 1 to 6")
	}
	o.DelayBits, o.ClipDelays, o.As, o.Threads = f.delayBits, f.clipDelays, f.as, cmp.Or(a.threads, runtime.GOMAXPROCS(0))
	return o, nil
}

func (a *app) quantize(c *cobra.Command, path string, f *quantizeFlags) error {
	o, err := f.options(a)
	if err != nil {
		return err
	}
	file, err := artifact.Read(path)
	if err != nil {
		return err
	}
	m, err := train.FromFile(file)
	if err != nil {
		return diag.InFile(err, path)
	}
	var e *executor
	var src dataset.Encoded
	if f.data.path != "" {
		if src, err = f.data.open(a, m.Experiment.Encoding); err != nil {
			return err
		}
		if e, err = trainExecutor(m); err != nil {
			return err
		}
		if err := e.takes(src); err != nil {
			return err
		}
	}
	o.Context = c.Context()
	if f.scale == "greedy" || f.mixed() {
		if o.Samples, err = a.calibration(c.Context(), e, src, f.calibration); err != nil {
			return err
		}
		if err := spiking(o.Samples, f.mixed()); err != nil {
			return err
		}
	}
	s, err := quantize.SourceOf(m)
	if err != nil {
		return err
	}
	var mix *mixedResult
	if f.mixed() {
		if mix, err = a.mixed(c.Context(), f, s, o, e, src); err != nil {
			return err
		}
		if f.out == "" {
			return a.result(mix, func(w io.Writer) { printMixed(w, mix) })
		}
		if mix.Choice != nil {
			o.Bits = mix.Choice.Bits
		}
		if f.scale != "greedy" {
			o.Samples = nil
		}
	}
	if len(o.Samples) > 0 {
		a.note("greedy scales: measuring on %d samples", len(o.Samples))
	}
	n, r, err := s.Quantize(o)
	if err != nil {
		return err
	}
	n.Provenance["command"] = "isospike quantize"
	n.Provenance["parent"] = artifact.Hash(file)
	if f.data.path != "" {
		if r.Effect, err = a.effect(c.Context(), e, n, src, f.samples); err != nil {
			return err
		}
		if o.As != "" {
			o.As = ""
			exact, _, err := s.Quantize(o)
			if err != nil {
				return err
			}
			if r.Exact, err = a.effect(c.Context(), e, exact, src, f.samples); err != nil {
				return err
			}
		}
	}
	if err := n.Write(f.out); err != nil {
		return err
	}
	result := struct {
		*quantize.Report
		Mixed *mixedResult `json:"mixed,omitempty"`
	}{r, mix}
	return a.result(result, func(w io.Writer) {
		if mix != nil {
			printMixed(w, mix)
		}
		printQuantize(w, r)
	})
}

func (f *quantizeFlags) mixed() bool { return f.budget > 0 || f.pareto != "" }

func printQuantize(w io.Writer, r *quantize.Report) {
	if r.Lossless {
		fmt.Fprintln(w, "lossless: the model was trained on these integers")
	} else {
		fmt.Fprintln(w, "errors are in the integer weight units of training (1/64)")
	}
	printLayers(w, r, "%10.3f")
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

// printLayers prints what became of the layers, errors in the format given, and the ranges.
func printLayers(w io.Writer, r *quantize.Report, errors string) {
	width := len("layer ")
	for _, l := range r.Layers {
		width = max(width, len(l.Name))
	}
	fmt.Fprintf(w, "%-*s %10s %7s %4s %6s %8s %8s %10s %10s %10s %9s\n", width, "layer", "weights", "bits", "exp", "v_th", "zero", "clipped", "max error", "rms error", "rms weight", "max delay")
	for _, l := range r.Layers {
		bits, exp := fmt.Sprint(l.Bits), fmt.Sprint(l.Exp)
		if l.Ternary {
			bits = snn.Ternary.String()
		}
		if l.MaxExp > l.Exp {
			exp = fmt.Sprintf("%d..%d", l.Exp, l.MaxExp)
		}
		fmt.Fprintf(w, "%-*s %10d %7s %4s %6d %8d %8d "+strings.Repeat(errors+" ", 3)+"%9d\n", width, l.Name, l.Weights, bits, exp, l.VTh, l.Zero, l.Clipped, l.MaxError, l.RMSError, l.RMSWeight, l.MaxDelay)
	}
	for _, l := range r.Layers {
		if l.DelaysClipped > 0 {
			fmt.Fprintf(w, "layer %s: %d delays beyond %d bits were set to %d ticks\n", l.Name, l.DelaysClipped, l.DelayBits, l.MaxDelay)
		}
		if l.BiasesClipped > 0 {
			fmt.Fprintf(w, "layer %s: %d biases beyond what a mantissa and its exponent hold were set to the limit\n", l.Name, l.BiasesClipped)
		}
	}
	for _, p := range r.Ranges {
		printRange(w, p)
	}
}

func printRange(w io.Writer, p quantize.Range) {
	fmt.Fprintf(w, "layer %s: accumulator ≤ %d of %d, proved for every input (neuron %d)", p.Name, p.Accumulator, fixed.UMax-1, p.Neuron)
	switch srm := p.Kind == snn.SRM; {
	case srm && p.SaturationFree:
		fmt.Fprintf(w, "; u ≤ %d, no state can saturate\n", p.U)
		return
	case srm:
		fmt.Fprintf(w, "; states of %d neurons may saturate (%s of u without: neuron %d)\n", p.Saturate, bounded(p.U), p.UNeuron)
		return
	}
	if p.WrapFree {
		fmt.Fprintf(w, "; u ≤ %d cannot wrap", p.U)
	} else if p.Wrap > 0 {
		fmt.Fprintf(w, "; u of %d neurons may wrap, as the hardware does (%s: neuron %d)", p.Wrap, bounded(p.U), p.UNeuron)
	}
	if p.SaturationFree {
		fmt.Fprintf(w, "; %d ≤ v ≤ %d cannot saturate", p.VLow, p.VHigh)
	} else if p.Saturate > 0 {
		fmt.Fprintf(w, "; v of %d neurons may saturate, as the hardware does (%s: neuron %d)", p.Saturate, bounded(max(p.VHigh, -p.VLow)), p.VNeuron)
	}
	fmt.Fprintln(w)
}

func bounded(x int64) string {
	if x == math.MaxInt64 {
		return "no bound"
	}
	return fmt.Sprintf("bound %d", x)
}

func printEffect(w io.Writer, e *quantize.Effect) {
	if e == nil {
		return
	}
	share := func(n, of int) float64 { return 100 * float64(n) / float64(max(1, of)) }
	if e.Labelled > 0 {
		fmt.Fprintf(w, "accuracy %.2f %% before, %.2f %% after, on %d samples\n", share(e.Before, e.Labelled), share(e.After, e.Labelled), e.Labelled)
	}
	fmt.Fprintf(w, "%-6s %12s %12s %10s %22s %16s\n", "layer", "spikes", "after", "differ", "differ on same input", "shift in ticks")
	for _, l := range e.Layers {
		all := l.Before + l.After
		fmt.Fprintf(w, "%-6s %12d %12d %8.2f %% %20.2f %% %16.2f\n", l.Name, l.Before, l.After, share(l.Differ, all), share(l.Own, all), l.MeanShift)
	}
	if k := e.Blame(); k >= 0 {
		fmt.Fprintf(w, "layer %s is to blame for most: %.2f %% of its spikes differ on the model's own input\n", e.Layers[k].Name, share(e.Layers[k].Own, e.Layers[k].Before+e.Layers[k].After))
	}
}
