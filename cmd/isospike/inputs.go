package main

import (
	"os"

	"github.com/isospike/isospike/sim/golden"
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

// frozen are the inputs of a recording.
type frozen struct {
	*golden.Folder
	path   string
	inputs []*executor // that are to take them
}

func (f frozen) Len() int        { return len(f.Samples) }
func (f frozen) Label(i int) int { return f.Samples[i].Label }
func (f frozen) ID(i int) string { return f.Samples[i].ID }
func (f frozen) Raster(i, _, _ int) (*spike.Raster, error) {
	r, err := f.Run(i)
	if err != nil {
		return nil, err
	}
	for _, e := range f.inputs {
		if err := e.takesRaster(f.path, r.Input); err != nil {
			return nil, err
		}
	}
	return r.Input, nil
}

// inputHelp says what --input takes.
const inputHelp = "`FILE` .npz with an input, or a folder of golden record with all of its inputs"

// openInput returns the inputs at path for executors: an array of an .npz file, or those of a recording.
func openInput(path, array string, execs []*executor) (samples, error) {
	if fi, err := os.Stat(path); err == nil && fi.IsDir() {
		f, err := golden.Open(path)
		if err != nil {
			return nil, err
		}
		return frozen{f, path, execs}, nil
	}
	in, err := readSpikes(path, array, execs[0].graded)
	if err != nil {
		return nil, err
	}
	for _, e := range execs {
		if err := e.takesRaster(path, in); err != nil {
			return nil, err
		}
	}
	return one{path, in}, nil
}

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
