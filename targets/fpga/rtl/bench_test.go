package rtl_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/targets/fpga"
)

// script returns commands for sim/bench.v that load p, run it and read the states, and what the bench is to print.
func script(p *compile.Program, x *example, board *fpga.Board, ticks int) (commands, want string, err error) {
	m, err := sim.New(p)
	if err != nil {
		return "", "", err
	}
	image, err := fpga.Encode(p)
	if err != nil {
		return "", "", err
	}
	var c, w strings.Builder
	for _, part := range image.Parts(board.Info()) {
		for at := 0; at < len(part.Data); at += 4 {
			fmt.Fprintf(&c, "W %x %x\n", part.ID<<24+at, binary.LittleEndian.Uint32(part.Data[at:]))
		}
	}
	fmt.Fprintln(&c, "C 0 0")
	for t := range ticks {
		for _, r := range arrivals(p, x.in, ticks)[t] {
			fmt.Fprintf(&c, "E %x 0\n", r.Axon)
			if err := m.Inject(int(r.Core), int(r.Axon)); err != nil {
				return "", "", err
			}
		}
		fmt.Fprintln(&c, "S 0 0")
		fmt.Fprint(&w, "S")
		for _, f := range m.Step() {
			fmt.Fprintf(&w, " %d", f.Neuron)
		}
		fmt.Fprintln(&w)
	}
	for n := range p.Cores[0].Profile {
		s := m.State(0, n)
		for half, word := range []uint32{uint32(s.U) & 0xFFFFFF, uint32(s.V)&0xFFFFFF | uint32(s.Ref)<<24} {
			fmt.Fprintf(&c, "R %x 0\n", int(fpga.State)<<24+8*n+4*half)
			fmt.Fprintf(&w, "R %d\n", word)
		}
	}
	count := m.Counts()[0]
	fmt.Fprintf(&w, "DONE %d %d %d\n", ticks, count.Synapses, count.Spikes)
	return c.String(), w.String(), nil
}

// bench runs a few programs on sim/bench.v with the given Verilog in Icarus and compares what it prints.
func bench(t *testing.T, files []string, programs int) {
	const ticks = 12
	needs(t, "iverilog")
	dir := t.TempDir()
	vvp := filepath.Join(dir, "bench.vvp")
	if out, err := exec.Command("iverilog", append([]string{"-g2005", "-DNO_ICE40_DEFAULT_ASSIGNMENTS", "-s", "bench", "-o", vvp, "sim/bench.v"}, files...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	board := variants[0].board(t)
	lines, spikes := 0, 0
	for i, x := range cases(t, board, programs) {
		if i == programs {
			break // the full network takes too long here
		}
		commands, want, err := script(x.p, x, board, ticks)
		check(t, err)
		path := filepath.Join(dir, fmt.Sprint(i, ".txt"))
		check(t, os.WriteFile(path, []byte(commands), 0o666))
		got, err := exec.Command("vvp", "-n", vvp, "+commands="+path).Output()
		check(t, err)
		if string(got) != want {
			t.Fatalf("program %d: printed\n%s\nwant\n%s", i, got, want)
		}
		lines += strings.Count(want, "\n")
		spikes += strings.Count(want, " ")
	}
	t.Log("compared", lines, "lines")
	if lines == 0 || spikes == 0 {
		t.Error("too little was compared")
	}
}

// TestIcarus runs the core in another simulator, from memories that nobody has set.
func TestIcarus(t *testing.T) {
	files, err := filepath.Glob("core/*.v")
	check(t, err)
	bench(t, files, 4)
}

// TestNetlist runs what yosys makes of the core for a UP5K.
func TestNetlist(t *testing.T) {
	needs(t, "yosys")
	if testing.Short() {
		t.Skip("synthesis takes some seconds")
	}
	yosys, err := exec.LookPath("yosys")
	check(t, err)
	yosys, err = filepath.EvalSymlinks(yosys)
	check(t, err)
	cells := filepath.Join(filepath.Dir(yosys), "../share/yosys/ice40/cells_sim.v")
	netlist := filepath.Join(t.TempDir(), "netlist.v")
	if out, err := exec.Command("yosys", "-q", "-p", "read_verilog core/*.v; synth_ice40 -dsp -spram -device u -top chip; write_verilog -noattr "+netlist).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	bench(t, []string{netlist, cells}, 2)
}

// TestLint: Verilator has nothing to say about any variant.
func TestLint(t *testing.T) {
	needs(t, "verilator")
	for _, v := range append(variants, &variant{name: "ecp5", parameters: []string{"CORES=4", "SYNAPSES=32768", "SPRAM=0"}},
		&variant{name: "two", parameters: []string{"CORES=2", "SPRAM=0", "SERIAL=1'b1"}},
		&variant{name: "smallest", parameters: []string{"NEURONS=1", "AXONS=32", "SYNAPSES=32", "ROUTES=32"}},
		&variant{name: "smallest of two", parameters: []string{"CORES=2", "NEURONS=1", "AXONS=32", "SYNAPSES=32", "ROUTES=32", "SPRAM=0"}}) {
		args := []string{"--lint-only", "-Wall", "-Icore", "core/chip.v"}
		for _, p := range v.parameters {
			args = append(args, "-G"+p)
		}
		if out, err := exec.Command("verilator", args...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", v.name, err, out)
		}
	}
}
