// Package diag holds isospike's errors as data: a stable code, what happened,
// where (file, layer, core, resource, amount) and how to mend it.
//
// Every stage returns *Error for a condition that a user can meet; the command
// line prints it for people or, with --json, as one object, and takes its exit
// status from Kind. Conditions that no input can reach panic instead.
package diag

import (
	"errors"
	"fmt"
	"strings"
)

// Kind is the class of a condition; its value is the process exit status.
type Kind int

// The exit statuses of the isospike command.
const (
	Mismatch    Kind = 1 // two executors, or a board, gave different results
	Usage       Kind = 2 // the command line is wrong
	Input       Kind = 3 // a file or network that was read is not usable
	Limit       Kind = 4 // a limit of the target or the number format is exceeded
	Tool        Kind = 5 // an outside program is missing or too old
	Link        Kind = 6 // the board or the serial link failed
	Interrupted Kind = 7 // the user or a context stopped the work
)

// Error is one condition. Zero fields are left out when it is printed.
type Error struct {
	Kind     Kind   `json:"exit"`
	Code     string `json:"code"`               // stable, kebab-case: "axons-in-exceeded"
	Msg      string `json:"message"`            // what happened, without a full stop
	File     string `json:"file,omitempty"`     // the file that was read
	Line     int    `json:"line,omitempty"`     // 1-based line in File
	Layer    string `json:"layer,omitempty"`    // name of the layer
	Core     string `json:"core,omitempty"`     // "chip 0 core 3"
	Resource string `json:"resource,omitempty"` // what ran out
	Used     int64  `json:"used,omitempty"`     // amount asked for
	Limit    int64  `json:"limit,omitempty"`    // amount there is
	Fix      string `json:"fix,omitempty"`      // the way out
	Err      error  `json:"-"`                  // cause
}

// Error renders the condition on one line, place first.
func (e *Error) Error() string {
	var b strings.Builder
	sep := func() {
		if b.Len() > 0 {
			b.WriteString(": ")
		}
	}
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Line)
		}
	}
	for _, w := range [][2]string{{"layer ", e.Layer}, {"", e.Core}} {
		if w[1] != "" {
			sep()
			b.WriteString(w[0] + w[1])
		}
	}
	sep()
	b.WriteString(e.Msg)
	if e.Resource != "" {
		fmt.Fprintf(&b, " (%s: %d of %d)", e.Resource, e.Used, e.Limit)
	}
	if e.Err != nil {
		sep()
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Inputf returns an Input error about a file ("" when there is none).
func Inputf(code, file, format string, args ...any) *Error {
	return &Error{Kind: Input, Code: code, File: file, Msg: fmt.Sprintf(format, args...)}
}

// Usagef returns a Usage error.
func Usagef(code, format string, args ...any) *Error {
	return &Error{Kind: Usage, Code: code, Msg: fmt.Sprintf(format, args...)}
}

// Stopped returns an error of kind Interrupted: what is the work that was stopped, as "the run", and cause why its context ended.
func Stopped(what string, cause error) *Error {
	return &Error{Kind: Interrupted, Code: "interrupted", Msg: what + " was stopped", Err: cause}
}

// WithFix sets the way out and returns e.
func (e *Error) WithFix(format string, args ...any) *Error {
	e.Fix = fmt.Sprintf(format, args...)
	return e
}

// InFile returns err with the file named, when err is an *Error that names none.
// Parsers that work on readers use it at the place where the name is known.
func InFile(err error, file string) error {
	var e *Error
	if errors.As(err, &e) && e.File == "" {
		c := *e
		c.File = file
		return &c
	}
	return err
}

// InLayer returns err with the layer named, when err is an *Error that names none.
func InLayer(err error, layer string) error {
	var e *Error
	if errors.As(err, &e) && e.Layer == "" {
		c := *e
		c.Layer = layer
		return &c
	}
	return err
}

// ExitStatus returns the process exit status for err: 0 for nil, the Kind of
// the outermost *Error, and Input for any other error.
func ExitStatus(err error) int {
	if err == nil {
		return 0
	}
	var e *Error
	if errors.As(err, &e) {
		return int(e.Kind)
	}
	return int(Input)
}
