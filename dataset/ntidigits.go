package dataset

import (
	"path/filepath"
	"strings"

	"github.com/isospike/isospike/internal/hdf5"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// ntidigits is N-TIDIGITS18, spoken digits through a silicon cochlea of 64 channels
// (Anumula, Neil, Delbruck and Liu 2018): an HDF5 file whose groups train_addresses and
// train_timestamps (s) have a dataset for each name in train_labels, and the same for
// test. Names end in what was said, one letter a digit. As is usual, the samples are the
// utterances of a single digit: z, 1 to 9 and o, the classes 0 to 10.
type ntidigits struct {
	name    string
	samples []digitSample
}

// digitSample is one utterance.
type digitSample struct {
	id              string
	class           int
	times, channels *hdf5.Group
}

const (
	cochleaChannels = 64
	saidDigits      = "z123456789o"
)

// openNTIDIGITS reads a file of both parts, or of a folder the one .hdf5 file.
func openNTIDIGITS(path, part, _ string) (Set, error) {
	parts := []string{"train", "test"}
	switch part {
	case "":
	case "train", "test":
		parts = []string{part}
	default:
		return nil, unknownPart(path, part, parts...)
	}
	if found := matching(path, "*.hdf5"); len(found) == 1 {
		path = found[0]
	}
	g, err := openHDF5(path)
	if err != nil {
		return nil, diag.InFile(err, path)
	}
	s := &ntidigits{name: filepath.Base(path)}
	for _, p := range parts {
		if err := s.read(g, p); err != nil {
			return nil, diag.InFile(err, path)
		}
	}
	if len(s.samples) == 0 {
		return nil, diag.Inputf("no-recordings", path, "no utterance in it is a single digit").WithFix("is it N-TIDIGITS18?")
	}
	return s, nil
}

func (s *ntidigits) read(g *hdf5.Group, part string) error {
	labels, err := g.Dataset(part + "_labels")
	if err != nil {
		return err
	}
	names, err := labels.Strings()
	if err != nil {
		return err
	}
	times, err := g.Group(part + "_timestamps")
	if err != nil {
		return err
	}
	channels, err := g.Group(part + "_addresses")
	if err != nil {
		return err
	}
	for _, name := range names {
		said := name[strings.LastIndexByte(name, '-')+1:]
		if class := strings.Index(saidDigits, said); len(said) == 1 && class >= 0 {
			s.samples = append(s.samples, digitSample{name, class, times, channels})
		} else if strings.Trim(said, saidDigits) != "" || said == "" {
			return diag.Inputf("ntidigits", "", "the name %q does not end in digits, of z, 1 to 9 and o", name).WithFix("is it N-TIDIGITS18?")
		}
	}
	return nil
}

func (s *ntidigits) Name() string     { return s.name }
func (s *ntidigits) Len() int         { return len(s.samples) }
func (s *ntidigits) Classes() int     { return len(saidDigits) }
func (s *ntidigits) Shape() snn.Shape { return snn.Shape{W: cochleaChannels, H: 1, C: 1} }
func (s *ntidigits) Label(i int) int  { return s.samples[i].class }
func (s *ntidigits) ID(i int) string  { return s.samples[i].id }

func (s *ntidigits) Events(i int) ([]spike.Event, error) {
	sample := &s.samples[i]
	events, err := sample.events()
	if e, ok := err.(*diag.Error); ok {
		e.Msg = "sample " + sample.id + ": " + e.Msg
	}
	return events, diag.InFile(err, s.name)
}

func (s *digitSample) events() ([]spike.Event, error) {
	t, err := s.times.Dataset(s.id)
	if err != nil {
		return nil, err
	}
	times, err := t.Floats()
	if err != nil {
		return nil, err
	}
	c, err := s.channels.Dataset(s.id)
	if err != nil {
		return nil, err
	}
	channels, err := c.Floats() // the published file has them as numbers of any type
	if err != nil {
		return nil, err
	}
	units := make([]int64, len(channels))
	for k, x := range channels {
		if units[k] = int64(x); float64(units[k]) != x {
			return nil, diag.Inputf("spike-lists", "", "spike %d is of channel %v", k, x).WithFix("get the file anew")
		}
	}
	return listed(times, units, cochleaChannels)
}
