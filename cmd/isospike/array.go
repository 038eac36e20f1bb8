package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/isospike/isospike/internal/npy"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// defaultArray is the input in the traces of isospike sim.
const defaultArray = "s_in"

// readSpikes reads an input out of an .npz file: an array of inputs × ticks.
func readSpikes(path, name string, graded bool) (*spike.Raster, error) {
	arrays, err := npy.ReadNPZ(path)
	if err != nil {
		return nil, diag.InFile(err, path)
	}
	arr, ok := arrays[name]
	if !ok {
		names := slices.Sorted(maps.Keys(arrays))
		return nil, diag.Inputf("no-array", path, "there is no array %q", name).WithFix("name one with --array: %s", strings.Join(names, ", "))
	}
	return spikesOf(arr, path, name, graded)
}

// spikesOf reads an array of 0 and 1, or of what graded spikes carry. Its last axis is time.
func spikesOf(arr *npy.Array, path, name string, graded bool) (*spike.Raster, error) {
	values, ticks, err := valuesOf(arr, path, name)
	if err != nil {
		return nil, err
	}
	if !graded {
		for i, x := range values {
			if x != 0 && x != 1 {
				return nil, diag.Inputf("array-value", path, "array %q holds %d at position %d; spikes are 0 or 1", name, x, i)
			}
		}
	}
	r, err := spike.FromValues(len(values)/ticks, ticks, values)
	if err == nil && !graded {
		r.Message = nil
	}
	return r, err
}

// valuesOf reads an array of integers of 32 bits, neurons × ticks. Further axes before the last are those of the neurons.
func valuesOf(arr *npy.Array, path, name string) (values []int32, ticks int, err error) {
	v, err := arr.Ints()
	if err != nil {
		return nil, 0, diag.InFile(err, path)
	}
	if len(arr.Shape) < 2 {
		return nil, 0, diag.Inputf("array-shape", path, "array %q has shape %v, expected inputs × ticks", name, arr.Shape)
	}
	if ticks = arr.Shape[len(arr.Shape)-1]; ticks == 0 {
		return nil, 0, diag.Inputf("array-shape", path, "array %q has no ticks", name)
	}
	values = make([]int32, len(v))
	for i, x := range v {
		if values[i] = int32(x); int64(values[i]) != x {
			return nil, 0, diag.Inputf("array-value", path, "array %q holds %d at position %d, more than 32 bits", name, x, i)
		}
	}
	return values, ticks, nil
}

// writeSpikes writes an input as readSpikes reads it, in an array s_in.
func writeSpikes(path string, in *spike.Raster) error {
	return npy.WriteNPZ(path, map[string]*npy.Array{"s_in": dense(in)})
}

// dense returns a raster as an array of neurons × ticks: of 0 and 1, uint8, or of what graded spikes carry, int32.
func dense(r *spike.Raster) *npy.Array {
	ticks := r.Ticks()
	s, carried := make([]uint8, r.Neurons*ticks), []int32(nil)
	if r.Message != nil {
		carried = make([]int32, r.Neurons*ticks)
	}
	for t := range ticks {
		messages := r.Messages(t)
		for i, n := range r.At(t) {
			if s[int(n)*ticks+t] = 1; messages != nil {
				carried[int(n)*ticks+t] = messages[i]
			}
		}
	}
	if carried != nil {
		return npy.Of([]int{r.Neurons, ticks}, carried)
	}
	return npy.Of([]int{r.Neurons, ticks}, s)
}
