package fpga

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/isospike/isospike/snn/diag"
)

// A pll is the clock generator of a family of FPGAs.
type pll struct {
	family string // of the file pll_FAMILY.v in rtl/top
	// settings returns the parameters of module pll that make out Hz of in Hz exactly; nil: none do.
	settings func(in, out int64) map[string]int64
}

var plls = map[string]pll{
	"up5k": {"ice40", ice40}, "hx8k": {"ice40", ice40},
	"lfe5u-85f": {"ecp5", ecp5}, "gw1nr-9": {"gowin", gowin}, "xc7a35t": {"xilinx", xilinx},
}

const mhz = 1_000_000

// between reports whether lo ≤ hz ≤ hi in MHz.
func between(hz, lo, hi int64) bool { return lo*mhz <= hz && hz <= hi*mhz }

// ice40: the phase detector takes 10 to 133 MHz, the oscillator makes 533 to 1066 MHz, and 16 to 275 MHz may come out.
func ice40(in, out int64) map[string]int64 {
	for r := int64(1); r <= 16 && between(in/r, 10, 133) && between(out, 16, 275); r++ {
		for q := int64(1); q <= 6; q++ {
			vco := out << q
			if f := vco * r / in; f >= 1 && f <= 128 && f*in == vco*r && between(vco, 533, 1066) {
				// The loop filter is chosen by the detector's frequency.
				filter := int64(1)
				for _, top := range []int64{17, 26, 44, 66, 101} {
					if in/r >= top*mhz {
						filter++
					}
				}
				return map[string]int64{"DIVR": r - 1, "DIVF": f - 1, "DIVQ": q, "FILTER": filter}
			}
		}
	}
	return nil
}

// ecp5: the detector takes 10 to 400 MHz, of which 3.125 to 10 work too; the oscillator makes 400 to 800 MHz.
func ecp5(in, out int64) map[string]int64 {
	for d := int64(1); d <= 128 && in/d >= 3_125_000; d++ {
		m := out * d / in
		if o := 600 * mhz / out; m >= 1 && m <= 80 && m*in == out*d && o >= 1 && o <= 128 && between(out*o, 400, 800) {
			return map[string]int64{"DIVIDE": d, "MULTIPLY": m, "OUT": o}
		}
	}
	return nil
}

// gowin: the detector of a GW1N takes 3 to 400 MHz, the oscillator makes 400 to 1200 MHz.
func gowin(in, out int64) map[string]int64 {
	for d := int64(1); d <= 64 && between(in/d, 3, 400); d++ {
		m := out * d / in
		if m < 1 || m > 64 || m*in != out*d {
			continue
		}
		for _, o := range []int64{2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128} {
			if between(out*o, 400, 1200) {
				return map[string]int64{"IDIV": d - 1, "FBDIV": m - 1, "ODIV": o}
			}
		}
	}
	return nil
}

// xilinx: the detector of an Artix-7 takes 19 to 450 MHz, the oscillator makes 800 to 1600 MHz.
func xilinx(in, out int64) map[string]int64 {
	for d := int64(1); d <= 56 && between(in/d, 19, 450); d++ {
		for m := int64(2); m <= 64; m++ {
			vco := in * m / d
			if o := vco / out; vco*d == in*m && o >= 1 && o <= 128 && o*out == vco && between(vco, 800, 1600) {
				return map[string]int64{"DIVIDE": d, "MULTIPLY": m, "OUT": o}
			}
		}
	}
	return nil
}

// clock returns the file of the board's clock generator and the parameters of its module.
func (b *Board) clock() (file string, parameters map[string]string, err error) {
	p, ok := plls[b.FPGA]
	if !ok {
		return "", nil, diag.Inputf("fpga-unknown", "", "%s: there is no FPGA %q", b.name, b.FPGA).
			WithFix("set fpga in the board's file to one of %s", strings.Join(slices.Sorted(maps.Keys(plls)), ", "))
	}
	s := p.settings(int64(b.ClockHz), int64(b.CoreHz))
	if s == nil {
		return "", nil, diag.Inputf("target-clock", "", "%s: the PLL of %s cannot make %d Hz of %d Hz", b.name, b.FPGA, b.CoreHz, b.ClockHz).
			WithFix("set core_hz, a multiple of baud, to %s", b.otherClocks(p))
	}
	parameters = map[string]string{}
	for k, v := range s {
		parameters[k] = strconv.FormatInt(v, 10)
	}
	switch p.family {
	case "ice40":
		parameters["PAD"] = flag[b.PLLPad]
	case "gowin":
		parameters["IN_MHZ"] = strconv.Quote(strconv.FormatFloat(float64(b.ClockHz)/mhz, 'f', -1, 64))
	case "xilinx":
		parameters["IN_KHZ"] = strconv.Itoa(b.ClockHz / 1000)
	}
	return "pll_" + p.family, parameters, nil
}

// otherClocks names the next multiples of the baud rate, down and up from the core's clock, that the PLL makes.
func (b *Board) otherClocks(p pll) string {
	var other []string
	for _, step := range []int{-b.Baud, b.Baud} {
		for hz := b.CoreHz + step; 0 < hz && hz < 1000*mhz; hz += step {
			if p.settings(int64(b.ClockHz), int64(hz)) != nil {
				other = append(other, strconv.Itoa(hz))
				break
			}
		}
	}
	if len(other) == 0 {
		return "what " + b.FPGA + " can make of the board's oscillator"
	}
	return strings.Join(other, " or ")
}
