package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/isospike/isospike/internal/npy"
	"github.com/isospike/isospike/internal/shared"
	"github.com/isospike/isospike/internal/tool"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// command runs isospike and returns its exit status, what it printed, and its messages.
func command(t *testing.T, args ...string) (int, []byte, string) {
	t.Helper()
	var out, messages bytes.Buffer
	status := run(args, &out, &messages)
	return status, out.Bytes(), messages.String()
}

// mustRun is command that must end with an exit status.
func mustRun(t *testing.T, want int, args ...string) []byte {
	t.Helper()
	status, out, messages := command(t, args...)
	if status != want {
		t.Fatalf("isospike %v: exit status %d, want %d\n%s\n%s", args, status, want, out, messages)
	}
	return out
}

func pairsOf(t *testing.T, out []byte) []pair {
	t.Helper()
	var r struct{ Verify []pair }
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	return r.Verify
}

// TestAgainstLava holds the definition and the tables to what Lava's own runtime recorded of a network, with and without a periodic
// reset, by the file that it wrote; and finds a single changed value.
func TestAgainstLava(t *testing.T) {
	gold, dir := shared.Dir(t, "gold", "lava_runtime"), t.TempDir()
	compared := 0
	for name, reset := range map[string]string{"net_trained_mnist": "0", "net_trained_mnist_reset": "16"} {
		fixed, trace := filepath.Join(dir, name), filepath.Join(gold, name+".npz")
		mustRun(t, 0, "import", "lava", filepath.Join(gold, "nets", "trained_mnist_network.net"), "--reset-interval", reset, "-o", fixed)
		for _, p := range pairsOf(t, mustRun(t, 0, "verify", fixed, "--against", "sim:loihi1,lava:"+trace, "--json")) {
			want := "spikes, u, v"
			if strings.HasPrefix(p.B, "lava:") {
				want = "spikes of 1 of 3 layers, u, v"
			}
			if p.Mismatches != 0 || p.Spikes == 0 || p.Compared != want {
				t.Errorf("%s: %+v", name, p)
			}
			compared++
		}
		mustRun(t, 0, "verify", fixed, "--against", "lava:"+trace, "--lockstep")

		arrays, err := npy.ReadNPZ(trace)
		if err != nil {
			t.Fatal(err)
		}
		values, err := arrays["v1"].Ints()
		if err != nil {
			t.Fatal(err)
		}
		v := make([]int32, len(values))
		for i, x := range values {
			v[i] = int32(x)
		}
		v[7*64+40]++
		arrays["v1"] = npy.Of(arrays["v1"].Shape, v)
		broken := filepath.Join(dir, name+".npz")
		if err := npy.WriteNPZ(broken, arrays); err != nil {
			t.Fatal(err)
		}
		p := pairsOf(t, mustRun(t, 1, "verify", fixed, "--against", "lava:"+broken, "--json"))[0]
		if want := fmt.Sprintf("sample lava:%s: tick 40, layer 1, neuron 7: v is %d in fixed, %d in lava:%s", broken, v[7*64+40]-1, v[7*64+40], broken); p.Mismatches != 1 || p.First != want {
			t.Errorf("%+v, want %q", p, want)
		}
	}
	if t.Logf("compared %d pairs", compared); compared != 4 {
		t.Error("too little was compared")
	}
}

