package dataset

import (
	"path/filepath"
	"testing"

	"github.com/isospike/isospike/internal/shared"
)

// The recordings are N-MNIST's own (Orchard et al. 2015). All numbers were
// counted by a program in another language.
func TestNMNIST(t *testing.T) {
	type counts struct {
		recordings  int
		first, last string // ids
		classes     int    // their sum
		least, most int    // events of a recording
		events, on  int
		spikes      int // in 300 ticks of 1 ms
		late        int // events after that
	}
	for file, want := range map[string]counts{
		"train_0001-0800.tar.gz":  {800, "1", "800", 3543, 1112, 7152, 3281009, 1635068, 3268591, 8132},
		"test_60001-60050.tar.gz": {50, "60001", "60050", 192, 1069, 6147, 183168, 90737, 181408, 1555},
	} {
		s, err := Open(shared.Dir(t, "data", "nmnist", file), "")
		if err != nil {
			t.Fatal(err)
		}
		enc := Encoding{Tick: 1000, Ticks: 300, Downsample: 1}
		got := counts{recordings: s.Len(), first: s.ID(0), last: s.ID(s.Len() - 1), least: 1 << 30}
		for i := range s.Len() {
			events, err := s.Events(i)
			if err != nil {
				t.Fatal(err)
			}
			r, late, err := enc.Raster(s.Shape(), events)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				got.on += int(e.P)
			}
			got.classes += s.Label(i)
			got.least, got.most = min(got.least, len(events)), max(got.most, len(events))
			got.events += len(events)
			got.spikes += r.Count()
			got.late += late
		}
		t.Logf("%s: compared %d recordings, %d events", file, got.recordings, got.events)
		if got != want {
			t.Errorf("%s: %+v, want %+v", file, got, want)
		}
	}
}

func TestFolderOfNMNIST(t *testing.T) {
	dir := shared.Dir(t, "data", "nmnist")
	_, err := Open(dir, "")
	wantError(t, err, "which-archive", dir, "test_60001-60050.tar.gz, train_0001-0800.tar.gz")
}

func TestListOfAnotherSet(t *testing.T) {
	dir := shared.Dir(t, "data", "nmnist")
	_, err := Open(filepath.Join(dir, "test_60001-60050.tar.gz"), filepath.Join(dir, "train_0001-0800.txt"))
	wantError(t, err, "no-class", "50 of the recordings", "60001, 60002")
}
