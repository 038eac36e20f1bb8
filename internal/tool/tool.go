// Package tool finds the programs of others that tests compare with.
package tool

import (
	"os"
	"os/exec"
	"testing"
)

// Path returns the path of a program. Where there is none it skips the test, and with
// CI=true in the environment fails it: scripts/test installs what is missing.
func Path(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		lacking(t, name)
	}
	return path
}

// Python returns the path of a Python that has the module, the one in PATH or Debian's;
// without one it does as Path does.
func Python(t testing.TB, module string) string {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import "+module).Run() == nil {
			return python
		}
	}
	lacking(t, "python3 with "+module)
	return ""
}

func lacking(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("there is no %s", what)
	}
	t.Skipf("there is no %s; scripts/test installs it", what)
}
