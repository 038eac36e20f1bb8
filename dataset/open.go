package dataset

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// sensor is a kind of recording: who made it, of what, in which files.
type sensor struct {
	shape    snn.Shape
	classes  int
	suffixes []string // of its files; where a set has several, the first that there are
	numbered bool     // a file's name is its class, from 1, where nothing else says it
}

var (
	nmnist     = snn.Shape{W: 34, H: 34, C: 2}
	atis       = sensor{nmnist, digits, []string{".bin", ".bs2"}, false}
	dvsGesture = sensor{snn.Shape{W: 128, H: 128, C: 2}, 11, []string{".bs2", ".bs3"}, true}
)

// recording is one file of events.
type recording struct {
	id    string // base name without extension and leading zeros
	file  string // path inside the folder or archive, with forward slashes
	class int    // -1 while it is not known
	at    int64  // in the spool, if it is from an archive
	size  int64
}

// newRecording returns the recording that a file of this name is, with the
// class that its folder says, and false for a file that is none.
func (c sensor) newRecording(file string) (recording, bool) {
	base := path.Base(file)
	ext := path.Ext(base)
	// macOS leaves "._x.bin" beside x.bin when it packs.
	if !slices.Contains(c.suffixes, strings.ToLower(ext)) || base[0] == '.' {
		return recording{}, false
	}
	rec := recording{id: canonicalID(strings.TrimSuffix(base, ext)), file: file, class: -1}
	if n, err := strconv.Atoi(path.Base(path.Dir(file))); err == nil && n >= 0 && n < c.classes {
		rec.class = n
	}
	return rec, true
}

// files is a Set of event recordings in a folder or an archive.
type files struct {
	path string
	sensor
	recs []recording
	fsys fs.FS  // the folder, or nil
	all  *spool // what the archive held, if it is one
}

