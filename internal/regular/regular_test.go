package regular

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/isospike/isospike/snn/diag"
)

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(path, []byte("abc"), 0o666); err != nil {
		t.Fatal(err)
	}
	f, n, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := io.ReadAll(f); string(b) != "abc" || n != 3 || err != nil {
		t.Errorf("%q, %d, %v", b, n, err)
	}
	for path, want := range map[string]string{filepath.Dir(path): "this is a folder", os.DevNull: "this is a pipe or a device"} {
		var e *diag.Error
		if _, _, err := Open(path); !errors.As(err, &e) || e.Kind != diag.Input || e.File != path || !strings.Contains(e.Msg, want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, _, err := Open(path + "b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing: %v", err)
	}
}
