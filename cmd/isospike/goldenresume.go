package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/isospike/isospike/internal/atomicfile"
	"github.com/isospike/isospike/sim/golden"
	"github.com/isospike/isospike/snn/diag"
)

// passed are the samples that passed in earlier runs of the same binary on the same
// folder, by what ran them.
type passed struct {
	Binary string           `json:"binary_sha256"`
	Folder string           `json:"folder_sha256"`
	By     map[string][]int `json:"passed"` // samples, in order
	path   string
	seen   map[string]map[int]bool
	fresh  int // added since the file was written
}

// writeEvery is how many samples pass between two writings of the file.
const writeEvery = 64

// openPassed reads the file at path, "" for none. What another binary or folder left in it
// counts for nothing.
func openPassed(path, folder string) (*passed, error) {
	p := &passed{Folder: folder, By: map[string][]int{}, path: path, seen: map[string]map[int]bool{}}
	if path == "" {
		return p, nil
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if p.Binary, err = fileHash(exe); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	var old passed
	if err := json.Unmarshal(b, &old); err != nil {
		return nil, diag.Inputf("resume-file", path, "this is no list of samples that passed: %v", err).WithFix("remove it, or name another file")
	}
	if old.Binary == p.Binary && old.Folder == folder {
		for key, samples := range old.By {
			p.By[key] = samples
			p.seen[key] = map[int]bool{}
			for _, i := range samples {
				p.seen[key][i] = true
			}
		}
	}
	return p, nil
}

func fileHash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// has reports whether sample i passed before this run.
func (p *passed) has(key string, i int) bool { return p.seen[key][i] }

func (p *passed) add(key string, i int) error {
	p.By[key] = append(p.By[key], i)
	if p.fresh++; p.fresh%writeEvery != 0 {
		return nil
	}
	return p.write()
}

func (p *passed) write() error {
	if p.path == "" {
		return nil
	}
	return atomicfile.Write(p.path, 0o666, func(w io.Writer) error { return json.NewEncoder(w).Encode(p) })
}

// junitSuites is a JUnit report: a suite for each executor, a case for each sample.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitFailure `xml:"failure"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func writeJUnit(path string, f *golden.Folder, checks []check) error {
	var all junitSuites
	for _, c := range checks {
		s := junitSuite{Name: c.Executor, Tests: len(f.Samples), Failures: len(c.Failures)}
		left := c.Failures // in the order of the samples
		for _, sample := range f.Samples {
			t := junitCase{Class: c.Executor, Name: sample.ID}
			if len(left) > 0 && left[0].Sample == sample.ID {
				t.Failure = &junitFailure{"differs from the recording", left[0].What}
				left = left[1:]
			}
			s.Cases = append(s.Cases, t)
		}
		all.Tests, all.Failures, all.Suites = all.Tests+s.Tests, all.Failures+s.Failures, append(all.Suites, s)
	}
	return atomicfile.Write(path, 0o666, func(w io.Writer) error {
		if _, err := fmt.Fprint(w, xml.Header); err != nil {
			return err
		}
		e := xml.NewEncoder(w)
		e.Indent("", " ")
		return e.Encode(all)
	})
}
