package fpga

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/targets/fpga/link"
	"github.com/isospike/isospike/targets/fpga/rtl"
)

// Board is a board with the isospike core, as its board file describes it.
type Board struct {
	Hardware
	name   string
	limits compile.Limits
	kind   *neuronKind // of its neurons
}

// Hardware is what surrounds the core: the [board] table of a board file.
type Hardware struct {
	Title       string            `toml:"title"`
	FPGA        string            `toml:"fpga"`         // device: up5k, hx8k, lfe5u-85f, gw1nr-9, xc7a35t
	Package     string            `toml:"package"`      // its package, as nextpnr-ice40 names it
	Seed        int               `toml:"seed"`         // of the first placement that is tried
	PLLPad      bool              `toml:"pll_pad"`      // iCE40: the oscillator is at the pin that is the PLL's own
	LEDLow      bool              `toml:"led_low"`      // the lamp shines when its pin is low
	SPRAM       bool              `toml:"spram"`        // the synapses lie in large single-port RAMs
	SerialDecay bool              `toml:"serial_decay"` // the core multiplies without multipliers
	ClockHz     int               `toml:"clock_hz"`     // oscillator on the board
	CoreHz      int               `toml:"core_hz"`      // clock of the core, from the PLL
	Baud        int               `toml:"baud"`         // of the serial line, which divides CoreHz
	USB         []string          `toml:"usb"`          // VID:PID of its serial bridge
	Interface   int               `toml:"interface"`    // number of the USB interface of the serial line, where the bridge has several
	Flash       []string          `toml:"flash"`        // commands that write a bitstream, which is appended: the first that is there
	Pins        map[string]string `toml:"pins"`         // FPGA pin of each signal: clk, rx, tx, led
}

// New returns a board. The limits must be such that the fields of the memory map
// hold every program within them.
func New(name string, limits compile.Limits, hw Hardware) (*Board, error) {
	l := limits
	var neurons *neuronKind
	if len(l.NeuronKinds) == 1 {
		neurons = kindOf(func(k *neuronKind) bool { return k.name == l.NeuronKinds[0] })
	}
	if neurons == nil {
		return nil, diag.Inputf("target-limits", "", "limit neuron_kinds is %q, a core has either cuba or srm neurons", l.NeuronKinds)
	}
	for _, x := range []struct {
		name      string
		v, lo, hi int
	}{
		{"chips", l.Chips, 1, 1}, {"cores_per_chip", l.CoresPerChip, 1, MaxCores},
		{"neurons", l.Neurons, 1, neurons.maxNeurons}, {"axons_in", l.AxonsIn, 1, MaxAxons}, {"axons_out", l.AxonsOut, 1, MaxRoutes},
		{"synapse_words", l.SynapseWords, 1, MaxSynapses}, {"profiles", l.Profiles, 1, MaxProfiles},
		{"max_delay", l.MaxDelay, 1, RingSlots - 2},
	} {
		if x.v < x.lo || x.v > x.hi {
			return nil, diag.Inputf("target-limits", "", "limit %s is %d, the memory map has room for %d to %d", x.name, x.v, x.lo, x.hi)
		}
	}
	if l.CoresPerChip > 1 && bits.OnesCount(uint(l.Neurons)) != 1 {
		return nil, diag.Inputf("target-limits", "", "limit neurons is %d: on a chip of several cores it is a power of two", l.Neurons)
	}
	if l.SynapticDelay || l.PeriodicReset || l.GradedSpikes {
		return nil, diag.Inputf("target-limits", "", "the core has neither synaptic delays nor a periodic reset nor graded spikes")
	}
	if l.SharedRows || l.MaxBase > 0 {
		return nil, diag.Inputf("target-limits", "", "the core's axons do not share rows")
	}
	if min(hw.ClockHz, hw.CoreHz, hw.Baud) < 0 || hw.Baud > 0 && hw.CoreHz%hw.Baud != 0 {
		return nil, diag.Inputf("target-baud", "", "%d baud do not divide the core's clock of %d Hz (oscillator %d Hz)", hw.Baud, hw.CoreHz, hw.ClockHz)
	}
	if n := hw.CoreHz / max(hw.Baud, 1); hw.Baud > 0 && hw.CoreHz > 0 && (n < rtl.MinDivider || n > rtl.MaxDivider) {
		return nil, diag.Inputf("target-baud", "", "%d baud are %d clocks of %d Hz a bit; the serial line takes %d to %d", hw.Baud, n, hw.CoreHz, rtl.MinDivider, rtl.MaxDivider)
	}
	hw.Title = cmp.Or(hw.Title, name)
	hw.USB = slices.Clone(hw.USB)
	for i, id := range hw.USB {
		hw.USB[i] = strings.ToLower(id) // as link.Ports has them
	}
	return &Board{hw, name, limits, neurons}, nil
}

// Name returns the name that users give.
func (b *Board) Name() string { return b.name }

// Limits returns the limits of the board file.
func (b *Board) Limits() compile.Limits { return b.limits }

// RowWords returns the 16-bit words of a row: whole lines, in the form that takes fewer.
func (b *Board) RowWords(r *compile.RowShape) (int, compile.RowFormat) {
	lines, dense := rowLines(int(r.N), int(r.Span))
	if dense {
		return lines * lineWords, compile.Dense
	}
	return lines * lineWords, compile.Sparse
}

// Words returns how many words a region of one core has on this board: what the limits
// ask for, in powers of two where it is theirs to say.
func (b *Board) Words(r Region) int {
	ask := map[Region]int{Axons: b.limits.AxonsIn, Synapses: b.limits.SynapseWords, Routes: b.limits.AxonsOut}[r]
	switch {
	case r == Profiles:
		return MaxProfiles * b.kind.words
	case ask == 0:
		return r.Words()
	}
	return 1 << bits.Len(uint(max(ask, minWords)-1))
}

// minWords is the least size of the memories that boards differ in: a word of the delay
// ring has 16 axons, and a slot has two words at least.
const minWords = 32

// Info is what the board says of itself. Neuron and axon ids count through the cores.
func (b *Board) Info() link.Info {
	l := &b.limits
	i := link.Info{Cores: l.CoresPerChip, Neurons: l.CoresPerChip * l.Neurons, Axons: l.CoresPerChip * b.Words(Axons),
		Synapses: l.CoresPerChip * b.Words(Synapses), RingSlots: RingSlots, RxBuffer: rtl.RxBuffer, MaxPayload: rtl.MaxPayload, MaxBaud: b.Baud}
	i.OutBuffer = max(rtl.OutBuffer, 1<<bits.Len(uint(i.Neurons)))
	for range i.Cores {
		for r := range RegionCount {
			i.Regions = append(i.Regions, b.Words(r)*r.WordBits()/8)
		}
	}
	return i
}
