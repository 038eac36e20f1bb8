package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
)

var update = flag.Bool("update", false, "write what `cmp` in the scripts finds different into them")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"isospike": func() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs testdata/script. Next to the scripts' own files there are, made
// once: $DATA, 60 recordings; $MODEL, trained on them; and from it $FIXED, $CHIP
// (for loihi1) and $BOARD (for icebreaker); $BROKEN is $CHIP with another weight in one synapse.
func TestScripts(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	vars := map[string]string{
		"DATA": file("digits"), "MODEL": file("model.safetensors"), "FIXED": file("fixed.safetensors"),
		"CHIP": file("loihi1.safetensors"), "BOARD": file("icebreaker.safetensors"),
		"BROKEN": file("broken.safetensors"),
	}
	for _, args := range [][]string{
		{"data", "synth", "--samples", "60", "-o", vars["DATA"]},
		{"train", "--data", vars["DATA"], "--net", "9x9x2-16d-10", "--downsample", "4", "--epochs", "2", "-o", vars["MODEL"]},
		{"quantize", vars["MODEL"], "-o", vars["FIXED"]},
		{"compile", vars["FIXED"], "--target", "loihi1", "-o", vars["CHIP"]},
		{"compile", vars["FIXED"], "--target", "icebreaker", "-o", vars["BOARD"]},
	} {
		var messages strings.Builder
		if status := run(args, io.Discard, &messages); status != 0 {
			t.Fatalf("isospike %v: exit status %d\n%s", args, status, &messages)
		}
	}
	breakProgram(t, vars["CHIP"], vars["BROKEN"])
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			for k, v := range vars {
				e.Setenv(k, v)
			}
			bin, _, _ := strings.Cut(e.Getenv("PATH"), string(os.PathListSeparator))
			e.Setenv("BIN", bin) // where isospike is, for scripts with a PATH of their own
			// Simulations of Verilog are kept, since building one takes a minute.
			if cache, err := os.UserCacheDir(); err == nil {
				e.Setenv("XDG_CACHE_HOME", cache)
			}
			e.Setenv("GORACE", "atexit_sleep_ms=0") // with -race, every process would end with a sleep of a second
			testdata, err := filepath.Abs("testdata")
			e.Setenv("TESTDATA", testdata)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "interrupt": interrupt, "await": await, "json": jsonValue, "flip": flip,
		},
		// [ci]: tools that are missing are failures; see internal/tool.
		Condition: func(cond string) (bool, error) {
			if cond == "ci" {
				return os.Getenv("CI") == "true", nil
			}
			return false, fmt.Errorf("there is no condition %q", cond)
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
	})
}

// breakProgram writes a program whose tables have another weight in one synapse.
func breakProgram(t *testing.T, path, broken string) {
	p, err := compile.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	p.Cores[0].Code[len(p.Cores[0].Code)/2] ^= 0x20
	if err := safetensors.WriteFile(broken, compile.Encode(p)); err != nil {
		t.Fatal(err)
	}
}

// flagHelp is a line of a command's help for a flag: its value is one word, or none.
var flagHelp = regexp.MustCompile(`^ +(-\w, )?--[\w-]+(\[[^ ]*\])?( \w+)?  +\S`)

// TestHelp: every command says what it does and shows how it is called, and every flag has a word for its value.
func TestHelp(t *testing.T) {
	seen := 0
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Name() == "help" || c.Name() == "completion" {
			return // cobra's own
		}
		for _, sub := range c.Commands() {
			visit(sub)
		}
		if c.HasSubCommands() && c.HasParent() {
			return
		}
		seen++
		for line := range strings.Lines(c.Flags().FlagUsages()) {
			if !flagHelp.MatchString(line) {
				t.Errorf("%s: %q has no word for the flag's value", c.CommandPath(), line)
			}
		}
		if c.Short == "" || c.Long == "" || !strings.Contains(c.Example, c.CommandPath()+" ") && !strings.HasSuffix(c.Example, c.CommandPath()) {
			t.Errorf("%s lacks a description or an example of itself", c.CommandPath())
		}
	}
	visit(newRoot(&app{}))
	t.Logf("%d commands", seen)
	if seen == 0 {
		t.Error("no command was seen")
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) {
	return 0, &fs.PathError{Op: "write", Path: "/dev/stdout", Err: errors.New("no space left on device")}
}

