package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/isospike/isospike/snn/diag"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// outputs are the flags, of any command, that name what it writes, with the endings of
// the forms that it knows where these are checked here.
var outputs = map[string][]string{"output": nil, "bisect": nil, "checkpoint": nil, "csv": nil, "fst": nil, "junit": nil, "log": nil,
	"map": {".svg"}, "pareto": nil, "plot": {".svg", ".png"}, "raster": {".svg"}, "report": {".html", ".svg"}, "vcd": nil}

// checkOutputs returns what is wrong, before any work is done for it, where a command
// would write two results to one file, or one over a file that its arguments or other
// flags name, in a form that it does not know, or into a folder that is not there.
func checkOutputs(c *cobra.Command, args []string) error {
	inputs := args
	var writes []*pflag.Flag
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if _, ok := outputs[f.Name]; ok {
			if f.Value.String() != "" {
				writes = append(writes, f)
			}
		} else if list, ok := f.Value.(pflag.SliceValue); ok && f.Changed {
			inputs = append(inputs, list.GetSlice()...)
		} else if f.Changed {
			inputs = append(inputs, files(f.Value.String())...)
		}
	})
	for i, f := range writes {
		path := f.Value.String()
		if forms := outputs[f.Name]; forms != nil && !slices.Contains(forms, filepath.Ext(path)) {
			return diag.Usagef("usage", "%s writes %s, not %q", named(f), strings.Join(forms, " or "), filepath.Ext(path))
		}
		if path == "-" {
			return diag.Usagef("usage", "%s is -, which is no file name here", named(f)).WithFix("/dev/stdout is standard output, ./- a file of that name")
		}
		for _, other := range writes[:i] {
			if filepath.Clean(path) == filepath.Clean(other.Value.String()) || same(path, other.Value.String()) {
				return diag.Usagef("usage", "%s and %s write the same file, %s", named(other), named(f), path)
			}
		}
		for _, in := range inputs {
			if f.Name == "checkpoint" && in == c.Flags().Lookup("restore").Value.String() {
				continue // the state moves on
			}
			if same(path, in) {
				return diag.Usagef("usage", "%s would write over %s, which is an input", named(f), in).WithFix("name another file")
			}
		}
		if _, folder := f.Annotations[cobra.BashCompSubdirsInDir]; folder {
			continue // MarkFlagDirname: it is made, and those above it
		}
		if _, err := os.Stat(filepath.Dir(path)); errors.Is(err, fs.ErrNotExist) {
			return diag.Inputf("write", path, "there is no folder %s", filepath.Dir(path)).WithFix("make it, or name another file with %s", named(f))
		}
		if fi, err := os.Stat(path); err == nil && fi.IsDir() {
			return diag.Inputf("write", path, "this is a folder, not a file").WithFix("name a file with %s", named(f))
		}
	}
	return nil
}

// named is a flag as it is mostly written.
func named(f *pflag.Flag) string {
	if f.Shorthand != "" {
		return "-" + f.Shorthand
	}
	return "--" + f.Name
}

// files are the paths that a reference to data may name, a '#' before a part and a '+'
// between sets.
func files(data string) []string {
	paths := []string{data}
	for set := range strings.SplitSeq(data, "+") {
		path, _, _ := strings.Cut(set, "#")
		paths = append(paths, path)
	}
	return paths
}

// same reports whether two paths name one file or folder. Devices and pipes may be
// read and written at once.
func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil || !x.Mode().IsRegular() && !x.IsDir() {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
