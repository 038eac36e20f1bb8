package fpga

import (
	"math/rand/v2"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"github.com/isospike/isospike/internal/tool"
)

// TestPLL: of many pairs of clocks, what the settings make is what was asked for, and detector and
// oscillator stay in their ranges, by the vendors' formulas for the primitives.
func TestPLL(t *testing.T) {
	type made struct{ out, detector, vco float64 }
	families := map[string]struct {
		make          func(in float64, s map[string]int64) made
		detector, vco [2]float64
		most          map[string]int64 // of each setting
		settings      func(in, out int64) map[string]int64
	}{
		"ice40": {make: func(in float64, s map[string]int64) made {
			f := in / float64(s["DIVR"]+1)
			return made{f * float64(s["DIVF"]+1) / float64(int(1)<<s["DIVQ"]), f, f * float64(s["DIVF"]+1)}
		}, detector: [2]float64{10, 133}, vco: [2]float64{533, 1066}, most: map[string]int64{"DIVR": 15, "DIVF": 127, "DIVQ": 6, "FILTER": 6}, settings: ice40},
		"ecp5": {make: func(in float64, s map[string]int64) made {
			f := in / float64(s["DIVIDE"])
			return made{f * float64(s["MULTIPLY"]), f, f * float64(s["MULTIPLY"]) * float64(s["OUT"])}
		}, detector: [2]float64{3.125, 400}, vco: [2]float64{400, 800}, most: map[string]int64{"DIVIDE": 128, "MULTIPLY": 128, "OUT": 128}, settings: ecp5},
		"gowin": {make: func(in float64, s map[string]int64) made {
			f := in / float64(s["IDIV"]+1)
			return made{f * float64(s["FBDIV"]+1), f, f * float64(s["FBDIV"]+1) * float64(s["ODIV"])}
		}, detector: [2]float64{3, 400}, vco: [2]float64{400, 1200}, most: map[string]int64{"IDIV": 63, "FBDIV": 63, "ODIV": 128}, settings: gowin},
		"xilinx": {make: func(in float64, s map[string]int64) made {
			f := in / float64(s["DIVIDE"])
			return made{f * float64(s["MULTIPLY"]) / float64(s["OUT"]), f, f * float64(s["MULTIPLY"])}
		}, detector: [2]float64{19, 450}, vco: [2]float64{800, 1600}, most: map[string]int64{"DIVIDE": 56, "MULTIPLY": 64, "OUT": 128}, settings: xilinx},
	}
	for name, f := range families {
		compared, refused := 0, 0
		r := rand.New(rand.NewPCG(1, 2))
		for range 3000 {
			in, out := int64(1+r.IntN(400))*500_000, int64(1+r.IntN(300))*1_000_000
			s := f.settings(in, out)
			if s == nil {
				refused++
				continue
			}
			m := f.make(float64(in)/1e6, s)
			if diff := m.out - float64(out)/1e6; diff > 1e-9 || diff < -1e-9 {
				t.Errorf("%s: %d of %d Hz: %v makes %v MHz", name, out, in, s, m.out)
			}
			if m.detector < f.detector[0] || m.detector > f.detector[1] || m.vco < f.vco[0]-1e-9 || m.vco > f.vco[1]+1e-9 {
				t.Errorf("%s: %d of %d Hz: %v: detector %v, oscillator %v", name, out, in, s, m.detector, m.vco)
			}
			for k, v := range s {
				if v < 0 || v > f.most[k] {
					t.Errorf("%s: %s is %d", name, k, v)
				}
			}
			compared++
		}
		t.Logf("%s: compared %d settings; %d clocks cannot be made", name, compared, refused)
		if compared < 100 || refused < 100 {
			t.Error("too little was compared")
		}
	}
}

// TestIcepll: icestorm's program chooses the same settings.
func TestIcepll(t *testing.T) {
	path := tool.Path(t, "icepll")
	setting := regexp.MustCompile(`(?m)^(DIVR|DIVF|DIVQ|FILTER_RANGE): +(\d+)`)
	n := 0
	for _, c := range [][2]int64{{12, 36}, {12, 48}, {12, 30}, {12, 24}, {25, 50}, {100, 36}, {16, 60}, {48, 33}, {27, 81}, {50, 75}} {
		s := ice40(c[0]*mhz, c[1]*mhz)
		out, err := exec.Command(path, "-i", strconv.FormatInt(c[0], 10), "-o", strconv.FormatInt(c[1], 10)).Output()
		if err != nil {
			t.Fatal(err)
		}
		theirs := map[string]int64{}
		for _, m := range setting.FindAllStringSubmatch(string(out), -1) {
			v, err := strconv.ParseInt(m[2], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			theirs[m[1]] = v
		}
		theirs["FILTER"] = theirs["FILTER_RANGE"]
		for k, v := range s {
			if theirs[k] != v {
				t.Errorf("%d of %d MHz: %s is %d, icepll has %d", c[1], c[0], k, v, theirs[k])
			}
			n++
		}
	}
	for _, out := range []int64{12, 276} {
		if err := exec.Command(path, "-i", "12", "-o", strconv.FormatInt(out, 10)).Run(); err == nil {
			t.Errorf("icepll makes %d MHz", out)
		}
		if s := ice40(12*mhz, out*mhz); s != nil {
			t.Errorf("%d MHz, which icepll refuses: %v", out, s)
		}
	}
	t.Logf("compared %d settings", n)
	if n < 30 {
		t.Error("too little was compared")
	}
}
