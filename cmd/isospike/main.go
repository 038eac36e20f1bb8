// Command isospike takes spiking networks trained with SLAYER to neuromorphic
// hardware and shows on the way that no spike changed.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process around it: it returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	// The first interrupt ends the work in order, so that what can be saved is
	// saved; with the handler gone, a second one kills.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	a := &app{stdout: stdout, stderr: stderr}
	root := newRoot(a)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	c, err := root.ExecuteContextC(ctx)
	return a.fail(err, c.CommandPath())
}
