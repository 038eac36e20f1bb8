package dataset

import (
	"path/filepath"
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
	// What was written is whole, and what was not is absent.
	s, err := Open(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, s, NewSynth(1, 1))
	file := save(t, "file", nil)
	wantError(t, WriteDir(NewSynth(1, 1), file, "bin"), "unreadable", file)
	wantError(t, WriteDir(NewSynth(1, 1), filepath.Join(file, "below"), "bin"), "unreadable", file)
}
