package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
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
	OfLimit float64 `json:"of_limit"` // the part of the limit that Value reaches
	Least   float64 `json:"min"`
	Most    float64 `json:"max"`
	Runs    int     `json:"runs"`
	Threads int     `json:"threads"`
	Peak    float64 `json:"peak_mib,omitempty"` // resident memory, where the system tells
	// Stages are in milliseconds of one thread for a sample; none of a forward pass alone.
	Stages []benchStage `json:"stages,omitempty"`
	Note   string       `json:"note,omitempty"`
}

type benchStage struct {
	Name  string  `json:"name"`
	Spent float64 `json:"ms"`
	Limit float64 `json:"limit_ms"`
}

func newBench(a *app) *cobra.Command {
	c := &cobra.Command{Use: "bench", Short: "Measure how fast this machine runs isospike"}
	c.AddCommand(newBenchTrain(a), newBenchCompile(a), newBenchSim(a))
	return group(c)
}

// benchResult prints rows: with --json exactly an array of them.
func (a *app) benchResult(rows []benchRow) error {
	return a.result(rows, func(w io.Writer) {
		fmt.Fprintf(w, "%-23s %10s %-9s %21s %10s %9s %9s  %s\n", "", "median", "", "min to max", "limit", "of limit", "peak MiB", "bounded by")
		for _, r := range rows {
			limit, of := fmt.Sprintf("%.4g", r.Limit), fmt.Sprintf("%.0f %%", 100*r.OfLimit)
			if r.Limit == 0 { // none was worked out
				limit, of = "-", "-"
			}
			fmt.Fprintf(w, "%-23s %10.4g %-9s %10.4g to %8.4g %10s %9s %9.0f  %s\n", r.Name, r.Value, r.Unit, r.Least, r.Most, limit, of, r.Peak, r.LimitBy)
			if r.Note != "" {
				fmt.Fprintf(w, "%-23s %s\n", "", r.Note)
			}
		}
		for _, r := range rows {
			if len(r.Stages) == 0 {
				continue
			}
			total := 0.0
			for _, s := range r.Stages {
				total += s.Spent
			}
			fmt.Fprintf(w, "\n%-24s %12s %7s %10s\n", r.Name, "ms a sample", "", "limit")
			for _, s := range r.Stages {
				fmt.Fprintf(w, "  %-22s %12.4g %5.0f %% %10.4g\n", s.Name, s.Spent, 100*s.Spent/total, s.Limit)
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

// peakMemory returns the most memory that the process had resident since forgetPeak, in
// MiB; 0 where the system does not tell.
func peakMemory() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			return kib / 1024
		}
	}
	return 0
}

func forgetPeak() {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}
