package fpga

import (
	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
)

// Board is a board with the isospike core, as its board file describes it.
type Board struct {
	Hardware
	name   string
	limits compile.Limits
}

// Hardware is what surrounds the core: the [board] table of a board file.
type Hardware struct {
	Title   string            `toml:"title"`
	FPGA    string            `toml:"fpga"`     // device, as nextpnr-ice40 names it
	Package string            `toml:"package"`  // its package, likewise
	ClockHz int               `toml:"clock_hz"` // oscillator on the board
	CoreHz  int               `toml:"core_hz"`  // clock of the core, from the PLL
	Baud    int               `toml:"baud"`     // of the serial line, which divides CoreHz
	USB     []string          `toml:"usb"`      // VID:PID of its serial bridge
	Flash   []string          `toml:"flash"`    // command that loads a bitstream, which is appended
	Pins    map[string]string `toml:"pins"`     // FPGA pin of each signal: clk, rx, tx
}

// New returns a board. The limits must be such that the fields of the memory map
// hold every program within them.
func New(name string, limits compile.Limits, hw Hardware) (*Board, error) {
	l := limits
	for _, x := range []struct {
		name      string
		v, lo, hi int
	}{
		{"chips", l.Chips, 1, 1}, {"cores_per_chip", l.CoresPerChip, 1, 1},
		{"neurons", l.Neurons, 1, MaxNeurons}, {"axons_in", l.AxonsIn, 1, MaxAxons}, {"axons_out", l.AxonsOut, 1, MaxRoutes},
		{"synapse_words", l.SynapseWords, 1, MaxSynapses}, {"profiles", l.Profiles, 1, MaxProfiles},
		{"max_delay", l.MaxDelay, 1, RingSlots - 2},
	} {
		if x.v < x.lo || x.v > x.hi {
			return nil, diag.Inputf("target-limits", "", "limit %s is %d, the memory map has room for %d to %d", x.name, x.v, x.lo, x.hi)
		}
	}
	if l.SynapticDelay || l.PeriodicReset || l.GradedSpikes {
		return nil, diag.Inputf("target-limits", "", "the core has neither synaptic delays nor a periodic reset nor graded spikes")
	}
	if len(l.NeuronKinds) != 1 || l.NeuronKinds[0] != snn.CUBA {
		return nil, diag.Inputf("target-limits", "", "limit neuron_kinds is %q, the memory map has room for cuba alone", l.NeuronKinds)
	}
	if l.SharedRows || l.MaxBase > 0 {
		return nil, diag.Inputf("target-limits", "", "the core's axons do not share rows")
	}
	if min(hw.ClockHz, hw.CoreHz, hw.Baud) < 0 || hw.Baud > 0 && hw.CoreHz%hw.Baud != 0 {
		return nil, diag.Inputf("target-baud", "", "%d baud do not divide the core's clock of %d Hz (oscillator %d Hz)", hw.Baud, hw.CoreHz, hw.ClockHz)
	}
	return &Board{hw, name, limits}, nil
}

// Name returns the name that users give.
func (b *Board) Name() string { return b.name }

// Limits returns the limits of the board file.
func (b *Board) Limits() compile.Limits { return b.limits }

// RowWords returns the 16-bit words of a row: one for each synapse.
func (b *Board) RowWords(r *compile.RowShape) (int, compile.RowFormat) {
	return int(r.N), compile.Plain
}
