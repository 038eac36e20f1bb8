package dataset

import (
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// heart is the beats of several records as a Set: every annotated beat is a sample.
//
// Inputs 0 to 3 are the level crossings of the two leads, up and down: a spike for
// each 0.1 mV that the lead has moved since the last, over 700 ms from 250 ms before the
// R peak. Inputs 4 to 19 say how long the intervals to the beats before and after are,
// over the mean of the last eight: two populations of eight fields, evenly over
// 0.4 to 1.6, that spike within 16 ms of the start, the nearest field first. Without them nothing
// tells a premature beat of normal shape.
type heart struct {
	name    string
	records []*ecg
	index   []struct{ record, beat int }
}

const (
	heartBefore = ecgRate / 4      // samples before the R peak
	heartWindow = ecgRate * 7 / 10 // samples in all
	heartStep   = ecgUnit / 10     // units a spike
	heartFields = 8
	heartRRs    = 8 // intervals in the running mean
)

// openECG reads a folder or archive (.tar.gz, .tar.bz2) of WFDB records. Of the records in the
// order of their names every fifth is the part test, the others are train: no patient is in both.
func openECG(name, part, _ string) (Set, error) {
	if part != "" && part != "train" && part != "test" {
		return nil, unknownPart(name, part, "train", "test")
	}
	found, err := wfdbFiles(name)
	if err != nil {
		return nil, diag.InFile(err, name)
	}
	var names []string
	for f := range found {
		if stem, ok := strings.CutSuffix(f, ".hea"); ok {
			names = append(names, stem)
		}
	}
	if len(names) == 0 {
		return nil, nothingIn(name, "record", "records are files .hea, .dat and .atr")
	}
	slices.Sort(names)
	h := &heart{name: filepath.Base(filepath.Clean(name))}
	for i, n := range names {
		if part != "" && (i%5 == 4) != (part == "test") {
			continue
		}
		r, err := parseWFDB(n, found[n+".hea"], found[n+".dat"], found[n+".atr"])
		if err != nil {
			return nil, err
		}
		for b := range r.beats {
			h.index = append(h.index, struct{ record, beat int }{len(h.records), b})
		}
		h.records = append(h.records, r)
	}
	if len(h.index) == 0 {
		return nil, diag.Inputf("no-recordings", name, "there is no beat in it").WithFix("leave out #%s", part)
	}
	return h, nil
}

// wfdbFiles returns the header, sample and annotation files by base name.
func wfdbFiles(name string) (map[string][]byte, error) {
	found := map[string][]byte{}
	wanted := func(file string) bool { return slices.Contains([]string{".hea", ".dat", ".atr"}, path.Ext(file)) }
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		entries, err := os.ReadDir(name)
		if err != nil {
			return nil, unreadable(name, err)
		}
		for _, e := range entries {
			if wanted(e.Name()) {
				if found[e.Name()], err = os.ReadFile(filepath.Join(name, e.Name())); err != nil {
					return nil, unreadable(name, err)
				}
			}
		}
		return found, nil
	}
	err := tarFiles(name, wanted, func(base string, b []byte) { found[base] = b })
	return found, err
}

func (h *heart) at(i int) (*ecg, int) { return h.records[h.index[i].record], h.index[i].beat }

func (h *heart) Name() string     { return h.name }
func (h *heart) Len() int         { return len(h.index) }
func (h *heart) Classes() int     { return len(heartClasses) }
func (h *heart) Shape() snn.Shape { return snn.Shape{W: 4 + 2*heartFields, H: 1, C: 1} }

func (h *heart) Label(i int) int {
	r, b := h.at(i)
	return r.beats[b].class
}

func (h *heart) ID(i int) string {
	r, b := h.at(i)
	return fmt.Sprintf("%s@%d", r.name, r.beats[b].at)
}

func (h *heart) Events(i int) ([]spike.Event, error) {
	r, b := h.at(i)
	var events []spike.Event
	from := r.beats[b].at - heartBefore
	for l, lead := range r.lead {
		last := int(lead[max(0, from)])
		for t := range heartWindow {
			if from+t < 0 || from+t >= len(lead) {
				continue
			}
			for x := int(lead[from+t]); x-last >= heartStep || last-x >= heartStep; {
				input := 2 * l
				if last += heartStep; x < last-heartStep {
					last -= 2 * heartStep
					input++
				}
				events = append(events, spike.Event{X: uint16(input), T: uint32(t * 1_000_000 / ecgRate)})
			}
		}
	}
	before, after := r.intervals(b)
	for k, ratio := range []float64{before, after} {
		at := (max(0.4, min(1.6, ratio)) - 0.4) / 1.2 * (heartFields - 1)
		for field := range heartFields {
			if far := math.Abs(at - float64(field)); far < 1 {
				events = append(events, spike.Event{X: uint16(4 + k*heartFields + field), T: uint32(math.RoundToEven(far*16) * 1000)})
			}
		}
	}
	return events, nil
}

// intervals returns the intervals before and after a beat over the mean of the last
// ones before it; 1 where there is none.
func (r *ecg) intervals(b int) (before, after float64) {
	lo := max(0, b-heartRRs)
	if b == lo {
		return 1, 1
	}
	mean := float64(r.beats[b].at-r.beats[lo].at) / float64(b-lo)
	if mean <= 0 {
		return 1, 1
	}
	before, after = float64(r.beats[b].at-r.beats[b-1].at)/mean, 1
	if b+1 < len(r.beats) {
		after = float64(r.beats[b+1].at-r.beats[b].at) / mean
	}
	return before, after
}
