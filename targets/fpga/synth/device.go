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
	place string // option of nextpnr-ice40, which tells what is used; "": there is no place and route
	// Where it is not placed, what is used is counted in cells of yosys.
	lut, bram, dsp resource
}

// resource is how many of it a device has, and how many each cell takes, by the cell's name.
type resource struct {
	of    int
	cells map[string]int
}

const unplaced = "not placed, not run"

var devices = map[string]device{
	"up5k": {synth: "synth_ice40 -dsp -spram -device u", place: "--up5k"},
	"hx8k": {synth: "synth_ice40 -device hx", place: "--hx8k"},
	// A carry cell is two LUTs, and 64 bits in LUTs take six, two of them for the address.
	"lfe5u-85f": {synth: "synth_ecp5",
		lut: resource{83640, map[string]int{"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 6}}, bram: resource{208, one("DP16KD")}, dsp: resource{156, one("MULT18X18D")}},
	// Newer versions of yosys have a B at the end of some names.
	"gw1nr-9": {synth: "synth_gowin",
		lut:  resource{8640, map[string]int{"LUT1": 1, "LUT2": 1, "LUT3": 1, "LUT4": 1, "ALU": 1, "RAM16SDP4": 4}},
		bram: resource{26, one("DP", "DPB", "DPX9", "DPX9B", "SDP", "SDPB", "SDPX9", "SDPX9B", "SP", "SPX9")}, dsp: resource{20, one("MULT9X9", "MULT18X18")}},
	// Block RAM in halves of 18 kbit; the cells for memories in LUTs as they are in the device.
	"xc7a35t": {synth: "synth_xilinx -family xc7 -flatten",
		lut: resource{20800, map[string]int{"LUT1": 1, "LUT2": 1, "LUT3": 1, "LUT4": 1, "LUT5": 1, "LUT6": 1, "SRL16E": 1, "SRLC32E": 1,
			"RAM32X1D": 2, "RAM64X1D": 2, "RAM32M": 4, "RAM64M": 4, "RAM128X1D": 4}},
		bram: resource{100, map[string]int{"RAMB18E1": 1, "RAMB36E1": 2}}, dsp: resource{90, one("DSP48E1")}},
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
