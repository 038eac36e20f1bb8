package dataset

import (
	"os"
	"path/filepath"
	"testing"
)

// TestPackedInFolder: a folder of archives names them, also where not events are looked for.
func TestPackedInFolder(t *testing.T) {
	for _, format := range []string{"speech", "ecg"} {
		dir := tree(t, "b.tar.bz2", "", "a.tgz", "")
		_, err := Open(dir+"#"+format+":", "")
		wantError(t, err, "which-archive", "a.tgz", "b.tar.bz2")
		_, err = Open(tree(t, "a.txt", "")+"#"+format+":", "")
		wantError(t, err, "no-recordings", "there is no record")
	}
}

// tree writes files, given as name and content in turn, below a new folder.
func tree(t *testing.T, nameContent ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(nameContent); i += 2 {
		name := filepath.Join(dir, filepath.FromSlash(nameContent[i]))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(nameContent[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const event = "\x01\x02\x80\x00\x09"

// wantOpen checks the ids and classes of a set in their order.
func wantOpen(t *testing.T, path, list string, idClass ...any) {
	t.Helper()
	s, err := Open(path, list)
	if err != nil {
		t.Fatal(err)
	}
	if s.Len() != len(idClass)/2 {
		t.Fatalf("%d recordings, want %d", s.Len(), len(idClass)/2)
	}
	for i := range s.Len() {
		if s.ID(i) != idClass[2*i] || s.Label(i) != idClass[2*i+1] {
			t.Errorf("recording %d: id %s, class %d; want %v, %v", i, s.ID(i), s.Label(i), idClass[2*i], idClass[2*i+1])
		}
		if events, err := s.Events(i); err != nil || len(events) != 1 {
			t.Errorf("recording %d: %v, %v", i, events, err)
		}
	}
}

func TestOpenFindsClasses(t *testing.T) {
	list := "#sample\t#class\n3\t4\n20\t1\n"
	wantOpen(t, tree(t, "Train/0/00020.bin", event, "Train/9/00003.bin", event, "readme.txt", "hello"), "", "3", 9, "20", 0)
	wantOpen(t, tree(t, "0/0.bin", event, "1/a.bin", event), "", "0", 0, "a", 1)
	wantOpen(t, tree(t, "3.bs2", event, "x/20.BIN", event, "classes.txt", list), "", "3", 4, "20", 1)
	dir := tree(t, "set/3.bs2", event, "set/20.bs2", event, "set.txt", list, "other", "3 0\n20 0\n")
	wantOpen(t, filepath.Join(dir, "set")+string(filepath.Separator), "", "3", 4, "20", 1)
	wantOpen(t, filepath.Join(dir, "set"), filepath.Join(dir, "other"), "3", 0, "20", 0)
	// A list that is named counts more than the folders.
	dir = tree(t, "0/3.bin", event, "0/20.bin", event, "list", list)
	wantOpen(t, dir, filepath.Join(dir, "list"), "3", 4, "20", 1)

	pack := packTar(t, entry{"set/20.bs2", []byte(event), 0}, entry{"set/3.bs2", []byte(event), 0})
	dir = tree(t, "a.tar.gz", string(gz(t, pack)), "a.txt", list)
	wantOpen(t, filepath.Join(dir, "a.tar.gz"), "", "3", 4, "20", 1)
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		files []string
		list  string
		code  string
		words []string
	}{
		{nil, "", "no-recordings", nil},
		{nil, "absent.txt", "no-recordings", nil},
		{[]string{"1.bin", event}, "", "no-class", []string{"there is no"}},
		{[]string{"1.bin", event}, "absent.txt", "unreadable", []string{"absent.txt"}},
		{[]string{"1.bin", event, "0/2.bin", event}, "", "no-class", []string{"0/2.bin is in the folder of a class, but 1.bin is not"}},
		{[]string{"1.bin", event, "a.txt", "", "b.txt", ""}, "", "which-list", []string{"a.txt, b.txt"}},
		{[]string{"1.bin", event, "2.bin", event, "a.txt", "2 1\n"}, "", "no-class", []string{"a.txt: 1 of the", "id 1"}},
		{[]string{"1.bin", event, "a.txt", "1 1\n61 1\n9 9\n"}, "", "no-recording", []string{"2 ids", ": 61, 9"}},
		{[]string{"1.bin", event, "a.txt", "1 1 1\n"}, "", "bad-list", []string{"a.txt:1: "}},
		{[]string{"0/1.bin", event, "1/001.bs2", event}, "", "id-twice", []string{"0/1.bin and 1/001.bs2", "id 1"}},
		{[]string{"train_1-8.tar.gz", "", "train_1-8.txt", "", "test_9.zip", ""}, "", "which-archive", []string{"test_9.zip, train_1-8.tar.gz"}},
	} {
		dir := tree(t, c.files...)
		if c.list != "" {
			c.list = filepath.Join(dir, c.list)
		}
		_, err := Open(dir, c.list)
		wantError(t, err, c.code, append(c.words, dir)...)
	}
	_, err := Open(filepath.Join(t.TempDir(), "absent"), "")
	wantError(t, err, "unreadable", "absent")
}

// A folder is read late, so that its errors come from Events.
func TestEventsNameTheFile(t *testing.T) {
	dir := tree(t, "0/1.bin", event+"abc", "0/2.bin", "\x00\x22\x00\x00\x00", "0/3.bin", event)
	s, err := Open(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Events(0)
	wantError(t, err, "cut-event", filepath.Join(dir, "0", "1.bin")+": byte 5")
	_, err = s.Events(1)
	wantError(t, err, "event-outside", filepath.Join(dir, "0", "2.bin")+": event 0")
	if err := os.Remove(filepath.Join(dir, "0", "3.bin")); err != nil {
		t.Fatal(err)
	}
	_, err = s.Events(2)
	wantError(t, err, "unreadable", "3.bin")
}
