package dataset

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// gestures is DVS128 Gesture as it was published (Amir et al. 2017): films
// userNN_light.aedat in the format AEDAT 3.1, and for each a userNN_light_labels.csv of
// lines class, start and end in µs. Each of these lines is a sample, the events from
// start on and before end; times count from start, and pixels are those of the file.
// Events are read from the film as they are asked for.
type gestures struct {
	name  string
	films []*film
	recs  []gesture
}

// gesture is one line of labels.
type gesture struct {
	film, number, class int
	start, end          int64 // µs
}

// film is one .aedat file and, once it has been asked for, the index of its packets.
type film struct {
	path string
	open func() ([]packet, error)
}

// packet is a block of polarity events, from at on in the file.
type packet struct {
	at, first, last int64 // first and last: times of its first and its last event
	overflow        int64
	events          int
}

const (
	gestureClasses = 11
	packetHeader   = 28
	polaritySize   = 8
	maxFilmHeader  = 1 << 16
	lastTrainUser  = 23 // of the published split: users 1 to 23 train, 24 to 29 test
)

// openAEDAT reads a folder of films, or one film with its labels beside it. The parts
// are those of trials_to_train.txt and trials_to_test.txt or, without these, of the users.
func openAEDAT(path, part, _ string) (Set, error) {
	if part != "" && part != "train" && part != "test" {
		return nil, unknownPart(path, part, "train", "test")
	}
	files := []string{path}
	if info, err := os.Stat(path); err != nil {
		return nil, unreadable(path, err)
	} else if info.IsDir() {
		files = matching(path, "*.aedat")
	} else if part != "" {
		return nil, diag.Inputf("no-part", path, "this is one film, which has no parts").WithFix("name its folder, or leave out #%s", part)
	}
	wanted, err := filmsOf(path, part)
	if err != nil {
		return nil, err
	}
	s := &gestures{name: filepath.Base(filepath.Clean(path))}
	for _, file := range files {
		if !wanted(filepath.Base(file)) {
			continue
		}
		labels, err := gestureLabels(strings.TrimSuffix(file, ".aedat") + "_labels.csv")
		if err != nil {
			return nil, err
		}
		for i := range labels {
			labels[i].film, labels[i].number = len(s.films), i
		}
		s.recs = append(s.recs, labels...)
		s.films = append(s.films, newFilm(file))
	}
	if len(s.recs) == 0 {
		return nil, diag.Inputf("no-recordings", path, "there is no recording in it").WithFix("recordings are userNN_light.aedat, with a userNN_light_labels.csv for each")
	}
	return s, nil
}

// filmsOf says which films a part has.
func filmsOf(path, part string) (func(name string) bool, error) {
	if part == "" {
		return func(string) bool { return true }, nil
	}
	list := filepath.Join(path, "trials_to_"+part+".txt")
	text, err := os.ReadFile(list)
	if errors.Is(err, fs.ErrNotExist) {
		return func(name string) bool {
			var user int
			_, err := fmt.Sscanf(name, "user%d", &user)
			return err == nil && (user <= lastTrainUser) == (part == "train")
		}, nil
	}
	if err != nil {
		return nil, unreadable(list, err)
	}
	names := strings.Fields(string(text))
	return func(name string) bool { return slices.Contains(names, name) }, nil
}

// gestureLabels reads the lines of a film.
func gestureLabels(file string) ([]gesture, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, unreadable(file, err)
	}
	defer f.Close()
	r := csv.NewReader(bufio.NewReader(f))
	r.FieldsPerRecord = 3
	var recs []gesture
	for {
		fields, err := r.Read()
		if err == io.EOF {
			return recs, nil
		}
		line, _ := r.FieldPos(0)
		if err == nil && line == 1 && fields[0] == "class" {
			continue
		}
		var v [3]int64
		for i := 0; err == nil && i < 3; i++ {
			v[i], err = strconv.ParseInt(strings.TrimSpace(fields[i]), 10, 64)
		}
		if err != nil || v[0] < 1 || v[0] > gestureClasses || v[1] < 0 || v[2] < v[1] || v[2]-v[1] > math.MaxUint32 {
			e := diag.Inputf("gesture-label", file, "this is not a class of 1 to %d, a start and an end in µs", gestureClasses).WithFix("get the file anew")
			e.Err, e.Line = err, line
			return nil, e
		}
		recs = append(recs, gesture{class: int(v[0]) - 1, start: v[1], end: v[2]})
	}
}

func newFilm(path string) *film {
	f := &film{path: path}
	f.open = sync.OnceValues(func() ([]packet, error) {
		file, err := os.Open(path)
		if err != nil {
			return nil, unreadable(path, err)
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			return nil, unreadable(path, err)
		}
		packets, err := indexFilm(file, info.Size())
		return packets, diag.InFile(err, path)
	})
	return f
}

func badFilm(at int64, format string, args ...any) error {
	return diag.Inputf("aedat", "", "byte %d: %s", at, fmt.Sprintf(format, args...)).WithFix("get the film anew; is it an AEDAT 3.1 file?")
}

