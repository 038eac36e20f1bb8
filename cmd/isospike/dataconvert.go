package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/snn/diag"
	"github.com/spf13/cobra"
)

func newDataConvert(a *app) *cobra.Command {
	var labels, encoding, to, out string
	c := &cobra.Command{
		Use:   "convert DATA",
		Short: "Write a data set in another form, for other tools",
		Long: `convert reads any data set that the other commands read, and writes its events as

  bin   N-MNIST's files, <class>/<id>.bin, which are those of bs2
  bs1   SLAYER's files for neurons without a place; patterns become input.bs1 and output.bs1
  bs2   SLAYER's files for pixels with a polarity, up to 8.39 s
  bs3   the same for cameras of up to 4096 columns and rows, and up to 16.7 s
  npz   one NumPy file: t (µs), x, y, p of all events, offsets of the samples among them
        (sample i has the events offsets[i]:offsets[i+1]), labels, and shape (columns, rows,
        polarities). It is read back, and so is an .npz of labels and spikes, n×ticks×inputs.

With --encoding the events are those that a network gets: on its ticks, downsampled.
What a form cannot hold is an error; nothing is cut.`,
		Example: `  isospike data convert Oxford --to bs1 -o copy
  isospike data convert train.tar.gz --to npz -o train.npz
  isospike data convert 'mnist#test' --encoding "tick=1000us ticks=30 downsample=1" --to npz -o test.npz`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if forms := []string{"bin", "bs1", "bs2", "bs3", "npz"}; !slices.Contains(forms, to) {
				return diag.Usagef("bad-layout", "--to is %s", to).WithFix("known are %s", strings.Join(forms, ", "))
			}
			set, err := dataset.Open(args[0], labels)
			if err != nil {
				return err
			}
			if encoding != "" {
				enc, err := dataset.ParseEncoding(encoding)
				if err != nil {
					return err
				}
				set = dataset.Spikes(dataset.Encoded{Set: set, Encoding: enc})
			}
			err = a.writeSet(c.Context(), set, func(s dataset.Set) error {
				if to == "npz" {
					return dataset.WriteNPZ(s, out)
				}
				return dataset.WriteDir(s, out, to)
			})
			if err != nil {
				return err
			}
			return a.result(map[string]any{"samples": set.Len(), "output": out, "form": to}, func(w io.Writer) {
				fmt.Fprintf(w, "%s: %d samples as %s\n", out, set.Len(), to)
			})
		},
	}
	fl := c.Flags()
	fl.StringVar(&labels, "labels", "", "`FILE` of lines id<TAB>class")
	fl.StringVar(&encoding, "encoding", "", "write the spikes that this encoding makes of the events")
	fl.StringVar(&to, "to", "", "bin, bs1, bs2, bs3 or npz")
	fl.StringVarP(&out, "output", "o", "", "folder, or .npz file, to write")
	_ = c.MarkFlagRequired("to")
	_ = c.MarkFlagRequired("output")
	_ = c.MarkFlagDirname("output")
	return c
}
