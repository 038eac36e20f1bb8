package main

import (
	"fmt"
	"io"

	"github.com/isospike/isospike/targets/fpga/link"
	"github.com/spf13/cobra"
)

func newBoardTest(a *app) *cobra.Command {
	var name string
	var flags boardFlags
	c := &cobra.Command{
		Use:   "test",
		Short: "Test a board: its memories, and a known network",
		Long: `test writes two patterns to every word of a board's memories and reads them back, and
runs a network that uses all that a core has. Every spike and the state of every neuron at the
end must be the simulator's. What was loaded is lost.`,
		Example: "  isospike board test --port /dev/ttyUSB1\n  isospike board test --board hx8k",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			b, err := lookupBoard(name)
			if err != nil {
				return err
			}
			port, err := flags.open(a, b)
			if err != nil {
				return err
			}
			conn, err := link.Dial(c.Context(), port, flags.line(a, b.Baud))
			if err != nil {
				return err
			}
			defer conn.Close()
			t, err := b.Test(c.Context(), conn, func(what string) { a.note("%s", what) })
			if err != nil {
				return err
			}
			build := fmt.Sprintf("%016x", conn.Info().Build)
			return a.result(map[string]any{"board": b.Name(), "build": build, "test": t}, func(w io.Writer) {
				fmt.Fprintf(w, "%s, build %s\n%d words of memory hold what is written\n", b.Title, build, t.Words)
				fmt.Fprintf(w, "known network: %d spikes in %d ticks and %d states as they should be\n", t.Spikes, t.Ticks, t.States)
			})
		},
	}
	c.Flags().StringVar(&name, "board", "icebreaker", "board")
	flags.register(c)
	return c
}
