package synth

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/targets"
	"github.com/isospike/isospike/targets/fpga"
)

func board(t *testing.T, name string) *fpga.Board {
	t.Helper()
	x, err := targets.Lookup(name)
	check(t, err)
	return x.(*fpga.Board)
}

// build builds into dir, and returns the files that are there then.
func build(t *testing.T, b *fpga.Board, dir string) (*Report, map[string]string, error) {
	t.Helper()
	r, err := Build(t.Context(), b, dir, func(string) {})
	return r, files(t, dir), err
}

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	m := map[string]string{}
	list, err := os.ReadDir(dir)
	check(t, err)
	for _, f := range list {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		check(t, err)
		m[f.Name()] = string(data)
	}
	return m
}

// failed demands a *diag.Error and returns it.
func failed(t *testing.T, err error, kind diag.Kind, code string) *diag.Error {
	t.Helper()
	var e *diag.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	return e
}

// TestBuild: the tools get the sources, the parameters and the pins, and what they make is kept.
func TestBuild(t *testing.T) {
	b, dir := board(t, "hx8k"), t.TempDir()
	s := fake(t, script{Stat: "ice40.stat.json"}, tools...)
	r, made, err := build(t, b, dir)
	check(t, err)
	want := &Report{Board: "hx8k", FPGA: "hx8k", Build: r.Build, LUT: Amount{3735, 7680}, BRAM: Amount{32, 32}, FmaxMHz: 78.4313735961914, ClockMHz: 48,
		Cores: 1, Neurons: 256, Axons: 256, Synapses: 2048, Placed: true, Seed: 1, Yosys: "0.23", Recipe: r.Recipe}
	if d := cmp.Diff(want, r); d != "" {
		t.Error(d)
	}
	if made["hx8k.bin"] != "packed, placed with seed 1" || made["hx8k.yosys.log"] != "yosys was here\n" || made["hx8k.nextpnr.log"] != "nextpnr-ice40 was here\nseed 1\n" || len(made) != 4 {
		t.Errorf("made %q", made)
	}
	var kept Report
	check(t, json.Unmarshal([]byte(made["hx8k.json"]), &kept))
	if d := cmp.Diff(want, &kept); d != "" {
		t.Error(d)
	}
	design, err := b.Design(0)
	check(t, err)
	calls := s.calls(t)
	if len(calls) != 3 {
		t.Fatalf("calls %q", calls)
	}
	for _, w := range []string{"core/chip.v", "link/link.v", "top/board.v", "top/pll_ice40.v", "top/top.v",
		"; chparam -set DIVF 63 pll; ", "; chparam -set PAD 0 pll; ", "; chparam -set AXONS 256 top; ", "; chparam -set BUILD " + design.Parameters["BUILD"] + " top; ",
		"; chparam -set DIVIDER 16 top; ", "; chparam -set LED_LOW 0 top; ", "; synth_ice40 -device hx -top top; write_json netlist.json; tee -q -o stat.json stat -json"} {
		if !strings.Contains(calls[0], w) {
			t.Errorf("yosys was not told %q:\n%s", w, calls[0])
		}
	}
	if want := "nextpnr-ice40 --hx8k --package ct256 --json netlist.json --pcf pins.pcf --asc design.asc --report report.json --freq 48 --seed 1 --timing-allow-fail" +
		" | set_io clk J3; set_io rx B10; set_io tx B12; set_io led B5"; calls[1] != want {
		t.Errorf("got  %s\nwant %s", calls[1], want)
	}
	if calls[2] != "icepack design.asc design.bin" {
		t.Error(calls[2])
	}
}

