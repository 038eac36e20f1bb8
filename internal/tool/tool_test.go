package tool

import (
	"os/exec"
	"testing"
)

func TestPath(t *testing.T) {
	want, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	if got := Path(t, "go"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	t.Setenv("CI", "")
	for name, find := range map[string]func(testing.TB){
		"program": func(t testing.TB) { Path(t, "no-program-is-called-this") },
		"module":  func(t testing.TB) { Python(t, "no_module_is_called_this") },
	} {
		t.Run("absent "+name, func(t *testing.T) {
			defer func() {
				if !t.Skipped() {
					t.Error("did not skip")
				}
			}()
			find(t)
		})
	}
}
