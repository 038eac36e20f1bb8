//go:build !linux

package link

import (
	"runtime"

	"github.com/isospike/isospike/snn/diag"
)

// OpenPTY makes a pseudo-terminal, which only Linux has in a form known here; elsewhere it
// is an error.
func OpenPTY() (line Port, path string, err error) {
	return nil, "", &diag.Error{Kind: diag.Link, Code: "no-pty", Msg: "no pseudo-terminals on " + runtime.GOOS,
		Fix: "emulate the board on Linux, or connect a real one"}
}