// TestDevices: what yosys counted of the boards that are not placed, as its reports were recorded.
func TestDevices(t *testing.T) {
	n := 0
	for _, c := range []struct {
		board, stat, pass string
		want              Report
	}{
		{"ulx3s-85f", "ecp5.stat.json", "synth_ecp5", Report{LUT: Amount{8884 + 2*938, 83640}, BRAM: Amount{180, 208}, DSP: Amount{16, 156},
			Cores: 4, Neurons: 1024, Axons: 2048, Synapses: 131072, ClockMHz: 60, Yosys: "0.23"}},
		{"arty-a7", "xilinx.stat.json", "synth_xilinx -family xc7 -flatten", Report{LUT: Amount{21 + 691 + 482 + 142 + 326 + 687 + 36, 20800}, BRAM: Amount{10 + 2*34, 100}, DSP: Amount{4, 90},
			Cores: 1, Neurons: 256, Axons: 512, Synapses: 65536, ClockMHz: 60, Yosys: "0.23"}},
		{"tangnano9k", "gowin.stat.json", "synth_gowin", Report{LUT: Amount{479 + 387 + 941 + 908 + 670, 8640}, BRAM: Amount{6 + 7 + 9, 26}, DSP: Amount{0, 20},
			Cores: 1, Neurons: 256, Axons: 256, Synapses: 8192, ClockMHz: 54, Yosys: "0.23"}},
		{"tangnano9k", "gowin55.stat.json", "synth_gowin", Report{LUT: Amount{274 + 398 + 913 + 1090 + 686, 8640}, BRAM: Amount{6 + 7 + 9, 26}, DSP: Amount{0, 20},
			Cores: 1, Neurons: 256, Axons: 256, Synapses: 8192, ClockMHz: 54, Yosys: "0.55"}},
	} {
		t.Run(c.stat, func(t *testing.T) {
			name := c.board
			b, dir := board(t, name), t.TempDir()
			s := fake(t, script{Stat: c.stat}, "yosys")
			r, made, err := build(t, b, dir)
			check(t, err)
			w := c.want
			w.Board, w.FPGA, w.Note, w.Build, w.Recipe = name, b.FPGA, "not placed, not run", r.Build, r.Recipe
			if d := cmp.Diff(&w, r); d != "" {
				t.Error(d)
			}
			if len(made) != 2 || made[name+".json"] == "" {
				t.Errorf("made %q", made)
			}
			if calls := s.calls(t); len(calls) != 1 || !strings.Contains(calls[0], "; "+c.pass+" -top top;") {
				t.Errorf("calls %q", calls)
			}
			if Places(b) {
				t.Error("it is said to be placed")
			}
			n++
		})
	}
	t.Logf("compared %d reports", n)
	if n != 4 {
		t.Error("too little was compared")
	}
}

// TestFull: a design that is larger than its FPGA is an error that says by how much; the report says so too.
func TestFull(t *testing.T) {
	dir := t.TempDir()
	stat, err := os.ReadFile("testdata/gowin55.stat.json")
	check(t, err)
	full := filepath.Join(t.TempDir(), "full.json")
	for _, c := range []struct {
		old, new string // of a count
		resource string
	}{
		{`"LUT4": 1090`, `"LUT4": 7000`, "logic cells: 9271 of 8640"},
		{`"SDPX9B": 7`, `"SDPX9B": 12`, "block RAM: 27 of 26"},
		{`"VCC": 1`, `"MULT18X18": 21`, "multipliers: 21 of 20"},
	} {
		text := strings.Replace(string(stat), c.old, c.new, 1)
		check(t, os.WriteFile(full, []byte(text), 0o666))
		fake(t, script{Stat: full}, "yosys")
		check(t, os.WriteFile(filepath.Join(dir, "tangnano9k.bin"), []byte("old"), 0o666))
		r, made, err := build(t, board(t, "tangnano9k"), dir)
		e := failed(t, err, diag.Limit, "fpga-full")
		if !strings.Contains(e.Error(), "tangnano9k does not fit its gw1nr-9 ("+c.resource+")") || e.Fix == "" || r == nil || r.Note != "not placed, not run; does not fit" {
			t.Errorf("%v, help %s, %+v", e, e.Fix, r)
		}
		if made["tangnano9k.bin"] != "" || made["tangnano9k.json"] == "" {
			t.Errorf("made %q", made)
		}
	}
}

