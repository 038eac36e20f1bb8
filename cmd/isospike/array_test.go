package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/isospike/isospike/internal/npy"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// TestSpikesOf: an array is a raster by its last axis; what cannot be one is refused with the array, the place, or the number of ticks, before
// it takes memory.
func TestSpikesOf(t *testing.T) {
	want := spike.NewRaster(4)
	want.AppendGraded([]int32{0, 3}, []int32{5, -2})
	want.AppendGraded(nil, nil)
	want.AppendGraded([]int32{2}, []int32{1})
	got, err := spikesOf(npy.Of([]int{2, 2, 3}, []int16{5, 0, 0, 0, 0, 0, 0, 0, 1, -2, 0, 0}), "x.npz", "a", true)
	if err != nil || !got.Equal(want) {
		t.Errorf("%+v, %v", got, err)
	}
	plain, err := spikesOf(npy.Of([]int{2, 2}, []bool{true, false, true, true}), "x.npz", "a", false)
	if err != nil || plain.Message != nil || plain.Count() != 3 || len(plain.At(0)) != 2 || plain.At(1)[0] != 1 {
		t.Errorf("%+v, %v", plain, err)
	}
	if r, err := spikesOf(npy.Of([]int{1, maxTicks}, make([]uint8, maxTicks)), "x.npz", "a", false); err != nil || r.Ticks() != maxTicks {
		t.Errorf("%v", err)
	}
	for want, a := range map[string]*npy.Array{
		`x.npz: array "a" has 1048577 ticks, at most 1048576 are run`:        npy.Of([]int{1, maxTicks + 1}, make([]uint8, maxTicks+1)),
		`x.npz: array "a" holds 2 at position 3; spikes are 0 or 1`:          npy.Of([]int{2, 2}, []int8{0, 1, 1, 2}),
		`x.npz: array "a" holds 2147483648 at position 1, more than 32 bits`: npy.Of([]int{1, 2}, []int64{0, 1 << 31}),
		`x.npz: element 0 is 18446744073709551615, too large for int64`:      npy.Of([]int{1, 1}, []uint64{1<<64 - 1}),
		`x.npz: array "a" has shape [2], expected inputs × ticks`:            npy.Of([]int{2}, []uint8{0, 1}),
		`x.npz: array "a" has no ticks`:                                      npy.Of([]int{2, 0}, []uint8{}),
		`x.npz: the array has type <f8, want integers`:                       npy.Of([]int{1, 1}, []float64{1}),
	} {
		var e *diag.Error
		if _, err := spikesOf(a, "x.npz", "a", false); !errors.As(err, &e) || e.Kind != diag.Input || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
