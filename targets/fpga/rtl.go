package fpga

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/targets/fpga/rtl"
)

// Signals are the pins that a board with a serial line has.
var Signals = []string{"clk", "rx", "tx", "led"}

var flag = map[bool]string{false: "0", true: "1"}

// Design returns the Verilog of the board: what its bitstream is made of, or, with a divider that
// is not 0, the board without its clock generator and with so many clocks a bit of the serial
// line, for simulations. Its build number is a parameter.
func (b *Board) Design(divider int) (*rtl.Design, error) {
	l, info := b.limits, b.Info()
	d := &rtl.Design{Chip: "core", Parameters: map[string]string{
		"OUT_BITS": strconv.Itoa(bits.Len(uint(info.OutBuffer)) - 1), "MAX_BAUD": strconv.Itoa(b.Baud),
		"CORES": strconv.Itoa(l.CoresPerChip), "NEURONS": strconv.Itoa(l.Neurons), "AXONS": strconv.Itoa(b.Words(Axons)),
		"SYNAPSES": strconv.Itoa(b.Words(Synapses)), "ROUTES": strconv.Itoa(b.Words(Routes)),
		"SPRAM": flag[b.SPRAM], "SERIAL": flag[b.SerialDecay], "SRM": strconv.Itoa(b.kind.number),
	}}
	if divider == 0 {
		if err := b.complete(); err != nil {
			return nil, err
		}
		var err error
		if d.PLL, d.PLLParameters, err = b.clock(); err != nil {
			return nil, err
		}
		divider = b.CoreHz / b.Baud
		d.Parameters["LED_LOW"] = flag[b.LEDLow]
	}
	d.Parameters["DIVIDER"] = strconv.Itoa(divider)
	sizes := ""
	for r := range RegionCount {
		sizes = fmt.Sprintf("%08x", b.Words(r)*r.WordBits()/8) + sizes
	}
	d.Parameters["REGION_BYTES"] = "256'h" + sizes
	build, err := d.Build()
	if err != nil {
		return nil, err
	}
	d.Parameters["BUILD"] = fmt.Sprintf("64'h%016x", build)
	return d, nil
}

// complete returns an error unless the board's file says all that a bitstream takes.
func (b *Board) complete() error {
	lacks := func(what string) error {
		return diag.Inputf("board-incomplete", "", "%s has no %s, so there is no bitstream for it", b.name, what).
			WithFix("set clock_hz, core_hz, baud and the pins %s in the board's file, or inherit them from a built-in board", strings.Join(Signals, ", "))
	}
	if b.ClockHz == 0 || b.CoreHz == 0 || b.Baud == 0 {
		return lacks("clock or serial line of its own")
	}
	for _, s := range Signals {
		if b.Pins[s] == "" {
			return lacks("pin for " + s)
		}
	}
	for s := range b.Pins {
		if !slices.Contains(Signals, s) {
			return diag.Inputf("board-pins", "", "%s has a pin for %q, which no board uses", b.name, s).WithFix("name pins for %s alone", strings.Join(Signals, ", "))
		}
	}
	return nil
}