// TestLavaFiles: files that are no recording of the network are refused, with the array.
func TestLavaFiles(t *testing.T) {
	dir := t.TempDir()
	fixed := filepath.Join(dir, "fixed")
	mustRun(t, 0, "import", "lava", filepath.Join("testdata", "dense.net"), "-o", fixed) // 10-8-4
	of := func(rows, ticks int, value int32) *npy.Array {
		v := make([]int32, rows*ticks)
		for i := range v {
			v[i] = value
		}
		return npy.Of([]int{rows, ticks}, v)
	}
	for name, c := range map[string]struct {
		arrays map[string]*npy.Array
		want   string
	}{
		"no input":       {map[string]*npy.Array{"s_out": of(4, 9, 0)}, "there is no array s_in"},
		"no spikes":      {map[string]*npy.Array{"s_in": of(10, 9, 1), "v0": of(8, 9, 0)}, "no spikes of any layer are there, neither s_out nor s0 to s1"},
		"unknown":        {map[string]*npy.Array{"s_in": of(10, 9, 1), "s_out": of(4, 9, 0), "volts": of(8, 9, 0)}, `the array "volts" is none that can be compared`},
		"another name":   {map[string]*npy.Array{"s_in": of(10, 9, 1), "s_out": of(4, 9, 0), "v01": of(4, 9, 0)}, `the array "v01" is none`},
		"no layer":       {map[string]*npy.Array{"s_in": of(10, 9, 1), "s_out": of(4, 9, 0), "v2": of(4, 9, 0)}, `the array "v2" is of layer 2, and fixed has layers 0 to 1`},
		"twice":          {map[string]*npy.Array{"s_in": of(10, 9, 1), "s_out": of(4, 9, 0), "s1": of(4, 9, 0)}, "the spikes of layer 1 are there twice"},
		"other ticks":    {map[string]*npy.Array{"s_in": of(10, 9, 1), "s_out": of(4, 8, 0)}, `the array "s_out" has shape [4 8], expected 4 neurons × 9 ticks`},
		"other neurons":  {map[string]*npy.Array{"s_in": of(10, 9, 1), "s_out": of(8, 9, 0)}, `the array "s_out" has shape [8 9]`},
		"other inputs":   {map[string]*npy.Array{"s_in": of(11, 9, 1), "s_out": of(4, 9, 0)}, "the input has 11 rows, the network takes 10"},
		"graded input":   {map[string]*npy.Array{"s_in": of(10, 9, 2), "s_out": of(4, 9, 0)}, `array "s_in" holds 2 at position 0; spikes are 0 or 1`},
		"floats":         {map[string]*npy.Array{"s_in": of(10, 9, 1), "s_out": npy.Of([]int{4, 1}, []float32{0, 0, 0, 0})}, "the array has type <f4, want integers"},
		"more than int":  {map[string]*npy.Array{"s_in": of(10, 9, 1), "s_out": of(4, 9, 0), "v0": npy.Of([]int{8, 9}, append([]int64{1 << 31}, make([]int64, 71)...))}, "more than 32 bits"},
		"no time":        {map[string]*npy.Array{"s_in": npy.Of([]int{10}, make([]uint8, 10)), "s_out": of(4, 9, 0)}, `array "s_in" has shape [10]`},
		"nothing spikes": {map[string]*npy.Array{"s_in": of(10, 9, 0), "s_out": of(4, 9, 0)}, "that shows nothing"},
	} {
		path := filepath.Join(dir, strings.ReplaceAll(name, " ", "_")+".npz")
		if err := npy.WriteNPZ(path, c.arrays); err != nil {
			t.Fatal(err)
		}
		status, _, messages := command(t, "verify", fixed, "--against", "lava:"+path)
		if want := map[bool]int{true: 1, false: 3}[name == "nothing spikes"]; status != want || !strings.Contains(messages, c.want) || status == 3 && !strings.Contains(messages, path) {
			t.Errorf("%s: exit status %d, %s", name, status, messages)
		}
	}
}

