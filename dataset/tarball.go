package dataset

import (
	"archive/tar"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"strings"

	"github.com/isospike/isospike/snn/diag"
)

// maxInMemory is how many bytes an archive may unpack to whose files stay in memory.
const maxInMemory = 1 << 30

// tarFiles calls each with the name and the bytes of every regular file in a .tar,
// .tar.gz, .tgz or .tar.bz2 that wanted takes, by base name. All of the archive is read
// and its checksum with it. Two files of one base name are an error.
func tarFiles(name string, wanted func(base string) bool, each func(base string, b []byte)) error {
	f, err := os.Open(name)
	if err != nil {
		return unreadable(name, err)
	}
	defer f.Close()
	if err := readFiles(f, name, maxInMemory, wanted, each); err != nil {
		if e := (*diag.Error)(nil); !errors.As(err, &e) {
			err = &diag.Error{Kind: diag.Input, Code: "bad-archive", Msg: "cannot read the archive", Err: err, Fix: "get the file anew"}
		}
		return diag.InFile(err, name)
	}
	return nil
}

func readFiles(r io.Reader, name string, limit int64, wanted func(base string) bool, each func(base string, b []byte)) (err error) {
	switch lower := strings.ToLower(name); {
	case strings.HasSuffix(lower, "gz"):
		if r, err = gzip.NewReader(r); err != nil {
			return err
		}
	case strings.HasSuffix(lower, "bz2"):
		r = bzip2.NewReader(r)
	}
	unpacked := limit
	all := &bounded{r, &unpacked, limit}
	left := limit // apart from what r counts: a sparse file is longer than its bytes in r
	seen := map[string]bool{}
	err = eachMember(all, func(h *tar.Header, body io.Reader) error {
		base := path.Base(h.Name)
		if h.Typeflag != tar.TypeReg || base[0] == '.' || !wanted(base) {
			return nil
		}
		if seen[base] {
			return diag.Inputf("id-twice", "", "it has two files %s", base).WithFix("pack each recording once")
		}
		seen[base] = true
		b, err := io.ReadAll(&bounded{body, &left, limit})
		if err == nil {
			each(base, b)
		}
		return err
	})
	if err != nil {
		return err
	}
	// The checksum stands after the end of the tar file.
	_, err = io.Copy(io.Discard, all)
	return err
}

// eachMember calls f with every member of a tar file.
func eachMember(r io.Reader, f func(h *tar.Header, body io.Reader) error) error {
	src := &ended{r, false}
	for t := tar.NewReader(src); ; {
		h, err := t.Next()
		if err == io.EOF {
			// A tar file has an end mark. Without it the file is cut, and
			// package tar does not mind if the cut is between two members.
			if src.yes {
				return io.ErrUnexpectedEOF
			}
			return nil
		}
		if err != nil {
			return err
		}
		if err := f(h, t); err != nil {
			return err
		}
	}
}
