package main

import (
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// one is an input by itself, without a class.
type one struct {
	id string
	in *spike.Raster
}

func (o one) Len() int                                    { return 1 }
func (o one) Label(int) int                               { return -1 }
func (o one) ID(int) string                               { return o.id }
func (o one) Raster(int, int, int) (*spike.Raster, error) { return o.in, nil }

// joined are the samples of several sources, one after the other.
type joined []samples

// at returns the source of sample i, and its number there.
func (j joined) at(i int) (samples, int) {
	for _, s := range j {
		if i < s.Len() {
			return s, i
		}
		i -= s.Len()
	}
	panic("there is no such sample")
}

func (j joined) Len() (n int) {
	for _, s := range j {
		n += s.Len()
	}
	return n
}

func (j joined) Label(i int) int { s, i := j.at(i); return s.Label(i) }
func (j joined) ID(i int) string { s, i := j.at(i); return s.ID(i) }
func (j joined) Raster(i, dx, dy int) (*spike.Raster, error) {
	s, i := j.at(i)
	return s.Raster(i, dx, dy)
}

// takesRaster checks that an input fits the executor's.
func (e *executor) takesRaster(path string, in *spike.Raster) error {
	if in.Neurons != e.input.Size() {
		return diag.Inputf("input-shape", path, "the input has %d rows, the network takes %d (%v)", in.Neurons, e.input.Size(), e.input)
	}
	return nil
}
