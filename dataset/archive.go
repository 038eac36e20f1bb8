package dataset

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/isospike/isospike/snn/diag"
)

// maxUnpacked is how many bytes an archive may unpack to: room on the disk, not in
// memory. The 60000 training recordings of N-MNIST are 1.2 GB.
const maxUnpacked = 16 << 30

var archiveSuffixes = []string{".tar.gz", ".tgz", ".tar", ".zip"}

// cutArchiveSuffix returns name without the suffix of an archive, and that suffix.
func cutArchiveSuffix(name string) (stem, suffix string) {
	for _, s := range archiveSuffixes {
		if n := len(name) - len(s); n > 0 && strings.EqualFold(name[n:], s) {
			return name[:n], s
		}
	}
	return name, ""
}

// readArchive returns the recordings of an archive, and their bytes in a spool.
func readArchive(cam sensor, name, suffix string) ([]recording, *spool, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, unreadable(name, err)
	}
	defer f.Close()
	var recs []recording
	all := newSpool()
	switch suffix {
	case ".zip":
		var info fs.FileInfo
		if info, err = f.Stat(); err == nil {
			recs, err = readZip(cam, f, info.Size(), all, maxUnpacked)
		}
	case ".tar":
		recs, err = readTar(cam, f, all, maxUnpacked)
	default:
		recs, err = readTarGz(cam, f, all, maxUnpacked)
	}
	if e := (*diag.Error)(nil); err != nil && !errors.As(err, &e) {
		err = &diag.Error{Kind: diag.Input, Code: "bad-archive", Msg: "cannot read the archive", Err: err, Fix: "get the file anew"}
	}
	return recs, all, diag.InFile(err, name)
}

func readTarGz(cam sensor, r io.Reader, into *spool, limit int64) ([]recording, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	// All that is unpacked counts here, members that are skipped as well.
	all := &bounded{z, &limit, limit}
	recs, err := readTar(cam, all, into, limit)
	if err != nil {
		return nil, err
	}
	// The checksum stands after the end of the tar file.
	if _, err := io.Copy(io.Discard, all); err != nil {
		return nil, err
	}
	return recs, nil
}

func readTar(cam sensor, r io.Reader, into *spool, limit int64) ([]recording, error) {
	left := limit // apart from what r counts: a sparse file is longer than its bytes in r
	var recs []recording
	err := eachMember(r, func(h *tar.Header, body io.Reader) error {
		rec, ok, err := member(cam, h.Name, h.FileInfo().Mode())
		if err != nil || !ok {
			return err
		}
		if err := rec.unpack(&bounded{body, &left, limit}, into); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
		recs = append(recs, rec)
		return nil
	})
	return recs, err
}

func readZip(cam sensor, r io.ReaderAt, size int64, into *spool, limit int64) ([]recording, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, err
	}
	left := limit
	var recs []recording
	for _, f := range z.File {
		rec, ok, err := member(cam, f.Name, f.Mode())
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		m, err := f.Open()
		if err == nil {
			err = rec.unpack(&bounded{m, &left, limit}, into)
			m.Close()
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		recs = append(recs, rec)
	}
	return recs, nil
}

// unpack puts the bytes of a recording into a spool.
func (r *recording) unpack(from io.Reader, into *spool) (err error) {
	r.at = into.size
	r.size, err = io.Copy(into, from)
	return err
}

// member returns the recording that an archive member is, without its bytes,
// and false for a member that is none.
func member(cam sensor, name string, mode fs.FileMode) (recording, bool, error) {
	if mode.IsDir() {
		return recording{}, false, nil
	}
	rec, ok := cam.newRecording(path.Clean(name))
	if !ok {
		return recording{}, false, nil
	}
	if !fs.ValidPath(rec.file) || strings.ContainsAny(name, "\\\x00") {
		return recording{}, false, diag.Inputf("bad-archive", "", "the name of member %q is not a plain path inside the archive", name).
			WithFix("pack the recordings anew, with relative names and forward slashes")
	}
	if !mode.IsRegular() {
		return recording{}, false, diag.Inputf("bad-archive", "", "member %q is a link or device, not a file", name).
			WithFix("pack the recordings themselves (tar --dereference)")
	}
	return rec, true, nil
}

// bounded reads r as long as no more than *left bytes come. Readers may share left.
type bounded struct {
	r     io.Reader
	left  *int64
	limit int64 // what left was at first
}

func (b *bounded) Read(p []byte) (int, error) {
	// One byte more than is left tells too much from just enough.
	if int64(len(p)) > *b.left+1 {
		p = p[:*b.left+1]
	}
	n, err := b.r.Read(p)
	if int64(n) > *b.left {
		return 0, diag.Inputf("archive-too-large", "", "there are more than %d bytes in it", b.limit).
			WithFix("is it what it should be? If so, unpack it and name the folder, or use a part of it")
	}
	*b.left -= int64(n)
	return n, err
}

// ended notes that r has come to its end.
type ended struct {
	r   io.Reader
	yes bool
}

func (e *ended) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.yes = e.yes || n == 0 && err == io.EOF
	return n, err
}
