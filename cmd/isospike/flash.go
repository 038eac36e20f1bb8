package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/targets/fpga"
	"github.com/isospike/isospike/targets/fpga/link"
	"github.com/isospike/isospike/targets/fpga/synth"
	"github.com/spf13/cobra"
)

// A programmer is a program that writes bitstreams.
type programmer struct {
	pkg     string         // of Debian
	version string         // option that makes it tell its version; "": it has none
	oldest  [2]int         // version that knows the boards
	number  *regexp.Regexp // of the version
}

var programmers = map[string]programmer{
	"iceprog":        {pkg: "fpga-icestorm"},
	"openFPGALoader": {pkg: "openfpgaloader", version: "--Version", oldest: [2]int{0, 10}, number: regexp.MustCompile(`v(\d+)\.(\d+)`)},
}

// programmerOf returns the first of the board's flash commands whose program is there.
func programmerOf(ctx context.Context, b *fpga.Board) ([]string, error) {
	var names, packages []string
	for _, line := range b.Flash {
		command := strings.Fields(line)
		if len(command) == 0 {
			continue
		}
		p := programmers[command[0]]
		if _, err := exec.LookPath(command[0]); err == nil {
			return command, p.check(ctx, command[0])
		}
		names = append(names, command[0])
		if p.pkg != "" {
			packages = append(packages, p.pkg)
		}
	}
	if len(names) == 0 {
		return nil, diag.Inputf("no-programmer", "", "%s has no command that writes a bitstream", b.Name()).WithFix("set flash in the board's file")
	}
	return nil, &diag.Error{Kind: diag.Tool, Code: "tool-missing", Msg: fmt.Sprintf("a bitstream is written with %s, which is not there", strings.Join(names, " or ")),
		Fix: "install it; on Debian: apt-get install " + strings.Join(packages, " or ")}
}

// check returns an error for a program that is too old.
func (p *programmer) check(ctx context.Context, name string) error {
	if p.version == "" {
		return nil
	}
	out, _ := exec.CommandContext(ctx, name, p.version).CombinedOutput() // some versions exit with 1
	m := p.number.FindStringSubmatch(string(out))
	if m == nil {
		return &diag.Error{Kind: diag.Tool, Code: "tool-version", Msg: name + " does not tell its version", Fix: "on Debian: apt-get install " + p.pkg}
	}
	major, _ := strconv.Atoi(m[1]) // digits, by the pattern
	minor, _ := strconv.Atoi(m[2])
	if major < p.oldest[0] || major == p.oldest[0] && minor < p.oldest[1] {
		return &diag.Error{Kind: diag.Tool, Code: "tool-version", Msg: fmt.Sprintf("%s is version %d.%d; the boards need %d.%d", name, major, minor, p.oldest[0], p.oldest[1]),
			Fix: "install a newer one"}
	}
	return nil
}

// flashError explains what a programmer said. seen is that the board's serial port is there, so that
// a programmer that finds no board was not let at it.
func flashError(name, said string, err error, seen bool) *diag.Error {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	e := &diag.Error{Kind: diag.Link, Code: "flash-failed", Msg: name + " failed: " + lines[len(lines)-1], Err: err,
		Fix: "check cable and power, then flash again; without --quiet all that " + name + " says is shown"}
	low := strings.ToLower(said)
	has := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(low, w) })
	}
	absent := has("can't find", "not found", "unable to open", "no device")
	switch {
	case has("permission", "access denied", "operation not permitted", "libusb_open() failed") || absent && seen:
		e.Code, e.Msg, e.Fix = "flash-permission", name+" cannot open the board's USB device", "let this user at it: docs/board.md has a udev rule; and close other programs that use it"
	case absent:
		e.Code, e.Msg, e.Fix = "no-usb-device", name+" finds no board on USB", "plug the board in, and check the cable: some carry power alone"
	}
	return e
}

// seen reports whether a serial port of the board's USB bridge is there.
func seen(b *fpga.Board) bool {
	ports, err := link.Ports()
	return err == nil && slices.ContainsFunc(ports, func(p link.Candidate) bool { return slices.Contains(b.USB, p.USB) })
}

