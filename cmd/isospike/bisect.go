package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/sim/reduce"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// maxReductions bounds how many parts of an input --bisect tries.
const maxReductions = 20_000

// bisect finds the first sample in which two executors differ, and makes it short.
func (a *app) bisect(ctx context.Context, f *verifyFlags, args []string, x, y *executor, src joined) error {
	p := pair{A: x.name, B: y.name}
	rx, ry := x.start(true), y.start(true)
	run := func(in *spike.Raster) (p, q []fixed.Record, err error) {
		if p, err = rx(ctx, in); err == nil {
			q, err = ry(ctx, in)
		}
		return p, q, err
	}
	progress := a.progress("verify", "samples", src.Len())
	defer progress.end()
	for i := range src.Len() {
		in, err := src.Raster(i, 0, 0)
		if err != nil {
			return err
		}
		want, got, err := run(in)
		if err != nil {
			return err
		}
		if err := p.compare(src.ID(i), x, y, in, want, got); err != nil {
			return err
		}
		if p.Mismatches == 0 {
			progress.set(i+1, "")
			continue
		}
		return a.shorten(ctx, f, args, src.ID(i), in, x, y, func(in *spike.Raster) (*sim.Divergence, error) {
			want, got, err := run(in)
			if err != nil {
				return nil, err
			}
			return divergence(x, y, in, want, got)
		})
	}
	pairs := []pair{p}
	failed := mismatch(pairs)
	err := a.result(map[string]any{"verify": pairs, "identical": failed == nil}, func(w io.Writer) {
		printPairs(w, pairs)
		if failed == nil {
			fmt.Fprintf(w, "identical; %s is not written\n", f.bisect)
		}
	})
	if err != nil {
		return err
	}
	return failed
}

// shorten writes the shortest part found of an input that shows a difference.
func (a *app) shorten(ctx context.Context, f *verifyFlags, args []string, sample string, in *spike.Raster, x, y *executor, run func(*spike.Raster) (*sim.Divergence, error)) error {
	var last *sim.Divergence // of the shortest
	r, err := reduce.Reduce(ctx, in, maxReductions, func(in *spike.Raster) (int, error) {
		d, err := run(in)
		if d == nil || err != nil {
			return 0, err
		}
		last = d
		if d.Register == "s" {
			return d.Tick + 1 + x.convention.SpikeLag, nil // the column in which it is recorded
		}
		return d.Tick + 1, nil
	})
	if err != nil {
		return err
	}
	if err := writeSpikes(f.bisect, r.Input); err != nil {
		return err
	}
	command := slices.Clone(args)
	if len(f.against) > 0 {
		command = append(command, "--against", strings.Join(f.against, ","))
	}
	if f.board.port != "" {
		command = append(command, "--port", f.board.port)
	}
	line := "isospike verify " + commandLine(append(command, "--input", f.bisect, "--lockstep"))
	first := tell(last, x, y)
	err = a.result(map[string]any{"identical": false, "bisect": map[string]any{
		"a": x.name, "b": y.name, "sample": sample, "of_ticks": in.Ticks(), "of_spikes": in.Count(), "ticks": r.Input.Ticks(), "spikes": r.Input.Count(),
		"runs": r.Runs, "least": r.Least, "file": f.bisect, "command": line, "first": first,
	}}, func(w io.Writer) {
		fmt.Fprintf(w, "%s and %s differ in sample %s, of %s\n", x.name, y.name, sample, sizeOf(in))
		fmt.Fprintf(w, "%s: %s, after %d runs; ", f.bisect, sizeOf(r.Input), r.Runs)
		if r.Least {
			fmt.Fprintln(w, "without its first tick, or any of its spikes, it shows nothing")
		} else {
			fmt.Fprintln(w, "the runs were used up, so it may not be the shortest")
		}
		fmt.Fprintln(w, line)
	})
	if err != nil {
		return err
	}
	return &diag.Error{Kind: diag.Mismatch, Code: "mismatch", Msg: fmt.Sprintf("%s and %s differ; in what is left, %s", x.name, y.name, first)}
}

// commandLine joins words for a shell.
func commandLine(words []string) string {
	quoted := slices.Clone(words)
	for i, word := range words {
		if word == "" || strings.ContainsAny(word, " '\"\\$&;<>|*?()#") {
			quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// sizeOf says how long an input is.
func sizeOf(in *spike.Raster) string {
	count := func(n int, what string) string {
		if n != 1 {
			what += "s"
		}
		return fmt.Sprintf("%d %s", n, what)
	}
	return count(in.Ticks(), "tick") + " and " + count(in.Count(), "input spike")
}
