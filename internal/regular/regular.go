// Package regular opens files that have to be whole: artifacts and arrays, of which parts are read in any order.
package regular

import (
	"os"

	"github.com/isospike/isospike/snn/diag"
)

// Open opens the file at path and returns its length. A folder, a pipe or a device is a "not-a-file" error, before it is opened: that of a pipe
// would wait for whoever writes to it. Other errors are the system's.
func Open(path string) (*os.File, int64, error) {
	fi, err := os.Stat(path)
	if err == nil && fi.IsDir() {
		return nil, 0, diag.Inputf("not-a-file", path, "this is a folder, not a file")
	}
	if err == nil && !fi.Mode().IsRegular() {
		return nil, 0, diag.Inputf("not-a-file", path, "this is a pipe or a device, not a file").WithFix("write it to a file first")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	if fi, err = f.Stat(); err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, fi.Size(), nil
}
