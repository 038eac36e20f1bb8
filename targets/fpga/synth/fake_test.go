package synth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// A script is what the made-up tools do. They are this test's program under other names, and
// first in PATH; each writes down how it was called.
type script struct {
	Record string             // file that a line is added to for each call
	Stat   string             // what yosys counts: a file in testdata, or a path
	Fail   string             // tool that fails; it prints testdata/yosys.error.log
	Hang   string             // tool that never ends, nor what it has started
	Fmax   map[string]float64 // what nextpnr-ice40 reaches, by seed
}

const scriptVariable = "ISOSPIKE_FAKE_TOOLS"

func TestMain(m *testing.M) {
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	if text := os.Getenv(scriptVariable); text != "" && slices.Contains(tools, name) {
		if err := play(name, text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var tools = []string{"yosys", "nextpnr-ice40", "icepack"}

// fake puts the named tools, and no others, in PATH.
func fake(t *testing.T, s script, names ...string) *script {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the tools are links")
	}
	self, err := os.Executable()
	check(t, err)
	dir := t.TempDir()
	for _, n := range names {
		check(t, os.Symlink(self, filepath.Join(dir, n)))
	}
	s.Record = filepath.Join(t.TempDir(), "record")
	if !filepath.IsAbs(s.Stat) {
		s.Stat, err = filepath.Abs(filepath.Join("testdata", s.Stat))
		check(t, err)
	}
	text, err := json.Marshal(s)
	check(t, err)
	t.Setenv("PATH", dir)
	t.Setenv(scriptVariable, string(text))
	return &s
}

// calls returns the lines of the record.
func (s *script) calls(t *testing.T) []string {
	data, err := os.ReadFile(s.Record)
	check(t, err)
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

// play is a tool.
func play(name, text string) error {
	var s script
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return err
	}
	line := strings.Join(append([]string{name}, os.Args[1:]...), " ")
	if name == "yosys" {
		script, err := os.ReadFile("build.ys")
		if err != nil {
			return err
		}
		line += " | " + strings.ReplaceAll(strings.TrimSpace(string(script)), "\n", "; ")
		for _, w := range strings.Fields(strings.SplitN(string(script), "\n", 2)[0])[1:] { // the sources are there
			if _, err := os.Stat(w); err != nil {
				return err
			}
		}
	}
	if name == "nextpnr-ice40" {
		pins, err := os.ReadFile("pins.pcf")
		if err != nil {
			return err
		}
		line += " | " + strings.ReplaceAll(strings.TrimSpace(string(pins)), "\n", "; ")
	}
	f, err := os.OpenFile(s.Record, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(f, line); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	switch name {
	case s.Hang:
		// A child that holds the output open, as yosys-abc does.
		child := exec.Command(os.Args[0], "child")
		child.Env = append(os.Environ(), scriptVariable+"="+`{"Record":"`+os.DevNull+`"}`)
		child.Stdout = os.Stdout
		if len(os.Args) == 2 && os.Args[1] == "child" {
			time.Sleep(5 * time.Second)
			return nil
		}
		if err := child.Start(); err != nil {
			return err
		}
		time.Sleep(time.Minute)
	case s.Fail:
		log, err := os.ReadFile(filepath.Join(filepath.Dir(s.Stat), "yosys.error.log"))
		if err != nil {
			return err
		}
		os.Stdout.Write(log)
		return fmt.Errorf("%s: that was all", name)
	}
	fmt.Println(name, "was here")
	write := func(file string, data []byte) error { return os.WriteFile(file, data, 0o666) }
	switch name {
	case "yosys":
		data, err := os.ReadFile(s.Stat)
		if err != nil {
			return err
		}
		return write("stat.json", data)
	case "nextpnr-ice40":
		seed := os.Args[slices.Index(os.Args, "--seed")+1]
		fmt.Println("seed", seed)
		data, err := os.ReadFile(filepath.Join(filepath.Dir(s.Stat), "hx8k.report.json"))
		if err != nil {
			return err
		}
		if mhz, ok := s.Fmax[seed]; ok {
			data = bytes.Replace(data, []byte("78.43137359619140"), fmt.Append(nil, mhz), 1)
		}
		if err := write("report.json", data); err != nil {
			return err
		}
		return write("design.asc", []byte("placed with seed "+seed))
	}
	data, err := os.ReadFile("design.asc")
	if err != nil {
		return err
	}
	return write("design.bin", append([]byte("packed, "), data...))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