// write runs the programmer.
func (a *app) write(ctx context.Context, b *fpga.Board, command []string) error {
	a.note("%s", strings.Join(command, " "))
	out, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
	if ctx.Err() != nil {
		return &diag.Error{Kind: diag.Interrupted, Code: "interrupted", Msg: command[0] + " was stopped: what it was writing may be half there", Fix: "flash again"}
	}
	if err != nil {
		a.note("%s", strings.TrimSpace(string(out)))
		return flashError(command[0], string(out), err, seen(b))
	}
	return nil
}

func newFlash(a *app) *cobra.Command {
	var name, file string
	var dry bool
	var port boardFlags
	c := &cobra.Command{
		Use:   "flash --board BOARD",
		Short: "Write a bitstream to a board and check that it answers",
		Long: `flash writes a bitstream that ` + "`isospike fpga build`" + ` made to a board, with iceprog or
openFPGALoader, and then asks the board over its serial port what it was built from. It
must be what this isospike builds for the board.`,
		Example: "  isospike flash --board icebreaker --dry-run\n  isospike flash --board icebreaker --port /dev/ttyUSB1",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			b, err := lookupBoard(name)
			if err != nil {
				return err
			}
			if file == "" {
				file = filepath.Join(fpgaDir, b.Name()+".bin")
			}
			design, err := b.Design(0)
			if err != nil {
				return err
			}
			build, err := design.Build()
			if err != nil {
				return err
			}
			command, err := programmerOf(c.Context(), b)
			if err != nil {
				return err
			}
			if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
				e := diag.Inputf("no-bitstream", file, "there is no bitstream").WithFix("make it: isospike fpga build --board %s", name)
				if !synth.Places(b) {
					e.Fix = "place and route for its FPGA is not part of isospike: make one with other tools, and name it with --bitstream"
				}
				return e
			}
			command = append(command, file)
			result := map[string]any{"board": b.Name(), "command": command, "build": fmt.Sprintf("%016x", build), "written": !dry}
			if !dry {
				if err := a.write(c.Context(), b, command); err != nil {
					return err
				}
				info, err := port.identify(c.Context(), a, b)
				var e *diag.Error
				if errors.As(err, &e) && e.Code == "no-board" {
					return e.WithFix("the bitstream is written: check that the board is a %s, that its lamp beats, and that --port is its serial line", b.Title)
				}
				if err != nil {
					return err
				}
				if info.Build != build {
					return &diag.Error{Kind: diag.Link, Code: "build-differs", Msg: fmt.Sprintf("the board was built from %016x, this isospike's sources are %016x", info.Build, build),
						Fix: fmt.Sprintf("make the bitstream anew: isospike fpga build --board %s", name)}
				}
			}
			return a.result(result, func(w io.Writer) {
				if dry {
					fmt.Fprintf(w, "would run: %s\n", strings.Join(command, " "))
				} else {
					fmt.Fprintf(w, "%s answers: build %016x\n", b.Title, build)
				}
			})
		},
	}
	c.Flags().StringVar(&name, "board", "icebreaker", "board, or the path of a board file")
	c.Flags().StringVar(&file, "bitstream", "", "bitstream (default isospike-fpga/BOARD.bin)")
	c.Flags().BoolVarP(&dry, "dry-run", "n", false, "say what would be run, and do nothing")
	port.register(c)
	return c
}

// identify asks a board that has just been configured who it is.
func (f *boardFlags) identify(ctx context.Context, a *app, b *fpga.Board) (link.Info, error) {
	// The FPGA reads its flash, and the system may take the port away and bring it back.
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return link.Info{}, ctx.Err()
	}
	port, err := f.open(a, b)
	if err != nil {
		return link.Info{}, err
	}
	conn, err := link.Dial(ctx, port, f.line(a, b.Baud))
	if err != nil {
		return link.Info{}, err
	}
	defer conn.Close()
	return conn.Info(), nil
}
