package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestBoardErrors: the page about boards has every code of an error that bringing one up can meet.
func TestBoardErrors(t *testing.T) {
	page, err := os.ReadFile("board.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "## What errors mean")
	code := regexp.MustCompile(`(?:linkError\(|toolError\(|Inputf\(|Code:? *=? *)"([a-z0-9-]+[a-z0-9])"`)
	seen := map[string]bool{}
	for _, pattern := range []string{
		"../targets/fpga/link/*.go", "../targets/fpga/rtl/*.go", "../targets/fpga/synth/*.go", "../targets/targets.go",
		"../targets/fpga/board.go", "../targets/fpga/pll.go", "../targets/fpga/rtl.go", "../targets/fpga/selftest.go", "../cmd/isospike/flash.go", "../cmd/isospike/fpga.go", "../cmd/isospike/boardtest.go",
	} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range code.FindAllStringSubmatch(string(text), -1) {
				if !seen[m[1]] && !regexp.MustCompile(`\b`+m[1]+`\b`).MatchString(table) {
					t.Errorf("%s: board.md does not have %s", f, m[1])
				}
				seen[m[1]] = true
			}
		}
	}
	t.Logf("compared %d codes", len(seen))
	if len(seen) < 30 {
		t.Error("too little was compared")
	}
}
