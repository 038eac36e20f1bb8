// Package synth makes bitstreams of boards with the open tools: yosys, nextpnr-ice40 and
// icepack. For devices that nextpnr-ice40 does not know it stops after yosys: such a design has been
// neither placed nor run, and its report says so.
package synth

import (
	"github.com/isospike/isospike/targets/fpga"
	"github.com/isospike/isospike/targets/fpga/rtl"
)

// device is what the tools must know of an FPGA.
type device struct {
	synth string // pass of yosys
	place string // option of nextpnr-ice40; "": there is no place and route
	note  string
	// Cells of each resource, as yosys names them, and how many of it one is.
	lut, bram, spram, dsp map[string]int
}

const unplaced = "not placed, not run"

var devices = map[string]device{
	"up5k": {synth: "synth_ice40 -dsp -spram -device u", place: "--up5k"},
	"hx8k": {synth: "synth_ice40 -device hx", place: "--hx8k"},
	"ecp5": {synth: "synth_ecp5", note: unplaced,
		lut: one("LUT4"), bram: one("DP16KD"), dsp: one("MULT18X18D")},
	"gowin": {synth: "synth_gowin", note: unplaced + "; yosys 0.23 puts no memory into its block RAMs",
		lut: one("LUT1", "LUT2", "LUT3", "LUT4"), bram: one("DPB", "DPX9B", "SDPB", "SDPX9B", "SP", "SPX9"), dsp: one("MULT9X9", "MULT18X18")},
	"xilinx": {synth: "synth_xilinx -family xc7", note: unplaced,
		lut: one("LUT1", "LUT2", "LUT3", "LUT4", "LUT5", "LUT6"), bram: map[string]int{"RAMB18E1": 1, "RAMB36E1": 2}, dsp: one("DSP48E1")},
}

// one counts each of the cells once.
func one(cells ...string) map[string]int {
	m := map[string]int{}
	for _, c := range cells {
		m[c] = 1
	}
	return m
}

// tools are the programs that a build for the device runs.
func (d *device) tools() []rtl.Tool {
	t := []rtl.Tool{{Command: "yosys", Package: "yosys"}}
	if d.place != "" {
		t = append(t, rtl.Tool{Command: "nextpnr-ice40", Package: "nextpnr-ice40"}, rtl.Tool{Command: "icepack", Package: "fpga-icestorm"})
	}
	return t
}

// Places reports whether there is place and route for the board's FPGA, and so a bitstream.
func Places(b *fpga.Board) bool { return devices[b.FPGA].place != "" }