// openFiles returns the recordings of a camera in a folder, at any
// depth, or in an archive (.tar.gz, .tgz, .tar, .zip), ordered by id. The id of
// a recording is the name of its file without extension and leading zeros.
//
// The classes are in the list file, in lines of an id and a class. If list is
// "", they are the names 0 to 9 of the folders that hold the recordings, as
// N-MNIST is published; if there are none, the list is the one .txt file in the
// folder, or the .txt file beside the folder or archive and named as it.
//
// A folder is read as Events asks for its recordings. An archive is unpacked and
// checked at once, what goes beyond 16 MiB into a temporary file, and may have
// 16 GiB. Whatever leaves a doubt
// is a *diag.Error: recordings without a class, classes without a recording, an
// id twice, a folder of several archives.
func openFiles(cam sensor, path, list string) (Set, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	s := &files{path: filepath.Clean(path), sensor: cam}
	if stem, suffix := cutArchiveSuffix(s.path); info.IsDir() {
		s.fsys = os.DirFS(path)
		if s.recs, err = cam.readFolder(path, s.fsys); err == nil {
			s.choose()
			list, err = s.findList(list, s.path)
		}
	} else if suffix == "" {
		return nil, diag.Inputf("bad-archive", path, "this is neither a folder nor an archive").
			WithFix("name a folder of recordings, or an archive that ends in %s", strings.Join(archiveSuffixes, ", "))
	} else if s.recs, s.all, err = readArchive(cam, path, suffix); err == nil {
		s.choose()
		list, err = s.findList(list, stem)
	}
	if err != nil {
		return nil, err
	}
	if len(s.recs) == 0 {
		return nil, diag.Inputf("no-recordings", path, "there is no recording in it").WithFix("recordings are files that end in %s", strings.Join(cam.suffixes, " or "))
	}
	// Numbers without leading zeros, one longer than another, are larger.
	slices.SortStableFunc(s.recs, func(a, b recording) int {
		return cmp.Or(cmp.Compare(len(a.id), len(b.id)), strings.Compare(a.id, b.id))
	})
	for i := 1; i < len(s.recs); i++ {
		if a, b := s.recs[i-1], s.recs[i]; a.id == b.id {
			return nil, diag.Inputf("id-twice", path, "%s and %s have the same id %s", a.file, b.file, a.id).
				WithFix("if these are two sets, such as Train and Test, name the folder of one of them")
		}
	}
	if list != "" {
		if err := s.label(list); err != nil {
			return nil, err
		}
	}
	for i := range s.recs {
		if s.fsys == nil {
			if _, err := s.Events(i); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// readFolder returns the recordings below a folder, without their bytes.
func (c sensor) readFolder(name string, fsys fs.FS) ([]recording, error) {
	var recs []recording
	var archives []string
	err := fs.WalkDir(fsys, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return unreadable(filepath.Join(name, filepath.FromSlash(file)), err)
		}
		if d.IsDir() {
			return nil
		}
		if rec, ok := c.newRecording(file); ok {
			recs = append(recs, rec)
		} else if _, suffix := cutArchiveSuffix(file); suffix != "" {
			archives = append(archives, file)
		}
		return nil
	})
	if err == nil && len(recs) == 0 && len(archives) > 0 {
		err = diag.Inputf("which-archive", name, "the folder has no recordings, but archives: %s", some(archives)).
			WithFix("name one of them, as in %s", filepath.Join(name, filepath.FromSlash(archives[0])))
	}
	return recs, err
}

// choose drops recordings that are there in several layouts but one.
func (s *files) choose() {
	if !s.numbered {
		return
	}
	for _, suffix := range s.suffixes {
		has := func(r recording) bool { return strings.EqualFold(path.Ext(r.file), suffix) }
		if slices.ContainsFunc(s.recs, has) {
			s.recs = slices.DeleteFunc(s.recs, func(r recording) bool { return !has(r) })
			return
		}
	}
}

// number gives recordings without a class the one that their name is.
func (s *files) number() bool {
	for i := range s.recs {
		n, err := strconv.Atoi(s.recs[i].id)
		if err != nil || n < 1 || n > s.classes {
			return false
		}
		s.recs[i].class = n - 1
	}
	return true
}

// findList returns list, or if that is "" the list file that belongs to a
// folder or archive whose path without suffix is stem, or "" if the recordings
// have their classes from folders.
func (s *files) findList(list, stem string) (string, error) {
	without := slices.IndexFunc(s.recs, func(r recording) bool { return r.class < 0 })
	if list != "" || without < 0 {
		return list, nil
	}
	if i := slices.IndexFunc(s.recs, func(r recording) bool { return r.class >= 0 }); i >= 0 {
		return "", diag.Inputf("no-class", s.path, "%s is in the folder of a class, but %s is not", s.recs[i].file, s.recs[without].file).
			WithFix("move all recordings into folders 0 to %d, or name a list file", s.classes-1)
	}
	var inside []string
	if s.fsys != nil {
		inside, _ = fs.Glob(s.fsys, "*.txt") // the pattern is good
	}
	beside := stem + ".txt"
	_, err := os.Stat(beside)
	switch {
	case len(inside) == 1:
		return filepath.Join(s.path, inside[0]), nil
	case len(inside) > 1:
		return "", diag.Inputf("which-list", s.path, "several files could be the list of classes: %s", some(inside)).WithFix("name the list file")
	case err == nil:
		return beside, nil
	case s.numbered && s.number():
		return "", nil
	}
	return "", diag.Inputf("no-class", s.path, "the recordings have no classes: they are not in folders 0 to %d, and there is no %s", s.classes-1, beside).
		WithFix("name the list file: one recording a line, its id, a tab, its class")
}

// label gives every recording the class that the list file says.
func (s *files) label(list string) error {
	class, err := readList(list, s.classes)
	if err != nil {
		return err
	}
	var missing []string
	for i := range s.recs {
		r := &s.recs[i]
		var ok bool
		if r.class, ok = class[r.id]; !ok {
			missing = append(missing, r.id)
		}
		delete(class, r.id)
	}
	if len(missing) > 0 {
		return diag.Inputf("no-class", list, "%d of the recordings in %s are not in the list: id %s", len(missing), s.path, some(missing)).
			WithFix("add them to the list; or is it the list of another set?")
	}
	if len(class) > 0 {
		var ids []string
		for id := range class {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		return diag.Inputf("no-recording", list, "%d ids of the list have no recording in %s: %s", len(class), s.path, some(ids)).
			WithFix("take them out of the list; or is it the list of another set?")
	}
	return nil
}

func (s *files) Name() string     { return filepath.Base(s.path) }
func (s *files) Len() int         { return len(s.recs) }
func (s *files) Classes() int     { return s.classes }
func (s *files) Shape() snn.Shape { return s.shape }
func (s *files) Label(i int) int  { return s.recs[i].class }
func (s *files) ID(i int) string  { return s.recs[i].id }

func (s *files) Events(i int) ([]spike.Event, error) {
	rec := &s.recs[i]
	name := filepath.Join(s.path, filepath.FromSlash(rec.file))
	var r io.Reader
	if s.fsys == nil {
		r = s.all.section(rec.at, rec.size)
	} else {
		f, err := s.fsys.Open(rec.file)
		if err != nil {
			return nil, unreadable(name, err)
		}
		defer f.Close()
		r = f
	}
	read := spike.ReadBS2
	if strings.EqualFold(path.Ext(rec.file), ".bs3") {
		read = spike.ReadBS3
	}
	events, err := read(r)
	if err != nil {
		return nil, diag.InFile(err, name)
	}
	for j, e := range events {
		if int(e.X) >= s.shape.W || int(e.Y) >= s.shape.H || int(e.P) >= s.shape.C {
			return nil, diag.InFile(outside(j, e, s.shape), name)
		}
	}
	return events, nil
}

// some returns the first of many names for a message.
func some(names []string) string {
	const n = 5
	if len(names) <= n {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:n], ", "), len(names)-n)
}

// unreadable is the error for a file that the operating system does not give.
func unreadable(name string, err error) *diag.Error {
	return &diag.Error{Kind: diag.Input, Code: "unreadable", File: name, Msg: "cannot read", Err: err, Fix: "check the path and its permissions"}
}
