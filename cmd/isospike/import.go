package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/interop"
	"github.com/isospike/isospike/quantize"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/train"
	"github.com/spf13/cobra"
)

func newImport(a *app) *cobra.Command {
	imp := &cobra.Command{Use: "import", Short: "Read networks of other tools"}
	imp.AddCommand(newImportLava(a), newImportNIR(a), newImportSlayer(a))
	return group(imp)
}

func newImportLava(a *app) *cobra.Command {
	var out, encoding, convention string
	var reset fixed.Reset
	var graded bool
	c := &cobra.Command{
		Use:   "lava FILE.net -o FILE",
		Short: "Read a lava-dl network (.net)",
		Long: `lava reads a network that lava-dl exported with export_hdf5 and gives a fixed network
that computes what Lava's netx.Network computes: dense, conv, pool, convT and unpool layers
of CUBA, LOIHI, ALIF, SDNN, RF_PHASE and RF_IZHIKEVICH neurons. Delays are taken as axonal, as
SLAYER trained them. Nothing is dropped: what isospike has no form for is refused by name.`,
		Example: "  isospike import lava trained_mnist.net -o fixed.safetensors",
		Args:    exactly("FILE.net"),
		RunE: func(c *cobra.Command, args []string) error {
			l, err := interop.ReadLavaNet(args[0])
			if err != nil {
				return diag.InFile(err, args[0])
			}
			l.GradedInput = graded
			n, notes, err := l.Fixed()
			if err != nil {
				return diag.InFile(err, args[0])
			}
			for _, note := range notes {
				a.note("%s: %s", args[0], note)
			}
			if convention != "" {
				if n.Convention, err = fixed.ParseConvention(convention); err != nil {
					return diag.Usagef("usage", "%v", err)
				}
			}
			for k := range n.Layers {
				if reset.Interval > 0 && fixed.Graded(n.Layers[k].Neuron) {
					return (&diag.Error{Kind: diag.Usage, Code: "reset-graded", Layer: n.Layers[k].Name,
						Msg: "a reset would make sigma-delta neurons forget what they have sent; netx ignores it for them"}).WithFix("leave out --reset-interval")
				}
			}
			if reset.Offset != 0 && reset.Interval == 0 {
				return diag.Usagef("usage", "--reset-offset is %d without a reset", reset.Offset).WithFix("give --reset-interval as well")
			}
			n.Encoding, n.Reset = encoding, reset
			return a.writeImport(n, filepath.Base(args[0]), out, nil)
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "fixed network to write")
	c.Flags().StringVar(&convention, "convention", "", "when input acts: axonal (column t at tick t+1, as in Lava), immediate or slayer (default axonal, or immediate where the file's input layer has neurons)")
	c.Flags().BoolVar(&graded, "graded-input", false, "what input spikes carry multiplies the weights, as with netx's input_message_bits above 0")
	c.Flags().IntVar(&reset.Interval, "reset-interval", 0, "zero the neurons every so many steps, as netx.Network does (0: never)")
	c.Flags().IntVar(&reset.Offset, "reset-offset", 0, "phase of the reset; layer i is zeroed at steps ≡ offset + 1 + i")
	encodingFlag(c, &encoding)
	_ = c.MarkFlagRequired("output")
	return c
}

func newImportSlayer(a *app) *cobra.Command {
	var out, notation, encoding string
	neuron := snn.LoihiNeuron
	c := &cobra.Command{
		Use:   "slayer --net NOTATION WEIGHTS... -o FILE",
		Short: "Read slayerPytorch's Loihi text export",
		Long: `slayer reads the weights that slayerPytorch wrote for Loihi, one file a layer with one
integer a line, rows of a neuron's inputs one after the other; of a convolution the kernels,
of a pool its one kernel. The files of pools may be left out, all of them: slayerPytorch works
their weight out from the neuron, and so does slayer. The text holds no delays.`,
		Example: `  isospike import slayer --net 34x34x2-512-10 NMNISTFc1.txt NMNISTFc2.txt -o fixed.safetensors
  isospike import slayer --net 128x128x2-4a-16c5p2-2a-32c3p1-2a-512-11 \
      conv1.txt conv2.txt fc1.txt fc2.txt -o fixed.safetensors`,
		RunE: func(c *cobra.Command, args []string) error {
			net, err := snn.Parse(notation)
			if err != nil {
				return err
			}
			if err := neuron.Validate("all"); err != nil {
				return err
			}
			weights := make([][]int16, len(args)) // Slayer says how many there must be
			layers := net.Layers
			if len(args) < len(layers) { // pools may lack theirs
				layers = slices.DeleteFunc(slices.Clone(layers), func(l snn.Layer) bool { return l.Kind == snn.Pool })
			}
			for k, path := range args[:min(len(args), len(layers))] {
				if weights[k], err = readSlayer(path, layers[k]); err != nil {
					return diag.InFile(err, path)
				}
			}
			n, err := interop.Slayer(net, weights, train.Cuba(neuron), encoding)
			if err != nil {
				return err
			}
			var names []string
			for _, path := range args {
				names = append(names, filepath.Base(path))
			}
			return a.writeImport(n, strings.Join(names, " "), out, nil)
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "fixed network to write")
	c.Flags().StringVar(&notation, "net", "", "the network in the paper's notation")
	c.Flags().IntVar(&neuron.IDecay, "i-decay", neuron.IDecay, "decay of the current, in 1/4096 a tick")
	c.Flags().IntVar(&neuron.VDecay, "v-decay", neuron.VDecay, "decay of the voltage, in 1/4096 a tick")
	c.Flags().IntVar(&neuron.VTh, "v-th", neuron.VTh, "threshold mantissa")
	c.Flags().IntVar(&neuron.RefDelay, "ref-delay", neuron.RefDelay, "refractory delay in ticks")
	c.Flags().StringVar(&encoding, "encoding", "tick=1000us ticks=300 downsample=1", "how events become ticks")
	_ = c.MarkFlagRequired("output")
	_ = c.MarkFlagRequired("net")
	return c
}

func readSlayer(path string, l snn.Layer) ([]int16, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, diag.Inputf("read", path, "cannot be read: %v", err)
	}
	defer f.Close()
	out, in := interop.SlayerWeights(l)
	return interop.ReadSlayerWeights(f, out, in)
}

// writeImport writes an imported network, from a file that its provenance names unless "". r tells what making
// integers of it cost, where it was not in integers.
func (a *app) writeImport(n *fixed.Network, from, out string, r *quantize.Report) error {
	if n.Encoding != "" {
		if _, err := dataset.ParseEncoding(n.Encoding); err != nil {
			return err
		}
	}
	if err := n.Validate(); err != nil { // with what flags have set
		return err
	}
	if from != "" {
		n.Provenance["command"] = "isospike import"
		n.Provenance["data"] = from
	}
	if err := n.Write(out); err != nil {
		return err
	}
	result := map[string]any{"fixed": out, "layers": len(n.Layers)}
	if r != nil {
		result["quantize"] = r
	}
	return a.result(result, func(w io.Writer) {
		fmt.Fprintf(w, "%s:\n", out)
		_ = inspectFixed(w, n)
	})
}
