package shared

import (
	"os"
	"path/filepath"
	"testing"
)

func TestDir(t *testing.T) {
	root := t.TempDir()
	t.Setenv("ISOSPIKE_SHARED", root)
	if err := os.MkdirAll(filepath.Join(root, "gold", "a"), 0o700); err != nil {
		t.Fatal(err)
	}
	if got, want := Dir(t, "gold", "a"), filepath.Join(root, "gold", "a"); got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
	t.Run("absent", func(t *testing.T) {
		defer func() {
			if !t.Skipped() {
				t.Error("did not skip")
			}
		}()
		Dir(t, "none")
	})
}
