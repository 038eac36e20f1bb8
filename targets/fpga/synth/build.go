package synth

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/isospike/isospike/internal/atomicfile"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/targets/fpga"
	"github.com/isospike/isospike/targets/fpga/rtl"
)

// Build makes the board's bitstream in dir: NAME.bin, the report NAME.json, and the logs
// NAME.yosys.log and NAME.nextpnr.log. A board whose device cannot be placed gets report and log
// alone. tell is called as the work goes on.
//
// A design that misses the board's clock or does not fit its FPGA is an error, of kind Tool or
// Limit: there is no bitstream then, nor one of an earlier build, and the report is returned
// beside the error. After other errors the bitstream and report of an earlier build stay.
func Build(ctx context.Context, b *fpga.Board, dir string, tell func(string)) (*Report, error) {
	r, err := newRecipe(b)
	if err != nil {
		return nil, err
	}
	if err := rtl.Require("bitstreams are made", r.device.tools()...); err != nil {
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
	m := &maker{recipe: r, work: work, base: filepath.Join(dir, b.Name()), report: newReport(r)}
	tell("yosys")
	if err := m.synthesize(ctx); err != nil {
		return nil, err
	}
	fault := m.report.fits()
	if r.device.place != "" {
		if fault, err = m.place(ctx, tell); err != nil {
			return nil, err
		}
	}
	if fault != nil {
		if err := os.RemoveAll(m.base + ".bin"); err != nil {
			return nil, err
		}
	}
	if err := m.report.write(b, dir); err != nil {
		return nil, err
	}
	return m.report, fault
}

// maker is one build.
type maker struct {
	*recipe
	work   string // the folder that the tools run in
	base   string // of the names of what is made
	report *Report
}

// run runs a tool and returns what it said, which is kept as the file of that ending if it fails.
func (m *maker) run(ctx context.Context, log, tool string, args ...string) ([]byte, error) {
	var out bytes.Buffer
	c := exec.CommandContext(ctx, tool, args...)
	c.Dir, c.Stdout, c.Stderr = m.work, &out, &out
	c.WaitDelay = time.Second // what it started itself may outlive it
	err := c.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil {
		return out.Bytes(), nil
	}
	if err := m.keep(log, out.Bytes()); err != nil {
		return nil, err
	}
	return nil, &diag.Error{Kind: diag.Tool, Code: "fpga-" + tool, Msg: fmt.Sprintf("%s fails for %s: %s", tool, m.board.Name(), complaint(out.String())), Err: err,
		Fix: "see " + m.base + log}
}

// complaint returns the line in which a tool said what is wrong: the first that has ERROR in it, else the last.
func complaint(said string) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	for _, l := range lines {
		if strings.Contains(l, "ERROR") {
			return strings.TrimSpace(l)
		}
	}
	return lines[len(lines)-1]
}

// keep writes a file beside the bitstream.
func (m *maker) keep(ending string, data []byte) error {
	return atomicfile.Write(m.base+ending, 0o666, func(w io.Writer) error { _, err := w.Write(data); return err })
}

// made returns a file that a tool has made.
func (m *maker) made(name string) ([]byte, error) { return os.ReadFile(filepath.Join(m.work, name)) }

// synthesize makes netlist.json.
func (m *maker) synthesize(ctx context.Context) error {
	if _, err := m.design.Write(m.work); err != nil {
		return err
	}
	for name, text := range map[string]string{"build.ys": m.script, "pins.pcf": m.pins} {
		if err := os.WriteFile(filepath.Join(m.work, name), []byte(text), 0o666); err != nil {
			return err
		}
	}
	log, err := m.run(ctx, ".yosys.log", "yosys", "-s", "build.ys")
	if err != nil {
		return err
	}
	if err := m.keep(".yosys.log", log); err != nil {
		return err
	}
	stat, err := m.made("stat.json")
	if err != nil {
		return err
	}
	return m.report.cells(stat, &m.device)
}

// place makes the bitstream of the first placement that reaches the board's clock. If none does,
// fault says so, and the report and the log are those of the fastest.
func (m *maker) place(ctx context.Context, tell func(string)) (fault, err error) {
	var best Report
	for seed := m.board.Seed; seed < m.board.Seed+placements; seed++ {
		tell("nextpnr-ice40, seed " + strconv.Itoa(seed))
		log, err := m.run(ctx, ".nextpnr.log", "nextpnr-ice40", m.recipe.place(seed)...)
		if err != nil {
			return nil, err
		}
		data, err := m.made("report.json")
		if err != nil {
			return nil, err
		}
		if err := m.report.placed(data); err != nil {
			return nil, err
		}
		m.report.Seed = seed
		if m.report.FmaxMHz > best.FmaxMHz {
			best = *m.report
			if err := m.keep(".nextpnr.log", log); err != nil {
				return nil, err
			}
		}
		if m.report.FmaxMHz >= m.report.ClockMHz {
			return nil, m.pack(ctx)
		}
	}
	*m.report = best
	m.report.Note = fmt.Sprintf("misses its clock of %g MHz", best.ClockMHz)
	return &diag.Error{Kind: diag.Tool, Code: "fpga-timing",
		Msg: fmt.Sprintf("%s reaches %.2f MHz in the best of %d placements, its clock is %g MHz", m.board.Name(), best.FmaxMHz, placements, best.ClockMHz),
		Fix: "set another seed or a lower core_hz in the board's file; " + m.base + ".nextpnr.log shows the longest path"}, nil
}

// pack makes the bitstream of design.asc.
func (m *maker) pack(ctx context.Context) error {
	if _, err := m.run(ctx, ".icepack.log", "icepack", "design.asc", "design.bin"); err != nil {
		return err
	}
	data, err := m.made("design.bin")
	if err != nil {
		return err
	}
	return m.keep(".bin", data)
}
