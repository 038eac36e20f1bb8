package dataset

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/isospike/isospike/snn/spike"
)

func TestWriteDirReadsBack(t *testing.T) {
	s := NewSynth(25, 2)
	dir := filepath.Join(t.TempDir(), "new", "set")
	if err := WriteDir(s, dir, "bin"); err != nil {
		t.Fatal(err)
	}
	got, err := Open(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, got, s)
	wantError(t, WriteDir(s, dir, "bin"), "not-empty", dir)
}

// broken is a set whose second recording has an event that no file can hold.
type broken struct{ Set }

func (b broken) Events(i int) ([]spike.Event, error) {
	events, err := b.Set.Events(i)
	if i == 1 {
		events[0].T = 1 << 23
	}
	return events, err
}

func TestWriteDirRefuses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "set")
	wantError(t, WriteDir(broken{NewSynth(3, 1)}, dir, "bin"), "event-does-not-fit", filepath.Join(dir, "1", "1.bin"))
	// A part of a set would be read as a smaller one.
	if left, err := os.ReadDir(filepath.Dir(dir)); len(left) > 0 || err != nil {
		t.Errorf("%v, %v are left", left, err)
	}
	stop := errors.New("stop")
	var read []int
	err := WriteDir(Watched(NewSynth(3, 1), func(i int) error {
		if read = append(read, i); i == 1 {
			return stop
		}
		return nil
	}), dir, "bin")
	if !errors.Is(err, stop) || !slices.Equal(read, []int{0, 1}) {
		t.Errorf("%v after %v", err, read)
	}
	file := save(t, "file", nil)
	wantError(t, WriteDir(NewSynth(1, 1), file, "bin"), "unreadable", file)
	wantError(t, WriteDir(NewSynth(1, 1), filepath.Join(file, "below"), "bin"), "unreadable", file)
}
