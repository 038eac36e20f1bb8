package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/targets/fpga"
	"github.com/isospike/isospike/targets/fpga/link"
)

// built is an emulated board that says it was made of some build.
type built struct {
	link.Machine
	build uint64
}

func (b *built) Info() link.Info {
	i := b.Machine.Info()
	i.Build = b.build
	return i
}

// serve serves a board on a pseudo-terminal and returns its port.
func serve(t *testing.T, m link.Machine) string {
	t.Helper()
	line, path, err := link.OpenPTY()
	if err != nil {
		t.Skip(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- link.Serve(ctx, line, m) }()
	t.Cleanup(func() {
		stop()
		line.Close()
		<-done
	})
	return path
}

// TestFlash: the programmer gets the bitstream, and the board that answers then must have been built from today's sources.
func TestFlash(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("pseudo-terminals are for Linux")
	}
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("iceprog", "#!/bin/sh\necho \"$@\" >> "+dir+"/record\n", 0o777)
	bitstream := write("x.bin", "bits", 0o666)
	t.Setenv("PATH", dir)
	b, err := lookupBoard("icebreaker")
	if err != nil {
		t.Fatal(err)
	}
	design, err := b.Design(0)
	if err != nil {
		t.Fatal(err)
	}
	build, err := design.Build()
	if err != nil {
		t.Fatal(err)
	}
	other, err := lookupBoard("hx8k")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, port, want string
		status           int
	}{
		{"good", serve(t, &built{fpga.NewEmulator(b), build}), "iCEBreaker answers: build ", 0},
		{"an older bitstream", serve(t, &built{fpga.NewEmulator(b), build + 1}), "build-differs", int(diag.Link)},
		{"another board", serve(t, fpga.NewEmulator(other)), "build-differs", int(diag.Link)},
	} {
		var out, messages strings.Builder
		status := run([]string{"flash", "--board", "icebreaker", "--bitstream", bitstream, "--port", c.port}, &out, &messages)
		if status != c.status || !strings.Contains(out.String()+messages.String(), c.want) {
			t.Errorf("%s: status %d\n%s%s", c.name, status, &out, &messages)
		}
	}
	record, err := os.ReadFile(filepath.Join(dir, "record"))
	if err != nil || string(record) != strings.Repeat(bitstream+"\n", 3) {
		t.Errorf("%q, %v", record, err)
	}
	if status := run([]string{"flash", "--board", "icebreaker", "--bitstream", bitstream, "--port", filepath.Join(dir, "none")}, io.Discard, io.Discard); status != int(diag.Link) {
		t.Errorf("without a port: status %d", status)
	}
}

// TestFlashError: what the programmers say, as recorded or as their libraries have it.
func TestFlashError(t *testing.T) {
	for _, c := range []struct {
		said, code string
		seen       bool
	}{
		{"init..\nCan't find iCE FTDI USB device (vendor_id 0x0403, device_id 0x6010 or 0x6014).\nABORT.", "no-usb-device", false},
		{"init..\nCan't find iCE FTDI USB device (vendor_id 0x0403, device_id 0x6010 or 0x6014).\nABORT.", "flash-permission", true},
		{"unable to open ftdi device: -3 (device not found)\nJTAG init failed with: unable to open ftdi device", "no-usb-device", false},
		{"unable to open ftdi device: -4 (libusb_open() failed)\nJTAG init failed with: unable to open ftdi device", "flash-permission", false},
		{"unable to open ftdi device: -8 (inappropriate permissions on device!)", "flash-permission", false},
		{"flash ID: 0x00 0x00\nErase/Prog error", "flash-failed", true},
		{"", "flash-failed", false},
	} {
		cause := errors.New("exit status 2")
		e := flashError("iceprog", c.said, cause, c.seen)
		if e.Kind != diag.Link || e.Code != c.code || e.Fix == "" || !errors.Is(e, cause) {
			t.Errorf("%q: %v (%s)", c.said, e, e.Code)
		}
	}
}
