package fpga

import (
	"fmt"
	"strconv"

	"github.com/isospike/isospike/targets/fpga/rtl"
)

// rtlOutBits is the size of the link's output ring in Verilog, one block RAM: 2^9 bytes.
const rtlOutBits = 9

// Design returns the Verilog of the board, with divider clocks a bit of the serial line; 0 means
// those of the real one.
func (b *Board) Design(divider int) (*rtl.Design, error) {
	if divider == 0 {
		divider = b.CoreHz / b.Baud
	}
	sizes := ""
	for r := range regionCount {
		sizes = fmt.Sprintf("%08x", r.Bytes()) + sizes
	}
	l := b.limits
	d := &rtl.Design{Chip: "core", Parameters: map[string]string{
		"DIVIDER": strconv.Itoa(divider), "OUT_BITS": strconv.Itoa(rtlOutBits), "MAX_BAUD": strconv.Itoa(b.Baud),
		"NEURONS": strconv.Itoa(l.Neurons), "AXONS": strconv.Itoa(l.AxonsIn), "SYNAPSES": strconv.Itoa(l.SynapseWords),
		"SLOTS": strconv.Itoa(RingSlots), "CORES": strconv.Itoa(l.Chips * l.CoresPerChip), "REGION_BYTES": "256'h" + sizes,
	}}
	build, err := d.Build()
	if err != nil {
		return nil, err
	}
	d.Parameters["BUILD"] = fmt.Sprintf("64'h%016x", build)
	return d, nil
}
