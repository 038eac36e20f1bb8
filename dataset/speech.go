package dataset

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// speech is a Set of spoken digits, heard by the ear of hear.
type speech struct {
	name string
	recs []utterance
}

// utterance is one file: its sound if it is from an archive, else its path.
type utterance struct {
	id    string // "3_jackson_17"
	digit int
	rep   int
	file  string
	raw   []byte
	// heard keeps the events once they were asked for: they are few, and the filters are slow.
	heard *atomic.Pointer[[]spike.Event]
}

// newUtterance reads a name as the Free Spoken Digit Dataset has them, digit_speaker_repetition.wav.
func newUtterance(file string) (utterance, bool) {
	stem, ok := strings.CutSuffix(path.Base(filepath.ToSlash(file)), ".wav")
	parts := strings.Split(stem, "_")
	if !ok || len(parts) != 3 {
		return utterance{}, false
	}
	digit, err1 := strconv.Atoi(parts[0])
	rep, err2 := strconv.Atoi(parts[2])
	return utterance{id: stem, digit: digit, rep: rep, file: file, heard: new(atomic.Pointer[[]spike.Event])}, err1 == nil && err2 == nil && digit >= 0 && digit < digits
}

// testReps is how many repetitions of each word and speaker the data set itself
// keeps for the test.
const testReps = 5

// openSpeech reads a folder or .tar.gz of spoken digits. The repetitions 0 to 4 are
// the part test, the others are train.
func openSpeech(name, part, _ string) (Set, error) {
	if part != "" && part != "train" && part != "test" {
		return nil, unknownPart(name, part, "train", "test")
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, unreadable(name, err)
	}
	s := &speech{name: filepath.Base(filepath.Clean(name))}
	if info.IsDir() {
		err = filepath.WalkDir(name, func(file string, d fs.DirEntry, err error) error {
			if u, ok := newUtterance(file); ok && err == nil && !d.IsDir() {
				s.recs = append(s.recs, u)
			}
			return err
		})
	} else {
		err = s.unpack(name)
	}
	if err != nil {
		return nil, diag.InFile(err, name)
	}
	s.recs = slices.DeleteFunc(s.recs, func(u utterance) bool { return part != "" && (u.rep < testReps) != (part == "test") })
	if len(s.recs) == 0 {
		return nil, nothingIn(name, "recording", "recordings are called digit_speaker_repetition.wav, as in 3_jackson_17.wav")
	}
	slices.SortFunc(s.recs, func(a, b utterance) int { return strings.Compare(a.id, b.id) })
	return s, nil
}

// unpack reads an archive into memory: words are short.
func (s *speech) unpack(name string) error {
	return tarFiles(name, func(base string) bool {
		_, ok := newUtterance(base)
		return ok
	}, func(base string, b []byte) {
		u, _ := newUtterance(base)
		u.raw = b
		s.recs = append(s.recs, u)
	})
}

func (s *speech) Name() string     { return s.name }
func (s *speech) Len() int         { return len(s.recs) }
func (s *speech) Classes() int     { return digits }
func (s *speech) Shape() snn.Shape { return snn.Shape{W: earBands, H: 1, C: 1} }
func (s *speech) Label(i int) int  { return s.recs[i].digit }
func (s *speech) ID(i int) string  { return s.recs[i].id }

func (s *speech) Events(i int) ([]spike.Event, error) {
	u := &s.recs[i]
	if events := u.heard.Load(); events != nil {
		return slices.Clone(*events), nil
	}
	raw := u.raw
	if raw == nil {
		var err error
		if raw, err = os.ReadFile(u.file); err != nil {
			return nil, unreadable(u.file, err)
		}
	}
	sound, err := parseWAV(raw)
	if err != nil {
		return nil, diag.InFile(err, path.Join(s.name, u.id+".wav"))
	}
	events := hear(sound)
	u.heard.Store(&events)
	return slices.Clone(events), nil
}
