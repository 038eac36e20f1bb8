// Package docs holds the documentation to the code: its links lead somewhere, and
// its worked example is what snn/fixed computes.
package docs

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/isospike/isospike/snn/fixed"
)

var link = regexp.MustCompile(`\]\(([^)#:\s]*)(#[^)\s]*)?\)`)

// TestLinks follows every relative link of every .md file, to the file and, where
// the link names one, to the heading.
func TestLinks(t *testing.T) {
	links := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			links++
			to := filepath.Join(filepath.Dir(path), filepath.FromSlash(m[1]))
			if m[1] == "" { // a heading of the page itself
				to = path
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s: %s leads nowhere", path, m[1])
			} else if m[2] != "" && !hasHeading(t, to, m[2][1:]) {
				t.Errorf("%s: %s has no heading %s", path, m[1], m[2])
			}
		}
		return nil
	})
	if err != nil || links == 0 {
		t.Fatalf("%d links: %v", links, err)
	}
	t.Logf("%d links", links)
}

// hasHeading reports whether a page has a heading of this anchor, as renderers of
// Markdown make them.
func hasHeading(t *testing.T, page, anchor string) bool {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	punctuation := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for line := range strings.Lines(string(text)) {
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && line[0] == '#' {
			title = punctuation.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), "")
			if strings.ReplaceAll(title, " ", "-") == anchor {
				return true
			}
		}
	}
	return false
}

// TestNumericsExample computes the table of "One neuron, tick by tick".
func TestNumericsExample(t *testing.T) {
	page, err := os.ReadFile("numerics.md")
	if err != nil {
		t.Fatal(err)
	}
	p := fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: 80, RefDelay: 3}
	arrives := map[int]int64{1: 30, 3: 30, 6: -40}
	var s fixed.State
	for tick := range 9 {
		a, spike := arrives[tick], "–"
		if p.Step(&s, a, 0) {
			spike = "yes"
		}
		row := fmt.Sprintf("| %d | %d | %d | %d | %s |", tick, a, s.U, s.V, spike)
		if !strings.Contains(string(page), row) {
			t.Errorf("numerics.md lacks %s", row)
		}
	}
}

// TestSRMExample computes the table of "An SRM neuron, tick by tick".
func TestSRMExample(t *testing.T) {
	page, err := os.ReadFile("numerics.md")
	if err != nil {
		t.Fatal(err)
	}
	p := fixed.SRM{SDecay: 1024, SShift: 1, RDecay: 2589, XDecay: 2589, RShift: 0, Kick: 151, VTh: 76}
	arrives := map[int]int64{1: 60, 2: 62, 8: -40}
	var s fixed.State
	for tick := range 10 {
		a, spike := arrives[tick], "–"
		if p.Advance(&s, fixed.Drive{Sum: a}) != 0 {
			spike = "yes"
		}
		row := fmt.Sprintf("| %d | %d | %d | %d | %d | %d | %s | %d |", tick, a, s.W, s.U, s.X, s.V, spike, s.Ref)
		if !strings.Contains(string(page), row) {
			t.Errorf("numerics.md lacks %s", row)
		}
	}
}

// TestSigmaDeltaExample computes the table of "A sigma-delta neuron, tick by tick".
func TestSigmaDeltaExample(t *testing.T) {
	page, err := os.ReadFile("numerics.md")
	if err != nil {
		t.Fatal(err)
	}
	p := fixed.SigmaDelta{VTh: 3, SpikeExp: 1, StateExp: 2, Activation: fixed.ReLU}
	arrives := map[int]int64{1: 10, 2: 13, 3: -20, 4: -30}
	var s fixed.State
	for tick := range 6 {
		a := arrives[tick]
		message := p.Advance(&s, fixed.Drive{Sum: a, Bias: 1})
		row := fmt.Sprintf("| %d | %d | %d | %d | %d | %d |", tick, a, s.U, s.V, s.W, message)
		if !strings.Contains(string(page), row) {
			t.Errorf("numerics.md lacks %s", row)
		}
	}
}
