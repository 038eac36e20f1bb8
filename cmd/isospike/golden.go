package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"

	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/sim/golden"
	"github.com/isospike/isospike/snn/diag"
	"github.com/spf13/cobra"
)

func newGolden(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "golden",
		Short: "Keep what a network does on disk, and hold later versions, machines and targets to it",
		Long: `golden record freezes a network, inputs, every spike of every neuron and the state in
which every neuron ends. golden check runs the inputs again, on this version, this machine,
another target or another artifact, and says where the first difference is.`,
	}
	c.AddCommand(newGoldenRecord(a), newGoldenCheck(a))
	return group(c)
}

func newGoldenRecord(a *app) *cobra.Command {
	var data dataFlags
	var encoding, array, dir string
	var inputs []string
	c := &cobra.Command{
		Use:   "record ARTIFACT (--data DIR | --input FILE.npz...) -o FOLDER",
		Short: "Record what a fixed network or program does on recordings",
		Long: `record runs every recording on a fixed network, by the reference, or on a program, by the
simulator, and writes a folder: the artifact, and for each recording its input, all spikes
as gaps between neurons, and the final u and v of every neuron. golden.json lists them
with their SHA-256; it is written last, so a folder that was broken off is refused.

--input records arrays of inputs × ticks, beside recordings or alone: of 0 and 1, or of integers
where the first layer takes graded spikes. It may be repeated.`,
		Example: `  isospike golden record fixed.safetensors --data test.tar.gz -o golden
  isospike golden record sdnn.safetensors --input steer.npz --input brake.npz -o golden
  isospike golden check golden --target loihi1 --target icebreaker`,
		Args: exactly("ARTIFACT"),
		RunE: func(c *cobra.Command, args []string) error {
			file, err := artifact.Read(args[0])
			if err != nil {
				return err
			}
			if artifact.Kind(file) == artifact.Model {
				return diag.Inputf("artifact-kind", args[0], "a model has no registers to record").WithFix("record the fixed network that `isospike quantize` makes of it")
			}
			e, err := a.execute(file)
			if err != nil {
				return diag.InFile(err, args[0])
			}
			src, err := a.goldenSamples(e, &data, encoding, inputs, array)
			if err != nil {
				return err
			}
			w, err := golden.Create(dir, file)
			if err != nil {
				return err
			}
			p := a.progress("record", "samples", src.Len())
			defer p.end()
			idle := sync.Pool{New: func() any { return e.end() }}
			spikes := 0
			err = ordered(c.Context(), a.threads, src.Len(), func(i int) (*golden.Run, error) {
				in, err := src.Raster(i, 0, 0)
				if err != nil {
					return nil, err
				}
				r := idle.Get().(ender)
				defer idle.Put(r)
				return r(c.Context(), in)
			}, func(i int, r *golden.Run) error {
				spikes += r.Spikes()
				p.set(i+1, "")
				return w.Add(src.ID(i), src.Label(i), r)
			})
			if err == nil {
				err = w.Close()
			}
			if err != nil {
				return errors.Join(err, w.Discard())
			}
			if spikes == 0 {
				a.note("%s: no neuron spiked, so holding anything to it will show nothing", dir)
			}
			return a.result(map[string]any{"folder": dir, "samples": src.Len(), "spikes": spikes}, func(w io.Writer) {
				fmt.Fprintf(w, "%s: %d samples of %s, %d spikes\n", dir, src.Len(), e.name, spikes)
			})
		},
	}
	c.Flags().StringVarP(&dir, "output", "o", "", "folder to make")
	_ = c.MarkFlagRequired("output")
	_ = c.MarkFlagDirname("output")
	data.add(c, "recordings")
	c.Flags().StringArrayVar(&inputs, "input", nil, inputHelp)
	c.Flags().StringVar(&array, "array", defaultArray, "name of the array in --input")
	encodingFlag(c, &encoding)
	return c
}

// goldenSamples are the recordings and inputs to record an executor on.
func (a *app) goldenSamples(e *executor, data *dataFlags, encoding string, inputs []string, array string) (all joined, err error) {
	if data.path == "" && len(inputs) == 0 {
		return nil, diag.Usagef("usage", "there is nothing to record").WithFix("give recordings with --data, or inputs with --input")
	}
	if data.path != "" {
		src, err := data.open(a, e.encodingOr(encoding))
		if err != nil {
			return nil, err
		}
		if err := e.takes(src); err != nil {
			return nil, err
		}
		all = append(all, src)
	}
	named := map[string]int{}
	for _, path := range inputs {
		named[filepath.Base(path)]++
	}
	for _, path := range inputs {
		in, err := openInput(path, array, []*executor{e})
		if err != nil {
			return nil, err
		}
		if o, single := in.(one); single && named[filepath.Base(path)] == 1 {
			in = one{filepath.Base(path), o.in} // where the file lay is nobody's business, unless that tells it from another
		}
		all = append(all, in)
	}
	return all, nil
}