// TestTiming: placements are tried until one reaches the clock; if none does, the error names board,
// clock, what was reached and the way out, and the bitstream of an earlier build goes.
func TestTiming(t *testing.T) {
	b, dir := board(t, "hx8k"), t.TempDir()
	s := fake(t, script{Stat: "ice40.stat.json", Fmax: map[string]float64{"1": 47.99, "2": 40, "3": 48}}, tools...)
	r, made, err := build(t, b, dir)
	check(t, err)
	if r.Seed != 3 || r.FmaxMHz != 48 || made["hx8k.bin"] != "packed, placed with seed 3" || !strings.Contains(made["hx8k.nextpnr.log"], "seed 3\n") || len(s.calls(t)) != 5 {
		t.Errorf("%+v, %q", r, made)
	}
	slow := map[string]float64{"1": 44.5, "2": 45.25, "3": 41, "4": 47, "5": 46, "6": 40}
	s = fake(t, script{Stat: "ice40.stat.json", Fmax: slow}, tools...)
	r, made, err = build(t, b, dir)
	e := failed(t, err, diag.Tool, "fpga-timing")
	log := filepath.Join(dir, "hx8k.nextpnr.log")
	if e.Error() != "hx8k reaches 47.00 MHz in the best of 6 placements, its clock is 48 MHz" ||
		e.Fix != "set another seed or a lower core_hz in the board's file; "+log+" shows the longest path" {
		t.Errorf("%v\n%s", e, e.Fix)
	}
	if r.FmaxMHz != 47 || r.Seed != 4 || !r.Placed || r.Note != "misses its clock of 48 MHz" {
		t.Errorf("%+v", r)
	}
	if made["hx8k.bin"] != "" || !strings.Contains(made["hx8k.nextpnr.log"], "seed 4\n") || len(made) != 3 || len(s.calls(t)) != 7 {
		t.Errorf("made %q", made)
	}
}

