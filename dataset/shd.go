package dataset

import (
	"cmp"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/isospike/isospike/internal/hdf5"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// heidelberg is SHD or SSC, spoken digits and commands through a model of the inner ear
// (Cramer, Stradmann, Schemmel and Zenke 2020): an HDF5 file with lists spikes/times (s)
// and spikes/units (0 to 699), and labels. The lists stay in the file.
type heidelberg struct {
	name         string
	times, units *hdf5.Lists
	label        []int
	classes      int
}

const (
	heidelbergUnits = 700
	shdClasses      = 20 // SHD: digits in English and in German
	sscClasses      = 35 // SSC: the words of Google's speech commands
)

// openHDF5 opens an HDF5 file, which stays open as long as what is read from it.
func openHDF5(file string) (*hdf5.Group, error) {
	if filepath.Ext(file) == ".gz" || filepath.Ext(file) == ".zip" {
		return nil, diag.Inputf("hdf5-packed", file, "samples cannot be read from a compressed file as they are asked for").WithFix("unpack it first, as with gunzip")
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, unreadable(file, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, unreadable(file, err)
	}
	g, err := hdf5.Open(f, info.Size())
	if e := (*diag.Error)(nil); errors.As(err, &e) && e.Fix == "" {
		e.Fix = "get the file anew"
	}
	return g, err
}

// openSHD reads a file of SHD or SSC, or of a folder the one that part names.
func openSHD(path, part, _ string) (Set, error) {
	file, err := pick(path, part, map[string]string{"train": "*train*.h5*", "valid": "*valid*.h5*", "test": "*test*.h5*"})
	if err != nil {
		return nil, err
	}
	g, err := openHDF5(file)
	if err != nil {
		return nil, diag.InFile(err, file)
	}
	s := &heidelberg{name: filepath.Base(file), classes: shdClasses}
	return s, diag.InFile(s.read(g), file)
}

func (s *heidelberg) read(g *hdf5.Group) error {
	labels, err := g.Dataset("labels")
	if err != nil {
		return err
	}
	label, err := labels.Ints()
	if err != nil {
		return err
	}
	for i, l := range label {
		if l < 0 || l >= sscClasses {
			return diag.Inputf("shd", "", "sample %d has class %d, allowed are 0 to %d", i, l, sscClasses-1).WithFix("is it a file of SHD or SSC?")
		}
		if l >= shdClasses {
			s.classes = sscClasses
		}
		s.label = append(s.label, int(l))
	}
	for path, into := range map[string]**hdf5.Lists{"spikes/times": &s.times, "spikes/units": &s.units} {
		d, err := g.Dataset(path)
		if err != nil {
			return err
		}
		if *into, err = d.Lists(); err != nil {
			return err
		}
	}
	if len(label) == 0 || s.times.Len() != len(label) || s.units.Len() != len(label) {
		return diag.Inputf("shd", "", "%d labels, %d lists of times, %d of units", len(label), s.times.Len(), s.units.Len()).WithFix("is it a file of SHD or SSC?")
	}
	return nil
}

func (s *heidelberg) Name() string     { return s.name }
func (s *heidelberg) Len() int         { return len(s.label) }
func (s *heidelberg) Classes() int     { return s.classes }
func (s *heidelberg) Shape() snn.Shape { return snn.Shape{W: heidelbergUnits, H: 1, C: 1} }
func (s *heidelberg) Label(i int) int  { return s.label[i] }
func (s *heidelberg) ID(i int) string  { return strconv.Itoa(i) }

func (s *heidelberg) Events(i int) ([]spike.Event, error) {
	times, err := s.times.Floats(i)
	if err != nil {
		return nil, diag.InFile(err, s.name)
	}
	units, err := s.units.Ints(i)
	if err != nil {
		return nil, diag.InFile(err, s.name)
	}
	events, err := listed(times, units, heidelbergUnits)
	if e, ok := err.(*diag.Error); ok {
		e.Msg = "sample " + s.ID(i) + ": " + e.Msg
	}
	return events, diag.InFile(err, s.name)
}

// listed returns events from lists of times in s and of units, by time.
func listed(times []float64, units []int64, n int64) ([]spike.Event, error) {
	if len(times) != len(units) {
		return nil, diag.Inputf("spike-lists", "", "%d times, %d units", len(times), len(units)).WithFix("get the file anew")
	}
	events := make([]spike.Event, len(times))
	for k, t := range times {
		us := math.Round(t * 1e6)
		if !(us >= 0 && us <= math.MaxUint32) || units[k] < 0 || units[k] >= n {
			return nil, diag.Inputf("spike-lists", "", "spike %d is of unit %d at %v s, allowed are units 0 to %d and 0 to 4294 s", k, units[k], t, n-1).WithFix("get the file anew")
		}
		events[k] = spike.Event{X: uint16(units[k]), T: uint32(us)}
	}
	slices.SortStableFunc(events, func(a, b spike.Event) int { return cmp.Compare(a.T, b.T) })
	return events, nil
}
