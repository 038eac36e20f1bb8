// Package shared finds the data that tests read but the repository does not
// hold: the recorded vectors and data sets in the folder "shared" beside it.
package shared

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir returns the path of elem inside the shared folder: $ISOSPIKE_SHARED, or
// ../shared as seen from the folder of go.mod. It skips the test when elem is
// not there, and fails it when $ISOSPIKE_SHARED itself names nothing.
func Dir(t testing.TB, elem ...string) string {
	t.Helper()
	root := os.Getenv("ISOSPIKE_SHARED")
	if root == "" {
		root = filepath.Join(filepath.Dir(moduleRoot(t)), "shared")
	} else if _, err := os.Stat(root); err != nil {
		t.Fatalf("$ISOSPIKE_SHARED: %v", err)
	}
	path := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no shared data at %s: put it there or set $ISOSPIKE_SHARED", path)
	}
	return path
}

// moduleRoot walks up from the working folder, which for a test is its
// package's, to the folder of go.mod.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test's folder")
		}
		dir = up
	}
}
