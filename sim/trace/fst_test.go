package trace

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/isospike/isospike/internal/tool"
	"github.com/isospike/isospike/snn/fixed"
)

// readFST returns what GTKWave's fst2vcd reads out of an FST: the value of each variable at each tick, and the last time.
func readFST(t *testing.T, fst []byte) (values map[string][]int64, end int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trace.fst")
	if err := os.WriteFile(path, fst, 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool.Path(t, "fst2vcd"), path).CombinedOutput()
	if err != nil {
		t.Fatalf("fst2vcd: %v: %s", err, out)
	}
	var scopes []string
	names, now := map[string]string{}, map[string]int64{}
	values, end = map[string][]int64{}, -1
	until := func(t int) {
		for _, name := range names {
			for len(values[name]) < t {
				values[name] = append(values[name], now[name])
			}
		}
		end = t
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		switch {
		case len(f) == 0:
		case f[0] == "$scope":
			scopes = append(scopes, f[2])
		case f[0] == "$upscope":
			scopes = scopes[:len(scopes)-1]
		case f[0] == "$var":
			names[f[3]] = strings.Join(append(scopes, f[4]), ".")
		case f[0][0] == '#':
			at, err := strconv.Atoi(f[0][1:])
			if err != nil {
				t.Fatal(err)
			}
			until(at)
		case end >= 0 && f[0][0] != '$':
			value, id := f[0][:1], f[0][1:]
			if len(f) == 2 {
				value, id = f[0][1:], f[1]
			}
			x, err := strconv.ParseUint(value, 2, 32)
			if err != nil || names[id] == "" {
				t.Fatalf("value %q: %v", line, err)
			}
			now[names[id]] = int64(int32(uint32(x)))
		}
	}
	return values, end
}

// TestFST: GTKWave's own reader finds in the binary form what is in the dump, in every variable at every tick.
func TestFST(t *testing.T) {
	tool.Path(t, "fst2vcd")
	compared := 0
	for _, c := range []struct {
		neurons, ticks int
		graded, states bool
	}{{40, 50, false, true}, {40, 50, true, true}, {3, 1, false, true}, {1, 400, false, false}, {200, 20, true, true}} {
		rec := record(c.neurons, c.ticks, c.graded)
		if !c.states {
			rec.U, rec.V = nil, nil
		} else {
			for i := range c.ticks { // neuron 0 is silent
				rec.U[i], rec.V[i] = 7, -7
			}
		}
		var signals []Signal
		for _, layer := range []string{"1", "conv 2"} {
			for o := range c.neurons {
				signals = append(signals, Of(layer, o, rec, fixed.CUBA{VTh: 80}))
			}
		}
		var vcd, fst, again bytes.Buffer
		for _, err := range []error{VCD(&vcd, signals), FST(&fst, signals), FST(&again, signals)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		want, _ := parse(t, vcd.String())
		got, end := readFST(t, fst.Bytes())
		if !bytes.Equal(fst.Bytes(), again.Bytes()) {
			t.Error("another time, other bytes")
		}
		if end != c.ticks || !slices.Equal(slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want))) {
			t.Fatalf("%+v: it ends at %d, with %d variables of %d", c, end, len(got), len(want))
		}
		for name, w := range want {
			g := got[name]
			if !slices.Equal(g, w) {
				t.Fatalf("%+v: %s is %v, want %v", c, name, g, w)
			}
			compared += len(w)
		}
	}
	if t.Logf("compared %d values", compared); compared == 0 {
		t.Error("nothing was compared")
	}
	// Of a run that goes on from a tick, the same later.
	const from = 1000
	rec := record(5, 30, true)
	var signals, later []Signal
	for o := range 5 {
		s := Of("1", o, rec, fixed.CUBA{VTh: 80})
		signals = append(signals, s)
		s.From = from
		later = append(later, s)
	}
	var fst, vcd, csv [2]bytes.Buffer
	for i, list := range [][]Signal{signals, later} {
		for _, err := range []error{FST(&fst[i], list), VCD(&vcd[i], list), CSV(&csv[i], list)} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if head := fst[1].Bytes()[9:]; binary.BigEndian.Uint64(head) != from || binary.BigEndian.Uint64(head[8:]) != from+30 {
		t.Errorf("the header says that it is of ticks %d to %d", binary.BigEndian.Uint64(head), binary.BigEndian.Uint64(head[8:]))
	}
	want, _ := readFST(t, fst[0].Bytes())
	got, end := readFST(t, fst[1].Bytes())
	if end != from+30 || len(got) != len(want) {
		t.Fatalf("it ends at %d, with %d variables of %d", end, len(got), len(want))
	}
	for name, w := range want {
		if g := got[name]; len(w) != 30 || len(g) != from+30 || !slices.Equal(g[from:], w) {
			t.Errorf("%s is %v from tick %d on, want %v", name, g, from, w)
		}
	}
	for tick := range 31 {
		vcd[0] = *bytes.NewBuffer(bytes.Replace(vcd[0].Bytes(), fmt.Appendf(nil, "#%d\n", tick), fmt.Appendf(nil, "#%d\n", from+tick), 1))
	}
	if !bytes.Equal(vcd[0].Bytes(), vcd[1].Bytes()) {
		t.Error("the dump is not the same later")
	}
	if !bytes.Contains(csv[1].Bytes(), []byte("\n1,4,1029,")) || bytes.Contains(csv[1].Bytes(), []byte("\n1,4,29,")) {
		t.Error("the lines of the CSV are not those of later ticks")
	}
	var none bytes.Buffer
	if err := FST(&none, nil); err != nil {
		t.Error(err)
	}
}