// TestLostResult: a result that standard output did not take is no success, as text or as JSON.
func TestLostResult(t *testing.T) {
	check := []string{"golden", "check", filepath.Join("testdata", "golden"), "--quiet"}
	for _, args := range [][]string{check, append(check, "--json"), {"train", "--net", "9x9x2-10", "--print-config"}} {
		var messages strings.Builder
		if status := run(args, full{}, &messages); status != 3 || !strings.Contains(messages.String(), "write /dev/stdout: no space left on device") {
			t.Errorf("%v: exit status %d, %s", args, status, &messages)
		}
	}
}

// exits is `exits STATUS PROGRAM ARG...`: exec that must end with this exit status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS PROGRAM ARG...")
	}
	wantStatus(ts, args[0], ts.Exec(args[1], args[2:]...))
}

func wantStatus(ts *testscript.TestScript, want string, err error) {
	status := 0
	if e := (*exec.ExitError)(nil); errors.As(err, &e) {
		status = e.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(status) != want {
		ts.Fatalf("exit status %d, want %s", status, want)
	}
}

// interrupt is `interrupt STATUS FILE PROGRAM ARG...`: exec that is interrupted once
// FILE, which may be a pattern, is there, and must then end with this exit status.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: interrupt STATUS FILE PROGRAM ARG...")
	}
	c := exec.Command(args[2], args[3:]...)
	c.Dir, c.Stdout, c.Stderr = ts.Getenv("WORK"), ts.Stdout(), ts.Stderr()
	ts.Check(c.Start())
	defer c.Process.Kill() // when FILE does not come
	awaitFile(ts, args[1])
	ts.Check(c.Process.Signal(os.Interrupt))
	wantStatus(ts, args[0], c.Wait())
}

// await is `await FILE`: waits until FILE is there.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: await FILE")
	}
	awaitFile(ts, args[0])
}

func awaitFile(ts *testscript.TestScript, name string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		if found, err := filepath.Glob(ts.MkAbs(name)); err == nil && found != nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	ts.Fatalf("%s does not come", name)
}

// jsonValue is `json FILE PATH [REGEXP]`: the value in a JSON file at a path such as
// verify/0/spikes must match REGEXP as a whole; without one it goes to stdout. With
// ! the value must not be there.
func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 && (neg || len(args) != 3) {
		ts.Fatalf("usage: [!] json FILE PATH [REGEXP]")
	}
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &v))
	there := true
	for _, key := range strings.Split(args[1], "/") {
		switch w := v.(type) {
		case map[string]any:
			v, there = w[key]
		case []any:
			i, err := strconv.Atoi(key)
			if there = err == nil && i >= 0 && i < len(w); there {
				v = w[i]
			}
		default:
			there = false
		}
		if !there {
			break
		}
	}
	if there == neg {
		ts.Fatalf("is there a value at %s? %v", args[1], there)
	}
	if neg {
		return
	}
	s, isString := v.(string)
	if !isString {
		b, err := json.Marshal(v)
		ts.Check(err)
		s = string(b)
	}
	if len(args) == 2 {
		fmt.Fprintln(ts.Stdout(), s)
		return
	}
	re, err := regexp.Compile("^(" + args[2] + ")$")
	ts.Check(err)
	if !re.MatchString(s) {
		ts.Fatalf("%s is %s, want %s", args[1], s, args[2])
	}
}

// flip is `flip FILE OFFSET`: changes one bit of the byte at OFFSET, which counts
// from the end when negative.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip FILE OFFSET")
	}
	b := []byte(ts.ReadFile(args[0]))
	at, err := strconv.Atoi(args[1])
	ts.Check(err)
	if at < 0 {
		at += len(b)
	}
	b[at] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o666))
}
