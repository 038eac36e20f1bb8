package synth

import (
	"encoding/json"
	"fmt"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/targets/fpga"
)

// Report says what a board's design takes of its FPGA and what it holds.
type Report struct {
	Board    string  `json:"board"`
	FPGA     string  `json:"fpga"`
	Build    string  `json:"build"` // as the board tells it: 16 hexadecimal digits
	LUT      Amount  `json:"lut"`   // logic cells where it was placed, each with a LUT of 4 inputs
	BRAM     Amount  `json:"bram"`
	SPRAM    Amount  `json:"spram"`
	DSP      Amount  `json:"dsp"`
	FmaxMHz  float64 `json:"fmax_mhz"`  // after placement; 0: not placed
	ClockMHz float64 `json:"clock_mhz"` // that the board gives the core
	Cores    int     `json:"cores"`
	Neurons  int     `json:"neurons"` // of all cores, and so are the next two
	Axons    int     `json:"axons"`
	Synapses int     `json:"synapses"`
	Placed   bool    `json:"placed"`
	Seed     int     `json:"seed,omitempty"` // of the placement
	Note     string  `json:"note,omitempty"`
}

// Amount is how much of a resource is used, of how much; 0: that is not known.
type Amount struct {
	Used int `json:"used"`
	Of   int `json:"of,omitempty"`
}

// String returns "used/of", or what is used alone.
func (a Amount) String() string {
	if a.Of == 0 {
		return fmt.Sprint(a.Used)
	}
	return fmt.Sprintf("%d/%d", a.Used, a.Of)
}

func newReport(b *fpga.Board, build uint64, d *device) *Report {
	l := b.Limits()
	return &Report{Board: b.Name(), FPGA: b.FPGA, Build: fmt.Sprintf("%016x", build), ClockMHz: float64(b.CoreHz) / 1e6, Note: d.note,
		Cores: l.CoresPerChip, Neurons: l.CoresPerChip * l.Neurons, Axons: l.CoresPerChip * l.AxonsIn, Synapses: l.CoresPerChip * l.SynapseWords}
}

func badReport(tool string, err error) *diag.Error {
	return &diag.Error{Kind: diag.Tool, Code: "fpga-report", Msg: "cannot read the report of " + tool, Err: err,
		Fix: "use the version in Debian 12, or tell the maintainers which one you have"}
}

// cells reads what yosys' stat counts in the module top.
func (r *Report) cells(stat []byte, d *device) error {
	var s struct {
		Design struct {
			Cells map[string]int `json:"num_cells_by_type"`
		} `json:"design"`
	}
	if err := json.Unmarshal(stat, &s); err != nil {
		return badReport("yosys", err)
	}
	if len(s.Design.Cells) == 0 {
		return badReport("yosys", fmt.Errorf("it counts no cells"))
	}
	for _, x := range []struct {
		amount *Amount
		cells  map[string]int
	}{{&r.LUT, d.lut}, {&r.BRAM, d.bram}, {&r.SPRAM, d.spram}, {&r.DSP, d.dsp}} {
		for c, n := range x.cells {
			x.amount.Used += n * s.Design.Cells[c]
		}
	}
	return nil
}

// placed reads nextpnr's report of a placed design.
func (r *Report) placed(report []byte) error {
	var s struct {
		Fmax map[string]struct {
			Achieved float64 `json:"achieved"`
		} `json:"fmax"`
		Utilization map[string]struct {
			Available int `json:"available"`
			Used      int `json:"used"`
		} `json:"utilization"`
	}
	if err := json.Unmarshal(report, &s); err != nil {
		return badReport("nextpnr-ice40", err)
	}
	if len(s.Fmax) != 1 {
		return badReport("nextpnr-ice40", fmt.Errorf("it names %d clocks, the design has one", len(s.Fmax)))
	}
	for _, f := range s.Fmax {
		r.FmaxMHz = f.Achieved
	}
	for cell, a := range map[string]*Amount{"ICESTORM_LC": &r.LUT, "ICESTORM_RAM": &r.BRAM, "ICESTORM_SPRAM": &r.SPRAM, "ICESTORM_DSP": &r.DSP} {
		u := s.Utilization[cell]
		*a = Amount{u.Used, u.Available}
	}
	if r.LUT.Used == 0 || r.FmaxMHz == 0 {
		return badReport("nextpnr-ice40", fmt.Errorf("it tells of no logic cells or no clock"))
	}
	r.Placed = true
	return nil
}
