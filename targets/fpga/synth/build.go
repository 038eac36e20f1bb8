package synth

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/isospike/isospike/internal/atomicfile"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/targets/fpga"
	"github.com/isospike/isospike/targets/fpga/rtl"
)

// placements is how many seeds nextpnr is tried with before the timing counts as missed.
const placements = 6

// Build makes the board's bitstream in dir: NAME.bin, the report NAME.json, and the logs
// NAME.yosys.log and NAME.nextpnr.log. A board whose device cannot be placed gets report and log
// alone. Errors are Tool ones; a design that does not reach the board's clock leaves logs but no
// bitstream. tell is called as the work goes on.
func Build(ctx context.Context, b *fpga.Board, dir string, tell func(string)) (*Report, error) {
	d, ok := devices[b.FPGA]
	if !ok {
		return nil, diag.Inputf("fpga-unknown", "", "%s: there is no FPGA %q", b.Name(), b.FPGA).
			WithFix("set fpga in the board's file to one of %s", strings.Join(slices.Sorted(maps.Keys(devices)), ", "))
	}
	design, err := b.Design(0)
	if err != nil {
		return nil, err
	}
	build, err := design.Build()
	if err != nil {
		return nil, err
	}
	if err := rtl.Require("bitstreams are made", d.tools()...); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "isospike-fpga-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	m := &maker{ctx: ctx, board: b, device: &d, design: design, work: work, base: filepath.Join(dir, b.Name()), report: newReport(b, build, &d)}
	tell("yosys")
	if err := m.synthesize(); err != nil {
		return nil, err
	}
	if d.place != "" {
		if err := m.place(tell); err != nil {
			return nil, err
		}
	}
	return m.report, atomicfile.Write(m.base+".json", 0o666, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(m.report)
	})
}

// maker is one build.
type maker struct {
	ctx    context.Context
	board  *fpga.Board
	device *device
	design *rtl.Design
	work   string // the folder that the tools run in
	base   string // of the names of what is made
	report *Report
}

// run runs a tool and keeps its log.
func (m *maker) run(log, tool string, args ...string) error {
	var out bytes.Buffer
	c := exec.CommandContext(m.ctx, tool, args...)
	c.Dir, c.Stdout, c.Stderr = m.work, &out, &out
	err := c.Run()
	if m.ctx.Err() != nil {
		return m.ctx.Err()
	}
	if log != "" {
		if err := atomicfile.Write(m.base+log, 0o666, func(w io.Writer) error { _, err := w.Write(out.Bytes()); return err }); err != nil {
			return err
		}
	}
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	e := &diag.Error{Kind: diag.Tool, Code: "fpga-" + tool, Msg: fmt.Sprintf("%s fails for %s: %s", tool, m.board.Name(), lines[len(lines)-1]), Err: err}
	if log != "" {
		e.Fix = "see " + m.base + log
	}
	return e
}

// synthesize makes netlist.json.
func (m *maker) synthesize() error {
	sources, err := m.design.Write(m.work)
	if err != nil {
		return err
	}
	var s strings.Builder
	fmt.Fprintf(&s, "read_verilog %s\n", strings.Join(sources, " "))
	for _, name := range slices.Sorted(maps.Keys(m.design.Parameters)) {
		fmt.Fprintf(&s, "chparam -set %s %s %s\n", name, m.design.Parameters[name], m.design.Top)
	}
	fmt.Fprintf(&s, "%s -top %s -json netlist.json\ntee -q -o stat.json stat -json\n", m.device.synth, m.design.Top)
	if err := os.WriteFile(filepath.Join(m.work, "build.ys"), []byte(s.String()), 0o666); err != nil {
		return err
	}
	if err := m.run(".yosys.log", "yosys", "-s", "build.ys"); err != nil {
		return err
	}
	stat, err := os.ReadFile(filepath.Join(m.work, "stat.json"))
	if err != nil {
		return err
	}
	return m.report.cells(stat, m.device)
}

// place makes the bitstream, of the first placement that reaches the board's clock.
func (m *maker) place(tell func(string)) error {
	var pins strings.Builder
	for _, signal := range slices.Sorted(maps.Keys(m.board.Pins)) {
		fmt.Fprintf(&pins, "set_io %s %s\n", signal, m.board.Pins[signal])
	}
	if err := os.WriteFile(filepath.Join(m.work, "pins.pcf"), []byte(pins.String()), 0o666); err != nil {
		return err
	}
	best := 0.0
	for seed := m.board.Seed; seed < m.board.Seed+placements; seed++ {
		tell(fmt.Sprintf("nextpnr-ice40, seed %d", seed))
		err := m.run(".nextpnr.log", "nextpnr-ice40", m.device.place, "--package", m.board.Package, "--json", "netlist.json", "--pcf", "pins.pcf", "--asc", "design.asc",
			"--report", "report.json", "--freq", strconv.FormatFloat(m.report.ClockMHz, 'f', -1, 64), "--seed", strconv.Itoa(seed), "--timing-allow-fail")
		if err != nil {
			return err
		}
		data, err := os.ReadFile(filepath.Join(m.work, "report.json"))
		if err != nil {
			return err
		}
		if err := m.report.placed(data); err != nil {
			return err
		}
		if m.report.FmaxMHz >= m.report.ClockMHz {
			m.report.Seed = seed
			return m.pack()
		}
		best = max(best, m.report.FmaxMHz)
	}
	return &diag.Error{Kind: diag.Tool, Code: "fpga-timing",
		Msg: fmt.Sprintf("%s reaches %.2f MHz in the best of %d placements, its clock is %g MHz", m.board.Name(), best, placements, m.report.ClockMHz),
		Fix: "set another seed or a lower core_hz (with its PLL) in the board's file; " + m.base + ".nextpnr.log shows the longest path"}
}

// pack makes the bitstream of design.asc.
func (m *maker) pack() error {
	if err := m.run("", "icepack", "design.asc", "design.bin"); err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(m.work, "design.bin"))
	if err != nil {
		return err
	}
	return atomicfile.Write(m.base+".bin", 0o666, func(w io.Writer) error { _, err := w.Write(data); return err })
}
