package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/isospike/isospike/internal/npy"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// lavaHelp says what the file of lava:FILE holds.
const lavaHelp = `lava:FILE is what Lava did, or anything else, in an .npz: s_in, the input, inputs × ticks,
and what is to be compared of layer K, counted from 0: sK, the spikes (s_out of the last
layer), uK and vK, the registers, all neurons × ticks; axes before the last are flattened.
At least one array of spikes must be there. The file's own input is what runs.`

// lavaExecutor returns a recording in the file at path as an executor, and its input. like is the executor that it is to be compared
// with, of the same network.
func (a *app) lavaExecutor(path string, like *executor) (*executor, *spike.Raster, error) {
	arrays, err := npy.ReadNPZ(path)
	if err != nil {
		return nil, nil, diag.InFile(err, path)
	}
	bad := func(format string, args ...any) error {
		return diag.Inputf("lava-file", path, format, args...).WithFix("see `isospike verify --help` for what the file must hold")
	}
	if arrays["s_in"] == nil {
		return nil, nil, bad("there is no array s_in, the input")
	}
	in, err := spikesOf(arrays["s_in"], path, "s_in", like.graded)
	if err != nil {
		return nil, nil, err
	}
	recs := make([]fixed.Record, len(like.sizes))
	spikes := false
	for _, name := range slices.Sorted(maps.Keys(arrays)) {
		if name == "s_in" || name == "meta" {
			continue
		}
		k, err := strconv.Atoi(name[min(1, len(name)):])
		if name == "s_out" {
			k, err = len(recs)-1, nil
		}
		if err != nil || k < 0 || name != "s_out" && !slices.Contains([]string{fmt.Sprint("s", k), fmt.Sprint("u", k), fmt.Sprint("v", k)}, name) {
			return nil, nil, bad("the array %q is none that can be compared", name)
		}
		if k >= len(recs) {
			return nil, nil, bad("the array %q is of layer %d, and %s has layers 0 to %d", name, k, like.name, len(recs)-1)
		}
		n, ticks, at, err := valuesOf(arrays[name], path, name)
		if err != nil {
			return nil, nil, err
		}
		if ticks != in.Ticks() || n != like.sizes[k]*ticks {
			return nil, nil, bad("the array %q has shape %v, expected %d neurons × %d ticks", name, arrays[name].Shape, like.sizes[k], in.Ticks())
		}
		register := func() ([]int32, error) {
			values := make([]int32, n)
			for i := range values {
				if values[i], err = at(i); err != nil {
					return nil, err
				}
			}
			return values, nil
		}
		switch r := &recs[k]; {
		case name[0] == 'u' && k == 0 && like.convention == fixed.Immediate:
			a.note("%s: u0 is not compared: Lava's NetX drives the neurons of an input layer by their bias, not through u", path)
		case name[0] == 'u':
			if r.U, err = register(); err != nil {
				return nil, nil, err
			}
		case name[0] == 'v':
			if r.V, err = register(); err != nil {
				return nil, nil, err
			}
		case r.Spikes != nil:
			return nil, nil, bad("the spikes of layer %d are there twice, as s%d and as s_out", k, k)
		default:
			if r.Spikes, err = spikesOf(arrays[name], path, name, true); err != nil {
				return nil, nil, err
			}
			spikes = true
		}
	}
	if !spikes {
		return nil, nil, bad("no spikes of any layer are there, neither s_out nor s0 to s%d", len(recs)-1)
	}
	e := &executor{name: "lava:" + path, input: like.input, layers: like.layers, sizes: like.sizes, convention: like.convention, recorded: true,
		start: func(bool) runner {
			return func(context.Context, *spike.Raster) ([]fixed.Record, error) { return recs, nil }
		},
		side: func(context.Context, *spike.Raster) (sim.Side, error) {
			return sim.RecordSide(recs, in.Ticks(), like.convention.SpikeLag), nil
		}}
	return e, in, nil
}
