package main

import (
	"context"
	"fmt"
	"io"

	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/snn/diag"
	"github.com/spf13/cobra"
)

// dataFlags name recordings and their labels.
type dataFlags struct{ path, labels string }

func (f *dataFlags) register(c *cobra.Command, use string) {
	f.add(c, use)
	_ = c.MarkFlagRequired("data")
}

// add is register of flags that may be left out.
func (f *dataFlags) add(c *cobra.Command, use string) {
	c.Flags().StringVar(&f.path, "data", "", "`DATA`: "+use+", a folder, file or archive, and after a '#' the part of it; see isospike data info --help")
	c.Flags().StringVar(&f.labels, "labels", "", "`FILE` of lines id<TAB>class (default: class folders, or the .txt beside the archive)")
}

// open reads the recordings and encodes them as an artifact says.
func (f *dataFlags) open(a *app, encoding string) (dataset.Encoded, error) {
	return openData(a, f.path, f.labels, encoding)
}

func openData(a *app, path, labels, encoding string) (dataset.Encoded, error) {
	if encoding == "" {
		return dataset.Encoded{}, diag.Inputf("no-encoding", "", "the network does not record how events become ticks").
			WithFix("give --encoding, such as %q", "tick=1000us ticks=300 downsample=1")
	}
	enc, err := dataset.ParseEncoding(encoding)
	if err != nil {
		return dataset.Encoded{}, err
	}
	set, err := dataset.Open(path, labels)
	if err != nil {
		return dataset.Encoded{}, err
	}
	e := dataset.Encoded{Set: set, Encoding: enc}
	events, late, err := e.Late()
	if err != nil {
		return dataset.Encoded{}, err
	}
	if late > 0 {
		a.note("%s: %d samples; %d of %d events come after tick %d and are left out", set.Name(), set.Len(), late, events, enc.Ticks)
	} else if events > 0 {
		a.note("%s: %d samples, %d events", set.Name(), set.Len(), events)
	} else {
		a.note("%s: %d samples", set.Name(), set.Len())
	}
	return e, nil
}

// writeSet writes s with write, which reads its recordings in turn. It ends when ctx does.
func (a *app) writeSet(ctx context.Context, s dataset.Set, write func(dataset.Set) error) error {
	p := a.progress("writing", "samples", s.Len())
	defer p.end()
	return write(dataset.Watched(until(ctx, "writing", s), func(i int) error {
		p.set(i, "")
		return nil
	}))
}

// until returns s, which cannot be read any more when ctx is done: what is stopped then.
func until(ctx context.Context, what string, s dataset.Set) dataset.Set {
	return dataset.Watched(s, func(int) error {
		if ctx.Err() != nil {
			return diag.Stopped(what, context.Cause(ctx))
		}
		return nil
	})
}

func newData(a *app) *cobra.Command {
	data := &cobra.Command{Use: "data", Short: "Make and look at data sets"}
	var out string
	var samples int
	var seed uint64
	synth := &cobra.Command{
		Use:   "synth",
		Short: "Write synthetic event-camera digits as N-MNIST files",
		Long: `synth draws digits, moves a simulated event camera over them in three saccades as
N-MNIST was recorded, and writes <class>/<id>.bin files that any N-MNIST reader
reads. Sample i depends on the seed and i alone.`,
		Example: "  isospike data synth --samples 2000 --seed 1 -o digits",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if samples < 1 || samples > 1_000_000 {
				return diag.Usagef("usage", "--samples is %d, allowed are 1 to 1000000", samples)
			}
			err := a.writeSet(c.Context(), dataset.NewSynth(samples, seed), func(s dataset.Set) error { return dataset.WriteDir(s, out, "bin") })
			if err != nil {
				return err
			}
			return a.result(map[string]any{"samples": samples, "directory": out, "seed": seed}, func(w io.Writer) {
				fmt.Fprintf(w, "%s: %d recordings\n", out, samples)
			})
		},
	}
	synth.Flags().StringVarP(&out, "output", "o", "", "directory to write")
	synth.Flags().IntVar(&samples, "samples", 1000, "number of recordings, classes taking turns")
	synth.Flags().Uint64Var(&seed, "seed", 1, "seed of all randomness")
	_ = synth.MarkFlagRequired("output")
	_ = synth.MarkFlagDirname("output")
	data.AddCommand(synth, newDataInfo(a), newDataConvert(a))
	return group(data)
}
