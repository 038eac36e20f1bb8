package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func writeString(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// want checks the file's content and that nothing else is left in its folder.
func want(t *testing.T, path, content string, entries int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil || string(b) != content {
		t.Fatalf("%s holds %q, %v; want %q", path, b, err, content)
	}
	ents, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(ents) != entries {
		t.Fatalf("folder has %d entries, want %d: %v", len(ents), entries, ents)
	}
}

func TestWriteCreatesAndReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	for _, s := range []string{"first, longer", "second"} {
		if err := Write(path, 0o640, writeString(s)); err != nil {
			t.Fatal(err)
		}
		want(t, path, s, 1)
	}
	fi, err := os.Stat(path)
	if err != nil || fi.Mode().Perm()&^0o640 != 0 {
		t.Fatalf("mode %v, %v", fi.Mode(), err)
	}
}

// TestErrorNamesFile: an error of the temporary file is told of the file that the caller knows.
func TestErrorNamesFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	err := Write(path, 0o600, func(io.Writer) error {
		beside, err := os.ReadDir(filepath.Dir(path))
		if err != nil || len(beside) != 1 {
			t.Fatal(beside, err)
		}
		return &fs.PathError{Op: "write", Path: filepath.Join(filepath.Dir(path), beside[0].Name()), Err: errors.New("disk full")}
	})
	if err == nil || err.Error() != "write "+path+": disk full" {
		t.Errorf("%v", err)
	}
}

func TestErrorKeepsOldFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	if err := Write(path, 0o600, writeString("old")); err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	err := Write(path, 0o600, func(w io.Writer) error {
		w.Write(make([]byte, 1<<20))
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatalf("got %v", err)
	}
	want(t, path, "old", 1)

	func() {
		defer func() { recover() }()
		Write(path, 0o600, func(io.Writer) error { panic("in write") })
	}()
	want(t, path, "old", 1)
}

func TestSymlinkIsFollowed(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := Write(target, 0o600, writeString("old")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Skip("no symbolic links here")
	}
	if err := Write(link, 0o600, writeString("new")); err != nil {
		t.Fatal(err)
	}
	want(t, target, "new", 2)
	if fi, err := os.Lstat(link); err != nil || fi.Mode()&os.ModeSymlink == 0 {
		t.Fatal("the link was replaced by a file")
	}
}

func TestNotARegularFile(t *testing.T) {
	if err := Write(os.DevNull, 0o600, writeString("x")); err != nil {
		t.Fatal(err)
	}
	if fi, err := os.Stat(os.DevNull); err != nil || fi.Mode().IsRegular() {
		t.Fatalf("%s became a regular file", os.DevNull)
	}
	if err := Write(t.TempDir(), 0o600, writeString("x")); err == nil {
		t.Fatal("wrote to a folder")
	}
	if err := Write(filepath.Join(t.TempDir(), "none", "a"), 0o600, writeString("x")); err == nil {
		t.Fatal("wrote into a folder that does not exist")
	}
}
