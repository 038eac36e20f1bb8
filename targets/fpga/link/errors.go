package link

import (
	"context"
	"fmt"
	"time"

	"github.com/isospike/isospike/snn/diag"
)

func linkError(code, format string, args ...any) *diag.Error {
	return &diag.Error{Kind: diag.Link, Code: code, Msg: fmt.Sprintf(format, args...)}
}

func errInterrupted(ctx context.Context) *diag.Error {
	return diag.Stopped("the work with the board", context.Cause(ctx))
}

func errNoBoard(bytes int64) *diag.Error {
	if bytes > 0 {
		return linkError("no-board", "%d bytes came from the port, but no answer from a board", bytes).
			WithFix("check that this is the board's port and that the bitstream is on the board, and close other programs that use it")
	}
	return linkError("no-board", "no board answers on the port").
		WithFix("check that this is the board's port, that the bitstream is on it, and the baud rate")
}

func errSilent(waited time.Duration) *diag.Error {
	return linkError("board-silent", "the board stopped answering: nothing new for %v", waited).
		WithFix("check the cable and the power, then start again")
}

func errNoise(damaged int) *diag.Error {
	return linkError("link-noise", "no progress, with CRC errors in %d frames", damaged).
		WithFix("lower the baud rate, or use a shorter cable")
}

func errBaud(err error) *diag.Error {
	e := linkError("port-baud", "the port cannot change the rate of the line").WithFix("give another rate with --baud")
	e.Err = err
	return e
}

func errReset() *diag.Error {
	return linkError("board-reset", "the board was reset, or another program opened it: what was loaded is lost").
		WithFix("start again, so that the program is loaded anew")
}

func errClosed(err error) *diag.Error {
	e := linkError("port-closed", "the port closed").WithFix("check that the board is plugged in, then start again")
	e.Err = err
	return e
}

func errVersion(v byte) *diag.Error {
	return linkError("protocol-version", "the board speaks version %d of the protocol, this isospike version %d", v, Version).
		WithFix("put the bitstream of this isospike on the board")
}

func errInfo(flaw string) *diag.Error {
	return linkError("board-info", "the board describes itself wrongly: %s", flaw).
		WithFix("put the bitstream of this isospike on the board")
}

func errOutput(format string, args ...any) *diag.Error {
	return linkError("board-output", "the board's output makes no sense: "+format, args...).
		WithFix("put the bitstream of this isospike on the board")
}

// errBoard is the error for a fatal code.
func errBoard(code byte) *diag.Error {
	switch code {
	case codeImage:
		return linkError("image-refused", "the board's memory does not hold the program that was sent, so it refuses to run").
			WithFix("load again; if that fails too, the board's memory is faulty")
	case codeTables:
		return linkError("tables-refused", "the program arrived intact, but the board cannot run it").
			WithFix("compile the program for this board")
	case codeCore:
		return linkError("core-stuck", "the board's core did not end what it was doing, and was reset").
			WithFix("run again; if it stops again, put the bitstream of this isospike on the board")
	case codeNotLoaded, codeNotReset:
		return linkError("not-loaded", "the board has no complete program, so it refuses to run").WithFix("load the program before running it")
	}
	return linkError("board-refused", "the board refused a command (code 0x%02x): it and this isospike disagree about the protocol", code).
		WithFix("put the bitstream of this isospike on the board")
}
