package dataset

import (
	"slices"
	"testing"

	"github.com/isospike/isospike/internal/shared"
)

// TestRealRecordings counts what the data sets' own documents count, in both parts
// together, and that the parts share nothing.
func TestRealRecordings(t *testing.T) {
	for _, c := range []struct {
		path    []string
		samples int
		classes []int // samples of each; nil is not documented
		share   int   // percent of the samples in the part test
	}{
		{[]string{"mitbih", "mitbih_ds1.tar.bz2"}, 51021, []int{45866, 944, 3788, 415, 8}, 18},
		{[]string{"fsdd", "fsdd_public.tar.gz"}, 2250, slices.Repeat([]int{225}, 10), 11},
		{[]string{"qtdb_encoded"}, 618, nil, 20},
		{[]string{"japanese_vowels"}, 455, nil, 40},
	} {
		path := shared.Dir(t, append([]string{"data"}, c.path...)...)
		seen := map[string]bool{}
		count := make([]int, 64)
		samples, test, events := 0, 0, 0
		for _, part := range []string{"train", "test"} {
			s, err := Open(path+"#"+part, "")
			if err != nil {
				t.Fatal(err)
			}
			for i := range s.Len() {
				if id := s.ID(i); c.path[0] != "japanese_vowels" && seen[id] {
					t.Errorf("%s: %s is there twice", c.path, id)
				} else {
					seen[id] = true
				}
				count[s.Label(i)]++
				if i%97 != 0 {
					continue
				}
				ev, err := s.Events(i)
				if err != nil || len(ev) == 0 {
					t.Fatalf("%s: sample %d has %d events: %v", c.path, i, len(ev), err)
				}
				events += len(ev)
				for _, e := range ev {
					if sh := s.Shape(); int(e.X) >= sh.W || int(e.Y) >= sh.H || int(e.P) >= sh.C {
						t.Fatalf("%s: sample %d has an event at %v on %v", c.path, i, e, sh)
					}
				}
			}
			samples += s.Len()
			if part == "test" {
				test = s.Len()
			}
		}
		if samples != c.samples || c.classes != nil && !slices.Equal(count[:len(c.classes)], c.classes) || test*100/samples != c.share {
			t.Errorf("%s: %d samples, %d of them test, classes %v", c.path, samples, test, count[:10])
		}
		t.Logf("%s: compared %d samples, %d events", c.path[0], samples, events)
		_, err := Open(path+"#middle", "")
		wantError(t, err, "no-part", "middle")
	}
}

func TestHearTone(t *testing.T) {
	// A tone excites the band around it most.
	s := sound{rate: 8000, samples: make([]float64, 4000)}
	for i := range s.samples {
		s.samples[i] = float64(i%8-4) / 4 // a saw of 1000 Hz
	}
	count := make([]int, earBands)
	for _, e := range hear(s) {
		count[e.X]++
	}
	best, middles := 0, earMiddles(8000)
	for b := range count {
		if count[b] > count[best] {
			best = b
		}
	}
	if f := middles[best]; f < 900 || f > 1100 {
		t.Errorf("the band of %.0f Hz hears most of 1000 Hz: %v", f, count)
	}
	if f := middles[earBands-1]; f < 3599 || f > 3601 || middles[0] < 99.9 || middles[0] > 100.1 {
		t.Errorf("bands from %g to %g Hz", middles[0], f)
	}
}
