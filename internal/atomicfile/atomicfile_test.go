package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

// TestDir makes folders that are not there and fills empty ones.
func TestDir(t *testing.T) {
	for _, exists := range []bool{false, true} {
		above := filepath.Join(t.TempDir(), "above")
		path := filepath.Join(above, "set")
		if exists {
			if err := os.MkdirAll(path, 0o777); err != nil {
				t.Fatal(err)
			}
		}
		left := func() (names []string) {
			for _, dir := range []string{above, path} {
				entries, _ := os.ReadDir(dir)
				for _, e := range entries {
					names = append(names, e.Name())
				}
			}
			return names
		}
		var before []string
		if exists {
			before = []string{"set"}
		}
		boom := errors.New("boom")
		half := func(dir string) error {
			if err := os.WriteFile(filepath.Join(dir, "a"), []byte("half"), 0o666); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(filepath.Join(path, "a")); err == nil {
				t.Error("a file has its name before all are written")
			}
			return boom
		}
		if err := Dir(path, half); !errors.Is(err, boom) || !slices.Equal(left(), before) {
			t.Fatalf("%v left %q, there were %q", err, left(), before)
		}
		func() {
			defer func() { recover() }()
			Dir(path, func(dir string) error { half(dir); panic("in write") })
		}()
		if !slices.Equal(left(), before) {
			t.Fatalf("a panic left %q", left())
		}
		fi, err := os.Stat(above)
		if exists {
			fi, err = os.Stat(path)
		}
		if err != nil {
			t.Fatal(err)
		}
		err = Dir(path, func(dir string) error {
			for _, name := range []string{"a/x", "b"} {
				name = filepath.Join(dir, name)
				if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o777), Write(name, 0o666, writeString("whole"))); err != nil {
					return err
				}
			}
			return nil
		})
		if want := []string{"set", "a", "b"}; err != nil || !slices.Equal(left(), want) {
			t.Fatalf("%v, made %q, want %q", err, left(), want)
		}
		want(t, filepath.Join(path, "a", "x"), "whole", 1)
		made, err := os.Stat(path)
		if err != nil || made.Mode() != fi.Mode() {
			t.Errorf("the folder has mode %v, another %v: %v", made.Mode(), fi.Mode(), err)
		}
		if exists && !os.SameFile(fi, made) {
			t.Error("the empty folder was replaced")
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := Dir(file, func(string) error { return nil }); err == nil {
		t.Error("a folder in the place of a file")
	}
	want(t, file, "mine", 1)
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
