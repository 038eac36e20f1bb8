package interop

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/isospike/isospike/internal/npy"
	"github.com/isospike/isospike/internal/shared"
	"github.com/isospike/isospike/snn/diag"
)

func TestReadSlayerWeights(t *testing.T) {
	for _, text := range []string{"2\n-0\n-256\n254\n0\n4\n", "2\r\n-0\r\n-256\r\n254\r\n0\r\n4"} {
		got, err := ReadSlayerWeights(strings.NewReader(text), 2, 3)
		if err != nil || cmp.Diff([]int16{2, 0, -256, 254, 0, 4}, got) != "" {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestSlayerErrors(t *testing.T) {
	const huge = math.MaxInt
	for _, c := range []struct {
		text    string
		out, in int
		line    int
	}{
		{"2\n4\n6\n", 1, 2, 3},
		{"2\n", 1, 2, 0},
		{"", 1, 1, 0},
		{"2\n", huge, huge, 0},
		{"2\n\n4\n", 1, 2, 2},
		{"2\n1.5\n", 1, 2, 2},
		{"2 4\n", 1, 2, 1},
		{"2\n32768\n", 1, 2, 2},
		{"2\n" + strings.Repeat("0", 1<<17), 1, 2, 2},
	} {
		_, err := ReadSlayerWeights(strings.NewReader(c.text), c.out, c.in)
		var e *diag.Error
		if !errors.As(err, &e) || e.Code != "slayer-text" || e.Line != c.line {
			t.Errorf("%.20q: got %v, want line %d", c.text, err, c.line)
		}
	}
	if _, err := ReadSlayerWeights(strings.NewReader("1"), 0, -1); err == nil {
		t.Error("a layer of no neurons was read")
	}
	boom := errors.New("boom")
	if _, err := ReadSlayerWeights(iotest.ErrReader(boom), 1, 1); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
}

// TestSlayerGold writes recorded weights as slayerPytorch does and reads them back.
func TestSlayerGold(t *testing.T) {
	rec, err := npy.ReadNPZ(shared.Dir(t, "gold", "nmnist_loihi_GPL3", "data.npz"))
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, name := range []string{"fc1", "fc2"} {
		a := rec[name]
		want, err := a.Ints()
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		for _, w := range want {
			fmt.Fprintln(&text, w)
		}
		got, err := ReadSlayerWeights(&text, a.Shape[0], a.Shape[1])
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d weights, %v", len(got), err)
		}
		for i, w := range got {
			if int64(w) != want[i] {
				t.Fatalf("%s: weight %d is %d, want %d", name, i, w, want[i])
			}
			compared++
		}
	}
	t.Logf("%d weights compared", compared)
	if compared == 0 {
		t.Error("nothing was compared")
	}
}

func FuzzSlayerWeights(f *testing.F) {
	f.Add("2\n-0\n-4\n6\n", 2, 2)
	f.Add("1\r\n", 1, 1)
	f.Add("x\n", 1, 1)
	f.Add("1\n", math.MaxInt, math.MaxInt)
	f.Fuzz(func(t *testing.T, text string, out, in int) {
		w, err := ReadSlayerWeights(strings.NewReader(text), out, in)
		if err == nil && len(w) != out*in {
			t.Errorf("%d weights for %d×%d", len(w), out, in)
		}
	})
}
