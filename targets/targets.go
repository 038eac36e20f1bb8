// Package targets knows the chips and boards that networks are compiled for.
//
// Each is a TOML file; chips/ and boards/ are built in, and others are given by
// path. A file says what it inherits and then what differs:
//
//	inherits = "loihi1"   # a built-in target; its values hold where this file has none
//	family = "loihi"      # "loihi" or "fpga"; mostly inherited
//
//	[limits]              # compile.Limits
//	chips = 2
//
//	[board]               # family fpga: fpga.Hardware
//	baud = 3_000_000
package targets

import (
	"embed"
	"errors"
	"io"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/internal/regular"
	"github.com/isospike/isospike/internal/tomltext"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/targets/fpga"
	"github.com/isospike/isospike/targets/loihi"
)

//go:embed chips/*.toml boards/*.toml
var files embed.FS

// file is the content of a chip or board file.
type file struct {
	Inherits string         `toml:"inherits"`
	Family   string         `toml:"family"`
	Limits   compile.Limits `toml:"limits"`
	Board    fpga.Hardware  `toml:"board"`
}

const (
	maxFile    = 1 << 20 // bytes of a file
	maxInherit = 8       // files from a target to the one that inherits nothing
	maxLimit   = 1 << 30 // of any amount
)

// List returns the names of the built-in targets, sorted.
func List() []string {
	var names []string
	for _, dir := range []string{"chips", "boards"} {
		entries, err := files.ReadDir(dir)
		if err != nil {
			panic(err) // embedded
		}
		for _, e := range entries {
			names = append(names, strings.TrimSuffix(e.Name(), ".toml"))
		}
	}
	slices.Sort(names)
	return names
}

// Lookup returns the built-in target of that name or, for a name that ends in
// ".toml", the one that the file of that path describes. It is a *loihi.Chip or
// a *fpga.Board. The error is an Input one, and lists what there is.
func Lookup(name string) (compile.Target, error) {
	if strings.HasSuffix(name, ".toml") {
		r, _, err := regular.Open(name)
		if errors.As(err, new(*diag.Error)) {
			return nil, err
		}
		if err != nil {
			e := diag.Inputf("target-file", "", "cannot read the target's file")
			e.Err = err
			return nil, e
		}
		defer r.Close()
		data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
		if err != nil {
			e := diag.Inputf("target-file", name, "cannot read the target's file")
			e.Err = err
			return nil, e
		}
		t, err := Parse(strings.TrimSuffix(filepath.Base(name), ".toml"), data)
		return t, diag.InFile(err, name)
	}
	data, err := builtIn(name)
	if err != nil {
		return nil, err
	}
	return Parse(name, data)
}

// builtIn returns the file of a built-in target.
func builtIn(name string) ([]byte, error) {
	names := List()
	if !slices.Contains(names, name) {
		e := diag.Inputf("target-unknown", "", "there is no target %q", name)
		if near := nearest(name, names); near != "" {
			return nil, e.WithFix("did you mean %s? There are %s", near, strings.Join(names, ", "))
		}
		return nil, e.WithFix("use one of %s, or the path of a .toml file", strings.Join(names, ", "))
	}
	data, err := files.ReadFile(path.Join("boards", name+".toml"))
	if err != nil {
		data, err = files.ReadFile(path.Join("chips", name+".toml"))
	}
	return data, err
}

// Parse reads a chip or board file of a target called name. Keys that mean
// nothing are an error, as are amounts that cannot be.
func Parse(name string, data []byte) (compile.Target, error) {
	var f file
	if err := f.decode(data, maxInherit); err != nil {
		return nil, err
	}
	limits := reflect.ValueOf(f.Limits)
	for i := range limits.NumField() {
		if v := limits.Field(i); v.CanInt() && (v.Int() < 0 || v.Int() > maxLimit) {
			return nil, diag.Inputf("target-limits", "", "limit %s is %d, allowed are 0 (none) to %d",
				limits.Type().Field(i).Tag.Get("toml"), v.Int(), maxLimit)
		}
	}
	for _, kind := range f.Limits.NeuronKinds {
		if !slices.Contains(fixed.Kinds(), kind) {
			return nil, diag.Inputf("target-limits", "", "limit neuron_kinds has %q, there are %s", kind, strings.Join(fixed.Kinds(), ", "))
		}
	}
	switch f.Family {
	case "loihi":
		if !reflect.ValueOf(f.Board).IsZero() {
			return nil, diag.Inputf("target-key", "", "a target of family loihi has no [board]")
		}
		return loihi.New(name, f.Limits), nil
	case "fpga":
		return fpga.New(name, f.Limits, f.Board)
	}
	return nil, diag.Inputf("target-family", "", "family is %q, not loihi or fpga", f.Family).WithFix("set family, or inherit from a built-in target")
}

// decode reads data over what it inherits.
func (f *file) decode(data []byte, depth int) error {
	if len(data) > maxFile || depth == 0 {
		return diag.Inputf("target-file", "", "the file is longer than %d bytes or inherits through more than %d files", maxFile, maxInherit)
	}
	var head struct {
		Inherits string `toml:"inherits"`
	}
	if _, err := tomltext.Decode(string(data), &head); err != nil {
		return err
	}
	if head.Inherits != "" {
		parent, err := builtIn(head.Inherits)
		if err != nil {
			return err
		}
		if err := f.decode(parent, depth-1); err != nil {
			return err
		}
	}
	meta, err := tomltext.Decode(string(data), f)
	if err != nil {
		return err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return diag.Inputf("toml-key", "", "unknown key %q", unknown[0].String()).WithFix("see the built-in target files for the keys")
	}
	return nil
}

// nearest returns the name that is at most two edits away from a mistyped one
// and nearest to it, "" if none is.
func nearest(typed string, names []string) string {
	best, near := 3, ""
	for _, n := range names {
		if d := edits(typed, n); d < best {
			best, near = d, n
		}
	}
	return near
}

// edits returns how many letters must be inserted, deleted or replaced to make b of a.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := diagonal
			if a[i] != b[j] {
				d = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], d
		}
	}
	return row[len(b)]
}
