package dataset

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
	"pgregory.net/rapid"
)

func encodings() *rapid.Generator[Encoding] {
	return rapid.Custom(func(t *rapid.T) Encoding {
		return Encoding{
			Tick:       rapid.IntRange(1, 3000).Draw(t, "tick"),
			Ticks:      rapid.IntRange(1, 40).Draw(t, "ticks"),
			Downsample: rapid.IntRange(1, 9).Draw(t, "downsample"),
		}
	})
}

// TestRaster holds Raster to an obvious version of its definition.
func TestRaster(t *testing.T) {
	compared := 0
	rapid.Check(t, func(t *rapid.T) {
		e := encodings().Draw(t, "encoding")
		s := snn.Shape{W: rapid.IntRange(1, 12).Draw(t, "w"), H: rapid.IntRange(1, 12).Draw(t, "h"), C: rapid.IntRange(1, 3).Draw(t, "c")}
		var events []spike.Event
		var tick, neuron []int32
		late := 0
		for range rapid.IntRange(0, 60).Draw(t, "n") {
			v := spike.Event{
				X: uint16(rapid.IntRange(0, s.W-1).Draw(t, "x")), Y: uint16(rapid.IntRange(0, s.H-1).Draw(t, "y")),
				P: uint8(rapid.IntRange(0, s.C-1).Draw(t, "p")), T: uint32(rapid.IntRange(0, 50*e.Tick).Draw(t, "t")),
			}
			events = append(events, v)
			// Round T/Tick in fractions.
			q := big.NewRat(int64(v.T), int64(e.Tick))
			var bin int64
			for ; ; bin++ {
				d := new(big.Rat).Sub(q, big.NewRat(bin, 1))
				if c := d.Cmp(big.NewRat(1, 2)); c < 0 || c == 0 && bin%2 == 0 {
					break
				}
			}
			if bin >= int64(e.Ticks) {
				late++
				continue
			}
			out := e.Shape(s)
			tick = append(tick, int32(bin))
			neuron = append(neuron, int32(int(v.P)*out.W*out.H+int(v.Y)/e.Downsample*out.W+int(v.X)/e.Downsample))
		}
		want, err := spike.FromPairs(e.Shape(s).Size(), e.Ticks, tick, neuron)
		if err != nil {
			t.Fatal(err)
		}
		got, gotLate, err := e.Raster(s, events)
		if err != nil || gotLate != late || !got.Equal(want) {
			t.Fatalf("got %v, %d late, %v; want %v, %d late", got, gotLate, err, want, late)
		}
		compared += want.Count()
	})
	if compared == 0 {
		t.Fatal("nothing was compared")
	}
	t.Logf("compared %d spikes", compared)
}

func TestRoundHalfEven(t *testing.T) {
	for _, c := range [][3]uint32{
		{0, 1000, 0}, {499, 1000, 0}, {500, 1000, 0}, {501, 1000, 1}, {1499, 1000, 1}, {1500, 1000, 2}, {2500, 1000, 2}, {2501, 1000, 3},
		{1, 2, 0}, {3, 2, 2}, {5, 2, 2}, {1, 3, 0}, {2, 3, 1}, {7, 1, 7}, {1<<32 - 1, 1, 1<<32 - 1}, {1<<32 - 1, 1<<31 - 1, 2},
	} {
		if got := roundHalfEven(c[0], c[1]); got != c[2] {
			t.Errorf("%d/%d: %d, want %d", c[0], c[1], got, c[2])
		}
	}
}

func TestRasterRefuses(t *testing.T) {
	e := Encoding{Tick: 1000, Ticks: 300, Downsample: 1}
	for _, v := range []spike.Event{{X: 34}, {Y: 34}, {P: 2}} {
		_, _, err := e.Raster(nmnist, []spike.Event{{}, v})
		wantError(t, err, "event-outside", "event 1", "34x34x2")
	}
	for _, bad := range []Encoding{{}, {Tick: 1000, Ticks: 300, Downsample: 0}, {Tick: 1000, Ticks: 0, Downsample: 1}, {Tick: 0, Ticks: 300, Downsample: 1}, {Tick: -1, Ticks: 300, Downsample: 1}, {Tick: 1000, Ticks: 1<<20 + 1, Downsample: 1}, {Tick: 1000, Ticks: 300, Downsample: 1 << 16}} {
		_, _, err := bad.Raster(nmnist, nil)
		wantError(t, err, "bad-encoding")
	}
	for _, s := range []snn.Shape{{}, {W: -1, H: 1, C: 1}, {W: 1 << 16, H: 1 << 16, C: 256}, {W: math.MaxInt, H: math.MaxInt, C: 1}} {
		_, _, err := e.Raster(s, nil)
		wantError(t, err, "bad-shape")
	}
}

