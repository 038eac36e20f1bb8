package dataset

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/isospike/isospike/internal/atomicfile"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// WriteDir writes a set as N-MNIST is published, in files <class>/<id>.bin
// below dir, which Open reads back. Each file appears whole or not at all. A
// dir that has something in it is a *diag.Error, because two sets in one folder
// would be read as one.
func WriteDir(s Set, dir string) error {
	switch old, err := os.ReadDir(dir); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return unreadable(dir, err)
	case len(old) > 0:
		return diag.Inputf("not-empty", dir, "the folder is not empty").WithFix("name a new folder")
	}
	for i := range s.Len() {
		events, err := s.Events(i)
		if err != nil {
			return err
		}
		folder := filepath.Join(dir, strconv.Itoa(s.Label(i)))
		if err := os.MkdirAll(folder, 0o777); err != nil {
			return unwritable(folder, err)
		}
		name := filepath.Join(folder, s.ID(i)+".bin")
		err = atomicfile.Write(name, 0o666, func(w io.Writer) error { return spike.WriteBS2(w, events) })
		if e := (*diag.Error)(nil); errors.As(err, &e) {
			return diag.InFile(err, name)
		}
		if err != nil {
			return unwritable(name, err)
		}
	}
	return nil
}

func unwritable(name string, err error) *diag.Error {
	return &diag.Error{Kind: diag.Input, Code: "unwritable", File: name, Msg: "cannot write", Err: err, Fix: "check the path, its permissions and the space on the disk"}
}
