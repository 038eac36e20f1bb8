// Package atomicfile writes files and folders that are either complete or not there: a
// crash, a full disk or an error half way leaves the old file as it was.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
)

// Write makes the file at path hold what write writes, in one step: the bytes
// go to a new file beside it, reach the disk, and then take its name. perm is
// applied before the umask, as os.WriteFile does. When write or the system
// fails, the new file is removed, the old one is untouched, and the error wraps
// the cause.
//
// A symbolic link stays and its target is replaced. A path that names something
// other than a regular file, as /dev/stdout may, is written in place: there is
// nothing to replace.
func Write(path string, perm fs.FileMode, write func(io.Writer) error) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if fi, err := os.Stat(path); err == nil && !fi.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(fill(f, write), f.Close())
	}
	return replace(path, perm, write)
}

// replace writes a temporary file beside path and renames it to path.
func replace(path string, perm fs.FileMode, write func(io.Writer) error) (err error) {
	f, err := createBeside(path, perm)
	if err != nil {
		return err
	}
	defer func() { // the caller never heard of the temporary file
		if pe := (*fs.PathError)(nil); errors.As(err, &pe) && pe.Path == f.Name() {
			pe.Path = path
		}
	}()
	named := false
	defer func() { // also when write panics
		if !named {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := fill(f, write); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	named = true
	return syncDir(filepath.Dir(path))
}

// createBeside creates a new file in path's folder. os.CreateTemp would not do:
// it fixes the mode to 0600, and a later chmod would bypass the umask.
func createBeside(path string, perm fs.FileMode) (*os.File, error) {
	dir, base := filepath.Split(path)
	for try := 0; ; try++ {
		name := fmt.Sprintf("%s.%s.%08x.tmp", dir, base, rand.Uint32())
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		if !errors.Is(err, fs.ErrExist) || try == 100 {
			if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
				pe.Path = path // the caller never heard of the temporary file
			}
			return f, err
		}
	}
}

// Dir makes the folder at path, and those above it, with what write puts into the folder
// that it is given: that one lies beside path and takes its name in the end, in one step.
// Where path is an empty folder, which may be somebody's working directory or a mounted
// disk, it stays, and what write made moves into it, name by name. When write or the
// system fails, all of it is removed. Write inside write brings a file to the disk.
func Dir(path string, write func(dir string) error) error {
	above := filepath.Dir(path)
	fi, err := os.Stat(path)
	exists := err == nil && fi.IsDir()
	if exists {
		above = path
	}
	if err := os.MkdirAll(above, 0o777); err != nil {
		return err
	}
	// os.MkdirTemp would shut others out of the folder, whatever the umask says.
	temporary := filepath.Join(above, fmt.Sprintf(".%s.%08x.tmp", filepath.Base(path), rand.Uint32()))
	if err := os.Mkdir(temporary, 0o777); err != nil {
		return err
	}
	defer os.RemoveAll(temporary) // also when write panics
	if err := write(temporary); err != nil {
		return err
	}
	moves := [][2]string{{temporary, path}}
	if exists {
		entries, err := os.ReadDir(temporary)
		if err != nil {
			return err
		}
		moves = moves[:0]
		for _, e := range entries {
			moves = append(moves, [2]string{filepath.Join(temporary, e.Name()), filepath.Join(path, e.Name())})
		}
	}
	for _, m := range moves {
		if err := os.Rename(m[0], m[1]); err != nil {
			return err
		}
	}
	return syncDir(above)
}

// fill runs write on a buffer before f and flushes it.
func fill(f *os.File, write func(io.Writer) error) error {
	w := bufio.NewWriterSize(f, 1<<16)
	if err := write(w); err != nil {
		return err
	}
	return w.Flush()
}

// syncDir makes the rename itself durable. Windows has no such operation.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