// indexFilm finds the packets of polarity events in a file of size bytes. The format is
// iniVation's: lines of text that begin with '#', the first with the version and the
// last #!END-HEADER, and then packets, each of a header of 28 bytes and eventNumber
// events of eventSize bytes. All numbers are little-endian.
func indexFilm(r io.ReaderAt, size int64) ([]packet, error) {
	text := bufio.NewReader(io.NewSectionReader(r, 0, min(size, maxFilmHeader)))
	at := int64(0)
	for line := ""; line != "#!END-HEADER"; {
		s, err := text.ReadString('\n')
		line = strings.TrimRight(s, "\r\n")
		if err != nil || !strings.HasPrefix(line, "#") || at == 0 && !strings.HasPrefix(line, "#!AER-DAT3") {
			return nil, badFilm(at, "no header of AEDAT 3.1")
		}
		at += int64(len(s))
	}
	var packets []packet
	var head [packetHeader]byte
	for at < size {
		if _, err := r.ReadAt(head[:], at); err != nil {
			return nil, badFilm(at, "the header of a packet is cut short")
		}
		kind, each := binary.LittleEndian.Uint16(head[:]), int64(binary.LittleEndian.Uint32(head[4:]))
		overflow, n := int64(binary.LittleEndian.Uint32(head[12:])), int64(binary.LittleEndian.Uint32(head[20:]))
		body := at + packetHeader
		if n > 0 && (each == 0 || n > (size-body)/each) {
			return nil, badFilm(at, "a packet of %d events of %d bytes goes beyond the end of the file", n, each)
		}
		const polarity = 1
		if kind == polarity && n > 0 {
			if each != polaritySize || overflow > math.MaxInt32 {
				return nil, badFilm(at, "polarity events of %d bytes, overflow %d", each, overflow)
			}
			p := packet{at: body, overflow: overflow << 31, events: int(n)}
			var err error
			if p.first, err = p.time(r, 0); err == nil {
				p.last, err = p.time(r, n-1)
			}
			if err != nil {
				return nil, badFilm(at, "%v", err)
			}
			packets = append(packets, p)
		}
		at = body + n*each
	}
	return packets, nil
}

// time returns the time of event i of the packet.
func (p *packet) time(r io.ReaderAt, i int64) (int64, error) {
	var b [polaritySize]byte
	_, err := r.ReadAt(b[:], p.at+i*polaritySize)
	return p.overflow | int64(binary.LittleEndian.Uint32(b[4:])&math.MaxInt32), err
}

// between returns the valid events from start on and before end, by time.
func between(r io.ReaderAt, packets []packet, start, end int64) ([]spike.Event, error) {
	var events []spike.Event
	for i := range packets {
		p := &packets[i]
		if p.last < start || p.first >= end {
			continue
		}
		b := bufio.NewReaderSize(io.NewSectionReader(r, p.at, int64(p.events)*polaritySize), 1<<16)
		for k := range p.events {
			var e [polaritySize]byte
			if _, err := io.ReadFull(b, e[:]); err != nil {
				return nil, badFilm(p.at, "cannot read on: %v", err)
			}
			data, t := binary.LittleEndian.Uint32(e[:]), p.overflow|int64(binary.LittleEndian.Uint32(e[4:])&math.MaxInt32)
			if t < p.first || t > p.last {
				return nil, badFilm(p.at, "event %d of the packet is at %d µs, the packet lasts from %d to %d", k, t, p.first, p.last)
			}
			if data&1 == 0 || t < start || t >= end { // the camera marks what is not valid
				continue
			}
			x, y := data>>17, data>>2&0x7fff
			if x >= uint32(dvsGesture.shape.W) || y >= uint32(dvsGesture.shape.H) {
				return nil, badFilm(p.at, "event %d of the packet is at column %d, row %d", k, x, y)
			}
			events = append(events, spike.Event{X: uint16(x), Y: uint16(y), P: uint8(data >> 1 & 1), T: uint32(t - start)})
		}
	}
	slices.SortStableFunc(events, func(a, b spike.Event) int { return cmp.Compare(a.T, b.T) })
	return events, nil
}

func (s *gestures) Name() string     { return s.name }
func (s *gestures) Len() int         { return len(s.recs) }
func (s *gestures) Classes() int     { return gestureClasses }
func (s *gestures) Shape() snn.Shape { return dvsGesture.shape }
func (s *gestures) Label(i int) int  { return s.recs[i].class }

func (s *gestures) ID(i int) string {
	r := &s.recs[i]
	return fmt.Sprintf("%s@%d", strings.TrimSuffix(filepath.Base(s.films[r.film].path), ".aedat"), r.number)
}

func (s *gestures) Events(i int) ([]spike.Event, error) {
	r := &s.recs[i]
	film := s.films[r.film]
	packets, err := film.open()
	if err != nil {
		return nil, err
	}
	f, err := os.Open(film.path)
	if err != nil {
		return nil, unreadable(film.path, err)
	}
	defer f.Close()
	events, err := between(f, packets, r.start, r.end)
	return events, diag.InFile(err, film.path)
}
