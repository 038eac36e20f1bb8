package rtl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/isospike/isospike/snn/diag"
)

// A Tool is a command that this program runs, and the Debian package that has it.
type Tool struct{ Command, Package string }

// Require returns a Tool error that names the first of the tools that is not there, and what it
// is for.
func Require(purpose string, tools ...Tool) error {
	for _, t := range tools {
		if _, err := exec.LookPath(t.Command); err != nil {
			return toolError("tool-missing", purpose+" with "+t.Command+", which is not there", nil).
				WithFix("install it; on Debian: apt-get install %s", t.Package)
		}
	}
	return nil
}

// Verilate returns the path of a program that simulates the design; sim/board.cpp says how it is
// used. It is built at the first use and kept in the user's cache directory, under the hash of
// all that it is made from. building, if not nil, is called with that directory before it is built.
// A missing tool is a Tool error.
func Verilate(ctx context.Context, d *Design, building func(dir string)) (string, error) {
	list, err := d.Sources()
	if err != nil {
		return "", err
	}
	list = append(list, "sim/board.cpp")
	sum, err := d.digest(list)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", toolError("no-cache", "there is no place to keep the simulation", err).WithFix("set XDG_CACHE_HOME or HOME")
	}
	dir := filepath.Join(cache, "isospike", "rtl")
	program := filepath.Join(dir, fmt.Sprintf("board-%x", sum[:16]))
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	if err := Require("the simulation is built", Tool{"verilator", "verilator"}, Tool{"g++", "g++"}, Tool{"make", "make"}); err != nil {
		return "", err
	}
	if building != nil {
		building(dir)
	}
	if err := build(ctx, d, list, dir, program); err != nil {
		return "", err
	}
	return program, nil
}

func toolError(code, msg string, err error) *diag.Error {
	return &diag.Error{Kind: diag.Tool, Code: code, Msg: msg, Err: err}
}

// build makes program in a directory of its own and moves it into place when it is whole.
func build(ctx context.Context, d *Design, list []string, dir, program string) error {
	wrap := func(err error) *diag.Error { return toolError("rtl-build", "cannot build the simulation", err) }
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return wrap(err)
	}
	work, err := os.MkdirTemp(dir, "build-")
	if err != nil {
		return wrap(err)
	}
	defer os.RemoveAll(work)
	args := []string{"--cc", "--exe", "--build", "-O3", "-Wno-fatal", "--x-assign", "unique", "--x-initial", "unique",
		"--top-module", "board", "--prefix", "Vboard", "--Mdir", "obj", "-CFLAGS", "-O2"}
	for name, v := range d.Parameters {
		args = append(args, "-G"+name+"="+v)
	}
	if err := d.write(work, list); err != nil {
		return wrap(err)
	}
	args = append(args, list...)
	var log bytes.Buffer
	cmd := exec.CommandContext(ctx, "verilator", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = work, &log, &log
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return wrap(fmt.Errorf("verilator: %w\n%s", err, tail(log.String(), 30))).WithFix("use Verilator 5.006 or newer")
	}
	if err := os.Rename(filepath.Join(work, "obj", "Vboard"), program); err != nil {
		return wrap(err)
	}
	return nil
}

// tail returns the last lines of a log.
func tail(log string, lines int) string {
	l := strings.Split(strings.TrimSpace(log), "\n")
	return strings.Join(l[max(0, len(l)-lines):], "\n")
}

// Serve runs a program of Verilate with a serial line at its pins, until ctx ends or the line
// closes. divider is the design's DIVIDER. When ctx ends, line must be closed too.
func Serve(ctx context.Context, program string, divider int, line io.ReadWriter) error {
	cmd := exec.CommandContext(ctx, program, "serve", strconv.Itoa(divider))
	var log bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = line, line, &log
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return toolError("rtl-stopped", "the simulation stopped", fmt.Errorf("%w: %s", err, tail(log.String(), 3)))
	}
	return err
}