// TestKept: a report is read again as long as the board would be made in the same way.
func TestKept(t *testing.T) {
	b, dir := board(t, "hx8k"), t.TempDir()
	if r, err := Kept(b, dir); r != nil || err != nil {
		t.Errorf("%v, %v", r, err)
	}
	fake(t, script{Stat: "ice40.stat.json"}, tools...)
	r, made, err := build(t, b, dir)
	check(t, err)
	again, err := Kept(b, dir)
	check(t, err)
	if d := cmp.Diff(r, again); d != "" {
		t.Error(d)
	}
	path := filepath.Join(dir, "hx8k.json")
	for name, text := range map[string]string{
		"a source or parameter": strings.Replace(made["hx8k.json"], r.Recipe, "0000000000000000", 1),
		"another board":         strings.Replace(made["hx8k.json"], `"board": "hx8k"`, `"board": "hx9k"`, 1),
		"cut off":               made["hx8k.json"][:100],
		"empty":                 "",
	} {
		check(t, os.WriteFile(path, []byte(text), 0o666))
		if r, err := Kept(b, dir); r != nil || err != nil {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	check(t, os.WriteFile(path, []byte(made["hx8k.json"]), 0o666))
	for _, change := range []string{"[limits]\nneurons = 128", "[board]\nseed = 2", "[board]\npackage = \"cm225\"", "[board]\ncore_hz = 51000000", "[board]\nled_low = true", "[board.pins]\nled = \"B4\""} {
		x, err := targets.Parse("hx8k", []byte("inherits = \"hx8k\"\n"+change))
		check(t, err)
		if r, err := Kept(x.(*fpga.Board), dir); r != nil || err != nil {
			t.Errorf("%s: %+v, %v", change, r, err)
		}
	}
}

// TestFailures: a tool that is missing, fails or says nonsense. What an earlier build left stays.
func TestFailures(t *testing.T) {
	dir := t.TempDir()
	b := board(t, "hx8k")
	fake(t, script{Stat: "ice40.stat.json"}, tools...)
	_, before, err := build(t, b, dir)
	check(t, err)
	same := func(t *testing.T) {
		now := files(t, dir)
		for _, f := range []string{"hx8k.bin", "hx8k.json"} {
			if now[f] != before[f] {
				t.Errorf("%s is %q", f, now[f])
			}
		}
		for f := range now {
			if strings.Contains(f, ".tmp") {
				t.Errorf("%s was left", f)
			}
		}
	}
	for i, missing := range tools {
		t.Run("no "+missing, func(t *testing.T) {
			fake(t, script{Stat: "ice40.stat.json"}, slices.Delete(slices.Clone(tools), i, i+1)...)
			_, _, err := build(t, b, dir)
			e := failed(t, err, diag.Tool, "tool-missing")
			pkg := map[string]string{"yosys": "yosys", "nextpnr-ice40": "nextpnr-ice40", "icepack": "fpga-icestorm"}[missing]
			if !strings.Contains(e.Msg, missing) || !strings.HasSuffix(e.Fix, "apt-get install "+pkg) {
				t.Errorf("%v, %s", e, e.Fix)
			}
			same(t)
		})
		t.Run(missing+" fails", func(t *testing.T) {
			fake(t, script{Stat: "ice40.stat.json", Fail: missing}, tools...)
			_, now, err := build(t, b, dir)
			e := failed(t, err, diag.Tool, "fpga-"+missing)
			if !strings.Contains(e.Msg, missing+" fails for hx8k: top/top.v:12: ERROR: syntax error, unexpected ')'") {
				t.Error(e)
			}
			_, log, _ := strings.Cut(e.Fix, "see "+dir+string(filepath.Separator))
			if !strings.Contains(now[log], "Executing Verilog-2005 frontend") {
				t.Errorf("%s: %q", e.Fix, now[log])
			}
			same(t)
		})
	}
	for name, stat := range map[string]string{"no JSON": "yosys.error.log", "no cells": "hx8k.report.json"} {
		t.Run(name, func(t *testing.T) {
			fake(t, script{Stat: stat}, tools...)
			_, _, err := build(t, b, dir)
			failed(t, err, diag.Tool, "fpga-report")
			same(t)
		})
	}
}

// TestPlaced: reports of nextpnr that make no sense.
func TestPlaced(t *testing.T) {
	good, err := os.ReadFile("testdata/hx8k.report.json")
	check(t, err)
	check(t, new(Report).placed(good))
	for _, text := range []string{"", "{}", strings.Replace(string(good), `"clock": {`, `"other": {"achieved": 1}, "clock": {`, 1),
		strings.Replace(string(good), "ICESTORM_LC", "LC", 1), strings.Replace(string(good), "78.43137359619140", "0", 1)} {
		r := new(Report)
		failed(t, r.placed([]byte(text)), diag.Tool, "fpga-report")
		if r.Placed {
			t.Errorf("%.60s: placed", text)
		}
	}
}

// TestInterrupted: a build that is stopped in any tool leaves what was there, and nothing else.
func TestInterrupted(t *testing.T) {
	for _, tool := range tools {
		t.Run(tool, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			dir := t.TempDir()
			check(t, os.WriteFile(filepath.Join(dir, "hx8k.bin"), []byte("old"), 0o666))
			s := fake(t, script{Stat: "ice40.stat.json", Hang: tool}, tools...)
			ctx, stop := context.WithCancel(t.Context())
			go func() {
				defer stop()
				for range 1000 {
					if data, _ := os.ReadFile(s.Record); strings.Contains(string(data), tool+" ") {
						return
					}
					time.Sleep(10 * time.Millisecond)
				}
			}()
			_, err := Build(ctx, board(t, "hx8k"), dir, func(string) {})
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			now := files(t, dir)
			for name := range now {
				if name != "hx8k.bin" && !strings.HasSuffix(name, ".log") {
					t.Errorf("%s was left", name)
				}
			}
			if now["hx8k.bin"] != "old" {
				t.Errorf("the old bitstream is %q", now["hx8k.bin"])
			}
			if left := files(t, os.TempDir()); len(left) > 0 {
				t.Errorf("left in the folder of temporary files: %v", left)
			}
		})
	}
}

// TestUnknown: every board that can be named has a device here, and others are refused.
func TestUnknown(t *testing.T) {
	x, err := targets.Parse("x", []byte("inherits = \"hx8k\"\n[board]\nfpga = \"abacus\""))
	check(t, err)
	_, err = Build(t.Context(), x.(*fpga.Board), t.TempDir(), func(string) {})
	e := failed(t, err, diag.Input, "fpga-unknown")
	for name := range devices {
		if !strings.Contains(e.Fix, name) {
			t.Errorf("%s is not among %q", name, e.Fix)
		}
	}
	if n := strings.Count(e.Fix, ", ") + 1; n != len(devices) {
		t.Errorf("%d devices are offered, %d are known: %s", n, len(devices), e.Fix)
	}
}