func TestEncodingShape(t *testing.T) {
	for f, want := range map[int]snn.Shape{1: nmnist, 2: {W: 17, H: 17, C: 2}, 4: {W: 9, H: 9, C: 2}, 34: {W: 1, H: 1, C: 2}, 99: {W: 1, H: 1, C: 2}} {
		if got := (Encoding{Tick: 1000, Ticks: 300, Downsample: f}).Shape(nmnist); got != want {
			t.Errorf("by %d: %v, want %v", f, got, want)
		}
	}
}

func TestEncodingString(t *testing.T) {
	e := Encoding{Tick: 1000, Ticks: 300, Downsample: 4}
	if got := e.String(); got != "tick=1000us ticks=300 downsample=4" {
		t.Error(got)
	}
	rapid.Check(t, func(t *rapid.T) {
		e := encodings().Draw(t, "encoding")
		if got, err := ParseEncoding(e.String()); err != nil || got != e {
			t.Fatalf("%v: %v, %v", e, got, err)
		}
	})
	if got, err := ParseEncoding(" downsample=4  ticks=300 tick=1000us\n"); err != nil || got != e {
		t.Errorf("%v, %v", got, err)
	}
	for in, word := range map[string]string{
		"":                                 "tick is missing",
		"tick=1000us ticks=300":            "downsample is missing",
		"tick=1000 " + e.String():          "does not end in us",
		e.String() + " ticks=300":          `"ticks" is there twice`,
		e.String() + " polarity=1":         `"polarity" is not known`,
		"ticks=many":                       "not a whole number",
		"ticks=99999999999999999999":       "not a whole number",
		"tick=1000us ticks=0 downsample=1": "ticks is 0",
	} {
		_, err := ParseEncoding(in)
		wantError(t, err, "bad-encoding", word)
	}
}

func FuzzParseEncoding(f *testing.F) {
	for _, s := range []string{"tick=1000us ticks=300 downsample=4", "tick=us", "ticks=+1 tick=1us downsample=1", "=", "tick"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := ParseEncoding(s)
		if err != nil {
			if d := (*diag.Error)(nil); !errors.As(err, &d) || strings.ContainsRune(err.Error(), '\n') {
				t.Fatalf("%v", err)
			}
			return
		}
		if got, err := ParseEncoding(e.String()); err != nil || got != e {
			t.Fatalf("%q is %v, then %v, %v", s, e, got, err)
		}
	})
}

func TestShift(t *testing.T) {
	events := []spike.Event{{X: 0, Y: 0, P: 1, T: 3}, {X: 33, Y: 5, T: 1}, {X: 10, Y: 33, T: 2}}
	before := slices.Clone(events)
	if got := Shift(nmnist, events, 1, -1); !slices.Equal(got, []spike.Event{{X: 11, Y: 32, T: 2}}) {
		t.Error(got)
	}
	if !slices.Equal(events, before) {
		t.Error("the argument was changed")
	}
	rapid.Check(t, func(t *rapid.T) {
		dx, dy := rapid.IntRange(-40, 40).Draw(t, "dx"), rapid.IntRange(-40, 40).Draw(t, "dy")
		var want []spike.Event
		for _, e := range events {
			if x, y := int(e.X)+dx, int(e.Y)+dy; x >= 0 && x < 34 && y >= 0 && y < 34 {
				want = append(want, e)
			}
		}
		if got := Shift(nmnist, Shift(nmnist, events, dx, dy), -dx, -dy); !slices.Equal(got, want) {
			t.Fatalf("there and back: %v, want %v", got, want)
		}
	})
}

func BenchmarkRaster(b *testing.B) {
	events, err := NewSynth(1, 1).Events(0)
	if err != nil {
		b.Fatal(err)
	}
	e := Encoding{Tick: 1000, Ticks: 300, Downsample: 1}
	for b.Loop() {
		if _, _, err := e.Raster(nmnist, events); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(events)), "events")
}
