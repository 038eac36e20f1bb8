package main

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/targets/fpga"
	"github.com/isospike/isospike/targets/fpga/link"
)

// device is something that a program runs on behind a serial line.
type device struct {
	name string // in tables
	how  string // it is simulated
	// open returns the host's end of the line, and what ends the device once that end is closed.
	open func(ctx context.Context) (link.Port, func() error, error)
	line link.Options
}

// dial opens a session with the device; the second result ends it and the device.
func (d *device) dial(ctx context.Context, progress func(done, total int)) (*link.Conn, func() error, error) {
	port, end, err := d.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	opt := d.line
	opt.Progress = progress
	conn, err := link.Dial(ctx, port, opt)
	if err != nil {
		return nil, nil, errors.Join(err, end())
	}
	return conn, func() error {
		conn.Close()
		return end()
	}, nil
}

// board is the device at a port: the one that the flags name, or the only one that can be that of e's program.
func (f *boardFlags) board(a *app, e *executor) *device {
	return &device{name: "board", line: f.line(a, ownBaud(e.program.Target)), open: func(context.Context) (link.Port, func() error, error) {
		port, err := f.openFor(a, e)
		return port, func() error { return nil }, err
	}}
}

// simulated is a board in software, or its Verilog in a process of its own.
func (a *app) simulated(ctx context.Context, b *fpga.Board, verilog bool) (*device, error) {
	serve, how, err := a.emulation(ctx, b, verilog)
	if err != nil {
		return nil, err
	}
	d := &device{name: "emulator", how: how, open: func(ctx context.Context) (link.Port, func() error, error) { return a.inProcess(ctx, b, how, serve) }}
	if verilog {
		d.name, d.line.Timeout = "rtl", 5*time.Second
	}
	return d, nil
}

// inProcess serves a board behind a pseudo-terminal, and returns the port and what ends it.
func (a *app) inProcess(ctx context.Context, b *fpga.Board, how string, serve func(context.Context, link.Port) error) (port link.Port, end func() error, err error) {
	line, path, err := link.OpenPTY()
	if err == nil {
		port, err = link.Open(path, b.Baud)
	} else {
		// Only Linux has the pseudo-terminals that link makes; elsewhere the same
		// bytes go through a pipe in this process.
		a.note("no pseudo-terminal here (%v): the board is behind a pipe instead", err)
		line, port = net.Pipe()
		path, err = "a pipe", nil
	}
	if err != nil {
		line.Close()
		return nil, nil, err
	}
	a.note("%s %s on %s", b.Title, how, path)
	served := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	go func() { served <- serve(ctx, line) }()
	return port, func() error {
		cancel()
		line.Close()
		if err := <-served; err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, os.ErrClosed) {
			return err
		}
		return nil
	}, nil
}

// boardOf returns the board that a program was compiled for: the target of this name, the program's own for "".
func boardOf(e *executor, name string) (*fpga.Board, error) {
	if name == "" {
		name = e.program.Target
	}
	b, err := lookupBoard(name)
	if err == nil && b.Name() != e.program.Target {
		err = diag.Usagef("usage", "the program is for %s, not for %s", e.program.Target, b.Name()).WithFix("leave the target out, or give a fixed network")
	}
	return b, err
}
