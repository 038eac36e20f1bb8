package dataset

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"testing"

	"github.com/isospike/isospike/snn/diag"
)

// entry is one member of an archive in a test.
type entry struct {
	name string
	body []byte
	kind byte // of a tar member; 0 for a file
}

func packTar(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Size: int64(len(e.body)), Mode: 0o644, Typeflag: e.kind}
		if e.kind == tar.TypeSymlink {
			h.Linkname = "/etc/passwd"
		}
		if err := errors.Join(w.WriteHeader(h), write1(w, e.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func packZip(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.Create(e.name)
		if err == nil {
			err = write1(w, e.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gz(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if err := errors.Join(write1(w, b), w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func write1(w io.Writer, b []byte) error {
	_, err := w.Write(b)
	return err
}

// save writes a file below a new folder and returns its path.
func save(t testing.TB, name string, b []byte) string {
	t.Helper()
	file := path.Join(t.TempDir(), name)
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// two are recordings of one event each, in N-MNIST's layout.
var two = []entry{
	{"./set/7/00012.bin", []byte{1, 2, 0x80, 0, 9}, 0},
	{"set/0/00003.bs2", []byte{33, 33, 0, 0, 0}, 0},
	{"set/readme", []byte("hello"), 0},
	{"__MACOSX/set/7/._00012.bin", []byte("resource fork"), 0},
}

func TestOpenArchive(t *testing.T) {
	plain := packTar(t, append(two, entry{"set/9/", nil, tar.TypeDir})...)
	for _, file := range []string{
		save(t, "a.tar", plain), save(t, "a.tar.gz", gz(t, plain)), save(t, "A.TGZ", gz(t, plain)), save(t, "a.zip", packZip(t, two...)),
	} {
		s, err := Open(file, "")
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if s.Len() != 2 || s.ID(0) != "3" || s.Label(0) != 0 || s.ID(1) != "12" || s.Label(1) != 7 || s.Name() != path.Base(file) {
			t.Errorf("%s: %d recordings: %s, %s", file, s.Len(), s.ID(0), s.ID(1))
		}
		events, err := s.Events(1)
		if err != nil || len(events) != 1 || events[0].X != 1 || events[0].T != 9 {
			t.Errorf("%s: %v, %v", file, events, err)
		}
	}
}

func TestArchiveIsGuarded(t *testing.T) {
	five := make([]byte, 5)
	for name, c := range map[string]struct {
		pack []byte
		code string
		word string
	}{
		"up.tar":        {packTar(t, entry{"../0/1.bin", five, 0}), "bad-archive", `"../0/1.bin"`},
		"root.zip":      {packZip(t, entry{"/0/1.bin", five, 0}), "bad-archive", `"/0/1.bin"`},
		"backslash.zip": {packZip(t, entry{`0\1.bin`, five, 0}), "bad-archive", `0\\1.bin`},
		"link.tar":      {packTar(t, entry{"0/1.bin", nil, tar.TypeSymlink}), "bad-archive", "link"},
		"cut.tar":       {packTar(t, two...)[:600], "bad-archive", "EOF"},
		"member.tar":    {packTar(t, two...)[:1024], "bad-archive", "EOF"},
		"cut.tgz":       {gz(t, packTar(t, two...))[:60], "bad-archive", "EOF"},
		"text.tgz":      {[]byte("hello"), "bad-archive", "EOF"},
		"text.zip":      {[]byte("hello"), "bad-archive", "not a valid zip"},
		"part.tar":      {packTar(t, entry{"0/1.bin", make([]byte, 7), 0}), "cut-event", "part.tar/0/1.bin: byte 5"},
		"off.tar":       {packTar(t, entry{"0/1.bin", []byte{34, 0, 0, 0, 0}, 0}), "event-outside", "off.tar/0/1.bin: event 0"},
		"twice.zip":     {packZip(t, entry{"Train/0/01.bin", five, 0}, entry{"Test/1/1.bin", five, 0}), "id-twice", "Train/0/01.bin and Test/1/1.bin"},
		"none.zip":      {packZip(t, entry{"readme", five, 0}), "no-recordings", "none.zip"},
		"a.rar":         {nil, "bad-archive", "neither"},
	} {
		_, err := Open(save(t, name, c.pack), "")
		wantError(t, err, c.code, name, c.word)
	}
	// The checksum of the compressed file counts, although nothing after the end
	// of the tar file is wanted.
	b := gz(t, packTar(t, two...))
	b[len(b)-8] ^= 1
	_, err := Open(save(t, "sum.tar.gz", b), "")
	wantError(t, err, "bad-archive", "checksum")
}

func TestArchiveIsBounded(t *testing.T) {
	const limit = 4096
	big := []entry{{"0/1.bin", make([]byte, 3000), 0}, {"0/2.bin", make([]byte, 1100), 0}}
	skipped := packTar(t, entry{"large", make([]byte, 5000), 0})
	zips := packZip(t, big...)
	for name, read := range map[string]func() ([]recording, error){
		"tar": func() ([]recording, error) {
			return readTar(atis, bytes.NewReader(packTar(t, big...)), newSpool(), limit)
		},
		"zip": func() ([]recording, error) {
			return readZip(atis, bytes.NewReader(zips), int64(len(zips)), newSpool(), limit)
		},
		"gz, skipped": func() ([]recording, error) {
			return readTarGz(atis, bytes.NewReader(gz(t, skipped)), newSpool(), limit)
		},
		"gz, after": func() ([]recording, error) {
			return readTarGz(atis, bytes.NewReader(gz(t, append(packTar(t), skipped...))), newSpool(), limit)
		},
	} {
		_, err := read()
		if err == nil {
			t.Errorf("%s: unpacked more than the limit", name)
			continue
		}
		wantError(t, err, "archive-too-large", "4096")
	}
	if recs, err := readTar(atis, bytes.NewReader(packTar(t, big...)), newSpool(), 4100); err != nil || len(recs) != 2 {
		t.Errorf("%d recordings, %v", len(recs), err)
	}
}

// wantRecordings checks what holds for whatever an archive gives.
func wantRecordings(t *testing.T, recs []recording, limit int64) {
	n := int64(0)
	for _, r := range recs {
		n += r.size
		if !fs.ValidPath(r.file) || r.class < -1 || r.class > 9 || r.id != canonicalID(r.id) {
			t.Fatalf("%+v", r)
		}
	}
	if n > limit {
		t.Fatalf("%d bytes", n)
	}
}

func FuzzTar(f *testing.F) {
	f.Add(packTar(f, two...))
	f.Add(packTar(f, entry{"0/1.bin", nil, tar.TypeSymlink}))
	f.Fuzz(func(t *testing.T, b []byte) {
		const limit = 1 << 16
		recs, err := readTar(atis, bytes.NewReader(b), newSpool(), limit)
		if err == nil {
			wantRecordings(t, recs, limit)
		}
	})
}

func FuzzTarGz(f *testing.F) {
	f.Add(gz(f, packTar(f, two...)))
	f.Fuzz(func(t *testing.T, b []byte) {
		const limit = 1 << 16
		recs, err := readTarGz(atis, bytes.NewReader(b), newSpool(), limit)
		if err == nil {
			wantRecordings(t, recs, limit)
		}
	})
}

func FuzzZip(f *testing.F) {
	f.Add(packZip(f, two...))
	f.Fuzz(func(t *testing.T, b []byte) {
		const limit = 1 << 16
		recs, err := readZip(atis, bytes.NewReader(b), int64(len(b)), newSpool(), limit)
		if e := (*diag.Error)(nil); err == nil {
			wantRecordings(t, recs, limit)
		} else if errors.As(err, &e) && e.Fix == "" {
			t.Fatal(err)
		}
	})
}
