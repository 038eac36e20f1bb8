package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"github.com/isospike/isospike/internal/atomicfile"
	"github.com/isospike/isospike/sim/golden"
	"github.com/isospike/isospike/snn/diag"
)

// errUnended is what a JUnit report says until the check is over: a server that finds it knows that something killed the check.
var errUnended = errors.New("the check did not come to its end")

// junitSuites is a JUnit report: a suite for each executor, a case for each sample; and one more where the check itself failed.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitFailure `xml:"failure"`
	Error   *junitFailure `xml:"error"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// add appends a suite.
func (all *junitSuites) add(s junitSuite) {
	all.Tests, all.Failures, all.Errors = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors
	all.Suites = append(all.Suites, s)
}

// writeJUnit writes a report of the samples that were checked, and of the error that ended the check, nil for none. f may be nil where there
// are no checks.
func writeJUnit(path string, f *golden.Folder, checks []check, ended error) error {
	var all junitSuites
	for _, c := range checks {
		s := junitSuite{Name: c.Executor, Tests: c.Samples, Failures: len(c.Failures)}
		left := c.Failures // in the order of the samples
		for i, sample := range f.Samples[:c.Samples] {
			t := junitCase{Class: c.Executor, Name: sample.ID}
			if len(left) > 0 && left[0].number == i {
				t.Failure = &junitFailure{"differs from the recording", left[0].What}
				left = left[1:]
			}
			s.Cases = append(s.Cases, t)
		}
		all.add(s)
	}
	if ended != nil {
		message := ended.Error()
		if errors.Is(ended, context.Canceled) {
			message = "the check was stopped"
		}
		if d := (*diag.Error)(nil); errors.As(ended, &d) && d.Fix != "" {
			message += "\nhelp: " + d.Fix
		}
		all.add(junitSuite{"isospike", 1, 0, 1, []junitCase{{Class: "isospike", Name: "golden check", Error: &junitFailure{"the check failed", message}}}})
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