// TestAgainstRTL: the board's Verilog by name, in a table and in lockstep, and what is wrong on the emulated board.
func TestAgainstRTL(t *testing.T) {
	tool.Path(t, "verilator")
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	mustRun(t, 0, "import", "lava", filepath.Join("testdata", "dense.net"), "-o", file("fixed"))
	var in []uint8
	for i := range 10 * 12 {
		in = append(in, uint8(i*i%7%2))
	}
	if err := npy.WriteNPZ(file("in.npz"), map[string]*npy.Array{"s_in": npy.Of([]int{10, 12}, in)}); err != nil {
		t.Fatal(err)
	}
	mustRun(t, 0, "sim", file("fixed"), "--input", file("in.npz"), "-o", file("trace.npz"))
	pairs := pairsOf(t, mustRun(t, 0, "verify", file("fixed"), "--against", "rtl:icebreaker,emulator:icebreaker,lava:"+file("trace.npz"), "--input", file("in.npz"), "--json"))
	spikes := 0
	for _, p := range pairs {
		if spikes += p.Spikes; p.Mismatches != 0 || p.Spikes == 0 {
			t.Errorf("%+v", p)
		}
	}
	if t.Logf("compared %d spikes of %d pairs", spikes, len(pairs)); len(pairs) != 4 {
		t.Errorf("%+v", pairs)
	}
	var r struct{ Lockstep agreement }
	if err := json.Unmarshal(mustRun(t, 0, "verify", file("fixed"), "--against", "rtl:icebreaker", "--input", file("in.npz"), "--lockstep", "--json"), &r); err != nil {
		t.Fatal(err)
	}
	if a := r.Lockstep.Agreed; a.Ticks != 12 || a.Spikes == 0 || a.States != 12*12*3 || r.Lockstep.B != "rtl" {
		t.Errorf("%+v", r.Lockstep)
	}
}

// TestDeviceLockstep: tables with another weight are found on an emulated board by the state of the neuron after the tick, with its synapse.
func TestDeviceLockstep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fixed")
	mustRun(t, 0, "import", "lava", filepath.Join("testdata", "dense.net"), "-o", path)
	a := &app{stdout: io.Discard, stderr: io.Discard, quiet: true}
	x, err := a.load(path)
	if err != nil {
		t.Fatal(err)
	}
	list, err := a.against(t.Context(), []string{"emulator:icebreaker"}, x, path, &boardFlags{})
	if err != nil {
		t.Fatal(err)
	}
	p := list[0].program
	rain := spike.NewRaster(10)
	for tick := range int32(100) {
		var at []int32
		for n := range int32(10) {
			if (tick*7+n*n)%3 == 0 {
				at = append(at, n)
			}
		}
		rain.Append(at...)
	}
	spikes := func() *spike.Raster {
		m, err := sim.New(p)
		if err != nil {
			t.Fatal(err)
		}
		r, err := m.Run(t.Context(), rain, 100, sim.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return r.Layers[1].Spikes
	}
	right := spikes()
	codes := p.Cores[0].Code
	for i := range codes { // the first weight that the output shows
		if codes[i] ^= 0x60; !spikes().Equal(right) {
			break
		}
		codes[i] ^= 0x60
	}
	y, end, err := a.streamed(t.Context(), &list[0])
	if err != nil {
		t.Fatal(err)
	}
	in := spike.NewRaster(10)
	for range 12 {
		in.Append(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	}
	sx, err := x.side(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	sy, err := y.side(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	stop, _, err := sim.Lockstep(t.Context(), x.layers, x.sizes, sx, sy, in, 12)
	if err != nil {
		t.Fatal(err)
	}
	if stop == nil || stop.Register != "u" || stop.AfterA["u"] != stop.A || stop.AfterB["u"] != stop.B || len(stop.AfterB) != 4 {
		t.Fatalf("%+v", stop)
	}
	differ := 0
	for i := range stop.Rows {
		if stop.Rows[i].Differs() {
			differ++
		}
	}
	if differ != 1 {
		t.Errorf("%d synapses differ: %+v", differ, stop)
	}
	// And in spikes alone, which are what a board tells of every tick, for the search of a short input.
	short := filepath.Join(t.TempDir(), "short.npz")
	err = a.bisect(t.Context(), &verifyFlags{bisect: short}, nil, x, y, joined{one{"rain", rain}})
	var e *diag.Error
	if !errors.As(err, &e) || e.Kind != diag.Mismatch {
		t.Fatal(err)
	}
	left, err := readSpikes(short, "s_in", false)
	if err != nil {
		t.Fatal(err)
	}
	if t.Logf("%d ticks and %d spikes of %d and %d are left", left.Ticks(), left.Count(), rain.Ticks(), rain.Count()); left.Ticks() >= rain.Ticks() || left.Count() >= rain.Count()/2 {
		t.Error("that is not short")
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}
