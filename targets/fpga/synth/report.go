package synth

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/isospike/isospike/internal/atomicfile"
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
	Note     string  `json:"note,omitempty"` // what is wrong with it, or has not been shown
	Yosys    string  `json:"yosys"`          // version
	Recipe   string  `json:"recipe"`         // hash of sources, parameters, pins and options of the tools
}

// Amount is how much of a resource is used, of how much; 0: the device has none.
type Amount struct {
	Used int `json:"used"`
	Of   int `json:"of,omitempty"`
}

// String returns "used/of"; "" where the device has none.
func (a Amount) String() string {
	if a == (Amount{}) {
		return ""
	}
	return fmt.Sprintf("%d/%d", a.Used, a.Of)
}

func newReport(r *recipe) *Report {
	l := r.board.Limits()
	return &Report{Board: r.board.Name(), FPGA: r.board.FPGA, Build: fmt.Sprintf("%016x", r.build), ClockMHz: r.clockMHz(), Recipe: r.hash(),
		Cores: l.CoresPerChip, Neurons: l.CoresPerChip * l.Neurons, Axons: l.CoresPerChip * l.AxonsIn, Synapses: l.CoresPerChip * l.SynapseWords}
}

// Kept returns the report that a build of the board left in dir; nil where there is none, or
// where the board would be made in another way today.
func Kept(b *fpga.Board, dir string) (*Report, error) {
	recipe, err := newRecipe(b)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(reportFile(b, dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r := new(Report)
	if json.Unmarshal(data, r) != nil || r.Board != b.Name() || r.Recipe != recipe.hash() {
		return nil, nil
	}
	return r, nil
}

func reportFile(b *fpga.Board, dir string) string { return filepath.Join(dir, b.Name()+".json") }

// write keeps the report in dir.
func (r *Report) write(b *fpga.Board, dir string) error {
	return atomicfile.Write(reportFile(b, dir), 0o666, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	})
}

func badReport(tool string, err error) *diag.Error {
	return &diag.Error{Kind: diag.Tool, Code: "fpga-report", Msg: "cannot read the report of " + tool, Err: err,
		Fix: "use the version in Debian 12, or tell the maintainers which one you have"}
}

// cells reads what yosys' stat counts, of a device that is not placed.
func (r *Report) cells(stat []byte, d *device) error {
	var s struct {
		Creator string `json:"creator"`
		Design  struct {
			Cells map[string]int `json:"num_cells_by_type"`
		} `json:"design"`
	}
	if err := json.Unmarshal(stat, &s); err != nil {
		return badReport("yosys", err)
	}
	if len(s.Design.Cells) == 0 {
		return badReport("yosys", errors.New("it counts no cells"))
	}
	name, _, _ := strings.Cut(s.Creator, " (")
	r.Yosys = strings.TrimPrefix(name, "Yosys ")
	if d.place != "" {
		return nil
	}
	r.Note = unplaced
	for _, x := range []struct {
		amount *Amount
		resource
	}{{&r.LUT, d.lut}, {&r.BRAM, d.bram}, {&r.DSP, d.dsp}} {
		x.amount.Of = x.of
		for c, n := range x.cells {
			x.amount.Used += n * s.Design.Cells[c]
		}
	}
	return nil
}

// fits returns an error when the device has too little of something.
func (r *Report) fits() error {
	for _, x := range []struct {
		name string
		Amount
	}{{"logic cells", r.LUT}, {"block RAM", r.BRAM}, {"large RAM", r.SPRAM}, {"multipliers", r.DSP}} {
		if x.Used <= x.Of {
			continue
		}
		r.Note += "; does not fit"
		return &diag.Error{Kind: diag.Limit, Code: "fpga-full", Msg: fmt.Sprintf("%s does not fit its %s", r.Board, r.FPGA), Resource: x.name, Used: int64(x.Used), Limit: int64(x.Of),
			Fix: "set smaller limits (synapse_words, axons_in, cores_per_chip) in the board's file"}
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
		return badReport("nextpnr-ice40", errors.New("it tells of no logic cells or no clock"))
	}
	r.Placed = true
	return nil
}
