// Package dataset holds recordings of an event camera with their classes, and
// turns them into the spike rasters that networks are trained and run on.
//
//	set, err := dataset.Open("train_0001-0800.tar.gz", "") // N-MNIST files, or
//	set := dataset.NewSynth(1000, seed)                     // digits made here
//
//	enc := dataset.Encoding{Tick: 1000, Ticks: 300, Downsample: 1}
//	events, err := set.Events(0)
//	raster, late, err := enc.Raster(set.Shape(), events)
//
// Everything is a function of its arguments: the same files or the same seed
// give the same bytes in the same order on every machine, so all arithmetic
// here that decides a result is on integers.
package dataset
