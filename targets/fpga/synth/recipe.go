package synth

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/isospike/isospike/targets/fpga"
	"github.com/isospike/isospike/targets/fpga/rtl"
)

// A recipe is what the tools are given to make a bitstream.
type recipe struct {
	board  *fpga.Board
	device device
	design *rtl.Design
	build  uint64 // number of the design
	script string // of yosys
	pins   string // constraints of nextpnr-ice40
}

// placements is how many seeds nextpnr-ice40 is tried with before the timing counts as missed.
const placements = 6

// newRecipe returns the recipe of a board. Errors are Input ones.
func newRecipe(b *fpga.Board) (*recipe, error) {
	design, err := b.Design(0)
	if err != nil {
		return nil, err
	}
	build, err := design.Build()
	if err != nil {
		return nil, err
	}
	sources, err := design.Sources()
	if err != nil {
		return nil, err
	}
	r := &recipe{board: b, device: devices[b.FPGA], design: design, build: build}
	var s strings.Builder
	fmt.Fprintf(&s, "read_verilog %s\n", strings.Join(sources, " "))
	set := func(module string, parameters map[string]string) {
		for _, name := range slices.Sorted(maps.Keys(parameters)) {
			fmt.Fprintf(&s, "chparam -set %s %s %s\n", name, parameters[name], module)
		}
	}
	set("pll", design.PLLParameters)
	set("top", design.Parameters)
	// synth_gowin -json would leave out what an old nextpnr-gowin did not know, block RAM among it.
	fmt.Fprintf(&s, "%s -top top\nwrite_json netlist.json\ntee -q -o stat.json stat -json\n", r.device.synth)
	r.script = s.String()
	for _, signal := range fpga.Signals {
		r.pins += fmt.Sprintf("set_io %s %s\n", signal, b.Pins[signal])
	}
	return r, nil
}

// clockMHz is the clock that the design must reach.
func (r *recipe) clockMHz() float64 { return float64(r.board.CoreHz) / 1e6 }

// place returns the arguments of nextpnr-ice40 for a seed.
func (r *recipe) place(seed int) []string {
	return []string{r.device.place, "--package", r.board.Package, "--json", "netlist.json", "--pcf", "pins.pcf", "--asc", "design.asc",
		"--report", "report.json", "--freq", strconv.FormatFloat(r.clockMHz(), 'f', -1, 64), "--seed", strconv.Itoa(seed), "--timing-allow-fail"}
}

// hash tells recipes apart: what is made from sources, parameters, pins and options.
func (r *recipe) hash() string {
	h := sha256.New()
	fmt.Fprintf(h, "%016x\n%s%s", r.build, r.script, r.pins)
	if r.device.place != "" {
		fmt.Fprintf(h, "%d %q\n", placements, r.place(r.board.Seed))
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8])
}
