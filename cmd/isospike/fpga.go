package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/isospike/isospike/targets"
	"github.com/isospike/isospike/targets/fpga"
	"github.com/isospike/isospike/targets/fpga/synth"
	"github.com/spf13/cobra"
)

// boards returns the built-in boards that bitstreams are made for.
func boards() ([]*fpga.Board, error) {
	var all []*fpga.Board
	for _, name := range targets.List() {
		t, err := targets.Lookup(name)
		if err != nil {
			return nil, err
		}
		if b, ok := t.(*fpga.Board); ok && len(b.Pins) > 0 {
			all = append(all, b)
		}
	}
	return all, nil
}

func newFPGA(a *app) *cobra.Command {
	c := &cobra.Command{Use: "fpga", Short: "Make bitstreams of the FPGA boards"}
	c.AddCommand(newFPGAList(a), newFPGABuild(a), newFPGAReport(a))
	return group(c)
}

func newFPGAList(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the boards",
		Long:    `list shows the boards, what they hold, and whether there is a bitstream for them.`,
		Example: "  isospike fpga list",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			all, err := boards()
			if err != nil {
				return err
			}
			type entry struct {
				Board     string `json:"board"`
				Title     string `json:"title"`
				FPGA      string `json:"fpga"`
				Cores     int    `json:"cores"`
				Neurons   int    `json:"neurons"`
				Axons     int    `json:"axons"`
				Synapses  int    `json:"synapses"`
				Bitstream bool   `json:"bitstream"`
			}
			var list []entry
			for _, b := range all {
				i := b.Info()
				list = append(list, entry{b.Name(), b.Title, b.FPGA, i.Cores, i.Neurons, i.Axons, i.Synapses, synth.Places(b)})
			}
			return a.result(map[string]any{"boards": list}, func(w io.Writer) {
				fmt.Fprintf(w, "%-14s %-24s %-9s %5s %7s %6s %8s  %s\n", "board", "", "fpga", "cores", "neurons", "axons", "synapses", "bitstream")
				for _, e := range list {
					made := "synthesis only"
					if e.Bitstream {
						made = "yes"
					}
					fmt.Fprintf(w, "%-14s %-24s %-9s %5d %7d %6d %8d  %s\n", e.Board, e.Title, e.FPGA, e.Cores, e.Neurons, e.Axons, e.Synapses, made)
				}
			})
		},
	}
}

const (
	fpgaDir     = "isospike-fpga"
	fpgaDirHelp = "directory for the bitstream, its report and the logs"
)

func newFPGABuild(a *app) *cobra.Command {
	var board, out string
	c := &cobra.Command{
		Use:   "build --board BOARD",
		Short: "Make a board's bitstream",
		Long: `build makes the bitstream of a board with yosys, nextpnr-ice40 and icepack, and writes it
with a report and the logs of the tools to a directory. One bitstream serves every
network. A design that does not reach the board's clock is an error.

For boards whose FPGA nextpnr-ice40 does not know it stops after synthesis, and
says so.`,
		Example: "  isospike fpga build --board icebreaker\n  isospike fpga build --board myboard.toml -o out",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			b, err := lookupBoard(board)
			if err != nil {
				return err
			}
			r, err := a.build(c.Context(), b, out)
			if err != nil {
				return err
			}
			return a.result(r, func(w io.Writer) {
				printReports(w, []*synth.Report{r})
				if r.Placed {
					fmt.Fprintln(w, filepath.Join(out, b.Name()+".bin"))
				}
			})
		},
	}
	c.Flags().StringVar(&board, "board", "icebreaker", "board, or the path of a board file")
	c.Flags().StringVarP(&out, "output", "o", fpgaDir, fpgaDirHelp)
	_ = c.MarkFlagDirname("output")
	return c
}

func (a *app) build(ctx context.Context, b *fpga.Board, dir string) (*synth.Report, error) {
	return synth.Build(ctx, b, dir, func(what string) { a.note("%s: %s", b.Name(), what) })
}

func newFPGAReport(a *app) *cobra.Command {
	var only, out string
	c := &cobra.Command{
		Use:   "report",
		Short: "Show what the design takes of every board",
		Long: `report prints what the design takes of every board's FPGA, or of one, how fast it is and what
it holds. What a build of today's sources left in the directory is read; other boards are built,
which takes a minute or more each, and their reports kept. A design that misses its clock or does
not fit has a note, and is no error here.`,
		Example: "  isospike fpga report\n  isospike fpga report --board myboard.toml --json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			all, err := boards()
			if err != nil {
				return err
			}
			if only != "" {
				b, err := lookupBoard(only)
				if err != nil {
					return err
				}
				all = []*fpga.Board{b}
			}
			var reports []*synth.Report
			for _, b := range all {
				r, err := synth.Kept(b, out)
				if err != nil {
					return err
				}
				if r == nil {
					if r, err = a.build(c.Context(), b, out); r == nil {
						return err
					}
				}
				reports = append(reports, r)
			}
			return a.result(map[string]any{"boards": reports}, func(w io.Writer) { printReports(w, reports) })
		},
	}
	c.Flags().StringVar(&only, "board", "", "this board alone, or the path of a board file")
	c.Flags().StringVarP(&out, "output", "o", fpgaDir, fpgaDirHelp)
	_ = c.MarkFlagDirname("output")
	return c
}

func printReports(w io.Writer, reports []*synth.Report) {
	const row = "%-14s %11v %7v %5v %7v %8s %5v %7v %6v %8v  %s\n"
	fmt.Fprintf(w, row, "board", "lut", "bram", "spram", "dsp", "fmax_mhz", "clock", "neurons", "axons", "synapses", "placed")
	for _, r := range reports {
		fmax, placed := "", "no"
		if r.Placed {
			fmax, placed = fmt.Sprintf("%.2f", r.FmaxMHz), "yes"
		}
		if r.Note != "" {
			placed = r.Note
		}
		fmt.Fprintf(w, row, r.Board, r.LUT, r.BRAM, r.SPRAM, r.DSP, fmax, r.ClockMHz, r.Neurons, r.Axons, r.Synapses, placed)
	}
}
