package fpga

import (
	"fmt"
	"math/bits"
	"strconv"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/targets/fpga/rtl"
)

// Design returns the Verilog of the board: what its bitstream is made of, or, with a divider that
// is not 0, the board without its clock generator and with so many clocks a bit of the serial
// line, for simulations. Its build number is a parameter.
func (b *Board) Design(divider int) (*rtl.Design, error) {
	top, pll := "", ""
	if divider == 0 {
		if b.Top == "" || b.Baud == 0 {
			return nil, diag.Inputf("board-incomplete", "", "%s has no module of its own or no serial line, so there is no bitstream for it", b.name).
				WithFix("set top, pll, core_hz and baud in the board's file, or inherit them from a built-in board")
		}
		divider, top, pll = b.CoreHz/b.Baud, b.Top, b.PLL
	}
	sizes := ""
	for r := range RegionCount {
		sizes = fmt.Sprintf("%08x", b.Words(r)*r.WordBits()/8) + sizes
	}
	flag := map[bool]string{false: "0", true: "1"}
	l, info := b.limits, b.Info()
	d := &rtl.Design{Chip: "core", Top: top, PLL: pll, Parameters: map[string]string{
		"DIVIDER": strconv.Itoa(divider), "OUT_BITS": strconv.Itoa(bits.Len(uint(info.OutBuffer)) - 1), "MAX_BAUD": strconv.Itoa(b.Baud),
		"CORES": strconv.Itoa(l.CoresPerChip), "NEURONS": strconv.Itoa(l.Neurons), "AXONS": strconv.Itoa(l.AxonsIn),
		"SYNAPSES": strconv.Itoa(b.Words(Synapses)), "ROUTES": strconv.Itoa(b.Words(Routes)), "REGION_BYTES": "256'h" + sizes,
		"SPRAM": flag[b.SPRAM], "SERIAL": flag[b.SerialDecay], "SRM": strconv.Itoa(b.kind.number),
	}}
	build, err := d.Build()
	if err != nil {
		return nil, err
	}
	d.Parameters["BUILD"] = fmt.Sprintf("64'h%016x", build)
	return d, nil
}
