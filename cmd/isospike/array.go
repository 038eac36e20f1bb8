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
		e := diag.Inputf("no-array", path, "there is no array %q", name)
		if names := slices.Sorted(maps.Keys(arrays)); len(names) > 0 {
			e.Fix = "name one with --array: " + strings.Join(names, ", ")
		}
		return nil, e
	}
	return spikesOf(arr, path, name, graded)
}

// spikesOf reads an array of 0 and 1, or of what graded spikes carry. Its last axis is time.
func spikesOf(arr *npy.Array, path, name string, graded bool) (*spike.Raster, error) {
	n, ticks, at, err := valuesOf(arr, path, name)
	if err != nil {
		return nil, err
	}
	if ticks > maxTicks {
		return nil, diag.Inputf("ticks-exceeded", path, "array %q has %d ticks, at most %d are run", name, ticks, maxTicks).WithFix("cut it; `isospike sim` goes on with --checkpoint and --restore")
	}
	r := spike.NewRaster(n / ticks)
	var neurons, messages []int32 // of a tick
	for t := range ticks {
		neurons, messages = neurons[:0], messages[:0]
		for o := range n / ticks {
			x, err := at(o*ticks + t)
			if err != nil {
				return nil, err
			}
			if !graded && x != 0 && x != 1 {
				return nil, diag.Inputf("array-value", path, "array %q holds %d at position %d; spikes are 0 or 1", name, x, o*ticks+t)
			}
			if x != 0 {
				neurons, messages = append(neurons, int32(o)), append(messages, x)
			}
		}
		if graded {
			r.AppendGraded(neurons, messages)
		} else {
			r.Append(neurons...)
		}
	}
	return r, nil
}

// valuesOf reads an array of integers of 32 bits, neurons × ticks: how many there are, of how many ticks, and each. Further axes before the
// last are those of the neurons.
func valuesOf(arr *npy.Array, path, name string) (n, ticks int, at func(i int) (int32, error), err error) {
	n, wide, err := arr.Integers()
	if err != nil {
		return 0, 0, nil, diag.InFile(err, path)
	}
	if len(arr.Shape) < 2 {
		return 0, 0, nil, diag.Inputf("array-shape", path, "array %q has shape %v, expected inputs × ticks", name, arr.Shape)
	}
	if ticks = arr.Shape[len(arr.Shape)-1]; ticks == 0 {
		return 0, 0, nil, diag.Inputf("array-shape", path, "array %q has no ticks", name)
	}
	return n, ticks, func(i int) (int32, error) {
		x, err := wide(i)
		if err != nil {
			return 0, diag.InFile(err, path)
		}
		if int64(int32(x)) != x {
			return 0, diag.Inputf("array-value", path, "array %q holds %d at position %d, more than 32 bits", name, x, i)
		}
		return int32(x), nil
	}, nil
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
