package train

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestExpAndLog(t *testing.T) {
	near := func(what string, x, got, want float64) {
		t.Helper()
		if !(math.Abs(got-want) <= 1e-12*math.Abs(want)) && got != want {
			t.Errorf("%s(%v) is %v, want %v", what, x, got, want)
		}
	}
	compared := 0
	for x := -708.0; x < 709; x += 0.0731 {
		near("exp", x, exp(x), math.Exp(x))
		compared++
	}
	rapid.Check(t, func(rt *rapid.T) {
		x := rapid.Float64Range(-700, 700).Draw(rt, "x")
		near("exp", x, exp(x), math.Exp(x))
		y := math.Abs(rapid.Float64().Draw(rt, "y"))
		if y > 0 && !math.IsInf(y, 0) {
			// math.Log of subnormal numbers is wrong on amd64 (golang/go#56600).
			const scale = 60
			got, want := log(y), math.Log(y)
			if y < 0x1p-1022 {
				want = math.Log(y*(1<<scale)) - scale*math.Ln2
			}
			if math.Abs(got-want) > 1e-14*max(1, math.Abs(want)) {
				rt.Errorf("log(%v) is %v, want %v", y, got, want)
			}
		}
		compared += 2
	})
	for _, c := range [][2]float64{{0, 1}, {1, math.E}, {-1, 1 / math.E}, {-1000, 0}, {1000, math.Inf(1)}, {math.Inf(-1), 0}, {1e-300, 1}} {
		near("exp", c[0], exp(c[0]), c[1])
	}
	if !math.IsNaN(exp(math.NaN())) {
		t.Error("exp(NaN) is a number")
	}
	for _, c := range [][2]float64{{1, 0}, {2, math.Ln2}, {math.E, 1}, {0.5, -math.Ln2}, {0x1p-1023, -1023 * math.Ln2}, {0x1p-1074, -1074 * math.Ln2}} {
		if got := log(c[0]); math.Abs(got-c[1]) > 1e-15*max(1, math.Abs(c[1])) {
			t.Errorf("log(%v) is %v, want %v", c[0], got, c[1])
		}
	}
	t.Logf("compared %d values", compared)
}
