package trace

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// record draws a run of n neurons.
func record(n, ticks int, graded bool) *fixed.Record {
	r := rand.New(rand.NewPCG(1, 2))
	rec := &fixed.Record{Spikes: spike.NewRaster(n)}
	for range ticks {
		var at, messages []int32
		for o := range int32(n) {
			if r.IntN(4) == 0 {
				at, messages = append(at, o), append(messages, 1+r.Int32N(3)-5*r.Int32N(2))
			}
		}
		if graded {
			for i := range messages {
				if messages[i] == 0 {
					messages[i] = 7
				}
			}
			rec.Spikes.AppendGraded(at, messages)
		} else {
			rec.Spikes.Append(at...)
		}
	}
	for range n * ticks {
		rec.U, rec.V = append(rec.U, int32(r.Uint32())>>r.UintN(32)), append(rec.V, int32(r.Uint32())>>r.UintN(32))
	}
	return rec
}

// parse reads a value change dump strictly and returns the value of each variable at each tick.
func parse(t *testing.T, text string) (values map[string][]int64, end int) {
	t.Helper()
	head, body, ok := strings.Cut(text, "$enddefinitions $end\n")
	if !ok || !strings.Contains(head, "$timescale 1 ms $end") {
		t.Fatal("no definitions, or no unit of time")
	}
	var scopes []string
	names, sizes, now := map[string]string{}, map[string]string{}, map[string]int64{}
	for line := range strings.Lines(head) {
		f := strings.Fields(line)
		if f[len(f)-1] != "$end" {
			t.Fatalf("%q does not end", line)
		}
		switch f[0] {
		case "$scope":
			scopes = append(scopes, f[2])
		case "$upscope":
			scopes = scopes[:len(scopes)-1]
		case "$var":
			if names[f[3]] != "" || len(f) != 6 {
				t.Fatalf("variable %q twice, or not as it should be", line)
			}
			names[f[3]], sizes[f[3]] = strings.Join(append(scopes, f[4]), "."), f[2]
		}
	}
	if len(scopes) > 0 {
		t.Fatalf("scopes %v are open", scopes)
	}
	values, end = map[string][]int64{}, -1
	seen := map[string]bool{} // variables that have a value from the beginning
	keep := func() {
		if end == 0 && len(seen) < len(names) {
			t.Fatalf("%d of %d variables have a value at the beginning", len(seen), len(names))
		}
		if end >= 0 {
			for id, name := range names {
				values[name] = append(values[name], now[id])
			}
		}
	}
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		id, value, base := "", "", 2
		switch line[0] {
		case '#':
			keep()
			at, err := strconv.Atoi(line[1:])
			if err != nil || at != end+1 {
				t.Fatalf("time %q after %d", line, end)
			}
			end = at
			continue
		case 'b':
			value, id, _ = strings.Cut(line[1:], " ")
		default:
			value, id = line[:1], line[1:]
		}
		x, err := strconv.ParseUint(value, base, 32)
		if err != nil || names[id] == "" || (line[0] == 'b') != (sizes[id] == "32") {
			t.Fatalf("value %q: %v", line, err)
		}
		if now[id] = int64(int32(uint32(x))); end == 0 {
			seen[id] = true
		}
	}
	return values, end
}

// TestVCD reads the dump back: every value of every tick, with more variables than one character tells apart.
func TestVCD(t *testing.T) {
	for _, graded := range []bool{false, true} {
		const n, ticks = 40, 50
		rec, compared := record(n, ticks, graded), 0
		var signals []Signal
		for _, layer := range []string{"1", "conv 2"} {
			for o := range n {
				signals = append(signals, Of(layer, o, rec, fixed.CUBA{VTh: 80}))
			}
		}
		var b bytes.Buffer
		if err := VCD(&b, signals); err != nil {
			t.Fatal(err)
		}
		values, end := parse(t, b.String())
		if end != ticks {
			t.Errorf("the dump ends at %d", end)
		}
		for _, layer := range []string{"layer_1", "layer_conv_2"} {
			for o := range n {
				for tick := range ticks {
					message := int64(0)
					for i, x := range rec.Spikes.At(tick) {
						if int(x) == o {
							if message = 1; graded {
								message = int64(rec.Spikes.Messages(tick)[i])
							}
						}
					}
					want := map[string]int64{"spike": min(1, message*message), "u": int64(rec.U[o*ticks+tick]), "v": int64(rec.V[o*ticks+tick]), "threshold": 5120}
					if graded {
						want["message"] = message
					}
					for name, x := range want {
						full := fmt.Sprintf("%s.neuron_%d.%s", layer, o, name)
						if got := values[full]; len(got) != ticks || got[tick] != x {
							t.Fatalf("%s in tick %d: %v, want %d", full, tick, got, x)
						}
						compared++
					}
				}
			}
		}
		if t.Logf("compared %d values", compared); compared == 0 {
			t.Error("nothing was compared")
		}
	}
	var b bytes.Buffer
	if err := VCD(&b, nil); err != nil {
		t.Fatal(err)
	}
	if values, _ := parse(t, b.String()); len(values) != 0 {
		t.Error(values)
	}
}

func TestCSV(t *testing.T) {
	rec := record(3, 20, false)
	rec2 := &fixed.Record{Spikes: rec.Spikes}
	var b bytes.Buffer
	if err := CSV(&b, []Signal{Of("a,\"b\"", 2, rec, fixed.SRM{VTh: 2}), Of("2", 0, rec2, fixed.Sigma{})}); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(lines) != 41 {
		t.Fatal(len(lines), err)
	}
	for tick := range 20 {
		spikes := [3]string{"0", "0", "0"}
		for _, o := range rec.Spikes.At(tick) {
			spikes[o] = "1"
		}
		want := fmt.Sprint("a,\"b\",2,", tick, ",", spikes[2], ",", rec.U[2*20+tick], ",", rec.V[2*20+tick], ",128")
		if got := strings.Join(lines[1+tick], ","); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if got, want := strings.Join(lines[21+tick], ","), fmt.Sprint("2,0,", tick, ",", spikes[0], ",,,"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
