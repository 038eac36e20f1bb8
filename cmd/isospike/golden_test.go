package main

import (
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/isospike/isospike/sim/golden"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/targets/fpga/link"
)

// junitOf reads a JUnit report, and holds its sums to its cases.
func junitOf(t *testing.T, path string) (r junitSuites) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	var all [3]int
	for _, s := range r.Suites {
		var n [3]int
		for _, c := range s.Cases {
			n[0]++
			if c.Failure != nil {
				n[1]++
			}
			if c.Error != nil {
				n[2]++
			}
		}
		if n != [3]int{s.Tests, s.Failures, s.Errors} {
			t.Errorf("suite %s says %d, %d, %d, it has %v", s.Name, s.Tests, s.Failures, s.Errors, n)
		}
		for i := range n {
			all[i] += n[i]
		}
	}
	if all != [3]int{r.Tests, r.Failures, r.Errors} {
		t.Errorf("the report says %d, %d, %d, it has %v", r.Tests, r.Failures, r.Errors, all)
	}
	return r
}

// TestJUnit: each failure is the case of its sample, of samples of one name too, what was not reached is not there, and any text is XML.
func TestJUnit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.xml")
	f := &golden.Folder{Samples: []golden.Sample{{ID: "a"}, {ID: "<b>\x1b"}, {ID: "a"}, {ID: "c"}}}
	checks := []check{{Executor: "x", Samples: 4, Failures: []failure{{"a", "<&\n", 2}}}, {Executor: "y", Samples: 2}}
	ended := diag.Inputf("code", "file", "it failed").WithFix("mend it")
	if err := writeJUnit(path, f, checks, ended); err != nil {
		t.Fatal(err)
	}
	r := junitOf(t, path)
	if r.Tests != 7 || r.Failures != 1 || r.Errors != 1 || len(r.Suites) != 3 {
		t.Fatalf("%+v", r)
	}
	x := r.Suites[0].Cases
	if x[0].Failure != nil || x[2].Failure == nil || x[2].Failure.Text != "<&\n" || x[1].Name != "<b>\ufffd" || x[1].Class != "x" {
		t.Errorf("%+v", x)
	}
	if e := r.Suites[2].Cases[0].Error; e.Text != "file: it failed\nhelp: mend it" {
		t.Errorf("%+v", e)
	}
}

// TestJUnitUnended: while a check runs there is a report that says that it has not ended. The board here never answers.
func TestJUnitUnended(t *testing.T) {
	board, port, err := link.OpenPTY()
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	path, folder := filepath.Join(dir, "report.xml"), filepath.Join("testdata", "golden")
	if err := os.WriteFile(path, []byte("that of an earlier run"), 0o666); err != nil {
		t.Fatal(err)
	}
	status := make(chan int)
	go func() {
		status <- run([]string{"golden", "check", folder, "--against", "board:icebreaker", "--port", port, "--junit", path}, io.Discard, io.Discard)
	}()
	if _, err := board.Read(make([]byte, 1)); err != nil { // it has come to the board
		t.Fatal(err)
	}
	r := junitOf(t, path)
	if r.Tests != 1 || r.Errors != 1 || r.Suites[0].Cases[0].Error.Text != errUnended.Error() {
		t.Errorf("%+v", r)
	}
	if err := board.Close(); err != nil {
		t.Fatal(err)
	}
	if s := <-status; s != int(diag.Link) {
		t.Errorf("exit status %d", s)
	}
	r = junitOf(t, path)
	if last := r.Suites[len(r.Suites)-1]; r.Errors != 1 || last.Errors != 1 || strings.Contains(last.Cases[0].Error.Text, errUnended.Error()) || r.Suites[0].Tests != 4 {
		t.Errorf("%+v", r)
	}
}
