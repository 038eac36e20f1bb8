package npy

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/isospike/isospike/internal/atomicfile"
	"github.com/isospike/isospike/internal/regular"
	"github.com/isospike/isospike/snn/diag"
)

// ReadNPZ reads all arrays of the .npz file at path, by name. Errors are
// those of [Read], naming the file and the array, or the system's. Arrays of more than 1 GiB in all are refused.
func ReadNPZ(path string) (map[string]*Array, error) {
	f, size, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	arrays, err := readNPZ(f, size)
	return arrays, diag.InFile(err, path)
}

func readNPZ(r io.ReaderAt, size int64) (map[string]*Array, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, malformed("not a .npz file: %v", err)
	}
	arrays := map[string]*Array{}
	total := 0
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok || arrays[name] != nil {
			return nil, malformed("%q is not an array, or is there twice", f.Name)
		}
		a, err := readEntry(f)
		if err != nil {
			return nil, named(err, name)
		}
		if total += len(a.data); total > maxBytes {
			return nil, malformed("the arrays take more than %d bytes", maxBytes)
		}
		arrays[name] = a
	}
	return arrays, nil
}

func readEntry(f *zip.File) (*Array, error) {
	r, err := f.Open()
	if err != nil {
		return nil, malformed("%v", err)
	}
	defer r.Close()
	a, err := Read(r)
	if err != nil {
		return nil, err
	}
	// The reader compares the CRC when it meets the end.
	if n, err := r.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		if err == nil || errors.Is(err, io.EOF) {
			return nil, malformed("something follows the array")
		}
		return nil, malformed("it is damaged: %v", err)
	}
	return a, nil
}

// named puts the array's name into err where it is ours.
func named(err error, name string) error {
	var e *diag.Error
	if errors.As(err, &e) {
		e.Msg = fmt.Sprintf("array %q: %s", name, e.Msg)
	}
	return err
}

// WriteNPZ writes arrays to path, completely or not at all, compressed and
// sorted by name. The same arrays give the same bytes with the same version of
// Go: its compressor may change.
func WriteNPZ(path string, arrays map[string]*Array) error {
	err := atomicfile.Write(path, 0o666, func(w io.Writer) error { return writeNPZ(w, arrays) })
	return diag.InFile(err, path)
}

func writeNPZ(w io.Writer, arrays map[string]*Array) error {
	z := zip.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(arrays)) {
		// A fixed time, the first that zip can tell: files are compared by their bytes.
		f, err := z.CreateHeader(&zip.FileHeader{
			Name: name + ".npy", Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC),
		})
		if err != nil {
			return err
		}
		if err := Write(f, arrays[name]); err != nil {
			return named(err, name)
		}
	}
	return z.Close()
}
