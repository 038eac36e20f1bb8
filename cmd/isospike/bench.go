package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"
)

// benchRow is a line of a benchmark. Value is the median of Runs.
type benchRow struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	// Limit is what the machine's rates, measured in the same run, allow for the work
	// that was counted; LimitBy names the largest part of it.
	Limit   float64 `json:"limit"`
	LimitBy string  `json:"limit_by"`
	Least   float64 `json:"min"`
	Most    float64 `json:"max"`
	Runs    int     `json:"runs"`
	Threads int     `json:"threads"`
	Note    string  `json:"note,omitempty"`
}

func newBench(a *app) *cobra.Command {
	c := &cobra.Command{Use: "bench", Short: "Measure how fast this machine runs isospike"}
	c.AddCommand(newBenchTrain(a))
	return group(c)
}

// benchResult prints rows: with --json exactly an array of them.
func (a *app) benchResult(rows []benchRow) error {
	return a.result(rows, func(w io.Writer) {
		fmt.Fprintf(w, "%-14s %10s %-14s %21s %10s %9s  %s\n", "", "median", "", "min to max", "limit", "of limit", "bounded by")
		for _, r := range rows {
			part := r.Value / r.Limit
			if r.Unit == "s" { // less is better
				part = r.Limit / r.Value
			}
			fmt.Fprintf(w, "%-14s %10.4g %-14s %10.4g to %8.4g %10.4g %7.0f %%  %s\n", r.Name, r.Value, r.Unit, r.Least, r.Most, r.Limit, 100*part, r.LimitBy)
			if r.Note != "" {
				fmt.Fprintf(w, "%-14s %s\n", "", r.Note)
			}
		}
	})
}

// repeat times f until the time is over, three times at least, and returns the seconds, ascending.
func repeat(budget time.Duration, f func() error) (seconds []float64, err error) {
	if err := f(); err != nil { // warm up
		return nil, err
	}
	for start := time.Now(); len(seconds) < 3 || time.Since(start) < budget; {
		t := time.Now()
		if err := f(); err != nil {
			return nil, err
		}
		seconds = append(seconds, time.Since(t).Seconds())
	}
	slices.Sort(seconds)
	return seconds, nil
}
